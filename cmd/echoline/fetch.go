package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"echoline/internal/dicomweb"
	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/text"
)

// Faults of the fetch command.
const (
	codeFetchFolder  fault.Code = "fetch.folder"  // the folder or a file in it cannot be written; Cause
	codeFetchExists  fault.Code = "fetch.exists"  // another file of that name is there
	codeFetchPart    fault.Code = "fetch.part"    // what came is no DICOM instance; Cause
	codeFetchMissing fault.Code = "fetch.missing" // the server lists more than it gave; Have, Total
	codeFetchFailed  fault.Code = "fetch.failed"  // some were not written, each named before; Failed
)

// fetchOptions are the flags of fetch.
type fetchOptions struct {
	netFlags
	from, out string
	query     dicomweb.Query
	list      bool
	overwrite bool
	quiet     bool
}

// fetchCommand lists studies of an archive, or gets one.
func fetchCommand() *cobra.Command {
	var o fetchOptions
	c := &cobra.Command{
		Use:     "fetch --from URL --study UID --out DIR | fetch --from URL --list",
		Short:   text.T("fetch.short"),
		Long:    text.T("fetch.long"),
		Example: "  echoline fetch --from https://pacs.example/dicom-web --list --date 20260101-20260131\n  echoline fetch --from https://pacs.example/dicom-web --study 1.2.3.4 --out study",
		Args:    func(_ *cobra.Command, args []string) error { return o.check(args) },
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			report := newReporter(c.ErrOrStderr(), o.quiet)
			defer report.end()
			return runFetch(ctx, o, c.OutOrStdout(), report)
		},
	}
	f := c.Flags()
	f.StringVar(&o.from, "from", "", text.T("fetch.flag.from"))
	f.StringVar(&o.out, "out", "", text.T("fetch.flag.out"))
	f.StringVar(&o.query.StudyUID, "study", "", text.T("fetch.flag.study"))
	f.BoolVar(&o.list, "list", false, text.T("fetch.flag.list"))
	f.StringVar(&o.query.PatientID, "patient", "", text.T("fetch.flag.patient"))
	f.StringVar(&o.query.Accession, "accession", "", text.T("fetch.flag.accession"))
	f.StringVar(&o.query.Date, "date", "", text.T("fetch.flag.date"))
	f.BoolVar(&o.overwrite, "overwrite", false, text.T("export.cli.flag.overwrite"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	o.add(c)
	return c
}

// check finds wrong usage before anything is asked.
func (o *fetchOptions) check(args []string) error {
	missing := func(flag string) error {
		return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": flag}))
	}
	switch {
	case o.from == "":
		return missing("--from")
	case len(args) > 0:
		return fmt.Errorf("%w: %s", errUsage, text.T("fetch.usage.args"))
	case o.list:
		return nil
	case o.query.StudyUID == "":
		return missing("--study")
	case o.out == "":
		return missing("--out")
	case !dicomweb.IsUID(o.query.StudyUID):
		return fmt.Errorf("%w: %s", errUsage, text.T("fetch.usage.uid"))
	}
	return nil
}

func runFetch(ctx context.Context, o fetchOptions, out io.Writer, report *reporter) error {
	client, err := o.client(o.from, report)
	if err != nil {
		return err
	}
	if client.Plain() {
		report.note(text.T("send.plain", text.Args{"Host": client.Host()}))
	}
	if o.list {
		return listStudies(ctx, client, o.query, out)
	}
	study := o.query.StudyUID
	there, err := client.Instances(ctx, study)
	if err != nil {
		return err
	}
	if len(there) == 0 {
		return fault.New(dicomweb.CodeNoStudy, study, nil, nil)
	}
	f := &fetching{dir: filepath.Join(o.out, study), overwrite: o.overwrite, total: len(there), got: map[string]bool{}, report: report}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fault.New(codeFetchFolder, o.out, err, nil)
	}
	err = client.Fetch(ctx, study, f.take)
	report.end()
	if err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintln(out, text.N("fetch.done", len(f.got), text.Args{"Dir": f.dir}))
	}
	missing := 0
	for _, uid := range there {
		if !f.got[uid] {
			missing++
		}
	}
	switch {
	case report.failures() > 0:
		return fault.New(codeFetchFailed, "", nil, fault.Args{"Failed": report.failures()})
	case missing > 0:
		return fault.New(codeFetchMissing, study, nil, fault.Args{"Have": len(there) - missing, "Total": len(there)})
	}
	return nil
}

// listStudies prints one line per study, without names of people: its UID, date, modalities, instances, description.
func listStudies(ctx context.Context, client *dicomweb.Client, q dicomweb.Query, out io.Writer) error {
	studies, err := client.Studies(ctx, q)
	if err != nil {
		return err
	}
	for _, s := range studies {
		kinds := printable(strings.Join(s.Modalities, ","))
		fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%s\n", printable(s.UID), printable(s.Date), kinds, s.Instances, printable(s.Description))
	}
	return nil
}

// fetching is one study on its way.
type fetching struct {
	dir       string
	overwrite bool
	total     int
	got       map[string]bool // by SOP Instance UID
	report    *reporter
}

// maxInstance is how large an instance can be.
const maxInstance = 4 << 30

// take writes one instance. What is wrong with one is told and the rest goes on; the error is for what ends it.
func (f *fetching) take(r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, maxInstance))
	if err != nil {
		return err
	}
	file, err := part10.Parse(data, nil)
	uid := ""
	if err == nil {
		uid = file.Set.Text(part10.SOPInstance)
	}
	if !dicomweb.IsUID(uid) {
		f.report.fail(fault.New(codeFetchPart, "", err, nil))
		return nil
	}
	path := filepath.Join(f.dir, uid+".dcm")
	switch old, err := os.ReadFile(path); {
	case err == nil && bytes.Equal(old, data):
		f.done(uid)
		return nil
	case err == nil && !f.overwrite:
		f.report.fail(fault.New(codeFetchExists, path, nil, nil))
		f.done(uid)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fault.New(codeFetchFolder, path, err, nil)
	}
	if err := durable.WriteFile(path, data, 0o644); err != nil {
		return fault.New(codeFetchFolder, path, err, nil)
	}
	f.done(uid)
	return nil
}

func (f *fetching) done(uid string) {
	f.got[uid] = true
	f.report.step(text.T("fetch.step"), len(f.got), f.total)
}
