package tool

import (
	"image"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// The names of what a bucket does.
const (
	nameFill   = "fill"
	nameCut    = "cut"
	nameRemove = "remove"
	nameKeep   = "keep"
)

// Bucket fills and cuts. A click into a hole of the label fills it, and one into a region of another label gives that to
// the label. Inverted, a click removes the region of the label under it; with Edges held, it removes all others. A line
// drawn across a region cuts the smaller part off, inverted the larger one.
type Bucket struct {
	near
	review *review.Review
	label  uint8

	key   review.Key
	press Pointer
	line  []contour.Point
	down  bool
}

var (
	_ Tool   = (*Bucket)(nil)
	_ Sketch = (*Bucket)(nil)
)

// NewBucket returns a tool that fills and cuts a label.
func NewBucket(r *review.Review, label uint8) *Bucket {
	return &Bucket{near: near{firstReach}, review: r, label: label}
}

// Name implements Tool.
func (t *Bucket) Name() string { return nameFill }

// Hint implements Tool.
func (t *Bucket) Hint() string { return "tool.fill.hint" }

// Fit implements Tool: a bucket has no size.
func (t *Bucket) Fit(review.Key, float64) {}

// Outline implements Tool.
func (t *Bucket) Outline(contour.Point) []contour.Point { return nil }

// Cancel implements Tool.
func (t *Bucket) Cancel() { t.line, t.down = nil, false }

// Press implements Tool.
func (t *Bucket) Press(k review.Key, p Pointer) error {
	if err := probe(t.review, k, nameFill); err != nil {
		return err
	}
	t.key, t.press, t.line, t.down = k, p, []contour.Point{p.point()}, true
	return nil
}

// Drag implements Tool.
func (t *Bucket) Drag(p Pointer) {
	if t.down && p.point() != t.line[len(t.line)-1] {
		t.line = append(t.line, p.point())
	}
}

// Sketch implements Sketch.
func (t *Bucket) Sketch() (line []contour.Point, closed bool) {
	if !t.down || !t.drawn() {
		return nil, false
	}
	return t.line, false
}

// drawn tells whether the pointer left the place of the press.
func (t *Bucket) drawn() bool {
	for _, p := range t.line {
		if !t.to(p, t.line[0]) {
			return true
		}
	}
	return false
}

// Release implements Tool.
func (t *Bucket) Release() (changed bool, err error) {
	if !t.down {
		return false, nil
	}
	line, drawn := t.line, t.drawn()
	t.Cancel()
	at := pixelAt(line[0])
	under := t.review.Mask(t.key).At(at.X, at.Y)
	name, do := nameFill, func(s *review.Stroke) { pour(s, t.label, at) }
	switch {
	case drawn:
		name, do = nameCut, func(s *review.Stroke) { cutOff(s, t.label, line, t.press.Invert) }
	case t.press.Invert:
		name, do = nameRemove, func(s *review.Stroke) {
			removeRegions(s, t.label, func(g *mask.Region) bool { return g.Has(at.X, at.Y) })
		}
	case t.press.Edges && under == t.label:
		name, do = nameKeep, func(s *review.Stroke) {
			removeRegions(s, t.label, func(g *mask.Region) bool { return !g.Has(at.X, at.Y) })
		}
	}
	return filter(t.review, t.key, name, do)
}

// pour gives label to the hole, or to the region of another label, that holds a pixel.
func pour(s *review.Stroke, label uint8, at image.Point) {
	now := s.Labels()
	under := now.At(at.X, at.Y)
	box := now.Rect()
	if under == 0 {
		box = mask.Bounds(now, label)
	}
	if under == label || !at.In(box) {
		return
	}
	for _, g := range mask.Regions(now, box, false, func(v uint8) bool { return v == under }) {
		if !g.Has(at.X, at.Y) {
			continue
		}
		if under == 0 && !g.Box.In(box.Inset(1)) {
			return // open to the outside
		}
		if !bound(s, &g) {
			s.Fill(g.Spans, label)
		}
		return
	}
}

// bound tells whether kept boundary runs along a region.
func bound(s *review.Stroke, g *mask.Region) bool {
	if !s.Keeping(g.Box.Inset(-1)) {
		return false
	}
	for _, p := range g.Spans {
		for x := p.X0 - 1; x <= p.X1; x++ {
			for y := p.Y - 1; y <= p.Y+1; y++ {
				if s.Kept(x, y) {
					return true
				}
			}
		}
	}
	return false
}

// removeRegions removes the regions of a label for which gone holds, but none with kept boundary.
func removeRegions(s *review.Stroke, label uint8, gone func(g *mask.Region) bool) {
	now := s.Labels()
	for _, g := range mask.Regions(now, mask.Bounds(now, label), true, func(v uint8) bool { return v == label }) {
		if gone(&g) && !bound(s, &g) {
			s.Fill(g.Spans, 0)
		}
	}
}

// cutOff cuts the regions of a label along a line, and removes of each all parts but the largest, or with small all but the
// smallest. The line itself stays with the part that stays.
func cutOff(s *review.Stroke, label uint8, line []contour.Point, small bool) {
	now := s.Labels()
	box := mask.Bounds(now, label)
	isLabel := func(v uint8) bool { return v == label }
	part := crop(now, box)
	whole := mask.Regions(part, part.Rect(), false, isLabel)
	var trace []image.Point
	for i := 1; i < len(line); i++ {
		for _, p := range pixelsAlong(line[i-1], line[i]) {
			if q := p.Sub(box.Min); p.In(box) && isLabel(part.At(q.X, q.Y)) {
				part.Set(q.X, q.Y, ^label)
				trace = append(trace, q)
			}
		}
	}
	pieces := mask.Regions(part, part.Rect(), false, isLabel)
	for i := range whole {
		stays, goes := divide(&whole[i], pieces, small)
		if len(goes) == 0 {
			continue
		}
		for _, g := range goes {
			s.Fill(shifted(g.Spans, box.Min), 0)
		}
		for _, q := range trace {
			if whole[i].Has(q.X, q.Y) && !touches(stays, q) {
				at := q.Add(box.Min)
				s.Fill([]mask.Span{{Y: at.Y, X0: at.X, X1: at.X + 1}}, 0)
			}
		}
	}
}

// divide finds the pieces of a region: the one that stays, and the others.
func divide(whole *mask.Region, pieces []mask.Region, small bool) (stays *mask.Region, goes []*mask.Region) {
	for i := range pieces {
		g := &pieces[i]
		if !whole.Has(g.Spans[0].X0, g.Spans[0].Y) {
			continue
		}
		switch {
		case stays == nil:
			stays = g
		case (g.Size > stays.Size) != small:
			goes = append(goes, stays)
			stays = g
		default:
			goes = append(goes, g)
		}
	}
	return stays, goes
}

// touches tells whether a pixel lies beside a region.
func touches(g *mask.Region, p image.Point) bool {
	return g.Has(p.X-1, p.Y) || g.Has(p.X+1, p.Y) || g.Has(p.X, p.Y-1) || g.Has(p.X, p.Y+1)
}

// crop is the part of a plane inside r.
func crop(p *mask.Plane, r image.Rectangle) *mask.Plane {
	out := mask.NewPlane(r.Dx(), r.Dy())
	for y := range out.H {
		copy(out.Pix[y*out.W:(y+1)*out.W], p.Pix[(r.Min.Y+y)*p.W+r.Min.X:])
	}
	return out
}

// shifted moves spans.
func shifted(spans []mask.Span, by image.Point) []mask.Span {
	out := make([]mask.Span, len(spans))
	for i, s := range spans {
		out[i] = mask.Span{Y: s.Y + by.Y, X0: s.X0 + by.X, X1: s.X1 + by.X}
	}
	return out
}
