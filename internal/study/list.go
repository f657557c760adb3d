package study

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"echoline/internal/fault"
)

// candidate is a file to open. One that was asked for, or whose name promises an image, is refused if it is none;
// others in a folder are set aside.
type candidate struct {
	path   string
	asked  bool
	named  bool         // by the caller itself
	member *member      // where it lies in an archive
	failed *fault.Error // known before it is opened
}

// lister finds the files below what was asked for.
type lister struct {
	ctx   context.Context
	cache *cache // for what archives unpack
	found []candidate
	dirs  []span
}

// span are the candidates that came from one folder, archive or DICOMDIR.
type span struct {
	path     string
	from, to int
}

// add lists one path of the caller's.
func (l *lister) add(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		l.found = append(l.found, l.lost(path, err))
		return nil
	}
	from := len(l.found)
	switch {
	case info.IsDir():
		if err := l.folder(path); err != nil {
			return err
		}
	case isZip(path):
		members, err := readArchive(path, l.cache)
		if err != nil {
			l.found = append(l.found, candidate{path: path, asked: true, failed: asFault(path, err)})
			return nil
		}
		l.found = append(l.found, members...)
	default:
		files := readDirectory(path)
		if files == nil {
			l.found = append(l.found, candidate{path: path, asked: true, named: true})
			return nil
		}
		l.found = append(l.found, files...)
	}
	l.dirs = append(l.dirs, span{path, from, len(l.found)})
	return nil
}

// lost is a path that the system cannot find: it may lead into an archive.
func (l *lister) lost(path string, err error) candidate {
	none := candidate{path: path, asked: true, named: true, failed: asFault(path, err)}
	in, rest := archiveOf(path)
	if in == "" {
		return none
	}
	members, err := readArchive(in, l.cache)
	if err != nil {
		none.failed = asFault(path, err)
		return none
	}
	for _, m := range members {
		if m.path == filepath.Join(in, rest) {
			m.asked, m.named = true, true
			return m
		}
	}
	none.failed = fault.New(CodeMissing, path, fs.ErrNotExist, nil)
	return none
}

// folder lists everything below dir in natural order, files before folders. Links to folders are not followed: they can
// lead round in circles.
func (l *lister) folder(dir string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.found = append(l.found, candidate{path: dir, asked: true, failed: asFault(dir, err)})
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		if a.IsDir() != b.IsDir() {
			if a.IsDir() {
				return 1
			}
			return -1
		}
		return natural(a.Name(), b.Name())
	})
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if err := l.folder(path); err != nil {
				return err
			}
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				continue
			}
		}
		l.found = append(l.found, candidate{path: path, asked: promises(path)})
	}
	return nil
}

// promises tells whether a name says that the file is an image.
func promises(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".mp4", ".m4v", ".mov", ".avi", ".mpg", ".mpeg":
		return true
	}
	return false
}

// fault is that of a folder in which no file was an image, none was refused for a reason of its own, and so nothing says
// yet why there is nothing to see.
func (s span) fault(files []File) *fault.Error {
	for _, f := range files[s.from:s.to] {
		if f.Skipped == "" {
			return nil
		}
	}
	return fault.New(CodeNoImages, s.path, nil, nil)
}
