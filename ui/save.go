package ui

import (
	"time"

	"echoline/internal/fault"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// saveRetry is how often work that could not be saved is tried again.
const saveRetry = 5 * time.Second

// A drive that hangs keeps a write for minutes. The window waits for it no longer than its patience, then says that it is saving,
// asks again every slowRetry, which costs nothing, and after saveSlow says that the work is not saved.
const (
	usualPatience = 200 * time.Millisecond
	slowRetry     = 500 * time.Millisecond
	saveSlow      = 2 * time.Second
)

// keptSoon is when a second place has usually taken what the workspace did not.
const keptSoon = 700 * time.Millisecond

// patience is how long the window waits for a write.
func (a *App) patience() time.Duration {
	if a.cfg.Patience > 0 {
		return a.cfg.Patience
	}
	return usualPatience
}

// closePatience is how long the end of the program waits for the workspace. All that could be saved is by then.
const closePatience = 3 * time.Second

// waits tells whether something is not in the workspace that ought to be.
func (a *App) waits() bool {
	return a.sess != nil && (a.sess.review.Unsaved() > 0 || a.sess.labelsWait) || a.ws != nil && a.ws.Unsaved() > 0
}

// saveAll writes what the review holds and the workspace does not.
func (a *App) saveAll() error {
	s := a.sess
	if s == nil {
		return nil
	}
	err := s.review.Flush()
	if s.labelsWait {
		if e := a.saveLabels(); err == nil {
			err = e
		}
	}
	return err
}

// closeWorkspace closes the workspace, unless its drive hangs.
func (a *App) closeWorkspace() {
	done := make(chan error, 1)
	go func() { done <- a.ws.Close() }()
	select {
	case err := <-done:
		if err != nil {
			a.log.Error("closing the workspace", "err", err)
		}
	case <-time.After(closePatience):
		a.log.Error("closing the workspace", "err", "its drive does not answer")
	}
}

// edited follows an edit whose result is err: work that could not be saved is said until it is, any other fault at once.
func (a *App) edited(err error) {
	switch {
	case a.waits():
		a.journalFailed(err)
	case err != nil:
		a.fault(err)
	case a.alerts[alertNotSaved] != nil || a.line.Saved == panel.Saving: // this edit's saving took the others along
		a.stopSaving()
	}
}

// journalFailed says, until it is solved, that finished work is not on the disk, and keeps trying. The work itself stays
// in memory.
func (a *App) journalFailed(err error) {
	if err == nil {
		return
	}
	again := saveRetry
	if fault.CodeOf(err) == store.CodeSlow {
		again = slowRetry
		if a.slowSince.IsZero() {
			a.slowSince = time.Now()
			a.log.Warn("journal", "err", err)
		}
		if time.Since(a.slowSince) < saveSlow {
			a.setSaved(panel.Saving)
			a.retryIn(again)
			return
		}
	} else {
		a.slowSince = time.Time{}
		a.log.Error("journal", "err", err)
	}
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
	time.AfterFunc(keptSoon, func() { a.post(a.showAlert) }) // the second place is written beside the window
	a.retryIn(again)
	a.stay()
}

// retryIn tries to save again after a while, unless that is to happen anyway.
func (a *App) retryIn(d time.Duration) {
	if a.retry == nil {
		a.retry = time.AfterFunc(d, func() { a.post(a.saveAgain) })
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
	err := a.saveAll()
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
	a.slowSince = time.Time{}
	a.lower(alertNotSaved)
	a.setSaved(panel.SavedAll)
	a.left()
}

// keptElsewhere tells whether all work that is not in the workspace is in a second place, and where that is.
func (a *App) keptElsewhere() (where string, all bool) {
	if a.ws == nil {
		return "", false
	}
	where, n := a.ws.Kept()
	if a.sess != nil {
		return where, where != "" && n >= a.sess.review.Unsaved()+a.ws.Unsaved()
	}
	return where, n > 0
}

// fault shows an error that concerns what the reader just did.
func (a *App) fault(err error) {
	a.log.Error("fault", "err", err)
	what, do := text.FaultParts(err)
	panel.ShowError(a.win, what, do)
}
