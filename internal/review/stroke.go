package review

import (
	"image"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// Stroke is one edit under way: the only way to change pixels. Nothing of it is in the frame before Commit; Contours
// already follows it.
type Stroke struct {
	review *Review
	frame  *Frame
	name   string
	origin Origin
	model  string
	permit permit
	labels *mask.Plane // own copies once written to; nil before
	marks  *mask.Plane
	dirty  image.Rectangle // of labels
	marked image.Rectangle // of marks
	writes int             // counts changes of labels, for the live contours
	had    image.Rectangle // holds every label of the frame as it was
	holds  []uint8         // labels that the mask may hold: the frame's and what was painted
	live   []contour.Contour
	liveAt int

	unreviewed bool
	sweeping   bool
}

// Begin starts an edit of frame k. name is stable and shown, translated, in the history. One stroke per frame at a time:
// a second gives the fault CodeBusy; a frame that does not exist, CodeFrame.
func (r *Review) Begin(k Key, name string, origin Origin) (*Stroke, error) {
	f, err := r.mustFrame(k)
	if err != nil {
		return nil, err
	}
	if f.stroke != nil {
		return nil, fault.New(CodeBusy, r.nameOf(k.Instance), nil, nil)
	}
	s := &Stroke{review: r, frame: f, name: name, origin: origin, permit: r.permitOf(f, origin)}
	f.stroke = s
	return s, nil
}

// Labels is the mask as the stroke has made it so far. Read it only.
func (s *Stroke) Labels() *mask.Plane {
	if s.labels != nil {
		return s.labels
	}
	return s.frame.Labels
}

// Dirty is the smallest known rectangle that holds every pixel whose label the stroke may have changed.
func (s *Stroke) Dirty() image.Rectangle { return s.dirty }

// Fill writes label along the spans, as far as the review's rules let a reader. Outside the ultrasound sector a reader can
// erase but not draw.
func (s *Stroke) Fill(spans []mask.Span, label uint8) {
	if !s.underWay() {
		return
	}
	now := s.writable()
	s.wrote(now.Fill(s.permit.allowed(now, spans, label), label), label)
}

// wrote notes that pixels of touched became label.
func (s *Stroke) wrote(touched image.Rectangle, label uint8) {
	if touched.Empty() {
		return
	}
	if label != 0 && !slices.Contains(s.holds, label) {
		s.holds = append(s.holds, label)
		slices.Sort(s.holds)
	}
	s.dirty = s.dirty.Union(touched)
	s.writes++
}

// Restore gives the pixels in r back what they held before the stroke began, for tools that show a result and think better
// of it while the pointer moves on.
func (s *Stroke) Restore(r image.Rectangle) {
	if r = r.Intersect(s.dirty); !s.underWay() || r.Empty() {
		return
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from, to := y*s.labels.W+r.Min.X, y*s.labels.W+r.Max.X
		copy(s.labels.Pix[from:to], s.frame.Labels.Pix[from:to])
	}
	s.writes++
}

// SetLabels replaces the whole mask by p, which must have the frame's size; the fault CodeMisfit otherwise. A reader's is
// bound by the rules as Fill is.
func (s *Stroke) SetLabels(p *mask.Plane) error {
	f := s.frame
	if p.W != f.W || p.H != f.H || len(p.Pix) != f.W*f.H {
		return misfit(s.review.nameOf(f.Key.Instance), p.W, p.H, f)
	}
	switch {
	case !s.underWay():
	case s.permit.bound:
		s.take(p)
	default:
		copy(s.writable().Pix, p.Pix)
		s.holds = labelsIn(p, p.Rect())
		s.dirty = p.Rect()
		s.writes++
	}
	return nil
}

// take makes those pixels like p that a reader may change.
func (s *Stroke) take(p *mask.Plane) {
	now := s.writable()
	for y := range p.H {
		next, old := p.Pix[y*p.W:(y+1)*p.W], now.Pix[y*p.W:(y+1)*p.W]
		if string(next) == string(old) {
			continue
		}
		for x, v := range next {
			if v == old[x] || v != 0 && !s.permit.within.Has(x, y) || !s.permit.allows(y*p.W+x, old[x], v) {
				continue
			}
			old[x] = v
			s.dirty = s.dirty.Union(image.Rect(x, y, x+1, y+1))
		}
	}
	s.holds = labelsIn(now, s.extent())
	s.writes++
}

func misfit(where string, w, h int, f *Frame) error {
	return fault.New(CodeMisfit, where, nil, fault.Args{"W": w, "H": h, "FrameW": f.W, "FrameH": f.H})
}

// Mark gives the boundary at the given vertices of the frame's contours a state. Pixels up to radius px away take it,
// but none that lie nearer to other pieces of boundary.
func (s *Stroke) Mark(pts []contour.Point, radius float64, state contour.State) {
	if !s.underWay() || len(pts) == 0 {
		return
	}
	s.mark(s.review.Contours(s.frame.Key), pts, radius, state)
}

// underWay tells whether the stroke has neither been committed nor cancelled.
func (s *Stroke) underWay() bool { return s.frame.stroke == s }

// writable is the stroke's own copy of the labels.
func (s *Stroke) writable() *mask.Plane {
	if s.labels == nil {
		s.had = s.frame.labelled
		s.labels = s.frame.Labels.CloneIn(s.had)
		s.holds = labelsIn(s.labels, s.had)
	}
	return s.labels
}

// extent holds every label of the stroke's own copy.
func (s *Stroke) extent() image.Rectangle { return s.had.Union(s.dirty) }

// writableMarks is the stroke's own copy of the marks.
func (s *Stroke) writableMarks() *mask.Plane {
	if s.marks == nil {
		s.marks = s.frame.Marks.CloneIn(s.frame.marked)
	}
	return s.marks
}

// Cancel ends the stroke and leaves the frame as it was. After Commit it does nothing.
func (s *Stroke) Cancel() {
	if s.underWay() {
		s.end()
		_ = s.review.catchUp(s.frame) // the journal's: it has told Flush, which is asked again and again
	}
}

// end lets the frame go.
func (s *Stroke) end() { s.frame.stroke = nil }

// Commit ends the stroke and makes it one step of the frame's history, appended to the journal. Where a reader changed
// the mask, the boundary nearby becomes corrected. changed is false, and nothing recorded, if no pixel differs. If the
// journal fails, its fault is returned and the edit stays in memory, waiting for Flush.
func (s *Stroke) Commit() (changed bool, err error) {
	if !s.underWay() {
		return false, nil
	}
	e := &Entry{Kind: KindEdit, Name: s.name, Origin: s.origin, Model: s.model}
	if s.labels != nil {
		e.Labels = mask.Diff(s.frame.Labels, s.labels, s.dirty)
	}
	switch {
	case s.unreviewed:
		s.wipe()
	case !e.Labels.Empty() && s.origin != ByModel:
		s.correct(e.Labels.Rect)
	}
	if s.marks != nil {
		e.Marks = mask.Diff(s.frame.Marks, s.marks, s.marked)
	}
	s.end()
	if e.Labels.Empty() && e.Marks.Empty() {
		return false, s.review.catchUp(s.frame)
	}
	err = s.review.commit(s.frame, e)
	if later := s.review.catchUp(s.frame); err == nil {
		err = later
	}
	return true, err
}

// clip is what of spans lies inside r.
func clip(spans []mask.Span, r image.Rectangle) []mask.Span {
	out := make([]mask.Span, 0, len(spans))
	for _, p := range spans {
		p.X0, p.X1 = max(p.X0, r.Min.X), min(p.X1, r.Max.X)
		if p.Y >= r.Min.Y && p.Y < r.Max.Y && p.X0 < p.X1 {
			out = append(out, p)
		}
	}
	return out
}
