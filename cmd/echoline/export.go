package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"echoline/assets"
	"echoline/inference"
	"echoline/internal/annex"
	"echoline/internal/deid"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of the export command.
const (
	codeExportWorkspace fault.Code = "export.workspace" // no workspace in that folder
	codeExportReader    fault.Code = "export.reader"    // the workspace does not know the reader; Readers
	codeExportMissing   fault.Code = "export.missing"   // the file of a reviewed image holds another image now
	codeExportFailed    fault.Code = "export.failed"    // some items failed, each named before; Failed
)

// exportOptions are the flags of export.
type exportOptions struct {
	workspace, format, include, out, reader, labels string
	overwrite, manifest, quiet                      bool
	private                                         private
}

// exportCommand writes the masks of a workspace to files.
func exportCommand() *cobra.Command {
	var o exportOptions
	c := &cobra.Command{
		Use:     "export --workspace DIR --format " + strings.Join(export.Formats(), "|") + " --out DIR",
		Short:   text.T("export.cli.short"),
		Long:    text.T("export.cli.long"),
		Example: "  echoline export --workspace ~/reviews --format seg --out masks\n  echoline export --workspace ~/reviews --format png --include all --out masks",
		Args: func(_ *cobra.Command, args []string) error {
			return o.check(args)
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			o.private.in = c.InOrStdin()
			return runExport(ctx, o, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	f.StringVar(&o.format, "format", "", text.T("export.cli.flag.format"))
	f.StringVar(&o.include, "include", string(export.Accepted), text.T("export.cli.flag.include"))
	f.StringVar(&o.out, "out", "", text.T("export.cli.flag.out"))
	f.StringVar(&o.reader, "reader", "", text.T("export.cli.flag.reader"))
	f.StringVar(&o.labels, "labels", "", text.T("export.cli.flag.labels"))
	f.BoolVar(&o.overwrite, "overwrite", false, text.T("export.cli.flag.overwrite"))
	f.BoolVar(&o.manifest, "manifest", false, text.T("export.cli.flag.manifest"))
	f.BoolVar(&o.private.on, "deidentify", false, text.T("deid.flag.export"))
	f.StringVar(&o.private.deid.dates, "dates", string(deid.Modified), text.T("deid.flag.dates"))
	f.StringVar(&o.private.deid.key, "key", "", text.T("deid.flag.key"))
	f.StringVar(&o.private.deid.preview, "preview", "", text.T("deid.flag.preview"))
	f.BoolVar(&o.private.deid.yes, "yes", false, text.T("deid.flag.yes"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// check finds wrong usage before anything is touched.
func (o *exportOptions) check(args []string) error {
	for flag, value := range map[string]string{"workspace": o.workspace, "format": o.format, "out": o.out} {
		if value == "" {
			return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--" + flag}))
		}
	}
	if len(args) > 0 {
		return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.args"))
	}
	if !slices.Contains(export.Formats(), o.format) {
		return fmt.Errorf("%w: %s", errUsage, text.Fault(fault.New(export.CodeFormat, o.format, nil, fault.Args{"Formats": export.Formats()})))
	}
	if _, err := export.ParseInclude(o.include); err != nil {
		return fmt.Errorf("%w: %s", errUsage, text.Fault(err))
	}
	return o.private.check()
}

// runExport runs the command. What fails is named on log and the rest goes on.
func runExport(ctx context.Context, o exportOptions, out, log io.Writer) error {
	ws, err := openWorkspace(o.workspace)
	if err != nil {
		return err
	}
	defer ws.Close()
	if o.reader, err = chooseReader(ws, o); err != nil {
		return err
	}
	include, err := export.ParseInclude(o.include)
	if err != nil {
		return err
	}
	report := newReporter(log, o.quiet)
	o.private.nameless(log, report)
	if n := ws.Notice(); n != nil {
		report.fail(n)
	}
	r, err := reopen(ctx, ws, o.reader, include, report)
	if err != nil {
		return err
	}
	recall := models.Recall(ws)
	in := export.FromStored(r, include, func(f *review.Frame) *inference.Prediction { return recall(f.Key, export.Asked(f)) })
	in.Maps = recall
	if err := annex.Add(ws, &in); err != nil {
		report.fail(err)
	}
	in.Table, err = labelTable(o.labels, ws)
	missing, err := annex.Missing(err, &in)
	if err != nil {
		return err
	}
	if missing != nil {
		report.fail(missing)
	}
	res, err := o.write(ctx, in, include, log, report)
	report.end()
	for _, f := range res.Failed {
		report.fail(f)
	}
	if len(res.Files) > 0 {
		if err := noteExport(ws, o, res); err != nil {
			report.fail(err)
		}
	}
	if !o.quiet {
		summarise(out, res, o.out)
	}
	if n := report.failures(); err == nil && n > 0 {
		return fault.New(codeExportFailed, "", nil, fault.Args{"Failed": n})
	}
	return err
}

// write runs the export.
func (o *exportOptions) write(ctx context.Context, in export.Input, include export.Include, log io.Writer, report *reporter) (export.Result, error) {
	private, done, err := o.private.options(o.format, len(in.Items), log, report)
	if err != nil {
		return export.Result{}, err
	}
	defer done()
	return export.Run(ctx, in, export.Options{
		Format: o.format, Dir: o.out, Private: private, Include: include, Overwrite: o.overwrite, Manifest: o.manifest,
		Version: version, Now: time.Now(), Report: reportParts(),
		Progress: func(done, total int) { report.step(text.T("export.cli.writing"), done, total) },
	})
}

// chooseReader is the reader asked for, or the only one that there is.
func chooseReader(ws *store.Workspace, o exportOptions) (string, error) {
	readers, err := ws.Readers()
	if len(readers) > 1 { // without a name only a model worked
		readers = slices.DeleteFunc(readers, func(n string) bool { return n == "" })
	}
	switch {
	case err != nil:
		return "", err
	case len(readers) == 0:
		return "", fault.New(codeExportWorkspace, o.workspace, errors.New(text.T("export.cli.empty_workspace")), nil)
	case o.reader == "" && len(readers) == 1:
		return readers[0], nil
	case o.reader == "":
		return "", fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.reader", text.Args{"Readers": strings.Join(readers, ", ")}))
	case !slices.Contains(readers, o.reader):
		return "", fault.New(codeExportReader, o.reader, nil, fault.Args{"Readers": strings.Join(readers, ", ")})
	}
	return o.reader, nil
}

// reopen opens what the reader reviewed, with everything done to it, and for include all also what only a model looked
// at. Files that cannot be opened any more are named on report. Nothing is written to the workspace.
func reopen(ctx context.Context, ws *store.Workspace, reader string, include export.Include, report *reporter) (*review.Review, error) {
	items, entries, err := worked(ws, reader, include)
	if err != nil {
		return nil, err
	}
	st := &study.Study{}
	if len(items) > 0 {
		paths := make([]string, len(items))
		for i, it := range items {
			paths[i] = it.Path
		}
		st, err = study.Open(ctx, paths, func(done, total int) { report.step(text.T("export.cli.opening"), done, total) })
		if err != nil {
			return nil, err
		}
	}
	nameMissing(st, items, report)
	r := review.New(st, reader, nil)
	labels, err := ws.Labels(reader)
	if err != nil {
		return nil, err
	}
	r.SetLabels(labels)
	there := map[string]bool{}
	for _, it := range st.Items {
		there[it.ID] = true
	}
	entries = slices.DeleteFunc(entries, func(e review.Entry) bool { return !there[e.Key.Instance] })
	if err := r.Replay(entries); err != nil { // damaged entries: the rest of the review is there
		report.fail(err)
	}
	return r, nil
}

// worked lists the items of the workspace that matter for an export, and what the reader did to them.
func worked(ws *store.Workspace, reader string, include export.Include) ([]store.Item, []review.Entry, error) {
	items, err := ws.Instances()
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.ID
	}
	entries, err := ws.Entries(reader, ids)
	if err != nil || include == export.All {
		return items, entries, err
	}
	touched := map[string]bool{}
	for _, e := range entries {
		touched[e.Key.Instance] = true
	}
	items = slices.DeleteFunc(items, func(it store.Item) bool { return !touched[it.ID] })
	return items, entries, nil
}

// nameMissing reports the items that could not be opened, or whose file now holds something else.
func nameMissing(st *study.Study, items []store.Item, report *reporter) {
	named := map[string]bool{}
	for _, f := range st.Refused {
		report.fail(f)
		named[f.Where] = true
	}
	for _, it := range items {
		if !named[it.Path] && !slices.ContainsFunc(st.Items, func(s *study.Item) bool { return s.ID == it.ID }) {
			report.fail(fault.New(codeExportMissing, it.Path, nil, nil))
		}
	}
}

// openWorkspace opens a workspace that must be there.
func openWorkspace(dir string) (*store.Workspace, error) {
	if err := store.Find(dir); err != nil {
		return nil, fault.New(codeExportWorkspace, dir, err, nil)
	}
	return store.Open(dir)
}

// predictionsOf finds in the workspace what the model said that a frame's mask started from, or the last one. Without it only
// provenance is poorer: the mask is the review's.
func predictionsOf(ws *store.Workspace) func(*review.Frame) *inference.Prediction {
	return func(f *review.Frame) *inference.Prediction { return ws.Recall(f.Key, f.Model) }
}

// labelTable is the table of labels that was named, else the workspace's own, else its project's schema.
func labelTable(named string, ws *store.Workspace) (export.LabelTable, error) {
	if named != "" {
		return export.LoadLabels(named)
	}
	return annex.Labels(ws)
}

// reportParts are what a report is made of besides the masks.
func reportParts() export.Report {
	return export.Report{
		Regular: assets.FontRegular, Bold: assets.FontBold,
		Say:  func(key string, args fault.Args) string { return text.T(key, args) },
		Card: func(words string) string { return text.Instead("models.card.intended", words) },
	}
}

// noteExport adds the export to the audit trail, with the checksum of its manifest.
func noteExport(ws *store.Workspace, o exportOptions, res export.Result) error {
	sum := sha256.Sum256(res.Manifest(o.out))
	return ws.Audit(o.reader, "exported", fmt.Sprintf("%s %s, %d files, sha256 %x", o.format, o.include, len(res.Files), sum))
}

// summarise says for people what was written and what not.
func summarise(out io.Writer, res export.Result, dir string) {
	if res.Kept > 0 {
		fmt.Fprintln(out, text.N("export.cli.kept", res.Kept))
	}
	for _, name := range res.Empty {
		fmt.Fprintln(out, text.T("export.cli.empty", text.Args{"Name": name}))
	}
	if res.LeftOut > 0 {
		fmt.Fprintln(out, text.N("export.cli.leftout", res.LeftOut))
	}
	fmt.Fprintln(out, text.N("export.cli.written", len(res.Files), text.Args{"Dir": dir}))
}
