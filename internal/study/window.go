package study

import (
	"errors"
	"io"
)

// view reads a file through a window of memory, so that small reads one after another cost nothing.
type view struct {
	src  io.ReaderAt
	size int64
	buf  []byte
	off  int64 // of buf in the file
}

// viewBytes is small: most jumps go from one fragment of pixels to the next, over what nobody wants to read.
const viewBytes = 4 << 10

func newView(src io.ReaderAt, size int64) *view { return &view{src: src, size: size} }

// peek returns n bytes at off, n at most viewBytes; they hold until the next call. It fails with CodeTruncated beyond the
// end of the file.
func (v *view) peek(off int64, n int) ([]byte, error) {
	if off < 0 || off > v.size || int64(n) > v.size-off {
		return nil, errTruncated()
	}
	if off < v.off || off+int64(n) > v.off+int64(len(v.buf)) {
		if v.buf == nil {
			v.buf = make([]byte, min(viewBytes, v.size))
		}
		v.buf = v.buf[:min(viewBytes, v.size-off)]
		v.off = off
		if err := readFull(v.src, v.buf, off); err != nil {
			v.buf = v.buf[:0]
			return nil, err
		}
	}
	i := off - v.off
	return v.buf[i : i+int64(n)], nil
}

// bytes returns a copy of n bytes at off. n was held against the file's size before.
func (v *view) bytes(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > v.size || n > v.size-off {
		return nil, errTruncated()
	}
	b := make([]byte, n)
	return b, readFull(v.src, b, off)
}

// readFull reads all of b or fails.
func readFull(src io.ReaderAt, b []byte, off int64) error {
	n, err := src.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil, errors.Is(err, io.EOF):
		return errTruncated()
	}
	return err
}
