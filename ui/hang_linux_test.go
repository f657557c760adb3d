//go:build amd64 || arm64

package ui

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"echoline/internal/review"
	"echoline/internal/store/storetest"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// TestWindowGoesOnWhileTheDriveHangs: a network drive that hangs in the middle of a write keeps nobody from drawing, undoing,
// naming labels and turning pages. The work is in memory and in the second place, the window says so, and once the drive
// answers all of it is in the workspace.
func TestWindowGoesOnWhileTheDriveHangs(t *testing.T) {
	restore, err := storetest.Use()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(restore)
	root := t.TempDir()
	drive, second := filepath.Join(root, "drive"), filepath.Join(root, "second")
	cfg := Config{Workspace: filepath.Join(drive, "ws"), Seconds: []string{second}, Paths: []string{pictures(t, 3)}, Patience: usualPatience}
	b := newBench(t, cfg)
	b.open()
	b.drag(point(20, 20), point(30, 20))
	if b.waits() {
		t.Fatal("not saved while all is well")
	}
	storetest.Set(func(op *storetest.Operation) storetest.Outcome {
		if strings.HasPrefix(op.File, drive) {
			return storetest.Hangs
		}
		return storetest.GoesWell
	}, 0, false)
	slowest := time.Duration(0)
	timed := func(do func()) {
		at := time.Now()
		do()
		slowest = max(slowest, time.Since(at))
	}
	first := b.sess.key()
	for i := range 8 {
		timed(func() { b.drag(point(float64(20+8*i), 60), point(float64(24+8*i), 64)) })
	}
	timed(func() { b.do(keys.Undo) })
	timed(func() { b.do(keys.Label(2)) })
	timed(func() {
		set, err := b.sess.review.Labels().Rename(2, "cyst")
		if err != nil {
			t.Fatal(err)
		}
		b.setLabels(set)
	})
	if b.App.line.Saved != panel.Saving {
		t.Error("the status bar says", b.App.line.Saved)
	}
	timed(func() { b.do(keys.NextImage) })
	b.wait("the next image", func() bool { return b.sess.frame != nil && b.sess.arrived() && b.sess.key() != first })
	timed(func() { b.drag(point(60, 60), point(70, 64)) })
	b.wait("the bar", func() bool { return b.alerts[alertNotSaved] != nil })
	b.wait("the second place", func() bool { _, all := b.keptElsewhere(); return all })
	if where, n := b.ws.Kept(); !strings.HasPrefix(where, second) || n != b.sess.review.Unsaved() || n < 10 {
		t.Fatal(where, n, b.sess.review.Unsaved())
	}
	if b.App.line.Saved != panel.NotSaved {
		t.Error("the status bar says", b.App.line.Saved)
	}
	timed(b.close)
	if b.question == nil {
		t.Error("the window closes without a word")
	} else {
		b.question.Close()
	}
	if slowest > 5*usualPatience {
		t.Errorf("the window stood still for %v", slowest)
	}
	t.Logf("slowest answer %v", slowest)
	storetest.Set(nil, 0, false)
	storetest.Release()
	b.wait("the drive", func() bool { return !b.waits() && b.alerts[alertNotSaved] == nil })
	if b.App.line.Saved != panel.SavedAll {
		t.Error("the status bar says", b.App.line.Saved)
	}
	want := b.sess.review
	n := b.again(t, cfg)
	for _, it := range n.sess.study.Items {
		k := review.Key{Instance: it.ID}
		if !n.sess.review.Frame(k).Labels.Equal(want.Frame(k).Labels) || len(n.sess.review.History(k)) != len(want.History(k)) {
			t.Error("work is missing on", it.Name)
		}
	}
	if n.labelName(1) != "cyst" {
		t.Error("the label's name is missing")
	}
}

// TestClosingWaitsForASlowDrive: who closes the window while a write is under way is asked only once it has taken long, and
// no more once it comes to its end.
func TestClosingWaitsForASlowDrive(t *testing.T) {
	restore, err := storetest.Use()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(restore)
	for _, long := range []bool{false, true} {
		cfg := Config{Workspace: filepath.Join(t.TempDir(), "ws"), Paths: []string{pictures(t, 1)}, Patience: usualPatience}
		b := newBench(t, cfg)
		b.open()
		storetest.Set(func(op *storetest.Operation) storetest.Outcome {
			if strings.HasPrefix(op.File, cfg.Workspace) {
				return storetest.Hangs
			}
			return storetest.GoesWell
		}, 0, false)
		b.drag(point(20, 20), point(30, 20))
		ended := false
		b.end = func() { ended = true }
		b.close()
		if ended || b.question != nil {
			t.Fatal("the window does not wait")
		}
		if long {
			b.wait("the question", func() bool { return b.question != nil })
		}
		storetest.Set(nil, 0, false)
		storetest.Release()
		b.wait("the end", func() bool { return ended })
		if b.win.Canvas().Overlays().Top() != nil {
			t.Error("what was asked is not answered")
		}
		b.ws = nil // it is closed
	}
}

// TestWhoStaysStays: the question about what is not saved is answered by Enter with staying, and saving ends nothing then.
func TestWhoStaysStays(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	j := b.cut()
	j.full = true
	b.drag(point(20, 20), point(30, 20))
	b.end = func() { t.Error("the program ended") }
	b.close()
	b.typeKey(fyne.KeyReturn)
	if b.win.Canvas().Overlays().Top() != nil || b.leaving != nil {
		t.Fatal("Enter does not stay")
	}
	j.full = false
	b.saveAgain()
	b.wait("the journal", func() bool { return !b.waits() })
	select {
	case f := <-b.queue:
		f()
	case <-time.After(100 * time.Millisecond):
	}
}
