package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/text"
)

// mergeCommand brings workspaces together.
func mergeCommand() *cobra.Command {
	var quiet bool
	c := &cobra.Command{
		Use:     "merge WORKSPACE FROM…",
		Short:   text.T("merge.short"),
		Long:    text.T("merge.long"),
		Example: "  echoline merge ~/reviews /media/usb/reviews-of-lee",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("%w: %s", errUsage, text.T("merge.usage"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			out := c.OutOrStdout()
			if quiet {
				out = io.Discard
			}
			return merge(args[0], args[1:], out)
		},
	}
	c.Flags().BoolVar(&quiet, "quiet", false, text.T("merge.flag.quiet"))
	return c
}

// merge brings what the other workspaces hold into the one in dir. The first that fails ends it; what came before it stays.
func merge(dir string, from []string, out io.Writer) error {
	if err := store.Find(dir); err != nil && !project.IsShare(from[0]) { // a share may begin a workspace
		return fault.New(store.CodeNone, dir, err, nil)
	}
	ws, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer ws.Close()
	for _, f := range from {
		m, err := mergeOne(ws, f)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, text.T("merge.done", text.Args{"From": f, "Edits": m.Entries, "Events": m.Audited, "Project": m.Events, "Predictions": m.Predictions}))
		for _, k := range m.Forks {
			fmt.Fprintln(out, text.T("merge.fork", text.Args{"Image": k.Instance, "Frame": k.Frame + 1}))
		}
		for _, c := range m.Clashes {
			fmt.Fprintln(out, text.T("merge.clash", text.Args{"Reader": c.Reader, "Value": c.Value, "Name": c.Name, "Other": c.Other}))
		}
		if m.Damaged > 0 {
			fmt.Fprintln(out, text.T("merge.damaged", text.Args{"Count": m.Damaged, "From": f}))
		}
	}
	return project.WriteLabels(ws)
}

// mergeOne brings in a share, or what a workspace in a folder holds.
func mergeOne(ws *store.Workspace, from string) (store.Merged, error) {
	if project.IsShare(from) {
		m, _, err := project.Take(ws, from)
		return m, err
	}
	return project.Merge(ws, from)
}
