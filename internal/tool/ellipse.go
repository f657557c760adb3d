package tool

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/review"
)

const nameEllipse = "ellipse"

// firstRatio is how wide an ellipse is for its length until the pointer says otherwise: as lesions are on the average.
const firstRatio = 0.7

// Ellipse draws an ellipse over a diameter: drag along it, or click at both of its ends; then move to set the width, and
// click. Inverted it takes the label away.
type Ellipse struct {
	near
	review *review.Review
	label  uint8
	sx, sy float64 // size of a pixel, in mm or 1

	key   review.Key
	stage ellipseStage
	a, b  contour.Point // the ends of the diameter
	width float64       // half of it, in mm or px; negative until the pointer moved
	down  bool
	cut   bool
}

// ellipseStage is how far the gesture is.
type ellipseStage int

const (
	resting  ellipseStage = iota
	drawing               // the diameter's second end follows the pointer
	widening              // the width does
)

var (
	_ Path   = (*Ellipse)(nil)
	_ Sketch = (*Ellipse)(nil)
)

// NewEllipse returns a tool that draws ellipses of a label.
func NewEllipse(r *review.Review, label uint8) *Ellipse {
	return &Ellipse{near: near{firstReach}, review: r, label: label, sx: 1, sy: 1}
}

// Name implements Tool.
func (t *Ellipse) Name() string { return nameEllipse }

// Hint implements Tool.
func (t *Ellipse) Hint() string { return "tool.ellipse.hint" }

// Fit implements Tool: an ellipse has no size before it is drawn.
func (t *Ellipse) Fit(review.Key, float64) {}

// Outline implements Tool.
func (t *Ellipse) Outline(contour.Point) []contour.Point { return nil }

// Open implements Path.
func (t *Ellipse) Open() bool { return t.stage != resting }

// Cancel implements Tool.
func (t *Ellipse) Cancel() { t.stage, t.down = resting, false }

// Press implements Tool.
func (t *Ellipse) Press(k review.Key, p Pointer) error {
	if t.Open() && k != t.key {
		t.Cancel()
	}
	if t.Open() {
		t.down = true
		t.Hover(p)
		return nil
	}
	if err := probe(t.review, k, nameEllipse); err != nil {
		return err
	}
	sp, _ := t.review.SpacingAt(k, [2]float64{p.X, p.Y})
	t.sx, t.sy = sp.X, sp.Y
	t.key, t.cut, t.down = k, p.Invert, true
	t.a, t.b, t.width, t.stage = p.point(), p.point(), -1, drawing
	return nil
}

// Drag implements Tool.
func (t *Ellipse) Drag(p Pointer) {
	if t.down {
		t.Hover(p)
	}
}

// Hover implements Path.
func (t *Ellipse) Hover(p Pointer) {
	switch at := p.point(); t.stage {
	case drawing:
		t.b = at
	case widening:
		if t.width >= 0 || !t.to(at, t.b) {
			t.width = t.across(at)
		}
	case resting:
	}
}

// across is how far a point is from the diameter's line.
func (t *Ellipse) across(p contour.Point) float64 {
	ux, uy := (t.b.X-t.a.X)*t.sx, (t.b.Y-t.a.Y)*t.sy
	vx, vy := (p.X-t.a.X)*t.sx, (p.Y-t.a.Y)*t.sy
	return math.Abs(ux*vy-uy*vx) / math.Hypot(ux, uy)
}

// Release implements Tool.
func (t *Ellipse) Release() (changed bool, err error) {
	if !t.down {
		return false, nil
	}
	t.down = false
	switch {
	case t.stage == widening:
		return t.Finish()
	case !t.to(t.a, t.b):
		t.stage = widening
	}
	return false, nil
}

// Back implements Path.
func (t *Ellipse) Back() {
	if t.stage == widening {
		t.stage, t.width = drawing, -1
		return
	}
	t.Cancel()
}

// Sketch implements Sketch.
func (t *Ellipse) Sketch() (line []contour.Point, closed bool) {
	if !t.Open() || t.a == t.b {
		return nil, false
	}
	return t.ring(), true
}

// ellipseSides is how many corners an ellipse has: one of 1000 px strays 0.1 px from the true one.
const ellipseSides = 256

// ring is the ellipse, round where pixels are not square.
func (t *Ellipse) ring() []contour.Point {
	cx, cy := (t.a.X+t.b.X)/2, (t.a.Y+t.b.Y)/2
	ux, uy := (t.b.X-t.a.X)/2*t.sx, (t.b.Y-t.a.Y)/2*t.sy
	long := math.Hypot(ux, uy)
	width := t.width
	if width < 0 {
		width = firstRatio * long
	}
	vx, vy := -uy/long*width, ux/long*width
	out := make([]contour.Point, ellipseSides)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / ellipseSides)
		out[i] = contour.Point{X: cx + (ux*cos+vx*sin)/t.sx, Y: cy + (uy*cos+vy*sin)/t.sy}
	}
	return out
}

// Finish implements Path.
func (t *Ellipse) Finish() (changed bool, err error) {
	line, ok := t.Sketch()
	k, at, cut := t.key, t.a, t.cut
	t.Cancel()
	if !ok {
		return false, nil
	}
	s, err := t.review.Begin(k, nameEllipse, review.ByReader)
	if err != nil {
		return false, err
	}
	t.respect(s, at)
	put(s, line, t.label, cut)
	return s.Commit()
}
