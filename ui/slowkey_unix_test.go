//go:build unix

package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"echoline/internal/deid"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// slow is how long the drive takes where nobody lets it answer before.
const slow = 20 * time.Second

// slowKey is a key file on a drive that hangs: reading it takes until somebody writes it.
func slowKey(t *testing.T, b *bench) (path string) {
	t.Helper()
	path = filepath.Join(b.cfg.ConfigDir, deid.KeyName)
	if err := os.MkdirAll(b.cfg.ConfigDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	late := time.AfterFunc(slow, func() { _ = os.WriteFile(path, []byte("late"), 0o600) })
	t.Cleanup(func() { late.Stop() })
	return path
}

// answer lets the drive answer: who waits gets the key, and who comes later finds it in the file.
func answer(t *testing.T, path string) {
	t.Helper()
	key := []byte("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n")
	waiting, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = os.Remove(path)
	}
	if err == nil {
		err = os.WriteFile(path, key, 0o600)
	}
	if err == nil {
		_, err = waiting.Write(key)
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
	answer(t, path)
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
	answer(t, path)
}
