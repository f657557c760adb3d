package ui

import (
	"echoline/internal/text"
	"echoline/ui/panel"
)

// leaving is what takes the work out of the window, the program's end or another study, while the work is not saved.
type leaving struct {
	goOn  func() // once it is saved, or the reader insists
	ask   func() // where it cannot be saved
	asked bool
}

// leave finishes the work and saves it, then goes on. A drive that is merely slow is waited for, as the status bar says;
// where the work cannot be saved, ask is to ask the reader. Once it can be after all, that question is answered.
func (a *App) leave(goOn, ask func()) {
	err := a.flush()
	if err == nil {
		a.leaving = nil
		goOn()
		return
	}
	a.leaving = &leaving{goOn: goOn, ask: ask}
	a.journalFailed(err)
}

// stay asks the reader who wants to leave: the work cannot be saved now.
func (a *App) stay() {
	if l := a.leaving; l != nil && !l.asked {
		l.asked = true
		l.ask()
	}
}

// left goes on as was asked for: everything is saved. It does so after what the window is at.
func (a *App) left() {
	l := a.leaving
	if l == nil {
		return
	}
	a.leaving = nil
	if l.asked && a.question != nil {
		a.question.Close()
	}
	a.post(l.goOn)
}

// ask asks by show whether to go on although work is not saved. Only the last question stands: each answers the ones before.
func (a *App) ask(show panel.Ask, question, yes string, act func()) {
	if a.question != nil {
		a.question.OnClosed = nil
		a.question.Close()
	}
	a.question = show(a.win, text.T("app.close.title"), question, text.T(yes), act)
	a.question.OnClosed = func() { a.leaving = nil }
}

// close ends the program once everything is saved, or the reader insists.
func (a *App) close() {
	if !a.win.FullScreen() {
		size := a.win.Canvas().Size()
		a.set.Width, a.set.Height = size.Width, size.Height
		a.saveSettings()
	}
	a.leave(a.quit, func() {
		if where, all := a.keptElsewhere(); all {
			a.ask(panel.ShowQuestion, text.T("app.close.kept", text.Args{"Where": where}), "app.close.keep", a.quit)
			return
		}
		a.ask(panel.ShowLoss, text.T("app.close.unsaved"), "app.close.anyway", a.quit)
	})
}

// quit ends the program with what is saved by now.
func (a *App) quit() {
	if a.reading != nil {
		a.reading.cancel()
	}
	a.giveUp()
	a.endSession()
	a.noting.Wait()
	if a.ws != nil {
		a.closeWorkspace()
	}
	if !a.settings.wait(closePatience) {
		a.log.Warn("settings not saved", "err", "their drive does not answer")
	}
	a.end()
}

// giveUp saves what can be saved once more. What cannot is left: the reader was asked, or it is in a second place.
func (a *App) giveUp() {
	if err := a.flush(); err != nil {
		a.log.Error("journal", "event", "given-up", "err", err)
	}
}
