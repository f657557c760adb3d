package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"echoline/internal/store"
	"echoline/internal/text"
)

// auditEvent is a row of the audit trail: who did what, when, to which frame, with which model.
type auditEvent struct {
	Seq    int64  `json:"seq"`
	Time   string `json:"time"` // UTC, RFC 3339
	Reader string `json:"reader"`
	Action string `json:"action"`
	Detail string `json:"detail"`
	Model  string `json:"model,omitempty"` // SHA-256
	Entry  string `json:"entry,omitempty"` // ID of the journal's entry, in hex
}

// auditReport is what audit writes.
type auditReport struct {
	OK      bool         `json:"ok"`
	Entries int          `json:"entries"` // in the journal
	Faults  []string     `json:"faults"`  // for people, in their language
	Events  []auditEvent `json:"events"`
}

// auditCommand checks a workspace's audit trail and journal.
func auditCommand() *cobra.Command {
	var workspace string
	c := &cobra.Command{
		Use:     "audit --workspace DIR",
		Short:   text.T("audit.short"),
		Long:    text.T("audit.long"),
		Example: "  echoline audit --workspace ~/reviews",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: %s", errUsage, text.T("audit.usage"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			if workspace == "" {
				dirs, err := standardDirs()
				if err != nil {
					return err
				}
				workspace = dirs.workspace
			}
			return audit(workspace, c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&workspace, "workspace", "", text.T("cli.flag.workspace"))
	return c
}

// audit writes the report on the workspace in dir, which it only reads. The error is the first fault found.
func audit(dir string, out io.Writer) error {
	ws, err := store.Inspect(dir)
	if err != nil {
		return err
	}
	defer ws.Close()
	events, trail := ws.Verify()
	entries, journal := ws.VerifyJournal()
	_, project := ws.VerifyEvents()
	r := auditReport{Entries: entries, Faults: []string{}, Events: make([]auditEvent, len(events))}
	for i, e := range events {
		r.Events[i] = auditEvent{
			Seq: e.Seq, Time: e.Time.Format(time.RFC3339Nano), Reader: e.Reader, Action: e.Action, Detail: e.Detail,
			Model: e.Model, Entry: hex.EncodeToString(e.Entry),
		}
	}
	var damage error // the copy was repaired: what it says is not all there was
	if n := ws.Notice(); n != nil {
		damage = n
	}
	all := []error{damage, trail, journal, project}
	for _, err := range all {
		if err != nil {
			r.Faults = append(r.Faults, text.Fault(err))
		}
	}
	r.OK = len(r.Faults) == 0
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return errors.Join(append([]error{e.Encode(r)}, all...)...)
}
