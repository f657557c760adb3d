package export

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

func readPNG(t *testing.T, path string) *image.Gray {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return im.(*image.Gray)
}

func readSidecar(t *testing.T, path string) sidecar {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s sidecar
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPNGOfOneLabel(t *testing.T) {
	it := Item{Source: &study.Item{Name: "photo", W: 30, H: 20, Frames: 1}, Frames: []Frame{frame(0, ellipse(30, 20, 15, 10, 9, 6, 1))}}
	it.Frames[0].Spacing = &study.Spacing{X: 0.1, Y: 0.2}
	o := options(t, "png")
	res := run(t, input(it), o)
	if len(res.Files) != 2 {
		t.Fatal(res.Files)
	}
	im := readPNG(t, filepath.Join(o.Dir, "photo.mask.png"))
	for i, v := range it.Frames[0].Labels.Pix {
		if want := v * 255; im.Pix[i] != want {
			t.Fatalf("pixel %d is %d, want %d", i, im.Pix[i], want)
		}
	}
	s := readSidecar(t, filepath.Join(o.Dir, "photo.json"))
	f := s.Frames[0]
	if s.Use != ResearchUse || s.Reader != "Dr. Kim" || s.Exported != "2026-03-04T05:06:07Z" || len(s.NotReviewed) != 0 ||
		s.Labels[0].Pixel != 255 || s.Labels[0].Type.Value != "4147007" {
		t.Errorf("%+v", s)
	}
	if f.Status != "accepted" || f.Algorithm != "AUTOMATIC" || *f.Model != (sidecarModel{"echoline-breast", "0.1.0", modelSHA, false}) ||
		*f.SpacingMM != [2]float64{0.1, 0.2} || f.File != "photo.mask.png" {
		t.Errorf("%+v", f)
	}
	if p := f.Boundary["predicted"]; p.Arcs != 1 || p.Share != 1 || p.Length < 30 || p.Length > 60 || p.Length != f.LengthPx {
		t.Errorf("boundary %+v", f.Boundary)
	}
}

func TestPNGOfACineWithSeveralLabels(t *testing.T) {
	it := cine("clip", 40, 20, 3, 1, 5)
	it.Frames = it.Frames[1:]
	it.Frames[0].Status, it.Frames[0].Model, it.LeftOut = review.Open, "", 1
	o := options(t, "png")
	o.Include = All
	res := run(t, input(it), o)
	if res.LeftOut != 1 {
		t.Errorf("%d left out", res.LeftOut)
	}
	im := readPNG(t, filepath.Join(o.Dir, "clip.f0002.mask.png"))
	if !slices.Equal(im.Pix, it.Frames[0].Labels.Pix) {
		t.Error("pixels are not the label values")
	}
	if im := readPNG(t, filepath.Join(o.Dir, "clip.f0003.mask.png")); slices.Max(im.Pix) != 0 {
		t.Error("a frame without lesion is not black")
	}
	s := readSidecar(t, filepath.Join(o.Dir, "clip.json"))
	if !slices.Equal(s.NotReviewed, []int{2}) || s.LeftOut != 1 || s.Labels[1].Pixel != 5 || s.Labels[1].Name != "label 5" ||
		s.Frames[0].Status != "not reviewed" || s.Frames[0].Model != nil || s.Frames[0].SpacingMM != nil {
		t.Errorf("%+v", s)
	}
}

func TestBoundaryShares(t *testing.T) {
	cs := contour.FromMask(ellipse(80, 80, 40, 40, 30, 30, 1), 1)
	marks := mask.NewPlane(80, 80)
	for y := range 40 {
		for x := range 80 {
			marks.Set(x, y, uint8(contour.Corrected))
		}
	}
	contour.ReadStates(cs, marks)
	b := NewBoundary(cs)
	share := b[contour.Corrected].Length / b.Length()
	if b[contour.Corrected].Arcs != 1 || b[contour.Predicted].Arcs != 1 || share < 0.45 || share > 0.55 {
		t.Errorf("%+v", b)
	}
}

func TestInclude(t *testing.T) {
	var untouched, confirmed Boundary
	confirmed[contour.Confirmed].Arcs = 1
	for _, c := range []struct {
		status                  review.Status
		touched                 bool
		b                       Boundary
		accepted, reviewed, all bool
	}{
		{review.Accepted, false, untouched, true, true, true},
		{review.Open, false, untouched, false, false, true},
		{review.Open, true, untouched, false, true, true},
		{review.Open, false, confirmed, false, true, true},
		{review.Rejected, true, confirmed, false, false, true},
	} {
		got := [3]bool{Accepted.Takes(c.status, c.touched, c.b), Reviewed.Takes(c.status, c.touched, c.b), All.Takes(c.status, c.touched, c.b)}
		if got != [3]bool{c.accepted, c.reviewed, c.all} {
			t.Errorf("%+v: %v", c, got)
		}
	}
	for _, s := range []string{"accepted", "reviewed", "all"} {
		if i, err := ParseInclude(s); err != nil || string(i) != s {
			t.Error(i, err)
		}
	}
	if _, err := ParseInclude("some"); fault.CodeOf(err) != CodeInclude {
		t.Error(err)
	}
}

func TestNothingIsReplacedUnasked(t *testing.T) {
	for _, format := range Formats() {
		it := filmed(t, cine("clip", 16, 16, 2, 1))
		o := options(t, format)
		first := run(t, probabilities(input(it)), o)
		target := first.Files[len(first.Files)-1].Path
		if err := os.WriteFile(target, []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, f := range first.Files[:len(first.Files)-1] {
			os.Remove(f.Path)
		}
		other := filmed(t, cine("other", 16, 16, 1, 1))
		res, err := Run(t.Context(), probabilities(input(it, other)), o)
		if err != nil || len(res.Failed) != 1 || res.Failed[0].Code != CodeExists || res.Failed[0].Where != target {
			t.Fatalf("%s: %v %v", format, err, res.Failed)
		}
		if data, _ := os.ReadFile(target); string(data) != "precious" {
			t.Errorf("%s: replaced", format)
		}
		for _, f := range res.Files {
			if formats[format].whole == nil && !strings.HasPrefix(filepath.Base(f.Path), "other") {
				t.Errorf("%s: half of an item was written: %s", format, f.Path)
			}
		}
		o.Overwrite = true
		run(t, probabilities(input(it, other)), o)
		if data, _ := os.ReadFile(target); string(data) == "precious" {
			t.Errorf("%s: not replaced though asked", format)
		}
	}
}

// Items whose outputs would have the same name must not replace each other, even with leave to replace older files.
func TestItemsDoNotReplaceEachOther(t *testing.T) {
	still, clip := cine("clip.f0001", 16, 16, 1, 1), cine("clip", 16, 16, 2, 1)
	o := options(t, "png")
	o.Overwrite = true
	res, err := Run(t.Context(), input(still, clip), o)
	if err != nil || len(res.Failed) != 1 || res.Failed[0].Code != CodeExists {
		t.Fatal(err, res.Failed)
	}
}

func TestManifest(t *testing.T) {
	o := options(t, "png")
	o.Manifest = true
	res := run(t, input(cine("clip", 16, 16, 2, 1)), o)
	data, err := os.ReadFile(filepath.Join(o.Dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Files {
		content, _ := os.ReadFile(f.Path)
		if line := hash(content) + "  " + filepath.Base(f.Path) + "\n"; !strings.Contains(string(data), line) {
			t.Errorf("manifest lacks %s", line)
		}
	}
	if string(data) != string(res.Manifest(o.Dir)) || strings.Count(string(data), "\n") != 3 {
		t.Errorf("manifest %s", data)
	}
	o.Overwrite = true
	again := run(t, input(cine("clip", 16, 16, 1, 1), cine("more", 16, 16, 1, 1)), o)
	data, _ = os.ReadFile(filepath.Join(o.Dir, manifestName))
	old := strings.Join(strings.SplitAfter(string(res.Manifest(o.Dir)), "\n")[:2], "") // the frames; clip.json is new
	if string(data) != old+string(again.Manifest(o.Dir)) {
		t.Errorf("second manifest\n%swants\n%s%s", data, old, again.Manifest(o.Dir))
	}
}

func TestRunFaults(t *testing.T) {
	it := cine("clip", 16, 16, 1, 1)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	o := options(t, "tiff")
	if _, err := Run(t.Context(), input(it), o); fault.CodeOf(err) != CodeFormat {
		t.Error(err)
	}
	o.Format = "png"
	if _, err := Run(t.Context(), input(Item{Source: it.Source, LeftOut: 1}), o); fault.CodeOf(err) != CodeNothing {
		t.Error(err)
	}
	o.Dir = file
	if _, err := Run(t.Context(), input(it), o); fault.CodeOf(err) != CodeFolder {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.Dir = t.TempDir()
	if _, err := Run(ctx, input(it), o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The system refuses: here because a folder is in the way, as it would on a full disk or without permission.
func TestRefusedFile(t *testing.T) {
	o := options(t, "png")
	o.Overwrite = true
	if err := os.MkdirAll(filepath.Join(o.Dir, "a.mask.png", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	res, err := Run(t.Context(), input(cine("a", 8, 8, 1, 1), cine("b", 8, 8, 1, 1)), o)
	if err != nil || len(res.Failed) != 1 || res.Failed[0].Code != CodeWrite || len(res.Files) != 2 {
		t.Error(err, res)
	}
	left, _ := filepath.Glob(filepath.Join(o.Dir, ".echoline-*.tmp"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestProgress(t *testing.T) {
	var got [][2]int
	o := options(t, "png")
	o.Progress = func(done, total int) { got = append(got, [2]int{done, total}) }
	run(t, input(cine("a", 8, 8, 1, 1), cine("b", 8, 8, 1, 1)), o)
	if !slices.Equal(got, [][2]int{{1, 2}, {2, 2}}) {
		t.Error(got)
	}
	for _, format := range []string{"csv", "report"} { // which write all items at once
		got, o.Format, o.Dir = nil, format, t.TempDir()
		run(t, input(filmed(t, cine("a", 8, 8, 1, 1)), filmed(t, cine("b", 8, 8, 1, 1))), o)
		if !slices.Equal(got, [][2]int{{1, 2}, {2, 2}}) {
			t.Error(format, got)
		}
	}
}

func TestStems(t *testing.T) {
	got := stems([]string{"a", "A", "a-2", "../x", "a/b", "", "한글"})
	if !slices.Equal(got, []string{"a", "A-2", "a-2-2", "_x", "a_b", "image", "한글"}) {
		t.Errorf("%q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		seen := map[string]bool{}
		for _, s := range stems(rapid.SliceOf(rapid.StringN(0, 6, -1)).Draw(t, "names")) {
			if s == "" || s != filepath.Base(s) || strings.ContainsAny(s, `/\`) || seen[strings.ToLower(s)] {
				t.Fatalf("stem %q", s)
			}
			seen[strings.ToLower(s)] = true
		}
	})
}
