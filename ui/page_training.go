package ui

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/text"
	"echoline/internal/trainer"
	"echoline/ui/panel"
)

// trainingView is the page of trainings: at the left all of them, at the right the one chosen there, or what a new one is to be.
type trainingView struct {
	work
	sheet    *panel.Sheet
	runs     []*trainer.Run
	chosen   string // folder of a run; "" for a new one
	status   trainer.Status
	findings []trainer.Finding
	checked  string   // the run whose findings these are
	commands []string // for another machine, of the run chosen
	order    order
}

// order is what a new training is to be.
type order struct {
	include, readers, plan, start string
}

// The choices of an order.
const (
	everybody = "all"
	onlyMe    = "mine"
	agreed    = "consensus"
	fromModel = "model"
	scratch   = "scratch"
)

// followEvery is how often the page looks how far a run is.
const followEvery = 2 * time.Second

// trainingPage shows trainings and begins them.
func (a *App) trainingPage() *panel.Page { return newTrainingView(a).p }

func newTrainingView(a *App) *trainingView {
	v := &trainingView{work: work{a: a}, sheet: panel.NewSheet(), order: order{string(export.Accepted), everybody, trainer.Full, fromModel}}
	v.p = panel.NewPage(func() string { return text.T("training.title") }, v.sheet)
	v.p.OnRefresh, v.p.First, v.p.Keys = v.present, v.sheet.First, sheetKeys
	v.read(true)
	return v
}

// folder is where the trainings of the workspace lie.
func (v *trainingView) folder() string { return filepath.Join(v.a.cfg.Workspace, "training") }

// read looks what runs there are and how far the chosen one is; first: the page is new. While it is on show, it looks again.
func (v *trainingView) read(first bool) {
	folder, chosen := v.folder(), v.chosen
	go func() {
		runs := trainer.Runs(folder)
		if first {
			if i := slices.IndexFunc(runs, func(r *trainer.Run) bool { return r.Working() }); i >= 0 {
				chosen = runs[i].Dir // it goes on since an earlier start
			}
		}
		var status trainer.Status
		if i := slices.IndexFunc(runs, func(r *trainer.Run) bool { return r.Dir == chosen }); i >= 0 {
			status = runs[i].Status()
		}
		v.a.post(func() { v.came(first, runs, chosen, status) })
	}()
}

// came takes in what was read.
func (v *trainingView) came(first bool, runs []*trainer.Run, chosen string, status trainer.Status) {
	if v.gone() {
		return
	}
	changed := first || len(runs) != len(v.runs) || v.status.State != status.State || v.status.Share != status.Share
	v.runs = runs
	if first {
		v.chosen = chosen
	}
	if v.chosen == chosen {
		v.status = status
	}
	if changed {
		v.p.Refresh()
	}
	if first {
		v.a.win.Canvas().Focus(v.p.Focus())
		v.a.log.Debug("window", "event", "training-shown", "runs", len(runs))
	}
	time.AfterFunc(followEvery, func() {
		v.a.post(func() {
			if !v.gone() {
				v.read(false)
			}
		})
	})
}

// run is the one chosen; nil for a new one.
func (v *trainingView) run() *trainer.Run {
	if i := slices.IndexFunc(v.runs, func(r *trainer.Run) bool { return r.Dir == v.chosen }); i >= 0 {
		return v.runs[i]
	}
	return nil
}

// present puts everything into words.
func (v *trainingView) present() {
	left := []panel.Block{{Acts: []panel.Act{{Icon: "plus", Label: text.T("training.new"), Chosen: v.chosen == "", Do: func() { v.choose("") }}}}}
	all := panel.Block{Heading: text.T("training.all")}
	for _, r := range v.runs {
		all.Acts = append(all.Acts, panel.Act{
			Icon: runIcon(r), Label: r.Recipe.Name, Chosen: r.Dir == v.chosen, Do: func() { v.choose(r.Dir) },
		})
	}
	if len(v.runs) > 0 {
		left = append(left, all)
	}
	right := v.newBlocks()
	if r := v.run(); r != nil {
		right = v.runBlocks(r)
	}
	v.sheet.Set(left, right)
}

// runIcon tells a run that is done from one that is under way, and others.
func runIcon(r *trainer.Run) string {
	switch {
	case r.Working():
		return "loader"
	case r.Model() != "":
		return "circle-check"
	}
	return "clock"
}

func (v *trainingView) choose(dir string) {
	v.chosen, v.status, v.commands = dir, trainer.Status{}, nil
	if r := v.run(); r != nil {
		v.status = r.Status()
	}
	v.p.Refresh()
}

// newBlocks ask what a new training is to be.
func (v *trainingView) newBlocks() []panel.Block {
	say := func(key string) func() string { return func() string { return text.T(key) } }
	pick := func(heading string, chosen *string, keys ...string) panel.Block {
		b := panel.Block{Heading: text.T(heading), Chosen: *chosen, OnPick: func(k string) { *chosen = k }}
		for _, k := range keys {
			b.Choices = append(b.Choices, panel.Choice{Key: k, Title: say("training.choice." + k)})
		}
		return b
	}
	out := []panel.Block{
		{Heading: text.T("training.new"), Words: text.T("training.new.what"), Mood: panel.MoodQuiet},
		pick("training.include", &v.order.include, string(export.Accepted), string(export.Reviewed)),
		pick("training.readers", &v.order.readers, everybody, onlyMe, agreed),
		pick("training.start", &v.order.start, fromModel, scratch),
		pick("training.plan", &v.order.plan, trainer.Full, trainer.Small),
	}
	if v.busy != "" {
		return append(out, v.busyBlock())
	}
	return append(out, panel.Block{Acts: []panel.Act{{Icon: "check", Label: text.T("training.prepare"), First: true, Do: v.prepare}}})
}

func (v *trainingView) busyBlock() panel.Block {
	return panel.Block{Words: v.busy, Mood: panel.MoodQuiet, Acts: []panel.Act{{Icon: "x", Label: text.T("models.stop"), Do: v.stop}}}
}

// runBlocks tell how a run stands and what can be done.
func (v *trainingView) runBlocks(r *trainer.Run) []panel.Block {
	c := r.Recipe.Counts
	out := []panel.Block{{
		Heading: r.Recipe.Name,
		Words: text.T("train.counts", text.Args{
			"Frames": c.Frames, "Lesions": c.Lesions, "Groups": c.Groups, "Train": c.Parts["train"], "Val": c.Parts["val"], "Test": c.Parts["test"],
		}) + "\n" + text.T("training.made", text.Args{"Date": r.Recipe.Made.Local().Format("2006-01-02 15:04"), "Plan": text.T("training.choice." + r.Recipe.Plan)}),
		Mood: panel.MoodQuiet,
	}}
	if v.checked == r.Dir && v.status.State == trainer.Ready {
		out = append(out, v.findingBlocks()...)
	}
	if v.busy != "" {
		return append(out, v.busyBlock())
	}
	out = append(out, v.stateBlock(r))
	out = append(out, v.curveBlocks()...)
	return append(out, v.elsewhereBlocks(r)...)
}

// findingBlocks tell what the check found.
func (v *trainingView) findingBlocks() []panel.Block {
	if len(v.findings) == 0 {
		return []panel.Block{{Words: text.T("train.sound"), Mood: panel.MoodGood}}
	}
	var out []panel.Block
	for _, f := range v.findings {
		b := panel.Block{Words: text.Fault(f.Fault), Mood: panel.MoodWarn}
		if f.Refuses {
			b.Mood = panel.MoodBad
		}
		out = append(out, b)
	}
	return append([]panel.Block{{Heading: text.T("training.findings")}}, out...)
}

// refused tells whether the check found what would make the run a waste.
func (v *trainingView) refused() bool {
	return slices.ContainsFunc(v.findings, func(f trainer.Finding) bool { return f.Refuses })
}

// stateBlock tells how far a run is, and offers what comes next.
func (v *trainingView) stateBlock(r *trainer.Run) panel.Block {
	s := &v.status
	b := panel.Block{Bar: s.Share > 0, Share: s.Share}
	switch s.State {
	case trainer.Ready:
		b.Words = text.T("training.state.ready")
		if !(v.checked == r.Dir && v.refused()) {
			b.Acts = []panel.Act{{Icon: "play", Label: text.T("training.begin"), First: true, Do: func() { v.begin(r) }}}
		}
		b.Acts = append(b.Acts, panel.Act{Icon: "check", Label: text.T("training.check"), Do: func() { v.check(r) }})
	case trainer.Working:
		b.Words = v.farWords()
		b.Acts = []panel.Act{{Icon: "pause", Label: text.T("training.cancel"), Do: func() { v.cancel(r) }}}
	case trainer.Cancelled:
		b.Words = text.T("training.state.cancelled")
		b.Acts = []panel.Act{{Icon: "play", Label: text.T("training.resume"), First: true, Do: func() { v.begin(r) }}}
	case trainer.Broken:
		b.Words, b.Mood = text.Fault(s.Why), panel.MoodBad
		b.Acts = []panel.Act{{Icon: "play", Label: text.T("training.resume"), First: true, Do: func() { v.begin(r) }}}
	case trainer.Done:
		b.Words, b.Mood = text.T("training.state.done"), panel.MoodGood
		b.Acts = []panel.Act{{Icon: "layers", Label: text.T("training.take"), First: true, Do: func() { v.take(r) }}}
	}
	return b
}

// farWords tell the stage under way and the time left.
func (v *trainingView) farWords() string {
	s := &v.status
	i := slices.IndexFunc(s.Stages, func(g trainer.Stage) bool { return !g.Finished() })
	switch {
	case len(s.Stages) == 0:
		return text.T("training.state.starting")
	case i < 0:
		return text.T("training.state.measuring")
	}
	g := s.Stages[i]
	out := text.T("train.stage", text.Args{"Stage": stageName(g.Name), "Step": g.Step, "Of": g.Of})
	if s.Timed {
		out += " · " + text.T("train.left", text.Args{"Left": panel.Duration(s.Left)})
	}
	return out
}

// stageName is a stage in words. Networks go on in rounds of doubt, whose folders are called after both.
func stageName(name string) string {
	if network, round, ok := strings.Cut(name, "-doubt"); ok {
		return text.T("training.stage.doubt", text.Args{"Network": stageName(network), "N": round})
	}
	switch {
	case strings.HasPrefix(name, "fold"):
		return text.T("training.stage.fold", text.Args{"N": name[len("fold"):]})
	case strings.HasPrefix(name, "error"):
		return text.T("training.stage.error")
	}
	return text.T("training.stage." + name)
}

// curveBlocks draw loss and Dice of the stages of the outline, one after the other.
func (v *trainingView) curveBlocks() []panel.Block {
	var loss, dice [][2]float64
	at := 0
	for _, g := range v.status.Stages {
		for _, p := range g.Loss {
			loss = append(loss, [2]float64{float64(at + p.Step), p.Value})
		}
		for name, points := range g.Checks {
			if strings.HasSuffix(name, "auroc") {
				continue
			}
			for _, p := range points {
				dice = append(dice, [2]float64{float64(at + p.Step), p.Value})
			}
		}
		if !strings.HasPrefix(g.Name, "error") {
			at += g.Of
		}
	}
	var curves []panel.Curve
	if n := len(loss); n > 1 { // one point is no curve
		curves = append(curves, panel.Curve{Name: text.T("training.curve.loss", text.Args{"Last": fmt.Sprintf("%.3f", loss[n-1][1])}), Points: loss})
	}
	if n := len(dice); n > 1 {
		curves = append(curves, panel.Curve{Name: text.T("training.curve.dice", text.Args{"Last": fmt.Sprintf("%.3f", dice[n-1][1])}), Points: dice, Second: true})
	}
	if len(curves) == 0 {
		return nil
	}
	return []panel.Block{{Heading: text.T("training.curves"), Curves: curves}}
}

// elsewhereBlocks offer to train on another machine.
func (v *trainingView) elsewhereBlocks(r *trainer.Run) []panel.Block {
	if s := v.status.State; s == trainer.Working || s == trainer.Done {
		return nil
	}
	if v.commands == nil {
		return []panel.Block{{Heading: text.T("training.elsewhere"), Words: text.T("training.elsewhere.what"), Mood: panel.MoodQuiet, Acts: []panel.Act{
			{Icon: "hard-drive", Label: text.T("training.elsewhere.one"), Do: func() { v.elsewhere(r, trainer.Machine{Processes: 1, GPU: true, Cores: 4}) }},
			{Icon: "hard-drive", Label: text.T("training.elsewhere.two"), Do: func() { v.elsewhere(r, trainer.Machine{Processes: 2, GPU: true, Cores: 4}) }},
		}}}
	}
	out := []panel.Block{{Heading: text.T("training.elsewhere"), Words: text.T("train.elsewhere", text.Args{"Dir": r.Dir})}}
	for i, key := range []string{"train.elsewhere.setup", "train.elsewhere.run", "train.elsewhere.slurm"} {
		out = append(out, panel.Block{Words: text.T(key), Mood: panel.MoodQuiet, Copy: v.commands[i], Acts: []panel.Act{
			{Icon: "file-output", Label: text.T("training.copy"), Do: func() { v.a.fyne.Clipboard().SetContent(v.commands[i]) }},
		}})
	}
	return out
}

// tools are what trains here; where something is missing it is said.
func (v *trainingView) tools() (trainer.Tools, bool) {
	t, err := trainer.Find("", "")
	if err != nil {
		v.a.fault(err)
	}
	return t, err == nil
}

// prepare writes the bundle of a new training and has it checked.
func (v *trainingView) prepare() {
	o, ws, now := v.order, v.a.ws, time.Now()
	choice := trainer.Choice{Include: export.Include(o.include), Consensus: o.readers == agreed}
	if o.readers == onlyMe {
		choice.Readers = []string{v.a.set.Reader}
	}
	start := ""
	if o.start == fromModel && v.a.predictor != nil {
		start = v.a.predictor.Info().Path
	}
	name := "own-" + now.Format("20060102-1504")
	dir, version := filepath.Join(v.folder(), now.Format("20060102-150405")), v.a.cfg.Version
	var run *trainer.Run
	v.beside(text.T("train.writing"), func(ctx context.Context, _ func(done, total int)) error {
		cases, err := trainer.Gather(ctx, ws, choice, nil)
		if err != nil {
			return err
		}
		run, _, err = cases.Write(ctx, trainer.Order{
			Dir: dir, Name: name, Plan: o.plan, Start: start, Threads: max(1, runtime.NumCPU()-1), Version: version, Now: now, Choice: choice,
		})
		return err
	}, func() {
		v.runs, v.chosen, v.status = append([]*trainer.Run{run}, v.runs...), run.Dir, trainer.Status{}
		v.check(run)
	})
}

// check has a run looked at before it begins.
func (v *trainingView) check(r *trainer.Run) {
	t, ok := v.tools()
	if !ok {
		return
	}
	var found []trainer.Finding
	v.beside(text.T("train.checking"), func(ctx context.Context, _ func(done, total int)) error {
		err := t.Ready(ctx)
		if err == nil {
			found, err = r.Check(ctx, t)
		}
		return err
	}, func() {
		v.findings, v.checked = found, r.Dir
		v.a.log.Debug("window", "event", "training-checked", "findings", len(found))
	})
}

// begin starts a run, or goes on with it.
func (v *trainingView) begin(r *trainer.Run) {
	t, ok := v.tools()
	if !ok {
		return
	}
	if err := r.Start(t); err != nil {
		v.a.fault(err)
		return
	}
	v.status = r.Status()
	v.p.Refresh()
}

func (v *trainingView) cancel(r *trainer.Run) {
	if err := r.Cancel(); err != nil && fault.CodeOf(err) != trainer.CodeIdle {
		v.a.fault(err)
	}
	v.a.status.SetHint(text.T("training.cancelling"))
}

// take adds the model that came out to those of the workspace, and shows it among them.
func (v *trainingView) take(r *trainer.Run) {
	shelf := models.Of(v.a.cfg.Workspace)
	var m models.Model
	v.onDisk(text.T("models.adding"), func(ctx context.Context) (err error) {
		m, err = shelf.Add(ctx, r.Model())
		return err
	}, func() {
		if v.gone() {
			return
		}
		v.a.newModel = m.SHA256
		v.a.togglePage(v.a.modelsEntry())
	})
}

// elsewhere completes the folder of a run for another machine.
func (v *trainingView) elsewhere(r *trainer.Run, m trainer.Machine) {
	t, err := trainer.Find("", "")
	if err != nil && fault.CodeOf(err) != trainer.CodePython { // Python is not needed for that
		v.a.fault(err)
		return
	}
	if v.commands, err = r.Elsewhere(t, m); err != nil {
		v.a.fault(err)
	}
	v.p.Refresh()
}
