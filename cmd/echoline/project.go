package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
)

// projectOptions are the flags of project create and project change.
type projectOptions struct {
	workspace, name, guideline, labels, classes string
	readers, experts, retire, pictures          []string
	share                                       float64
	by                                          int
	seed                                        uint64
	blinded, blind, quiet                       bool
}

// projectCommand makes and changes annotation projects.
func projectCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "project", Short: text.T("project.cli.short"), Long: text.T("project.cli.long"),
		Example: "  echoline project create --workspace ~/breast --name Breast --readers Kim,Lee --experts Park images/\n" +
			"  echoline project assign --workspace ~/breast\n  echoline share --workspace ~/breast --reader Kim --out kim.echoline",
		Args: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: %s", errUsage, text.T("project.cli.usage"))
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	c.AddCommand(projectEdit("create", true), projectEdit("change", false), projectAssign(), projectReport())
	return c
}

// projectEdit is create or change.
func projectEdit(use string, fresh bool) *cobra.Command {
	var o projectOptions
	c := &cobra.Command{
		Use: use + " --workspace DIR [PATH…]", Short: text.T("project.cli." + use + ".short"), Long: text.T("project.cli." + use + ".long"),
		Example: map[bool]string{
			true:  "  echoline project create --workspace ~/breast --name Breast --readers Kim,Lee --overlap 0.2 --guideline guide.txt --picture edge.png images/",
			false: "  echoline project change --workspace ~/breast --readers Choi --blind=true more-images/",
		}[fresh],
		Args: func(_ *cobra.Command, _ []string) error {
			switch {
			case o.workspace == "":
				return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--workspace"}))
			case fresh && strings.TrimSpace(o.name) == "":
				return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--name"}))
			case !(o.share >= 0 && o.share <= 1) || o.by < 1:
				return fmt.Errorf("%w: %s", errUsage, text.T("project.cli.usage.overlap"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return editProject(ctx, o, fresh, c.Flags().Changed, args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&o.workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	f.StringVar(&o.name, "name", "", text.T("project.cli.flag.name"))
	f.StringSliceVar(&o.readers, "readers", nil, text.T("project.cli.flag.readers"))
	f.StringSliceVar(&o.experts, "experts", nil, text.T("project.cli.flag.experts"))
	f.StringSliceVar(&o.retire, "retire", nil, text.T("project.cli.flag.retire"))
	f.Float64Var(&o.share, "overlap", 0.2, text.T("project.cli.flag.overlap"))
	f.IntVar(&o.by, "by", 2, text.T("project.cli.flag.by"))
	f.Uint64Var(&o.seed, "seed", 0, text.T("project.cli.flag.seed"))
	f.BoolVar(&o.blinded, "blinded", true, text.T("project.cli.flag.blinded"))
	f.BoolVar(&o.blind, "blind", false, text.T("project.cli.flag.blind"))
	f.StringVar(&o.guideline, "guideline", "", text.T("project.cli.flag.guideline"))
	f.StringArrayVar(&o.pictures, "picture", nil, text.T("project.cli.flag.picture"))
	f.StringVar(&o.labels, "labels", "", text.T("project.cli.flag.labels"))
	f.StringVar(&o.classes, "classes", "", text.T("project.cli.flag.classes"))
	f.BoolVar(&o.quiet, "quiet", false, text.T("export.cli.flag.quiet"))
	return c
}

// editProject makes a project, or changes the one that is there.
func editProject(ctx context.Context, o projectOptions, fresh bool, changed func(flag string) bool, paths []string, out, log io.Writer) error {
	if !fresh {
		if err := store.Find(o.workspace); err != nil {
			return fault.New(store.CodeNone, o.workspace, err, nil)
		}
	}
	change, err := readChange(ctx, o, paths, log)
	if err != nil {
		return err
	}
	change.Settings = o.settings(changed)
	ws, err := store.Open(o.workspace)
	if err != nil {
		return err
	}
	defer ws.Close()
	var s *project.State
	if fresh {
		s, err = project.Create(ws, "", o.name)
	} else if s, err = project.Load(ws); s == nil && err == nil {
		err = fault.New(project.CodeNone, o.workspace, nil, nil)
	}
	if err != nil {
		return err
	}
	if err := s.Apply(ws, "", &change); err != nil {
		return err
	}
	if s, err = project.Load(ws); err == nil && !o.quiet {
		fmt.Fprintln(out, text.T("project.cli.done", text.Args{"Name": s.Name, "Cases": len(s.Cases), "Readers": len(s.Active(project.Reads)), "Experts": len(s.Active(project.Advises))}))
	}
	return err
}

// readChange reads and checks the files that the options name, before the workspace is touched.
func readChange(ctx context.Context, o projectOptions, paths []string, log io.Writer) (c project.Change, err error) {
	c.Readers, c.Experts, c.Retire = o.readers, o.experts, o.retire
	if o.guideline != "" || len(o.pictures) > 0 {
		if err := readGuideline(ctx, &c, o); err != nil {
			return c, err
		}
	}
	if o.labels != "" {
		if c.Labels, err = readSchema(o.labels); err != nil {
			return c, err
		}
	}
	if o.classes != "" {
		if c.Classes, err = project.ReadClasses(o.classes); err != nil {
			return c, err
		}
	}
	if len(paths) == 0 {
		return c, nil
	}
	report := newReporter(log, o.quiet)
	defer report.end()
	if c.Study, err = study.Open(ctx, paths, nil); err != nil {
		return c, err
	}
	for _, f := range c.Study.Refused {
		report.fail(f)
	}
	if len(c.Study.Items) == 0 {
		return c, fault.New(project.CodeEmpty, paths[0], nil, nil)
	}
	return c, nil
}

// readGuideline reads the text and the pictures.
func readGuideline(ctx context.Context, c *project.Change, o projectOptions) error {
	c.Guideline = &project.Guideline{}
	if o.guideline != "" {
		data, err := os.ReadFile(o.guideline)
		if err != nil || len(data) > project.MaxGuideline {
			return fault.New(project.CodeGuideline, o.guideline, err, nil)
		}
		c.Guideline.Text = strings.ToValidUTF8(strings.ReplaceAll(strings.TrimSpace(string(data)), "\r\n", "\n"), "\uFFFD")
	}
	for _, path := range o.pictures {
		p, err := project.ReadPicture(ctx, path)
		if err != nil {
			return err
		}
		c.Pictures = append(c.Pictures, p)
	}
	return nil
}

// readSchema reads a label schema: a reader's table of labels (docs/export.md) whose labels all have values.
func readSchema(path string) ([]project.Label, error) {
	if _, err := export.LoadLabels(path); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	var doc struct {
		Labels []project.Label `json:"labels"`
	}
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	for _, l := range doc.Labels {
		if l.Value < 1 && err == nil {
			err = fmt.Errorf("%q has no value", l.Name)
		}
	}
	if err != nil {
		return nil, fault.New(project.CodeLabels, path, err, nil)
	}
	return doc.Labels, nil
}

// settings are those that the options change.
func (o *projectOptions) settings(changed func(flag string) bool) (t project.Settings) {
	for flag, set := range map[string]func(){
		"name": func() { t.Name = &o.name }, "overlap": func() { t.Share = &o.share }, "by": func() { t.By = &o.by },
		"seed": func() { t.Seed = &o.seed }, "blinded": func() { t.Blinded = &o.blinded }, "blind": func() { t.Blind = &o.blind },
	} {
		if changed(flag) {
			set()
		}
	}
	return t
}

// projectAssign gives cases out.
func projectAssign() *cobra.Command {
	var workspace string
	var all bool
	c := &cobra.Command{
		Use: "assign --workspace DIR", Short: text.T("project.cli.assign.short"), Long: text.T("project.cli.assign.long"),
		Example: "  echoline project assign --workspace ~/breast",
		Args:    needWorkspace(&workspace),
		RunE: func(c *cobra.Command, _ []string) error {
			return withProject(workspace, func(ws *store.Workspace, s *project.State) error {
				n, err := s.Assign(ws, "", all)
				if err != nil {
					return err
				}
				if s, err = project.Load(ws); err != nil {
					return err
				}
				fmt.Fprintln(c.OutOrStdout(), text.T("project.cli.assigned", text.Args{"Cases": n}))
				for _, m := range s.Active(project.Reads) {
					fmt.Fprintf(c.OutOrStdout(), "%s: %d\n", m.Name, len(s.Part(m.Name)))
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	c.Flags().BoolVar(&all, "again", false, text.T("project.cli.flag.again"))
	return c
}

// needWorkspace is the check of arguments of commands that take a workspace and no paths.
func needWorkspace(workspace *string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case *workspace == "":
			return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.flag", text.Args{"Flag": "--workspace"}))
		case len(args) > 0:
			return fmt.Errorf("%w: %s", errUsage, text.T("export.cli.usage.args"))
		}
		return nil
	}
}

// withProject opens a workspace that holds a project.
func withProject(dir string, do func(ws *store.Workspace, s *project.State) error) error {
	if err := store.Find(dir); err != nil {
		return fault.New(store.CodeNone, dir, err, nil)
	}
	ws, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer ws.Close()
	s, err := project.Load(ws)
	if err != nil {
		return err
	}
	if s == nil {
		return fault.New(project.CodeNone, dir, nil, nil)
	}
	return do(ws, s)
}
