package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"echoline/inference"
	"echoline/internal/annex"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of the import command.
const (
	codeImportFailed fault.Code = "import.failed" // some files or images failed, each named before; Failed
	codeImportImages fault.Code = "import.images" // the workspace has no image that can be opened
)

// importOptions are the flags of import.
type importOptions struct {
	workspace, reader, labels string
	images, label             []string
	quiet                     bool
}

// importCommand reads masks into a workspace.
func importCommand() *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:     "import --workspace DIR PATH…",
		Short:   text.T("import.cli.short"),
		Long:    text.T("import.cli.long"),
		Example: "  echoline import --workspace ~/reviews masks/\n  echoline import --workspace ~/reviews --images study/ --label Tumour=lesion others.seg.dcm",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case o.workspace == "":
				return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--workspace"}))
			case len(args) == 0:
				return fmt.Errorf("%w: %s", errUsage, text.T("import.cli.usage.paths"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return runImport(ctx, o, args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	f.StringVar(&o.reader, "reader", "", text.T("import.cli.flag.reader"))
	f.StringArrayVar(&o.images, "images", nil, text.T("import.cli.flag.images"))
	f.StringArrayVar(&o.label, "label", nil, text.T("import.cli.flag.label"))
	f.StringVar(&o.labels, "labels", "", text.T("export.cli.flag.labels"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// runImport runs the command. What fails is named on log and the rest goes on.
func runImport(ctx context.Context, o importOptions, paths []string, out, log io.Writer) error {
	if err := store.Find(o.workspace); err != nil {
		if len(o.images) == 0 {
			return fault.New(codeExportWorkspace, o.workspace, err, nil)
		}
		if err := o.checkLabels(); err != nil { // before a workspace is made
			return err
		}
	}
	ws, err := store.Open(o.workspace)
	if err != nil {
		return err
	}
	defer ws.Close()
	report := newReporter(log, o.quiet)
	table, err := labelTable(o.labels, ws)
	missing, err := annex.Missing(err, nil)
	if err != nil {
		return err
	}
	if missing != nil {
		report.fail(missing)
	}
	named, err := labelMap(o.label, table)
	if err != nil {
		return err
	}
	if o.reader, err = readerOf(ws, o.reader); err != nil {
		return err
	}
	r, err := openForImport(ctx, ws, o, report)
	if err != nil {
		return err
	}
	st := r.Study()
	files, failed, err := export.Read(ctx, paths, st.Items, export.ReadOptions{
		Names: r.Labels(), Known: knownLabels(ws, st), Table: table, Map: named,
		Progress: func(done, total int) { report.step(text.T("import.cli.reading"), done, total) },
	})
	report.end()
	for _, f := range failed {
		report.fail(f)
	}
	if err != nil {
		return err
	}
	return takeMasks(ws, r, files, o, out, report)
}

// checkLabels finds wrong --label and --labels where there is no workspace yet.
func (o *importOptions) checkLabels() error {
	table, err := export.WorkspaceLabels(o.workspace, nil)
	if o.labels != "" {
		table, err = export.LoadLabels(o.labels)
	}
	if err == nil {
		_, err = labelMap(o.label, table)
	}
	return err
}

// openForImport opens the images that masks may belong to, with the reader's review of them.
func openForImport(ctx context.Context, ws *store.Workspace, o importOptions, report *reporter) (*review.Review, error) {
	paths := o.images
	if len(paths) == 0 {
		items, _, err := worked(ws, o.reader, export.All)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			paths = append(paths, it.Path)
		}
	}
	st := &study.Study{}
	if len(paths) > 0 {
		var err error
		st, err = study.Open(ctx, paths, func(done, total int) { report.step(text.T("export.cli.opening"), done, total) })
		if err != nil {
			return nil, err
		}
	}
	for _, f := range st.Refused {
		report.fail(f)
	}
	if len(st.Items) == 0 {
		return nil, fault.New(codeImportImages, o.workspace, nil, nil)
	}
	return ws.Review(st, o.reader)
}

// takeMasks gives the review what was read, and says what became of it.
func takeMasks(ws *store.Workspace, r *review.Review, files []export.Imported, o importOptions, out io.Writer, report *reporter) error {
	taken, from := 0, 0
	for i := range files {
		im := &files[i]
		var a export.Applied
		for _, f := range im.Frames {
			if err := im.Apply(r, f, ws.SavePrediction, &a); err != nil {
				return err
			}
		}
		for _, n := range append(im.Notes, a.Notes(im.Path)...) {
			report.fail(n)
		}
		if a.Taken > 0 {
			from++
			taken += a.Taken
			if err := ws.Audit(o.reader, "imported", fmt.Sprintf("%d frames, sha256 %s", a.Taken, im.SHA256)); err != nil {
				report.fail(err)
			}
		}
	}
	if err := r.Flush(); err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintln(out, text.N("import.cli.taken", taken, text.Args{"Files": from}))
	}
	if n := report.failures(); n > 0 {
		return fault.New(codeImportFailed, "", nil, fault.Args{"Failed": n})
	}
	return nil
}

// labelMap reads --label NAME=LABEL: the label's value or its name in the table; nothing behind the sign leaves it out.
func labelMap(flags []string, table export.LabelTable) (map[string]uint8, error) {
	out := map[string]uint8{}
	for _, f := range flags {
		at := strings.LastIndex(f, "=")
		if at < 1 {
			return nil, fmt.Errorf("%w: %s", errUsage, text.T("import.cli.usage.label", text.Args{"Flag": f}))
		}
		name, label := f[:at], f[at+1:]
		v, err := strconv.ParseUint(label, 10, 8)
		if label == "" {
			v, err = 0, nil
		}
		if err != nil {
			l, ok := table.ByName(label)
			for _, c := range export.CommonLabels() {
				if strings.EqualFold(c.Name, label) && l.Value == 0 {
					l, ok = c, true
				}
			}
			if !ok || l.Value == 0 {
				return nil, fmt.Errorf("%w: %s", errUsage, text.T("import.cli.usage.label", text.Args{"Flag": f}))
			}
			v = uint64(l.Value)
		}
		out[name] = uint8(v)
	}
	return out, nil
}

// knownLabels are those of the model that predicted the study's images, or the lesion that every review knows.
func knownLabels(ws *store.Workspace, st *study.Study) []inference.Label {
	for _, it := range st.Items {
		if p := ws.Recall(review.Key{Instance: it.ID}, ""); p != nil && len(p.Model.Labels) > 0 && !strings.HasPrefix(p.Model.SHA256, review.ImportPrefix) {
			return p.Model.Labels
		}
	}
	return export.CommonLabels()
}
