package study

import (
	"image"
	"slices"
)

// How the ultrasound is told from what surrounds it: cells of the picture of which a fair share is brighter than the
// background and not all of one brightness. Writing is thin, panels and colour bars are even or narrow.
const (
	cellsAcross = 80   // cells along the longer side, about
	litStep     = 6    // levels above the background from which on a pixel counts
	litShare    = 0.4  // of a cell's pixels
	litSpread   = 6    // levels between the darkest and the brightest of a cell
	backShare   = 0.04 // of the picture, that the background has at least
	backLimit   = 64   // the brightest level that can be background
	partShare   = 0.2  // of the largest part's cells, for another part to belong to the picture
	leastShare  = 0.02 // of the picture; less is no sector
	mostShare   = 0.85 // of the picture; more is all of it
	bareShare   = 0.3  // of what surrounds the sector, that has the background's level; what is less bare is dark tissue
)

// Sector is the part of the frame that shows ultrasound: what the file's 2D regions cover, else what looks like it. It
// rather takes in too much than too little, and is the whole frame where nothing stands out.
func (f *Frame) Sector() image.Rectangle {
	if !f.declared.Empty() {
		return f.declared
	}
	f.finding.Do(func() { f.found = f.findSector() })
	return f.found
}

// findSector looks for the ultrasound in the pixels.
func (f *Frame) findSector() image.Rectangle {
	all := image.Rect(0, 0, f.W, f.H)
	levels := f.levels()
	back, ok := background(levels)
	if !ok {
		return all
	}
	g := newGrid(f.W, f.H)
	g.light(levels, back+litStep)
	r := g.largest()
	share := float64(r.Dx()) * float64(r.Dy()) / (float64(f.W) * float64(f.H))
	if share < leastShare || share > mostShare || edges(r, all) > 2 || !bareAround(levels, f.W, r, back) {
		return all
	}
	return r
}

// bareAround tells whether what surrounds r has the background's level, but for words and bars: dark
// tissue behind a shadow has many.
func bareAround(levels []uint8, w int, r image.Rectangle, back int) bool {
	bare, n := 0, 0
	for i, v := range levels {
		if x, y := i%w, i/w; x >= r.Min.X && x < r.Max.X && y >= r.Min.Y && y < r.Max.Y {
			continue
		}
		n++
		if int(v) >= back-2 && int(v) <= back+2 {
			bare++
		}
	}
	return float64(bare) >= bareShare*float64(n)
}

// edges counts the sides of all that r reaches. A picture that reaches three was cut out of its screen, and what is dark
// along the fourth is shadow or depth.
func edges(r, all image.Rectangle) int {
	n := 0
	for _, reached := range []bool{
		r.Min.X == all.Min.X, r.Min.Y == all.Min.Y, r.Max.X == all.Max.X, r.Max.Y == all.Max.Y,
	} {
		if reached {
			n++
		}
	}
	return n
}

// levels are the brightness of the pixels, 0..255 over the range in use.
func (f *Frame) levels() []uint8 {
	out := make([]uint8, f.W*f.H)
	if f.RGB != nil {
		for i := range out {
			out[i] = max(f.RGB[3*i], f.RGB[3*i+1], f.RGB[3*i+2]) // by its luma, blue flow would be dark
		}
		return out
	}
	lo, hi := 0, f.Max
	if f.Max > 255 {
		lo, hi = int(slices.Min(f.Grey)), max(int(slices.Max(f.Grey)), 1)
	}
	for i, x := range f.Grey {
		v := uint8((min(int(x), hi) - lo) * 255 / max(hi-lo, 1))
		if f.inverse {
			v = 255 - v
		}
		out[i] = v
	}
	return out
}

// background is the dark level that most pixels have, and whether there are enough of them to be a border.
func background(levels []uint8) (level int, ok bool) {
	var counts [256]int
	for _, v := range levels {
		counts[v]++
	}
	for v := range backLimit {
		if counts[v] > counts[level] {
			level = v
		}
	}
	n := 0
	for v := max(level-2, 0); v <= level+2; v++ {
		n += counts[v]
	}
	return level, float64(n) >= backShare*float64(len(levels))
}

// grid cuts a picture into square cells.
type grid struct {
	w, h, side int // of the picture, of a cell, in pixels
	nx, ny     int
	lit        []bool
}

func newGrid(w, h int) *grid {
	g := &grid{w: w, h: h, side: max(4, max(w, h)/cellsAcross)}
	g.nx, g.ny = (w+g.side-1)/g.side, (h+g.side-1)/g.side
	g.lit = make([]bool, g.nx*g.ny)
	return g
}

// bounds are the pixels of a cell.
func (g *grid) bounds(cx, cy int) image.Rectangle {
	return image.Rect(cx*g.side, cy*g.side, min((cx+1)*g.side, g.w), min((cy+1)*g.side, g.h))
}

// light marks the cells that look like tissue, and takes out those that stand alone.
func (g *grid) light(levels []uint8, from int) {
	raw := make([]bool, len(g.lit))
	for cy := range g.ny {
		for cx := range g.nx {
			raw[cy*g.nx+cx] = g.looksLit(levels, from, g.bounds(cx, cy))
		}
	}
	for cy := range g.ny {
		for cx := range g.nx {
			g.lit[cy*g.nx+cx] = raw[cy*g.nx+cx] && g.neighbours(raw, cx, cy) >= 3
		}
	}
}

func (g *grid) looksLit(levels []uint8, from int, r image.Rectangle) bool {
	n, lo, hi := 0, uint8(255), uint8(0)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range levels[y*g.w+r.Min.X : y*g.w+r.Max.X] {
			if int(v) >= from {
				n++
			}
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return float64(n) >= litShare*float64(r.Dx()*r.Dy()) && int(hi)-int(lo) >= litSpread
}

// neighbours counts the marked cells around one.
func (g *grid) neighbours(of []bool, cx, cy int) int {
	n := 0
	for y := max(cy-1, 0); y <= min(cy+1, g.ny-1); y++ {
		for x := max(cx-1, 0); x <= min(cx+1, g.nx-1); x++ {
			if (x != cx || y != cy) && of[y*g.nx+x] {
				n++
			}
		}
	}
	return n
}

// part is a connected set of cells.
type part struct {
	cells int
	box   image.Rectangle // in cells
}

// largest are the bounds of the largest part and of those that are not much smaller, such as the other half of a dual
// view, with a margin of one cell.
func (g *grid) largest() image.Rectangle {
	var parts []part
	most := 0
	for i := range g.lit {
		if g.lit[i] {
			p := g.take(i)
			parts = append(parts, p)
			most = max(most, p.cells)
		}
	}
	var r image.Rectangle
	for _, p := range parts {
		if float64(p.cells) >= partShare*float64(most) {
			r = r.Union(p.box)
		}
	}
	if r.Empty() {
		return r
	}
	r = r.Inset(-1).Intersect(image.Rect(0, 0, g.nx, g.ny))
	return image.Rect(r.Min.X*g.side, r.Min.Y*g.side, min(r.Max.X*g.side, g.w), min(r.Max.Y*g.side, g.h))
}

// take removes the part that cell i belongs to from the grid. Cells hang together over corners.
func (g *grid) take(i int) part {
	p := part{}
	g.lit[i] = false
	for todo := []int{i}; len(todo) > 0; {
		c := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		cx, cy := c%g.nx, c/g.nx
		p.cells++
		p.box = p.box.Union(image.Rect(cx, cy, cx+1, cy+1))
		for y := max(cy-1, 0); y <= min(cy+1, g.ny-1); y++ {
			for x := max(cx-1, 0); x <= min(cx+1, g.nx-1); x++ {
				if n := y*g.nx + x; g.lit[n] {
					g.lit[n] = false
					todo = append(todo, n)
				}
			}
		}
	}
	return p
}
