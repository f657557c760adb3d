package ui

import (
	"errors"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"echoline/assets"
	"echoline/internal/agree"
	"echoline/internal/concord"
	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// The faults of the agreement page.
const (
	codeAgreeHidden fault.Code = "agree.hidden" // the project keeps readers apart
	codeAgreeWrite  fault.Code = "agree.write"  // the report cannot be written
)

// agreeTolerance is that of NSD, px.
const agreeTolerance = 2

// agreementPage shows how far the readers of the study on show agree, or those of the whole project, with each other, with
// themselves later and with the model.
func (a *App) agreementPage() *panel.Page {
	st, more := a.agreementScope()
	opening := a.reading != nil || a.taking != nil
	if st == nil && !opening && len(more) == 0 {
		a.status.SetHint(text.T("agree.none"))
		return nil
	}
	view, pairs := newAgreementView()
	view.OnHint = a.status.SetHover
	var rep *concord.Report
	tools := []fyne.CanvasObject{panel.NewAction("file-output", func() string { return text.T("agree.save") }, false, func() {
		if rep != nil {
			a.saveAgreement(rep)
		}
	})}
	var ways []fyne.CanvasObject // out of a page with nothing to show
	if st != nil && len(more) > 0 {
		tools = append([]fyne.CanvasObject{a.scopeAction()}, tools...)
		ways = append(ways, a.scopeAction())
		if !a.wide {
			more = nil
		}
	}
	p := panel.NewPage(func() string { return text.T("agree.page.title") }, view, tools...)
	p.First, p.Keys = view.First, func() string { return text.T("project.keys.both") }
	if st == nil && opening { // studyChanged makes the page anew
		p.SetBusy(func() string { return text.T("app.reading") })
		return p
	}
	p.SetBusy(func() string { return text.T("agree.working") })
	ws, me, model := a.ws, a.set.Reader, text.T("agree.model")
	go func() {
		var got []agree.Pair
		whole, err := a.widen(p, ws, st, more)
		if err == nil {
			got, err = agreementOf(ws, whole, me, model)
		}
		a.post(func() {
			if a.page == p && a.hasAgreement(p, got, err, ways) {
				rep = a.report(got)
				a.presentAgreement(p, view, pairs, rep)
			}
		})
	}()
	return p
}

// agreementScope is the study on show, nil where there is none, and what of the project lies beyond it, as far as this reader may
// know.
func (a *App) agreementScope() (st *study.Study, more []string) {
	switch s := a.sess; {
	case s == nil:
	case s.docket != nil:
		st = s.docket.whole
	default:
		st = s.study
	}
	if a.proj.state.Hides(a.set.Reader) {
		return st, nil
	}
	return st, beyond(a.proj.state, st)
}

// newAgreementView is the page's body, and its list of pairs.
func newAgreementView() (*panel.AgreementView, *panel.Lines) {
	title := func(key string) func() string { return func() string { return text.T("agree.column." + key) } }
	same := func(word string) func() string { return func() string { return word } }
	pairs := panel.NewLines(func() string { return text.T("agree.pair.hint") },
		panel.LineColumn{Title: title("readers"), Share: 6}, panel.LineColumn{Title: title("cases"), Share: 2, Right: true},
		panel.LineColumn{Title: same("Dice"), Share: 2, Right: true}, panel.LineColumn{Title: same("HD95"), Share: 3, Right: true})
	cases := panel.NewLines(func() string { return text.T("agree.case.hint") },
		panel.LineColumn{Title: title("case"), Share: 4}, panel.LineColumn{Title: same("Dice"), Share: 2, Right: true},
		panel.LineColumn{Title: same("IoU"), Share: 2, Right: true}, panel.LineColumn{Title: same("NSD"), Share: 2, Right: true},
		panel.LineColumn{Title: same("HD95"), Share: 2, Right: true}, panel.LineColumn{Title: title("asd"), Share: 2, Right: true},
		panel.LineColumn{Title: title("area"), Share: 3, Right: true}, panel.LineColumn{Title: title("when"), Share: 4, Right: true})
	return panel.NewAgreementView(pairs, cases), pairs
}

// hasAgreement says on the page what keeps it from showing anything: that this reader may not know, or that there is nothing,
// with ways on. Any other fault is said, and what there is shown.
func (a *App) hasAgreement(p *panel.Page, got []agree.Pair, err error, ways []fyne.CanvasObject) bool {
	p.SetBusy(nil)
	if fault.CodeOf(err) == codeAgreeHidden {
		what, do := text.FaultParts(err)
		p.SetEmpty(func() string { return what }, func() string { return do })
		return false
	}
	if err != nil {
		a.fault(err)
	}
	if len(got) == 0 {
		p.SetEmpty(func() string { return text.T("agree.none") }, func() string { return text.T("agree.none.what") }, ways...)
		return false
	}
	return true
}

// report presents pairs in the language chosen.
func (a *App) report(pairs []agree.Pair) *concord.Report {
	rep := concord.New(pairs, agreeTolerance)
	rep.Version, rep.Language, rep.Research = a.cfg.Version, text.Language(), text.T("research.only")
	rep.Say = func(key string, args fault.Args) string { return text.T(key, args) }
	return rep
}

// agreementOf compares what the readers of a study accepted. Who may not know of the others gets the fault codeAgreeHidden.
func agreementOf(ws *store.Workspace, st *study.Study, me, model string) ([]agree.Pair, error) {
	p, err := project.Load(ws)
	if err != nil {
		return nil, err
	}
	if p.Hides(me) {
		return nil, fault.New(codeAgreeHidden, "", nil, nil)
	}
	readers, err := ws.Readers()
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(st.Items))
	for i, it := range st.Items {
		ids[i] = it.ID
	}
	g := agree.Gathering{ClassOf: p.ClassOf}
	var damaged error
	for _, name := range readers {
		if name == "" {
			continue
		}
		entries, err := ws.Entries(name, ids)
		if err != nil {
			return nil, err
		}
		r := review.New(st, name, nil)
		if err := r.Replay(entries); err != nil {
			damaged = errors.Join(damaged, err)
		}
		g.Add(r)
		g.AddRepeats(r, entries, agree.RepeatAfter, text.T("agree.first", text.Args{"Reader": name}))
	}
	g.AddModel(model, func(k review.Key) *mask.Plane {
		p, err := ws.LastPrediction(k)
		if err != nil || p == nil { // a frame that no model saw has none
			return nil
		}
		return p.Mask
	})
	return g.Pairs(agreeTolerance), damaged
}

// presentAgreement puts a report into words.
func (a *App) presentAgreement(p *panel.Page, view *panel.AgreementView, pairs *panel.Lines, rep *concord.Report) {
	chosen := 0
	var of []agree.Pair
	var charts []concord.Chart
	present := func() {
		rep.Language = text.Language()
		rows := make([]panel.Line, len(rep.Sums))
		for i := range rep.Sums {
			s := &rep.Sums[i]
			rows[i] = panel.Line{Tone: toneOf(s.Dice.Value), Cells: []string{
				rep.Title(s), text.T("agree.count", text.Args{"N": s.Cases}), concord.Figure(s.Dice.Value), concord.Figure(s.HD95.Value) + " " + concord.Unit(s),
			}}
		}
		pairs.Set(rows)
		s := &rep.Sums[chosen]
		of, charts = rep.Of(s), rep.Charts(s)
		view.Present(figuresOf(rep, s), text.T("agree.page.how", text.Args{"Draws": agree.Draws, "Tolerance": rep.Tolerance}), plotsOf(charts), caseLines(of, s))
	}
	view.OnPair = func(i int) { chosen = i; present() }
	view.OnCase = func(i int) { a.openCase(of[i].Key.Instance, of[i].Key.Frame) }
	view.OnDot = func(plot, dot int) {
		k := of[charts[plot].Points[dot].Pair].Key
		a.openCase(k.Instance, k.Frame)
	}
	present()
	pairs.Mark(chosen)
	p.OnRefresh = present
	p.Refresh()
	a.win.Canvas().Focus(p.Focus())
	a.log.Debug("window", "event", "agreement-shown", "pairs", len(rep.Sums), "cases", len(of), "plots", len(charts))
}

// The mean Dice from which a pair is said to agree well, and below which it calls for attention.
const (
	diceWell  = 0.85
	diceBadly = 0.7
)

func toneOf(dice float64) panel.Tone {
	switch {
	case dice >= diceWell:
		return panel.ToneGood
	case dice < diceBadly:
		return panel.ToneWarn
	}
	return panel.TonePlain
}

func figuresOf(rep *concord.Report, s *agree.Summary) []panel.Figure {
	var out []panel.Figure
	for _, r := range rep.Rows(s) {
		out = append(out, panel.Figure(r))
	}
	return out
}

// plotsOf are charts as the panel draws them.
func plotsOf(charts []concord.Chart) []panel.PlotData {
	var out []panel.PlotData
	for _, c := range charts {
		d := panel.PlotData{Title: c.Title, From: c.From, To: c.To, Low: c.Low, High: c.High}
		for _, p := range c.Points {
			x, y := c.At(p.X, p.Y)
			d.Dots = append(d.Dots, panel.PlotDot{X: x, Y: y, Name: p.Name})
		}
		for _, l := range c.Lines {
			_, y := c.At(c.Left, l.Y)
			d.Lines = append(d.Lines, panel.PlotLine{Y: y, Strong: l.Strong, Dashed: l.Dashed})
		}
		out = append(out, d)
	}
	return out
}

// caseLines are the cases of a pair, those with the least agreement first.
func caseLines(of []agree.Pair, s *agree.Summary) []panel.Line {
	out := make([]panel.Line, len(of))
	for i, p := range of {
		k := 1.0
		if s.Millimetres {
			k = p.MM
		}
		when := ""
		if !p.At.IsZero() {
			when = p.At.Local().Format("2006-01-02 15:04")
		}
		out[i] = panel.Line{Tone: toneOf(p.Dice), Cells: []string{
			p.Case, concord.Figure(p.Dice), concord.Figure(p.IoU), concord.Figure(p.NSD), concord.Figure(k*p.HD95) + " " + concord.Unit(s),
			concord.Figure(k*p.ASD) + " " + concord.Unit(s), concord.Figure(k*k*(p.AreaA-p.AreaB)) + " " + concord.Unit(s) + "²", when,
		}}
	}
	return out
}

// saveAgreement writes the report as HTML, PDF and tables into a folder of the person's choice.
func (a *App) saveAgreement(rep *concord.Report) {
	a.browse(panel.Browse{Folder: true, OnChosen: func(paths []string) { a.writeAgreement(rep, paths[0]) }})
}

// writeAgreement writes the report's files into a folder.
func (a *App) writeAgreement(rep *concord.Report, dir string) {
	rep.Language, rep.Research = text.Language(), text.T("research.only")
	files, err := rep.Files(assets.FontRegular, assets.FontBold, time.Now())
	if err == nil {
		err = writeFiles(dir, files)
	}
	if err != nil {
		a.fault(fault.New(codeAgreeWrite, dir, err, nil))
		return
	}
	a.status.SetHint(text.T("agree.saved", text.Args{"Folder": dir}))
	a.log.Debug("window", "event", "agreement-saved", "files", len(files))
}

// writeFiles writes files that belong together.
func writeFiles(dir string, files map[string][]byte) error {
	var batch []durable.File
	for name, data := range files {
		batch = append(batch, durable.File{Path: filepath.Join(dir, name), Data: data})
	}
	slices.SortFunc(batch, func(x, y durable.File) int {
		if x.Path < y.Path {
			return -1
		}
		return 1
	})
	return durable.WriteAll(batch, 0o644)
}

// pageAgreement is the action of the page.
const pageAgreement = keys.AgreementPage
