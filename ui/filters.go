package ui

import (
	"fmt"
	"time"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/internal/tool"
	"echoline/ui/viewer"
)

// besideFrom is from how many pixels of a frame on filters work beside the window: below, they take a few milliseconds.
const besideFrom = 1 << 21

// filtering returns the session, ready for a filter of the frame on show; nil where there is none, or one is at work.
func (a *App) filtering() *session {
	a.dropPath()
	a.hideGrowing()
	s := a.editing()
	if s != nil && s.filterAt != nil {
		a.status.SetHint(text.T("app.filter.busy"))
		return nil
	}
	return s
}

// filter changes the frame on show by do, on any goroutine that has the review to itself; others are frames that do looks at.
// amount is what it says of how far it went.
func (a *App) filter(amount string, do func(r *review.Review, k review.Key, label uint8) (bool, error), others ...review.Key) {
	s := a.filtering()
	if s == nil {
		return
	}
	k, label := s.key(), s.label
	if s.frame.W*s.frame.H < besideFrom {
		changed, err := do(s.review, k, label)
		a.filtered(changed, err, amount)
		return
	}
	s.filterAt, s.active = &k, nil
	a.view.SetBusy(true)
	sc := s.review.Scratch(k, others...)
	go func() {
		_, err := do(sc.Review, k, label)
		sc.Contours(k) // so that the window need not find them
		a.post(func() { a.filterCame(s, sc, err, amount) })
	}()
}

// filterCame takes over what a filter made beside the window, unless the frame has changed meanwhile.
func (a *App) filterCame(s *session, sc *review.Scratch, err error, amount string) {
	if s.gone {
		return
	}
	k := *s.filterAt
	s.filterAt = nil
	changed := false
	if err == nil {
		if s.shows(k) && s.stroke {
			a.finishStroke()
		}
		changed, err = s.review.Adopt(sc)
	}
	switch {
	case fault.CodeOf(err) == review.CodeStale:
		a.status.SetHint(text.T("app.filter.stale"))
		a.log.Debug("window", "event", "filter-stale")
	case !s.shows(k):
		a.edited(err)
		return
	default:
		a.filtered(changed, err, amount)
		return
	}
	a.refreshFrame()
}

// filtered says what a filter did.
func (a *App) filtered(changed bool, err error, amount string) {
	s := a.sess
	s.active = nil
	s.letArcGo()
	a.edited(err)
	hint := text.T("app.filter.nothing")
	if changed {
		h := s.review.History(s.key())
		last := 0
		for last+1 < len(h) && h[last+1].Done {
			last++
		}
		args := text.Args{"Edit": text.T("edit." + h[last].Name), "Amount": amount}
		hint = text.T("app.filter.done", args)
		if amount != "" {
			hint = text.T("app.filter.amount", args)
		}
		a.log.Debug("window", "event", "filtered", "edit", h[last].Name)
	} else {
		a.log.Debug("window", "event", "filtered", "edit", "")
	}
	a.refreshFrame()
	a.status.SetHint(hint)
}

// smooth smooths the active arc, or without one the whole boundary: what is smaller than the tools' size goes.
func (a *App) smooth() {
	s := a.editing()
	if s == nil {
		return
	}
	s.holdArc()
	size, _, _ := a.toolUnit()
	arc, radius := s.active, *size
	a.filter("", func(r *review.Review, k review.Key, label uint8) (bool, error) {
		return tool.Smooth(r, k, label, arc, radius)
	})
}

// copyPrevious takes the mask of the frame before, as one that nobody reviewed.
func (a *App) copyPrevious() {
	s := a.sess
	switch {
	case s == nil || s.item == nil:
	case s.index == 0:
		a.status.SetHint(text.T("app.copy.first"))
	default:
		before := s.key()
		before.Frame--
		a.filter("", func(r *review.Review, k review.Key, _ uint8) (bool, error) { return tool.Copy(r, before, k) }, before)
	}
}

// How far one press grows or shrinks a label: what it starts with, the least, the most, and the end of the slider.
var (
	growsMM = sizes{0.5, 0.05, 20, 5}
	growsPx = sizes{2, 1, 200, 40}
)

// growUnit is the step of growing and shrinking in the unit of the item on show.
func (a *App) growUnit() (step *float64, limits sizes, unit string) {
	if _, _, unit := a.toolUnit(); unit == "mm" {
		return &a.growMM, growsMM, unit
	}
	return &a.growPx, growsPx, "px"
}

// grow moves the whole boundary out by the step, or with a negative sign in.
func (a *App) grow(sign float64) {
	if a.sess == nil || a.sess.item == nil {
		return
	}
	step, _, unit := a.growUnit()
	by := sign * *step
	a.filter(stepText(*step, unit), func(r *review.Review, k review.Key, label uint8) (bool, error) { return tool.Grow(r, k, label, by) })
}

// stepText writes a step as people read it.
func stepText(step float64, unit string) string { return fmt.Sprintf("%.3g %s", step, unit) }

// growBy makes the step larger or smaller by so many presses, and shows what it would do.
func (a *App) growBy(presses float64) {
	if a.sess == nil || a.sess.item == nil {
		return
	}
	step, _, unit := a.growUnit()
	by := 0.05
	switch {
	case unit == "px":
		by = 1
	case *step > 1 || *step == 1 && presses > 0:
		by = 0.25
	}
	a.setGrow(*step + by*presses)
}

// setGrow sets the step, in the unit of the item on show, and shows what it would do.
func (a *App) setGrow(step float64) {
	s := a.sess
	if s == nil || s.item == nil {
		return
	}
	at, limits, unit := a.growUnit()
	grid := 0.05
	if unit == "px" {
		grid = 0.5
	}
	*at = min(max(float64(int(step/grid+0.5))*grid, limits.least), limits.most)
	a.showGrow()
	a.status.SetHint(text.T("app.grow.step", text.Args{"Amount": stepText(*at, unit)}))
	a.previewGrow()
}

// showGrow shows the step in the inspector.
func (a *App) showGrow() {
	step, limits, unit := a.growUnit()
	a.inspector.SetGrow(*step, limits.least, limits.slider, unit)
}

// growing is what growing and shrinking would do, shown for a moment while the step is chosen.
type growing struct {
	running, again bool // worked out beside the window, the newest wish next
	shown          bool
	turns          int // so far: the last one takes it away after a while
}

// growShown is how long the preview stays after the step was changed last.
const growShown = 2500 * time.Millisecond

// previewGrow works out beside the window where the boundary would lie after growing and after shrinking, and shows both.
func (a *App) previewGrow() {
	s, g := a.sess, &a.growing
	if s.frame == nil || !s.shown || a.drawing() {
		return
	}
	g.turns++
	turn := g.turns
	time.AfterFunc(growShown, func() {
		a.post(func() {
			if g.turns == turn {
				a.hideGrowing()
			}
		})
	})
	if g.running {
		g.again = true
		return
	}
	g.running = true
	k, label := s.key(), s.label
	step, _, _ := a.growUnit()
	by := *step
	labels := s.review.Frame(k).Labels
	ways := [2]*review.Scratch{s.review.Scratch(k), s.review.Scratch(k)}
	go func() {
		lines := grown(ways, k, label, by)
		a.post(func() {
			g.running = false
			if s.gone || !s.shows(k) || g.turns == 0 {
				return
			}
			if g.again {
				g.again = false
				a.previewGrow()
			}
			if s.review.Frame(k).Labels == labels && !a.drawing() {
				a.showGrowing(lines)
			}
		})
	}()
}

// drawing tells whether something is drawn or asked, or measured, that a preview would be in the way of.
func (a *App) drawing() bool {
	return a.sess.stroke || a.sess.asked != nil || a.ruler.on || a.path() != nil
}

// grown is the boundary of a label as it would be farther out, and farther in.
func grown(ways [2]*review.Scratch, k review.Key, label uint8, by float64) (lines []contour.Contour) {
	for i, sc := range ways {
		if changed, err := tool.Grow(sc.Review, k, label, by*float64(1-2*i)); !changed || err != nil {
			continue
		}
		for _, c := range sc.Contours(k) {
			if c.Label == label {
				lines = append(lines, c)
			}
		}
	}
	return lines
}

// showGrowing shows the preview, or that nothing would move.
func (a *App) showGrowing(lines []contour.Contour) {
	if len(lines) == 0 {
		a.status.SetHint(text.T("app.filter.nothing"))
		return
	}
	a.growing.shown = true
	a.view.SetDraft(viewer.Draft{Outline: lines})
	a.log.Debug("window", "event", "grow-preview", "rings", len(lines))
}

// hideGrowing takes the preview away, also one that is still to come.
func (a *App) hideGrowing() {
	g := &a.growing
	g.turns = 0
	if g.shown {
		g.shown = false
		a.view.SetDraft(viewer.Draft{})
	}
}
