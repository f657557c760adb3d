package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"echoline/internal/fault"
	"echoline/internal/store"
)

// said runs a command and returns what it writes.
func said(t *testing.T, c *cobra.Command, args ...string) (string, error) {
	t.Helper()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(t.Context())
	return b.String(), err
}

// audited is the report of audit.
func audited(t *testing.T, workspace string) auditReport {
	t.Helper()
	out, err := said(t, auditCommand(), "--workspace", workspace)
	if err != nil {
		t.Fatal(err)
	}
	var r auditReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Two readers' workspaces become one, however often that is asked for, and its trail holds what both did.
func TestMergeAndAudit(t *testing.T) {
	kim, _ := workedOn(t, "Kim")
	lee, _ := workedOn(t, "Lee")
	alone := audited(t, kim)
	if !alone.OK || alone.Entries == 0 || len(alone.Events) == 0 {
		t.Fatalf("%+v", alone)
	}
	if out, err := said(t, mergeCommand(), kim, lee); err != nil || !strings.Contains(out, lee) {
		t.Fatal(out, err)
	}
	both := audited(t, kim)
	if !both.OK || both.Entries != 2*alone.Entries {
		t.Errorf("%d entries of two readers, %d of one; %v", both.Entries, alone.Entries, both.Faults)
	}
	if _, err := said(t, mergeCommand(), kim, lee); err != nil {
		t.Fatal(err)
	}
	if again := audited(t, kim); again.Entries != both.Entries {
		t.Errorf("the second merge made %d entries of %d", again.Entries, both.Entries)
	}
	if theirs := audited(t, lee); theirs.Entries != alone.Entries {
		t.Error("the other workspace was written to")
	}
}

func TestMergeAndAuditRefuse(t *testing.T) {
	kim, _ := workedOn(t, "Kim")
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	if _, err := said(t, mergeCommand(), nowhere, kim); fault.CodeOf(err) != store.CodeNone {
		t.Error(err)
	}
	if _, err := said(t, mergeCommand(), kim, nowhere); fault.CodeOf(err) == "" {
		t.Error(err)
	}
	if _, err := said(t, auditCommand(), "--workspace", nowhere); fault.CodeOf(err) == "" {
		t.Error(err)
	}
	for c, args := range map[*cobra.Command][]string{mergeCommand(): {kim}, auditCommand(): {"more"}} {
		if _, err := said(t, c, args...); !errors.Is(err, errUsage) {
			t.Error(c.Name(), err)
		}
	}
}
