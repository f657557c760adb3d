package export

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study"
)

// An export that is stopped is gone on with: what is written is kept, and the SEG of one study stay one series.
func TestExportGoesOn(t *testing.T) {
	in := input(cine("a", 16, 16, 2, 1), cine("b", 16, 16, 1, 1), cine("c", 16, 16, 3, 1))
	o := options(t, "seg")
	o.Manifest = true
	ctx, stop := context.WithCancel(t.Context())
	o.Progress = func(done, _ int) {
		if done == 2 {
			stop()
		}
	}
	res, err := Run(ctx, in, o)
	if !errors.Is(err, context.Canceled) || len(res.Files) != 2 {
		t.Fatalf("%v %+v", err, res.Files)
	}
	first, err := os.ReadFile(filepath.Join(o.Dir, "a.seg.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	o.Progress = nil
	// Meanwhile the mask of b has changed.
	in.Items[1].Frames[0].Labels = ellipse(16, 16, 5, 5, 3, 3, 1)
	res, err = Run(t.Context(), in, o)
	if err != nil || res.Kept != 1 || len(res.Files) != 2 || len(res.Failed) != 1 || res.Failed[0].Code != CodeExists {
		t.Fatalf("%v %+v", err, res)
	}
	if again, err := os.ReadFile(filepath.Join(o.Dir, "a.seg.dcm")); err != nil || string(again) != string(first) {
		t.Error("what was written was written anew", err)
	}
	a, c := pydicom(t, filepath.Join(o.Dir, "a.seg.dcm")), pydicom(t, filepath.Join(o.Dir, "c.seg.dcm"))
	if a.Series != c.Series {
		t.Error("two series of one study")
	}
	// Once all is written, the same export asks before it replaces.
	o.Overwrite = true
	if res, err = Run(t.Context(), in, o); err != nil || len(res.Failed) > 0 {
		t.Fatalf("%v %+v", err, res)
	}
	o.Overwrite = false
	if res, err = Run(t.Context(), in, o); err != nil || len(res.Failed) != 3 || res.Kept != 0 {
		t.Errorf("%v %+v", err, res)
	}
}

// A file that was changed after it was written is not taken for done.
func TestExportLooksAtWhatIsThere(t *testing.T) {
	in := input(cine("a", 16, 16, 2, 1), cine("b", 16, 16, 1, 1))
	o := options(t, "png")
	ctx, stop := context.WithCancel(t.Context())
	o.Progress = func(int, int) { stop() }
	if _, err := Run(ctx, in, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "a.json"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.Progress = nil
	res, err := Run(t.Context(), in, o)
	if err != nil || res.Kept != 0 || len(res.Failed) != 1 || res.Failed[0].Code != CodeExists {
		t.Errorf("%v %+v", err, res)
	}
}

// A source that has gone is named where its pictures are needed, and nothing of its item is written.
func TestSourceThatHasGone(t *testing.T) {
	gone, good := filmed(t, cine("gone", 16, 16, 2, 1)), filmed(t, cine("good", 16, 16, 1, 1))
	if err := os.Remove(gone.Source.Path); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"nifti", "nnunet", "yolo", "training"} {
		o := options(t, format)
		res, err := Run(t.Context(), input(gone, good), o)
		if err != nil || len(res.Failed) != 1 || res.Failed[0].Code != study.CodeMissing {
			t.Errorf("%s: %v %v", format, err, res.Failed)
		}
		for _, f := range res.Files {
			if base := filepath.Base(f.Path); len(base) > 4 && base[:4] == "gone" {
				t.Errorf("%s: %s was written", format, base)
			}
		}
	}
	res, err := Run(t.Context(), input(gone), options(t, "report"))
	if err != nil || len(res.Failed) != 1 || len(res.Files) != 0 || fault.CodeOf(res.Failed[0]) != study.CodeMissing {
		t.Errorf("report: %v %+v", err, res)
	}
}
