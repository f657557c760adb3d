package ui

import (
	"time"

	"echoline/internal/fault"
	"echoline/internal/store"
	"echoline/internal/text"
)

// awayRetry is how often a workspace that another place stands in for is looked at again.
const awayRetry = 10 * time.Second

// canStandIn tells whether a second place may stand in for a workspace that did not open because of err. One that another
// program has open must not be worked on in two places, and one of a newer release needs that release.
func canStandIn(err error) bool {
	switch fault.CodeOf(err) {
	case store.CodeReadOnly, store.CodeFull, store.CodeOpen, store.CodeGone:
		return true
	}
	return false
}

// standIn goes on in a second place, with what can be read of the workspace, which did not open because of why.
func (a *App) standIn(why error) {
	a.view.SetBusy(true)
	go func() {
		ws, err := store.Substitute(a.cfg.Workspace, a.cfg.Seconds...)
		a.post(func() {
			a.view.SetBusy(false)
			if err != nil {
				a.workspaceFailed(err)
				return
			}
			a.log.Debug("window", "event", "stand-in")
			a.workIn(ws)
			a.away(why)
		})
	}()
}

// away says, until it is solved, that work goes to a second place, and looks whether the workspace can be written again.
func (a *App) away(why error) {
	ws := a.ws
	words := func() string {
		what, _ := text.FaultParts(why)
		return text.T("app.away", text.Args{"Why": what, "Where": ws.Dir()})
	}
	a.raise(alertAway, words, "app.retry", a.tryBack)
	time.AfterFunc(awayRetry, func() {
		if ws.Returnable() != nil {
			a.post(func() { a.stillAway(ws, why) })
			return
		}
		a.post(func() {
			if a.ws == ws && !a.strokeUnderWay() {
				a.comeBack()
			}
			a.stillAway(ws, why)
		})
	})
}

// tryBack comes back if the workspace can be written, which is looked at beside the window: its drive may hang.
func (a *App) tryBack() {
	ws := a.ws
	if ws == nil {
		return
	}
	go func() {
		if err := ws.Returnable(); err != nil {
			a.log.Warn("workspace", "event", "still-away", "err", err)
			return
		}
		a.post(func() {
			if a.ws == ws {
				a.comeBack()
			}
		})
	}()
}

// stillAway looks again later, if the second place is still in use.
func (a *App) stillAway(ws *store.Workspace, why error) {
	if a.ws == ws {
		a.away(why)
	}
}

func (a *App) strokeUnderWay() bool { return a.sess != nil && a.sess.stroke }

// comeBack takes the work from the second place into the workspace, and goes on there.
func (a *App) comeBack() {
	if a.ws == nil || a.ws.First() == "" {
		return
	}
	if err := a.flush(); err != nil {
		a.journalFailed(err)
		return
	}
	first, err := a.ws.Return()
	if err != nil {
		a.log.Warn("workspace", "event", "still-away", "err", err)
		return
	}
	first.SetPatience(a.patience())
	a.ws = first
	a.lower(alertAway)
	a.log.Debug("window", "event", "came-back")
	a.status.SetHint(text.T("app.away.back"))
	a.retake()
}
