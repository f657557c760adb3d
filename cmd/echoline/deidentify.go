package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"echoline/internal/deid"
	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/text"
)

// Faults of the deidentify command.
const (
	codeDeidNone    fault.Code = "deid.none"    // nothing in the paths is an image
	codeDeidFailed  fault.Code = "deid.failed"  // some were not written, each named before; Failed
	codeDeidAnswer  fault.Code = "deid.answer"  // somebody is to review it, and nobody answers
	codeDeidPreview fault.Code = "deid.preview" // the previews cannot be written; Cause
)

// deidOptions are the flags of deidentify.
type deidOptions struct {
	out, dates, key, preview string
	keep, blank              []string
	yes, overwrite, quiet    bool
	bare                     bool // no words of descriptions stay
}

// deidentifyCommand writes files without persons.
func deidentifyCommand() *cobra.Command {
	var o deidOptions
	c := &cobra.Command{
		Use:     "deidentify --out DIR PATH…",
		Short:   text.T("deid.short"),
		Long:    text.T("deid.long"),
		Example: "  echoline deidentify --out shared study/\n  echoline deidentify --yes --preview previews --out shared study/",
		Args:    func(_ *cobra.Command, args []string) error { return o.check(args) },
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			report := newReporter(c.ErrOrStderr(), o.quiet)
			defer report.end()
			return runDeidentify(ctx, o, args, c, report)
		},
	}
	f := c.Flags()
	f.StringVar(&o.out, "out", "", text.T("deid.flag.out"))
	f.StringVar(&o.dates, "dates", string(deid.Modified), text.T("deid.flag.dates"))
	f.StringVar(&o.key, "key", "", text.T("deid.flag.key"))
	f.StringVar(&o.preview, "preview", "", text.T("deid.flag.preview"))
	f.StringArrayVar(&o.keep, "keep", nil, text.T("deid.flag.keep"))
	f.StringArrayVar(&o.blank, "blank", nil, text.T("deid.flag.blank"))
	f.BoolVar(&o.bare, "no-descriptions", false, text.T("deid.flag.bare"))
	f.BoolVar(&o.yes, "yes", false, text.T("deid.flag.yes"))
	f.BoolVar(&o.overwrite, "overwrite", false, text.T("export.cli.flag.overwrite"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// check finds wrong usage before anything is touched.
func (o *deidOptions) check(args []string) error {
	switch {
	case o.out == "":
		return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--out"}))
	case len(args) == 0:
		return fmt.Errorf("%w: %s", errUsage, text.T("study.usage.paths"))
	}
	if err := o.checkDates(); err != nil {
		return err
	}
	for _, s := range append(o.keep, o.blank...) {
		if _, err := parseBox(s); err != nil {
			return fmt.Errorf("%w: %s", errUsage, text.T("deid.usage.box"))
		}
	}
	return nil
}

func (o *deidOptions) checkDates() error {
	switch deid.Dates(o.dates) {
	case deid.Modified, deid.Full, deid.Removed:
		return nil
	}
	return fmt.Errorf("%w: %s", errUsage, text.T("deid.usage.dates"))
}

// parseBox reads x,y,width,height in pixels.
func parseBox(s string) (image.Rectangle, error) {
	var x, y, w, h int
	var rest string
	if n, _ := fmt.Sscanf(s+" .", "%d,%d,%d,%d %s", &x, &y, &w, &h, &rest); n != 5 || rest != "." || x < 0 || y < 0 || w < 1 || h < 1 {
		return image.Rectangle{}, errUsage
	}
	return image.Rect(x, y, x+w, y+h), nil
}

func runDeidentify(ctx context.Context, o deidOptions, paths []string, c *cobra.Command, report *reporter) error {
	key, boxes, err := o.memory()
	if err != nil {
		return err
	}
	st, err := study.Open(ctx, paths, func(done, total int) { report.step(text.T("study.opening"), done, total) })
	if err != nil {
		return err
	}
	if err := o.remember(boxes, st); err != nil {
		return err
	}
	r := &reviewing{in: bufio.NewReader(c.InOrStdin()), out: c.ErrOrStderr(), yes: o.yes, report: report}
	if err := r.folder(o.preview); err != nil {
		return err
	}
	defer r.close()
	res, err := deid.Run(ctx, st, deid.Options{
		Dir: o.out, Key: key, Dates: deid.Dates(o.dates), Bare: o.bare, Boxes: boxes, Overwrite: o.overwrite, Review: r.ask,
		Name: namer(len(st.Files), c.ErrOrStderr()),
		Done: func(i, total int) { report.step(text.T("deid.step"), i, total) },
	})
	for _, f := range res.Failed {
		report.fail(f)
	}
	report.end()
	if !o.quiet {
		fmt.Fprintln(c.OutOrStdout(), text.N("deid.done", len(res.Files), text.Args{"Dir": o.out}))
	}
	switch {
	case err != nil:
		return err
	case len(res.Failed) > 0:
		return fault.New(codeDeidFailed, "", nil, fault.Args{"Failed": len(res.Failed)})
	case len(res.Files) == 0:
		return fault.New(codeDeidNone, "", nil, nil)
	}
	return nil
}

// memory opens the key and the boxes, which lie in the user's settings unless the key is named: then beside it.
func (o *deidOptions) memory() (*deid.Key, *deid.Boxes, error) {
	path := o.key
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, nil, fault.New(deid.CodeKey, "", err, nil)
		}
		path = filepath.Join(dir, "echoline", deid.KeyName)
	}
	key, err := deid.OpenKey(path)
	if err != nil {
		return nil, nil, err
	}
	boxes, err := deid.OpenBoxes(filepath.Join(filepath.Dir(path), deid.BoxesName))
	return key, boxes, err
}

// remember keeps the boxes of the command line for the machines that the images came from.
func (o *deidOptions) remember(boxes *deid.Boxes, st *study.Study) error {
	var d deid.Drawn
	for _, s := range o.keep {
		if r, err := parseBox(s); err == nil { // they were checked
			d.Keep = append(d.Keep, r)
		}
	}
	for _, s := range o.blank {
		if r, err := parseBox(s); err == nil {
			d.Blank = append(d.Blank, r)
		}
	}
	if len(d.Keep)+len(d.Blank) == 0 {
		return nil
	}
	for _, it := range st.Items {
		if err := boxes.Remember(it, d); err != nil {
			return err
		}
	}
	return nil
}

// namer names sources in messages: by their place in the list, and on a screen by their path too. Names of files are often
// names of people, and a stream that is no screen ends up in a log.
func namer(total int, log io.Writer) func(i int, path string) string {
	screen := isTerminal(log)
	return func(i int, path string) string {
		name := text.T("deid.name", text.Args{"Number": i + 1, "Total": total})
		if screen {
			name += " " + path
		}
		return name
	}
}

// reviewing shows proposals to a person.
type reviewing struct {
	in     *bufio.Reader
	out    io.Writer
	yes    bool
	dir    string // of the previews; "" for none
	gone   bool   // the previews go away at the end
	count  int
	report *reporter
}

// folder makes the folder of the previews: the one that was asked for, or one that is gone afterwards.
func (r *reviewing) folder(asked string) (err error) {
	switch {
	case asked != "":
		r.dir = asked
		err = os.MkdirAll(asked, 0o700)
	case !r.yes:
		r.gone = true
		r.dir, err = os.MkdirTemp("", "echoline-preview-")
	}
	if err != nil {
		return fault.New(codeDeidPreview, asked, err, nil)
	}
	return nil
}

func (r *reviewing) close() {
	if r.gone {
		os.RemoveAll(r.dir)
	}
}

// ask shows a proposal and waits for the answer.
func (r *reviewing) ask(p *deid.Proposal) (deid.Answer, error) {
	if len(p.Keep) == 0 {
		return deid.Skip, fault.New(deid.CodeRegion, p.Name, nil, nil)
	}
	path := ""
	if r.dir != "" {
		sheet, err := p.Sheet()
		if err != nil {
			return deid.Skip, err
		}
		r.count++
		path = filepath.Join(r.dir, fmt.Sprintf("preview-%04d.png", r.count))
		if err := durable.WriteFile(path, sheet, 0o600); err != nil {
			return deid.Skip, fault.New(codeDeidPreview, path, err, nil)
		}
	}
	if r.yes {
		if p.Guessed {
			return deid.Skip, fault.New(deid.CodeGuess, p.Name, nil, nil)
		}
		return deid.Write, nil
	}
	r.report.end()
	fmt.Fprintln(r.out, text.T("deid.ask", text.Args{
		"Name": p.Name, "Keep": boxList(p.Keep), "Guessed": p.Guessed, "Inside": len(p.Text), "Outside": len(p.Outside), "Path": path,
	}))
	for {
		fmt.Fprint(r.out, text.T("deid.choices")+" ")
		line, err := r.in.ReadString('\n')
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y":
			return deid.Write, nil
		case "t":
			return deid.KeepText, nil
		case "n":
			return deid.Skip, nil
		}
		if errors.Is(err, io.EOF) {
			return deid.Skip, fault.New(codeDeidAnswer, p.Name, nil, nil)
		} else if err != nil {
			return deid.Skip, err
		}
	}
}

// boxList writes rectangles as x,y,width,height.
func boxList(rs []image.Rectangle) string {
	var out []string
	for _, r := range rs {
		out = append(out, fmt.Sprintf("%d,%d,%d,%d", r.Min.X, r.Min.Y, r.Dx(), r.Dy()))
	}
	return strings.Join(out, "  ")
}
