package ui

import (
	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/text"
)

// Reading blind: the reader draws on an image without the prediction. Accepting, or the key for it, keeps the reader's own mask
// as a version and reveals the prediction; where the two differ, the reader may take the model's piece.

// readsBlind tells whether the reader must not see the prediction of a frame yet. One that has been seen, because the frame began
// with it, cannot be hidden.
func (a *App) readsBlind(k review.Key) bool {
	s, p := a.sess, a.proj.state
	if s == nil || p == nil || !p.Blind || s.docket != nil || a.proj.shown[k] {
		return false
	}
	if m, ok := p.Member(s.review.Reader()); !ok || m.Role != project.Reads {
		return false
	}
	if _, in := p.Case(k.Instance); !in {
		return false
	}
	f := s.review.Frame(k)
	return f != nil && f.Model == ""
}

// mayAskModel tells whether the model may be asked about the frame on show, and says why not.
func (a *App) mayAskModel() bool {
	if s := a.sess; s != nil && s.item != nil && a.readsBlind(s.key()) {
		a.status.SetHint(text.T("blind.first"))
		return false
	}
	return true
}

// reveal keeps the reader's own mask and shows the prediction.
func (a *App) reveal() {
	s := a.editing()
	if s == nil {
		return
	}
	if !a.readsBlind(s.key()) {
		a.status.SetHint(text.T("blind.none"))
		return
	}
	k := s.key()
	f := s.review.Frame(k)
	if f.Status != review.Accepted {
		if mask.Count(f.Labels, 1) == 0 && !f.Touched {
			a.status.SetHint(text.T("blind.first"))
			return
		}
		a.edited(s.review.SetStatus(k, review.Accepted))
	}
	own := s.review.Frame(k).Labels
	if err := a.proj.state.AddRevealed(a.ws, s.review.Reader(), k, own, a.visit.own.Seconds()); err != nil {
		a.journalFailed(err)
	}
	a.proj.shown[k] = true
	a.log.Debug("window", "event", "revealed")
	ws, sha := a.ws, ""
	if a.predictor != nil {
		sha = a.predictor.Info().SHA256
	}
	go func() {
		p := ws.Recall(k, sha)
		a.post(func() { a.revealed(s, k, own, p) })
	}()
}

// revealed takes in the prediction of a frame that was read blind.
func (a *App) revealed(s *session, k review.Key, own *mask.Plane, p *inference.Prediction) {
	if s.gone {
		return
	}
	if p == nil {
		if a.predictor != nil && s.worker != nil {
			a.request(s, k) // attach then compares
		}
		return
	}
	if err := a.attach(s, k, p); err != nil {
		a.fault(err)
		return
	}
	a.rowLater(s, k.Instance)
	if s.shows(k) {
		a.refreshFrame()
		a.compareOwn(s, k, own, p)
	}
}

// differing is how far, in px, the reader's outline and the model's must lie apart for the difference to be shown.
const differing = 2

// compareOwn shows the first place at which the reader's mask and the model's differ, as an answer of the model that can be taken.
func (a *App) compareOwn(s *session, k review.Key, own *mask.Plane, p *inference.Prediction) {
	d, err := agree.FindDisputes([]*mask.Plane{own, p.Mask}, agree.ByMean, differing)
	if err != nil || len(d.List) == 0 {
		a.status.SetHint(text.T("blind.same"))
		return
	}
	s.compared = &comparison{key: k, disputes: d, model: p.Model.SHA256, label: a.modelLabel()}
	a.showDifference(0)
}

// comparison is the model's mask beside the reader's own.
type comparison struct {
	key      review.Key
	disputes *agree.Disputes
	model    string
	label    uint8
	at       int
}

// showDifference shows the i-th place, dashed, and waits: Enter takes the model's, N goes on, Esc leaves.
func (a *App) showDifference(i int) {
	s := a.sess
	c := s.compared
	if i >= len(c.disputes.List) {
		s.compared = nil
		a.dropQuestion()
		a.refreshPicture()
		a.status.SetHint(text.T("blind.done"))
		return
	}
	c.at = i
	now := s.review.Frame(c.key).Labels
	m := c.disputes.Take(now, i, agree.Choice(1))
	q := &question{key: c.key, before: now, locks: s.review.Locking(c.key, c.label)}
	q.turns = []turn{{mask: m, outline: review.Suggested(now, m, c.label), model: c.model}}
	s.asked = q
	a.showDraft()
	a.view.Reveal(withMargin(c.disputes.List[i].Box))
	a.refreshPicture()
	a.status.SetHint(text.T("blind.place", text.Args{"N": i + 1, "Of": len(c.disputes.List)}))
}

// nextDifference goes on to the next place, if two masks are being compared.
func (a *App) nextDifference() bool {
	s := a.sess
	if s == nil || s.compared == nil || !s.shows(s.compared.key) {
		return false
	}
	a.showDifference(s.compared.at + 1)
	return true
}
