package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
)

// hurt changes words in a workspace's file behind the program's back, to others as long.
func hurt(t *testing.T, workspace, was, is string) {
	t.Helper()
	path := filepath.Join(workspace, "echoline.db")
	data, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Contains(data, []byte(was)) || len(was) != len(is) {
		t.Fatalf("%q cannot be hurt", was)
	}
	must(t, os.WriteFile(path, bytes.ReplaceAll(data, []byte(was), []byte(is)), 0o600))
}

// TestReportOutlivesDamage: what is whole is reported, and the damage told.
func TestReportOutlivesDamage(t *testing.T) {
	for word, left := range map[string][2]int{"nowhere": {1, 1}, "visited": {1, 1}, "secret": {0, 2}} { // models that were used, arcs that were looked at
		workspace, tables := t.TempDir(), t.TempDir()
		ws, err := store.Open(workspace)
		must(t, err)
		s, err := project.Create(ws, "Kim", "breast")
		must(t, err)
		must(t, s.AddVisit(ws, "Kim", "a", 0, project.Visit{Seconds: 5, Model: "secret", Accepted: true}))
		must(t, s.AddLooked(ws, "Kim", "a", 0, []project.LookedArc{{Length: 30, How: "visited"}}))
		must(t, s.AddVisit(ws, "Kim", "b", 0, project.Visit{Seconds: 7}))
		must(t, s.AddLooked(ws, "Kim", "b", 0, []project.LookedArc{{Length: 8, How: "nowhere"}}))
		must(t, ws.Close())
		hurt(t, workspace, word, strings.ToUpper(word))
		out, err := said(t, projectCommand(), "report", "--workspace", workspace, "--out", tables)
		if fault.CodeOf(err) != store.CodeEvents {
			t.Errorf("%s: the damage is not told: %v", word, err)
		}
		var doc projectJSON
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Errorf("%s: %v %s", word, err, out)
		}
		arcs, err := os.ReadFile(filepath.Join(tables, projectArcs))
		must(t, err)
		if got := [2]int{len(doc.Savings), bytes.Count(arcs, []byte("\n")) - 1}; got != left {
			t.Errorf("%s: left are %v, not %v", word, got, left)
		}
	}
}
