package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/durable"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/mask"
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

// The files of a report.
const (
	agreePage    = "agreement.html"
	agreeCases   = "cases.csv"
	agreeSummary = "summary.csv"
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
	pairs := agree.Pairs(g.list(), o.tolerance)
	if len(pairs) == 0 {
		return fault.New(codeAgreeReaders, o.workspace, nil, nil)
	}
	sums := agree.Summarise(pairs, agreeSeed)
	if err := writeAgreement(o, pairs, sums, g.trust()); err != nil {
		return err
	}
	if !o.silent {
		for _, s := range sums {
			fmt.Fprintln(out, text.T("agree.cli.line", text.Args{
				"A": s.A, "B": s.B, "Cases": s.Cases, "Dice": estimateText(s.Dice), "Page": filepath.Join(o.out, agreePage),
			}))
		}
	}
	return nil
}

// agreeSeed makes the intervals of one workspace the same each time.
const agreeSeed = 1

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
	g := &gathering{cases: map[review.Key]*agree.Case{}, kept: map[string][]agree.Kept{}}
	for _, reader := range readers {
		r, err := reopen(ctx, ws, reader, export.Accepted, report)
		if err != nil {
			return nil, err
		}
		g.add(r)
		if o.model {
			g.addKept(r, predictionsOf(ws))
		}
	}
	if o.model {
		g.addModel(ws)
	}
	return g, nil
}

// gathering sorts what readers did by frame.
type gathering struct {
	cases map[review.Key]*agree.Case
	order []review.Key
	kept  map[string][]agree.Kept // by reader: what the model said of the frames and what became of it
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

// add takes the frames that a reader accepted.
func (g *gathering) add(r *review.Review) {
	eachAccepted(r, func(it *study.Item, k review.Key, f *review.Frame) {
		c := g.cases[k]
		if c == nil {
			c = &agree.Case{Name: caseName(it, k.Frame), Group: groupOf(it), MM: millimetres(r, k), Masks: map[string]*mask.Plane{}}
			g.cases[k] = c
			g.order = append(g.order, k)
		}
		c.Masks[r.Reader()] = f.Labels
	})
}

// addKept takes what a model said of the frames that a reader accepted: the one that the mask started from, or the last.
func (g *gathering) addKept(r *review.Review, predicted func(*review.Frame) *inference.Prediction) {
	eachAccepted(r, func(it *study.Item, k review.Key, f *review.Frame) {
		p := predicted(f)
		if p == nil {
			return
		}
		kept := agree.Kept{Group: groupOf(it), MM: millimetres(r, k), Accepted: f.Labels, Marks: f.Marks}
		for label := range p.Model.Labels {
			kept.Predicted = append(kept.Predicted, p.Contours(uint8(label+1))...)
		}
		g.kept[r.Reader()] = append(g.kept[r.Reader()], kept)
	})
}

// readerTrust is whether the model's bands hold for a reader.
type readerTrust struct {
	Reader string
	agree.Trust
}

// weakShare is the share of the model's boundary, over all frames of a reader, that the page calls weak.
const weakShare = 0.25

// trust checks the model's bands against what each reader accepted.
func (g *gathering) trust() []readerTrust {
	var out []readerTrust
	for reader, frames := range g.kept {
		weak := agree.WeakFrom(frames, weakShare)
		for i := range frames {
			frames[i].Weak = weak
		}
		out = append(out, readerTrust{reader, agree.Check(frames, agreeSeed)})
	}
	slices.SortFunc(out, func(a, b readerTrust) int { return strings.Compare(a.Reader, b.Reader) })
	return out
}

// addModel takes the model's last mask of the frames that readers accepted.
func (g *gathering) addModel(ws *store.Workspace) {
	for k, c := range g.cases {
		if p, err := ws.LastPrediction(k); err == nil && p != nil { // a frame that no model saw has none
			c.Masks[text.T("agree.model")] = p.Mask
		}
	}
}

// list gives the cases in the order in which they were met.
func (g *gathering) list() []agree.Case {
	var out []agree.Case
	for _, k := range g.order {
		out = append(out, *g.cases[k])
	}
	return out
}

// caseName is how people know a frame: never by a patient's name.
func caseName(it *study.Item, frame int) string {
	if it.Frames == 1 {
		return it.Name
	}
	return it.Name + " #" + strconv.Itoa(frame+1)
}

// groupOf says which cases belong to one patient, as far as the files tell: the study, else the file. It stays in memory.
func groupOf(it *study.Item) string {
	if it.Header != nil {
		for _, name := range []string{"PatientID", "StudyInstanceUID"} {
			if v := strings.TrimSpace(it.Header.Attr[name]); v != "" {
				return v
			}
		}
	}
	return it.ID
}

// millimetres is the size of a pixel, 0 where the frame has no scale.
func millimetres(r *review.Review, k review.Key) float64 {
	sp, cal := r.SpacingAt(k)
	if cal == study.Uncalibrated {
		return 0
	}
	return math.Sqrt(sp.X * sp.Y)
}

// writeAgreement writes the page and both tables.
func writeAgreement(o agreeOptions, pairs []agree.Pair, sums []agree.Summary, trust []readerTrust) error {
	page, err := agreementPage(pairs, sums, trust, o.tolerance)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fault.New(codeAgreeWrite, o.out, err, nil)
	}
	for name, data := range map[string][]byte{agreePage: page, agreeCases: caseTable(pairs), agreeSummary: summaryTable(sums)} {
		if err := durable.WriteFile(filepath.Join(o.out, name), data, 0o644); err != nil {
			return fault.New(codeAgreeWrite, filepath.Join(o.out, name), err, nil)
		}
	}
	return nil
}

// caseTable is every pair of every case; lengths in px, with the size of a pixel beside them.
func caseTable(pairs []agree.Pair) []byte {
	rows := [][]string{{
		"case", "reader_a", "reader_b", "label", "mm_per_px", "dice", "iou", "nsd", "hd95_px", "asd_px",
		"area_a_px", "area_b_px", "longest_a_px", "longest_b_px",
	}}
	for _, p := range agree.Worst(pairs) {
		rows = append(rows, []string{
			p.Case, p.A, p.B, strconv.Itoa(int(p.Label)), plain(p.MM), plain(p.Dice), plain(p.IoU), plain(p.NSD), plain(p.HD95),
			plain(p.ASD), plain(p.AreaA), plain(p.AreaB), plain(p.LongestA), plain(p.LongestB),
		})
	}
	return table(rows)
}

// summaryTable is what the readers' pairs come to.
func summaryTable(sums []agree.Summary) []byte {
	head := []string{"reader_a", "reader_b", "label", "cases", "groups", "unit"}
	for _, name := range []string{"dice", "iou", "nsd", "hd95", "asd", "kappa"} {
		head = append(head, name, name+"_low", name+"_high")
	}
	for _, name := range []string{"area", "longest"} {
		head = append(head, name+"_n", name+"_bias", name+"_low", name+"_high")
	}
	rows := [][]string{head}
	for _, s := range sums {
		row := []string{s.A, s.B, strconv.Itoa(int(s.Label)), strconv.Itoa(s.Cases), strconv.Itoa(s.Groups), unitOf(s)}
		for _, e := range []agree.Estimate{s.Dice, s.IoU, s.NSD, s.HD95, s.ASD, s.Kappa} {
			row = append(row, plain(e.Value), plain(e.Low), plain(e.High))
		}
		for _, l := range []agree.Limits{s.Area, s.Longest} {
			row = append(row, strconv.Itoa(l.N), plain(l.Bias), plain(l.Low), plain(l.High))
		}
		rows = append(rows, row)
	}
	return table(rows)
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.WriteAll(rows) // into memory
	return b.Bytes()
}

// plain writes a number for machines; nothing where there is none.
func plain(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 8, 64)
}

func unitOf(s agree.Summary) string { return unitName(s.Millimetres) }

// unitName is that of lengths.
func unitName(mm bool) string {
	if mm {
		return "mm"
	}
	return "px"
}
