package tool

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// ring is one closed line of a label's outline, as a gesture found it.
type ring struct {
	pts   []contour.Point
	hole  bool
	spans []mask.Span // pixels that it encloses
	way   []float64   // along the ring to each point, and at the end its length
	index int         // among the frame's contours
}

// newRing measures a closed line.
func newRing(pts []contour.Point, hole bool) ring {
	r := ring{pts: pts, hole: hole, spans: mask.Wound(corners(pts)), way: make([]float64, len(pts)+1)}
	for i := range pts {
		r.way[i+1] = r.way[i] + apart(pts[i], pts[(i+1)%len(pts)])
	}
	return r
}

// ringsOf are the rings of label on the frame as it is.
func ringsOf(r *review.Review, k review.Key, label uint8) []ring {
	var out []ring
	for index, c := range r.Contours(k) {
		if c.Label != label || len(c.Points) < 3 {
			continue
		}
		pts := make([]contour.Point, len(c.Points))
		for i := range c.Points {
			pts[i] = c.Points[i].Point
		}
		o := newRing(pts, c.Hole)
		o.index = index
		out = append(out, o)
	}
	return out
}

// length is the way once around, px.
func (r *ring) length() float64 { return r.way[len(r.pts)] }

// place is a point on a ring: on the side that follows corner at.
type place struct {
	at    int
	point contour.Point
	far   float64 // px from what it is the nearest to
}

// nearest is the point of the ring nearest to p.
func (r *ring) nearest(p contour.Point) place {
	best := place{far: math.Inf(1)}
	least := math.Inf(1) // squared
	a := r.pts[len(r.pts)-1]
	for i, b := range r.pts {
		dx, dy := b.X-a.X, b.Y-a.Y
		t := math.Max(0, math.Min(1, ((p.X-a.X)*dx+(p.Y-a.Y)*dy)/math.Max(dx*dx+dy*dy, 1e-12)))
		q := contour.Point{X: a.X + t*dx, Y: a.Y + t*dy}
		if d := (p.X-q.X)*(p.X-q.X) + (p.Y-q.Y)*(p.Y-q.Y); d < least {
			least, best.at, best.point = d, i-1, q
		}
		a = b
	}
	if best.at < 0 {
		best.at = len(r.pts) - 1
	}
	best.far = math.Sqrt(least)
	return best
}

// position is how far along the ring a place is, px.
func (r *ring) position(p place) float64 { return r.way[p.at] + apart(r.pts[p.at], p.point) }

// between are the corners on the way from one place on to another, with both places themselves.
func (r *ring) between(from, to place) []contour.Point {
	n := len(r.pts)
	steps := (to.at - from.at + n) % n
	if steps == 0 && r.position(to) < r.position(from) {
		steps = n
	}
	out := make([]contour.Point, 0, steps+2)
	out = append(out, from.point)
	for i := range steps {
		out = append(out, r.pts[(from.at+1+i)%n])
	}
	return append(out, to.point)
}

// draft is what a stroke shows while the pointer moves on: a ring with new pixels inside.
type draft struct {
	ring  *ring
	spans []mask.Span
	box   image.Rectangle // what was written in
}

// wipe takes all that is shown back.
func (d *draft) wipe(s *review.Stroke) {
	s.Restore(d.box)
	*d = draft{}
}

// become makes the label fill the new spans where it filled the ring's. Only pixels between old and new line change, and of
// them only the label's own and those of no label. It costs what differs from what was shown before.
func (d *draft) become(s *review.Stroke, r *ring, spans []mask.Span, label uint8) {
	if d.ring != r {
		d.wipe(s)
		d.ring, d.spans = r, r.spans
	}
	come, gone := mask.Without(spans, d.spans), mask.Without(d.spans, spans)
	d.spans = spans
	more, less := mask.Without(come, r.spans), mask.Without(gone, mask.Without(gone, r.spans))
	restore(s, mask.Without(come, more))
	restore(s, mask.Without(gone, less))
	if r.hole {
		more, less = less, more
	}
	d.box = d.box.Union(exchange(s, more, 0, label)).Union(exchange(s, less, label, 0))
}

// restore gives the spans back what they held before the stroke.
func restore(s *review.Stroke, spans []mask.Span) {
	for _, p := range spans {
		s.Restore(image.Rect(p.X0, p.Y, p.X1, p.Y+1))
	}
}

// exchange turns what of the spans has one label into another, and returns the rectangle that holds the spans.
func exchange(s *review.Stroke, spans []mask.Span, from, to uint8) image.Rectangle {
	s.Fill(only(s.Labels(), spans, from), to)
	var box image.Rectangle
	for _, p := range spans {
		box = box.Union(image.Rect(p.X0, p.Y, p.X1, p.Y+1))
	}
	return box
}

// corners gives points as package mask wants them.
func corners(pts []contour.Point) [][2]float64 {
	out := make([][2]float64, len(pts))
	for i, p := range pts {
		out[i] = [2]float64{p.X, p.Y}
	}
	return out
}

func apart(a, b contour.Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }

// lengthOf is the length of an open line, px.
func lengthOf(line []contour.Point) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += apart(line[i-1], line[i])
	}
	return sum
}

// areaOf is the area in px² that a line encloses once it is closed, positive if it runs clockwise on the screen.
func areaOf(line []contour.Point) float64 {
	sum := 0.0
	for i, b := range line {
		a := line[(i+len(line)-1)%len(line)]
		sum += a.X*b.Y - b.X*a.Y
	}
	return sum / 2
}

// reversed is the line walked the other way.
func reversed(line []contour.Point) []contour.Point {
	out := make([]contour.Point, len(line))
	for i, p := range line {
		out[len(line)-1-i] = p
	}
	return out
}

// mostPoints bounds the corners of a line drawn by hand: a line all around the largest frame keeps one every two pixels.
const mostPoints = 8192

// evenly gives a line corners at equal distances of about step px, both ends among them.
func evenly(line []contour.Point, step float64) []contour.Point {
	whole := lengthOf(line)
	if len(line) < 2 || !(whole > 0) || math.IsInf(whole, 1) {
		return line
	}
	n := int(math.Max(1, math.Min(mostPoints, math.Ceil(whole/step))))
	step = whole / float64(n)
	out := make([]contour.Point, 1, n+1)
	out[0] = line[0]
	left := step // to the next corner
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		length := apart(a, b)
		for ; left < length && len(out) < n; left += step {
			t := left / length
			out = append(out, contour.Point{X: a.X + t*(b.X-a.X), Y: a.Y + t*(b.Y-a.Y)})
		}
		left -= length
	}
	return append(out, line[len(line)-1])
}
