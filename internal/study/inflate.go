package study

import (
	"compress/flate"
	"errors"
	"io"
)

// Limits on unpacking a deflated data set. What comes of it stays below what a decoding process may take (package worker).
const (
	maxInflated    = 256 << 20
	roomToInflate  = 128 << 20 // and twice the file's size
	maxExpansion   = 200
	minInflatable  = 1 << 20 // below that, the ratio does not matter
	inflatedPieces = 1 << 20
)

// inflated is a data set that was unpacked. It lies in pieces, so that it was never copied to make it larger.
type inflated struct {
	pieces [][]byte // all but the last of inflatedPieces bytes
	size   int64
}

// ReadAt is that of io.ReaderAt.
func (d *inflated) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		at := off + int64(n)
		if at < 0 || at >= d.size {
			return n, io.EOF
		}
		n += copy(b[n:], d.pieces[at/inflatedPieces][at%inflatedPieces:])
	}
	return n, nil
}

// inflate unpacks the data set of a deflated file.
func inflate(src io.ReaderAt, off, size int64) (*inflated, error) {
	packed := size - off
	limit := min(maxInflated, max(maxExpansion*packed, minInflatable), roomToInflate+2*packed)
	z := flate.NewReader(io.NewSectionReader(src, off, packed))
	defer z.Close()
	d := &inflated{}
	for {
		b := make([]byte, inflatedPieces)
		n, err := io.ReadFull(z, b)
		d.pieces = append(d.pieces, b[:n])
		if d.size += int64(n); d.size > limit {
			return nil, tooLarge("> %d MiB", limit>>20)
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && atEnd(z):
			return d, nil
		case err != nil:
			return nil, decoderFault(err)
		}
	}
}

// atEnd tells the end of what was packed from the end of the file in the middle of it: io.ReadFull calls both the same.
func atEnd(z io.Reader) bool {
	_, err := z.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}
