package ui

import (
	"echoline/internal/store"
	"echoline/internal/text"
)

// alertKind is one of the things that the red bar can say. Several can hold at once; the first in this order is shown and
// the next comes back once that is solved.
type alertKind int

const (
	alertNotSaved alertKind = iota
	alertAway
	alertWorkspace
	alertModel
	alertTalk
	alertMasks
	alertCount
)

// alert is one of them. Its words are asked for when they are shown, in the language chosen then.
type alert struct {
	words, action func() string
	act           func()
	news          bool   // it is good to know, and nothing is wrong
	drop          func() // ends news that nobody has to act on; may be nil
}

// raise shows an alert until lower is called for it.
func (a *App) raise(k alertKind, words func() string, action string, act func()) {
	a.alerts[k] = &alert{words: words, action: func() string { return text.T(action) }, act: act}
	a.showAlert()
}

// lower ends an alert; it does nothing where there is none.
func (a *App) lower(k alertKind) {
	if a.alerts[k] != nil {
		a.alerts[k] = nil
		a.showAlert()
	}
}

// showAlert puts the most urgent alert into the red bar, or takes the bar away.
func (a *App) showAlert() {
	for _, al := range a.alerts {
		switch {
		case al == nil:
		case al.news:
			a.status.SetNews(al.words(), al.action(), al.act, al.drop)
			return
		default:
			a.status.SetAlert(al.words(), al.action(), al.act)
			return
		}
	}
	a.status.SetAlert("", "", nil)
}

// notice says what the workspace had to tell when it was opened, until the reader has read it.
func (a *App) notice(ws *store.Workspace) {
	n := ws.Notice()
	if n == nil {
		return
	}
	a.log.Warn("workspace", "notice", n)
	a.raise(alertWorkspace, func() string { return text.Fault(n) }, "app.understood", func() { a.lower(alertWorkspace) })
	if n.Code == store.CodeReturned {
		a.alerts[alertWorkspace].news = true
		a.showAlert()
	}
}
