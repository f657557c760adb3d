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
	case a.sess != nil && a.sess.review.Unsaved() > 0 || a.ws != nil && a.ws.Unsaved() > 0:
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
	words := func() string {
		if where, all := a.keptElsewhere(); all {
			what, _ := text.FaultParts(err)
			return text.T("app.notsaved.kept", text.Args{"Why": what, "Where": where})
		}
		return text.T("app.notsaved", text.Args{"Why": text.Fault(err)})
	}
	a.raise(alertNotSaved, words, "app.retry", a.saveAgain)
	if a.retry == nil {
		a.retry = time.AfterFunc(saveRetry, func() { a.post(a.saveAgain) })
	}
}

// saveAgain writes what is not saved yet.
func (a *App) saveAgain() {
	if a.ws == nil {
		return
	}
	if a.retry != nil {
		a.retry.Stop()
		a.retry = nil
	}
	var err error
	if a.sess != nil {
		err = a.sess.review.Flush()
	}
	if err == nil {
		err = a.ws.Settle()
	}
	if err != nil {
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

// keptElsewhere tells whether all work that is not in the workspace is in a second place, and where that is.
func (a *App) keptElsewhere() (where string, all bool) {
	if a.ws == nil {
		return "", false
	}
	where, n := a.ws.Kept()
	if a.sess != nil {
		return where, n > 0 && n >= a.sess.review.Unsaved()+a.ws.Unsaved()
	}
	return where, n > 0
}

// ask asks whether to go on although work is not saved. Only the last question stands: each answers the ones before.
func (a *App) ask(question, yes string, act func()) {
	if a.question != nil {
		a.question.Close()
	}
	a.question = panel.ShowQuestion(a.win, text.T("app.close.title"), question, text.T(yes), act)
}

// fault shows an error that concerns what the reader just did.
func (a *App) fault(err error) {
	a.log.Error("fault", "err", err)
	what, do := text.FaultParts(err)
	panel.ShowError(a.win, what, do)
}
