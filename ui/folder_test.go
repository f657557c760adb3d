package ui

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"echoline/internal/demo"
	"echoline/ui/keys"
)

// TestFirstStartByKeyboard: the note, the name and Enter; then the study opens.
func TestFirstStartByKeyboard(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.set.Acknowledged, b.set.Reader = false, ""
	b.start()
	field := b.win.Canvas().Focused()
	if field == nil || b.ws != nil {
		t.Fatal("the name is asked for first")
	}
	b.keys.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn}) // behind the card keys do nothing
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if b.set.Acknowledged {
		t.Fatal("nobody is a reader")
	}
	test.Type(field, "이서연")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	b.wait("the image", func() bool { return b.sess != nil && b.sess.frame != nil })
	if again := b.written(); !again.Acknowledged || again.Reader != "이서연" {
		t.Fatalf("%+v", again)
	}
	b.keys.TypedKey(&fyne.KeyEvent{Name: fyne.KeyN})
	b.do(keys.Help)
}

// TestDemoIsThereBehindTheFirstCard: its first image shows before anybody gave a name, and then nobody waits for it to be made.
func TestDemoIsThereBehindTheFirstCard(t *testing.T) {
	b := newBench(t, Config{DemoDir: filepath.Join(t.TempDir(), "demo")})
	log := &heard{words: "preview-shown"}
	b.log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.set.Acknowledged, b.set.Reader = false, ""
	b.start()
	b.wait("the first image", func() bool { return log.said.Load() })
	if b.ws != nil || b.sess != nil {
		t.Fatal("nobody gave a name yet")
	}
	field := b.win.Canvas().Focused()
	test.Type(field, "이서연")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	b.wait("the study", func() bool { return b.sess != nil && b.sess.frame != nil })
	if n := len(b.sess.study.Items); n != len(demo.Names()) {
		t.Fatalf("%d images", n)
	}
}

// TestLargeFolder: no single piece of work for the window takes long, whatever is going on behind it.
func TestLargeFolder(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 400)}})
	worst := time.Duration(0)
	post := b.post
	b.post = func(f func()) {
		post(func() {
			begun := time.Now()
			f()
			if d := time.Since(begun); b.sess != nil && d > worst {
				worst = d
			}
		})
	}
	b.open()
	b.chooseWeak(0.9)
	b.wait("the rows", func() bool { return len(b.sess.stale) == 0 })
	t.Log("longest", worst)
	if worst > time.Second {
		t.Errorf("the window stood still for %v", worst)
	}
	for id, row := range b.sess.rows {
		p := b.sess.review.ItemProgress(id, b.sess.scale.weakPx(b.sess.items[id]))
		if row.Weak != p.Weak/p.Total {
			t.Fatalf("row %s says %v", row.Title, row.Weak)
		}
	}
}

// heard is a log that tells whether something was said in it.
type heard struct {
	words string
	said  atomic.Bool
}

func (h *heard) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(h.words)) {
		h.said.Store(true)
	}
	return len(p), nil
}

// TestFirstImageIsShownWhileTheFolderIsRead: before the session is there.
func TestFirstImageIsShownWhileTheFolderIsRead(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 300)}})
	log := &heard{words: "preview-shown"}
	b.log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.start()
	b.wait("the first image", func() bool { return log.said.Load() || b.sess != nil })
	if b.sess != nil {
		t.Error("the whole folder was read first")
	}
	b.wait("the session", func() bool { return b.sess != nil && b.sess.frame != nil })
}
