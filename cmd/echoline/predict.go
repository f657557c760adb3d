package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"

	"github.com/spf13/cobra"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of batch predicting.
const (
	codePredictOut    fault.Code = "predict.out"    // the folder for the results cannot be made or written; Cause
	codePredictFailed fault.Code = "predict.failed" // some inputs failed, each named before; args Failed, Total
	codePredictNone   fault.Code = "predict.none"   // nothing in the paths is an image
	codePredictEnded  fault.Code = "predict.ended"  // interrupted; args Done, Total
)

// predictOptions are the flags of predict.
type predictOptions struct {
	out       string // folder for files, or
	workspace string // workspace for predictions
	reader    string // whose review in the workspace gets the masks
	model     string
	quiet     bool
}

// predictCommand outlines every frame of the given files and folders.
func predictCommand() *cobra.Command {
	var o predictOptions
	c := &cobra.Command{
		Use:     "predict (--out DIR | --workspace DIR) PATH…",
		Short:   text.T("predict.short"),
		Long:    text.T("predict.long"),
		Example: "  echoline predict --out masks study/ extra.png\n  echoline predict --workspace work study/",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fmt.Errorf("%w: %s", errUsage, text.T("predict.usage.paths"))
			case (o.out == "") == (o.workspace == ""):
				return fmt.Errorf("%w: %s", errUsage, text.T("predict.usage.out"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return predict(ctx, o, args, c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&o.out, "out", "", text.T("predict.flag.out"))
	c.Flags().StringVar(&o.workspace, "workspace", "", text.T("predict.flag.workspace"))
	c.Flags().StringVar(&o.reader, "reader", "", text.T("predict.flag.reader"))
	c.Flags().StringVar(&o.model, "model", "", text.T("predict.flag.model"))
	c.Flags().BoolVar(&o.quiet, "quiet", false, text.T("predict.flag.quiet"))
	return c
}

// predict runs the command. What fails is named on log and the rest goes on.
func predict(ctx context.Context, o predictOptions, paths []string, log io.Writer) error {
	if o.out != "" {
		if err := os.MkdirAll(o.out, 0o755); err != nil {
			return fault.New(codePredictOut, o.out, err, nil)
		}
	}
	predictor, notice, err := openChosen(o.workspace, o.model, runtime.NumCPU())
	if err != nil {
		return err
	}
	if c, ok := predictor.(io.Closer); ok {
		defer c.Close()
	}
	report := newReporter(log, o.quiet)
	defer report.end()
	if notice != nil {
		report.note(text.Fault(notice))
	}
	st, err := study.Open(ctx, paths, func(done, total int) { report.step(text.T("predict.opening"), done, total) })
	if err != nil {
		return ended(err, 0, 0)
	}
	return predictStudy(ctx, o, st, predictor, report)
}

// predictStudy predicts every frame of a study, and names what was refused.
func predictStudy(ctx context.Context, o predictOptions, st *study.Study, p inference.Predictor, report *reporter) error {
	for _, f := range st.Refused {
		report.fail(f)
	}
	tasks := frameTasks(st)
	total := len(tasks) + len(st.Refused)
	if total == 0 {
		return fault.New(codePredictNone, "", nil, nil)
	}
	b := batch{predictor: p, report: report}
	var err error
	if o.out != "" {
		b.keep = (&outcomeWriter{dir: o.out}).keep
		err = b.run(ctx, tasks)
	} else {
		err = predictInto(ctx, o, st, &b, tasks)
	}
	if failed := report.failures(); err == nil && failed > 0 {
		err = fault.New(codePredictFailed, "", nil, fault.Args{"Failed": failed, "Total": total})
	}
	return ended(err, b.kept(), total)
}

// ended puts an interruption into words; other errors stay as they are.
func ended(err error, done, total int) error {
	if errors.Is(err, context.Canceled) {
		return fault.New(codePredictEnded, "", nil, fault.Args{"Done": done, "Total": total})
	}
	return err
}

// frameTask is one frame to predict.
type frameTask struct {
	name  string // for its files: NAME, or NAME.f0001 for a frame of a cine
	path  string
	item  *study.Item
	frame int
}

// frameTasks lists every frame of the study.
func frameTasks(st *study.Study) []frameTask {
	var tasks []frameTask
	for _, it := range st.Items {
		for i := range it.Frames {
			name := it.Name
			if it.Frames > 1 {
				name = fmt.Sprintf("%s.f%04d", it.Name, i+1)
			}
			tasks = append(tasks, frameTask{name: name, path: it.Path, item: it, frame: i})
		}
	}
	return tasks
}

// load decodes the frame into what a model sees: the grey that readers see.
func (t frameTask) load() (inference.Image, error) {
	f, err := t.item.Frame(t.frame)
	if err != nil {
		return inference.Image{}, err
	}
	return inference.Image{W: f.W, H: f.H, Grey: f.Luma()}, nil
}

// outcome makes of the prediction what is written. A spacing is given only where it covers the whole contour.
func (t frameTask) outcome(p *inference.Prediction) *outcome {
	o := &outcome{name: t.name, prediction: p}
	var points [][2]float64
	for _, l := range p.Model.Labels {
		o.contours = append(o.contours, p.Contours(l.Value)...)
	}
	for _, c := range o.contours {
		for _, v := range c.Points {
			points = append(points, [2]float64{v.X, v.Y})
		}
	}
	if s, from := t.item.SpacingAt(t.frame, points...); from != study.Uncalibrated {
		o.spacing = &s
	}
	return o
}
