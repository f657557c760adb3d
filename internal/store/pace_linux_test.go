//go:build amd64 || arm64

package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"echoline/internal/review"
	"echoline/internal/store/storetest"
)

// hang lets everything that is written under a folder hang until the test lets it go on.
func hang(dir string) {
	storetest.Set(func(op *storetest.Operation) storetest.Outcome {
		if strings.HasPrefix(op.File, dir) {
			return storetest.Hangs
		}
		return storetest.GoesWell
	}, 0, false)
}

// soon waits until done says so.
func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for ", what)
		}
	}
}

// TestHungDrive: who has patience goes on while the drive hangs; the work is in the second place meanwhile, and in the
// workspace in the end, once.
func TestHungDrive(t *testing.T) {
	useDisk(t)
	root := t.TempDir()
	dir, places := filepath.Join(root, "drive"), blocked(t)
	w, err := Open(dir, places...)
	must(t, err)
	const patience = 50 * time.Millisecond
	w.SetPatience(patience)
	r := mustReview(t, w, "kim")
	must(t, paint(t, r, still, 20, 20))
	hang(dir)
	began := time.Now()
	wantCode(t, paint(t, r, still, 40, 20), CodeSlow)
	if took := time.Since(began); took > 20*patience {
		t.Fatal("waited", took)
	}
	began = time.Now()
	for i := range 20 { // nobody waits for a drive twice
		wantCode(t, paint(t, r, still, float64(10+4*i), 40), CodeSlow)
	}
	wantCode(t, w.SaveLabels("kim", review.LabelSet{}, named()), CodeSlow)
	if took := time.Since(began); took > 20*patience {
		t.Fatal("waited", took)
	}
	soon(t, "the second place", func() bool { _, n := w.Kept(); return n == 21 && r.Unsaved() == 21 })
	killed, place := t.TempDir(), t.TempDir() // the program is killed while the drive hangs, and finds all of it again
	copyOf(t, dir, killed)
	soon(t, "the labels", func() bool {
		w.keeping.Lock()
		defer w.keeping.Unlock()
		s, err := w.second.fieldsOf("kim")
		return err == nil && len(s) > 0
	})
	copyOf(t, places[1], place)
	storetest.Set(nil, 0, false)
	next, err := Open(killed, place)
	must(t, err)
	equal(t, r, mustReview(t, next, "kim"))
	if s := labelsOf(t, next, "kim"); s.Of(2).Name != "낭종" {
		t.Fatal(s)
	}
	must(t, next.Close())
	storetest.Release()
	soon(t, "the drive", func() bool { return r.Flush() == nil })
	soon(t, "the labels", func() bool { return w.SaveLabels("kim", review.LabelSet{}, named()) == nil })
	soon(t, "an empty second place", func() bool { where, n := w.Kept(); return where == "" && n == 0 })
	w.SetPatience(0)
	equal(t, r, mustReview(t, w, "kim"))
	if n, err := w.VerifyJournal(); err != nil {
		t.Fatal(n, err)
	}
	empty(t, places[1])
	must(t, w.Close())
}

// TestEveryDriveHangs: then the work is in memory, and nobody waits.
func TestEveryDriveHangs(t *testing.T) {
	useDisk(t)
	root := t.TempDir()
	w, err := Open(filepath.Join(root, "drive"), filepath.Join(root, "second"))
	must(t, err)
	w.SetPatience(20 * time.Millisecond)
	r := mustReview(t, w, "kim")
	hang(root)
	began := time.Now()
	for i := range 20 {
		wantCode(t, paint(t, r, still, float64(10+4*i), 40), CodeSlow)
	}
	wantCode(t, r.Flush(), CodeSlow)
	if _, n := w.Kept(); n != 0 || r.Unsaved() != 20 || time.Since(began) > 2*time.Second {
		t.Fatal(n, r.Unsaved(), time.Since(began))
	}
	storetest.Set(nil, 0, false)
	storetest.Release()
	soon(t, "the drive", func() bool { return r.Flush() == nil })
	w.SetPatience(0)
	must(t, w.Settle())
	equal(t, r, mustReview(t, w, "kim"))
	must(t, w.Close())
}
