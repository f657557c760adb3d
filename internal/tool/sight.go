package tool

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// Picture is the grey of a frame: W*H bytes by rows.
type Picture struct {
	W, H int
	Pix  []uint8
}

// Sight is what tools see of a frame: how steeply its brightness changes. That is worked out only where a tool looks. A nil
// Sight sees no edges.
type Sight struct {
	load  func() *Picture
	pic   *Picture
	grids map[int]*grid // by the size of their cells
}

// NewSight returns the sight of a frame, which load gives when a tool first looks.
func NewSight(load func() *Picture) *Sight { return &Sight{load: load, grids: map[int]*grid{}} }

// finest is the grid for following edges: cells of one pixel up to 1536 of them a side. Beyond, speckle is so many pixels
// wide that nothing is lost, and a tool's reach stays the same share of the image.
const finest = 1536

// at is the grid with cells of step×step pixels, or larger ones where the image is large; nil where there is no image.
func (s *Sight) at(step int) *grid {
	if s == nil {
		return nil
	}
	if s.pic == nil {
		s.pic = s.load()
	}
	if s.pic == nil || s.pic.W*s.pic.H == 0 {
		return nil
	}
	step = max(step, (max(s.pic.W, s.pic.H)+finest-1)/finest)
	if s.grids[step] == nil {
		s.grids[step] = newGrid(s.pic, step)
	}
	return s.grids[step]
}

// tile is the side of the squares of cells that are worked out together.
const tile = 64

// grid tells how steep the image is in cells of step×step pixels.
type grid struct {
	pic   *Picture
	step  int
	w, h  int
	steep []uint8 // per cell: the gradient in units of usual/16, at most 255
	ridge []uint8 // the same, but a quarter of it where a neighbour across the edge is steeper
	ready []bool  // per tile
	tw    int     // tiles in a row
	usual float32 // gradient that speckle alone makes
}

func newGrid(pic *Picture, step int) *grid {
	g := &grid{pic: pic, step: step, w: (pic.W + step - 1) / step, h: (pic.H + step - 1) / step}
	g.steep, g.ridge = make([]uint8, g.w*g.h), make([]uint8, g.w*g.h)
	g.tw = (g.w + tile - 1) / tile
	g.ready = make([]bool, g.tw*((g.h+tile-1)/tile))
	g.usual = g.measure()
	return g
}

// measure looks at a few places spread over the image for the gradient that is usual where there is an image at all.
func (g *grid) measure() float32 {
	const places, side = 4, 24
	sum, n := float32(0), 0
	for i := range places * places {
		cx, cy := (2*(i%places)+1)*g.w/(2*places), (2*(i/places)+1)*g.h/(2*places)
		steep, _ := g.gradients(image.Rect(cx-side/2, cy-side/2, cx+side/2, cy+side/2))
		for _, v := range steep {
			if v > leastSteep {
				sum += v
				n++
			}
		}
	}
	if n == 0 {
		return 1
	}
	return max(sum/float32(n), leastSteep)
}

// leastSteep is a gradient, in grey levels per cell, that is none: flat black around the picture.
const leastSteep = 0.25

// blurRadius and blurTimes are of the box filter that takes speckle away before edges are looked for, in cells.
const (
	blurRadius = 2
	blurTimes  = 2
)

// gradients gives the steepness in the cells of r, by rows, in grey levels per cell, and which of them are the crest of an
// edge. Beyond the image its edge goes on.
func (g *grid) gradients(r image.Rectangle) (steep []float32, crest []bool) {
	const m = blurRadius*blurTimes + 2
	w, h := r.Dx()+2*m, r.Dy()+2*m
	v := make([]float32, w*h)
	for y := range h {
		for x := range w {
			v[y*w+x] = g.cell(r.Min.X-m+x, r.Min.Y-m+y)
		}
	}
	for range blurTimes {
		v = boxBlur(v, w, h, blurRadius, blurRadius)
	}
	all := make([]float32, w*h)
	across := make([]int, w*h) // from a cell to the next one up the slope
	for y := m - 1; y <= h-m; y++ {
		for x := m - 1; x <= w-m; x++ {
			i := y*w + x
			dx, dy := v[i+1]-v[i-1], v[i+w]-v[i-w]
			all[i] = float32(math.Sqrt(float64(dx*dx+dy*dy))) / 2
			across[i] = compass(dx, dy, w)
		}
	}
	for y := m; y < h-m; y++ {
		for x := m; x < w-m; x++ {
			i := y*w + x
			steep = append(steep, all[i])
			crest = append(crest, all[i] >= all[i+across[i]] && all[i] >= all[i-across[i]])
		}
	}
	return steep, crest
}

// compass is the step to the neighbour in the direction of (dx, dy), in a plane of w columns.
func compass(dx, dy float32, w int) int {
	const tan = 0.41421356 // of 22.5°
	ax, ay := max(dx, -dx), max(dy, -dy)
	step := 0
	if ax > tan*ay {
		step = 1
		if dx < 0 {
			step = -1
		}
	}
	if ay > tan*ax {
		if dy < 0 {
			return step - w
		}
		return step + w
	}
	return step
}

// cell is the mean grey of a cell.
func (g *grid) cell(cx, cy int) float32 {
	cx, cy = min(max(cx, 0), g.w-1), min(max(cy, 0), g.h-1)
	if g.step == 1 {
		return float32(g.pic.Pix[cy*g.pic.W+cx])
	}
	x0, y0 := cx*g.step, cy*g.step
	x1, y1 := min(x0+g.step, g.pic.W), min(y0+g.step, g.pic.H)
	sum := 0
	for y := y0; y < y1; y++ {
		for _, p := range g.pic.Pix[y*g.pic.W+x0 : y*g.pic.W+x1] {
			sum += int(p)
		}
	}
	return float32(sum) / float32((x1-x0)*(y1-y0))
}

// see works out what has not been looked at of r, in cells.
func (g *grid) see(r image.Rectangle) {
	r = r.Intersect(image.Rect(0, 0, g.w, g.h))
	if r.Empty() {
		return
	}
	for ty := r.Min.Y / tile; ty <= (r.Max.Y-1)/tile; ty++ {
		for tx := r.Min.X / tile; tx <= (r.Max.X-1)/tile; tx++ {
			if !g.ready[ty*g.tw+tx] {
				g.ready[ty*g.tw+tx] = true
				g.fillTile(image.Rect(tx*tile, ty*tile, min((tx+1)*tile, g.w), min((ty+1)*tile, g.h)))
			}
		}
	}
}

func (g *grid) fillTile(r image.Rectangle) {
	i := 0
	values, crest := g.gradients(r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			v := min(values[i]/g.usual*16, 255)
			g.steep[y*g.w+x] = uint8(v)
			if !crest[i] {
				v /= 4
			}
			g.ridge[y*g.w+x] = uint8(v)
			i++
		}
	}
}

// cellOf is the cell that holds a point, and centre the point in the middle of a cell.
func (g *grid) cellOf(p contour.Point) image.Point {
	return image.Pt(
		min(max(int(p.X)/g.step, 0), g.w-1),
		min(max(int(p.Y)/g.step, 0), g.h-1),
	)
}

func (g *grid) centre(c image.Point) contour.Point {
	s := float64(g.step)
	return contour.Point{X: (float64(c.X) + 0.5) * s, Y: (float64(c.Y) + 0.5) * s}
}

// tipCells is how many cells the radius of a brush has at most where it stops at edges.
const tipCells = 48

// Weights for a brush that stops at edges: how far a cell is through, by its steepness. Speckle costs a little, an edge
// more than the tip is wide.
var (
	barrier = weigh(func(t float64) float64 { return 4 + 5*t*t })
	// spread is how far a tip of one cell reaches: the way through usual tissue, and half as much again.
	spread = int32(14)
)

// weigh makes a table of weights by steepness from a function of the gradient over the usual one.
func weigh(f func(t float64) float64) *[256]uint8 {
	var out [256]uint8
	for i := range out {
		out[i] = uint8(min(max(f(float64(i)/16), 1), maxWeight))
	}
	return &out
}

// within is what of the spans of a tip of radii rx and ry, swept from a to b, lies on this side of the edges in the image.
func (s *Sight) within(spans []mask.Span, a, b contour.Point, rx, ry float64) []mask.Span {
	r := max(rx, ry)
	g := s.at(int(math.Ceil(r / tipCells)))
	if g == nil || len(spans) == 0 {
		return spans
	}
	box := boxOf(spans)
	cells := image.Rect(box.Min.X/g.step, box.Min.Y/g.step, (box.Max.X-1)/g.step+1, (box.Max.Y-1)/g.step+1)
	var f flow
	f.begin(g, cells, g.steep, barrier)
	for _, p := range pixelsAlong(a, b) {
		f.seed(image.Pt(floorDiv(p.X, g.step), floorDiv(p.Y, g.step)))
	}
	limit := int32(r/float64(g.step)*float64(spread)) + maxWeight
	f.run(func(_ image.Point, cost int32) bool { return cost <= limit })
	return mask.Reach(spans, pixelsAlong(a, b), func(x, y int) bool { return !f.reached(image.Pt(x/g.step, y/g.step), limit) })
}

func floorDiv(a, b int) int { return int(math.Floor(float64(a) / float64(b))) }
