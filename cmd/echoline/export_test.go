package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/demo"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// workedOn is a workspace in which readers drew the demo's true masks: accepted in a still and in frame 3 of the cine, open
// in frame 4. A PNG photo is reviewed along with them.
func workedOn(t *testing.T, readers ...string) (workspace, files string) {
	t.Helper()
	workspace, files = filepath.Join(t.TempDir(), "ws"), filepath.Join(t.TempDir(), "files")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(demo.Write(files))
	photo := image.NewGray(image.Rect(0, 0, 60, 40))
	photo.SetGray(7, 7, color.Gray{99})
	var b bytes.Buffer
	must(png.Encode(&b, photo))
	must(os.WriteFile(filepath.Join(files, "photo.png"), b.Bytes(), 0o644))
	st, err := study.Open(t.Context(), []string{files}, nil)
	must(err)
	ws, err := store.Open(workspace)
	must(err)
	defer ws.Close()
	for _, reader := range readers {
		r, err := ws.Review(st, reader)
		must(err)
		draw := func(name string, frame int, p *mask.Plane, s review.Status) {
			i := slices.IndexFunc(st.Items, func(it *study.Item) bool { return it.Name == name })
			k := review.Key{Instance: st.Items[i].ID, Frame: frame}
			paint(t, r, k, p)
			must(r.SetStatus(k, s))
		}
		draw("demo-1-oval", 0, demo.Truth("demo-1-oval", 0), review.Accepted)
		draw("demo-7-cine", 2, demo.Truth("demo-7-cine", 2), review.Accepted)
		draw("demo-7-cine", 3, demo.Truth("demo-7-cine", 3), review.Open)
		spot := mask.NewPlane(60, 40)
		spot.Fill(mask.Capsule(20, 20, 30, 20, 5, 5), 1)
		draw("photo", 0, spot, review.Accepted)
	}
	return workspace, files
}

// exported runs the command and returns its exit status, what it says, and the files in the output folder.
func exported(t *testing.T, args ...string) (code int, said string, files []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	c := exportCommand()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetArgs(append(args, "--out", out))
	c.SilenceErrors, c.SilenceUsage = true, true
	switch err := c.ExecuteContext(context.Background()); {
	case errors.Is(err, errUsage):
		code = 2
	case err != nil:
		code = 1
	}
	found, _ := filepath.Glob(filepath.Join(out, "*"))
	for i, f := range found {
		found[i] = filepath.Base(f)
	}
	t.Cleanup(func() { os.RemoveAll(out) })
	return code, b.String(), found
}

func TestExportCommand(t *testing.T) {
	ws, files := workedOn(t, "Kim")
	code, said, got := exported(t, "--workspace", ws, "--format", "png")
	want := []string{"demo-1-oval.json", "demo-1-oval.mask.png", "demo-7-cine.f0003.mask.png", "demo-7-cine.json", "photo.json", "photo.mask.png"}
	if code != 0 || !slices.Equal(got, want) || !strings.Contains(said, "6 files") || !strings.Contains(said, "1 frame left out") {
		t.Errorf("png: %d %q %v", code, said, got)
	}
	code, _, got = exported(t, "--workspace", ws, "--format", "png", "--include", "reviewed", "--manifest", "--reader", "Kim")
	if code != 0 || len(got) != 8 {
		t.Errorf("reviewed: %d %v", code, got)
	}
	code, said, got = exported(t, "--workspace", ws, "--format", "seg", "--quiet")
	if code != 1 || !slices.Equal(got, []string{"demo-1-oval.seg.dcm", "demo-7-cine.seg.dcm"}) || !strings.Contains(said, "photo: Only images") {
		t.Errorf("seg: %d %q %v", code, said, got)
	}
	if err := os.Remove(filepath.Join(files, "demo-1-oval.dcm")); err != nil {
		t.Fatal(err)
	}
	code, said, got = exported(t, "--workspace", ws, "--format", "png")
	if code != 1 || len(got) != 4 || !strings.Contains(said, "demo-1-oval.dcm") {
		t.Errorf("with a file gone: %d %q %v", code, said, got)
	}
}

func TestExportedMaskIsTheMask(t *testing.T) {
	ws, _ := workedOn(t, "Kim")
	out := t.TempDir()
	if code := run([]string{"export", "--workspace", ws, "--format", "png", "--out", out, "--quiet"}); code != 0 {
		t.Fatal(code)
	}
	f, err := os.Open(filepath.Join(out, "demo-7-cine.f0003.mask.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range demo.Truth("demo-7-cine", 2).Pix {
		if im.(*image.Gray).Pix[i] != 255*v {
			t.Fatalf("pixel %d differs", i)
		}
	}
	var sidecar struct {
		Reader string
		Frames []struct {
			Algorithm string
			SpacingMM [2]float64 `json:"spacing_mm"`
		}
	}
	data, err := os.ReadFile(filepath.Join(out, "demo-7-cine.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &sidecar); err != nil {
		t.Fatal(err)
	}
	if sidecar.Reader != "Kim" || sidecar.Frames[0].Algorithm != "MANUAL" || sidecar.Frames[0].SpacingMM != [2]float64{0.075, 0.075} {
		t.Errorf("%+v", sidecar)
	}
}

func TestExportOfSeveralReaders(t *testing.T) {
	ws, _ := workedOn(t, "Kim", "Lee")
	if code, said, _ := exported(t, "--workspace", ws, "--format", "png"); code != 2 {
		t.Errorf("without a name: %d %q", code, said)
	}
	if code, _, got := exported(t, "--workspace", ws, "--format", "png", "--reader", "Lee"); code != 0 || len(got) != 6 {
		t.Errorf("by name: %d %v", code, got)
	}
	if code, _, _ := exported(t, "--workspace", ws, "--format", "png", "--reader", "Park"); code != 1 {
		t.Errorf("of a stranger: %d", code)
	}
}

func TestExportUsage(t *testing.T) {
	ws := t.TempDir()
	for name, args := range map[string][]string{
		"no workspace": {"--format", "png"},
		"no format":    {"--workspace", ws},
		"bad format":   {"--workspace", ws, "--format", "bmp"},
		"bad include":  {"--workspace", ws, "--format", "png", "--include", "some"},
		"paths":        {"--workspace", ws, "--format", "png", "file.dcm"},
	} {
		if code, said, _ := exported(t, args...); code != 2 {
			t.Errorf("%s: %d %q", name, code, said)
		}
	}
	for name, dir := range map[string]string{"no folder": filepath.Join(ws, "none"), "empty folder": ws} {
		if code, _, got := exported(t, "--workspace", dir, "--format", "png"); code != 1 || len(got) != 0 {
			t.Errorf("%s: %d %v", name, code, got)
		}
		if made, _ := filepath.Glob(filepath.Join(dir, "*")); len(made) != 0 {
			t.Errorf("%s: made %v", name, made)
		}
	}
}
