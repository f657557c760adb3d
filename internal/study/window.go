package study

import (
	"encoding/binary"
	"errors"
	"io"
)

// view reads a file through a window of memory, so that small reads one after another cost nothing.
type view struct {
	src  io.ReaderAt
	size int64
	buf  []byte
	off  int64 // of buf in the file

	items   ItemReader // set while items are walked, if src is one
	records []byte     // of the items that come next
	next    int64      // where the first of them stands
}

// ItemReader reads the heads of items that follow each other, without what lies between them: jumping from one to the next
// through another process would cost more than all of them are worth.
type ItemReader interface {
	// Items returns ItemRecord bytes of each of the items that stand one behind the other from off on: tag, length and
	// what it begins with. It ends before whatever is none, or is not all there, and where it is tired.
	Items(off int64) ([]byte, error)
}

// ItemRecord is how many bytes Items gives of each item: its head has 8.
const ItemRecord = 12

// NextItem tells where the item behind one stands that Items gave.
func NextItem(off int64, record []byte) int64 {
	return off + 8 + int64(binary.LittleEndian.Uint32(record[4:]))
}

// IsItem tells whether a head is that of an item of known length (PS3.5 7.5).
func IsItem(head []byte) bool {
	return string(head[:4]) == "\xfe\xff\x00\xe0" && binary.LittleEndian.Uint32(head[4:]) != undefinedLength
}

// hop takes the head of the item at off, the next in order, from those that came together. ok is false where there is
// none: then it is read like everything else.
func (v *view) hop(off int64) (ok bool, err error) {
	if len(v.records) < ItemRecord || v.next != off {
		if v.records, err = v.items.Items(off); err != nil || len(v.records) < ItemRecord {
			return false, err
		}
	}
	v.buf, v.off, v.records = v.records[:ItemRecord:ItemRecord], off, v.records[ItemRecord:]
	v.next = NextItem(off, v.buf)
	return true, nil
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
		if v.items != nil && n <= ItemRecord {
			if ok, err := v.hop(off); err != nil {
				return nil, err
			} else if ok {
				return v.buf[:n], nil
			}
		}
		if cap(v.buf) < viewBytes {
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
