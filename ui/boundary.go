package ui

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/text"
)

// arcMargin is how much room the view leaves around an arc that it glides to, as a share of the arc's extent, and at least
// so many pixels.
const (
	arcMargin    = 0.6
	arcMarginMin = 24
)

// goWeak glides to the next (dir 1) or previous (-1) weak arc that nobody reviewed.
func (a *App) goWeak(dir int) {
	s := a.editing()
	if s == nil || dir > 0 && a.nextDifference() {
		return
	}
	var from *contour.Point
	if s.active != nil {
		from = &s.active.Centre
	}
	arc, ok := s.review.NextWeak(s.key(), s.scale.weakPx(s.item), from, dir)
	if !ok {
		s.active = nil
		a.refreshContours()
		if !a.hintAwaited() {
			a.hintReviewed()
		}
		return
	}
	a.activate(arc)
}

// heldArc is the arc that was chosen as an edit began which moves it and takes none of it away.
type heldArc struct {
	arc  contour.Arc
	ring contour.Contour // that it is a piece of
}

// holdArc remembers the arc chosen, if there is one, so that it stays chosen while the boundary moves.
func (s *session) holdArc() {
	s.held = nil
	if cs := s.review.Contours(s.key()); s.active != nil && s.active.Contour < len(cs) {
		s.held = &heldArc{*s.active, cs[s.active.Contour]}
	}
}

// followArc chooses the arc that is held again, where the boundary has it now; none where the edit took it away.
func (s *session) followArc() {
	if s.held == nil {
		return
	}
	s.active = nil
	if arc, ok := s.held.arc.Follow(s.held.ring, s.review.Contours(s.key())); ok {
		s.active = &arc
	}
}

// letArcGo ends holding: what follows from here on is a new edit.
func (s *session) letArcGo() {
	s.followArc()
	s.held = nil
}

// awaits tells whether the model is still to say what is weak on frame k. What the reader drew before it came is the reader's own.
func (a *App) awaits(s *session, k review.Key) bool {
	f := s.review.Frame(k)
	if f.Prediction != nil || s.docket != nil || a.modelErr != nil || s.failed[k] != nil || a.readsBlind(k) {
		return false
	}
	return s.predicted[k] || !f.Touched
}

// hintAwaited says, where it is so, that the model has not told of the frame on show yet.
func (a *App) hintAwaited() bool {
	s := a.sess
	if !a.awaits(s, s.key()) {
		return false
	}
	s.waited = s.key()
	a.status.SetHint(text.T("app.hint.awaited"))
	return true
}

// activate makes arc the one that Enter confirms, and frames it.
func (a *App) activate(arc contour.Arc) {
	s := a.sess
	s.active, s.held = &arc, nil
	a.visitArc(arc.Centre)
	cs := s.review.Contours(s.key())
	a.view.SetContours(cs, s.active)
	if arc.Contour < len(cs) {
		a.view.Reveal(extent(arc.Points(cs[arc.Contour])))
	}
	a.status.SetHint(text.T("app.hint.arc"))
	at := a.view.ScreenAt(arc.Centre)
	a.log.Debug("window", "event", "arc-active", "x", int(at.X), "y", int(at.Y), "expected", arc.Expected)
	a.refreshInspector()
	a.refreshToolbar()
}

// withMargin is a rectangle with the margin that an arc is shown with.
func withMargin(r image.Rectangle) image.Rectangle {
	m := int(math.Max(arcMarginMin, arcMargin*float64(max(r.Dx(), r.Dy()))))
	return r.Inset(-m)
}

// extent is the rectangle around points, with the margin that an arc is shown with.
func extent(ps []contour.Vertex) image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range ps {
		x0, y0 = math.Min(x0, p.X), math.Min(y0, p.Y)
		x1, y1 = math.Max(x1, p.X), math.Max(y1, p.Y)
	}
	m := math.Max(arcMarginMin, arcMargin*math.Max(x1-x0, y1-y0))
	return image.Rect(int(x0-m), int(y0-m), int(x1+m), int(y1+m))
}

// confirm is Enter: it takes what the model answered, if it was asked. Else it confirms the arc that the reader is at and goes on to the next; with none at hand it goes to the
// weakest; with none left it accepts the frame and opens the next image.
func (a *App) confirm() {
	if a.takeAnswer() {
		return
	}
	s := a.editing()
	if s == nil {
		return
	}
	if s.active == nil {
		if _, ok := s.review.NextWeak(s.key(), s.scale.weakPx(s.item), nil, 1); ok {
			a.goWeak(1)
			return
		}
		a.accept()
		return
	}
	arc := *s.active
	a.edited(s.review.ConfirmArc(s.key(), arc))
	a.log.Debug("window", "event", "arc-confirmed")
	a.leaveArc(arc)
}

// notVisible marks the arc as one whose boundary cannot be seen, and goes on.
func (a *App) notVisible() {
	s := a.editing()
	if s == nil || s.active == nil {
		return
	}
	arc := *s.active
	a.edited(s.review.MarkNotVisible(s.key(), arc))
	a.leaveArc(arc)
}

// leaveArc goes on from an arc that was just decided.
func (a *App) leaveArc(arc contour.Arc) {
	s := a.sess
	next, ok := s.review.NextWeak(s.key(), s.scale.weakPx(s.item), &arc.Centre, 1)
	if !ok {
		s.active = nil
		a.refreshFrame()
		a.hintReviewed()
		return
	}
	a.activate(next)
}

// hintReviewed says that no weak arc is left.
func (a *App) hintReviewed() {
	a.status.SetHint(text.T("app.hint.reviewed"))
	a.log.Debug("window", "event", "boundary-reviewed")
	a.refreshInspector()
	a.refreshToolbar()
}

// confirmAll confirms the whole boundary of the frame.
func (a *App) confirmAll() {
	s := a.editing()
	if s == nil {
		return
	}
	s.active = nil
	a.edited(s.review.ConfirmAll(s.key()))
}

// accept accepts the frame and goes on: to the cine's next frame without decision, else to the next image. Where weak
// boundary is left that nobody reviewed it asks first, once. A frame that the model has not told of yet shows nothing to accept.
func (a *App) accept() {
	if a.editing() == nil || a.hintAwaited() || a.warnOfWeak() {
		return
	}
	a.decide(review.Accepted)
}

// reject sets the frame aside and goes on.
func (a *App) reject() { a.decide(review.Rejected) }

func (a *App) decide(st review.Status) {
	s := a.editing()
	if s == nil {
		return
	}
	s.active = nil
	blind := st == review.Accepted && a.readsBlind(s.key())
	a.edited(s.review.SetStatus(s.key(), st))
	if blind {
		a.reveal()
		return
	}
	a.endVisit(st == review.Accepted)
	a.log.Debug("window", "event", "decided", "item", s.item.ID, "frame", s.index, "status", int(st))
	a.next()
}

// next goes to the next frame or image without decision, and sums up after the last.
func (a *App) next() {
	s := a.sess
	for i := 1; i < s.item.Frames; i++ {
		f := (s.index + i) % s.item.Frames
		if s.isOpen(review.Key{Instance: s.item.ID, Frame: f}) {
			a.showFrame(f)
			return
		}
	}
	if it := s.nextOpen(); it != nil {
		a.showItem(it.ID)
		return
	}
	a.summary()
}

// step shows the item n places on in the work list.
func (a *App) step(n int) {
	s := a.sess
	if s == nil || len(s.order) == 0 {
		return
	}
	at := s.position() + n
	a.showItem(s.order[min(max(at, 0), len(s.order)-1)])
}

// chooseWeak follows the slider of what counts as weak; share is of the scale's limit.
func (a *App) chooseWeak(share float64) {
	s := a.sess
	if s == nil || s.item == nil {
		return
	}
	s.scale.choose(share)
	s.active = nil
	a.status.SetRest(a.imageHint())
	a.refreshFrame()
	for id := range s.rows {
		a.rowLater(s, id)
	}
}
