package study

import (
	"image"
	"math"
)

// Fan is the part of a frame that a curved or phased probe shows: between two straight sides that meet in its tip, and
// between two arcs around that.
type Fan struct {
	X, Y        float64 // the tip, px; it may lie outside the frame
	From, To    float64 // distances of the arcs from the tip, px
	Left, Right float64 // directions of the sides from straight down, radians, growing to the right; between -π/2 and π/2
}

// Has tells whether the fan holds a pixel: whether it covers its centre.
func (f *Fan) Has(x, y int) bool {
	for _, r := range f.Row(y) {
		if x >= r[0] && x < r[1] {
			return true
		}
	}
	return false
}

// Row is the pixels of a row that the fan holds: from the first to before the second, left of the upper arc and right of it,
// or between the sides where that arc does not reach. Empty pieces have no first before a second.
func (f *Fan) Row(y int) [2][2]int {
	dy := float64(y) + 0.5 - f.Y
	if dy <= 0 || dy >= f.To {
		return [2][2]int{}
	}
	half := math.Sqrt(f.To*f.To - dy*dy)
	left, right := math.Max(dy*math.Tan(f.Left), -half), math.Min(dy*math.Tan(f.Right), half)
	piece := func(a, b float64) [2]int { return [2]int{firstPixel(f.X + a), firstPixel(f.X + b)} }
	if dy >= f.From {
		return [2][2]int{piece(left, right)}
	}
	hole := math.Sqrt(f.From*f.From - dy*dy)
	return [2][2]int{piece(left, math.Min(right, -hole)), piece(math.Max(left, hole), right)}
}

// firstPixel is the first pixel whose centre lies at x or to the right of it.
func firstPixel(x float64) int { return int(math.Ceil(x - 0.5)) }

// How a fan is told from other pictures. All that looks like tissue lies in the fan, by the way in which it is found: what
// these decide is whether it is one.
const (
	fanCells     = 160  // cells along the longer side, about
	leastSlope   = 8.0  // degrees by which a side leans outwards; less is a linear probe's
	mostSlope    = 65.0 // more is no side but a horizon
	slopeStep    = 0.25
	mostSkew     = 8.0   // degrees between the slopes of both sides
	sideSlack    = 0.006 // of the longer side, how far the edge of tissue may stay behind a straight side, and leastSlack, px
	leastSlack   = 1.5
	sideReach    = 0.4  // of the height, that the rows have to span in which tissue reaches a side
	sideShare    = 0.5  // of those rows
	arcBins      = 32   // directions in which the arcs are looked for
	arcSlack     = 0.02 // of the radius, how far tissue may stay behind an arc
	arcShare     = 0.6  // of the directions, in which it must not
	mostFan      = 0.92 // of the rectangle's area; a fan that cuts off less is not worth being wrong
	fanMargin    = 1.5  // px that are added all around
	leastFanSide = 48   // px of the rectangle; less shows no shape
)

// Fan is the fan within Sector that the frame shows, or nil where it shows none or leaves doubts: then the rectangle is all
// that is known. It never cuts off what looks like tissue.
func (f *Frame) Fan() *Fan {
	f.fanning.Do(func() { f.fan = f.findFan(f.Sector()) })
	return f.fan
}

// findFan looks for a fan within r.
func (f *Frame) findFan(r image.Rectangle) *Fan {
	r = r.Intersect(image.Rect(0, 0, f.W, f.H))
	if r.Dx() < leastFanSide || r.Dy() < leastFanSide {
		return nil
	}
	e := f.edgesOf(r)
	if e == nil {
		return nil
	}
	left, ok := e.side(e.left)
	if !ok {
		return nil
	}
	right, ok := e.side(mirrored(e.right))
	if !ok || math.Abs(left.angle-right.angle) > mostSkew*math.Pi/180 {
		return nil
	}
	fan := meet(left, right)
	if fan == nil || !e.bound(fan) {
		return nil
	}
	if float64(fan.pixels(e.w, e.h)) > mostFan*float64(e.w*e.h) {
		return nil
	}
	fan.X, fan.Y = fan.X+float64(r.Min.X), fan.Y+float64(r.Min.Y)
	return fan
}

// outline is where tissue begins and ends in each row and column of a rectangle, from its corner, in px; none where there is
// none.
type outline struct {
	w, h        int
	left, right []float64 // edges of the outermost pixels, by row
	points      [][2]float64
}

const noEdge = math.MaxFloat64

// edgesOf finds the edges of what looks like tissue in r; nil where that is not one piece.
func (f *Frame) edgesOf(r image.Rectangle) *outline {
	all := f.levels()
	w, h := r.Dx(), r.Dy()
	levels := make([]uint8, w*h)
	for y := range h {
		copy(levels[y*w:(y+1)*w], all[(r.Min.Y+y)*f.W+r.Min.X:])
	}
	back, ok := background(levels)
	if !ok {
		return nil
	}
	g := newGrid(w, h)
	g.side = max(4, max(w, h)/fanCells)
	g.nx, g.ny = (w+g.side-1)/g.side, (h+g.side-1)/g.side
	g.lit = make([]bool, g.nx*g.ny)
	g.light(levels, back+litStep)
	cells := g.onePiece()
	if cells == nil {
		return nil
	}
	e := &outline{w: w, h: h, left: make([]float64, h), right: make([]float64, h)}
	for y := range h {
		e.left[y], e.right[y] = noEdge, noEdge
		e.scanRow(y, levels[y*w:(y+1)*w], cells[y/g.side*g.nx:], g.side, uint8(back+litStep))
	}
	return e
}

// scanRow notes where tissue begins and ends in a row, and every pixel of it that an arc may bound.
func (e *outline) scanRow(y int, levels []uint8, cells []bool, side int, from uint8) {
	first, last := -1, -1
	for x, v := range levels {
		if v >= from && cells[x/side] {
			if first < 0 {
				first = x
			}
			last = x
			if (x+y)%4 == 0 { // enough to measure distances by
				e.points = append(e.points, [2]float64{float64(x) + 0.5, float64(y) + 0.5})
			}
		}
	}
	if first >= 0 {
		e.left[y], e.right[y] = float64(first), float64(last+1)
		e.points = append(e.points, [2]float64{float64(first), float64(y) + 0.5}, [2]float64{float64(last + 1), float64(y) + 0.5})
	}
}

// onePiece are the cells of the largest part, or nil if others are not much smaller: a dual view is no fan.
func (g *grid) onePiece() []bool {
	lit := append([]bool(nil), g.lit...)
	best, most, next := -1, 0, 0
	for i := range g.lit {
		if g.lit[i] {
			switch n := g.take(i).cells; {
			case n > most:
				best, most, next = i, n, most
			default:
				next = max(next, n)
			}
		}
	}
	if best < 0 || float64(next) >= partShare*float64(most) {
		return nil
	}
	g.lit = append([]bool(nil), lit...)
	g.take(best)
	for i := range lit {
		lit[i] = lit[i] && !g.lit[i]
	}
	return lit
}

// flank is a straight side: x = at - tan(angle)·y, leaning to the left.
type flank struct{ at, angle float64 }

// mirrored turns a right edge into a left one.
func mirrored(edge []float64) []float64 {
	out := make([]float64, len(edge))
	for i, v := range edge {
		if out[i] = -v; v == noEdge {
			out[i] = noEdge
		}
	}
	return out
}

// side finds the line outside of which no tissue lies and which tissue reaches in the most rows, and whether it is a side.
func (e *outline) side(edge []float64) (flank, bool) {
	slack := math.Max(leastSlack, sideSlack*float64(max(e.w, e.h)))
	var best flank
	most, top, bottom := 0, 0, 0
	for a := 0.0; a <= mostSlope; a += slopeStep {
		t := math.Tan(a * math.Pi / 180)
		at := math.Inf(1)
		for y, x := range edge {
			if x != noEdge {
				at = math.Min(at, x+t*(float64(y)+0.5))
			}
		}
		n, first, last := 0, -1, 0
		for y, x := range edge {
			if x != noEdge && x+t*(float64(y)+0.5)-at <= slack*math.Sqrt(1+t*t) {
				n++
				if last = y; first < 0 {
					first = y
				}
			}
		}
		if n > most {
			most, top, bottom, best = n, first, last, flank{at, a * math.Pi / 180}
		}
	}
	span := bottom - top + 1
	return best, best.angle >= leastSlope*math.Pi/180 && float64(span) >= sideReach*float64(e.h) && float64(most) >= sideShare*float64(span)
}

// meet is the fan between two sides, of which the right one is mirrored, without arcs yet; nil where they do not meet above.
func meet(left, right flank) *Fan {
	tl, tr := math.Tan(left.angle), math.Tan(right.angle)
	y := (left.at + right.at) / (tl + tr) // left.at - tl·y = -right.at + tr·y
	f := &Fan{X: left.at - tl*y, Y: y, To: math.Inf(1), Left: -left.angle, Right: right.angle}
	f.Y -= fanMargin / math.Sin(math.Min(left.angle, right.angle)) // both sides move out
	return f
}

// bound finds the arcs. An arc that tissue does not reach in most directions stays away: shadow or depth looks the same. It
// tells whether the tip lies where a probe's can.
func (e *outline) bound(f *Fan) bool {
	var near, far [arcBins]float64
	for i := range near {
		near[i], far[i] = math.Inf(1), 0
	}
	from, to := math.Inf(1), 0.0
	for _, p := range e.points {
		d := math.Hypot(p[0]-f.X, p[1]-f.Y)
		a := math.Atan2(p[0]-f.X, p[1]-f.Y)
		bin := int(arcBins * (a - f.Left) / (f.Right - f.Left))
		bin = min(max(bin, 0), arcBins-1)
		near[bin], far[bin] = math.Min(near[bin], d), math.Max(far[bin], d)
		from, to = math.Min(from, d), math.Max(to, d)
	}
	atNear, atFar := 0, 0
	slack := math.Max(2*leastSlack, arcSlack*to)
	for i := range near {
		if near[i] <= from+slack {
			atNear++
		}
		if far[i] >= to-slack {
			atFar++
		}
	}
	f.From, f.To = 0, math.Hypot(math.Max(math.Abs(f.X), math.Abs(f.X-float64(e.w))), float64(e.h)-f.Y)+1
	if float64(atNear) >= arcShare*arcBins {
		f.From = math.Max(from-fanMargin, 0)
	}
	if float64(atFar) >= arcShare*arcBins {
		f.To = to + fanMargin
	}
	const above = 0.1 // of the height, how far down the tip of a phased array may lie
	return f.Y < above*float64(e.h)
}

// pixels counts what the fan holds of w×h pixels.
func (f *Fan) pixels(w, h int) int {
	n := 0
	for y := range h {
		for _, r := range f.Row(y) {
			n += max(0, min(r[1], w)-max(r[0], 0))
		}
	}
	return n
}
