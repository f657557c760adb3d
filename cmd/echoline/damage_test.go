package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/export"
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

// TestDamagedNamesStopNothing: without the names that a project gave label values, masks are exported and imported; it is said which names
// are missing, and nothing where labels.json has them.
func TestDamagedNamesStopNothing(t *testing.T) {
	for _, table := range []bool{false, true} {
		workspace := joined(t, inference.Label{}, "", "")
		ws, err := store.Open(workspace)
		must(t, err)
		s, err := project.Create(ws, "Kim", "names")
		must(t, err)
		must(t, s.Apply(ws, "Kim", &project.Change{Labels: []project.Label{{Value: 1, Name: "mass"}, {Value: 2, Name: "thyroid nodule"}}}))
		must(t, ws.Close())
		if !table {
			must(t, os.Remove(filepath.Join(workspace, export.LabelsName)))
		}
		hurt(t, workspace, "thyroid nodule", "THYROID NODULE")
		for _, format := range []string{"png", "seg", "coco", "csv", "training"} {
			code, words, files := exported(t, "--workspace", workspace, "--reader", "Kim", "--format", format, "--include", "all")
			if told := strings.Contains(words, "damaged in the workspace: 1, 2."); len(files) == 0 || told == table || (code == 0) != table {
				t.Errorf("%s, labels.json there %v: %d files, %d %s", format, table, len(files), code, words)
			}
		}
		foreign := filepath.Join(t.TempDir(), "demo-1-oval.json")
		must(t, os.WriteFile(foreign, []byte(`{"images":[{"id":1,"file_name":"demo-1-oval.png","width":640,"height":480}],"categories":[{"id":2,"name":"Lesion"}],
			"annotations":[{"image_id":1,"category_id":2,"segmentation":[[10,10,90,10,90,90]]}]}`), 0o600))
		code, words := imported(t, "--workspace", workspace, "--reader", "Park", foreign)
		if told := strings.Contains(words, "names of labels are damaged"); !strings.Contains(words, "1 mask") || told == table || (code == 0) != table {
			t.Errorf("import, labels.json there %v: %d %s", table, code, words)
		}
	}
}
