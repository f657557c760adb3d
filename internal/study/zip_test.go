package study

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/fault"
)

// zipped is a file to put into an archive.
type zipped struct {
	name   string
	data   []byte
	stored bool
}

func zipOf(tb testing.TB, entries ...zipped) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.stored {
			h.Method = zip.Store
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func codes(st *Study) map[string]fault.Code {
	out := map[string]fault.Code{}
	for _, f := range st.Files {
		c := f.Skipped
		if f.Refused != nil {
			c = f.Refused.Code
		}
		out[filepath.Base(f.Path)] = c
	}
	return out
}

func TestZipArchive(t *testing.T) {
	dir := t.TempDir()
	cine := still(8, 8).with(el{"NumberOfFrames", "4"}, el{"Rows", 2}, el{"SOPInstanceUID", "1.5"})
	path := write(t, dir, "disc.zip", zipOf(
		t,
		zipped{"DICOM/IM10", instance("1.1"), false},
		zipped{`DICOM\IM9`, instance("1.2"), true},
		zipped{"DICOM/cine", part10File(explicitLittle, cine), true},
		zipped{"DICOM/packed", part10File(explicitLittle, cine.with(el{"SOPInstanceUID", "1.6"})), false},
		zipped{"a.png", pngOf(t, 7), true},
		zipped{"README.TXT", []byte("words and words and words"), false},
		zipped{"empty/", nil, false},
		zipped{"inner.zip", zipOf(t, zipped{"x.png", pngOf(t, 7), true}), true},
	))
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	st := open(t, path)
	if got := names(st.Items); got != "IM9 IM10 cine packed a" {
		t.Errorf("items %s, refused %v", got, st.Refused)
	}
	for _, it := range st.Items {
		for i := range it.Frames {
			mustFrame(t, it, i)
		}
		alone := open(t, it.Path) // as a workspace does that knows the item's path
		if len(alone.Items) != 1 || alone.Items[0].ID != it.ID {
			t.Errorf("%s alone: %v", it.Path, alone.Refused)
		}
	}
	if c := codes(st); c["README.TXT"] != CodeNotImage || c["inner.zip"] != CodeArchive || len(c) != 7 {
		t.Errorf("what became of the files: %v", c)
	}
	if after, _ := os.ReadDir(dir); len(after) != len(before) {
		t.Error("something was unpacked")
	}
	if f := mustFrame(t, st.Items[2], 3); !slices.Equal(f.Grey, mustFrame(t, st.Items[3], 3).Grey) {
		t.Error("packed and stored differ")
	}
	if got := open(t, filepath.Join(path, "DICOM", "GONE")); len(got.Refused) != 1 || got.Refused[0].Code != CodeMissing {
		t.Errorf("a member that is not there: %v", got.Refused)
	}
	if got := open(t, dir); len(got.Items) != 0 || len(got.Skipped) != 1 || got.Skipped[0].Reason != CodeArchive {
		t.Errorf("an archive in a folder: %v", got.Skipped)
	}
}

func TestZipsThatDoHarm(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secret.dcm", instance("6.6.6"))
	bomb := make([]byte, 40<<20)
	copy(bomb, part10File(explicitLittle, still(4, 3)))
	path := write(t, dir, "bad.zip", zipOf(
		t,
		zipped{"../secret.dcm", instance("1.1"), false},
		zipped{"/etc/passwd.dcm", instance("1.2"), false},
		zipped{`C:\x.dcm`, instance("1.3"), false},
		zipped{"good.dcm", instance("1.4"), false},
		zipped{"bomb.dcm", bomb, false},
	))
	st := open(t, path)
	if got := names(st.Items); got != "good" {
		t.Errorf("items %s", got)
	}
	n := map[fault.Code]int{}
	for _, r := range st.Refused {
		n[r.Code]++
		if !strings.HasPrefix(r.Where, path) {
			t.Errorf("a fault at %s", r.Where)
		}
	}
	if n[CodeOutside] != 3 || n[CodeTooLarge] != 1 {
		t.Errorf("refused %v", st.Refused)
	}
	locked := zipOf(t, zipped{"a.dcm", instance("1.1"), true})
	i := bytes.Index(locked, []byte("PK\x01\x02"))
	locked[i+8] |= encryptedFlag
	other := zipOf(t, zipped{"a.dcm", instance("1.1"), true})
	binary.LittleEndian.PutUint16(other[bytes.Index(other, []byte("PK\x01\x02"))+10:], 93)
	wrong := zipOf(t, zipped{"a.dcm", instance("1.1"), false})
	wrong[bytes.Index(wrong, []byte("PK\x01\x02"))+16] ^= 1 // the sum
	for name, c := range map[string]struct {
		data []byte
		want fault.Code
	}{
		"encrypted": {locked, CodeMember}, "another method": {other, CodeMember}, "checksum": {wrong, CodeDamaged},
		"cut": {wrong[:len(wrong)-30], CodeDamaged},
	} {
		st := open(t, write(t, dir, name+".zip", c.data))
		if len(st.Refused) != 1 || st.Refused[0].Code != c.want || len(st.Items) > 0 {
			t.Errorf("%s: %v", name, st.Refused)
		}
	}
	if st := open(t, write(t, dir, "none.zip", zipOf(t))); len(st.Refused) != 1 || st.Refused[0].Code != CodeNoImages {
		t.Errorf("empty: %v", st.Refused)
	}
}

// All that archives may unpack together is bounded too.
func TestZipBudget(t *testing.T) {
	a := &archive{file: original{size: 1 << 20}, left: 100}
	data := zipOf(t, zipped{"a.dcm", instance("1"), false})
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f := r.File[0]
	f.CompressedSize64, f.UncompressedSize64 = 50, 90
	if c := a.candidate(f); c.failed != nil {
		t.Error(c.failed)
	}
	if c := a.candidate(f); fault.CodeOf(c.failed) != CodeTooLarge {
		t.Error(c.failed)
	}
}

func TestExactCopiesAreSetAside(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.dcm", instance("1.2.3"))
	write(t, dir, "b.dcm", instance("1.2.3", el{"PatientID", "other"}))
	write(t, dir, "c.dcm", instance("1.2.3"))
	write(t, dir, "d.png", pngOf(t, 1))
	write(t, dir, "e.png", pngOf(t, 1))
	st := open(t, dir)
	if got := names(st.Items); got != "a b d e" {
		t.Errorf("items %s", got)
	}
	if len(st.Skipped) != 1 || st.Skipped[0].Reason != CodeCopy || filepath.Base(st.Skipped[0].Path) != "c.dcm" {
		t.Errorf("skipped %v", st.Skipped)
	}
}

func TestOtherModalitiesAreSetAside(t *testing.T) {
	dir := t.TempDir()
	ct := write(t, dir, "1ct.dcm", instance("1.1", el{"Modality", "CT"}))
	write(t, dir, "2us.dcm", instance("1.2"))
	write(t, dir, "3ot.dcm", instance("1.3", el{"Modality", "OT"}))
	write(t, dir, "4.png", pngOf(t, 1))
	st := open(t, dir)
	if got := names(st.Items); got != "2us 3ot 4" || names(st.Aside) != "1ct" {
		t.Errorf("items %s, aside %s", got, names(st.Aside))
	}
	mustFrame(t, st.Aside[0], 0)
	if st := open(t, ct); names(st.Items) != "1ct" {
		t.Error("a file that was asked for is set aside")
	}
	if st := open(t, ct, dir); !strings.Contains(names(st.Items), "1ct") {
		t.Errorf("asked for beside a folder: %s", names(st.Items))
	}
	only := t.TempDir()
	write(t, only, "ct.dcm", instance("1.1", el{"Modality", "CT"}))
	if st := open(t, only); names(st.Items) != "ct" || len(st.Aside) != 0 {
		t.Error("a study without ultrasound is set aside")
	}
}

func TestFirstImageComesBeforeTheStudy(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "0ct.dcm", instance("1.1", el{"Modality", "CT"}))
	for i := range 30 {
		write(t, dir, "f"+string(rune('a'+i))+".png", pngOf(t, uint8(i)))
	}
	n, done, at := 0, 0, 0
	w := Watch{
		Progress: func(d, _ int) { done = d },
		First: func(it *Item) {
			n++
			at = done
			if it.Modality == "CT" {
				t.Error("of another modality")
			}
			mustFrame(t, it, 0)
		},
	}
	st, err := w.Open(context.Background(), []string{dir})
	if err != nil || n != 1 || at > 10 || len(st.Items)+len(st.Aside) != 31 {
		t.Errorf("%v: first image %d times, after %d of %d files", err, n, at, done)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, zipped{"DICOM/IM1", instance("1.1"), false}, zipped{"a.png", pngOf(f, 1), true}))
	f.Add(zipOf(f, zipped{"../x.dcm", instance("1.1"), true}))
	f.Add(zipOf(f))
	path := filepath.Join(f.TempDir(), "x.zip")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		st := open(t, path)
		for _, r := range st.Refused {
			checkFault(t, r)
			if !strings.HasPrefix(r.Where, path) {
				t.Fatalf("a fault at %s", r.Where)
			}
		}
		for _, it := range st.Items {
			if _, err := it.Frame(0); err != nil {
				checkFault(t, err)
			}
		}
	})
}
