package tool

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// The names of the tools that draw around an area.
const (
	nameLasso = "lasso"
	nameFresh = "fresh"
	nameWire  = "wire"
)

// Area draws around an area that becomes the label, or inverted loses it. Dragging draws a free line, and letting go
// closes it; clicks set corners of a polygon, between which may be dragged too. A press near the first corner, or on the
// last one, closes it.
type Area struct {
	near
	review *review.Review
	label  uint8
	name   string
	fresh  bool  // what was there of the label goes
	wire   *wire // finds the way between corners; nil: straight

	key    review.Key
	points []contour.Point
	pieces []int // how many points there were before each piece
	tip    contour.Point
	begun  contour.Point // of the press
	down   bool
	moved  bool
	ending bool // the press was on the first or last corner
	cut    bool
}

var (
	_ Path    = (*Area)(nil)
	_ Sketch  = (*Area)(nil)
	_ Near    = (*Area)(nil)
	_ Sighted = (*Area)(nil)
)

// NewLasso returns a tool that draws polygons and free outlines of a label.
func NewLasso(r *review.Review, label uint8) *Area {
	return &Area{near: near{firstReach}, review: r, label: label, name: nameLasso}
}

// NewFresh returns a lasso that draws a label from nothing: what was there of it goes, in the same step.
func NewFresh(r *review.Review, label uint8) *Area {
	return &Area{near: near{firstReach}, review: r, label: label, name: nameFresh, fresh: true}
}

// NewWire returns a polygon whose sides follow edges in the image.
func NewWire(r *review.Review, label uint8) *Area {
	return &Area{near: near{firstReach}, review: r, label: label, name: nameWire, wire: &wire{}}
}

// Name implements Tool.
func (t *Area) Name() string { return t.name }

// Hint implements Tool.
func (t *Area) Hint() string { return "tool." + t.name + ".hint" }

// Fit implements Tool: an area has no size.
func (t *Area) Fit(review.Key, float64) {}

// Outline implements Tool.
func (t *Area) Outline(contour.Point) []contour.Point { return nil }

// See implements Sighted.
func (t *Area) See(s *Sight) {
	if t.wire != nil {
		t.wire.sight = s
	}
}

// Open implements Path.
func (t *Area) Open() bool { return len(t.points) > 0 }

// Cancel implements Tool.
func (t *Area) Cancel() {
	t.points, t.pieces, t.down, t.moved, t.ending = nil, nil, false, false, false
	if t.wire != nil {
		t.wire.forget()
	}
}

// Press implements Tool.
func (t *Area) Press(k review.Key, p Pointer) error {
	if t.Open() && k != t.key {
		t.Cancel()
	}
	at := p.point()
	t.down, t.moved, t.begun, t.tip = true, false, at, at
	if t.Open() {
		t.ending = t.to(at, t.points[len(t.points)-1]) || len(t.points) > 2 && t.to(at, t.points[0])
		if !t.ending {
			t.extend(at)
		}
		return nil
	}
	if err := probe(t.review, k, t.name); err != nil {
		t.down = false
		return err
	}
	t.key, t.cut, t.ending = k, p.Invert && !t.fresh, false
	t.points, t.pieces = []contour.Point{at}, []int{0}
	return nil
}

// probe tells whether a stroke could begin on k now.
func probe(r *review.Review, k review.Key, name string) error {
	s, err := r.Begin(k, name, review.ByReader)
	if err == nil {
		s.Cancel()
	}
	return err
}

// extend adds a piece from the last corner to at.
func (t *Area) extend(at contour.Point) {
	t.pieces = append(t.pieces, len(t.points))
	if t.wire != nil {
		t.points = append(t.points, t.wire.all(t.points[len(t.points)-1], at)...)
		return
	}
	t.points = append(t.points, at)
}

// leastStep is how far apart points of a free line are at least, in px.
const leastStep = 0.5

// Drag implements Tool.
func (t *Area) Drag(p Pointer) {
	if !t.down || t.ending {
		return
	}
	t.tip = p.point()
	t.moved = t.moved || !t.to(t.begun, t.tip)
	last := t.points[len(t.points)-1]
	switch {
	case !t.moved:
	case t.wire != nil:
		if mid, ok := t.wire.far(last, t.tip); ok { // the line so far is good: it stays, and goes on from there
			t.extend(mid)
		}
	case math.Hypot(t.tip.X-last.X, t.tip.Y-last.Y) >= leastStep:
		if last == t.begun {
			t.pieces = append(t.pieces, len(t.points))
		}
		t.points = append(t.points, t.tip)
	}
}

// Hover implements Path.
func (t *Area) Hover(p Pointer) {
	if t.Open() {
		t.tip = p.point()
	}
}

// Release implements Tool. A free line from the first press on is closed; otherwise the gesture goes on.
func (t *Area) Release() (changed bool, err error) {
	if !t.down {
		return false, nil
	}
	t.down = false
	switch {
	case t.ending:
		return t.Finish()
	case !t.moved:
		return false, nil
	case t.wire != nil:
		if len(t.points) > 2 && t.to(t.tip, t.points[0]) {
			return t.Finish()
		}
		t.extend(t.tip)
		return false, nil
	case len(t.pieces) == 2: // the first corner and one free line
		return t.Finish()
	}
	return false, nil
}

// Back implements Path.
func (t *Area) Back() {
	if n := len(t.pieces); n > 0 {
		t.points, t.pieces = t.points[:t.pieces[n-1]], t.pieces[:n-1]
	}
	if len(t.points) == 0 {
		t.Cancel()
	}
}

// Sketch implements Sketch.
func (t *Area) Sketch() (line []contour.Point, closed bool) {
	if !t.Open() {
		return nil, false
	}
	line = append(line, t.points...)
	last := t.points[len(t.points)-1]
	if t.tip != last {
		if t.wire != nil {
			return append(line, t.wire.some(last, t.tip)...), false
		}
		line = append(line, t.tip)
	}
	return line, t.wire == nil
}

// Finish implements Path.
func (t *Area) Finish() (changed bool, err error) {
	if !t.Open() {
		return false, nil
	}
	ring := t.points
	if t.wire != nil && len(ring) > 2 {
		ring = append(ring, t.wire.all(ring[len(ring)-1], ring[0])...)
	}
	k, cut := t.key, t.cut
	t.Cancel()
	if len(ring) < 3 {
		return false, nil
	}
	s, err := t.review.Begin(k, t.name, review.ByReader)
	if err != nil {
		return false, err
	}
	t.respect(s, ring[0])
	if t.fresh {
		s.Fill(spansOf(s.Labels(), t.label), 0)
	}
	put(s, ring, t.label, cut)
	return s.Commit()
}

// put gives the inside of a ring a label, or takes it away.
func put(s *review.Stroke, ring []contour.Point, label uint8, cut bool) {
	pts := make([][2]float64, len(ring))
	for i, p := range ring {
		pts[i] = [2]float64{p.X, p.Y}
	}
	spans := mask.Polygon([][][2]float64{pts})
	if cut {
		s.Fill(only(s.Labels(), spans, label), 0)
		return
	}
	s.Fill(spans, label)
}

// spansOf is every pixel of a label.
func spansOf(p *mask.Plane, label uint8) []mask.Span {
	box := mask.Bounds(p, label)
	var rows []mask.Span
	for y := box.Min.Y; y < box.Max.Y; y++ {
		rows = append(rows, mask.Span{Y: y, X0: box.Min.X, X1: box.Max.X})
	}
	return only(p, rows, label)
}
