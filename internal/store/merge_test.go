package store

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"echoline/internal/mask"
	"echoline/internal/review"
)

// contents are the rows of a workspace, as text and in a fixed order, without what belongs to the file alone: its ID, the
// order in which rows came, and the versions of tables.
func contents(t fataler, w *Workspace) []string {
	var out []string
	for _, query := range []string{
		`SELECT 'reader', name, since FROM readers`,
		`SELECT 'item', id, path, name, w, h, frames, opened FROM items`,
		`SELECT 'study', id, title, opened FROM studies`,
		`SELECT 'place', study, place, item FROM study_items`,
		`SELECT 'label', reader, label, field, content, time FROM labels`,
		`SELECT 'entry', hex(id), hex(prev), reader, item, frame, n, time, w, h, kind, name, origin, model, status, hex(labels), hex(marks), crc FROM journal`,
		`SELECT 'prediction', item, frame, model, time, hex(data) FROM predictions`,
		`SELECT 'said', hex(id), kind, study, frame, reader, at, hex(body) FROM events`,
		`SELECT 'blob', hex(hash), hex(data) FROM blobs`,
		`SELECT 'event', hex(hash), hex(prev), seq, form, time, reader, action, detail, model, hex(entry) FROM audit`,
	} {
		if err := copyRows(w, query, func(v []any) error {
			out = append(out, fmt.Sprint(v...))
			return nil
		}); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	slices.Sort(out)
	return out
}

// fataler is a test of either kind.
type fataler interface{ Fatalf(string, ...any) }

// copyOf copies a closed workspace's folder, as a person would.
func copyOf(t fataler, from, to string) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatalf("%v", err)
	}
}

// mix makes workspaces that have things in common and things apart: work by two readers, on a workspace that was copied
// before they went on, with one reader on both copies.
type mix struct {
	t    *rapid.T
	root string
	next int
}

func (m *mix) dir() string {
	m.next++
	return filepath.Join(m.root, fmt.Sprint(m.next))
}

// work lets readers work in dir a little.
func (m *mix) work(dir string) {
	w, err := Open(dir)
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	defer w.Close()
	if _, err := w.db.Exec("PRAGMA synchronous = OFF"); err != nil {
		m.t.Fatalf("%v", err)
	}
	for range rapid.IntRange(1, 2).Draw(m.t, "sittings") {
		reader := rapid.SampledFrom([]string{"kim", "lee"}).Draw(m.t, "reader")
		r, err := w.Review(testStudy(), reader)
		if err != nil {
			m.t.Fatalf("%v", err)
		}
		for range rapid.IntRange(0, 5).Draw(m.t, "steps") {
			if err := step(r, rapid.IntRange(0, 60).Draw(m.t, "step")); err != nil {
				m.t.Fatalf("%v", err)
			}
		}
		if rapid.Bool().Draw(m.t, "name") {
			was, err := w.Labels(reader)
			if err != nil {
				m.t.Fatalf("%v", err)
			}
			is := was.With(review.Label{
				Value: uint8(rapid.IntRange(1, 3).Draw(m.t, "label")), Name: rapid.SampledFrom([]string{"", "cyst", "낭종"}).Draw(m.t, "named"),
				Locked: rapid.Bool().Draw(m.t, "locked"),
			})
			is.Overwrite = review.Overwrite(rapid.IntRange(0, 1).Draw(m.t, "over"))
			if err := w.SaveLabels(reader, was, is); err != nil {
				m.t.Fatalf("%v", err)
			}
		}
		for range rapid.IntRange(0, 3).Draw(m.t, "events") {
			say(m.t, w, reader, rapid.IntRange(0, 9).Draw(m.t, "event"))
		}
		if rapid.Bool().Draw(m.t, "predict") {
			p := predicted(testW, testH, rapid.SampledFrom([]string{"m", "n"}).Draw(m.t, "model"))
			if err := w.SavePrediction(still, p); err != nil {
				m.t.Fatalf("%v", err)
			}
		}
	}
}

// say adds an event, and with some a file; some are the same wherever they are said.
func say(t fataler, w *Workspace, reader string, i int) {
	e := Event{Kind: "project.case", Study: fmt.Sprint("case ", i%3), Frame: i%4 - 1, Reader: reader, Body: fmt.Appendf(nil, `{"n": %d}`, i)}
	if i < 4 {
		e.At = time.Unix(int64(i/2), 0)
	}
	if i%5 == 0 {
		if _, err := w.AddBlob(bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	if _, err := w.AddEvent(e); err != nil {
		t.Fatalf("%v", err)
	}
}

// merge copies the first folder and merges the others into it, in order. It returns the new folder.
func (m *mix) merge(dirs ...string) string {
	to := m.dir()
	copyOf(m.t, dirs[0], to)
	w, err := Open(to)
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	defer w.Close()
	for _, from := range dirs[1:] {
		if _, err := w.Merge(from); err != nil {
			m.t.Fatalf("%v", err)
		}
	}
	return to
}

func (m *mix) contents(dir string) []string {
	w, err := Open(dir)
	if err != nil {
		m.t.Fatalf("%v", err)
	}
	defer w.Close()
	if _, err := w.Verify(); err != nil {
		m.t.Fatalf("%v", err)
	}
	if _, err := w.VerifyJournal(); err != nil {
		m.t.Fatalf("%v", err)
	}
	if _, err := w.VerifyEvents(); err != nil {
		m.t.Fatalf("%v", err)
	}
	return contents(m.t, w)
}

func (m *mix) same(what string, a, b []string) {
	if !slices.Equal(a, b) {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				m.t.Fatalf("%s: %d and %d rows; first\n%.300s\n%.300s", what, len(a), len(b), a[i], b[i])
			}
		}
		m.t.Fatalf("%s: %d and %d rows", what, len(a), len(b))
	}
}

// TestMergingIsAUnion: in any order, any number of times and however grouped, merging gives the same rows and the same
// review, and loses none.
func TestMergingIsAUnion(t *testing.T) {
	fewer(t, 10)
	rapid.Check(t, func(rt *rapid.T) {
		root, err := os.MkdirTemp("", "echoline-merge-*")
		must(t, err)
		defer os.RemoveAll(root)
		m := &mix{t: rt, root: root}
		base := m.dir()
		m.work(base)
		var dirs []string
		var all []string
		for i := range 3 {
			d := m.dir()
			if i < 2 || rapid.Bool().Draw(rt, "related") {
				copyOf(rt, base, d)
			}
			m.work(d)
			dirs = append(dirs, d)
			all = append(all, m.contents(d)...)
		}
		a, b, c := dirs[0], dirs[1], dirs[2]
		abc := m.contents(m.merge(a, b, c))
		m.same("order", abc, m.contents(m.merge(c, b, a)))
		m.same("groups", abc, m.contents(m.merge(a, m.merge(b, c))))
		m.same("again", abc, m.contents(m.merge(b, a, c, a, b, m.merge(a, c))))
		for _, row := range all {
			if strings.HasPrefix(row, "entry") || strings.HasPrefix(row, "event") || strings.HasPrefix(row, "said") || strings.HasPrefix(row, "blob") {
				if _, found := slices.BinarySearch(abc, row); !found {
					rt.Fatalf("lost: %.300s", row)
				}
			}
		}
		sameEvents(rt, m.merge(a, b, c), m.merge(c, a, b, a))
		sameReviews(rt, m.merge(a, b, c), m.merge(c, a, b))
	})
}

// sameEvents compares what was said, and in which order.
func sameEvents(t fataler, one, two string) {
	var said [2][]Event
	for i, dir := range []string{one, two} {
		w, err := Open(dir)
		if err != nil {
			t.Fatalf("%v", err)
		}
		said[i], err = w.Events()
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatalf("%v", err)
		}
	}
	if !reflect.DeepEqual(said[0], said[1]) || !slices.IsSortedFunc(said[0], inTime) {
		t.Fatalf("different events, or not in order: %d and %d", len(said[0]), len(said[1]))
	}
}

// fewer lets rapid try n cases, each of which opens some twenty workspaces; as many as ever by night.
func fewer(t *testing.T, n int) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if old := f.Value.String(); old == f.DefValue && os.Getenv(killVariable) == "" {
		must(t, f.Value.Set(strconv.Itoa(n)))
		t.Cleanup(func() { must(t, f.Value.Set(old)) })
	}
}

// sameReviews compares what both readers see in two workspaces.
func sameReviews(t fataler, one, two string) {
	for _, reader := range []string{"kim", "lee"} {
		var rs [2]*review.Review
		for i, dir := range []string{one, two} {
			w, err := Open(dir)
			if err != nil {
				t.Fatalf("%v", err)
			}
			rs[i], err = w.Review(testStudy(), reader)
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatalf("%v", err)
			}
		}
		for _, it := range testStudy().Items {
			for i := range it.Frames {
				k := review.Key{Instance: it.ID, Frame: i}
				f, g := rs[0].Frame(k), rs[1].Frame(k)
				if !f.Labels.Equal(g.Labels) || !f.Marks.Equal(g.Marks) || f.Status != g.Status || !slices.Equal(rs[0].History(k), rs[1].History(k)) {
					t.Fatalf("%s sees %v differently", reader, k)
				}
			}
		}
	}
}

// TestOneReaderOnTwoLaptopsKeepsBoth: what the losing side ended with can be taken back, as one undoable edit.
func TestOneReaderOnTwoLaptopsKeepsBoth(t *testing.T) {
	a, b := t.TempDir(), filepath.Join(t.TempDir(), "b")
	w := mustOpen(t, a)
	must(t, paint(t, mustReview(t, w, "kim"), still, 20, 20))
	must(t, w.Close())
	copyOf(t, a, b)
	masks := map[string]*mask.Plane{}
	for i, dir := range []string{a, b} {
		w := mustOpen(t, dir)
		r := mustReview(t, w, "kim")
		for n := range 3 - 2*i { // three strokes on the one, one on the other, which is later
			must(t, paint(t, r, still, 40+10*float64(n)+5*float64(i), 40))
		}
		must(t, r.SetStatus(still, review.Accepted))
		masks[dir] = r.Frame(still).Labels
		must(t, w.Close())
	}
	w = mustOpen(t, a)
	m, err := w.Merge(b)
	if err != nil || !slices.Equal(m.Forks, []review.Key{still}) || m.Entries != 2 {
		t.Fatal(m, err)
	}
	if m, err := w.Merge(b); err != nil || m.Entries+m.Audited+m.Events+m.Predictions+len(m.Forks) != 0 {
		t.Fatal("merged again brought something", m, err)
	}
	r := mustReview(t, w, "kim")
	if f := r.Frame(still); !f.Labels.Equal(masks[b]) || f.Status != review.Accepted {
		t.Fatal("not the work done last")
	}
	vs, err := w.Versions(testStudy(), "kim", still)
	if err != nil || len(vs) != 2 || !vs[0].Labels.Equal(masks[b]) || !vs[1].Labels.Equal(masks[a]) {
		t.Fatal(len(vs), err)
	}
	must(t, r.Restore(still, vs[1]))
	if f := r.Frame(still); !f.Labels.Equal(masks[a]) || f.Status != review.Open {
		t.Fatal("not restored")
	}
	again := mustReview(t, w, "kim")
	if !again.Frame(still).Labels.Equal(masks[a]) {
		t.Fatal("the restored mask did not stay")
	}
	if name, ok, err := again.Undo(still); name != "restore" || !ok || err != nil || !again.Frame(still).Labels.Equal(masks[b]) {
		t.Fatal(name, ok, err)
	}
}

// TestClockSetBackChangesNothing: after a merge, work goes on where the reader is, though the clock runs behind.
func TestClockSetBackChangesNothing(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	r := mustReview(t, w, "kim")
	must(t, paint(t, r, still, 20, 20))
	future := time.Now().Add(24 * time.Hour).UnixMicro()
	entries, err := w.Entries("kim", []string{still.Instance})
	must(t, err)
	e := entries[0]
	e.Time = time.UnixMicro(future).UTC()
	identify(t, &e)
	must(t, w.Journal().Append(&e)) // the same stroke, as a computer whose clock runs ahead would have it
	r = mustReview(t, w, "kim")
	must(t, paint(t, r, still, 60, 40))
	again := mustReview(t, w, "kim")
	if !again.Frame(still).Labels.Equal(r.Frame(still).Labels) || len(again.History(still)) != 2 {
		t.Fatal("work went to a line that nobody sees")
	}
}

func TestTwentyVersionsStay(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	r := mustReview(t, w, "kim")
	var accepted []*mask.Plane
	for i := range 23 {
		must(t, paint(t, r, still, 10+3*float64(i), 30))
		must(t, r.SetStatus(still, review.Accepted))
		accepted = append(accepted, r.Frame(still).Labels)
	}
	must(t, paint(t, r, still, 30, 50))
	vs, err := w.Versions(testStudy(), "kim", still)
	if err != nil || len(vs) != 20 {
		t.Fatal(len(vs), err)
	}
	for i, v := range vs {
		if !v.Labels.Equal(accepted[22-i]) || !v.Accepted {
			t.Fatal("version", i)
		}
	}
	if vs, err := w.Versions(testStudy(), "lee", still); err != nil || len(vs) != 0 {
		t.Fatal(vs, err)
	}
}

func TestMergeRefusesWhatIsNoWorkspace(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	_, err := w.Merge(t.TempDir())
	wantCode(t, err, CodeNone)
	other := t.TempDir()
	held := mustOpen(t, other)
	_, err = w.Merge(other)
	wantCode(t, err, CodeBusy)
	if _, err := held.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	must(t, held.Close())
	_, err = w.Merge(other)
	wantCode(t, err, CodeNewer)
	if _, err := os.Stat(filepath.Join(w.Dir(), mergeName)); err == nil {
		t.Fatal("a copy stayed behind")
	}
}

// TestMergeReadsOnly: the source stays as it was, byte by byte, damaged and old ones too.
func TestMergeReadsOnly(t *testing.T) {
	dir, entries := worked(t)
	path := filepath.Join(dir, fileName)
	data, err := os.ReadFile(path)
	must(t, err)
	hurtPage(t, data)
	must(t, os.WriteFile(path, data, 0o600))
	w := mustOpen(t, t.TempDir())
	m, err := w.Merge(dir)
	if err != nil || m.Entries < entries/2 || m.Entries >= entries {
		t.Fatal(m.Entries, entries, err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(data) {
		t.Fatal("the source was changed", err)
	}
}

// TestMergeSurvivesKill merges in another program, which is killed at a random moment, and then again to the end.
func TestMergeSurvivesKill(t *testing.T) {
	a, _ := worked(t)
	b, _ := worked(t)
	for _, dir := range []string{a, b} {
		w := mustOpen(t, dir)
		for i := range 60 {
			say(t, w, filepath.Base(dir), i)
		}
		must(t, w.Close())
	}
	whole := filepath.Join(t.TempDir(), "whole")
	copyOf(t, a, whole)
	w := mustOpen(t, whole)
	began := time.Now()
	if m, err := w.Merge(b); err != nil || m.Entries == 0 {
		t.Fatal(m, err)
	}
	took := time.Since(began)
	want := contents(t, w)
	must(t, w.Close())
	before := func() []string { w := mustOpen(t, a); defer w.Close(); return contents(t, w) }()
	cut := 0
	for i := range killCount() / 2 {
		to := filepath.Join(t.TempDir(), "to")
		copyOf(t, a, to)
		cmd := child(executable(t), childMerge, to+string(os.PathListSeparator)+b)
		must(t, cmd.Start())
		time.AfterFunc(took*time.Duration(i%16)/8, func() { _ = cmd.Process.Kill() })
		if cmd.Wait() != nil {
			cut++
		}
		w := mustOpen(t, to)
		now := contents(t, w)
		for _, row := range before {
			if _, found := slices.BinarySearch(now, row); !found && (strings.HasPrefix(row, "entry") || strings.HasPrefix(row, "said")) {
				t.Fatalf("lost: %.200s", row)
			}
		}
		if _, err := w.Merge(b); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(contents(t, w), want) {
			t.Fatal("not what an uninterrupted merge gives")
		}
		must(t, w.Close())
	}
	t.Logf("%d merges of %d were cut short", cut, killCount()/2)
	if cut == 0 {
		t.Fatal("no merge was cut short")
	}
}

// mergeChild is the other program of TestMergeSurvivesKill.
func mergeChild(arg string) error {
	to, from, _ := strings.Cut(arg, string(os.PathListSeparator))
	w, err := Open(to)
	if err != nil {
		return err
	}
	if _, err := w.Merge(from); err != nil {
		return err
	}
	return w.Close()
}
