package tool

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// The names of the tools.
const (
	nameBrush  = "brush"
	nameEraser = "eraser"
)

// firstRadius is the radius in px until Fit is called.
const firstRadius = 10

// Brush paints a label with a round tip, or takes labels away.
type Brush struct {
	near
	sight         *Sight
	edges         bool // of the gesture: stop at edges of the image
	review        *review.Review
	label         uint8 // what it paints; 0: it erases
	inverse       uint8 // what it paints inverted
	name, opposed string
	rx, ry        float64
	stroke        *review.Stroke
	paint         uint8
	last          Pointer
}

var _ Tool = (*Brush)(nil)

// NewBrush returns a brush for a label. Inverted it erases.
func NewBrush(r *review.Review, label uint8) *Brush {
	return &Brush{near: near{firstReach}, review: r, label: label, name: nameBrush, opposed: nameEraser, rx: firstRadius, ry: firstRadius}
}

// NewEraser returns a brush that takes any label away. Inverted it paints the given one.
func NewEraser(r *review.Review, label uint8) *Brush {
	return &Brush{near: near{firstReach}, review: r, inverse: label, name: nameEraser, opposed: nameBrush, rx: firstRadius, ry: firstRadius}
}

// Name implements Tool.
func (b *Brush) Name() string { return b.name }

// Hint implements Tool.
func (b *Brush) Hint() string { return "tool." + b.name + ".hint" }

// Fit implements Tool.
func (b *Brush) Fit(k review.Key, size float64) { b.rx, b.ry = b.review.Radius(k, size) }

// See implements Sighted.
func (b *Brush) See(s *Sight) { b.sight = s }

// Press implements Tool. Whether the tool is inverted, and whether it stops at edges of the image, is settled here for the
// whole gesture.
func (b *Brush) Press(k review.Key, p Pointer) error {
	b.Cancel()
	name, paint := b.name, b.label
	if p.Invert {
		name, paint = b.opposed, b.inverse
	}
	s, err := b.review.Begin(k, name, review.ByReader)
	if err != nil {
		return err
	}
	b.respect(s, p.point())
	b.stroke, b.paint, b.last, b.edges = s, paint, p, p.Edges
	b.sweep(p)
	return nil
}

// Drag implements Tool.
func (b *Brush) Drag(p Pointer) {
	if b.stroke != nil {
		b.sweep(p)
	}
}

// sweep moves the tip from where it was to p, without gaps however fast the pointer is. Where kept boundary is in between
// it waits for the pointer there.
func (b *Brush) sweep(p Pointer) {
	from, to := b.last.point(), p.point()
	if !free(b.stroke, from, to) {
		return
	}
	spans := wall(b.stroke, mask.Capsule(from.X, from.Y, to.X, to.Y, b.rx, b.ry), from, to)
	if b.edges {
		spans = b.sight.within(spans, from, to, b.rx, b.ry)
	}
	b.stroke.Fill(spans, b.paint)
	b.last = p
}

// Release implements Tool.
func (b *Brush) Release() (changed bool, err error) {
	if b.stroke == nil {
		return false, nil
	}
	s := b.stroke
	b.stroke = nil
	return s.Commit()
}

// Cancel implements Tool.
func (b *Brush) Cancel() {
	if b.stroke != nil {
		b.stroke.Cancel()
		b.stroke = nil
	}
}

// outlineSides is how many corners an outline has: at 200 px radius it strays 0.4 px from the ellipse.
const outlineSides = 48

// Outline implements Tool.
func (b *Brush) Outline(at contour.Point) []contour.Point { return ellipse(at, b.rx, b.ry) }

// ellipse is the closed line around a tip.
func ellipse(at contour.Point, rx, ry float64) []contour.Point {
	out := make([]contour.Point, outlineSides)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / outlineSides)
		out[i] = contour.Point{X: at.X + rx*cos, Y: at.Y + ry*sin}
	}
	return out
}
