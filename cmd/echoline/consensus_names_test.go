package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/demo"
	"echoline/internal/export"
	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// joined is a workspace with the consensus of two readers about one image, in whose masks there are two labels: a model's, and
// one that each reader gave a name, as told.
func joined(t *testing.T, model inference.Label, names ...string) string {
	t.Helper()
	workspace, files := filepath.Join(t.TempDir(), "ws"), filepath.Join(t.TempDir(), "files")
	must(t, demo.Write(files))
	st, err := study.Open(t.Context(), []string{filepath.Join(files, "demo-1-oval.dcm")}, nil)
	must(t, err)
	ws, err := store.Open(workspace)
	must(t, err)
	k := review.Key{Instance: st.Items[0].ID}
	for i, name := range names {
		reader := []string{"Kim", "Lee"}[i]
		r, err := ws.Review(st, reader)
		must(t, err)
		p := demo.Truth("demo-1-oval", 0)
		if model.Name != "" {
			answer := &inference.Prediction{
				Model: inference.Info{Name: "model", Version: "1", SHA256: strings.Repeat("ab", 32), Labels: []inference.Label{model}},
				W:     p.W, H: p.H, Mask: p.Clone(), Probability: make([]float32, len(p.Pix)), Threshold: 0.5,
			}
			must(t, r.SetPrediction(k, answer))
			must(t, ws.SavePrediction(k, answer))
		}
		p.Fill(mask.Capsule(100, 90, 140, 95, 12, 9), 2)
		paint(t, r, k, p)
		must(t, r.SetStatus(k, review.Accepted))
		must(t, r.Flush())
		must(t, ws.SaveLabels(reader, review.LabelSet{}, review.LabelSet{Labels: []review.Label{{Value: 2, Name: name}}}))
	}
	must(t, ws.Close())
	out, err := said(t, adjudicateCommand(), "--workspace", workspace, "--method", "mean")
	if err != nil {
		t.Fatal(out, err)
	}
	return workspace
}

// consensusFiles is what a consensus becomes in a format, all files in one piece, as text.
func consensusFiles(t *testing.T, workspace, format string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	if said, err := said(t, exportCommand(), "--workspace", workspace, "--reader", review.ConsensusReader, "--include", "all", "--format", format, "--out", out); err != nil {
		t.Fatal(format, said, err)
	}
	var all bytes.Buffer
	must(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if format == "report" {
			tool, missing := exec.LookPath("pdftotext")
			if missing != nil {
				t.Skip("pdftotext (package poppler-utils) is not installed")
			}
			data, err = exec.Command(tool, path, "-").Output()
		}
		all.Write(data)
		return err
	}))
	return all.String()
}

// TestConsensusKeepsNamesOfLabels: the label that the readers' model knows, and the one that they named, are called so in every
// export of what their masks were joined to.
func TestConsensusKeepsNamesOfLabels(t *testing.T) {
	mass := inference.Label{Value: 1, Name: "breast mass", Type: inference.Code{Value: "4147007", Scheme: "SCT", Meaning: "Mass"}}
	workspace := joined(t, mass, "Cyst", "cyst")
	formats := slices.DeleteFunc(export.Formats(), func(f string) bool { return f == "seg-fractional" }) // a consensus has no probability
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			all := consensusFiles(t, workspace, format)
			for _, name := range []string{"breast mass", "Cyst"} {
				if !strings.Contains(all, name) {
					t.Errorf("no %q", name)
				}
			}
			if strings.Contains(all, "label 1") || strings.Contains(all, "label 2") {
				t.Error("labels have numbers for names")
			}
		})
	}
}

// TestConsensusOfContraryNames: where readers call a value differently none of them speaks for the consensus, unless the table says
// what it is; then that.
func TestConsensusOfContraryNames(t *testing.T) {
	workspace := joined(t, inference.Label{}, "Cyst", "Duct")
	if all := consensusFiles(t, workspace, "coco"); strings.Contains(all, "Cyst") || strings.Contains(all, "Duct") || !strings.Contains(all, "label 2") {
		t.Error("one reader speaks for both")
	}
	must(t, os.WriteFile(filepath.Join(workspace, export.LabelsName), []byte(`{"labels": [{"value": 2, "name": "cyst"}]}`), 0o600))
	if all := consensusFiles(t, workspace, "coco"); !strings.Contains(all, "cyst") || strings.Contains(all, "label 2") {
		t.Error("the table is not asked")
	}
}

// TestProjectNamesLabelsByItself: a project's schema says what labels are also where its table has got lost, in exports and imports.
func TestProjectNamesLabelsByItself(t *testing.T) {
	workspace := joined(t, inference.Label{}, "", "")
	ws, err := store.Open(workspace)
	must(t, err)
	s, err := project.Create(ws, "Kim", "names")
	must(t, err)
	must(t, s.Apply(ws, "Kim", &project.Change{Labels: []project.Label{
		{Value: 1, Name: "mass"}, {Value: 2, Name: "duct", Type: []string{"22049009", "SCT", "Mammary duct ectasia"}},
	}}))
	must(t, ws.Close())
	must(t, os.Remove(filepath.Join(workspace, export.LabelsName)))
	for _, format := range []string{"coco", "seg"} {
		if all := consensusFiles(t, workspace, format); !strings.Contains(all, "duct") || strings.Contains(all, "label 2") {
			t.Errorf("%s: the schema is not asked", format)
		}
	}
	foreign := filepath.Join(t.TempDir(), "demo-1-oval.json")
	must(t, os.WriteFile(foreign, []byte(`{"images":[{"id":1,"file_name":"demo-1-oval.png","width":640,"height":480}],"categories":[{"id":9,"name":"Duct"}],
		"annotations":[{"image_id":1,"category_id":9,"segmentation":[[10,10,90,10,90,90]]}]}`), 0o600))
	if code, said := imported(t, "--workspace", workspace, "--reader", "Park", foreign); strings.Contains(said, "Duct") {
		t.Errorf("the import does not know the schema: %d %s", code, said)
	}
}
