package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"echoline/assets"
	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/concord"
	"echoline/internal/durable"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of the agree command.
const (
	codeAgreeReaders fault.Code = "agree.readers" // fewer than two readers with decided frames in common
	codeAgreeWrite   fault.Code = "agree.write"   // the report cannot be written
	codeAgreeThere   fault.Code = "agree.there"   // the folder holds a report already
)

// The files of a report that the command itself speaks of.
const (
	agreePage    = concord.Page
	agreeCases   = concord.CasesName
	agreeSummary = concord.SummaryName
)

// agreeOptions are the flags of agree.
type agreeOptions struct {
	workspace, out           string
	readers                  []string
	tolerance                float64
	model, overwrite, silent bool
}

// agreeCommand compares the readers of a workspace.
func agreeCommand() *cobra.Command {
	var o agreeOptions
	c := &cobra.Command{
		Use:     "agree --workspace DIR --out DIR",
		Short:   text.T("agree.cli.short"),
		Long:    text.T("agree.cli.long"),
		Example: "  echoline merge ~/reviews ~/kim/reviews\n  echoline agree --workspace ~/reviews --out agreement --model",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case o.workspace == "" || o.out == "":
				return fmt.Errorf("%w: %s", errUsage, text.T("agree.cli.usage"))
			case len(args) > 0:
				return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.args"))
			case !(o.tolerance >= 0):
				return fmt.Errorf("%w: %s", errUsage, text.T("agree.cli.tolerance"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return runAgree(ctx, o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	f.StringVar(&o.out, "out", "", text.T("agree.cli.flag.out"))
	f.StringSliceVar(&o.readers, "readers", nil, text.T("agree.cli.flag.readers"))
	f.Float64Var(&o.tolerance, "tolerance", 2, text.T("agree.cli.flag.tolerance"))
	f.BoolVar(&o.model, "model", false, text.T("agree.cli.flag.model"))
	f.BoolVar(&o.overwrite, "overwrite", false, text.T("export.cli.flag.overwrite"))
	f.BoolVar(&o.silent, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// runAgree runs the command.
func runAgree(ctx context.Context, o agreeOptions, out, log io.Writer) error {
	if err := store.Find(o.workspace); err != nil {
		return fault.New(codeExportWorkspace, o.workspace, err, nil)
	}
	if _, err := os.Stat(filepath.Join(o.out, agreePage)); err == nil && !o.overwrite {
		return fault.New(codeAgreeThere, o.out, nil, nil)
	}
	ws, err := store.Open(o.workspace)
	if err != nil {
		return err
	}
	defer ws.Close()
	report := newReporter(log, o.silent)
	g, err := gather(ctx, ws, o, report)
	report.end()
	if err != nil {
		return err
	}
	pairs := g.Pairs(o.tolerance)
	if len(pairs) == 0 {
		return fault.New(codeAgreeReaders, o.workspace, nil, nil)
	}
	rep := concord.New(pairs, o.tolerance)
	rep.Trust, rep.Version, rep.Language, rep.Research = g.trust(), version, text.Language(), text.T("research.only")
	rep.Say = func(key string, args fault.Args) string { return text.T(key, args) }
	if err := writeAgreement(o, rep); err != nil {
		return err
	}
	if !o.silent {
		for _, s := range rep.Sums {
			fmt.Fprintln(out, text.T("agree.cli.line", text.Args{
				"A": s.A, "B": s.B, "Cases": s.Cases, "Dice": concord.Estimate(s.Dice), "Page": filepath.Join(o.out, agreePage),
			}))
		}
	}
	return nil
}

// agreeSeed makes the intervals of one workspace the same each time.
const agreeSeed = concord.Seed

// gather collects the frames that readers accepted, each with every reader's mask.
func gather(ctx context.Context, ws *store.Workspace, o agreeOptions, report *reporter) (*gathering, error) {
	readers, err := ws.Readers()
	if err != nil {
		return nil, err
	}
	readers = slices.DeleteFunc(readers, func(n string) bool { return n == "" })
	for _, name := range o.readers {
		if !slices.Contains(readers, name) {
			return nil, fault.New(codeExportReader, name, nil, fault.Args{"Readers": strings.Join(readers, ", ")})
		}
	}
	if len(o.readers) > 0 {
		readers = o.readers
	}
	p, err := project.Load(ws)
	if p == nil && err != nil {
		return nil, err
	}
	g := &gathering{Gathering: agree.Gathering{ClassOf: p.ClassOf}, kept: map[string][]agree.Kept{}}
	for _, reader := range readers {
		r, err := reopen(ctx, ws, reader, export.Accepted, report)
		if err != nil {
			return nil, err
		}
		g.Add(r)
		if err := g.addRepeats(ws, r); err != nil {
			return nil, err
		}
		if o.model {
			g.addKept(r, predictionsOf(ws))
		}
	}
	if o.model {
		g.AddModel(text.T("agree.model"), func(k review.Key) *mask.Plane {
			p, err := ws.LastPrediction(k)
			if err != nil || p == nil { // a frame that no model saw has none
				return nil
			}
			return p.Mask
		})
	}
	return g, nil
}

// gathering sorts what readers did by frame.
type gathering struct {
	agree.Gathering
	kept map[string][]agree.Kept // by reader: what the model said of the frames and what became of it
}

// addRepeats takes the frames that a reader read again later.
func (g *gathering) addRepeats(ws *store.Workspace, r *review.Review) error {
	ids := make([]string, len(r.Study().Items))
	for i, it := range r.Study().Items {
		ids[i] = it.ID
	}
	entries, err := ws.Entries(r.Reader(), ids)
	if err != nil {
		return err
	}
	g.AddRepeats(r, entries, agree.RepeatAfter, text.T("agree.first", text.Args{"Reader": r.Reader()}))
	return nil
}

// eachAccepted goes through the frames that a reader accepted.
func eachAccepted(r *review.Review, do func(it *study.Item, k review.Key, f *review.Frame)) {
	for _, it := range r.Study().Items {
		for i := range it.Frames {
			k := review.Key{Instance: it.ID, Frame: i}
			if f := r.Frame(k); f.Status == review.Accepted {
				do(it, k, f)
			}
		}
	}
}

// addKept takes what a model said of the frames that a reader accepted: the one that the mask started from, or the last.
func (g *gathering) addKept(r *review.Review, predicted func(*review.Frame) *inference.Prediction) {
	eachAccepted(r, func(it *study.Item, k review.Key, f *review.Frame) {
		p := predicted(f)
		if p == nil {
			return
		}
		kept := agree.Kept{Group: agree.GroupOf(it), MM: r.PixelSize(k), Accepted: f.Labels, Marks: f.Marks}
		for label := range p.Model.Labels {
			kept.Predicted = append(kept.Predicted, p.Contours(uint8(label+1))...)
		}
		g.kept[r.Reader()] = append(g.kept[r.Reader()], kept)
	})
}

// weakShare is the share of the model's boundary, over all frames of a reader, that the page calls weak.
const weakShare = 0.25

// trust checks the model's bands against what each reader accepted.
func (g *gathering) trust() []concord.ReaderTrust {
	var out []concord.ReaderTrust
	for reader, frames := range g.kept {
		weak := agree.WeakFrom(frames, weakShare)
		for i := range frames {
			frames[i].Weak = weak
		}
		out = append(out, concord.ReaderTrust{Reader: reader, Trust: agree.Check(frames, agreeSeed)})
	}
	slices.SortFunc(out, func(a, b concord.ReaderTrust) int { return strings.Compare(a.Reader, b.Reader) })
	return out
}

// writeAgreement writes the page, for screen and paper, and both tables.
func writeAgreement(o agreeOptions, rep *concord.Report) error {
	files, err := rep.Files(assets.FontRegular, assets.FontBold, time.Now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fault.New(codeAgreeWrite, o.out, err, nil)
	}
	for name, data := range files {
		if err := durable.WriteFile(filepath.Join(o.out, name), data, 0o644); err != nil {
			return fault.New(codeAgreeWrite, filepath.Join(o.out, name), err, nil)
		}
	}
	return nil
}
