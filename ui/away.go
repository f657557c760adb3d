package ui

import (
	"time"

	"echoline/internal/fault"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
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
	a.raise(alertAway, words, "app.retry", func() { a.tryBack(ws, why) })
	if a.awayTimer != nil {
		a.awayTimer.Stop()
	}
	a.awayTimer = time.AfterFunc(awayRetry, func() {
		back := ws.Returnable() == nil
		a.post(func() {
			switch {
			case a.ws != ws:
			case back && a.atRest():
				a.comeBack(why)
			default:
				a.away(why)
			}
		})
	})
}

// tryBack comes back if the workspace can be written, which is looked at beside the window: its drive may hang.
func (a *App) tryBack(ws *store.Workspace, why error) {
	go func() {
		if err := ws.Returnable(); err != nil {
			a.log.Warn("workspace", "event", "still-away", "err", err)
			return
		}
		a.post(func() {
			if a.ws == ws {
				a.closePage()
				if a.atRest() {
					a.comeBack(why)
				}
			}
		})
	}()
}

// atRest tells whether nothing is under way that works with the workspace: no stroke, no page, nothing that a page began, no card or
// question, and no study on its way into the window.
func (a *App) atRest() bool {
	s := a.sess
	busy := s != nil && (s.stroke || s.filterAt != nil || s.asked != nil)
	return !busy && a.working == 0 && a.page == nil && !panel.Modal(a.win.Canvas()) && a.reading == nil && a.taking == nil && a.leaving == nil
}

// comeBack takes the work from the second place into the workspace, and goes on there. That happens beside the window, which is without
// workspace and study meanwhile, as at its start: nothing can be done that would be left behind. why is why the workspace could not be
// used, for where it cannot be still.
func (a *App) comeBack(why error) {
	if a.ws == nil || a.ws.First() == "" {
		return
	}
	if err := a.flush(); err != nil {
		a.journalFailed(err)
		a.away(why)
		return
	}
	ws, again := a.ws, a.onShow()
	a.endSession()
	a.ws, a.cfg.Paths = nil, nil
	a.view.SetBusy(true)
	a.status.SetHint(text.T("app.away.returning"))
	go func() {
		a.noting.Wait()
		first, err := ws.Return()
		a.post(func() { a.cameBack(ws, first, again, why, err) })
	}()
}

// cameBack goes on in the workspace, or, where err kept it from coming back, in the second place.
func (a *App) cameBack(second, first *store.Workspace, again *study.Study, why, err error) {
	a.view.SetBusy(false)
	if err != nil {
		a.log.Warn("workspace", "event", "still-away", "err", err)
		a.ws = second
		a.away(why)
	} else {
		first.SetPatience(a.patience())
		a.ws = first
		a.lower(alertAway)
		a.log.Debug("window", "event", "came-back")
		a.status.SetHint(text.T("app.away.back"))
	}
	switch {
	case len(a.cfg.Paths) > 0: // asked for meanwhile
		a.resume = nil
		a.open(a.cfg.Paths)
	case again != nil:
		a.take(again)
	}
}

// onShow is the study on show, which is to come again where it is now; nil for none.
func (a *App) onShow() *study.Study {
	s := a.sess
	if s == nil {
		return nil
	}
	if s.want != nil {
		a.resume = &spot{s.want.ID, s.wantIndex}
	}
	return s.study
}
