package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"echoline/inference/ort"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/internal/trainer"
)

// codeTrainRefused is the fault of a training that the check refuses: each finding was named before.
const codeTrainRefused fault.Code = "train.refused"

// trainOptions are the flags of train.
type trainOptions struct {
	workspace, out, plan, include, from, name, training, python string
	readers                                                     []string
	threads, processes                                          int
	consensus, scratch, resume, background, elsewhere, gpu      bool
	quiet                                                       bool
}

// trainCommand trains a model on a workspace.
func trainCommand() *cobra.Command {
	var o trainOptions
	c := &cobra.Command{
		Use:   "train (--workspace DIR | --resume) --out RUN",
		Short: text.T("train.cli.short"),
		Long:  text.T("train.cli.long"),
		Example: "  echoline train --workspace ~/reviews --out ~/reviews/runs/first\n  echoline train --resume --out ~/reviews/runs/first\n" +
			"  echoline train --workspace ~/reviews --out bundle --elsewhere --processes 2 --gpu",
		Args: func(_ *cobra.Command, args []string) error { return o.check(args) },
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runTrain(ctx, o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	f.StringVar(&o.out, "out", "", text.T("train.cli.flag.out"))
	f.StringVar(&o.plan, "plan", trainer.Full, text.T("train.cli.flag.plan"))
	f.StringSliceVar(&o.readers, "readers", nil, text.T("train.cli.flag.reader"))
	f.StringVar(&o.include, "include", string(export.Accepted), text.T("train.cli.flag.include"))
	f.BoolVar(&o.consensus, "consensus", false, text.T("train.cli.flag.consensus"))
	f.StringVar(&o.from, "from", "", text.T("train.cli.flag.from"))
	f.BoolVar(&o.scratch, "scratch", false, text.T("train.cli.flag.scratch"))
	f.StringVar(&o.name, "name", "", text.T("train.cli.flag.name"))
	f.IntVar(&o.threads, "threads", max(1, runtime.NumCPU()-1), text.T("train.cli.flag.threads"))
	f.StringVar(&o.training, "training", "", text.T("train.cli.flag.training"))
	f.StringVar(&o.python, "python", "", text.T("train.cli.flag.python"))
	f.BoolVar(&o.resume, "resume", false, text.T("train.cli.flag.resume"))
	f.BoolVar(&o.background, "background", false, text.T("train.cli.flag.background"))
	f.BoolVar(&o.elsewhere, "elsewhere", false, text.T("train.cli.flag.elsewhere"))
	f.IntVar(&o.processes, "processes", 1, text.T("train.cli.flag.processes"))
	f.BoolVar(&o.gpu, "gpu", false, text.T("train.cli.flag.gpu"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// check finds wrong usage before anything is touched.
func (o *trainOptions) check(args []string) error {
	switch {
	case o.out == "" || (o.workspace == "") == !o.resume:
		return fmt.Errorf("%w: %s", errUsage, text.T("train.cli.usage"))
	case len(args) > 0:
		return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.args"))
	case o.plan != trainer.Full && o.plan != trainer.Small:
		return fmt.Errorf("%w: %s", errUsage, text.T("train.cli.usage.plan"))
	}
	if i, err := export.ParseInclude(o.include); err != nil || i == export.All {
		return fmt.Errorf("%w: %s", errUsage, text.Fault(fault.New(export.CodeInclude, o.include, nil, nil)))
	}
	return nil
}

// runTrain runs the command.
func runTrain(ctx context.Context, o trainOptions, out, log io.Writer) error {
	tools, err := trainer.Find(o.training, o.python)
	if err != nil && !(o.elsewhere && fault.CodeOf(err) == trainer.CodePython) {
		return err
	}
	if !o.elsewhere {
		if err := tools.Ready(ctx); err != nil {
			return err
		}
	}
	report := newReporter(log, o.quiet)
	defer report.end()
	run, err := o.run(ctx, out, report)
	if err != nil {
		return err
	}
	if o.elsewhere {
		return o.carry(run, tools, out)
	}
	if !o.resume {
		if err := checkRun(ctx, run, tools, report); err != nil {
			return err
		}
	}
	if err := run.Start(tools); err != nil {
		return err
	}
	report.note(text.T("train.started", text.Args{"Dir": run.Dir}))
	if o.background {
		return nil
	}
	return watch(ctx, run, out, report)
}

// run is the training to go on with, or a new one.
func (o *trainOptions) run(ctx context.Context, out io.Writer, report *reporter) (*trainer.Run, error) {
	if o.resume {
		return trainer.Open(o.out)
	}
	if err := store.Find(o.workspace); err != nil {
		return nil, fault.New(codeExportWorkspace, o.workspace, err, nil)
	}
	if _, err := trainer.Open(o.out); err == nil {
		return nil, fault.New(trainer.CodeThere, o.out, nil, nil)
	}
	ws, err := store.Open(o.workspace)
	if err != nil {
		return nil, err
	}
	defer ws.Close()
	choice := trainer.Choice{Readers: o.readers, Include: export.Include(o.include), Consensus: o.consensus}
	cases, err := trainer.Gather(ctx, ws, choice, func(done, total int) { report.step(text.T("train.gathering"), done, total) })
	if cases != nil {
		for _, f := range cases.Missing {
			report.fail(f)
		}
	}
	if err != nil {
		return nil, err
	}
	if !o.quiet {
		fmt.Fprintln(out, countsText(cases.Counts))
	}
	if err := cases.Enough(); err != nil {
		return nil, err
	}
	start, err := o.start()
	if err != nil {
		return nil, err
	}
	run, failed, err := cases.Write(ctx, trainer.Order{
		Dir: o.out, Name: o.modelName(), Plan: o.plan, Start: start, Threads: o.threads, Version: version, Now: time.Now(),
		Choice: choice, Progress: func(done, total int) { report.step(text.T("train.writing"), done, total) },
	})
	for _, f := range failed {
		report.fail(f)
	}
	return run, err
}

// start is the model that is trained on; "" for none.
func (o *trainOptions) start() (string, error) {
	switch {
	case o.scratch:
		return "", nil
	case o.from != "":
		return o.from, nil
	}
	return ort.FindModel()
}

// modelName is what the model is called.
func (o *trainOptions) modelName() string {
	if o.name != "" {
		return o.name
	}
	return filepath.Base(filepath.Clean(o.out)) + "-" + time.Now().Format("2006-01-02")
}

// countsText says how much there is to learn from.
func countsText(c trainer.Counts) string {
	return text.T("train.counts", text.Args{
		"Frames": c.Frames, "Lesions": c.Lesions, "Groups": c.Groups,
		"Train": c.Parts["train"], "Val": c.Parts["val"], "Test": c.Parts["test"],
	})
}

// checkRun has the run checked, names what was found, and refuses what would be wasted.
func checkRun(ctx context.Context, run *trainer.Run, tools trainer.Tools, report *reporter) error {
	report.note(text.T("train.checking"))
	found, err := run.Check(ctx, tools)
	if err != nil {
		return err
	}
	refused := false
	for _, f := range found {
		kind := "train.finding.warns"
		if f.Refuses {
			kind, refused = "train.finding.refuses", true
		}
		report.note(text.T(kind) + ": " + text.Fault(f.Fault))
	}
	if refused {
		return fault.New(codeTrainRefused, run.Dir, nil, nil)
	}
	if len(found) == 0 {
		report.note(text.T("train.sound"))
	}
	return nil
}

// carry completes the folder for another machine and tells what to do there.
func (o *trainOptions) carry(run *trainer.Run, tools trainer.Tools, out io.Writer) error {
	commands, err := run.Elsewhere(tools, trainer.Machine{Processes: o.processes, GPU: o.gpu, Cores: o.threads})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, text.T("train.elsewhere", text.Args{"Dir": run.Dir}))
	for i, key := range []string{"train.elsewhere.setup", "train.elsewhere.run", "train.elsewhere.slurm"} {
		fmt.Fprintf(out, "  %s\n    %s\n", text.T(key), commands[i])
	}
	return nil
}

// watchEvery is how often the folder of a run is read.
const watchEvery = time.Second

// watch follows a run to its end. Where ctx ends first the run is asked to stop, and waited for: it writes a checkpoint.
func watch(ctx context.Context, run *trainer.Run, out io.Writer, report *reporter) error {
	told := map[string]int{}
	asked := false
	for {
		s := run.Status()
		tellChecks(s, told, report)
		if s.State != trainer.Working {
			return ending(s, run, out)
		}
		report.step(stageText(s), int(1000*s.Share), 1000)
		if ctx.Err() != nil && !asked {
			asked = true
			_ = run.Cancel() // it may just have ended by itself
		}
		time.Sleep(watchEvery)
	}
}

// ending says what came of a run.
func ending(s trainer.Status, run *trainer.Run, out io.Writer) error {
	switch s.State {
	case trainer.Done:
		fmt.Fprintln(out, text.T("train.done", text.Args{"Model": run.Model()}))
		return nil
	case trainer.Broken:
		return s.Why
	}
	fmt.Fprintln(out, text.T("train.stopped", text.Args{"Dir": run.Dir}))
	return nil
}

// tellChecks tells the checks on val that are new.
func tellChecks(s trainer.Status, told map[string]int, report *reporter) {
	for _, g := range s.Stages {
		for name, points := range g.Checks {
			if strings.HasSuffix(name, "auroc") {
				continue
			}
			for _, p := range points[min(told[g.Name+name], len(points)):] {
				report.note(text.T("train.checked", text.Args{"Stage": g.Name, "Step": p.Step, "Dice": fmt.Sprintf("%.3f", p.Value)}))
			}
			told[g.Name+name] = len(points)
		}
	}
}

// stageText is the stage under way, and how long all will take.
func stageText(s trainer.Status) string {
	i := slices.IndexFunc(s.Stages, func(g trainer.Stage) bool { return !g.Finished() })
	if i < 0 {
		return text.T("train.checking")
	}
	g := s.Stages[i]
	said := text.T("train.stage", text.Args{"Stage": g.Name, "Step": g.Step, "Of": g.Of})
	if s.Timed {
		said += ", " + text.T("train.left", text.Args{"Left": s.Left.Round(time.Second)})
	}
	return said
}
