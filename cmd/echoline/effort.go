package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/png" // masks are PNG
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"echoline/inference"
	"echoline/internal/durable"
	"echoline/internal/effort"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of the simulated reader.
const (
	codeEffortData fault.Code = "effort.data" // the folder does not hold what is needed; Cause
	codeEffortNone fault.Code = "effort.none" // no row of the part has a lesion; arg Split
	codeEffortMask fault.Code = "effort.mask" // a true mask cannot be read or has another size than its image; Cause
	codeEffortOut  fault.Code = "effort.out"  // the results cannot be written; Cause
)

// effortOptions are the flags of effort.
type effortOptions struct {
	data, out, split, model string
	strategies              []string
	seed                    uint64
	limit, workers          int
	quiet                   bool
}

// effortCommand lets a simulated reader correct predictions.
func effortCommand() *cobra.Command {
	o := effortOptions{split: "test", strategies: effort.Strategies(), seed: 1, workers: 1}
	c := &cobra.Command{
		Use:     "effort --data DIR --out DIR",
		Short:   text.T("effort.short"),
		Long:    text.T("effort.long"),
		Example: "  echoline effort --data data/busi --out effort-busi\n  echoline effort --data data/busi --out quick --limit 10 --strategies mix,brush,draw",
		Args: func(_ *cobra.Command, args []string) error {
			if o.data == "" || o.out == "" || len(args) > 0 {
				return fmt.Errorf("%w: %s", errUsage, text.T("effort.usage.dirs"))
			}
			for _, s := range o.strategies {
				if !slices.Contains(effort.Strategies(), s) {
					return fmt.Errorf("%w: %s", errUsage, text.T("effort.usage.strategy", text.Args{"Name": s}))
				}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return runEffort(ctx, o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.data, "data", "", text.T("effort.flag.data"))
	f.StringVar(&o.out, "out", "", text.T("effort.flag.out"))
	f.StringVar(&o.split, "split", o.split, text.T("effort.flag.split"))
	f.StringVar(&o.model, "model", "", text.T("predict.flag.model"))
	f.StringSliceVar(&o.strategies, "strategies", o.strategies, text.T("effort.flag.strategies"))
	f.Uint64Var(&o.seed, "seed", o.seed, text.T("effort.flag.seed"))
	f.IntVar(&o.limit, "limit", 0, text.T("effort.flag.limit"))
	f.IntVar(&o.workers, "workers", o.workers, text.T("effort.flag.workers"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("predict.flag.quiet"))
	return c
}

// runEffort reads every image with a lesion, and writes what it took.
func runEffort(ctx context.Context, o effortOptions, out, log io.Writer) error {
	names, err := effortRows(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fault.New(codeEffortOut, o.out, err, nil)
	}
	p, err := openPredictor(o.model, max(1, o.workers))
	if err != nil {
		return err
	}
	if c, ok := p.(io.Closer); ok {
		defer c.Close()
	}
	report := newReporter(log, o.quiet)
	defer report.end()
	runs, err := readAll(ctx, o, names, &oneByOne{p: p}, report)
	if err != nil {
		return ended(err, len(runs), len(names))
	}
	report.end()
	return writeEffort(o, p.Info(), runs, len(names), out)
}

// effortRows lists the files of the part that have a lesion, in the order of split.csv.
func effortRows(o effortOptions) ([]string, error) {
	path := filepath.Join(o.data, "split.csv")
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(codeEffortData, path, err, nil)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fault.New(codeEffortData, path, err, nil)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	file, split, lesion := column("file"), column("split"), column("lesion_px")
	if file < 0 || split < 0 || lesion < 0 {
		return nil, fault.New(codeEffortData, path, errors.New("no column file, split or lesion_px"), nil)
	}
	var names []string
	for _, r := range rows[1:] {
		if r[split] == o.split && r[lesion] != "0" && (o.limit <= 0 || len(names) < o.limit) {
			names = append(names, r[file])
		}
	}
	if len(names) == 0 {
		return nil, fault.New(codeEffortNone, path, nil, fault.Args{"Split": o.split})
	}
	return names, nil
}

// oneByOne lets several readers ask one predictor in turn.
type oneByOne struct {
	mu sync.Mutex
	p  inference.Predictor
}

func (o *oneByOne) Info() inference.Info { return o.p.Info() }

func (o *oneByOne) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.p.Predict(ctx, im, g)
}

// readAll lets the reader work on all images. What it gives is in the order of names, whoever was done first.
func readAll(ctx context.Context, o effortOptions, names []string, p inference.Predictor, report *reporter) ([]effort.Run, error) {
	options := effort.Defaults()
	options.Seed = o.seed
	if p.Info().Guided {
		options.Ask = p
	}
	all := make([][]effort.Run, len(names))
	var mu sync.Mutex
	done := 0
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, o.workers))
	for i, name := range names {
		g.Go(func() error {
			c, err := effortCase(ctx, o.data, name, p)
			if err != nil {
				return err
			}
			if all[i], err = effort.Read(ctx, c, o.strategies, options); err != nil {
				return named(err, name)
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			report.step(name, done, len(names))
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(all...), err
}

// effortCase opens one image with its true mask, and predicts it.
func effortCase(ctx context.Context, data, name string, p inference.Predictor) (*effort.Case, error) {
	path := filepath.Join(data, "images", name)
	st, err := study.Open(ctx, []string{path}, nil)
	if err != nil {
		return nil, err
	}
	if len(st.Items) != 1 {
		return nil, fault.New(codeEffortData, path, errors.Join(refusals(st)...), nil)
	}
	f, err := st.Items[0].Frame(0)
	if err != nil {
		return nil, named(err, path)
	}
	truth, err := trueMask(filepath.Join(data, "masks", name), f.W, f.H)
	if err != nil {
		return nil, err
	}
	c := &effort.Case{
		Name: name, Study: st, Key: review.Key{Instance: st.Items[0].ID}, Truth: truth,
		Image: inference.Image{W: f.W, H: f.H, Grey: f.Luma()},
	}
	if c.Predict, err = p.Predict(ctx, c.Image, inference.Guidance{}); err != nil {
		return nil, named(err, path)
	}
	return c, nil
}

func refusals(st *study.Study) []error {
	var out []error
	for _, r := range st.Refused {
		out = append(out, r)
	}
	return out
}

// trueMask reads a mask: what is not black is lesion.
func trueMask(path string, w, h int) (*mask.Plane, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(codeEffortMask, path, err, nil)
	}
	im, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fault.New(codeEffortMask, path, err, nil)
	}
	b := im.Bounds()
	if b.Dx() != w || b.Dy() != h {
		return nil, fault.New(codeEffortMask, path, fmt.Errorf("%d×%d, not %d×%d", b.Dx(), b.Dy(), w, h), nil)
	}
	p := mask.NewPlane(w, h)
	for y := range h {
		for x := range w {
			if r, g, bl, _ := im.At(b.Min.X+x, b.Min.Y+y).RGBA(); r+g+bl > 0 {
				p.Pix[y*w+x] = effort.Label
			}
		}
	}
	return p, nil
}

// writeEffort writes effort.csv, summary.json and effort.svg, and the table for people.
func writeEffort(o effortOptions, model inference.Info, runs []effort.Run, images int, out io.Writer) error {
	options := effort.Defaults()
	s := effort.Summary{
		Data: filepath.Base(filepath.Clean(o.data)), Split: o.split, Model: model.SHA256, Seed: o.seed, Images: images,
		Hand: options.Hand, Clock: options.Clock,
	}
	s.Figures, s.Ratios = effort.Summarise(runs)
	var table, plot bytes.Buffer
	if err := effort.WriteCSV(&table, runs); err != nil {
		return err
	}
	words := effort.Words{
		Title:   text.T("effort.plot.title", text.Args{"Data": s.Data, "Split": s.Split, "Images": images}),
		Seconds: text.T("effort.plot.seconds"), Images: text.T("effort.plot.images"), Target: "Dice",
	}
	if err := effort.Plot(&plot, runs, words); err != nil {
		return err
	}
	summary, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{"effort.csv": table.Bytes(), "effort.svg": plot.Bytes(), "summary.json": append(summary, '\n')}
	for name, data := range files {
		if err := durable.WriteFile(filepath.Join(o.out, name), data, 0o644); err != nil {
			return fault.New(codeEffortOut, filepath.Join(o.out, name), err, nil)
		}
	}
	return printEffort(out, s)
}

// printEffort writes the summary as a table.
func printEffort(out io.Writer, s effort.Summary) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, text.T("effort.table.head")+"\t")
	for _, f := range s.Figures {
		fmt.Fprintf(w, "%g\t%s\t%.2f\t%.1f\t%.1f\t%.0f\t%.2f\t%.1f %%\t%.1f %%\t\n", f.Target, f.Strategy, f.Gestures, f.Seconds,
			f.Median, f.PathPx, f.PathShare, 100*f.Reached, 100*f.Anew)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range s.Ratios {
		if r.Against == effort.Brush || r.Against == effort.Draw {
			fmt.Fprintln(out, text.T("effort.table.ratio", text.Args{
				"Target": fmt.Sprint(r.Target), "Against": r.Against, "Ratio": fmt.Sprintf("%.2f", r.Seconds),
			}))
		}
	}
	return nil
}
