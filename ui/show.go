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
	if s == nil {
		return
	}
	it := s.items[id]
	if it == nil {
		a.showRefused(id)
		return
	}
	if s.want == it {
		return
	}
	a.stopPlaying()
	a.list.Select(id)
	a.goTo(it, max(0, s.undecided(it)))
}

// showFrame shows frame i of the item that is shown or will be.
func (a *App) showFrame(i int) {
	if s := a.sess; s != nil && s.want != nil {
		a.goTo(s.want, i)
	}
}

// goTo asks for a frame. Until it is decoded the one before stays on the screen, and gestures mean that one. However fast
// frames are asked for, one is decoded at a time, and then the newest wish.
func (a *App) goTo(it *study.Item, i int) {
	s := a.sess
	s.want, s.wantIndex, s.refuse = it, min(max(i, 0), it.Frames-1), ""
	if s.shown = s.arrived(); !s.shown && !s.loading {
		a.decode(s)
	}
}

// decode gets the wanted frame beside the window.
func (a *App) decode(s *session) {
	it, i := s.want, s.wantIndex
	s.loading = true
	go func() {
		f, err := it.Frame(i)
		if err == nil {
			f.Fan() // found once, with its sector, and not on the window's time
		}
		a.post(func() { a.decoded(s, it, i, f, err) })
	}()
}

// decoded shows a frame that was asked for, unless the reader has gone elsewhere meanwhile. On the way through a cine late
// frames are shown too: they are movement.
func (a *App) decoded(s *session, it *study.Item, i int, f *study.Frame, err error) {
	if s.gone {
		return
	}
	s.loading = false
	if s.want == it && !s.shown && (s.wantIndex == i || s.item == it) {
		a.frameCame(it, i, f, err)
	}
	if s.want != nil && !s.shown {
		a.decode(s)
	}
}

// frameCame puts a decoded frame on the screen.
func (a *App) frameCame(it *study.Item, i int, f *study.Frame, err error) {
	s := a.sess
	a.finishStroke()
	a.dropPath()
	a.dropQuestion()
	a.hideGrowing()
	entered := it != s.item
	moved := entered || i != s.index
	if s.item != nil && moved {
		a.endVisit(false)
		s.compared = nil
	}
	if entered {
		a.leaveItem()
		s.item, s.window = it, s.kept[it.ID].window
	}
	s.index, s.frame, s.active, s.held = i, f, nil, nil
	s.shown = s.arrived()
	if err != nil {
		s.frame, s.unreadable[s.key()] = nil, err
	}
	if entered {
		a.enterItem()
	}
	if moved {
		a.tellFrame(entered)
	}
	a.rulerFrameChanged()
	a.strip.SetFrame(i)
	if err != nil {
		a.log.Error("frame", "err", err)
		a.clearView(viewer.MessageRefused, text.Fault(err))
		return
	}
	s.review.SetSector(s.key(), review.Sector{Rectangle: f.Sector(), Fan: f.Fan()})
	a.showSight()
	if s.window == (study.Window{}) {
		s.window = f.Window
	}
	a.renderFrame()
	if l, ok := s.kept[it.ID]; entered && ok {
		a.view.SetView(l.view)
	} else if entered {
		a.view.Fit()
	}
	if a.playing() {
		a.refreshPicture()
	} else {
		a.settle()
	}
	a.log.Debug("window", "event", "frame-shown", "item", s.item.ID, "frames", s.item.Frames, "frame", s.index)
}

// leaveItem remembers how the item on show was looked at.
func (a *App) leaveItem() {
	if s := a.sess; s.item != nil && s.frame != nil {
		s.kept[s.item.ID] = look{window: s.window, view: a.view.View()}
	}
}

// enterItem fits what surrounds the image to an item that came on the screen.
func (a *App) enterItem() {
	s := a.sess
	if s.item.Frames > 1 {
		a.refreshStrip()
		a.strip.Show()
	} else {
		a.hideStrip()
	}
	a.fitTools()
}

// tellFrame has the status bar tell of a frame that came on the screen: what it said of the one before no longer holds.
func (a *App) tellFrame(entered bool) {
	s := a.sess
	switch {
	case a.page != nil: // what the image has to say is for those who see it
	case s.news != "" && s.shown:
		a.status.SetHint(s.news)
		s.news = ""
	case entered:
		a.status.SetHint(a.imageHint())
	default:
		a.status.SetRest(a.imageHint())
	}
}

// imageHint says what can be done on the frame on show: where its weak arcs are, if any is left, and what the tool does.
func (a *App) imageHint() string {
	s := a.sess
	hint := a.toolHint()
	if s == nil || s.frame == nil || a.ruler.on || a.playing() {
		return hint
	}
	if p := s.review.Progress(s.key(), s.scale.weakPx(s.item)); p.Total > 0 && p.WeakArcs == 0 {
		return hint
	}
	return text.T("app.hint.image", text.Args{"Tool": hint})
}

// hideStrip takes the cine strip away and gives its room to the image, which hiding alone does not.
func (a *App) hideStrip() {
	a.strip.Hide()
	a.frame.centre.Refresh()
}

// settle brings everything up to date for a frame at which the reader stays.
func (a *App) settle() {
	s := a.sess
	if s == nil || s.item == nil {
		return
	}
	if s.worker != nil {
		s.worker.Prioritise(s.key())
	}
	a.bringReadings()
	a.bringQuestion()
	a.recall(s, s.key())
	a.refreshFrame()
	if s.frame == nil { // playing stopped at one that cannot be read
		a.refreshPanels()
	}
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
	a.refreshPicture()
	a.refreshPanels()
}

// showSpacing gives the viewport the pixel size. Millimetres hold where the boundary lies, as in the inspector; the shape of
// the pixels is the item's, so that the picture does not change with the boundary.
func (a *App) showSpacing() {
	sp, cal := a.spacing()
	if cal == study.Uncalibrated {
		sp, _ = a.sess.review.SpacingAt(a.sess.key())
	}
	a.view.SetSpacing(sp.X, sp.Y, cal != study.Uncalibrated)
}

// refreshPicture brings up to date what lies over the image.
func (a *App) refreshPicture() {
	s := a.sess
	k := s.key()
	f := s.review.Frame(k)
	a.showSpacing()
	a.view.SetErrorScale(s.scale.limitPx(s.item), s.scale.weakPx(s.item), a.calibrated())
	a.refreshLegend()
	a.refreshContours()
	if s.docket != nil {
		a.showJudged()
	}
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
	case s.judgeNote() != "":
		a.view.SetMessage(viewer.MessageNote, s.judgeNote())
	default:
		a.view.SetMessage(viewer.MessageNone, "")
	}
	a.view.SetBusy(a.reading != nil || a.modelErr == nil && s.docket == nil && !s.predicted[k] || s.asked != nil && s.asked.waiting || s.filterAt != nil)
	a.refreshCorners()
}

// refreshPanels brings the panels around the image up to date.
func (a *App) refreshPanels() {
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
	c := viewer.Corners{
		TopLeft:  s.frameName(),
		TopRight: fmt.Sprintf("%s · %s %.0f/%.0f", a.zoomText(), text.T("app.wl"), s.window.Width, s.window.Center),
	}
	switch {
	case a.modelErr != nil:
		c.BottomRight = text.T("app.nomodel")
	case a.predictor != nil && !a.calibrated():
		c.BottomRight = text.T("app.notcalibrated")
	}
	a.view.SetCorners(c)
}

// calibrated tells whether the model's expected error was fitted. Before the model is there nothing is said against it.
func (a *App) calibrated() bool {
	return a.predictor == nil && a.modelErr == nil || a.predictor != nil && a.predictor.Info().Calibrated || a.calibration != nil
}

// dragWindow changes window and level by a drag of dx, dy pixels: right is wider, down is brighter, as in other readers.
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

// frameChanged follows every change of the review of session s.
func (a *App) frameChanged(s *session, k review.Key) {
	if s.gone || s.attaching || a.travelling {
		return
	}
	if s.asked != nil && s.asked.key == k {
		a.dropQuestion()
	}
	a.judgeChanged(s, k)
	a.gesture(k)
	a.updateRow(k.Instance)
	a.markStrip(k)
	if s.shows(k) && !s.stroke {
		a.refreshFrame()
	}
}

// baseName is the last part of a path, for titles and lists.
func baseName(p string) string { return filepath.Base(p) }
