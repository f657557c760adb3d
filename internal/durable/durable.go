// Package durable writes files so that a crash or a full disk leaves either the old content or the new one: temporary file
// in the same folder, fsync, rename, fsync of the folder.
package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// WriteFile replaces path by data. On error the old file is as it was, or, if only the folder could not be synced, the new
// one is there and may not survive a power cut. No temporary file stays behind.
func WriteFile(path string, data []byte, perm os.FileMode) error {
	return Write(path, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Write is WriteFile for what is too large for memory: fill writes it.
func Write(path string, perm os.FileMode, fill func(w io.Writer) error) error {
	name, err := writeTemp(filepath.Dir(path), perm, fill)
	if err != nil {
		return err
	}
	if err := Rename(name, path); err != nil {
		_ = os.Remove(name) // the first error counts
		return err
	}
	return nil
}

// Rename gives the file from the name to, in the place of what is there, and makes that durable. Both lie in one folder.
func Rename(from, to string) error {
	if err := system.Rename(from, to); err != nil {
		return err
	}
	return system.SyncDir(filepath.Dir(to))
}

// Copy makes the file to, which must not be there, with the content of from. On error nothing is left of it.
func Copy(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := system.Create(to, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, dst.Close()); err != nil {
			_ = os.Remove(to)
		}
	}()
	if _, err = io.Copy(dst, src); err != nil {
		return err
	}
	return dst.Sync()
}
