//go:build unix

package ui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"echoline/internal/deid"
	"echoline/internal/models"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// slow is how long the drive takes where nobody lets it answer before.
const slow = 20 * time.Second

// slowKey is a key file on a drive that hangs: reading it takes until somebody writes it.
func slowKey(t *testing.T, b *bench) (path string) {
	t.Helper()
	path = filepath.Join(b.cfg.ConfigDir, deid.KeyName)
	slowFile(t, path)
	return path
}

// slowFile is a file on such a drive, in the place of what was there.
func slowFile(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	late := time.AfterFunc(slow, func() { _ = os.WriteFile(path, []byte("late"), 0o600) })
	t.Cleanup(func() { late.Stop() })
}

// slowKeyData is what the slow key's file holds.
var slowKeyData = []byte("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n")

// answer lets the drive answer: who waits gets what the file holds, and who comes later finds it there.
func answer(t *testing.T, path string, data []byte) {
	t.Helper()
	waiting, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = os.Remove(path)
	}
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err == nil {
		_, err = waiting.Write(data)
	}
	if err := errors.Join(err, waiting.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDeidentifyWaitsForASlowKeyBesideTheWindow: the card shows that it is at work, and Stop ends it at once; what was begun anew goes
// on when the drive answers.
func TestDeidentifyWaitsForASlowKeyBesideTheWindow(t *testing.T) {
	b := newBench(t, Config{Paths: []string{demoFiles(t, "demo-1-oval")}})
	b.open()
	path := slowKey(t, b)
	b.set.DeidDir = filepath.Join(t.TempDir(), "out")
	begun := time.Now()
	b.do(keys.Deidentify)
	b.typeKey(fyne.KeyReturn)
	b.typeKey(fyne.KeyEscape)
	if b.cards() != 0 || time.Since(begun) > slow/2 {
		t.Fatal("the window waits for the key")
	}
	b.do(keys.Deidentify)
	b.typeKey(fyne.KeyReturn)
	answer(t, path, slowKeyData)
	b.wait("the picture", func() bool { return b.cards() == 2 })
}

// TestExportWaitsForASlowKeyBesideTheWindow: as de-identifying does.
func TestExportWaitsForASlowKeyBesideTheWindow(t *testing.T) {
	b := newBench(t, Config{Paths: []string{demoFiles(t, "demo-1-oval")}})
	b.open()
	path := slowKey(t, b)
	card := panel.ShowExport(b.win, panel.ExportOptions{
		Formats: []panel.ChoiceGroup{formatGroup("files", "nifti")}, Note: func(string) string { return "" }, Includes: choices("app.export.include.", "all"),
		Dates: dateChoices(), Start: panel.ExportChoice{Format: "nifti", Include: "all", Private: true},
	})
	b.wait("a mask", func() bool { return b.sess.review.Frame(b.sess.key()).Prediction != nil })
	ctx, stop := context.WithCancel(t.Context())
	begun := time.Now()
	b.export(ctx, card, panel.ExportChoice{Format: "nifti", Include: "all", Folder: t.TempDir(), Private: true, Dates: "full"}, b.sess, nil)
	if time.Since(begun) > slow/2 {
		t.Fatal("the window waits for the key")
	}
	if b.set.DeidDates != "full" {
		t.Error("the choice is not remembered")
	}
	stop()
	answer(t, path, slowKeyData)
}

// TestModelsWaitForASlowDriveBesideTheWindow: whatever the models page does with the drive, the page says so, Stop ends it at once and
// for good, and what was begun anew goes on when the drive answers.
func TestModelsWaitForASlowDriveBesideTheWindow(t *testing.T) {
	ships := filepath.Join("..", "assets", "models", "echoline-breast.onnx")
	data, err := os.ReadFile(ships)
	if err != nil {
		t.Skip("no model ships with this build")
	}
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}, Ships: func() string { return ships }})
	b.open()
	file := filepath.Join(t.TempDir(), "own.onnx")
	if err := os.WriteFile(file, append(data, 8, 9), 0o644); err != nil { // says its version twice: another file of the same graph
		t.Fatal(err)
	}
	shelf, state := models.Of(b.cfg.Workspace), filepath.Join(b.cfg.Workspace, "models", "models.json")
	own, err := shelf.Add(t.Context(), file)
	if err == nil {
		err = shelf.Promote(t.Context(), own, "Kim", time.Now())
	}
	if err == nil {
		err = shelf.Calibrate(t.Context(), own.SHA256, models.Calibration{Band: [4]float64{1, 1, 1, 1}, Expected: 1})
	}
	if err != nil {
		t.Fatal(err)
	}
	another := filepath.Join(t.TempDir(), "another.onnx")
	for _, c := range []struct {
		name, file, say string
		do              func(v *modelsView)
		done            func(list []models.Model) bool
	}{
		{"calibration", state, "models.uncalibrating", (*modelsView).uncalibrate, func([]models.Model) bool {
			c, err := shelf.Calibration(own.SHA256)
			return err == nil && c == nil
		}},
		{"back", state, "models.backing", (*modelsView).back, func(l []models.Model) bool { return len(l) == 2 && l[0].InUse }},
		{"promote", state, "models.promoting", func(v *modelsView) { v.choose(own.SHA256); v.promote() }, func(l []models.Model) bool { return len(l) == 2 && l[1].InUse }},
		{"add", another, "models.adding", func(v *modelsView) { v.addFile(another) }, func(l []models.Model) bool { return len(l) == 3 }},
	} {
		v := newModelsView(b.App, "")
		b.showPage(v.p)
		b.wait("the list", func() bool { return v.inUse() != nil })
		held, err := os.ReadFile(c.file)
		if err != nil {
			held = append(data, 8, 9, 8, 9)
		}
		slowFile(t, c.file)
		begun := time.Now()
		c.do(v)
		b.wait("the word about it", func() bool { return strings.Contains(strings.Join(wordsIn(v.sheet), " "), text.T(c.say)) })
		v.stop()
		b.wait("the end of it", func() bool { return v.busy == "" })
		if time.Since(begun) > slow/2 || b.cards() > 0 {
			t.Fatalf("%s: the window waits for the drive, or complains", c.name)
		}
		answer(t, c.file, held)
		b.wait("the drive", func() bool { return b.working == 0 })
		if list, err := shelf.List(ships); err != nil || c.done(list) {
			t.Fatalf("%s: it was stopped, and came about: %v", c.name, err)
		}
		slowFile(t, c.file)
		c.do(v)
		answer(t, c.file, held)
		b.wait(c.name, func() bool { return v.busy == "" && b.working == 0 && c.done(v.list) })
		if b.cards() > 0 {
			t.Fatalf("%s: the window complains", c.name)
		}
		b.wait("the model", func() bool { return b.predictor != nil && b.sess.settled })
	}
	if trail, err := b.ws.Verify(); err != nil || strings.Count(fmt.Sprint(trail), "model-promoted") != 1 {
		t.Error("the audit trail tells", trail, err)
	}
}

// TestWhatADriveDidAfterAllIsFollowed: what was stopped, and yet came about, is not passed over.
func TestWhatADriveDidAfterAllIsFollowed(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	v := newModelsView(b.App, "")
	b.showPage(v.p)
	for _, came := range []error{nil, errors.New("it failed")} {
		answers, followed := make(chan error), 0
		v.onDisk("work", func(context.Context) error { return <-answers }, func() { followed++ })
		v.onDisk("more work", func(context.Context) error { t.Error("two at a time"); return nil }, nil)
		v.stop()
		b.wait("the end of it", func() bool { return v.busy == "" })
		if b.working != 1 || followed > 0 {
			t.Error("it is taken for done")
		}
		answers <- came
		b.wait("the drive", func() bool { return b.working == 0 })
		if followed != map[bool]int{true: 1}[came == nil] || b.cards() > 0 {
			t.Errorf("%v: followed %d times", came, followed)
		}
	}
}
