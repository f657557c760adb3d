package ui

import (
	"time"

	"echoline/internal/text"
	"echoline/ui/panel"
)

// saveRetry is how often work that could not be saved is tried again.
const saveRetry = 5 * time.Second

// edited follows an edit whose result is err: work that could not be saved is said until it is, any other fault at once.
func (a *App) edited(err error) {
	switch {
	case a.sess != nil && a.sess.review.Unsaved() > 0:
		a.journalFailed(err)
	case err != nil:
		a.fault(err)
	case a.alerts[alertNotSaved] != nil: // this edit's saving took the others along
		a.stopSaving()
	}
}

// journalFailed says, until it is solved, that finished work is not on the disk, and keeps trying. The work itself stays
// in memory.
func (a *App) journalFailed(err error) {
	if err == nil {
		return
	}
	a.log.Error("journal", "err", err)
	a.log.Debug("window", "event", "not-saved")
	a.setSaved(panel.NotSaved)
	words := func() string { return text.T("app.notsaved", text.Args{"Why": text.Fault(err)}) }
	a.raise(alertNotSaved, words, "app.retry", a.saveAgain)
	if a.retry == nil {
		a.retry = time.AfterFunc(saveRetry, func() { a.post(a.saveAgain) })
	}
}

// saveAgain writes what is not saved yet.
func (a *App) saveAgain() {
	if a.sess == nil {
		return
	}
	if a.retry != nil {
		a.retry.Stop()
		a.retry = nil
	}
	if err := a.sess.review.Flush(); err != nil {
		a.journalFailed(err)
		return
	}
	a.stopSaving()
	a.log.Debug("window", "event", "saved-again")
}

// stopSaving ends the tries to save: everything is saved, or given up.
func (a *App) stopSaving() {
	if a.retry != nil {
		a.retry.Stop()
		a.retry = nil
	}
	a.lower(alertNotSaved)
	a.setSaved(panel.SavedAll)
}

// ask asks whether to go on although work is not saved. Only the last question stands: each answers the ones before.
func (a *App) ask(question, yes string, act func()) {
	if a.question != nil {
		a.question.Close()
	}
	a.question = panel.ShowQuestion(a.win, text.T("app.close.title"), text.T(question), text.T(yes), act)
}

// fault shows an error that concerns what the reader just did.
func (a *App) fault(err error) {
	a.log.Error("fault", "err", err)
	what, do := text.FaultParts(err)
	panel.ShowError(a.win, what, do)
}
