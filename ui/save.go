package ui

import (
	"time"

	"echoline/internal/text"
	"echoline/ui/panel"
)

// saveRetry is how often work that could not be saved is tried again.
const saveRetry = 5 * time.Second

// journalFailed says, until it is solved, that finished work is not on the disk, and keeps trying. The work itself stays
// in memory.
func (a *App) journalFailed(err error) {
	a.log.Error("journal", "err", err)
	a.log.Debug("window", "event", "not-saved")
	a.setSaved(panel.NotSaved)
	a.status.SetAlert(text.T("app.notsaved", text.Args{"Why": text.Fault(err)}), text.T("app.retry"), a.saveAgain)
	if a.retry == nil {
		a.retry = time.AfterFunc(saveRetry, func() { a.post(a.saveAgain) })
	}
}

// saveAgain writes what is not saved yet.
func (a *App) saveAgain() {
	if a.retry != nil {
		a.retry.Stop()
		a.retry = nil
	}
	if a.sess == nil {
		return
	}
	if err := a.sess.review.Flush(); err != nil {
		a.journalFailed(err)
		return
	}
	a.status.SetAlert("", "", nil)
	a.setSaved(panel.SavedAll)
	a.log.Debug("window", "event", "saved-again")
}

// fault shows an error that concerns what the reader just did.
func (a *App) fault(err error) {
	a.log.Error("fault", "err", err)
	what, do := text.FaultParts(err)
	panel.ShowError(a.win, what, do)
}
