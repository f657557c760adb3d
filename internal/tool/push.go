package tool

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// namePush is the name of the tool.
const namePush = "push"

// leastPush is the smallest share of its size to which a push shrinks at the boundary.
const leastPush = 0.1

// Push moves the boundary of a label with a round tip, as a finger moves clay: from inside it pushes the boundary out, from
// outside in. A press changes nothing by itself, because the tip shrinks until it just touches the boundary. Other labels
// stay as they are.
type Push struct {
	near
	review *review.Review
	label  uint8
	rx, ry float64
	stroke *review.Stroke
	share  float64 // of the radii, while a gesture lasts
	from   uint8   // pixels of this label …
	to     uint8   // … become this one
	last   Pointer
}

var _ Tool = (*Push)(nil)

// NewPush returns a tool that moves the boundary of a label.
func NewPush(r *review.Review, label uint8) *Push {
	return &Push{near: near{firstReach}, review: r, label: label, rx: firstRadius, ry: firstRadius}
}

// Name implements Tool.
func (t *Push) Name() string { return namePush }

// Hint implements Tool.
func (t *Push) Hint() string { return "tool.push.hint" }

// Fit implements Tool.
func (t *Push) Fit(k review.Key, size float64) { t.rx, t.ry = t.review.Radius(k, size) }

// Press implements Tool. Inverted it pushes the other way, which needs no boundary to begin with: a press inside digs a
// hole, one outside starts a new region.
func (t *Push) Press(k review.Key, p Pointer) error {
	t.Cancel()
	s, err := t.review.Begin(k, namePush, review.ByReader)
	if err != nil {
		return err
	}
	t.respect(s, p.point())
	inside := s.Labels().At(int(math.Floor(p.X)), int(math.Floor(p.Y))) == t.label
	t.stroke, t.last, t.share = s, p, 1
	if !p.Invert {
		t.share = math.Max(leastPush, t.room(s.Labels(), p, inside))
	}
	t.from, t.to = 0, t.label
	if inside == p.Invert {
		t.from, t.to = t.label, 0
	}
	if p.Invert {
		t.sweep(p)
	}
	return nil
}

// room is how far the boundary is from p, as a share of the radii; at most 1.
func (t *Push) room(labels *mask.Plane, p Pointer, inside bool) float64 {
	best := 1.0
	for _, s := range mask.Capsule(p.X, p.Y, p.X, p.Y, t.rx, t.ry) {
		dy := (float64(s.Y) + 0.5 - p.Y) / t.ry
		for x := s.X0; x < s.X1; x++ {
			if (labels.At(x, s.Y) == t.label) != inside {
				best = math.Min(best, math.Hypot((float64(x)+0.5-p.X)/t.rx, dy))
			}
		}
	}
	return best
}

// Drag implements Tool.
func (t *Push) Drag(p Pointer) {
	if t.stroke != nil {
		t.sweep(p)
	}
}

// sweep moves the tip from where it was to p, unless kept boundary is in between: then it waits for the pointer there.
func (t *Push) sweep(p Pointer) {
	if !free(t.stroke, t.last.point(), p.point()) {
		return
	}
	swept := mask.Capsule(t.last.X, t.last.Y, p.X, p.Y, t.share*t.rx, t.share*t.ry)
	swept = wall(t.stroke, swept, t.last.point(), p.point())
	t.stroke.Fill(only(t.stroke.Labels(), swept, t.from), t.to)
	t.last = p
}

// Release implements Tool.
func (t *Push) Release() (changed bool, err error) {
	if t.stroke == nil {
		return false, nil
	}
	s := t.stroke
	t.stroke = nil
	return s.Commit()
}

// Cancel implements Tool.
func (t *Push) Cancel() {
	if t.stroke != nil {
		t.stroke.Cancel()
		t.stroke = nil
	}
}

// Outline implements Tool. During a gesture it is the tip as it has shrunk.
func (t *Push) Outline(at contour.Point) []contour.Point {
	share := 1.0
	if t.stroke != nil {
		share = t.share
	}
	return ellipse(at, share*t.rx, share*t.ry)
}
