// Package durable writes files so that a crash or a full disk leaves either the old content or the new one: temporary file
// in the same folder, fsync, rename, fsync of the folder.
package durable

import (
	"os"
	"path/filepath"
	"runtime"
)

// WriteFile replaces path by data. On error the old file is as it was and no temporary file stays behind.
func WriteFile(path string, data []byte, perm os.FileMode) error {
	dir := filepath.Dir(path)
	name, err := writeTemp(dir, data, perm)
	if err != nil {
		return err
	}
	if err := os.Rename(name, path); err != nil {
		_ = os.Remove(name) // the first error counts
		return err
	}
	return syncDir(dir)
}

// syncDir makes the rename itself durable. Windows has no such call and orders it by itself.
func syncDir(dir string) error {
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
