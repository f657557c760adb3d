package ui

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"echoline/inference"
	"echoline/internal/durable"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/internal/trainer"
	"echoline/ui/panel"
)

// modelsView is the page of models: at the left all of them, at the right what is known of the one chosen there.
type modelsView struct {
	work
	sheet  *panel.Sheet
	list   []models.Model
	came   bool   // the list was read once
	first  bool   // the one in use was never chosen here: there is none to go back to
	chosen string // SHA-256
	result *models.Comparison
	page   string // file of the comparison
}

// modelsPage shows the models of the workspace.
func (a *App) modelsPage() *panel.Page {
	v := newModelsView(a, a.newModel)
	a.newModel = ""
	a.lookAgain()
	return v.p
}

// newModelsView makes the page, with a model chosen by its SHA-256; "" for the one in use.
func newModelsView(a *App, chosen string) *modelsView {
	v := &modelsView{work: work{a: a}, sheet: panel.NewSheet(), chosen: chosen}
	v.p = panel.NewPage(func() string { return text.T("models.title") }, v.sheet)
	v.p.OnRefresh, v.p.First, v.p.Keys = v.present, v.sheet.First, sheetKeys
	v.read()
	return v
}

// read lists the models anew.
func (v *modelsView) read() {
	shelf, ships := models.Of(v.a.cfg.Workspace), v.a.ships()
	go func() {
		list, err := shelf.List(ships)
		first := !shelf.CanGoBack()
		v.a.post(func() {
			if v.gone() {
				return
			}
			if err != nil {
				v.a.fault(err)
			}
			v.list, v.first = list, first
			if v.model() == nil {
				v.chosen = ""
				if i := slices.IndexFunc(list, func(m models.Model) bool { return m.InUse }); i >= 0 {
					v.chosen = list[i].SHA256
				}
			}
			v.p.Refresh()
			if !v.came { // later the keyboard stays where the person has it
				v.came = true
				v.a.win.Canvas().Focus(v.p.Focus())
			}
			v.a.log.Debug("window", "event", "models-shown", "models", len(list))
		})
	}()
}

// ships is the file of the model that ships; "" where the window does not know.
func (a *App) ships() string {
	if a.cfg.Ships == nil {
		return ""
	}
	return a.cfg.Ships()
}

// model is the one chosen; nil where there is none.
func (v *modelsView) model() *models.Model {
	return v.find(func(m models.Model) bool { return m.SHA256 == v.chosen })
}

// inUse is the one in use; nil where its file is not whole.
func (v *modelsView) inUse() *models.Model {
	return v.find(func(m models.Model) bool { return m.InUse })
}

func (v *modelsView) find(ok func(models.Model) bool) *models.Model {
	i := slices.IndexFunc(v.list, ok)
	if i < 0 {
		return nil
	}
	return &v.list[i]
}

// present puts everything into words.
func (v *modelsView) present() {
	left := panel.Block{Heading: text.T("models.all")}
	for _, m := range v.list {
		label := m.Name + " " + m.Version
		icon := "file"
		if m.InUse {
			icon = "circle-check"
		}
		left.Acts = append(left.Acts, panel.Act{Icon: icon, Label: label, Chosen: m.SHA256 == v.chosen, Do: func() { v.choose(m.SHA256) }})
	}
	busy := v.busy != ""
	more := panel.Block{Acts: []panel.Act{
		{Icon: "plus", Label: text.T("models.add"), Off: busy, Do: v.add},
		{Icon: "undo-2", Label: text.T("models.back"), Off: v.first || busy, Do: v.back},
	}}
	var right []panel.Block
	if m := v.model(); m != nil {
		right = append(v.about(m), v.compared()...)
		if m.InUse {
			right = append(right, v.a.trustBlocks(busy, v.calibrate, v.uncalibrate)...)
		}
		right = append(right, cardBlocks(m)...)
	}
	v.sheet.Set([]panel.Block{left, more}, right)
}

// about tells what a model is and what can be done with it.
func (v *modelsView) about(m *models.Model) []panel.Block {
	facts := []string{
		text.T("models.facts", text.Args{"Input": m.Input, "Added": m.Added.Format("2006-01-02"), "SHA": m.SHA256[:16]}),
	}
	switch {
	case m.Ships:
		facts = append(facts, text.T("models.facts.ships"))
	case m.OwnCases:
		facts = append(facts, text.T("models.facts.own"))
	}
	busy := v.busy != ""
	b := panel.Block{Heading: m.Name + " " + m.Version, Words: strings.Join(facts, "\n")}
	state := panel.Block{Words: text.T("models.inuse"), Mood: panel.MoodGood}
	if !m.InUse {
		state = panel.Block{Acts: []panel.Act{
			{Icon: "scan", Label: text.T("models.compare"), First: v.result == nil, Off: busy, Do: v.compare},
			{Icon: "circle-check", Label: text.T("models.use"), First: v.result != nil && v.result.Settled() >= 0, Off: busy, Do: v.promote},
		}}
	}
	out := []panel.Block{b, state}
	if busy {
		out = append(out, panel.Block{Words: v.busy, Mood: panel.MoodQuiet, Bar: true, Share: v.done, Acts: []panel.Act{
			{Icon: "x", Label: text.T("models.stop"), Do: v.stop},
		}})
	}
	return out
}

// compared tells what came of a comparison.
func (v *modelsView) compared() []panel.Block {
	c := v.result
	if c == nil || c.Models[1].SHA256 != v.chosen {
		return nil
	}
	mood := map[int]panel.Mood{1: panel.MoodGood, -1: panel.MoodBad, 0: panel.MoodText}[c.Settled()]
	out := []panel.Block{
		{Heading: text.T("models.compared", text.Args{"A": c.Models[0].Name, "B": c.Models[1].Name}), Words: comparisonWords(c), Mood: mood},
		{Words: text.T("models.page.where"), Mood: panel.MoodQuiet, Copy: v.page},
	}
	return append(out, panel.Block{Words: extremes(c), Mood: panel.MoodQuiet})
}

// comparisonWords are the figures of a comparison in a sentence or two.
func comparisonWords(c *models.Comparison) string {
	g := c.DiceGain
	key := map[int]string{1: "models.better", -1: "models.worse", 0: "models.same"}[c.Settled()]
	return text.T(key) + " " + text.T("models.result", text.Args{
		"A": fmt.Sprintf("%.3f", c.Dice[0]), "B": fmt.Sprintf("%.3f", c.Dice[1]), "Gain": fmt.Sprintf("%+.3f", g.Value),
		"Low": fmt.Sprintf("%+.3f", g.Low), "High": fmt.Sprintf("%+.3f", g.High), "Cases": len(c.Results), "Groups": c.Groups,
		"Better": c.Better, "Worse": c.Worse, "LeftOut": c.LeftOut,
	})
}

// named is how many cases that changed most are named.
const named = 5

// extremes names the cases that got better, and worse, by most.
func extremes(c *models.Comparison) string {
	line := func(key string, rs []models.Result) string {
		var names []string
		for _, r := range rs {
			names = append(names, fmt.Sprintf("%s %+.2f", r.Name, r.Gain()))
		}
		if len(names) == 0 {
			names = []string{"–"}
		}
		return text.T(key) + ": " + strings.Join(names, ", ")
	}
	n := len(c.Results)
	worst := slices.Clone(c.Results[n-min(named, c.Worse):])
	slices.Reverse(worst)
	return line("models.page.better", c.Results[:min(named, c.Better)]) + "\n" + line("models.page.worse", worst)
}

func (v *modelsView) choose(sha string) {
	v.chosen = sha
	v.p.Refresh()
}

// add takes a model file into the workspace.
func (v *modelsView) add() {
	v.a.browse(panel.Browse{
		Title: func() string { return text.T("models.add.title") }, File: true,
		OnChosen: func(paths []string) { v.addFile(paths[0]) },
	})
}

// addFile takes it in. Whoever chose another model meanwhile keeps that one on show.
func (v *modelsView) addFile(file string) {
	shelf, chosen := models.Of(v.a.cfg.Workspace), v.chosen
	var m models.Model
	v.onDisk(text.T("models.adding"), func(ctx context.Context) (err error) {
		m, err = shelf.Add(ctx, file)
		return err
	}, func() {
		if v.chosen == chosen {
			v.chosen = m.SHA256
		}
		v.read()
	})
}

// promote puts the chosen model into use.
func (v *modelsView) promote() {
	m := v.model()
	if m == nil {
		return
	}
	chosen, by := *m, v.a.set.Reader
	v.change(text.T("models.promoting"), "model-promoted", func(ctx context.Context, shelf *models.Shelf) (string, error) {
		return chosen.SHA256, shelf.Promote(ctx, chosen, by, time.Now())
	}, nil)
}

// back takes the last promotion back, and shows what is in use then.
func (v *modelsView) back() {
	v.change(text.T("models.backing"), "model-back", func(ctx context.Context, shelf *models.Shelf) (string, error) {
		return shelf.Back(ctx)
	}, func() { v.chosen = "" })
}

// change changes what is in use, or how; do returns what the audit trail says of it. Then, which may be nil, follows, and all is outlined
// anew.
func (v *modelsView) change(say, action string, do func(ctx context.Context, shelf *models.Shelf) (detail string, err error), then func()) {
	shelf, ws, by := models.Of(v.a.cfg.Workspace), v.a.ws, v.a.set.Reader
	var unnoted error
	v.onDisk(say, func(ctx context.Context) error {
		detail, err := do(ctx, shelf)
		if err == nil {
			unnoted = ws.Audit(by, action, detail)
		}
		return err
	}, func() {
		if then != nil {
			then()
		}
		v.changed(unnoted)
	})
}

// changed has everything outlined by the model that is in use now. unnoted is why the audit trail does not tell of it; nil where it does.
func (v *modelsView) changed(unnoted error) {
	if unnoted != nil {
		v.a.fault(unnoted)
	}
	v.a.reloadModel()
	v.read()
}

// mostCases is how many pictures are held at a time to compare and to judge on: their masks are in memory.
const mostCases = 1000

// accepted is what readers of a workspace accepted, of at most so many pictures.
func accepted(ctx context.Context, ws *store.Workspace, progress func(done, total int)) (*trainer.Cases, error) {
	return trainer.Gather(ctx, ws, trainer.Choice{Include: export.Accepted, Consensus: true, Most: mostCases}, progress)
}

// compare holds the chosen model against the one in use, on what was accepted here.
func (v *modelsView) compare() {
	m, used := v.model(), v.inUse()
	if m == nil || used == nil || v.a.cfg.OpenModel == nil {
		return
	}
	both, ws, open := [2]models.Model{*used, *m}, v.a.ws, v.a.cfg.OpenModel
	var result *models.Comparison
	file := filepath.Join(v.a.cfg.Workspace, "models", fmt.Sprintf("%.8s-%.8s.html", used.SHA256, m.SHA256))
	v.beside(text.T("models.comparing"), func(ctx context.Context, progress func(done, total int)) error {
		found, err := accepted(ctx, ws, nil)
		if err != nil {
			return err
		}
		var predictors [2]inference.Predictor
		for i := range both {
			p, err := open(both[i].File, max(1, runtime.NumCPU()/2))
			if err != nil {
				return err
			}
			if c, ok := p.(io.Closer); ok {
				defer c.Close()
			}
			predictors[i] = p
		}
		if result, err = models.Compare(ctx, both, predictors, models.FromWorkspace(found), progress); err != nil {
			return err
		}
		page, err := result.Page(func(key string, args map[string]any) string { return text.T(key, args) })
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fault.New(models.CodeWrite, file, err, nil)
		}
		return durable.WriteFile(file, page, 0o644)
	}, func() { v.result, v.page = result, file })
}

// calibrate fits the bands of the model in use to what readers accepted here.
func (v *modelsView) calibrate() {
	m := v.inUse()
	if m == nil {
		return
	}
	ws, used, sha, shelf, by := v.a.ws, *m, m.SHA256, models.Of(v.a.cfg.Workspace), v.a.set.Reader
	var unnoted error
	v.beside(text.T("models.calibrating"), func(ctx context.Context, progress func(done, total int)) error {
		found, err := accepted(ctx, ws, progress)
		if err != nil {
			return err
		}
		c, err := models.Recalibrated(models.Kept(ws, found, used), by, time.Now())
		if err != nil {
			return err
		}
		if err := shelf.Calibrate(ctx, sha, c); err != nil {
			return err
		}
		unnoted = ws.Audit(by, "calibrated", sha)
		return nil
	}, func() { v.changed(unnoted) })
}

// uncalibrate takes the last calibration back.
func (v *modelsView) uncalibrate() {
	m := v.inUse()
	if m == nil {
		return
	}
	sha := m.SHA256
	v.change(text.T("models.uncalibrating"), "calibration-undone", func(ctx context.Context, shelf *models.Shelf) (string, error) {
		return sha, shelf.Uncalibrate(ctx, sha)
	}, nil)
}
