package review

import (
	"maps"

	"echoline/internal/fault"
	"echoline/internal/mask"
)

// Scratch is a review of single frames as they are now, without history and without a journal, for work that takes too long
// for the goroutine that owns the review, or that is only to be looked at. One goroutine at a time may use it, any one.
type Scratch struct {
	*Review
	key           Key
	labels, marks *mask.Plane // of the frame when it was made
}

// Scratch returns one that can change frame k, and knows the others that are named. Rules, labels, sectors and calibration are
// the review's.
func (r *Review) Scratch(k Key, others ...Key) *Scratch {
	n := New(r.study, r.reader, nil)
	n.rules, n.labels, n.rulers = r.rules, r.labels, maps.Clone(r.rulers)
	for _, key := range append(others, k) {
		f := r.Frame(key)
		if f == nil {
			continue
		}
		n.frames[key] = &Frame{
			Key: key, W: f.W, H: f.H, Labels: f.Labels, Marks: f.Marks, labelled: f.labelled, marked: f.marked,
			Prediction: f.Prediction, modelled: f.modelled, Model: f.Model, sector: f.sector,
		}
	}
	s := &Scratch{Review: n, key: k}
	if f := n.frames[k]; f != nil {
		s.labels, s.marks = f.Labels, f.Marks
	}
	return s
}

// Adopt makes the last edit of a scratch one of the frame's, as if it had been made there; changed is false where there is
// none. The fault CodeStale says that the frame has changed since the scratch was made: then nothing comes of it. Other
// errors are the journal's.
func (r *Review) Adopt(s *Scratch) (changed bool, err error) {
	f, made := r.frames[s.key], s.frames[s.key]
	switch {
	case f == nil || made == nil || f.Labels != s.labels || f.Marks != s.marks || f.stroke != nil:
		return false, fault.New(CodeStale, r.nameOf(s.key.Instance), nil, nil)
	case len(made.done) == 0:
		return false, nil
	}
	last := made.done[len(made.done)-1]
	known, same := made.boundary, made.Prediction == f.Prediction
	err = r.commit(f, &Entry{Kind: KindEdit, Name: last.name, Origin: last.origin, Model: last.model, Labels: last.labels, Marks: last.marks})
	if same && known.known && !f.boundary.known { // it was worked out beside, and need not be here
		f.boundary = known
	}
	return true, err
}
