package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study"
)

func openAll(tb testing.TB, paths ...string) *study.Study {
	tb.Helper()
	st, err := study.Open(context.Background(), paths, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

// All samples say the same of themselves, and show the same, in this process and in another.
func TestSameAsDirect(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "shared", "data", "dicom")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no sample files beside the repository: ", err)
	}
	direct := openAll(t, dir)
	p := decoders(t)
	using(t, p)
	other := openAll(t, dir)
	if len(direct.Files) != len(other.Files) || len(direct.Items) != len(other.Items) {
		t.Fatalf("%d files, %d items; directly %d, %d", len(other.Files), len(other.Items), len(direct.Files), len(direct.Items))
	}
	for i := range direct.Files {
		a, b := &direct.Files[i], &other.Files[i]
		if x, y := asJSON(t, a), asJSON(t, b); x != y {
			t.Errorf("%s:\n%s\ndirectly\n%s", a.Path, y, x)
		}
	}
	for i, it := range direct.Items {
		if other.Items[i].Path != it.Path {
			t.Fatalf("item %d is %s, directly %s", i, other.Items[i].Path, it.Path)
		}
		for f := range min(it.Frames, 4) {
			sameFrame(t, it, other.Items[i], f)
		}
	}
	if n := p.starts.Load(); n > most && !underRace { // which leaves no room within the limit, so that the first is replaced
		t.Errorf("%d processes started", n)
	}
}

// asJSON is what is known of a file.
func asJSON(t *testing.T, f *study.File) string {
	t.Helper()
	refused := ""
	if f.Refused != nil {
		refused = f.Refused.Error()
	}
	b, err := json.Marshal([]any{f.Item, f.Skipped, refused})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sameFrame(t *testing.T, a, b *study.Item, i int) {
	t.Helper()
	x, errX := a.Frame(i)
	y, errY := b.Frame(i)
	if fault.CodeOf(errX) != fault.CodeOf(errY) || (errX == nil) != (errY == nil) {
		t.Errorf("%s, frame %d: %v, directly %v", a.Path, i, errY, errX)
		return
	}
	if errX != nil {
		return
	}
	if x.Max != y.Max || x.Window != y.Window || !bytes.Equal(drawn(x), drawn(y)) {
		t.Errorf("%s, frame %d differs", a.Path, i)
	}
	for p := range x.Grey {
		if x.Grey[p] != y.Grey[p] {
			t.Errorf("%s, frame %d: pixel %d is %d, directly %d", a.Path, i, p, y.Grey[p], x.Grey[p])
			return
		}
	}
}

func drawn(f *study.Frame) []byte {
	im := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	f.Render(im, f.Window, false)
	return im.Pix
}
