package ui

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/store"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// awayBench is a window whose work is in a second place, because the drive of its workspace is away. back brings the drive.
func awayBench(t *testing.T) (b *bench, back func()) {
	t.Helper()
	root := t.TempDir()
	drive := filepath.Join(root, "drive")
	if err := os.WriteFile(drive, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b = newBench(t, Config{Workspace: filepath.Join(drive, "ws"), Seconds: []string{filepath.Join(root, "second")}, Paths: []string{pictures(t, 2)}})
	b.start()
	b.wait("the question", func() bool { return panel.Modal(b.win.Canvas()) })
	for _, o := range b.win.Canvas().Overlays().List() {
		o.(*panel.Card).Close()
	}
	b.standIn(fault.New(store.CodeOpen, drive, nil, nil))
	b.wait("the predictions", func() bool { return b.sess != nil && b.sess.frame != nil && len(b.sess.predicted) == b.sess.total })
	if b.ws.First() != b.cfg.Workspace || b.alerts[alertAway] == nil {
		t.Fatal("no second place stands in")
	}
	return b, func() {
		if err := os.Remove(drive); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(drive, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// The work comes back beside the window, which goes on answering meanwhile and can do nothing that would be left behind; then it is on the
// same image, in the workspace, with all that was drawn.
func TestWorkComesBackBesideTheWindow(t *testing.T) {
	b, back := awayBench(t)
	b.do(keys.NextImage)
	b.wait("the second image", func() bool { return b.sess.shown && b.sess.item.Name == "im01" })
	b.do(keys.Brush)
	b.drag(point(15, 20), point(30, 20))
	key, drawn := b.sess.key(), b.sess.review.Frame(b.sess.key()).Labels.Clone()
	back()
	why := fault.New(store.CodeOpen, "drive", nil, nil)
	if !b.atRest() {
		t.Fatal("something is under way")
	}
	second := b.ws
	b.comeBack(why)
	if b.ws != nil || b.sess != nil {
		t.Fatal("the window did it itself")
	}
	for id := range b.actions {
		switch id {
		case keys.Quit, keys.ImageAlone, keys.Help, keys.About, keys.Language, keys.Theme:
		default:
			b.do(id)
		}
	}
	b.tryBack(second, why)
	b.wait("the study", func() bool { return b.sess != nil && b.sess.shown })
	if b.ws.Dir() != b.cfg.Workspace || b.ws.First() != "" || b.alerts[alertAway] != nil {
		t.Error("it is not the workspace", b.ws.Dir())
	}
	if b.sess.key() != key || !b.sess.review.Frame(key).Labels.Equal(drawn) || mask.Count(drawn, 1) == 0 {
		t.Error("another image, or another mask")
	}
}

// Where the drive is away still the window goes on in the second place, and goes on looking.
func TestWorkStaysAwayWithoutTheDrive(t *testing.T) {
	b, _ := awayBench(t)
	b.drag(point(15, 20), point(30, 20))
	second, key, drawn := b.ws, b.sess.key(), b.sess.review.Frame(b.sess.key()).Labels.Clone()
	b.comeBack(fault.New(store.CodeOpen, "drive", nil, nil))
	b.wait("the study", func() bool { return b.sess != nil && b.sess.shown })
	if b.ws != second || b.alerts[alertAway] == nil || b.awayTimer == nil {
		t.Error("not in the second place any more, or it does not say so")
	}
	if !b.sess.review.Frame(key).Labels.Equal(drawn) {
		t.Error("another mask")
	}
	b.drag(point(60, 20), point(70, 20))
	if b.waits() {
		t.Error("what is drawn afterwards is not saved")
	}
}

// Nothing comes back while a page, a card or a work of a page could write to the second place.
func TestComingBackWaits(t *testing.T) {
	b, _ := awayBench(t)
	rests := func(want bool, when string) {
		t.Helper()
		if b.atRest() != want {
			t.Error("at rest", when, ":", !want)
		}
	}
	rests(true, "at first")
	b.do(keys.ProjectPage)
	rests(false, "on a page")
	b.do(keys.ProjectPage)
	b.do(keys.Help)
	rests(false, "under a card")
	b.win.Canvas().Overlays().Top().(*panel.Card).Close()
	w := newTrainingView(b.App)
	b.showPage(w.p)
	going := make(chan struct{})
	w.beside("work", func(_ context.Context, _ func(int, int)) error { <-going; return nil }, func() {})
	b.closePage()
	rests(false, "with work of a page")
	close(going)
	b.wait("the end of the work", func() bool { return b.working == 0 })
	rests(true, "at last")
}

// Settings are written beside the window, in the order in which they were changed, and all of them before the program ends.
func TestSettingsAreWrittenBesideTheWindow(t *testing.T) {
	b := newBench(t, Config{})
	begun, hold := make(chan struct{}), make(chan struct{})
	write, first := b.settings.write, true
	b.settings.write = func(data []byte) error {
		if first {
			first = false
			close(begun)
			<-hold // the drive is slow
		}
		return write(data)
	}
	for i := range 200 {
		b.set.Reader = "R" + string(rune('0'+i%10))
		b.set.Width = float32(1000 + i)
		b.saveSettings()
		if i == 0 {
			<-begun
		}
	}
	if b.settings.wait(time.Millisecond) {
		t.Error("all is said to be written while the drive does not answer")
	}
	close(hold)
	if !b.settings.wait(time.Minute) {
		t.Fatal("not written")
	}
	if got := LoadSettings(b.cfg.ConfigDir); got.Width != 1199 || got.Reader != "R9" {
		t.Errorf("what was changed last is not what was written last: %v %v", got.Width, got.Reader)
	}
}
