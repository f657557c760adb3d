package ui

import (
	"time"

	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
)

// visit is the stay at the frame on show: what it takes, as docs/project.md tells.
type visit struct {
	key      review.Key
	active   time.Duration
	own      time.Duration // of it, before the prediction was revealed
	last     time.Time     // of the reader's last sign of life
	gestures int
	looked   []lookedAt
	begun    bool // looked has been filled
}

// leastVisit is the stay that is worth noting: one that passes by is not.
const leastVisit = time.Second

// touch notes a sign of life of the reader: a key, the pointer, the wheel.
func (a *App) touch() {
	s := a.sess
	if s == nil || s.item == nil || a.page != nil {
		return
	}
	now := a.now()
	v := &a.visit
	if k := s.key(); v.key != k {
		*v = visit{key: k, last: now}
		return
	}
	gap := min(max(now.Sub(v.last), 0), project.Idle) // the clock may have been set back
	v.last = now
	v.active += gap
	if a.readsBlind(v.key) {
		v.own += gap
	}
	a.lookAround(gap)
}

// gesture notes a change of the frame under review.
func (a *App) gesture(k review.Key) {
	if a.visit.key == k {
		a.visit.gestures++
	}
}

// countsVisit tells whether a stay is to be noted: at a case of the project, in the reader's own work, and more than in passing.
func (a *App) countsVisit(v *visit, accepted bool) bool {
	s, p := a.sess, a.proj.state
	if s == nil || p == nil || s.docket != nil || s.items[v.key.Instance] == nil {
		return false
	}
	_, in := p.Case(v.key.Instance)
	return in && (accepted || v.gestures > 0 || v.active >= leastVisit)
}

// endVisit notes what the stay at a frame took, in the workspace: when the reader leaves it, and, accepted, when the frame was
// accepted. A stay goes on after that with nothing.
func (a *App) endVisit(accepted bool) {
	s := a.sess
	v := a.visit
	a.visit = visit{key: v.key, last: v.last}
	p := a.proj.state
	if !a.countsVisit(&v, accepted) {
		return
	}
	f := s.review.Frame(v.key)
	note := project.Visit{Seconds: v.active.Seconds(), Own: v.own.Seconds(), Gestures: v.gestures, Model: f.Model, Accepted: accepted}
	var predicted *mask.Plane
	if accepted && f.Prediction != nil && f.Model != "" {
		predicted = f.Prediction.Mask
	}
	mm := a.pixelSize()
	labels, ws, reader, arcs := f.Labels.Clone(), a.ws, s.review.Reader(), v.look(accepted)
	a.noting.Add(1)
	go func() {
		defer a.noting.Done()
		if predicted != nil {
			m := project.MovedOf(predicted, labels, mm)
			note.Moved = &m
		}
		err := p.AddVisit(ws, reader, v.key.Instance, v.key.Frame, note)
		if err == nil && len(arcs) > 0 {
			err = p.AddLooked(ws, reader, v.key.Instance, v.key.Frame, arcs)
		}
		if err != nil {
			a.post(func() { a.journalFailed(err) })
		}
	}()
}
