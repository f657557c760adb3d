package viewer

import (
	"image"
	"image/color"
	"math"
)

// ink draws lines whose width and colour change along the way, anti-aliased and without seams at the joints. It does not
// paint segment over segment: it notes for every pixel how far the nearest line's edge is and which colour that line has
// there, and paints each pixel once, at the end.
//
// Cost follows the length of the lines, not the size of the picture: pixels are kept in blocks, and only blocks that a
// line touched are painted and reset.
type ink struct {
	w, h   int
	edge   []float32 // distance to the nearest edge in px, negative within the line
	paint  []uint8   // index into the palette of that line
	blocks []bool    // touched
	across int       // blocks in a row
}

// blockBits gives blocks of 16×16 px: larger ones waste painting, smaller ones bookkeeping.
const blockBits = 4

// far is further than any line reaches.
const far = 1e9

// palette is the colours that lines refer to by index.
type palette [256]color.NRGBA

// segment is a piece of line from a to b: ends in px, half widths there, and colours as indices into the palette; indices
// between the two are used on the way.
type segment struct {
	ax, ay, bx, by float32
	ra, rb         float32
	ca, cb         uint8
}

// resize makes room for a picture of w×h px with nothing noted.
func (k *ink) resize(w, h int) {
	k.w, k.h = w, h
	if n := w * h; cap(k.edge) < n {
		k.edge = make([]float32, n)
		k.paint = make([]uint8, n)
	}
	k.edge, k.paint = k.edge[:w*h], k.paint[:w*h]
	k.across = (w + 1<<blockBits - 1) >> blockBits
	n := k.across * ((h + 1<<blockBits - 1) >> blockBits)
	if cap(k.blocks) < n {
		k.blocks = make([]bool, n)
	}
	k.blocks = k.blocks[:n]
	clear(k.blocks)
}

// touch prepares the blocks that cover [x0, x1] × [y0, y1].
func (k *ink) touch(x0, y0, x1, y1 int) {
	for by := y0 >> blockBits; by <= y1>>blockBits; by++ {
		for bx := x0 >> blockBits; bx <= x1>>blockBits; bx++ {
			if b := by*k.across + bx; !k.blocks[b] {
				k.blocks[b] = true
				r := k.block(bx, by)
				for y := r.Min.Y; y < r.Max.Y; y++ {
					row := k.edge[y*k.w+r.Min.X : y*k.w+r.Max.X]
					for i := range row {
						row[i] = far
					}
				}
			}
		}
	}
}

// block is the rectangle of pixels of a block.
func (k *ink) block(bx, by int) image.Rectangle {
	r := image.Rect(bx<<blockBits, by<<blockBits, (bx+1)<<blockBits, (by+1)<<blockBits)
	return r.Intersect(image.Rect(0, 0, k.w, k.h))
}

// line notes a segment. Pixels further than reach px from its edge are left alone.
func (k *ink) line(s segment, reach float32) {
	r := max(s.ra, s.rb) + reach
	x0, x1 := clampSpan(min(s.ax, s.bx)-r, max(s.ax, s.bx)+r, k.w)
	y0, y1 := clampSpan(min(s.ay, s.by)-r, max(s.ay, s.by)+r, k.h)
	if x0 > x1 || y0 > y1 {
		return
	}
	k.touch(x0, y0, x1, y1)
	dx, dy := s.bx-s.ax, s.by-s.ay
	inv := float32(0)
	if l := dx*dx + dy*dy; l > 0 {
		inv = 1 / l
	}
	for y := y0; y <= y1; y++ {
		py := float32(y) + 0.5 - s.ay
		from, to := k.rowSpan(s, py, dy, r, x0, x1)
		row, paint := k.edge[y*k.w:(y+1)*k.w], k.paint[y*k.w:(y+1)*k.w]
		for x := from; x <= to; x++ {
			px := float32(x) + 0.5 - s.ax
			t := min(max((px*dx+py*dy)*inv, 0), 1)
			ex, ey := px-t*dx, py-t*dy
			half := s.ra + (s.rb-s.ra)*t
			limit := min(row[x], reach) + half
			if d2 := ex*ex + ey*ey; limit > 0 && d2 < limit*limit {
				row[x] = float32(math.Sqrt(float64(d2))) - half
				paint[x] = s.colour(t)
			}
		}
	}
}

// colour is the palette index at t along the segment.
func (s segment) colour(t float32) uint8 {
	if s.ca == s.cb {
		return s.ca
	}
	return uint8(float32(s.ca) + (float32(s.cb)-float32(s.ca))*t + 0.5)
}

// rowSpan narrows x0 … x1 to what a row can have of the segment: for slanting lines most of the bounding box is empty. py
// is the row relative to the segment's start.
func (k *ink) rowSpan(s segment, py, dy, r float32, x0, x1 int) (from, to int) {
	if dy < 2 && dy > -2 {
		return x0, x1
	}
	t0, t1 := (py-r)/dy, (py+r)/dy
	if t0 > t1 {
		t0, t1 = t1, t0
	}
	t0, t1 = min(max(t0, 0), 1), min(max(t1, 0), 1)
	xa, xb := s.ax+(s.bx-s.ax)*t0, s.ax+(s.bx-s.ax)*t1
	from, to = clampSpan(min(xa, xb)-r, max(xa, xb)+r, k.w)
	return max(from, x0), min(to, x1)
}

// clampSpan is the pixels of 0 … n-1 that touch the interval from a to b; the first is behind the last where there are none.
func clampSpan(a, b float32, n int) (first, last int) {
	if !(b >= 0) || !(a < float32(n)) { // also for NaN
		return 1, 0
	}
	return int(max(a, 0)), min(int(b), n-1)
}

// coat says how a pixel at the distance edge from a line of colour c is painted: premultiplied.
type coat func(edge float32, c color.NRGBA) (r, g, b, a float32)

// flush paints all that was noted over dst, which is as large as the ink, and forgets it.
func (k *ink) flush(dst *image.RGBA, p *palette, with coat) {
	for i, touched := range k.blocks {
		if !touched {
			continue
		}
		k.blocks[i] = false
		r := k.block(i%k.across, i/k.across)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				at := y*k.w + x
				if k.edge[at] >= far {
					continue
				}
				cr, cg, cb, ca := with(k.edge[at], p[k.paint[at]])
				if ca <= 0 {
					continue
				}
				over(dst.Pix[y*dst.Stride+4*x:y*dst.Stride+4*x+4:y*dst.Stride+4*x+4], cr, cg, cb, ca)
			}
		}
	}
}

// over paints a premultiplied colour, 0 … 255 and alpha 0 … 1, over a premultiplied pixel.
func over(pix []uint8, r, g, b, a float32) {
	under := 1 - a
	pix[0] = uint8(r + float32(pix[0])*under + 0.5)
	pix[1] = uint8(g + float32(pix[1])*under + 0.5)
	pix[2] = uint8(b + float32(pix[2])*under + 0.5)
	pix[3] = uint8(255*a + float32(pix[3])*under + 0.5)
}

// cased is a line with a dark casing of width casing around it, which keeps it legible on bright tissue.
func cased(casing, darkness float32) coat {
	return func(edge float32, c color.NRGBA) (r, g, b, a float32) {
		core := unit(0.5-edge) * float32(c.A) / 255
		dark := darkness * unit(0.5+casing-edge) * (1 - core)
		return float32(c.R) * core, float32(c.G) * core, float32(c.B) * core, core + dark
	}
}

// glow is a soft light that fades out over width px.
func glow(width, strength float32) coat {
	return func(edge float32, c color.NRGBA) (r, g, b, a float32) {
		f := unit(1 - edge/width)
		a = strength * f * f
		return float32(c.R) * a, float32(c.G) * a, float32(c.B) * a, a
	}
}

func unit(v float32) float32 { return min(max(v, 0), 1) }
