package durable

import (
	"io"
	"os"
	"runtime"
)

// System is what this package asks of the operating system where that can fail: tests put one in that does.
type System interface {
	CreateTemp(dir, pattern string) (Handle, error)
	Create(path string, perm os.FileMode) (Handle, error) // it must not be there
	Rename(from, to string) error
	SyncDir(dir string) error
}

// Handle is an open file of a System.
type Handle interface {
	io.WriteCloser
	Name() string
	Chmod(perm os.FileMode) error
	Sync() error
}

// system is in use.
var system System = Real{}

// Use puts s in the place of the operating system, for tests alone, and returns what takes it away again.
func Use(s System) (restore func()) {
	old := system
	system = s
	return func() { system = old }
}

// Real is the operating system.
type Real struct{}

// CreateTemp implements System.
func (Real) CreateTemp(dir, pattern string) (Handle, error) { return os.CreateTemp(dir, pattern) }

// Create implements System.
func (Real) Create(path string, perm os.FileMode) (Handle, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
}

// Rename implements System.
func (Real) Rename(from, to string) error { return os.Rename(from, to) }

// SyncDir implements System: it makes renames in a folder durable. Windows has no such call and orders them by itself.
func (Real) SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
