package ui

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/project"
	"echoline/internal/store"
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

// TestDamagedNamesStopNothing: without the names that a project gave label values, masks are exported and imported, and the card says
// which names are missing.
func TestDamagedNamesStopNothing(t *testing.T) {
	cfg := Config{Paths: []string{pictures(t, 1)}, Workspace: filepath.Join(t.TempDir(), "workspace")}
	damagedNames(t, cfg.Workspace)
	b := newBench(t, cfg)
	b.open()
	card := panel.ShowExport(b.win, panel.ExportOptions{
		Formats: []panel.ChoiceGroup{formatGroup("files", "png")}, Note: func(string) string { return "" }, Includes: choices("app.export.include.", "all"),
		Start: panel.ExportChoice{Format: "png", Include: "all"},
	})
	dir := filepath.Join(t.TempDir(), "out")
	b.export(t.Context(), card, panel.ExportChoice{Format: "png", Include: "all", Folder: dir}, b.sess, nil)
	tells := func(words string) bool {
		top := b.win.Canvas().Overlays().Top()
		return top != nil && strings.Contains(strings.Join(wordsIn(top), " "), words)
	}
	b.wait("the word about names", func() bool { return tells("label values are") && tells("workspace: 1.") })
	names, err := filepath.Glob(filepath.Join(dir, "*.mask.png"))
	if err != nil || len(names) != 1 || !tells("file") {
		t.Fatal("nothing was written", names, err)
	}
	card.Close()
	b.importMasks(names, nil)
	b.wait("the word about the import", func() bool { return tells("names of labels are") })
	if !tells("One mask") {
		t.Error("nothing was imported")
	}
}

// damagedNames makes a workspace with a project whose names of labels are damaged.
func damagedNames(t *testing.T, dir string) {
	t.Helper()
	ws, err := store.Open(dir)
	if err == nil {
		var s *project.State
		if s, err = project.Create(ws, "", "names"); err == nil {
			err = s.SetLabels(ws, "", []project.Label{{Value: 1, Name: "thyroid nodule"}})
		}
		err = errors.Join(err, ws.Close())
	}
	path := filepath.Join(dir, "echoline.db")
	data, err2 := os.ReadFile(path)
	if err = errors.Join(err, err2); err == nil {
		err = os.WriteFile(path, bytes.ReplaceAll(data, []byte("thyroid nodule"), []byte("THYROID NODULE")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
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
