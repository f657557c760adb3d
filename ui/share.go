package ui

import (
	"path/filepath"
	"strings"

	"echoline/internal/agree"
	"echoline/internal/project"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// chooseShare asks whose part of the project is to go out, and where to.
func (a *App) chooseShare(s *project.State) {
	if s == nil {
		return
	}
	me := a.set.Reader
	if s.Hides(me) {
		a.shareTo(s, me, project.Bound(a.ws.Dir()) == "")
		return
	}
	var names []string
	for _, m := range s.Active("") {
		names = append(names, m.Name)
	}
	if len(names) == 0 {
		a.status.SetHint(text.T("project.noreaders"))
		return
	}
	panel.ShowPick(a.win, text.T("project.share"), text.T("share.whose"), names, func(i int) { a.shareTo(s, names[i], true) })
}

// shareTo asks for a folder and writes the share of a reader's part into it.
func (a *App) shareTo(s *project.State, reader string, files bool) {
	a.browse(panel.Browse{Folder: true, Recent: a.set.Recent, OnChosen: func(paths []string) {
		name := strings.Map(func(r rune) rune {
			if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
				return '-'
			}
			return r
		}, strings.TrimSpace(s.Name+" "+reader)) + project.ShareExtension
		out := filepath.Join(paths[0], name)
		p, ws := a.page, a.ws
		if p != nil {
			p.SetBusy(func() string { return text.T("share.writing") })
		}
		go func() {
			sum, err := project.Share(ws, out, project.ShareOptions{Reader: reader, Files: files, Answers: []string{agree.KindAnswer}})
			a.post(func() {
				if p != nil && a.page == p {
					p.SetBusy(nil)
				}
				if err != nil {
					a.fault(err)
					return
				}
				a.status.SetHint(text.T("share.done", text.Args{"Cases": sum.Cases, "Files": sum.Files, "Out": out}))
				a.log.Debug("window", "event", "shared", "cases", sum.Cases, "files", sum.Files)
			})
		}()
	}})
}

// chooseTake asks for a share and takes it in.
func (a *App) chooseTake() {
	a.browse(panel.Browse{
		Title: func() string { return text.T("project.take.title") }, File: true, Recent: a.set.Recent,
		OnChosen: func(paths []string) { a.takeShare(paths[0]) },
	})
}

// takeShare brings a share into the workspace; what is on show of its cases is then got anew.
func (a *App) takeShare(file string) {
	p, ws := a.page, a.ws
	if p == nil {
		return
	}
	p.SetBusy(func() string { return text.T("share.taking") })
	a.working++
	go func() {
		m, _, err := project.Take(ws, file)
		a.post(func() {
			a.working--
			if a.page == p {
				p.SetBusy(nil)
			}
			if err != nil {
				a.fault(err)
				return
			}
			a.log.Debug("window", "event", "share-taken", "edits", m.Entries)
			a.beginProject()
			if a.page == p {
				a.showPage(a.projectPage())
			}
			a.retake()
			a.status.SetHint(text.T("merge.done", text.Args{"From": filepath.Base(file), "Edits": m.Entries, "Events": m.Audited, "Project": m.Events, "Predictions": m.Predictions}))
		})
	}()
}
