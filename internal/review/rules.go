package review

import (
	"image"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// Overwrite says what a label may be painted over.
type Overwrite uint8

// What painting a label does to others.
const (
	OverwriteAll  Overwrite = iota // it takes their place
	OverwriteNone                  // it takes background only
)

// Rules say what a reader's strokes may change. They hold for strokes that begin later; what was done stays. The zero
// value forbids nothing but to draw outside the ultrasound sector.
type Rules struct {
	Locked    [256]bool // pixels of these labels stay, and none are added
	Overwrite Overwrite
	Released  bool // strokes may draw outside the sector
}

// Rules are those in force.
func (r *Review) Rules() Rules { return r.rules }

// SetRules puts rules in force. Locks and the rule of what is painted over come with a reader's labels: SetLabels.
func (r *Review) SetRules(x Rules) { r.rules = x }

// Sector is where a frame shows ultrasound: a rectangle of pixels, and of that only a fan where the picture shows one.
type Sector struct {
	image.Rectangle
	Fan *study.Fan // nil: all of the rectangle
}

// Has tells whether the sector holds a pixel.
func (s Sector) Has(x, y int) bool {
	return image.Pt(x, y).In(s.Rectangle) && (s.Fan == nil || s.Fan.Has(x, y))
}

// clip is what of the spans lies in the sector.
func (s Sector) clip(spans []mask.Span) []mask.Span {
	spans = clip(spans, s.Rectangle)
	if s.Fan == nil {
		return spans
	}
	out := make([]mask.Span, 0, len(spans))
	for _, p := range spans {
		for _, r := range s.Fan.Row(p.Y) {
			if x0, x1 := max(p.X0, r[0]), min(p.X1, r[1]); x0 < x1 {
				out = append(out, mask.Span{Y: p.Y, X0: x0, X1: x1})
			}
		}
	}
	return out
}

// SetSector tells where frame k shows ultrasound, as study.Frame.Sector and Fan found it. Until it is told, it is what the
// item's regions say.
func (r *Review) SetSector(k Key, sector Sector) {
	if f := r.Frame(k); f != nil {
		f.sector = sector
	}
}

// Sector is where a reader may draw on frame k unless the rules release it.
func (r *Review) Sector(k Key) Sector {
	f := r.Frame(k)
	switch {
	case f == nil:
		return Sector{}
	case !f.sector.Empty():
		return f.sector
	default:
		return Sector{Rectangle: r.items[k.Instance].Sector()}
	}
}

// permit is what a stroke may change. Only a reader's is bound.
type permit struct {
	bound  bool
	rules  Rules
	within Sector      // where it may draw
	keep   [256]bool   // states along which the boundary stays
	marks  *mask.Plane // as they were when the stroke began
	strict bool        // pixels have to be looked at one by one
}

// permitOf is what a stroke on f that begins now may change.
func (r *Review) permitOf(f *Frame, origin Origin) permit {
	p := permit{bound: origin == ByReader, rules: r.rules, within: r.Sector(f.Key), marks: f.Marks}
	if p.rules.Released {
		p.within = Sector{Rectangle: f.Labels.Rect()}
	}
	p.strict = p.bound && (p.rules.Overwrite != OverwriteAll || p.rules.Locked != [256]bool{})
	return p
}

// allows tells whether pixel at, which now holds from, may become to.
func (p *permit) allows(at int, from, to uint8) bool {
	switch {
	case from == to:
		return true
	case p.rules.Locked[from] || p.rules.Locked[to]:
		return false
	case p.rules.Overwrite == OverwriteNone && from != 0 && to != 0:
		return false
	default:
		return !p.keep[p.marks.Pix[at]]
	}
}

// allowed is what of the spans may become label.
func (p *permit) allowed(now *mask.Plane, spans []mask.Span, label uint8) []mask.Span {
	if !p.bound {
		return spans
	}
	if label != 0 {
		spans = p.within.clip(spans)
	}
	if !p.strict {
		return spans
	}
	out := make([]mask.Span, 0, len(spans))
	for _, s := range clip(spans, now.Rect()) {
		start := -1
		for x := s.X0; x <= s.X1; x++ {
			ok := x < s.X1 && p.allows(s.Y*now.W+x, now.Pix[s.Y*now.W+x], label)
			switch {
			case ok && start < 0:
				start = x
			case !ok && start >= 0:
				out = append(out, mask.Span{Y: s.Y, X0: start, X1: x})
				start = -1
			}
		}
	}
	return out
}

// Keep binds the stroke to leave the boundary alone where it has one of these states, and no other: pixels that were marked
// so stay. Strokes that are no reader's are not bound.
func (s *Stroke) Keep(states ...contour.State) {
	if !s.permit.bound {
		return
	}
	s.permit.keep = [256]bool{}
	for _, st := range states {
		s.permit.keep[st] = st != contour.Predicted
	}
	s.permit.strict = s.permit.strict || len(states) > 0
}

// Kept tells whether Keep holds pixel (x, y). It is false outside the frame.
func (s *Stroke) Kept(x, y int) bool { return s.permit.keep[s.permit.marks.At(x, y)] }

// Keeping tells whether Keep holds any pixel of r.
func (s *Stroke) Keeping(r image.Rectangle) bool {
	if s.permit.keep == [256]bool{} {
		return false
	}
	m := s.permit.marks
	r = r.Intersect(m.Rect())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, v := range m.Pix[y*m.W+r.Min.X : y*m.W+r.Max.X] {
			if s.permit.keep[v] {
				return true
			}
		}
	}
	return false
}

// MayHold tells whether label can be drawn at all, or with 0 erased: whether no lock forbids it.
func (s *Stroke) MayHold(label uint8) bool { return !s.permit.bound || !s.permit.rules.Locked[label] }

// Unreviewed makes the whole boundary one that nobody looked at, except where Keep holds it: what the stroke brings was
// drawn for another image.
func (s *Stroke) Unreviewed() { s.unreviewed = true }

// Sweeping says that the stroke moves all of a label by one rule: what it moves was looked at by nobody for that, and counts
// as predicted still.
func (s *Stroke) Sweeping() { s.sweeping = true }

// wipe takes the marks away that Keep does not hold.
func (s *Stroke) wipe() {
	m := s.writableMarks()
	for i, v := range m.Pix {
		if v != 0 && !s.permit.keep[v] {
			m.Pix[i] = 0
		}
	}
	s.marked = m.Rect()
}
