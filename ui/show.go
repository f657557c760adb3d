package ui

import (
	"fmt"
	"image"
	"math"
	"path/filepath"

	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/viewer"
)

// showItem shows an item: its first frame without decision, or its first.
func (a *App) showItem(id string) {
	s := a.sess
	it := s.byID(id)
	if it == nil {
		a.showRefused(id)
		return
	}
	if s.item == it {
		return
	}
	a.stopPlaying()
	s.item, s.active = it, nil
	s.index = max(0, s.undecided(it))
	s.window = study.Window{}
	a.list.Select(id)
	a.view.Fit()
	if it.Frames > 1 {
		a.strip.SetFrames(a.stripFrames(it), s.index)
		a.strip.Show()
	} else {
		a.strip.Hide()
	}
	a.fitTools()
	a.showFrame(s.index)
}

// showRefused says in the viewport why a file of the list cannot be shown.
func (a *App) showRefused(id string) {
	for _, f := range a.sess.study.Refused {
		if f.Where == id {
			a.stopPlaying()
			a.sess.item, a.sess.frame = nil, nil
			a.list.Select(id)
			a.strip.Hide()
			a.view.SetImage(nil)
			a.view.SetMessage(viewer.MessageRefused, text.Fault(f))
			a.refreshInspector()
		}
	}
}

// showFrame shows frame i of the item. Decoding runs beside the window; an answer that comes late is dropped.
func (a *App) showFrame(i int) {
	s := a.sess
	if s == nil || s.item == nil {
		return
	}
	a.finishStroke()
	s.index = min(max(i, 0), s.item.Frames-1)
	s.active = nil
	k, it := s.key(), s.item
	if s.worker != nil {
		s.worker.Prioritise(k)
	}
	a.recall(s, k)
	go func() {
		f, err := it.Frame(k.Frame)
		a.post(func() {
			if s.gone || s.item == nil || s.key() != k {
				return
			}
			a.frameCame(f, err)
		})
	}()
}

// frameCame puts a decoded frame on the screen.
func (a *App) frameCame(f *study.Frame, err error) {
	s := a.sess
	if err != nil {
		a.log.Error("frame", "err", err)
		s.frame = nil
		a.view.SetImage(nil)
		a.view.SetMessage(viewer.MessageRefused, text.Fault(err))
		return
	}
	s.frame = f
	if s.window == (study.Window{}) {
		s.window = f.Window
	}
	a.renderFrame()
	a.strip.SetFrame(s.index)
	a.refreshFrame()
	a.log.Debug("window", "event", "frame-shown", "item", s.item.ID, "name", s.item.Name, "frame", s.index)
}

// renderFrame draws the frame through the window into the viewport.
func (a *App) renderFrame() {
	s := a.sess
	if s == nil || s.frame == nil {
		return
	}
	if s.canvas == nil || s.canvas.Rect.Dx() != s.frame.W || s.canvas.Rect.Dy() != s.frame.H {
		s.canvas = image.NewRGBA(image.Rect(0, 0, s.frame.W, s.frame.H))
	}
	s.frame.Render(s.canvas, s.window, s.invert)
	a.view.SetImage(s.canvas)
	a.refreshCorners()
}

// refreshFrame brings everything that shows the frame's review up to date.
func (a *App) refreshFrame() {
	s := a.sess
	if s == nil || s.item == nil || s.frame == nil {
		return
	}
	k := s.key()
	f := s.review.Frame(k)
	sp, cal := s.item.SpacingAt(s.index)
	a.view.SetSpacing(sp.X, sp.Y, cal != study.Uncalibrated)
	a.view.SetErrorScale(s.scale.limitPx(s.item), s.scale.weakPx(s.item), a.calibrated())
	a.refreshContours()
	a.tintMask()
	if p := f.Prediction; p != nil {
		a.view.SetHeatmap(p.W, p.H, p.Probability)
	} else {
		a.view.SetHeatmap(0, 0, nil)
	}
	switch msg := a.noLesion(f); {
	case s.failed[k] != nil:
		a.view.SetMessage(viewer.MessageNote, text.Fault(s.failed[k]))
	case msg != "":
		a.view.SetMessage(viewer.MessageNote, msg)
	default:
		a.view.SetMessage(viewer.MessageNone, "")
	}
	a.view.SetBusy(a.predictor != nil && !s.predicted[k])
	a.refreshInspector()
	a.refreshToolbar()
	a.refreshCorners()
	a.refreshStatus()
}

// refreshContours redraws the outline only: what a stroke under way needs.
func (a *App) refreshContours() {
	s := a.sess
	a.view.SetContours(s.review.Contours(s.key()), s.active)
}

// refreshCorners writes the texts in the viewport's corners.
func (a *App) refreshCorners() {
	s := a.sess
	if s == nil || s.item == nil {
		a.view.SetCorners(viewer.Corners{})
		return
	}
	name := s.item.Name
	if s.item.Frames > 1 {
		name += " · " + text.T("app.frame", text.Args{"N": s.index + 1, "Of": s.item.Frames})
	}
	c := viewer.Corners{
		TopLeft:  name,
		TopRight: fmt.Sprintf("%s · %s %.0f/%.0f", a.zoomText(), text.T("app.wl"), s.window.Width, s.window.Center),
	}
	switch {
	case a.modelErr != nil:
		c.BottomRight = text.T("app.nomodel")
	case !a.calibrated():
		c.BottomRight = text.T("app.notcalibrated")
	}
	a.view.SetCorners(c)
}

// calibrated tells whether the model's expected error was fitted.
func (a *App) calibrated() bool { return a.predictor != nil && a.predictor.Info().Calibrated }

// setWindow changes window and level by a drag of dx, dy pixels: right is wider, down is brighter, as in other readers.
func (a *App) dragWindow(dx, dy float64) {
	s := a.sess
	if s == nil || s.frame == nil {
		return
	}
	unit := float64(max(s.frame.Max, 255)) / 512
	s.window.Width = math.Max(1, s.window.Width+dx*unit)
	s.window.Center -= dy * unit
	a.renderFrame()
}

// preset applies one of the window presets.
func (a *App) preset(p study.Preset) {
	if s := a.sess; s != nil && s.frame != nil {
		s.window = p.Window(s.frame)
		a.renderFrame()
	}
}

// frameChanged follows every change of the review.
func (a *App) frameChanged(k review.Key) {
	s := a.sess
	if s == nil {
		return
	}
	a.updateRow(k.Instance)
	if s.item != nil && s.key() == k && !s.stroke {
		a.refreshFrame()
	}
	if s.item != nil && s.item.ID == k.Instance && s.item.Frames > 1 {
		a.strip.SetFrames(a.stripFrames(s.item), s.index)
	}
}

// baseName is the last part of a path, for titles and lists.
func baseName(p string) string { return filepath.Base(p) }
