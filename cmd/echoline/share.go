package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"echoline/internal/agree"
	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/text"
)

// shareCommand takes a reader's part of a project to another machine.
func shareCommand() *cobra.Command {
	var workspace, out string
	o := project.ShareOptions{Answers: []string{agree.KindAnswer}}
	var bare, quiet bool
	c := &cobra.Command{
		Use: "share --reader NAME --out FILE", Short: text.T("share.short"), Long: text.T("share.long"),
		Example: "  echoline share --workspace ~/breast --reader Kim --out kim.echoline\n  echoline merge ~/reviews kim.echoline      (on Kim's machine)\n" +
			"  echoline share --workspace ~/reviews --reader Kim --out back.echoline --no-files\n  echoline merge ~/breast back.echoline",
		Args: func(c *cobra.Command, args []string) error {
			if o.Reader == "" || out == "" {
				return fmt.Errorf("%w: %s", errUsage, text.T("share.usage"))
			}
			if workspace == "" {
				dirs, err := standardDirs()
				if err != nil {
					return err
				}
				workspace = dirs.workspace
			}
			return needWorkspace(&workspace)(c, args)
		},
		RunE: func(c *cobra.Command, _ []string) error {
			o.Files = !bare
			return withProject(workspace, func(ws *store.Workspace, _ *project.State) error {
				sum, err := project.Share(ws, out, o)
				if err != nil {
					return err
				}
				if !quiet {
					fmt.Fprintln(c.OutOrStdout(), text.T("share.done", text.Args{"Cases": sum.Cases, "Files": sum.Files, "Out": out}))
				}
				if sum.Missing > 0 {
					fmt.Fprintln(c.ErrOrStderr(), text.T("share.missing", text.Args{"Count": sum.Missing}))
				}
				return nil
			})
		},
	}
	f := c.Flags()
	f.StringVar(&workspace, "workspace", "", text.T("cli.flag.workspace"))
	f.StringVar(&o.Reader, "reader", "", text.T("share.flag.reader"))
	f.StringVar(&out, "out", "", text.T("share.flag.out"))
	f.BoolVar(&bare, "no-files", false, text.T("share.flag.nofiles"))
	f.BoolVar(&quiet, "quiet", false, text.T("merge.flag.quiet"))
	return c
}
