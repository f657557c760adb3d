package store

import (
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/review"
)

// fill works until the workspace takes no more; the review then has two changes that wait.
func fill(t *testing.T, w *Workspace, r *review.Review) {
	t.Helper()
	limit(t, w.db)
	var err error
	for i := 0; err == nil; i++ {
		if i > 20000 {
			t.Fatal("the disk does not get full")
		}
		err = paint(t, r, review.Key{Instance: "1.2.4", Frame: i % 3}, float64(10+i*7%70), float64(10+i*5%40))
	}
	wantCode(t, err, CodeFull)
	wantCode(t, r.SetStatus(still, review.Accepted), CodeFull)
}

// equal fails unless both reviews say the same of every frame.
func equal(t *testing.T, a, b *review.Review) {
	t.Helper()
	for _, k := range []review.Key{still, {Instance: "1.2.4"}, {Instance: "1.2.4", Frame: 1}, {Instance: "1.2.4", Frame: 2}} {
		f, g := a.Frame(k), b.Frame(k)
		if !f.Labels.Equal(g.Labels) || !f.Marks.Equal(g.Marks) || f.Status != g.Status || len(a.History(k)) != len(b.History(k)) {
			t.Fatalf("%v differs", k)
		}
	}
}

// blocked is a folder that cannot be made, and then one that can.
func blocked(t *testing.T) []string {
	t.Helper()
	root := t.TempDir()
	must(t, os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	return []string{filepath.Join(root, "file", "no"), filepath.Join(root, "yes")}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) > 0 {
		t.Fatal("left behind:", files)
	}
}

func TestSecondPlaceTakesWhatTheWorkspaceCannot(t *testing.T) {
	dir, places := t.TempDir(), blocked(t)
	w, err := Open(dir, places...)
	must(t, err)
	r := mustReview(t, w, "kim")
	must(t, paint(t, r, still, 20, 20))
	if where, n := w.Kept(); where != "" || n != 0 {
		t.Fatal(where, n)
	}
	fill(t, w, r)
	where, n := w.Kept()
	if n != 2 || r.Unsaved() != 2 || filepath.Dir(where) != places[1] {
		t.Fatal(where, n, r.Unsaved())
	}
	// Who opens the study again sees all of it, though the workspace does not hold it yet.
	again, _ := w.Review(testStudy(), "kim") // that it was opened cannot be noted
	equal(t, r, again)
	// The program is killed: the next start finds everything, and says so.
	killed, place := t.TempDir(), t.TempDir()
	copyOf(t, dir, killed)
	copyOf(t, places[1], place)
	next, err := Open(killed, place)
	must(t, err)
	wantCode(t, next.Notice(), CodeReturned)
	equal(t, r, mustReview(t, next, "kim"))
	must(t, next.Close())
	empty(t, place)
	// The disk has room again.
	if _, err := w.db.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	must(t, r.Flush())
	if _, n := w.Kept(); n != 0 {
		t.Fatal(n, "are kept still")
	}
	empty(t, places[1])
	equal(t, r, mustReview(t, w, "kim"))
	must(t, w.Close())
}

func TestClosedReviewIsSettled(t *testing.T) {
	dir, places := t.TempDir(), blocked(t)
	w, err := Open(dir, places...)
	must(t, err)
	r := mustReview(t, w, "kim")
	fill(t, w, r)
	wantCode(t, w.Settle(), CodeFull)
	if _, err := w.db.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	must(t, w.Settle()) // another study was opened meanwhile: nobody flushes r
	equal(t, r, mustReview(t, w, "kim"))
	empty(t, places[1])
	must(t, w.Close())
	must(t, mustOpen(t, dir).Close())
}

func TestNoSecondPlaceKeepsWorkInMemory(t *testing.T) {
	w, err := Open(t.TempDir(), blocked(t)[:1]...)
	must(t, err)
	r := mustReview(t, w, "kim")
	fill(t, w, r)
	if where, n := w.Kept(); where != "" || n != 0 || r.Unsaved() != 2 {
		t.Fatal(where, n, r.Unsaved())
	}
	must(t, w.Close())
}

// TestDriveComesBack: to the system it holds other files, though they are the same.
func TestDriveComesBack(t *testing.T) {
	root, places := t.TempDir(), blocked(t)
	dir := filepath.Join(root, "drive", "ws")
	w, err := Open(dir, places...)
	must(t, err)
	r := mustReview(t, w, "kim")
	must(t, paint(t, r, still, 20, 20))
	must(t, os.Rename(filepath.Join(root, "drive"), filepath.Join(root, "away")))
	wantCode(t, paint(t, r, still, 40, 30), CodeGone)
	must(t, os.MkdirAll(dir, 0o700)) // an empty drive in its place
	must(t, os.WriteFile(filepath.Join(dir, fileName), nil, 0o600))
	wantCode(t, r.Flush(), CodeGone)
	must(t, os.RemoveAll(dir))
	other := mustOpen(t, dir) // another workspace in its place
	must(t, other.Close())
	wantCode(t, r.Flush(), CodeGone)
	if _, n := w.Kept(); n != 1 {
		t.Fatal(n)
	}
	must(t, os.RemoveAll(dir))
	copyOf(t, filepath.Join(root, "away", "ws"), dir)
	must(t, r.Flush())
	if _, n := w.Kept(); n != 0 {
		t.Fatal(n)
	}
	equal(t, r, mustReview(t, w, "kim"))
	must(t, w.Close())
	w = mustOpen(t, dir)
	equal(t, r, mustReview(t, w, "kim"))
}

func TestSubstituteComesBack(t *testing.T) {
	root, places := t.TempDir(), blocked(t)
	dir := filepath.Join(root, "drive", "ws")
	w := mustOpen(t, dir)
	must(t, paint(t, mustReview(t, w, "kim"), still, 20, 20))
	must(t, w.Close())
	sub, err := Substitute(dir, places...)
	must(t, err)
	r := mustReview(t, sub, "kim")
	if !r.CanUndo(still) {
		t.Fatal("the work so far is not there")
	}
	must(t, paint(t, r, still, 50, 20))
	must(t, sub.Close()) // and the program is started once more
	if sub, err = Substitute(dir, places...); err != nil || sub.First() != dir {
		t.Fatal(err)
	}
	r = mustReview(t, sub, "kim")
	must(t, paint(t, r, still, 50, 40))
	must(t, os.Rename(filepath.Join(root, "drive"), filepath.Join(root, "away")))
	if _, err := sub.Return(); err == nil {
		t.Fatal("came back to a drive that is away")
	}
	if _, err := os.Stat(filepath.Join(root, "drive")); err == nil {
		t.Fatal("the drive's folder was made anew")
	}
	must(t, os.Rename(filepath.Join(root, "away"), filepath.Join(root, "drive")))
	w = mustOpen(t, dir) // somebody else works in the first meanwhile
	lee := mustReview(t, w, "lee")
	must(t, paint(t, lee, still, 30, 30))
	if _, err := sub.Return(); err == nil {
		t.Fatal("came back though another has it open")
	}
	must(t, w.Close())
	first, err := sub.Return()
	must(t, err)
	equal(t, r, mustReview(t, first, "kim"))
	equal(t, lee, mustReview(t, first, "lee"))
	empty(t, places[1])
	must(t, first.Close())
}

// TestSubstituteLeftBehind: the program ended before the work came back; the next start with the workspace brings it.
func TestSubstituteLeftBehind(t *testing.T) {
	dir, places := filepath.Join(t.TempDir(), "ws"), blocked(t)
	sub, err := Substitute(dir, places...)
	must(t, err)
	r := mustReview(t, sub, "kim")
	must(t, paint(t, r, still, 50, 20))
	must(t, sub.Close())
	w, err := Open(dir, places...)
	must(t, err)
	wantCode(t, w.Notice(), CodeReturned)
	if again := mustReview(t, w, "kim"); mask.Count(again.Frame(still).Labels, 1) == 0 {
		t.Fatal("lost")
	}
	empty(t, places[1])
	must(t, w.Close())
	_, err = Substitute(dir, places[0])
	wantCode(t, err, CodeSecond)
}
