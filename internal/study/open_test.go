package study

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/fault"
)

// write makes a file below dir.
func write(tb testing.TB, dir, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func open(tb testing.TB, paths ...string) *Study {
	tb.Helper()
	st, err := Open(context.Background(), paths, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

func names(items []*Item) string {
	var out []string
	for _, it := range items {
		out = append(out, it.Name)
	}
	return strings.Join(out, " ")
}

// instance is a DICOM file with a UID of its own.
func instance(uid string, es ...el) []byte {
	return part10File(explicitLittle, still(4, 3).with(append(es, el{"SOPInstanceUID", uid})...))
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f10.png", pngOf(t, 10))
	write(t, dir, "f2.png", pngOf(t, 2))
	write(t, dir, "sub/F2.dcm", instance("1.2"))
	write(t, dir, "sub/deeper/f2.jpg", jpegOf(t, 3))
	write(t, dir, "notes.txt", []byte("no image, but long enough to look at"))
	write(t, dir, "empty", nil)
	write(t, dir, "broken.png", []byte("\x89PNG\r\n\x1a\nnothing"))
	write(t, dir, "empty.dcm", nil)
	st := open(t, dir)
	if got := names(st.Items); got != "f2 f10 F2-2 f2-3" {
		t.Errorf("items %s", got)
	}
	if st.Title != filepath.Base(dir) {
		t.Errorf("title %q", st.Title)
	}
	want := map[string]fault.Code{"broken.png": CodeTruncated, "empty.dcm": CodeEmpty}
	for _, r := range st.Refused {
		if want[filepath.Base(r.Where)] != r.Code {
			t.Errorf("refused %v", r)
		}
	}
	if len(st.Refused) != len(want) || len(st.Skipped) != 2 || len(st.Files) != 8 {
		t.Errorf("%d refused, %d skipped, %d files", len(st.Refused), len(st.Skipped), len(st.Files))
	}
	for _, s := range st.Skipped {
		if s.Reason != CodeNotImage {
			t.Errorf("skipped %+v", s)
		}
	}
}

func TestWhatWasAskedForIsRefusedIfItIsNoImage(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		data []byte
		want fault.Code
	}{
		"notes.txt": {[]byte("no image, but long enough to look at"), CodeNotImage},
		"empty":     {nil, CodeEmpty},
		"short":     {[]byte{8}, CodeNotImage},
		"short.tif": {[]byte("II*\x00"), CodeTruncated},
	} {
		st := open(t, write(t, dir, name, c.data))
		if len(st.Refused) != 1 || st.Refused[0].Code != c.want {
			t.Errorf("%s: %v", name, st.Refused)
		}
	}
	st := open(t, filepath.Join(dir, "missing.dcm"))
	if len(st.Refused) != 1 || st.Refused[0].Code != CodeMissing || st.Refused[0].Where != filepath.Join(dir, "missing.dcm") {
		t.Errorf("missing: %v", st.Refused)
	}
}

func TestFolderWithoutImages(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // once with nothing at all, once with a file that is no image
		st := open(t, dir)
		if len(st.Refused) != 1 || st.Refused[0].Code != CodeNoImages || st.Refused[0].Where != dir {
			t.Errorf("got %v", st.Refused)
		}
		write(t, dir, "notes.txt", []byte("no image"))
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := t.TempDir()
	write(t, dir, "a.png", pngOf(t, 1))
	shut := write(t, dir, "b.png", pngOf(t, 2))
	if err := os.Chmod(shut, 0); err != nil {
		t.Fatal(err)
	}
	st := open(t, dir)
	if len(st.Items) != 1 || len(st.Refused) != 1 || st.Refused[0].Code != CodeUnreadable {
		t.Errorf("%d items, refused %v", len(st.Items), st.Refused)
	}
}

func TestADeviceIsNoImage(t *testing.T) {
	if _, err := os.Stat(os.DevNull); err != nil {
		t.Skip("no device here")
	}
	st := open(t, os.DevNull)
	if len(st.Refused) != 1 || st.Refused[0].Code != CodeNotImage {
		t.Errorf("got %v", st.Refused)
	}
}

func TestSeriesAndInstanceOrder(t *testing.T) {
	dir := t.TempDir()
	add := func(name, study, series, number, instanceNumber string) {
		write(t, dir, name, instance("1.2."+name, el{"StudyInstanceUID", study}, el{"SeriesInstanceUID", series},
			el{"SeriesNumber", number}, el{"InstanceNumber", instanceNumber}))
	}
	add("1", "9", "9.2", "2", "10")
	add("2", "9", "9.1", "1", "2")
	add("3", "8", "8.1", "0", "1")
	add("4", "9", "9.1", "1", "1")
	add("5", "9", "9.2", "2", "9")
	write(t, dir, "6", pngOf(t, 1))
	if got := names(open(t, dir).Items); got != "4 2 5 1 3 6" {
		t.Errorf("order %s", got)
	}
}

func TestIDs(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.dcm", instance("1.2.3"))
	write(t, dir, "b.dcm", instance("1.2.3", el{"PatientID", "other"}))
	write(t, dir, "c.dcm", instance("1.2.3"))
	write(t, dir, "d.dcm", instance("5.6.7"))
	write(t, dir, "e.dcm", part10File(explicitLittle, still(4, 3).with(el{"SOPInstanceUID", nil})))
	write(t, dir, "f.png", pngOf(t, 1))
	id := map[string]string{}
	for _, it := range open(t, dir).Items {
		id[it.Name] = it.ID
	}
	if id["d"] != "5.6.7" || !strings.HasPrefix(id["e"], "sha256:") || !strings.HasPrefix(id["f"], "sha256:") {
		t.Errorf("IDs %v", id)
	}
	if id["a"] == id["b"] || id["c"] != "" || !strings.HasPrefix(id["a"], "1.2.3/sha256:") {
		t.Errorf("IDs of instances that share a UID: %v", id)
	}
	if alone := open(t, filepath.Join(dir, "b.dcm")).Items[0].ID; alone != "1.2.3" {
		t.Errorf("ID of one alone: %s", alone)
	}
}

func TestProgressAndCancel(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		write(t, dir, string(rune('a'+i))+".png", pngOf(t, uint8(i)))
	}
	var seen []int
	st, err := Open(context.Background(), []string{dir}, func(done, total int) {
		if total != 20 {
			t.Errorf("total %d", total)
		}
		seen = append(seen, done)
	})
	if err != nil || len(st.Items) != 20 || len(seen) != 20 || !slices.IsSorted(seen) || seen[19] != 20 {
		t.Errorf("%v, progress %v", err, seen)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	_, err = Open(ctx, []string{dir}, func(int, int) {
		if n++; n == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || n > 10 {
		t.Errorf("cancelled: %v after %d files", err, n)
	}
	if _, err = Open(ctx, []string{dir}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestChangedFile(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "a.dcm", instance("1.2"))
	it := open(t, path).Items[0]
	write(t, dir, "a.dcm", instance("1.2", el{"PatientID", "longer than before"}))
	if _, err := it.Frame(0); fault.CodeOf(err) != CodeChanged {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := it.Frame(0); fault.CodeOf(err) != CodeMissing {
		t.Errorf("removed: %v", err)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "in")
	write(t, inside, "a.png", pngOf(t, 1))
	if err := os.Symlink(dir, filepath.Join(inside, "round")); err != nil {
		t.Skip("no links here: ", err)
	}
	other := write(t, dir, "b.png", pngOf(t, 2))
	if err := os.Symlink(other, filepath.Join(inside, "c.png")); err != nil {
		t.Fatal(err)
	}
	if got := names(open(t, inside).Items); got != "a c" {
		t.Errorf("items %s", got)
	}
}

func record(parts ...string) set { return set{{"ReferencedFileID", strings.Join(parts, `\`)}} }

func TestDICOMDIR(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "disc")
	write(t, root, "secret.dcm", instance("6.6.6"))
	write(t, dir, "IMAGES/im1", instance("1.1"))
	write(t, dir, "IMAGES/IM2", instance("1.2"))
	write(t, dir, "IMAGES/IM9", instance("1.9")) // not referred to
	if err := os.Symlink(filepath.Join(root, "secret.dcm"), filepath.Join(dir, "LINK")); err != nil {
		t.Skip("no links here: ", err)
	}
	records := []set{
		{{"Modality", "US"}}, // a patient or study
		record("IMAGES", "IM2"),
		record("IMAGES", "IM1"),    // on disk in small letters
		record("IMAGES", "IM2"),    // twice
		record("..", "secret.dcm"), // in three spellings
		record("IMAGES", "..", "..", "secret.dcm"),
		record("../secret.dcm"),
		record("LINK"),
		record("IMAGES", "GONE"),
	}
	path := write(t, dir, "DICOMDIR", part10File(explicitLittle, set{{"DirectoryRecordSequence", records}}))
	st := open(t, path)
	if got := names(st.Items); got != "IM2 im1-2" && got != "IM2 im1" {
		t.Errorf("items %s", got)
	}
	codes := map[fault.Code]int{}
	for _, r := range st.Refused {
		codes[r.Code]++
	}
	if codes[CodeOutside] != 2 || codes[CodeMissing] != 1 || len(st.Refused) != 3 {
		t.Errorf("refused %v", st.Refused)
	}
	if len(st.Skipped) != 1 || st.Skipped[0].Reason != CodeDirectory {
		t.Errorf("skipped %v", st.Skipped)
	}
	for _, it := range st.Items {
		if it.ID == "6.6.6" {
			t.Error("a file outside was opened")
		}
	}
	if got := names(open(t, dir).Items); got != "LINK im1 IM2 IM9" && got != "LINK IM2 IM9 im1" {
		t.Errorf("as a folder: %s", got)
	}
}

func TestNaturalOrder(t *testing.T) {
	in := []string{"f10", "f2", "F1", "f", "f02", "f2a", "f1.9", "f1.10", ""}
	slices.SortStableFunc(in, natural)
	if got := strings.Join(in, " "); got != " F1 f f1.9 f1.10 f2 f02 f2a f10" {
		t.Errorf("got %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-b0-2]{0,6}`)
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if sign(natural(a, b)) != -sign(natural(b, a)) {
			t.Fatalf("%q and %q have two orders", a, b)
		}
		if natural(a, b) <= 0 && natural(b, c) <= 0 && natural(a, c) > 0 {
			t.Fatalf("%q ≤ %q ≤ %q goes round", a, b, c)
		}
	})
}

func sign(n int) int { return min(max(n, -1), 1) }

func TestUniqueNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		taken := map[string]bool{}
		seen := map[string]bool{}
		for _, n := range rapid.SliceOf(rapid.SampledFrom([]string{"a", "A", "a-2", "a-3", "b"})).Draw(t, "names") {
			got := unique(n, taken)
			if seen[strings.ToLower(got)] || !strings.HasPrefix(got, n) {
				t.Fatalf("%q became %q", n, got)
			}
			seen[strings.ToLower(got)] = true
		}
	})
}

func TestBaseName(t *testing.T) {
	for in, want := range map[string]string{
		"a/x.dcm": "x", "x.tar.gz": "x.tar", ".hidden": ".hidden", "IM0001": "IM0001", "x.": "x",
	} {
		if got := baseName(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
