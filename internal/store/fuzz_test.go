package store

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// FuzzEntry reads a row of the journal, behind the checksum that would hide it from the fuzzer, and replays it: what is no
// sensible entry leaves the frame as it was, and is told.
func FuzzEntry(f *testing.F) {
	k := &keeper{}
	r := review.New(testStudy(), "kim", k)
	for i := range 12 {
		if err := step(r, i); err != nil {
			f.Fatal(err)
		}
	}
	for i := range k.entries {
		content, marks, err := k.entries[i].Content()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(k.entries[i].Kind), uint8(k.entries[i].Status), uint16(testW), uint16(testH), content, marks)
	}
	f.Add(uint8(review.KindRuler), uint8(0), uint16(testW), uint16(testH), []byte(`{"A":[1,2],"B":[30,2],"MM":1e300}`), []byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, kind, status uint8, w, h uint16, content, marks []byte) {
		in := row{content: content, marks: marks}
		in.e = review.Entry{
			N: 1, Reader: "kim", Key: still, W: int(w), H: int(h), Kind: review.Kind(kind), Status: review.Status(status), Time: time.Unix(1, 0),
		}
		e := in.entry(true)
		r := review.New(testStudy(), "kim", nil)
		err := r.Replay([]review.Entry{e})
		frame := r.Frame(still)
		if len(frame.Labels.Pix) != testW*testH || len(frame.Marks.Pix) != testW*testH || frame.Status > review.Rejected {
			t.Fatal("a frame of another kind")
		}
		if err != nil {
			if fault.CodeOf(err) != review.CodeDamaged || r.CanUndo(still) {
				t.Fatal(err)
			}
			return
		}
		r.Contours(still)
		if content2, marks2, err := e.Content(); err != nil || e.Kind != review.KindRuler && (string(content2) != string(content) || string(marks2) != string(marks)) {
			t.Fatal("not written as it was read", err)
		}
	})
}

// FuzzLines makes rows that follow each other in any way, rings and gaps included: the line that counts is found, holds no
// row twice, goes upwards, and is the same in whatever order the rows came.
func FuzzLines(f *testing.F) {
	f.Add([]byte{1, 0, 1, 1, 2, 1, 2, 2, 3, 2, 3, 3})
	f.Add([]byte{1, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 3, 4, 3, 3, 4})
	f.Add([]byte{1, 2, 1, 1, 2, 1, 2, 2, 5, 9, 7, 3})
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var rows []review.Entry
		known := map[review.ID]bool{}
		for i := 0; i+4 <= len(data) && len(rows) < 40; i += 4 {
			e := review.Entry{Seq: int64(i), N: int64(data[i+2]), Time: time.Unix(int64(data[i+3]), 0), Key: still, Kind: review.KindUndo}
			e.ID[0], e.Prev[0] = data[i], data[i+1]
			if known[e.ID] { // the table holds none twice
				continue
			}
			known[e.ID] = true
			rows = append(rows, e)
		}
		if len(rows) == 0 {
			return
		}
		sorted := func(rows []review.Entry) []review.Entry {
			out := slices.Clone(rows)
			slices.SortStableFunc(out, func(a, b review.Entry) int {
				if a.N != b.N {
					return int(a.N - b.N)
				}
				return -later(a, b)
			})
			return out
		}
		backwards := slices.Clone(rows)
		slices.Reverse(backwards)
		line := lineOf(sorted(rows))
		same := func(a, b review.Entry) bool { return a.ID == b.ID }
		if !slices.EqualFunc(line, lineOf(sorted(backwards)), same) {
			t.Fatal("the order in which rows came matters")
		}
		seen := map[int64]bool{}
		for i, e := range line {
			if seen[e.Seq] {
				t.Fatal("a row twice")
			}
			seen[e.Seq] = true
			if i > 0 && line[i-1].N > e.N {
				t.Fatal("downwards")
			}
		}
		for _, l := range linesOf(sorted(rows)) {
			inOrder(l)
		}
	})
}

// FuzzDamagedFile damages the file of a workspace: it opens, if need be after a repair, or says why not.
func FuzzDamagedFile(f *testing.F) {
	dir := f.TempDir()
	w, err := Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	r, err := w.Review(testStudy(), "kim")
	if err != nil {
		f.Fatal(err)
	}
	for i := range 30 {
		if err := step(r, i); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), uint32(len(whole)), []byte("SQLite format 4"))
	f.Add(uint32(100), uint32(len(whole)), []byte{0xff, 0xff, 0xff})
	f.Add(uint32(5*4096+3), uint32(len(whole)), []byte{0xff, 0xff, 0, 1, 2, 3})
	f.Add(uint32(8), uint32(len(whole)/2), []byte{})
	f.Add(uint32(24), uint32(10), binary.BigEndian.AppendUint32(nil, 7))
	f.Fuzz(func(t *testing.T, at, cut uint32, hurt []byte) {
		data := slices.Clone(whole[:min(int(cut), len(whole))])
		if int(at) < len(data) {
			copy(data[at:], hurt)
		}
		dir := memoryFolder(t)
		must(t, os.WriteFile(filepath.Join(dir, fileName), data, 0o600))
		w, err := Open(dir)
		if err != nil {
			if fault.CodeOf(err) == "" {
				t.Fatal("no fault says what is wrong:", err)
			}
			return
		}
		defer w.Close()
		r, err := w.Review(testStudy(), "kim")
		if r == nil && fault.CodeOf(err) == "" || r != nil && err != nil && fault.CodeOf(err) == "" {
			t.Fatal(err)
		}
		_, _ = w.Verify()        // damage may show here first,
		_, _ = w.VerifyJournal() // and here
		if _, err := w.Versions(testStudy(), "kim", review.Key{Instance: "1.2.4"}); err != nil && fault.CodeOf(err) == "" {
			t.Fatal(err)
		}
	})
}

// memoryFolder is a folder in memory, where syncing costs nothing, or on the disk where there is no such place.
func memoryFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "echoline-*")
	if err != nil {
		dir, err = os.MkdirTemp("", "echoline-*")
	}
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
