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
	"time"

	"github.com/spf13/cobra"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/durable"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/internal/trainer"
)

// codeModelsThere is the fault of a folder that holds a comparison already.
const codeModelsThere fault.Code = "models.there"

// comparisonPage is the file of a comparison.
const comparisonPage = "comparison.html"

// modelsOptions are the flags of models.
type modelsOptions struct {
	workspace, data, out, reader string
	undo, overwrite, quiet       bool
}

// modelsCommand keeps the models of a workspace.
func modelsCommand() *cobra.Command {
	var o modelsOptions
	top := &cobra.Command{
		Use: "models", Short: text.T("models.cli.short"), Long: text.T("models.cli.long"),
		Example: "  echoline models list --workspace ~/reviews\n  echoline models compare shipped run/model.onnx --workspace ~/reviews --out comparison\n" +
			"  echoline models promote run/model.onnx --workspace ~/reviews\n  echoline models back --workspace ~/reviews",
		Args: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: %s", errUsage, text.T("models.cli.usage.which"))
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	add := func(use, short string, count int, run func(ctx context.Context, args []string, out, log io.Writer) error) *cobra.Command {
		c := &cobra.Command{
			Use: use, Short: text.T(short),
			Args: func(_ *cobra.Command, args []string) error {
				if len(args) != count || o.workspace == "" && o.data == "" {
					return fmt.Errorf("%w: %s", errUsage, text.T("models.cli.usage"))
				}
				return nil
			},
			RunE: func(c *cobra.Command, args []string) error {
				ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
				defer stop()
				return run(ctx, args, c.OutOrStdout(), c.ErrOrStderr())
			},
		}
		c.Flags().StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
		c.Flags().BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
		top.AddCommand(c)
		return c
	}
	add("list --workspace DIR", "models.cli.list", 0, func(_ context.Context, _ []string, out, _ io.Writer) error { return o.list(out) })
	c := add("compare A B (--workspace DIR | --data DIR) --out DIR", "models.cli.compare", 2, o.compare)
	c.Flags().StringVar(&o.data, "data", "", text.T("models.cli.flag.data"))
	c.Flags().StringVar(&o.out, "out", "", text.T("models.cli.flag.out"))
	c.Flags().BoolVar(&o.overwrite, "overwrite", false, text.T("export.cli.flag.overwrite"))
	c = add("promote MODEL --workspace DIR", "models.cli.promote", 1, o.promote)
	c.Flags().StringVar(&o.reader, "reader", "", text.T("models.cli.flag.reader"))
	add("back --workspace DIR", "models.cli.back", 0, o.back)
	c = add("calibrate --workspace DIR", "models.cli.calibrate", 0, o.calibrate)
	c.Flags().BoolVar(&o.undo, "undo", false, text.T("models.cli.flag.undo"))
	c.Flags().StringVar(&o.reader, "reader", "", text.T("models.cli.flag.reader"))
	return top
}

// shippedModel is the file of the model that ships; "" where it is missing, which loading it tells.
func shippedModel() string {
	file, err := ort.FindModel()
	if err != nil {
		return ""
	}
	return file
}

// open opens the workspace that was named, which must be there.
func (o *modelsOptions) open() (*store.Workspace, error) {
	return openWorkspace(o.workspace)
}

// list tells the models of the workspace, a line each.
func (o *modelsOptions) list(out io.Writer) error {
	all, err := models.Of(o.workspace).List(shippedModel())
	if err != nil {
		return err
	}
	for _, m := range all {
		mark := " "
		if m.InUse {
			mark = "*"
		}
		kind := ""
		if m.Ships {
			kind = text.T("models.ships")
		}
		fmt.Fprintf(out, "%s %s  %s %s  %s %s\n", mark, m.SHA256[:12], m.Name, m.Version, m.Added.Format("2006-01-02 15:04"), kind)
	}
	return nil
}

// compare compares two models and writes a page.
func (o *modelsOptions) compare(ctx context.Context, args []string, out, log io.Writer) error {
	if o.out == "" {
		return fmt.Errorf("%w: %s", errUsage, text.T("models.cli.usage"))
	}
	page := filepath.Join(o.out, comparisonPage)
	if _, err := os.Stat(page); err == nil && !o.overwrite {
		return fault.New(codeModelsThere, o.out, nil, nil)
	}
	report := newReporter(log, o.quiet)
	defer report.end()
	var both [2]models.Model
	var predictors [2]inference.Predictor
	for i, named := range args {
		m, err := models.Of(o.workspace).Find(named, shippedModel())
		if err != nil {
			return err
		}
		p, err := openPredictor(m.File, max(1, runtime.NumCPU()/2))
		if err != nil {
			return err
		}
		if c, ok := p.(io.Closer); ok {
			defer c.Close()
		}
		both[i], predictors[i] = m, p
	}
	cases, err := o.cases(ctx, report)
	if err != nil {
		return err
	}
	c, err := models.Compare(ctx, both, predictors, cases, func(done, total int) { report.step(text.T("models.comparing"), done, total) })
	if err != nil {
		return err
	}
	data, err := c.Page(func(key string, args map[string]any) string { return text.T(key, args) })
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fault.New(codeAgreeWrite, o.out, err, nil)
	}
	if err := durable.WriteFile(page, data, 0o644); err != nil {
		return fault.New(codeAgreeWrite, page, err, nil)
	}
	report.end()
	fmt.Fprintln(out, comparisonText(c))
	fmt.Fprintln(out, page)
	return nil
}

// comparisonText is what came of a comparison, in a sentence or two.
func comparisonText(c *models.Comparison) string {
	key := map[int]string{1: "models.better", -1: "models.worse", 0: "models.same"}[c.Settled()]
	g := c.DiceGain
	return text.T("models.result", text.Args{
		"A": fmt.Sprintf("%.3f", c.Dice[0]), "B": fmt.Sprintf("%.3f", c.Dice[1]), "Gain": fmt.Sprintf("%+.3f", g.Value),
		"Low": fmt.Sprintf("%+.3f", g.Low), "High": fmt.Sprintf("%+.3f", g.High), "Cases": len(c.Results), "Groups": c.Groups,
		"Better": c.Better, "Worse": c.Worse, "LeftOut": c.LeftOut,
	}) + " " + text.T(key)
}

// cases are those of the data set or of the workspace.
func (o *modelsOptions) cases(ctx context.Context, report *reporter) ([]models.Case, error) {
	if o.data != "" {
		return models.FromFolder(ctx, o.data)
	}
	ws, err := o.open()
	if err != nil {
		return nil, err
	}
	defer ws.Close()
	found, err := accepted(ctx, ws, report)
	if err != nil {
		return nil, err
	}
	return models.FromWorkspace(found), nil
}

// accepted is what readers of a workspace accepted; files that are gone are named.
func accepted(ctx context.Context, ws *store.Workspace, report *reporter) (*trainer.Cases, error) {
	choice := trainer.Choice{Include: export.Accepted, Consensus: true}
	found, err := trainer.Gather(ctx, ws, choice, func(done, total int) { report.step(text.T("train.gathering"), done, total) })
	if found != nil {
		for _, f := range found.Missing {
			report.fail(f)
		}
	}
	return found, err
}

// promote puts a model into use.
func (o *modelsOptions) promote(ctx context.Context, args []string, out, _ io.Writer) error {
	ws, err := o.open()
	if err != nil {
		return err
	}
	defer ws.Close()
	shelf := models.Of(o.workspace)
	m, err := shelf.Find(args[0], shippedModel())
	if err != nil {
		return err
	}
	p, err := openPredictor(m.File, 1) // what cannot be loaded is not put into use
	if err != nil {
		return err
	}
	if c, ok := p.(io.Closer); ok {
		defer c.Close()
	}
	if err := shelf.Promote(ctx, m, o.reader, time.Now()); err != nil {
		return err
	}
	fmt.Fprintln(out, text.T("models.promoted", text.Args{"Name": m.Name, "SHA": m.SHA256[:12]}))
	return ws.Audit(o.reader, "model-promoted", m.SHA256)
}

// back takes the last promotion back.
func (o *modelsOptions) back(ctx context.Context, _ []string, out, _ io.Writer) error {
	ws, err := o.open()
	if err != nil {
		return err
	}
	defer ws.Close()
	name, err := models.Of(o.workspace).Back(ctx)
	if err != nil {
		return err
	}
	if name == "" {
		name = text.T("models.ships")
	}
	fmt.Fprintln(out, text.T("models.wentback", text.Args{"Name": name}))
	return ws.Audit(o.reader, "model-back", name)
}

// calibrate fits the bands of the model in use to what readers accepted, or takes that back.
func (o *modelsOptions) calibrate(ctx context.Context, _ []string, out, log io.Writer) error {
	ws, err := o.open()
	if err != nil {
		return err
	}
	defer ws.Close()
	shelf := models.Of(o.workspace)
	m, err := modelInUse(shelf)
	if err != nil {
		return err
	}
	if o.undo {
		if err := shelf.Uncalibrate(ctx, m.SHA256); err != nil {
			return err
		}
		fmt.Fprintln(out, text.T("models.uncalibrated", text.Args{"Name": m.Name}))
		return ws.Audit(o.reader, "calibration-undone", m.SHA256)
	}
	report := newReporter(log, o.quiet)
	defer report.end()
	found, err := accepted(ctx, ws, report)
	if err != nil {
		return err
	}
	c, err := models.Recalibrated(models.Kept(ws, found, m), o.reader, time.Now())
	report.end()
	if err != nil {
		return err
	}
	if err := shelf.Calibrate(ctx, m.SHA256, c); err != nil {
		return err
	}
	fmt.Fprintln(out, text.T("models.calibrated", text.Args{
		"Name": m.Name, "Fitted": c.Fitted, "Checked": c.Checked, "Before": percent(c.Before[2]), "After": percent(c.After[2]),
		"Factor": fmt.Sprintf("%.2f", c.Band[2]),
	}))
	return ws.Audit(o.reader, "calibrated", m.SHA256)
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

// modelInUse is the model in use in a workspace.
func modelInUse(shelf *models.Shelf) (models.Model, error) {
	if _, err := shelf.Current(); err != nil {
		return models.Model{}, err
	}
	all, err := shelf.List(shippedModel())
	if err != nil {
		return models.Model{}, err
	}
	i := slices.IndexFunc(all, func(m models.Model) bool { return m.InUse })
	if i < 0 {
		_, err := ort.FindModel()
		return models.Model{}, err
	}
	return all[i], nil
}

// openChosen loads the model named, else the one in use in the workspace, else the one that ships. Where the one in use cannot
// be used the one that ships is, and the notice says so.
func openChosen(workspace, named string, threads int) (p inference.Predictor, notice *fault.Error, err error) {
	if named == "" && workspace != "" {
		file, why := models.Of(workspace).Current()
		if why == nil && file != "" {
			if p, why = openPredictor(file, threads); why == nil {
				return p, nil, nil
			}
		}
		if why != nil {
			notice = models.Fallback(why)
		}
	}
	p, err = openPredictor(named, threads)
	return p, notice, err
}
