package project

import (
	"time"

	"echoline/internal/review"
	"echoline/internal/store"
)

// Stage is how far a reader is with a case.
type Stage int

// The stages of a case for one reader.
const (
	Unseen Stage = iota // nothing was done
	Begun               // worked on
	Done                // every frame is accepted or rejected
)

// Work is how far each reader is with each case.
type Work struct {
	stages map[caseOf]stage
}

// caseOf is a reader's side of a case.
type caseOf struct{ reader, item string }

// stage counts frames.
type stage struct {
	decided, rejected, touched int
	last                       time.Time
}

// Sum makes of decisions on frames what they mean for cases.
func Sum(decisions []store.Decision) *Work {
	w := &Work{stages: make(map[caseOf]stage, len(decisions))}
	for i := range decisions {
		d := &decisions[i]
		at := caseOf{d.Reader, d.Key.Instance}
		g := w.stages[at]
		if d.Status != review.Open {
			g.decided++
		}
		if d.Status == review.Rejected {
			g.rejected++
		}
		if d.Edits > 0 {
			g.touched++
		}
		if d.At.After(g.last) {
			g.last = d.At
		}
		w.stages[at] = g
	}
	return w
}

// Stage tells how far a reader is with a case; rejected where every frame was.
func (w *Work) Stage(c Case, reader string) (st Stage, rejected bool) {
	g := w.stages[caseOf{reader, c.Item}]
	switch {
	case g.decided >= max(c.Frames, 1):
		return Done, g.rejected == g.decided
	case g.touched > 0 || g.decided > 0:
		return Begun, false
	}
	return Unseen, false
}

// Last is when a reader last worked on a case; zero if never.
func (w *Work) Last(c Case, reader string) time.Time { return w.stages[caseOf{reader, c.Item}].last }

// Progress sums up every active reader's part, in the order of names.
func (s *State) Progress(w *Work) []Progress {
	var out []Progress
	for _, m := range s.Active(Reads) {
		p := Progress{Name: m.Name}
		for _, c := range s.Part(m.Name) {
			p.Assigned++
			switch st, _ := w.Stage(c, m.Name); st {
			case Done:
				p.Done++
			case Begun:
				p.Begun++
			case Unseen:
				p.Unseen++
			}
			if at := w.Last(c, m.Name); at.After(p.Last) {
				p.Last = at
			}
		}
		out = append(out, p)
	}
	return out
}
