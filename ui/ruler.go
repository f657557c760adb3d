package ui

import (
	"fmt"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// ruler is the line that a reader draws to measure a distance, or along one that is known to calibrate the picture.
type ruler struct {
	on      bool // the pointer draws the line
	dragged bool // it is being drawn
	drawn   bool
	key     review.Key // the frame that it lies on
	a, b    contour.Point
}

// toggleRuler takes the ruler into the hand, or puts it away.
func (a *App) toggleRuler() {
	if a.ruler.on {
		a.putRulerAway()
		a.status.SetHint(a.toolHint())
		return
	}
	if a.editing() == nil {
		return
	}
	a.ruler = ruler{on: true}
	a.recallRuler()
	a.view.SetCursor(0, 0)
	a.status.SetHint(a.toolHint())
	a.showTool()
}

// putRulerAway gives the pointer back to the tool.
func (a *App) putRulerAway() {
	if !a.ruler.on {
		return
	}
	a.ruler = ruler{}
	a.view.ClearLine()
	a.showTool()
	a.refreshToolbar()
}

// recallRuler shows the line by which the item on show was calibrated, if it was.
func (a *App) recallRuler() {
	s := a.sess
	if c := s.review.Calibration(s.item.ID); c != nil {
		a.ruler.drawn, a.ruler.key = true, s.key()
		a.ruler.a, a.ruler.b = contour.Point{X: c.A[0], Y: c.A[1]}, contour.Point{X: c.B[0], Y: c.B[1]}
	}
	a.showRuler()
}

// rulerFrameChanged takes the line from a frame on which it was not drawn.
func (a *App) rulerFrameChanged() {
	if s := a.sess; a.ruler.on && s != nil && s.item != nil && a.ruler.key != s.key() {
		a.ruler = ruler{on: true}
		a.view.SetCursor(0, 0)
		a.recallRuler()
	}
}

// rulerPointer draws the line.
func (a *App) rulerPointer(e viewer.Pointer) {
	s, r := a.sess, &a.ruler
	switch e.Phase {
	case viewer.Press:
		a.win.Canvas().Unfocus()
		if e.Button == desktop.MouseButtonPrimary && s.frame != nil && s.shown {
			a.stopPlaying()
			r.dragged, r.drawn, r.key, r.a, r.b = true, false, s.key(), s.nearest(e.At), s.nearest(e.At)
		}
	case viewer.Drag:
		if r.dragged {
			r.b, r.drawn = straight(r.a, s.nearest(e.At), e.Modifiers), true
			a.showRuler()
		}
	case viewer.Release:
		r.dragged = false
		a.showRuler()
	case viewer.Hover, viewer.Leave:
	}
}

// straight keeps a line upright or level while Shift is held, as scales beside pictures are.
func straight(from, to contour.Point, mod fyne.KeyModifier) contour.Point {
	switch {
	case mod&fyne.KeyModifierShift == 0:
	case math.Abs(to.X-from.X) > math.Abs(to.Y-from.Y):
		to.Y = from.Y
	default:
		to.X = from.X
	}
	return to
}

// showRuler draws the line with its length, in mm or honestly in px.
func (a *App) showRuler() {
	r := &a.ruler
	if !r.drawn {
		a.view.ClearLine()
		return
	}
	a.view.SetLine(r.a, r.b, a.rulerText())
}

// rulerText is the length of the line. In millimetres only where both ends lie in one scale.
func (a *App) rulerText() string {
	r := &a.ruler
	sp, cal := a.sess.review.SpacingAt(r.key, r.ends()...)
	unit := "mm"
	if cal == study.Uncalibrated {
		unit = "px"
		sp, _ = a.sess.review.SpacingAt(r.key)
		sp = study.Spacing{X: 1, Y: sp.Y / sp.X}
	}
	return length(math.Hypot((r.b.X-r.a.X)*sp.X, (r.b.Y-r.a.Y)*sp.Y), unit)
}

// ends of the line, as the study takes points.
func (r *ruler) ends() [][2]float64 { return [][2]float64{{r.a.X, r.a.Y}, {r.b.X, r.b.Y}} }

// calibrate asks how long the line is in truth. It tells whether there is a line to ask about.
func (a *App) calibrate() bool {
	s, r := a.sess, &a.ruler
	if !r.on || !r.drawn || r.dragged || s == nil {
		return false
	}
	if sp, cal := s.item.SpacingAt(r.key.Frame, r.ends()...); cal == study.ByRegion {
		a.status.SetHint(text.T("app.ruler.region", text.Args{"X": fmt.Sprintf("%.3f", sp.X), "Y": fmt.Sprintf("%.3f", sp.Y)}))
		return true
	}
	line := study.Ruler{A: r.ends()[0], B: r.ends()[1]}
	c := panel.Calibration{Length: a.rulerText(), OnDone: func(mm float64) error {
		line.MM = mm
		return a.takeRuler(s, r.key, &line)
	}}
	if before := s.review.Calibration(r.key.Instance); before != nil {
		c.MM = before.MM
		c.OnRemove = func() { _ = a.takeRuler(s, r.key, nil) } // nothing about taking away can be wrong
	}
	panel.ShowCalibration(a.win, c)
	return true
}

// takeRuler puts a ruler in force, or with nil takes it away. It gives back what is wrong with the ruler; faults of the
// journal are told as those of every edit are.
func (a *App) takeRuler(s *session, k review.Key, line *study.Ruler) error {
	if s.gone {
		return nil
	}
	if line != nil {
		if err := line.Check(); err != nil {
			return err
		}
	}
	a.edited(s.review.Calibrate(k, line))
	a.log.Debug("window", "event", "calibrated", "on", line != nil)
	a.fitTools()
	a.view.SetCursor(0, 0)
	a.refreshFrame()
	a.showRuler()
	return nil
}
