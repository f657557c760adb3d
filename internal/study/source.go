package study

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"time"

	"echoline/internal/fault"
)

var errNoFrame = errors.New("no such frame")

// original is a file as it was when it was opened. Nothing keeps it open, so that a study may have any number of files
// and drives can be taken out.
type original struct {
	path   string
	size   int64
	mtime  time.Time
	member *member // where it lies in an archive
}

// opened is a file open for reading.
type opened interface {
	io.ReaderAt
	io.Closer
}

// openMember opens a file in an archive for reading.
func openMember(path string, m *member) (opened, original, error) {
	f, err := m.open()
	return f, original{path: path, size: m.size, member: m}, err
}

// openOriginal opens a regular file for reading.
func openOriginal(path string) (*os.File, original, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, original{}, err
	}
	if !info.Mode().IsRegular() { // opening a pipe or a device could wait for ever
		return nil, original{}, fault.New(CodeNotImage, "", nil, nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, original{}, err
	}
	return f, original{path: path, size: info.Size(), mtime: info.ModTime()}, nil
}

// reopen opens the file again, provided that it is still the same.
func (o original) reopen() (opened, error) {
	if o.member != nil {
		return o.member.open()
	}
	f, now, err := openOriginal(o.path)
	if err != nil {
		return nil, err
	}
	if now.size != o.size || !now.mtime.Equal(o.mtime) {
		_ = f.Close() // read only: nothing can be lost
		return nil, fault.New(CodeChanged, "", nil, nil)
	}
	return f, nil
}

// sum is the SHA-256 of the whole file in hexadecimal.
func sum(r io.ReaderAt, size int64) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
