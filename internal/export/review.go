package export

import (
	"strings"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/study"
)

// FromReview takes out of a review what include asks for. Models are known besides those of the loaded predictions. The
// input shares nothing with the review that changes later.
func FromReview(r *review.Review, include Include, models ...inference.Info) Input {
	return NewTaker(r, include, models...).all()
}

// FromStored is FromReview for a review whose predictions are not loaded: stored is asked for those that matter, and may
// answer nil.
func FromStored(r *review.Review, include Include, stored func(*review.Frame) *inference.Prediction) Input {
	t := NewTaker(r, include)
	t.Ask(stored)
	return t.all()
}

// all takes everything at once.
func (t *Taker) all() Input {
	for done := false; !done; {
		done = t.Step(time.Hour)
	}
	return t.Input()
}

// Taker takes an Input out of a review step by step, so that whoever owns the review can do something else between.
type Taker struct {
	review  *review.Review
	include Include
	stored  func(*review.Frame) *inference.Prediction
	in      Input
	item    Item
	at      int // item of the study
	frame   int // next of its frames
}

// NewTaker begins to take what include asks for. Models are known besides those of the loaded predictions.
func NewTaker(r *review.Review, include Include, models ...inference.Info) *Taker {
	t := &Taker{
		review: r, include: include, stored: func(*review.Frame) *inference.Prediction { return nil },
		in: Input{Reader: r.Reader(), Names: namesOf(r.Labels()), Models: map[string]inference.Info{}},
	}
	for _, m := range models {
		t.in.learn(m)
	}
	return t
}

// Ask makes the taker ask for predictions that the review has not loaded; stored may answer nil.
func (t *Taker) Ask(stored func(*review.Frame) *inference.Prediction) { t.stored = stored }

// Input is what was taken. It shares nothing with the review that changes later.
func (t *Taker) Input() Input { return t.in }

// Step takes frames for about as long as it is given, at least one, and tells whether that was all.
func (t *Taker) Step(d time.Duration) (done bool) {
	end := time.Now().Add(d)
	items := t.review.Study().Items
	for t.at < len(items) {
		it := items[t.at]
		if t.frame == 0 {
			t.item = Item{Source: it}
		}
		if t.frame < it.Frames {
			t.take(review.Key{Instance: it.ID, Frame: t.frame})
			t.frame++
		}
		if t.frame >= it.Frames {
			t.in.Items = append(t.in.Items, t.item)
			t.at, t.frame = t.at+1, 0
		}
		if time.Now().After(end) {
			break
		}
	}
	return t.at >= len(items)
}

// take takes one frame if it is to be exported.
func (t *Taker) take(k review.Key) {
	f := t.review.Frame(k)
	if !t.include.Takes(f.Status, f.Touched, NewBoundary(t.review.Contours(k))) {
		if answered(f) {
			t.item.LeftOut++
		}
		return
	}
	p := f.Prediction
	if _, known := t.in.Models[f.Model]; p == nil || !known && f.Imported() && p.Model.SHA256 != f.Model {
		if q := t.stored(f); q != nil {
			p = q
		}
	}
	if p == nil && !answered(f) {
		return
	}
	if p != nil {
		t.in.learn(p.Model)
	}
	frame := Frame{
		Index: k.Frame, Labels: f.Labels, Status: f.Status, Model: origin(f, p),
		Touched: f.Touched, Edited: edited(f, p), Time: lastEdit(t.review, k),
	}
	if strings.HasPrefix(frame.Model, ImportPrefix) {
		frame.Began = began(t.in.Models[frame.Model])
	}
	// What is measured must not depend on which maps happen to be loaded.
	t.review.WithMaps(k, p, func() {
		cs := t.review.Contours(k)
		frame.Boundary, frame.Arcs, frame.Measure = NewBoundary(cs), NewArcs(cs), t.review.Measuring(k)
		frame.Spacing, frame.SpacingFrom = spacing(t.review, k, cs)
	})
	t.item.Frames = append(t.item.Frames, frame)
}

// lastEdit is when a reader last changed the frame.
func lastEdit(r *review.Review, k review.Key) (t time.Time) {
	for _, s := range r.History(k) {
		if s.Done && s.Origin != review.ByModel && s.Time.After(t) {
			t = s.Time
		}
	}
	return t
}

// began is how the masks of a file came about. Where it does not say, that they were all a machine's or all drawn would be
// a guess.
func began(m inference.Info) string {
	switch m.Version {
	case manual, automatic:
		return m.Version
	}
	return semiautomatic
}

// learn remembers a model and what its labels mean.
func (in *Input) learn(m inference.Info) {
	if _, known := in.Models[m.SHA256]; known || m.SHA256 == "" {
		return
	}
	in.Models[m.SHA256] = m
	for _, l := range m.Labels {
		if !in.declared(l.Value) {
			in.Labels = append(in.Labels, l)
		}
	}
}

// Asked is the SHA-256 of the model that is to be asked about a frame: the one that its mask started from. Of a mask that was joined
// from readers' it is "", any: what label values mean there is known from what their models said of the image.
func Asked(f *review.Frame) string {
	if joined(f.Model) {
		return ""
	}
	return f.Model
}

// answered tells whether anybody, a reader or a model, said something about a frame.
func answered(f *review.Frame) bool {
	return f.Status != review.Open || f.Touched || f.Model != "" || f.Prediction != nil
}

// origin is the model that a mask started from. A model that found nothing leaves no edit behind.
func origin(f *review.Frame, p *inference.Prediction) string {
	if f.Model == "" && !f.Touched && p != nil {
		return p.Model.SHA256
	}
	return f.Model
}

// edited tells whether the mask differs from what the model gave. Without the model's answer at hand, whatever the
// reader touched counts.
func edited(f *review.Frame, p *inference.Prediction) bool {
	return f.Touched && (p == nil || p.Model.SHA256 != f.Model || !p.Mask.Equal(f.Labels))
}

// spacing is the one that covers all of the boundary, or nil, and where it is from.
func spacing(r *review.Review, k review.Key, cs []contour.Contour) (*study.Spacing, study.Calibration) {
	var points [][2]float64
	for _, c := range cs {
		for _, v := range c.Points {
			points = append(points, [2]float64{v.X, v.Y})
		}
	}
	s, from := r.SpacingAt(k, points...)
	if from == study.Uncalibrated {
		return nil, from
	}
	return &s, from
}
