package ui

import (
	"runtime/debug"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/theme"
	"echoline/ui/viewer"
)

// zoomStep is how much one press or notch zooms.
const zoomStep = 1.25

// bindActions says what each action does. Keys and buttons run the same functions.
func (a *App) bindActions() {
	a.actions = map[keys.ID]func(){
		keys.NextWeak:      func() { a.goWeak(1) },
		keys.PreviousWeak:  func() { a.goWeak(-1) },
		keys.Confirm:       a.enter,
		keys.ConfirmAll:    a.confirmAll,
		keys.NotVisible:    a.notVisible,
		keys.Accept:        a.accept,
		keys.Reject:        a.backspace,
		keys.Judge:         a.toggleJudge,
		keys.Consult:       a.consult,
		keys.NextImage:     func() { a.step(1) },
		keys.PreviousImage: func() { a.step(-1) },
		keys.NextFrame:     func() { a.moveFrame(1) },
		keys.PreviousFrame: func() { a.moveFrame(-1) },
		keys.FirstFrame:    func() { a.seek(0) },
		keys.LastFrame:     func() { a.seekLast() },
		keys.Play:          a.togglePlaying,
		keys.LoopFrom:      a.loopFrom,
		keys.LoopTo:        a.loopTo,
		keys.LoopAll:       a.loopAll,
		keys.Ruler:         a.toggleRuler,
		keys.Ask:           a.chooseAsk,
		keys.AskOut:        func() { a.askBeside(1) },
		keys.AskIn:         func() { a.askBeside(-1) },
		keys.Smaller:       func() { a.resizeTool(-1) },
		keys.Larger:        func() { a.resizeTool(1) },
		keys.Cancel:        a.escape,
		keys.Undo:          a.undo,
		keys.Redo:          a.redo,
		keys.UndoAnywhere:  a.undoAnywhere,
		keys.RedoAnywhere:  a.redoAnywhere,
		keys.Fit:           func() { a.view.Fit() },
		keys.ZoomIn:        func() { a.view.ZoomBy(zoomStep) },
		keys.ZoomOut:       func() { a.view.ZoomBy(1 / zoomStep) },
		keys.NextPreset:    a.nextPreset,
		keys.Invert:        a.invert,
		keys.Overlay:       a.toggleOverlay,
		keys.Heatmap:       a.toggleHeatmap,
		keys.Band:          a.toggleBand,
		keys.Open:          a.chooseFiles,
		keys.Export:        func() { a.showExport(false) },
		keys.ExportCurrent: func() { a.showExport(true) },
		keys.Import:        a.chooseMasks,
		keys.Deidentify:    a.showDeidentify,
		keys.WorkList:      func() { a.frame.toggleLeft() },
		keys.Inspector:     func() { a.frame.toggleRight() },
		keys.ImageAlone:    a.imageAlone,
		keys.Help:          func() { panel.ShowKeys(a.win) },
		keys.About:         a.about,
		keys.Demo:          a.showDemo,
		keys.Theme:         a.toggleTheme,
		keys.Language:      a.toggleLanguage,
		keys.Reader:        a.chooseReader,
		keys.Versions:      a.showVersions,
		keys.Guideline:     a.toggleGuideline,
		keys.Reveal:        a.reveal,
		keys.Quit:          a.close,
	}
	a.bindTools()
}

// do runs an action.
func (a *App) do(id keys.ID) {
	a.touch()
	if !a.allowed(id) || a.judgeDo(id) {
		return
	}
	if f := a.actions[id]; f != nil {
		f()
	}
}

// held follows the actions that last while their key is down.
func (a *App) held(id keys.ID, down bool) {
	if a.page != nil && down {
		return
	}
	a.touch()
	switch id {
	case keys.Pan:
		a.view.SetPanning(down)
	case keys.HideAll:
		a.hidden = down
		a.applyOverlay()
	}
}

// bindKeys gives the keyboard to the dispatcher. While a dialog is open the keys are the dialog's.
func (a *App) bindKeys() {
	c := a.win.Canvas()
	d := &keys.Dispatcher{
		Do: a.do, Held: a.held,
		Modifiers: modifiers,
		Blocked:   func() bool { return panel.Modal(c) },
	}
	a.keys = d
	if dc, ok := c.(desktop.Canvas); ok {
		dc.SetOnKeyDown(d.KeyDown)
		dc.SetOnKeyUp(d.KeyUp)
	}
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if a.page == nil || !a.page.Steer(e) {
			d.TypedKey(e)
		}
	})
	for _, s := range keys.Shortcuts() {
		c.AddShortcut(s, d.TypedShortcut)
	}
	a.fyne.Lifecycle().SetOnExitedForeground(d.ReleaseAll)
}

// modifiers are those that are down now.
func modifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// moveFrame shows the frame n on.
func (a *App) moveFrame(n int) {
	a.stopPlaying()
	if s := a.sess; s != nil && s.want != nil && s.want.Frames > 1 {
		a.showFrame(s.wantIndex + n)
	}
}

func (a *App) seekLast() {
	if s := a.sess; s != nil && s.want != nil {
		a.seek(s.want.Frames - 1)
	}
}

// enter closes the line under way, or calibrates by the ruler where one was drawn, and else confirms.
func (a *App) enter() {
	if !a.finishPath() && !a.calibrate() {
		a.confirm()
	}
}

// escape gives up the stroke under way, or else puts the ruler away, or leaves the arc.
func (a *App) escape() {
	s := a.sess
	switch {
	case a.page != nil:
		a.closePage()
	case s == nil:
	case s.stroke:
		a.cancelStroke()
	case a.growing.shown:
		a.hideGrowing()
	case a.dropPath():
	case a.ruler.on:
		a.toggleRuler()
	case s.asked != nil:
		a.leaveQuestion()
	case s.active != nil:
		s.active = nil
		a.refreshFrame()
	case a.questionAtHand() != nil:
		a.talk.at = ""
		a.showTalk()
	case s.judged() != nil:
		s.judged().at = -1
		a.showJudged()
	}
}

// backspace takes the last corner of the line under way back, and else rejects the frame.
func (a *App) backspace() {
	if !a.backPath() {
		a.reject()
	}
}

// undo takes the frame's last edit back, or the newest click of a question to the model or of a line under way; redo brings
// an edit again.
func (a *App) undo() {
	if a.askBack() || a.backPath() {
		return
	}
	a.travel(func() (string, bool, error) { return a.sess.review.Undo(a.sess.key()) }, "app.undone")
}

func (a *App) redo() {
	a.travel(func() (string, bool, error) { return a.sess.review.Redo(a.sess.key()) }, "app.redone")
}

func (a *App) travel(move func() (string, bool, error), key string) {
	s := a.editing()
	if s == nil {
		return
	}
	s.active = nil
	name, ok, err := move()
	a.edited(err)
	if ok {
		a.status.SetHint(text.T(key, text.Args{"Edit": text.T("edit." + name)}))
		a.log.Debug("window", "event", "travelled", "edit", name, "how", key)
	}
}

// editing ends what is under way and returns the session, ready for an edit of the frame on show; nil where none is shown,
// or where another one was asked for: an edit then would not mean what the reader thinks.
func (a *App) editing() *session {
	a.stopPlaying()
	a.finishStroke()
	if s := a.sess; s != nil && s.frame != nil && s.shown {
		return s
	}
	return nil
}

func (a *App) invert() {
	if s := a.sess; s != nil {
		s.invert = !s.invert
		a.renderFrame()
		a.refreshToolbar()
	}
}

// nextPreset goes through the window presets.
func (a *App) nextPreset() {
	ps := study.Presets()
	a.presetAt = (a.presetAt + 1) % len(ps)
	a.preset(ps[a.presetAt])
	a.status.SetHint(text.T("app.preset." + ps[a.presetAt].Key))
}

// The switches of what is drawn over the image.
func (a *App) toggleOverlay() { a.overlayOff = !a.overlayOff; a.applyOverlay() }
func (a *App) toggleHeatmap() { a.heatmap = !a.heatmap; a.applyOverlay() }
func (a *App) toggleBand()    { a.band = !a.band; a.applyOverlay() }

// applyOverlay shows what the switches say.
func (a *App) applyOverlay() {
	a.view.SetOverlay(!a.overlayOff && !a.hidden)
	a.view.ShowHeatmap(a.heatmap && !a.hidden)
	a.view.SetHeatmapOpacity(a.opacity)
	a.tintMask()
	level := 0
	if a.band {
		level = 90
	}
	a.view.SetBand(level)
	a.refreshToolbar()
}

// tintShare is how strongly the mask is tinted, of the overlay's opacity: texture must stay readable under it.
const tintShare = 0.15

// tintMask fills the mask of the frame on show with a faint tint.
func (a *App) tintMask() {
	if s := a.sess; s != nil && s.item != nil && s.frame != nil {
		a.view.SetMask(s.review.Mask(s.key()), tintShare*a.opacity)
	}
}

// imageAlone leaves only the image, and brings everything back.
func (a *App) imageAlone() {
	on := !a.win.FullScreen()
	a.win.SetFullScreen(on)
	a.frame.show(a.list, a.frame.leftBar, !on)
	a.frame.show(a.frame.right, a.frame.rightBar, !on)
	for _, o := range []fyne.CanvasObject{a.toolbar, a.status} {
		if on {
			o.Hide()
		} else {
			o.Show()
		}
	}
}

func (a *App) toggleTheme() {
	a.set.Light = !a.set.Light
	a.saveSettings()
	theme.SetLight(a.set.Light)
	a.refreshAll()
}

func (a *App) toggleLanguage() {
	next := "ko"
	if text.Language() == "ko" {
		next = "en"
	}
	a.set.Language = next
	a.saveSettings()
	text.SetLanguage(next)
	a.refreshAll()
}

// refreshAll redraws every panel, after a change of theme or language.
func (a *App) refreshAll() {
	a.fyne.Settings().SetTheme(theme.New())
	if s := a.sess; s != nil {
		a.win.SetTitle(text.T("app.title") + " · " + s.study.Title)
		a.list.SetRows(a.listRows())
		a.refreshStrip()
		a.showTool()
		switch {
		case s.want != nil:
			a.list.Select(s.want.ID)
		case s.refuse != "":
			a.showRefused(s.refuse)
		}
	}
	for _, o := range []fyne.CanvasObject{a.toolbar, a.list, a.inspector, a.strip, a.status, a.view, a.guide, a.frame.box} {
		o.Refresh()
	}
	if a.page != nil {
		a.page.Refresh()
	}
	a.status.SetHint(a.restingHint())
	a.showAlert()
	if s := a.sess; s != nil && s.item != nil && s.unreadable[s.key()] != nil {
		a.clearView(viewer.MessageRefused, text.Fault(s.unreadable[s.key()]))
	}
	a.refreshFrame()
}

func (a *App) about() {
	parts := []panel.Part{
		{Name: "Fyne", Version: moduleVersion("fyne.io/fyne/v2"), Licence: "BSD-3-Clause"},
		{Name: "ONNX Runtime", Version: "1.29.0", Licence: "MIT"},
		{Name: "suyashkumar/dicom", Version: moduleVersion("github.com/suyashkumar/dicom"), Licence: "MIT"},
		{Name: "SQLite (modernc.org/sqlite)", Version: moduleVersion("modernc.org/sqlite"), Licence: "BSD-3-Clause"},
		{Name: "Pretendard (Echoline Sans)", Licence: "OFL-1.1"},
		{Name: "Lucide", Licence: "ISC"},
	}
	if a.predictor != nil {
		m := a.predictor.Info()
		parts = append([]panel.Part{{Name: m.Name, Version: m.Version, Licence: "SHA-256 " + m.SHA256[:min(12, len(m.SHA256))]}}, parts...)
	}
	panel.ShowAbout(a.win, a.cfg.Version, parts)
}

// moduleVersion is the version of a module that was built in, as go.mod pins it; "" where the build does not tell.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return ""
}
