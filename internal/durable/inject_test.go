package durable_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/durable"
)

var errInjected = errors.New("injected")

// failing fails the at-th call; a write that fails has written half.
type failing struct {
	durable.Real
	at, calls int
}

func (f *failing) fail() bool { f.calls++; return f.calls == f.at }

func (f *failing) CreateTemp(dir, pattern string) (durable.Handle, error) {
	if f.fail() {
		return nil, errInjected
	}
	file, err := f.Real.CreateTemp(dir, pattern)
	return failingFile{file, f}, err
}

func (f *failing) Create(path string, perm os.FileMode) (durable.Handle, error) {
	if f.fail() {
		return nil, errInjected
	}
	file, err := f.Real.Create(path, perm)
	return failingFile{file, f}, err
}

func (f *failing) Rename(from, to string) error {
	if f.fail() {
		return errInjected
	}
	return f.Real.Rename(from, to)
}

func (f *failing) SyncDir(dir string) error {
	if f.fail() {
		return errInjected
	}
	return f.Real.SyncDir(dir)
}

type failingFile struct {
	durable.Handle
	f *failing
}

func (f failingFile) Write(b []byte) (int, error) {
	if f.f.fail() {
		n, _ := f.Handle.Write(b[:len(b)/2])
		return n, errInjected
	}
	return f.Handle.Write(b)
}

func (f failingFile) Chmod(perm os.FileMode) error {
	if f.f.fail() {
		return errInjected
	}
	return f.Handle.Chmod(perm)
}

func (f failingFile) Sync() error {
	if f.f.fail() {
		return errInjected
	}
	return f.Handle.Sync()
}

func (f failingFile) Close() error {
	if f.f.fail() {
		_ = f.Handle.Close()
		return errInjected
	}
	return f.Handle.Close()
}

// TestEveryCallFails: whichever call fails, the file is the old one or the new one, and nothing else is there.
func TestEveryCallFails(t *testing.T) {
	fresh := bytes.Repeat([]byte("new"), 1<<12)
	for at := 1; ; at++ {
		dir := t.TempDir()
		path, copied := filepath.Join(dir, "file"), filepath.Join(dir, "copy")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := &failing{at: at}
		restore := durable.Use(f)
		wrote := durable.WriteFile(path, fresh, 0o600)
		was := durable.Copy(path, copied)
		restore()
		got, err := os.ReadFile(path)
		if err != nil || wrote == nil && !bytes.Equal(got, fresh) || !bytes.Equal(got, fresh) && string(got) != "old" {
			t.Fatalf("call %d: %d bytes, %v, %v", at, len(got), wrote, err)
		}
		entries, err := os.ReadDir(dir)
		if want := 2; err != nil || was != nil && len(entries) != want-1 || was == nil && len(entries) != want {
			t.Fatalf("call %d: %v, %v, %v", at, entries, was, err)
		}
		if c, err := os.ReadFile(copied); was == nil && (err != nil || !bytes.Equal(c, got)) {
			t.Fatalf("call %d: half a copy", at)
		}
		if f.calls < at {
			if wrote != nil || was != nil || at < 10 {
				t.Fatal(at, wrote, was)
			}
			return
		}
	}
}
