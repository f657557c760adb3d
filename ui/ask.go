package ui

import (
	"context"
	"math"
	"slices"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/internal/tool"
	"echoline/ui/viewer"
)

// question is what the reader asks the model about a frame, and what it answered. Nothing of it is in the review until the
// reader takes an answer.
type question struct {
	key     review.Key
	before  *mask.Plane // the frame's mask, which answers are shown over
	locks   func() *mask.Plane
	turns   []turn             // answered, the newest last
	guide   inference.Guidance // all that was pointed out, answered or not
	number  int                // of the newest request: late answers to others are dropped
	asked   time.Time
	waiting bool // for the model
}

// turn is one answer.
type turn struct {
	guide   inference.Guidance
	mask    *mask.Plane
	outline []contour.Contour
	model   string
}

// base is the mask that the next answer changes.
func (q *question) base() *mask.Plane {
	if n := len(q.turns); n > 0 {
		return q.turns[n-1].mask
	}
	return q.before
}

// taken is the frame as the last answer that was taken left it. Until something else changes it, what the model moved
// there may be asked about again: it is no more locked than before.
type taken struct {
	labels, marks *mask.Plane
	locks         func() *mask.Plane
}

// askKey names a question to the worker.
type askKey struct{ review.Key }

// canAsk tells whether the model can be asked, and says it to the reader if not.
func (a *App) canAsk() bool {
	switch {
	case !a.mayAskModel():
	case a.modelErr != nil:
		a.fault(a.modelErr)
	case a.predictor == nil:
		a.status.SetHint(text.T("ask.later"))
	case !a.predictor.Info().Guided:
		a.fault(fault.New(inference.CodeUnguided, "", nil, fault.Args{"Name": a.predictor.Info().Name}))
	default:
		return a.sess != nil && a.sess.worker != nil
	}
	return false
}

// chooseAsk takes up the tool that asks the model.
func (a *App) chooseAsk() {
	if a.sess != nil && a.canAsk() {
		a.chooseTool(toolAsk)
	}
}

// pointOut asks the model about the frame on show with one click or stroke more.
func (a *App) pointOut(hint inference.Hint, at ...contour.Point) {
	s := a.sess
	f := s.review.Frame(s.key())
	q := s.asked
	if q == nil || q.key != f.Key || q.before != f.Labels {
		q = a.newQuestion(f)
	}
	g := q.guide
	switch hint {
	case inference.PositiveClick:
		g.Positive = append(slices.Clone(g.Positive), at...)
	case inference.NegativeClick:
		g.Negative = append(slices.Clone(g.Negative), at...)
	default:
		g.Stroke = at
	}
	g.Newest = hint
	if q.waiting { // the one before has no answer yet, and will have none of its own
		g.Newest = inference.Everything
	}
	q.guide = g
	a.askModel(q)
}

func (a *App) newQuestion(f *review.Frame) *question {
	s := a.sess
	q := &question{key: f.Key, before: f.Labels, locks: s.review.Locking(f.Key, a.modelLabel())}
	if t := s.taken; t.labels == f.Labels && t.marks == f.Marks && t.locks != nil {
		q.locks = t.locks
	}
	s.asked = q
	return q
}

// modelLabel is the label that the model outlines.
func (a *App) modelLabel() uint8 {
	if ls := a.predictor.Info().Labels; len(ls) > 0 {
		return ls[0].Value
	}
	return 1
}

// askModel asks the model with all that was pointed out. Its answer is merged and outlined beside the window too.
func (a *App) askModel(q *question) {
	s := a.sess
	s.worker.Cancel(askKey{q.key})
	q.number++
	q.waiting, q.asked = true, time.Now()
	number, base, label, frame := q.number, q.base(), a.modelLabel(), s.frame
	g := q.guide
	if mask.Count(base, label) > 0 {
		g.Mask = base
	}
	load := func(context.Context) (inference.Image, error) {
		return inference.Image{W: frame.W, H: frame.H, Grey: frame.Luma()}, nil
	}
	current := func() bool { return !s.gone && s.asked == q && q.number == number }
	s.worker.Ask(askKey{q.key}, load, g, func(p *inference.Prediction, err error) {
		if !current() {
			return
		}
		if err != nil {
			a.dropQuestion()
			a.fault(err)
			return
		}
		go func() {
			m := inference.Merge(base, p.Mask, g, inference.Merging{Label: label, Radius: p.ClickRadius, Locked: q.locks()})
			t := turn{mask: m, outline: review.Suggested(q.before, m, label), model: p.Model.SHA256}
			same := m.Equal(base)
			a.post(func() {
				if current() {
					a.answered(q, t, same, label)
				}
			})
		}()
	})
	a.showDraft()
	a.view.SetBusy(true)
	a.status.SetHint(text.T("ask.waiting"))
}

// answered shows what the model answered.
func (a *App) answered(q *question, t turn, same bool, label uint8) {
	t.guide = q.guide
	q.turns = append(q.turns, t)
	q.waiting = false
	hint := "ask.answered"
	switch {
	case !obeyed(t, label):
		hint = "ask.locked"
	case same && len(q.turns) > 1:
		hint = "ask.same.more"
	case same:
		hint = "ask.same"
	}
	a.showDraft()
	a.refreshPicture()
	a.status.SetHint(text.T(hint))
	a.log.Debug("window", "event", "answered", "changed", !same, "how", hint, "turn", len(q.turns), "ms", time.Since(q.asked).Milliseconds())
}

// obeyed tells whether the pixel under the newest click is as the click says, if it was a click.
func obeyed(t turn, label uint8) bool {
	clicks, inside := t.guide.Positive, true
	switch t.guide.Newest {
	case inference.PositiveClick:
	case inference.NegativeClick:
		clicks, inside = t.guide.Negative, false
	default:
		return true
	}
	p := clicks[len(clicks)-1]
	return (t.mask.At(int(p.X), int(p.Y)) == label) == inside
}

// takeAnswer makes the answer on show the mask, and tells whether there was a question at all.
func (a *App) takeAnswer() bool {
	s := a.sess
	if s == nil || s.asked == nil {
		return false
	}
	q := s.asked
	if q.waiting {
		a.status.SetHint(text.T("ask.waiting"))
		return true
	}
	t := q.turns[len(q.turns)-1]
	a.dropQuestion()
	changed, err := s.review.Take(q.key, q.before, t.mask, t.model)
	a.edited(err)
	if f := s.review.Frame(q.key); changed {
		s.taken = taken{labels: f.Labels, marks: f.Marks, locks: q.locks}
	}
	a.status.SetHint(text.T("ask.taken"))
	a.nextDifference()
	a.log.Debug("window", "event", "answer-taken", "changed", changed, "unsaved", s.review.Unsaved())
	return true
}

// askBack takes the newest click or stroke of a question back, and tells whether there was a question.
func (a *App) askBack() bool {
	s := a.sess
	if s == nil || s.asked == nil {
		return false
	}
	q := s.asked
	if q.waiting {
		q.waiting = false
		q.number++
		s.worker.Cancel(askKey{q.key})
	} else {
		q.turns = q.turns[:len(q.turns)-1]
	}
	if len(q.turns) == 0 {
		a.leaveQuestion()
		return true
	}
	q.guide = q.turns[len(q.turns)-1].guide
	a.showDraft()
	a.refreshPicture()
	a.status.SetHint(text.T("ask.answered"))
	return true
}

// leaveQuestion is Esc: the mask stays as it was.
func (a *App) leaveQuestion() {
	a.sess.compared = nil
	a.dropQuestion()
	a.refreshPicture()
	a.status.SetHint(text.T("ask.left"))
	a.log.Debug("window", "event", "answer-left")
}

// dropQuestion forgets the question under way, if there is one.
func (a *App) dropQuestion() {
	s := a.sess
	if s == nil || s.asked == nil {
		return
	}
	if s.asked.waiting {
		s.worker.Cancel(askKey{s.asked.key})
		a.view.SetBusy(false)
	}
	s.asked = nil
	a.showDraft()
}

// showDraft shows what was pointed out and what the model makes of it.
func (a *App) showDraft() {
	var d viewer.Draft
	s := a.sess
	if q := s.asked; q != nil {
		d.Positive, d.Negative, d.Stroke = q.guide.Positive, q.guide.Negative, q.guide.Stroke
		if n := len(q.turns); n > 0 {
			d.Outline = q.turns[n-1].outline
		}
	}
	if t, ok := s.tool.(*asker); ok && t.isStroke() {
		d.Stroke = t.line
	}
	a.view.SetDraft(d)
}

// askBeside points out, without the pointer, that the boundary lies farther out (dir 1) or in (-1) than the arc the reader
// is at: by a click beside its middle, each further one farther off.
func (a *App) askBeside(dir int) {
	s := a.editing()
	if s == nil || !a.canAsk() {
		return
	}
	if s.active == nil {
		a.goWeak(1)
	}
	if s.active == nil {
		return
	}
	cs := s.review.Contours(s.key())
	if s.active.Contour >= len(cs) {
		return
	}
	hint, clicks := inference.PositiveClick, 0
	if q := s.asked; q != nil {
		clicks = len(q.guide.Positive)
	}
	if dir < 0 {
		hint, clicks = inference.NegativeClick, 0
		if q := s.asked; q != nil {
			clicks = len(q.guide.Negative)
		}
	}
	away := askStep
	if e := s.active.Expected; e > away {
		away = e
	}
	at, ok := beside(cs[s.active.Contour], *s.active, float64(dir)*away*float64(clicks+1))
	if w, h := float64(s.frame.W), float64(s.frame.H); !ok || at.X < 0 || at.Y < 0 || at.X >= w || at.Y >= h {
		return
	}
	a.pointOut(hint, at)
}

// askStep is how far from the boundary, in px, a click without the pointer lies at least.
const askStep = 3.0

// besideReach is over how many vertices to each side the direction of the boundary is taken.
const besideReach = 4

// beside is the point that lies so many px outside (or, negative, inside) of the middle of an arc.
func beside(c contour.Contour, arc contour.Arc, px float64) (contour.Point, bool) {
	n := len(c.Points)
	for i := range arc.Each(c) {
		if c.Points[i].Point != arc.Centre {
			continue
		}
		from, to := c.Points[(i-besideReach+besideReach*n)%n], c.Points[(i+besideReach)%n]
		dx, dy := to.X-from.X, to.Y-from.Y
		l := math.Hypot(dx, dy)
		if l == 0 {
			break
		}
		// Rings run with the inside on their right hand.
		return contour.Point{X: arc.Centre.X + px*dy/l, Y: arc.Centre.Y - px*dx/l}, true
	}
	return contour.Point{}, false
}

// asker is the tool that asks the model: a click says what belongs inside, inverted what belongs outside, and a drag where
// the boundary runs. It draws nothing.
type asker struct {
	app    *App
	line   []contour.Point // of the gesture under way
	invert bool
}

var _ tool.Tool = (*asker)(nil)

// clickReach is how far, in screen pixels, the hand may move within a click.
const clickReach = 5

func (t *asker) Name() string                          { return toolAsk }
func (t *asker) Hint() string                          { return "ask.hint" }
func (t *asker) Fit(review.Key, float64)               {}
func (t *asker) Outline(contour.Point) []contour.Point { return nil }

// Press implements tool.Tool.
func (t *asker) Press(_ review.Key, p tool.Pointer) error {
	t.line, t.invert = []contour.Point{{X: p.X, Y: p.Y}}, p.Invert
	return nil
}

// Drag implements tool.Tool.
func (t *asker) Drag(p tool.Pointer) {
	if t.line != nil {
		t.line = append(t.line, contour.Point{X: p.X, Y: p.Y})
		t.app.showDraft()
	}
}

// isStroke tells whether the gesture has become a stroke.
func (t *asker) isStroke() bool {
	for _, p := range t.line {
		if math.Hypot(p.X-t.line[0].X, p.Y-t.line[0].Y)*t.app.view.Zoom() > clickReach {
			return true
		}
	}
	return false
}

// Release implements tool.Tool.
func (t *asker) Release() (changed bool, err error) {
	line, stroke := t.line, t.isStroke()
	t.line = nil
	switch {
	case len(line) == 0:
	case stroke:
		t.app.pointOut(inference.ContourStroke, line...)
	case t.invert:
		t.app.pointOut(inference.NegativeClick, line[0])
	default:
		t.app.pointOut(inference.PositiveClick, line[0])
	}
	return false, nil
}

// Cancel implements tool.Tool.
func (t *asker) Cancel() {
	t.line = nil
	t.app.showDraft()
}
