package ui

import (
	"os"

	"fyne.io/fyne/v2"

	"echoline/internal/contour"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// Pages take the window's place while something other than the image is looked at. Each is a file page_*.go here, which
// decides, and one in ui/panel, which presents.

// page is one of them: the action that opens it, with its key and words, and what makes it anew. open returns nil where it
// cannot be opened, having said why.
type page struct {
	id   keys.ID
	open func() *panel.Page
}

// pages are all, in the order of the menu.
func (a *App) pages() []page {
	return []page{
		{keys.ProjectPage, a.projectPage},
		{pageQuestions, a.questionsPage},
		{pageAgreement, a.agreementPage},
		a.modelsEntry(),
		{keys.TrainingPage, a.trainingPage},
		{keys.TimePage, a.timePage},
	}
}

// bindPages makes an action of each page, and the menu of them.
func (a *App) bindPages() {
	var ids []keys.ID
	for _, p := range a.pages() {
		ids = append(ids, p.id)
		a.actions[p.id] = func() { a.togglePage(p) }
	}
	a.toolbar.SetPages(append(ids, "", keys.Guideline, keys.Judge, keys.Reveal))
	a.actions[keys.Pages] = a.toolbar.ShowPages
}

// onPages are the actions that a page leaves to the keyboard, beside those that open pages: all others mean the image.
var onPages = map[keys.ID]bool{
	keys.Cancel: true, keys.Help: true, keys.About: true, keys.Theme: true, keys.Language: true, keys.Quit: true,
}

// allowed tells whether an action may run now.
func (a *App) allowed(id keys.ID) bool {
	if a.page == nil || onPages[id] {
		return true
	}
	for _, p := range a.pages() {
		if p.id == id {
			return true
		}
	}
	return false
}

// togglePage opens a page, or closes it where it is the one on show.
func (a *App) togglePage(p page) {
	if a.page != nil && a.pageID == p.id {
		a.closePage()
		return
	}
	if a.ws == nil { // there is nothing to tell of yet
		a.status.SetHint(text.T("project.page.early"))
		return
	}
	if shown := p.open(); shown != nil {
		a.pageID = p.id
		a.showPage(shown)
	}
}

// showPage puts a page into the place of the image, and of the page before it.
func (a *App) showPage(p *panel.Page) {
	if a.page == nil {
		a.stopPlaying()
		a.finishStroke()
		a.dropPath()
		a.dropQuestion()
		a.hovered(contour.Point{}, false) // the pointer lies on the image no more
	}
	a.page = p
	p.OnClose, p.OnHint = a.closePage, a.status.SetHover
	a.pageRoom.Objects = []fyne.CanvasObject{p}
	a.pageRoom.Show()
	a.room.Hide()
	a.pageRoom.Refresh()
	a.win.Canvas().Focus(p.Focus())
	a.status.SetHint(a.restingHint())
	a.log.Debug("window", "event", "page-shown", "page", string(a.pageID))
}

// closePage brings the image back.
func (a *App) closePage() {
	if a.page == nil {
		return
	}
	a.win.Canvas().Unfocus()
	a.page = nil
	a.pageRoom.Objects = nil
	a.pageRoom.Hide()
	a.room.Show()
	a.status.SetHint(a.restingHint())
	a.refreshFrame()
	a.log.Debug("window", "event", "page-closed")
}

// restingHint is what the status bar says where nothing just happened: what the keyboard does on the page, or what the tool does.
func (a *App) restingHint() string {
	switch {
	case a.page != nil && a.page.Keys != nil:
		return a.page.Keys() + " · " + text.T("project.page.hint")
	case a.page != nil:
		return text.T("project.page.hint")
	}
	return a.toolHint()
}

// toolHint says what the pointer does in the image: the tool's work, or the ruler's. Where there is none it says why.
func (a *App) toolHint() string {
	if u := a.unshown(); u != nil {
		return u.Why
	}
	switch {
	case a.ruler.on:
		return text.T("app.ruler.hint", text.Args{"Key": keys.Confirm.Keys()})
	case a.sess != nil && a.sess.tool != nil:
		return text.T(a.sess.tool.Hint())
	}
	return ""
}

// sheetKeys are the keys of a page that is a sheet.
func sheetKeys() string { return text.T("project.keys.sheet") }

// studyChanged makes the page anew that tells of the study on show, after another one came, or none.
func (a *App) studyChanged() {
	if a.page == nil || a.pageID != pageAgreement {
		return
	}
	if p := a.agreementPage(); p != nil {
		a.showPage(p)
	} else {
		a.closePage()
	}
}

// openCase shows an image that a page tells of, on its frame, and closes the page: in the study on show, else by opening its
// file where that lay last.
func (a *App) openCase(item string, frame int) {
	s := a.sess
	if s != nil && s.items[item] != nil {
		a.closePage()
		a.list.Select(item)
		a.goTo(s.items[item], frame)
		return
	}
	a.openItems([]string{item}, &spot{item, frame})
}

// openItems opens files that the workspace knows as one study, and goes to a place in it.
func (a *App) openItems(items []string, at *spot) {
	ws := a.ws
	a.page.SetBusy(func() string { return text.T("app.reading") })
	p := a.page
	go func() {
		known, err := ws.Items()
		paths, missing := pathsOf(known, items)
		a.post(func() {
			if a.page != p {
				return
			}
			p.SetBusy(nil)
			switch {
			case err != nil:
				a.fault(err)
			case len(paths) == 0:
				panel.ShowError(a.win, text.T("project.files.gone"), text.T("project.files.gone.do"))
			default:
				a.closePage()
				a.resume = at
				a.open(paths)
				if missing > 0 {
					a.status.SetHint(text.N("project.files.missing", missing))
				}
			}
		})
	}()
}

// pathsOf are the files of some items that are there, each once, and how many items have none.
func pathsOf(known []store.Item, items []string) (paths []string, missing int) {
	byID := make(map[string]string, len(known))
	for _, it := range known {
		byID[it.ID] = it.Path
	}
	seen := map[string]bool{}
	for _, id := range items {
		p := byID[id]
		if _, err := os.Stat(fileOf(p)); p == "" || err != nil {
			missing++
			continue
		}
		if p = fileOf(p); !seen[p] {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	return paths, missing
}
