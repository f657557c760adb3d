package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/deid"
	"echoline/internal/demo"
	"echoline/internal/export"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// drawnThrice is a workspace in which a reader accepted masks of three labels, with holes and single pixels, in a still and in two frames of a cine. One label has a name that the program knows, one a name that could be a person's.
func drawnThrice(t *testing.T) (workspace, files string, drawn map[review.Key]*mask.Plane) {
	t.Helper()
	workspace, files = filepath.Join(t.TempDir(), "ws"), filepath.Join(t.TempDir(), "files")
	must(t, demo.Write(files))
	st, err := study.Open(t.Context(), []string{files}, nil)
	must(t, err)
	ws, err := store.Open(workspace)
	must(t, err)
	defer func() { must(t, ws.Close()) }()
	r, err := ws.Review(st, "Kim")
	must(t, err)
	drawn = map[review.Key]*mask.Plane{}
	for _, it := range st.Items {
		frames := map[string][]int{"demo-1-oval": {0}, "demo-7-cine": {0, 3}}[it.Name]
		for _, i := range frames {
			k := review.Key{Instance: it.ID, Frame: i}
			p := demo.Truth(it.Name, i)
			p.Fill(mask.Capsule(100, 90+float64(i), 140, 95, 12, 9), 2)
			p.Fill(mask.Capsule(118, 92, 124, 93, 3, 3), 0)
			for n := range 6 { // side by side, and touching at corners alone
				p.Set(150+n, 60+n*n%3, uint8(1+n%3))
			}
			paint(t, r, k, p)
			must(t, r.SetStatus(k, review.Accepted))
			drawn[k] = r.Frame(k).Labels.Clone()
			for v := range uint8(4) {
				if mask.Count(drawn[k], v) < 2 {
					t.Fatalf("label %d is not drawn", v)
				}
			}
		}
	}
	if len(drawn) != 3 {
		t.Fatalf("%d masks drawn", len(drawn))
	}
	table := `{"labels": [{"value": 2, "name": "Cyst"}, {"value": 3, "name": "Kim's duct", "type": ["22049009", "SCT", "Mammary duct ectasia"]}]}`
	must(t, os.WriteFile(filepath.Join(workspace, export.LabelsName), []byte(table), 0o600))
	return workspace, files, drawn
}

// TestPrivateExportsComeBack: each format that can be imported, exported without persons, comes back bit by bit onto the images
// that deidentify wrote; onto the originals nothing of it comes, and it says that their instances are others.
func TestPrivateExportsComeBack(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	ws, files, drawn := drawnThrice(t)
	keyFile := filepath.Join(t.TempDir(), "key")
	code, said, cleaned := deidentified(t, "", "--yes", "--key", keyFile, files)
	if code != 0 || len(cleaned) != len(demo.Names()) {
		t.Fatalf("%d %v %s", code, cleaned, said)
	}
	key, err := deid.OpenKey(keyFile)
	must(t, err)
	want := map[review.Key]*mask.Plane{}
	for k, p := range drawn {
		want[review.Key{Instance: key.UID(k.Instance), Frame: k.Frame}] = p
	}
	for _, format := range []string{"seg", "seg-labelmap", "nifti", "png", "labels", "coco", "coco-polygons", "nnunet", "yolo", "training"} {
		t.Run(format, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if said, err := privately(t, ws, format, out, "--yes", "--key", keyFile); err != nil {
				t.Fatal(err, said)
			}
			onto := filepath.Join(t.TempDir(), "onto")
			must(t, os.MkdirAll(onto, 0o700))
			must(t, os.WriteFile(filepath.Join(onto, export.LabelsName), []byte(`{"labels": [{"value": 2, "name": "cyst"}]}`), 0o600))
			if code, said := imported(t, "--workspace", onto, "--images", filepath.Dir(filepath.Dir(filepath.Dir(cleaned[0]))), out); code != 0 || !strings.Contains(said, "3 masks") {
				t.Fatalf("onto the images without persons: %d %s", code, said)
			}
			sameMasks(t, onto, cleaned, want)
			wrong := filepath.Join(t.TempDir(), "wrong")
			code, said := imported(t, "--workspace", wrong, "--images", files, out)
			if code != 1 || !strings.Contains(said, "is not open") || !strings.Contains(said, "0 masks") {
				t.Errorf("onto the originals: %d %s", code, said)
			}
			sameMasks(t, wrong, []string{files}, nil)
		})
	}
}

// sameMasks wants in a workspace the masks of want, as imported, and no others.
func sameMasks(t *testing.T, workspace string, paths []string, want map[review.Key]*mask.Plane) {
	t.Helper()
	st, err := study.Open(t.Context(), paths, nil)
	must(t, err)
	ws, err := store.Open(workspace)
	must(t, err)
	defer func() { must(t, ws.Close()) }()
	r, err := ws.Review(st, "")
	must(t, err)
	seen := 0
	for _, it := range st.Items {
		for i := range it.Frames {
			k := review.Key{Instance: it.ID, Frame: i}
			f := r.Frame(k)
			if f.Imported() {
				seen++
			}
			p := want[k]
			if p == nil {
				p = mask.NewPlane(it.W, it.H)
			}
			if !f.Labels.Equal(p) {
				t.Errorf("%s, frame %d differs", it.Name, i+1)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d imported masks, want %d", seen, len(want))
	}
}
