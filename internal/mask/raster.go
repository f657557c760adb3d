package mask

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Span is a run of pixels in row Y, from column X0 up to but not including X1.
type Span struct{ Y, X0, X1 int }

// Fill writes v along the spans, clipped to the plane, and returns the smallest rectangle that holds what it wrote.
func (p *Plane) Fill(spans []Span, v uint8) image.Rectangle {
	var out image.Rectangle
	for _, s := range spans {
		x0, x1 := max(s.X0, 0), min(s.X1, p.W)
		if s.Y < 0 || s.Y >= p.H || x0 >= x1 {
			continue
		}
		row := p.Pix[s.Y*p.W+x0 : s.Y*p.W+x1]
		for i := range row {
			row[i] = v
		}
		out = out.Union(image.Rect(x0, s.Y, x1, s.Y+1))
	}
	return out
}

// Capsule gives the pixels whose centre lies inside an ellipse of half axes rx and ry swept from (ax, ay) to (bx, by):
// one dab of a brush, or the way between two pointer positions. At most one span per row, rows in order; pixels left of
// or above the image are left out. A radius that is not above zero, or a position that is no number, gives nothing.
func Capsule(ax, ay, bx, by, rx, ry float64) []Span {
	if !(rx > 0) || !(ry > 0) || !finite(ax, ay, bx, by, rx, ry) {
		return nil
	}
	first := max(0, ceilHalf(math.Min(ay, by)-ry))
	last := min(maxSide, ceilHalf(math.Max(ay, by)+ry+1))
	if first >= last {
		return nil
	}
	c := capsule{ax: ax / rx, bx: bx / rx, ay: ay / ry, by: by / ry}
	spans := make([]Span, 0, last-first)
	for y := first; y < last; y++ {
		lo, hi := c.row((float64(y) + 0.5) / ry)
		if !(lo <= hi) {
			continue
		}
		x0 := max(0, ceilHalf(lo*rx))
		x1 := min(maxSide, floorHalf(hi*rx)+1)
		if x0 < x1 {
			spans = append(spans, Span{y, x0, x1})
		}
	}
	return spans
}

// capsule is a unit disc swept from a to b, in coordinates scaled by the radii.
type capsule struct{ ax, ay, bx, by float64 }

// row cuts the capsule at height v: from lo to hi, nothing if lo > hi. The capsule is convex, so the cut is the hull of
// the cuts of its parts: the discs at both ends and the rectangle between.
func (c capsule) row(v float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, end := range [2][2]float64{{c.ax, c.ay}, {c.bx, c.by}} {
		if h := 1 - (v-end[1])*(v-end[1]); h >= 0 {
			h = math.Sqrt(h)
			lo, hi = math.Min(lo, end[0]-h), math.Max(hi, end[0]+h)
		}
	}
	length := math.Hypot(c.bx-c.ax, c.by-c.ay)
	if length == 0 {
		return lo, hi
	}
	dx, dy := (c.bx-c.ax)/length, (c.by-c.ay)/length
	v -= c.ay
	// Along the axis 0 <= u*dx + v*dy <= length, across it -1 <= v*dx - u*dy <= 1.
	l1, h1 := solve(dx, -v*dy, length-v*dy)
	l2, h2 := solve(-dy, -1-v*dx, 1-v*dx)
	l, h := math.Max(l1, l2)+c.ax, math.Min(h1, h2)+c.ax
	if l <= h {
		lo, hi = math.Min(lo, l), math.Max(hi, h)
	}
	return lo, hi
}

// solve gives the u for which from <= k*u <= to.
func solve(k, from, to float64) (lo, hi float64) {
	switch {
	case k > 0:
		return from / k, to / k
	case k < 0:
		return to / k, from / k
	case from <= 0 && 0 <= to:
		return math.Inf(-1), math.Inf(1)
	default:
		return math.Inf(1), math.Inf(-1)
	}
}

// Polygon gives the pixels whose centre lies inside the rings by the even-odd rule, so a ring inside another is a hole.
// Rings are lists of x, y in image coordinates, closed by themselves. Spans come in rows from the top, without overlap;
// pixels left of or above the image are left out. A ring with a coordinate that is no number is left out.
func Polygon(rings [][][2]float64) []Span {
	first, last := rowRange(rings)
	if first >= last {
		return nil
	}
	// Crossings of edges with the pixel rows' centre lines, sorted by row: counted first, then filled in.
	counts := crossingsBefore(rings, first, last)
	xs := make([]float64, counts[len(counts)-1])
	next := slices.Clone(counts)
	eachCrossing(rings, first, last, func(row int, x float64, _ bool) {
		xs[next[row-first]] = x
		next[row-first]++
	})
	spans := make([]Span, 0, len(xs)/2)
	for row := first; row < last; row++ {
		cross := xs[counts[row-first]:counts[row-first+1]]
		slices.Sort(cross)
		for i := 0; i+1 < len(cross); i += 2 {
			x0, x1 := max(0, ceilHalf(cross[i])), min(maxSide, ceilHalf(cross[i+1]))
			if x0 < x1 {
				spans = append(spans, Span{row, x0, x1})
			}
		}
	}
	return spans
}

// crossingsBefore counts, for each row from first on and one after the last, the crossings of edges with the centre lines of the rows
// before it.
func crossingsBefore(rings [][][2]float64, first, last int) []int32 {
	counts := make([]int32, last-first+1)
	eachCrossing(rings, first, last, func(row int, _ float64, _ bool) { counts[row-first+1]++ })
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	return counts
}

// rowRange is the range of pixel rows, last excluded, whose centre lines the rings may cross.
func rowRange(rings [][][2]float64) (first, last int) {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, ring := range rings {
		if !usable(ring) {
			continue
		}
		for _, p := range ring {
			lo, hi = math.Min(lo, p[1]), math.Max(hi, p[1])
		}
	}
	if lo > hi {
		return 0, 0
	}
	return max(0, ceilHalf(lo)), min(maxSide, ceilHalf(hi))
}

// Wound gives the pixels around whose centre the ring winds, in either direction and however often (the non-zero rule): a
// ring drawn by hand, which may cross itself, has no holes where Polygon would leave them. Otherwise it is as Polygon.
func Wound(ring [][2]float64) []Span {
	rings := [][][2]float64{ring}
	first, last := rowRange(rings)
	if first >= last {
		return nil
	}
	counts := crossingsBefore(rings, first, last)
	type crossing struct {
		x    float64
		turn int
	}
	all := make([]crossing, counts[len(counts)-1])
	next := slices.Clone(counts)
	eachCrossing(rings, first, last, func(row int, x float64, down bool) {
		c := crossing{x, -1}
		if down {
			c.turn = 1
		}
		all[next[row-first]] = c
		next[row-first]++
	})
	spans := make([]Span, 0, len(all)/2)
	for row := first; row < last; row++ {
		cross := all[counts[row-first]:counts[row-first+1]]
		slices.SortFunc(cross, func(a, b crossing) int { return cmp.Compare(a.x, b.x) })
		turns, from := 0, 0.0
		for _, c := range cross {
			if turns == 0 {
				from = c.x
			}
			if turns += c.turn; turns == 0 {
				spans = appendSpan(spans, row, max(0, ceilHalf(from)), min(maxSide, ceilHalf(c.x)))
			}
		}
	}
	return spans
}

// appendSpan appends a run of pixels, joined to the one before where they touch; an empty one is left out.
func appendSpan(spans []Span, row, x0, x1 int) []Span {
	if x0 >= x1 {
		return spans
	}
	if n := len(spans) - 1; n >= 0 && spans[n].Y == row && spans[n].X1 >= x0 {
		spans[n].X1 = max(spans[n].X1, x1)
		return spans
	}
	return append(spans, Span{row, x0, x1})
}

// eachCrossing calls do for each crossing of an edge with the centre line of a pixel row from first up to last, and says
// whether the edge runs down there. An edge owns its upper end and not its lower, so a vertex on a centre line counts once.
func eachCrossing(rings [][][2]float64, first, last int, do func(row int, x float64, down bool)) {
	for _, ring := range rings {
		if !usable(ring) {
			continue
		}
		a := ring[len(ring)-1]
		for _, b := range ring {
			top, bottom, down := a, b, true
			if top[1] > bottom[1] {
				top, bottom, down = bottom, top, false
			}
			from, to := max(first, ceilHalf(top[1])), min(last, ceilHalf(bottom[1]))
			for row := from; row < to; row++ {
				t := (float64(row) + 0.5 - top[1]) / (bottom[1] - top[1])
				do(row, top[0]+t*(bottom[0]-top[0]), down)
			}
			a = b
		}
	}
}

// usable tells whether a ring has an inside and only numbers.
func usable(ring [][2]float64) bool {
	for _, p := range ring {
		if !finite(p[0], p[1]) {
			return false
		}
	}
	return len(ring) >= 3
}

func finite(vs ...float64) bool {
	for _, v := range vs {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// Without gives the pixels of a that are not in b. Both are spans in rows from the top, in order and without overlap, as
// Polygon and Wound give them; so is what comes back.
func Without(a, b []Span) []Span {
	var out []Span
	k := 0
	for _, s := range a {
		for k < len(b) && (b[k].Y < s.Y || b[k].Y == s.Y && b[k].X1 <= s.X0) {
			k++
		}
		x := s.X0
		for i := k; i < len(b) && b[i].Y == s.Y && b[i].X0 < s.X1; i++ {
			if b[i].X0 > x {
				out = append(out, Span{s.Y, x, b[i].X0})
			}
			x = max(x, b[i].X1)
		}
		if x < s.X1 {
			out = append(out, Span{s.Y, x, s.X1})
		}
	}
	return out
}

// Pixels is how many pixels spans without overlap hold.
func Pixels(spans []Span) int {
	n := 0
	for _, s := range spans {
		n += s.X1 - s.X0
	}
	return n
}

// ceilHalf is the first pixel whose centre is at or beyond v; floorHalf the last whose centre is at or before v. Both
// stay within the range in which planes lie, so that wild positions cannot overflow.
func ceilHalf(v float64) int  { return int(math.Ceil(clampSide(v) - 0.5)) }
func floorHalf(v float64) int { return int(math.Floor(clampSide(v) - 0.5)) }

func clampSide(v float64) float64 { return math.Max(-maxSide, math.Min(2*maxSide, v)) }
