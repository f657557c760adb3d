package ui

import (
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/study"
	"echoline/ui/panel"
)

func TestExportIsOfTheStudyItWasAskedFor(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 3)}})
	b.open()
	s, shown := b.sess, b.sess.item
	card := panel.ShowExport(b.win, panel.ExportOptions{
		Formats: []panel.ChoiceGroup{formatGroup("files", "png")}, Note: func(string) string { return "" }, Includes: choices("app.export.include.", "all"),
		Start: panel.ExportChoice{Format: "png", Include: "all"},
	})
	other, err := study.Open(t.Context(), []string{pictures(t, 1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.replace(other)
	b.wait("the other study", func() bool { return b.sess != nil && b.sess != s })
	dir := filepath.Join(t.TempDir(), "new", exportFolder)
	b.export(t.Context(), card, panel.ExportChoice{Format: "png", Include: "all", Folder: dir}, s, shown)
	b.wait("the files", func() bool {
		names, err := filepath.Glob(filepath.Join(dir, "*.png"))
		return err == nil && len(names) == 1 && strings.HasPrefix(filepath.Base(names[0]), shown.Name)
	})
}

func TestExportBeginsWithWhatTheStudyCan(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	if f := startFormat(s, nil); f != "png" {
		t.Errorf("for pictures the card begins with %s, which they cannot be", f)
	}
	s.study.Items[1].Header = &study.Header{}
	if f := startFormat(s, nil); f != "seg" {
		t.Errorf("with an image of DICOM it begins with %s", f)
	}
	if f := startFormat(s, s.study.Items[0]); f != "png" {
		t.Errorf("for the picture alone it begins with %s", f)
	}
}

func TestExportsGoHomeAtFirst(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	b := newBench(t, Config{})
	if dir := b.exportDir(); filepath.Base(dir) != exportFolder {
		t.Errorf("to %s", dir)
	}
	b.set.ExportDir = filepath.Join(home, "mine")
	if dir := b.exportDir(); dir != b.set.ExportDir {
		t.Errorf("to %s", dir)
	}
	if left, err := filepath.Glob(filepath.Join(home, exportFolder)); err != nil || len(left) > 0 {
		t.Error("the folder was made before anything was exported")
	}
}
