package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/export"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// imported runs the command and returns its exit status and what it says.
func imported(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	c := importCommand()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	switch err := c.ExecuteContext(context.Background()); {
	case errors.Is(err, errUsage):
		code = 2
	case err != nil:
		code = 1
	}
	return code, b.String()
}

func TestImportCommand(t *testing.T) {
	ws, files := workedOn(t, "Kim")
	masks := filepath.Join(t.TempDir(), "masks")
	if code := run([]string{"export", "--workspace", ws, "--format", "labels", "--out", masks, "--quiet"}); code != 0 {
		t.Fatal(code)
	}
	other := filepath.Join(t.TempDir(), "other")
	code, said := imported(t, "--workspace", other, "--images", files, masks)
	if code != 0 || !strings.Contains(said, "3 masks taken from 3 file(s)") {
		t.Fatalf("%d %q", code, said)
	}
	st, err := study.Open(t.Context(), []string{files}, nil)
	if err != nil {
		t.Fatal(err)
	}
	open := func(dir, reader string) *review.Review {
		t.Helper()
		w, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		r, err := w.Review(st, reader)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	was, is := open(ws, "Kim"), open(other, "")
	same := 0
	for _, it := range st.Items {
		for i := range it.Frames {
			k := review.Key{Instance: it.ID, Frame: i}
			a, b := was.Frame(k), is.Frame(k)
			if b.Imported() {
				if !a.Labels.Equal(b.Labels) || b.Touched || b.Status != review.Open {
					t.Errorf("%s, frame %d: differs, or is no prediction", it.Name, i+1)
				}
				same++
			}
		}
	}
	if same != 3 {
		t.Errorf("%d imported frames", same)
	}
	// In a second run the masks are there already. On what a reader did nothing is changed, and it says so.
	if code, said = imported(t, "--workspace", other, masks); code != 0 {
		t.Errorf("again: %d %q", code, said)
	}
	if code, said = imported(t, "--workspace", ws, "--reader", "Kim", filepath.Join(masks, "demo-1-oval.json")); code != 0 {
		t.Errorf("the same mask: %d %q", code, said)
	}
	for _, name := range []string{"demo-2-lobed.dcm", "demo-1-oval.dcm"} {
		if _, err := os.Stat(filepath.Join(files, name)); err != nil {
			continue
		}
		wrong := filepath.Join(t.TempDir(), strings.TrimSuffix(name, ".dcm")+".png")
		data, err := os.ReadFile(filepath.Join(masks, "photo.labels.png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(wrong, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if code, said = imported(t, "--workspace", ws, "--reader", "Kim", wrong); code != 1 || !strings.Contains(said, "60×40") {
			t.Errorf("a mask of another size: %d %q", code, said)
		}
	}
}

func TestImportUsage(t *testing.T) {
	for _, args := range [][]string{{"a.png"}, {"--workspace", "x"}, {"--workspace", "x", "--images", "y", "--label", "Tumour", "z"}, {"--workspace", "x", "--images", "y", "--label", "Tumour=Katze", "z"}} {
		if code, said := imported(t, args...); code != 2 {
			t.Errorf("%v: %d %q", args, code, said)
		}
	}
	if code, _ := imported(t, "--workspace", filepath.Join(t.TempDir(), "none"), "a.png"); code != 1 {
		t.Error("a workspace that is not there")
	}
	m, err := labelMap([]string{"Tumour=lesion", "a=b=7", "out="}, export.OwnLabels())
	if err != nil || m["Tumour"] != 1 || m["a=b"] != 7 || !slices.Contains([]uint8{0}, m["out"]) || len(m) != 3 {
		t.Error(m, err)
	}
}
