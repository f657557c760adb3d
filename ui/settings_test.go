package ui

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSettingsComeBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	s := LoadSettings(dir)
	s.Reader, s.Light = "김판독", true
	s.remember([]string{"/a", "/b", "/a"})
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	got := LoadSettings(dir)
	if got.Reader != "김판독" || !got.Light || len(got.Recent) != 2 || got.Recent[0] != "/a" {
		t.Fatalf("got %+v", got)
	}
}

func TestDamagedSettingsGiveDefaults(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, settingsFile), []byte(`{"light":true,`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := LoadSettings(dir)
	const title, foot = 32, 48 // what a system keeps for itself
	if s.Width > 1366 || s.Height+title+foot > 768 {
		t.Errorf("the first window has %g×%g: more than a small laptop shows", s.Width, s.Height)
	}
	if s.Light || s.Width != 1280 {
		t.Fatalf("got %+v", s)
	}
}

func TestRecentIsBounded(t *testing.T) {
	s := &Settings{}
	for i := range 30 {
		s.remember([]string{string(rune('a' + i))})
	}
	if len(s.Recent) != maxRecent {
		t.Fatalf("%d recent paths", len(s.Recent))
	}
}
