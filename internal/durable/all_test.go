package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteAll(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	if err := os.WriteFile(a, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A folder in the way of the last file: the names that were new are taken away again.
	if err := os.MkdirAll(filepath.Join(c, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteAll([]File{{b, []byte("b")}, {c, []byte("c")}}, 0o644); err == nil {
		t.Error("wrote over a folder")
	}
	if err := WriteAll([]File{{b, []byte("b")}, {filepath.Join(dir, "none", "d"), nil}}, 0o644); err == nil {
		t.Error("wrote into a folder that is not there")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
	if err := WriteAll([]File{{a, []byte("new")}, {b, []byte("b")}}, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{a: "new", b: "b"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", path, got, err)
		}
	}
	if entries, _ = os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("left behind: %v", entries)
	}
}
