package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// openStudy is the study on show, whole; nil where there is none.
func (a *App) openStudy() *study.Study {
	s := a.sess
	switch {
	case s == nil || len(s.study.Items) == 0:
		return nil
	case s.docket != nil:
		return s.docket.whole
	}
	return s.study
}

// mayManage tells whether the project may be changed here, and says why not: what came as a share is one reader's part of it.
func (a *App) mayManage() bool {
	if bound := project.Bound(a.ws.Dir()); bound != "" {
		a.fault(fault.New(project.CodeBound, "", nil, fault.Args{"Mine": bound}))
		return false
	}
	return true
}

// makeProject asks what a project of the open study is to be, and makes it.
func (a *App) makeProject() {
	st := a.openStudy()
	if st == nil {
		a.fault(fault.New(project.CodeNoStudy, "", nil, nil))
		return
	}
	panel.ShowProject(a.win, panel.ProjectCard{
		Title: text.T("project.make"), What: text.N("project.make.what", (*project.State)(nil).Fresh(st)), Take: text.T("project.make.take"),
		Start: panel.ProjectForm{Readers: a.set.Reader, Share: "20", By: "2", Blinded: true},
		OnDone: func(f panel.ProjectForm) error {
			c, err := changeOf(nil, f)
			if err != nil {
				return err
			}
			c.Study = st
			var s *project.State // once it is made
			a.changeProject("made", func(ws *store.Workspace, who string) (string, error) {
				var err error
				if s == nil {
					s, err = project.Create(ws, who, *c.Settings.Name)
				}
				if err != nil {
					return "", err
				}
				return text.T("project.made", text.Args{"Name": s.Name}), s.Apply(ws, who, c)
			})
			return nil
		},
	})
}

// changeOf reads a form as a change of s, nil for a new project, that may be carried out.
func changeOf(s *project.State, f panel.ProjectForm) (*project.Change, error) {
	name := strings.TrimSpace(f.Name)
	share, err := strconv.ParseFloat(strings.Replace(strings.Trim(f.Share, " %"), ",", ".", 1), 64)
	by, err2 := strconv.Atoi(strings.TrimSpace(f.By))
	if err != nil || err2 != nil {
		share, by = -1, 0 // what is no number is no share
	}
	share /= 100
	c := &project.Change{}
	now := project.State{Share: -2, By: -2, Blinded: !f.Blinded, Blind: !f.Blind}
	if s != nil {
		now = *s
	}
	note(&c.Settings.Name, now.Name, name)
	note(&c.Settings.Share, now.Share, share)
	note(&c.Settings.By, now.By, by)
	note(&c.Settings.Blinded, now.Blinded, f.Blinded)
	note(&c.Settings.Blind, now.Blind, f.Blind)
	if err := c.People(s, project.Names(f.Readers), project.Names(f.Experts)); err != nil {
		return nil, err
	}
	return c, c.Check(s)
}

// note notes a setting that is to change.
func note[T comparable](to **T, was, is T) {
	if was != is {
		*to = &is
	}
}

// changeProject writes a change beside the window; then the page tells how the project stands. What it returns is said.
func (a *App) changeProject(what string, write func(ws *store.Workspace, who string) (string, error)) {
	p, ws, who := a.page, a.ws, a.set.Reader
	if p == nil {
		return
	}
	p.SetBusy(func() string { return text.T("project.writing") })
	a.working++
	go func() {
		done, err := write(ws, who)
		a.post(func() {
			a.working--
			if a.ws != ws {
				return
			}
			if err != nil {
				a.fault(err)
			}
			was := a.proj.state
			a.beginProject()
			if a.page == p {
				a.showPage(a.projectPage())
			}
			if is := a.proj.state; is != nil && (is.Blind || was != nil && was.Blind) {
				a.retake() // what shows of predictions may be another thing now
			}
			if err == nil {
				a.log.Debug("window", "event", "project-changed", "what", what)
				a.status.SetHint(done)
			}
		})
	}()
}

// editProject asks for other settings and people.
func (a *App) editProject(s *project.State) {
	if s == nil || !a.mayManage() {
		return
	}
	names := func(r project.Role) string {
		var out []string
		for _, m := range s.Active(r) {
			out = append(out, m.Name)
		}
		return strings.Join(out, ", ")
	}
	panel.ShowProject(a.win, panel.ProjectCard{
		Title: text.T("project.edit.title"), What: text.T("project.edit.what"), Take: text.T("project.form.keep"),
		Start: panel.ProjectForm{
			Name: s.Name, Readers: names(project.Reads), Experts: names(project.Advises),
			Share: strconv.FormatFloat(s.Share*100, 'g', 6, 64), By: fmt.Sprint(s.By), Blinded: s.Blinded, Blind: s.Blind,
		},
		OnDone: func(f panel.ProjectForm) error {
			c, err := changeOf(s, f)
			if err == nil {
				a.changeProject("settings", func(ws *store.Workspace, who string) (string, error) {
					return text.T("project.changed"), s.Apply(ws, who, c)
				})
			}
			return err
		},
	})
}

// addCases makes the images of the open study cases.
func (a *App) addCases(s *project.State) {
	if s == nil || !a.mayManage() {
		return
	}
	st := a.openStudy()
	if st == nil {
		a.fault(fault.New(project.CodeNoStudy, "", nil, nil))
		return
	}
	n := s.Fresh(st)
	if n == 0 {
		a.status.SetHint(text.T("project.add.none"))
		return
	}
	panel.ShowQuestion(a.win, text.T("project.add.title"), text.N("project.add.what", n), text.T("project.add.take"), func() {
		a.changeProject("cases", func(ws *store.Workspace, who string) (string, error) {
			return text.N("project.added", n), s.Apply(ws, who, &project.Change{Study: st})
		})
	})
}

// editGuideline asks for the guideline's text and pictures.
func (a *App) editGuideline(s *project.State) {
	if s == nil || !a.mayManage() {
		return
	}
	(&guideEdit{a: a, s: s}).show()
}

// guideEdit is a guideline that is being changed.
type guideEdit struct {
	a     *App
	s     *project.State
	card  *panel.GuidelineCard
	fresh []project.NewPicture
}

func (g *guideEdit) show() {
	form := panel.GuidelineForm{Text: g.s.Guideline.Text, OnDone: g.done, OnAdd: func() {
		g.a.browse(panel.Browse{
			Title: func() string { return text.T("project.guide.add.title") }, File: true, Recent: g.a.set.Recent,
			OnChosen: func(paths []string) { g.add(paths[0]) },
		})
	}}
	for _, p := range g.s.Guideline.Pictures {
		form.Pictures = append(form.Pictures, p.Name)
	}
	g.card = panel.ShowGuideline(g.a.win, form)
}

// add reads a picture, beside the window, and lists it.
func (g *guideEdit) add(path string) {
	go func() {
		got, err := project.ReadPicture(context.Background(), path)
		g.a.post(func() {
			if err != nil {
				g.a.fault(err)
				return
			}
			g.fresh = append(g.fresh, got)
			g.card.AddPicture(got.Name)
		})
	}()
}

// done takes the text and the pictures that stay.
func (g *guideEdit) done(words string, kept []bool) error {
	old := g.s.Guideline.Pictures
	c := &project.Change{Guideline: &project.Guideline{Text: strings.TrimSpace(words)}}
	for i, keep := range kept {
		switch n := len(old); {
		case !keep:
		case i < n:
			c.Guideline.Pictures = append(c.Guideline.Pictures, old[i])
		default:
			c.Pictures = append(c.Pictures, g.fresh[i-n])
		}
	}
	if err := c.CheckGuideline(); err != nil {
		return err
	}
	g.a.changeProject("guideline", func(ws *store.Workspace, who string) (string, error) {
		return text.T("project.guide.done"), g.s.Apply(ws, who, c)
	})
	return nil
}

// giveOut says who would get which cases, and gives them out.
func (a *App) giveOut(s *project.State) {
	if s == nil || !a.mayManage() {
		return
	}
	plan, err := s.Plan(false)
	if err != nil {
		a.fault(err)
		return
	}
	if len(plan) == 0 {
		a.status.SetHint(text.T("project.give.none"))
		return
	}
	panel.ShowQuestion(a.win, text.T("project.give.title"), planWords(s, plan), text.T("project.give.take"), func() {
		a.changeProject("given-out", func(ws *store.Workspace, who string) (string, error) {
			n, err := s.Assign(ws, who, false)
			return text.N("project.given", n), err
		})
	})
}

// planWords say what giving out would do.
func planWords(s *project.State, plan map[string][]string) string {
	each, several := map[string]int{}, 0
	for _, names := range plan {
		for _, n := range names {
			each[n]++
		}
		if len(names) > 1 {
			several++
		}
	}
	var who []string
	for _, m := range s.Active(project.Reads) {
		who = append(who, fmt.Sprintf("%s %d", m.Name, each[m.Name]))
	}
	out := text.N("project.give.what", len(plan), text.Args{"Who": strings.Join(who, ", ")})
	if several > 0 {
		out += " " + text.N("project.give.several", several, text.Args{"By": s.By})
	}
	return out + " " + text.T("project.give.stays")
}
