//go:build amd64 || arm64

package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	lib "modernc.org/sqlite/lib"

	"echoline/internal/durable"
	"echoline/internal/review"
	"echoline/internal/store/storetest"
	"echoline/internal/study"
)

// sitting is a scripted piece of work with everything that it saves.
type sitting struct {
	t                    testing.TB
	dir, places, exports string
	w                    *Workspace
	r                    *review.Review
	acked                []review.ID     // entries that the workspace said it holds
	said                 []Event         // that were added, whatever the workspace said
	ackedEvents          []string        // IDs of those that it said it holds
	wrote                [][]byte        // what the exported file may hold
	labels, known        review.LabelSet // the reader's, and those that the workspace said it holds
}

// Append notes what the workspace acknowledges.
func (s *sitting) Append(e *review.Entry) error {
	err := s.w.Journal().Append(e)
	if err == nil {
		s.acked = append(s.acked, e.ID)
	}
	return err
}

// Keep passes on.
func (s *sitting) Keep(waiting []*review.Entry) { s.w.Journal().(review.Keeper).Keep(waiting) }

func newSitting(t testing.TB, root string) *sitting {
	s := &sitting{t: t, dir: filepath.Join(root, "ws"), places: filepath.Join(root, "second"), exports: filepath.Join(root, "out")}
	must(t, os.MkdirAll(s.exports, 0o700))
	return s
}

// open opens the workspace and the review, as far as that goes.
func (s *sitting) open() error {
	var err error
	if s.w, err = Open(s.dir, s.places); err != nil {
		return err
	}
	entries, err := s.w.Entries("kim", []string{"1.2.3", "1.2.4"})
	if err == nil {
		s.r = review.New(testStudy(), "kim", s)
		err = s.r.Replay(entries)
	}
	if err == nil {
		err = s.w.addStudy(testStudy(), "kim", []string{"1.2.3", "1.2.4"})
	}
	if s.r == nil {
		return errors.Join(err, s.w.Close())
	}
	return nil
}

// work does it, whatever the disk says: the work stays in the review. check is called after each step.
func (s *sitting) work(check func()) {
	for i := range 72 {
		_ = step(s.r, i) // a full disk, say
		if i%8 == 5 {
			e, err := s.w.AddEvent(Event{Kind: "step", Frame: NoFrame, Reader: "kim", Body: fmt.Appendf(nil, "%d", i)})
			s.said = append(s.said, e)
			if err == nil {
				s.ackedEvents = append(s.ackedEvents, e.ID)
			}
		}
		check()
	}
	_ = s.w.SavePrediction(still, predicted(testW, testH, "m"))
	_ = s.r.SetPrediction(still, predicted(testW, testH, "m"))
	_ = s.r.Calibrate(still, &study.Ruler{A: [2]float64{10, 10}, B: [2]float64{60, 10}, MM: 10})
	_ = s.r.SetStatus(still, review.Accepted)
	check()
	if vs, err := s.w.Versions(testStudy(), "kim", still); err == nil && len(vs) > 0 {
		_ = s.r.Restore(still, vs[len(vs)-1])
	}
	for _, l := range named().Labels {
		s.labels = s.labels.With(l)
		_ = s.saveLabels()
		check()
	}
	for i := range 2 {
		data := bytes.Repeat([]byte{byte('a' + i)}, 10000)
		s.wrote = append(s.wrote, data)
		_ = durable.WriteFile(filepath.Join(s.exports, "mask.png"), data, 0o600)
	}
	_ = s.w.Audit("kim", "exported", "x")
	check()
}

func (s *sitting) saveLabels() error {
	err := s.w.SaveLabels("kim", s.known, s.labels)
	if err == nil {
		s.known = s.labels
	}
	return err
}

// holds fails unless the workspace in dir, with its second places, holds the given entries, whole, and no half files.
func (s *sitting) holds(dir, places string, want []review.ID, events []string) *Workspace {
	t := s.t
	w, err := Open(dir, places)
	if err != nil {
		t.Fatal(err)
	}
	if n := w.Notice(); n != nil && n.Code != CodeReturned {
		t.Fatal(n)
	}
	have := map[review.ID]bool{}
	must(t, w.eachRow(func(r *row, whole bool) error {
		if !whole {
			t.Fatal("half a row")
		}
		have[r.e.ID] = true
		return nil
	}))
	for i, id := range want {
		if !have[id] {
			t.Fatalf("entry %d of %d is lost", i+1, len(want))
		}
	}
	if _, err := w.VerifyJournal(); err != nil {
		t.Fatal(err)
	}
	all, err := w.Events()
	must(t, err)
	for i, id := range events {
		if !slices.ContainsFunc(all, func(e Event) bool { return e.ID == id }) {
			t.Fatalf("event %d of %d is lost", i+1, len(events))
		}
	}
	if _, err := w.VerifyEvents(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Verify(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		if !slices.Contains([]string{fileName, fileName + "-wal", lockName}, f.Name()) {
			t.Fatal("left behind:", f.Name())
		}
	}
	return w
}

// saidIDs are the IDs of all events that were added.
func (s *sitting) saidIDs() []string {
	out := make([]string, len(s.said))
	for i := range s.said {
		out[i] = s.said[i].ID
	}
	return out
}

// whole fails unless the exported file is one of those that were written, and alone.
func (s *sitting) whole() {
	files, err := os.ReadDir(s.exports)
	must(s.t, err)
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(s.exports, f.Name()))
		must(s.t, err)
		if f.Name() != "mask.png" || !slices.ContainsFunc(s.wrote, func(w []byte) bool { return bytes.Equal(w, got) }) {
			s.t.Fatal("half a file:", f.Name(), len(got))
		}
	}
}

// trouble is a way in which a disk fails from the k-th operation on.
type trouble struct {
	name    string
	first   storetest.Outcome
	forEver bool  // everything that comes later fails, too
	second  bool  // the second place fails as well
	code    int32 // of SQLite
}

var troubles = []trouble{
	{"one operation fails", storetest.FailsAtOnce, false, false, 0},
	{"one write is cut", storetest.FailsHalfway, false, false, 0},
	{"the disk is full", storetest.FailsHalfway, true, false, lib.SQLITE_FULL},
	{"the drive is gone", storetest.FailsAtOnce, true, false, lib.SQLITE_IOERR_FSTAT},
	{"every disk is full", storetest.FailsAtOnce, true, true, lib.SQLITE_FULL},
}

// troubled is the file system with a trouble; it counts operations that change something.
type troubled struct {
	durable.Real
	trouble
	places string // where second places are
	at, n  int
}

func (d *troubled) next(path string) storetest.Outcome {
	if !d.second && strings.HasPrefix(path, d.places) {
		return storetest.GoesWell
	}
	d.n++
	switch {
	case d.n == d.at:
		return d.first
	case d.n > d.at && d.forEver:
		return storetest.FailsAtOnce
	}
	return storetest.GoesWell
}

var errInjected = errors.New("injected")

func (d *troubled) Rename(from, to string) error {
	if d.next(to) != storetest.GoesWell {
		return errInjected
	}
	return d.Real.Rename(from, to)
}

func (d *troubled) SyncDir(dir string) error {
	if d.next(dir) != storetest.GoesWell {
		return errInjected
	}
	return d.Real.SyncDir(dir)
}

func (d *troubled) CreateTemp(dir, pattern string) (durable.Handle, error) {
	if d.next(dir) != storetest.GoesWell {
		return nil, errInjected
	}
	f, err := d.Real.CreateTemp(dir, pattern)
	return troubledFile{f, d}, err
}

type troubledFile struct {
	durable.Handle
	d *troubled
}

func (f troubledFile) Write(b []byte) (int, error) {
	switch f.d.next(f.Name()) {
	case storetest.FailsAtOnce:
		return 0, errInjected
	case storetest.FailsHalfway:
		n, _ := f.Handle.Write(b[:len(b)/2])
		return n, errInjected
	}
	return f.Handle.Write(b)
}

func (f troubledFile) Sync() error {
	if f.d.next(f.Name()) != storetest.GoesWell {
		return errInjected
	}
	return f.Handle.Sync()
}

// sit runs the script with a trouble at the k-th operation, 0 for none, and checks that nothing is lost if the program
// ends there, nor if it goes on once the disk is well again. It returns the number of operations.
func sit(t testing.TB, k int, tr trouble) int {
	root := memoryFolder(t)
	s := newSitting(t, root)
	d := &troubled{trouble: tr, places: s.places, at: k}
	heal := durable.Use(d)
	storetest.Set(func(op *storetest.Operation) storetest.Outcome { return d.next(op.File) }, tr.code, false)
	work := func() {
		s.work(func() {
			if _, n := s.w.Kept(); !tr.second && n != s.r.Unsaved()+s.w.Unsaved() {
				t.Fatalf("%d entries and %d events wait, %d are kept", s.r.Unsaved(), s.w.Unsaved(), n)
			}
		})
	}
	began := s.open() == nil
	if began {
		work()
		s.endsHere(root, !tr.second)
	}
	storetest.Set(nil, 0, false)
	heal()
	if !began {
		must(t, s.open())
		work()
	}
	must(t, s.r.Flush())
	must(t, s.saveLabels())
	must(t, s.w.Settle())
	must(t, s.w.Close())
	s.whole()
	w := s.holds(s.dir, s.places, s.acked, s.saidIDs())
	if got, err := w.Labels("kim"); err != nil || !reflect.DeepEqual(got, s.labels) {
		t.Fatal("labels", got, s.labels, err)
	}
	again, err := w.Review(testStudy(), "kim")
	must(t, err)
	for _, key := range []review.Key{still, {Instance: "1.2.4"}, {Instance: "1.2.4", Frame: 1}, {Instance: "1.2.4", Frame: 2}} {
		a, b := s.r.Frame(key), again.Frame(key)
		if !a.Labels.Equal(b.Labels) || !a.Marks.Equal(b.Marks) || a.Status != b.Status || !slices.Equal(s.r.History(key), again.History(key)) {
			t.Fatalf("%v differs", key)
		}
	}
	must(t, w.Close())
	return d.n
}

// endsHere looks, in a copy, at what the next start would find if the program were killed now.
func (s *sitting) endsHere(root string, second bool) {
	to := memoryFolder(s.t)
	copyOf(s.t.(fataler), root, to)
	want, events := slices.Clone(s.acked), s.ackedEvents
	if second {
		events = s.saidIDs()
		for _, e := range s.r.Waiting() {
			want = append(want, e.ID)
		}
	}
	saved, code := storetest.Current()
	storetest.Set(nil, 0, false)
	w := s.holds(filepath.Join(to, "ws"), filepath.Join(to, "second"), want, events)
	labels := s.known
	if second {
		labels = s.labels
	}
	for _, l := range labels.Labels {
		if got, err := w.Labels("kim"); err != nil || got.Of(l.Value) != l {
			s.t.Fatal("labels", got, err)
		}
	}
	must(s.t, w.Close())
	os.RemoveAll(to)
	storetest.Set(saved, code, false)
}

// TestEveryOperationFails lets every write, truncation, sync, deletion and rename of the script fail, in turn, in several
// ways: of the workspace from its creation on, and of exported files.
func TestEveryOperationFails(t *testing.T) {
	useDisk(t)
	n := sit(t, 0, troubles[0])
	if n < 500 {
		t.Fatalf("only %d operations", n)
	}
	cases := 0
	for k := 1; k <= n; k++ {
		for i, tr := range troubles {
			if i != k%len(troubles) && os.Getenv(killVariable) == "" { // each way for every fifth; all by night
				continue
			}
			if !t.Run("", func(t *testing.T) { sit(t, k, tr) }) {
				t.Fatalf("operation %d of %d: %s", k, n, tr.name)
			}
			cases++
		}
	}
	t.Logf("%d operations, %d cases", n, cases)
}
