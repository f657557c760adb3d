package ui

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// fileOf is the file that an item's path leads to: the archive, where the item lies in one.
func fileOf(path string) string {
	for p := path; p != "" && p != filepath.Dir(p); p = filepath.Dir(p) {
		if fi, err := os.Stat(p); err == nil {
			if p == path || fi.Mode().IsRegular() {
				return p
			}
			break
		}
	}
	return path
}

// standing is a project and how far everybody is with it.
type standing struct {
	state *project.State
	work  *project.Work
	taken []project.Taken
}

// stand reads how a workspace's project stands; the state is nil where there is none. What is damaged is left out, and the
// error says so.
func stand(ws *store.Workspace) (standing, error) {
	s, err := project.Load(ws)
	if s == nil {
		return standing{}, err
	}
	decisions, err2 := ws.Decisions()
	taken, err3 := s.Visits(ws)
	return standing{s, project.Sum(decisions), taken}, errors.Join(err, err2, err3)
}

// projectPage shows the project: its cases, and how far its readers are.
func (a *App) projectPage() *panel.Page {
	view := panel.NewProjectView()
	view.OnHint = a.status.SetHover
	var st standing
	mine := panel.NewAction("folder-open", func() string { return text.T("project.open.mine") }, true, func() { a.openMine(st) })
	title := func() string {
		if st.state != nil && st.state.Name != "" {
			return text.T("project.title.of", text.Args{"Name": st.state.Name})
		}
		return text.T("project.title")
	}
	take := panel.NewAction("", func() string { return text.T("project.take") }, false, a.chooseTake)
	share := panel.NewAction("", func() string { return text.T("project.share") }, false, func() { a.chooseShare(st.state) })
	if project.Bound(a.ws.Dir()) == "" {
		view.SetActs(
			panel.NewSideAction("pencil", func() string { return text.T("project.edit") }, func() { a.editProject(st.state) }),
			panel.NewSideAction("clipboard-list", func() string { return text.T("project.guide") }, func() { a.editGuideline(st.state) }),
			panel.NewSideAction("plus", func() string { return text.T("project.add") }, func() { a.addCases(st.state) }),
			panel.NewSideAction("file-output", func() string { return text.T("project.give") }, func() { a.giveOut(st.state) }))
	}
	p := panel.NewPage(title, view, take, share, mine)
	p.First, p.Keys = view.First, func() string { return text.T("project.keys.cases") }
	view.OnCase = func(item string) { a.openCase(item, 0) }
	present := func() { a.presentProject(view, st) }
	p.SetBusy(func() string { return text.T("project.reading") })
	ws := a.ws
	go func() {
		got, err := stand(ws)
		a.post(func() {
			if a.page != p {
				return
			}
			p.SetBusy(nil)
			if err != nil {
				a.fault(err)
			}
			if got.state == nil {
				p.SetEmpty(func() string { return text.T("project.none.title") }, func() string { return text.T("project.none.what") },
					panel.NewAction("plus", func() string { return text.T("project.make") + "…" }, true, a.makeProject),
					panel.NewAction("", func() string { return text.T("project.take") }, false, a.chooseTake))
				return
			}
			st = got
			present()
			if len(st.state.Part(a.set.Reader)) > 0 {
				view.ShowMine()
			}
			p.OnRefresh = present
			p.Refresh()
			a.win.Canvas().Focus(p.Focus())
			a.log.Debug("window", "event", "project-shown", "cases", len(st.state.Cases))
		})
	}()
	return p
}

// presentProject puts a project into words, as far as the reader may know of it.
func (a *App) presentProject(v *panel.ProjectView, st standing) {
	s := st.state
	me := a.set.Reader
	hidden := s.Hides(me)
	var readers []panel.ProjectReader
	all := s.Progress(st.work)
	project.AddTimes(all, s, st.work, st.taken)
	for _, p := range all {
		if hidden && p.Name != me { // who reads is no secret, how far somebody is would be
			readers = append(readers, panel.ProjectReader{Name: p.Name, Role: text.T("project.role.reader"), Done: -1})
			continue
		}
		readers = append(readers, panel.ProjectReader{Name: p.Name, Role: text.T("project.role.reader"), Done: shareOf(p.Done, p.Assigned), Words: progressWords(p)})
	}
	for _, m := range s.Active(project.Advises) {
		readers = append(readers, panel.ProjectReader{Name: m.Name, Role: text.T("project.role.expert"), Done: -1})
	}
	cases := make([]panel.ProjectCase, len(s.Cases))
	done, of := 0, 0
	for i, c := range s.Cases {
		cases[i] = caseLine(st, c, me, hidden)
		if hidden && !cases[i].Mine {
			continue // of those nothing is known here
		}
		of++
		if cases[i].State == panel.CaseDone {
			done++
		}
	}
	v.Set(aboutProject(s, done, of), readers, cases)
}

func shareOf(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// aboutProject tells what a project is and how far.
func aboutProject(s *project.State, done, of int) string {
	lines := []string{text.T("project.about.done", text.Args{"Done": done, "Of": of})}
	if s.Share > 0 && s.By > 1 {
		lines = append(lines, text.T("project.about.overlap", text.Args{"Share": int(s.Share*100 + 0.5), "By": s.By}))
	}
	if s.Blinded {
		lines = append(lines, text.T("project.about.blinded"))
	}
	if s.Blind {
		lines = append(lines, text.T("project.about.blind"))
	}
	if len(s.Labels) > 0 {
		var names []string
		for _, l := range s.Labels {
			names = append(names, l.Name)
		}
		lines = append(lines, text.T("project.about.labels", text.Args{"Labels": strings.Join(names, ", ")}))
	}
	return strings.Join(lines, "\n")
}

// progressWords tell how far somebody is, how fast, and how long the rest will take.
func progressWords(p project.Progress) string {
	out := text.T("project.progress", text.Args{"Done": p.Done, "Of": p.Assigned, "Begun": p.Begun})
	if p.Pace() > 0 {
		out += " · " + text.T("project.pace", text.Args{"Pace": panel.Duration(p.Pace()), "Left": panel.Duration(p.Left())})
	}
	if !p.Last.IsZero() {
		out += " · " + text.T("project.last", text.Args{"Time": p.Last.Local().Format("2006-01-02 15:04")})
	}
	return out
}

// caseLine is a case as somebody sees it: with hidden, only what is their own.
func caseLine(st standing, c project.Case, me string, hidden bool) panel.ProjectCase {
	names := st.state.ReadersOf(c.Item)
	line := panel.ProjectCase{Item: c.Item, Name: c.Name, Mine: slices.Contains(names, me)}
	if hidden {
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n != me })
	}
	done, begun := 0, 0
	var who []string
	for _, n := range names {
		stage, _ := st.work.Stage(c, n)
		mark := ""
		switch stage {
		case project.Done:
			done++
			mark = " ✓"
		case project.Begun:
			begun++
			mark = " …"
		case project.Unseen:
		}
		who = append(who, n+mark)
	}
	line.Who = strings.Join(who, " · ")
	switch {
	case len(names) == 0:
		line.State = panel.CaseUnassigned
	case done == len(names):
		line.State = panel.CaseDone
	case done+begun > 0:
		line.State = panel.CaseBegun
	default:
		line.State = panel.CaseOpen
	}
	return line
}

// openMine opens the reader's cases as one study.
func (a *App) openMine(st standing) {
	if st.state == nil {
		return
	}
	part := st.state.Part(a.set.Reader)
	if len(part) == 0 {
		a.fault(fault.New(project.CodeEmpty, "", nil, nil))
		return
	}
	items := make([]string, len(part))
	for i, c := range part {
		items[i] = c.Item
	}
	a.openItems(items, nil)
}
