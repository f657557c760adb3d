package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is one of several that belong together.
type File struct {
	Path string
	Data []byte
}

// WriteAll writes files that belong together: all of them or none. Their folders must be there. Every file is on the disk
// under another name before the first gets its own, so that a disk that fills up, or a folder that cannot be written to,
// leaves everything as it was. If giving the names fails, those that were new are taken away again.
func WriteAll(files []File, perm os.FileMode) (err error) {
	temps := make([]string, 0, len(files))
	var fresh []string
	defer func() {
		if err == nil {
			return
		}
		for _, name := range append(temps, fresh...) {
			_ = os.Remove(name) // what got its name is no longer there under the other
		}
	}()
	for _, f := range files {
		name, err := writeTemp(filepath.Dir(f.Path), perm, func(w io.Writer) error {
			_, err := w.Write(f.Data)
			return err
		})
		if err != nil {
			return err
		}
		temps = append(temps, name)
	}
	dirs := map[string]bool{}
	for i, f := range files {
		_, missing := os.Lstat(f.Path)
		if err := system.Rename(temps[i], f.Path); err != nil {
			return err
		}
		if errors.Is(missing, fs.ErrNotExist) {
			fresh = append(fresh, f.Path)
		}
		dirs[filepath.Dir(f.Path)] = true
	}
	for dir := range dirs {
		if err := system.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// writeTemp writes a file of a name of its own into dir, and leaves none behind if that fails.
func writeTemp(dir string, perm os.FileMode, fill func(w io.Writer) error) (name string, err error) {
	f, err := system.CreateTemp(dir, ".echoline-*.tmp")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it may be closed already
			_ = os.Remove(f.Name())
		}
	}()
	if err = fill(f); err != nil {
		return "", err
	}
	if err = f.Chmod(perm); err != nil {
		return "", err
	}
	if err = f.Sync(); err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}
