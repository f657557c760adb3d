// Package j2k reads JPEG 2000 and High-Throughput JPEG 2000 codestreams (ISO/IEC 15444-1 and -15). Their headers are read
// here, and held against what the caller expects, before OpenJPEG sees a byte. That library is loaded when the program
// runs, not linked: the program is built and starts without it, the window never holds it in memory, and a machine without
// it is told what to install.
package j2k

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Head is what stands before the pixels of a codestream.
type Head struct {
	W, H       int
	Components []Component
	RGB        bool // three components are turned into red, green and blue by decoding
	HT         bool // High-Throughput
	Reversible bool // decoding gives what was coded, if all of it is there
	tiles      int
	main       int // bytes up to the first tile-part
}

// Component is one plane of a picture.
type Component struct {
	Bits   int // 1 to 38
	Signed bool
	DX, DY int // pixels from sample to sample
}

// Marks of a codestream.
const (
	markSOC = 0xff4f
	markCAP = 0xff50
	markSIZ = 0xff51
	markCOD = 0xff52
	markSOT = 0xff90
	markEOC = 0xffd9
)

const (
	maxComponents = 4     // more than any picture has that is read
	maxTiles      = 65535 // by the standard
)

// boxed is what a JP2 file begins with. Some writers put one where DICOM wants a bare codestream.
const boxed = "\x00\x00\x00\x0cjP  \r\n\x87\n"

// Unbox returns the codestream in b, which may be the content of a JP2 file.
func Unbox(b []byte) ([]byte, error) {
	if len(b) < len(boxed) || string(b[:len(boxed)]) != boxed {
		return b, nil
	}
	for len(b) >= 8 {
		n, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case n == 0: // up to the end
			n = uint64(len(b))
		case n == 1 && len(b) >= 16:
			n, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if n < head {
			return nil, errors.New("JP2 box")
		}
		if string(b[4:8]) == "jp2c" {
			if n > uint64(len(b)) {
				return nil, io.ErrUnexpectedEOF
			}
			return b[head:n], nil
		}
		if n > uint64(len(b)) {
			break
		}
		b = b[n:]
	}
	return nil, io.ErrUnexpectedEOF
}

// ReadHead reads the main header of a bare codestream.
func ReadHead(b []byte) (*Head, error) {
	if len(b) < 2 || binary.BigEndian.Uint16(b) != markSOC {
		return nil, errors.New("no JPEG 2000 start mark")
	}
	h := &Head{}
	for off := 2; ; {
		if len(b)-off < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		mark, n := binary.BigEndian.Uint16(b[off:]), int(binary.BigEndian.Uint16(b[off+2:]))
		if mark == markSOT {
			h.main = off
			return h, h.complete()
		}
		if mark < 0xff00 || n < 2 {
			return nil, errors.New("no JPEG 2000 mark where one must be")
		}
		if len(b)-off < 2+n {
			return nil, io.ErrUnexpectedEOF
		}
		if err := h.segment(mark, b[off+4:off+2+n]); err != nil {
			return nil, err
		}
		off += 2 + n
	}
}

// complete tells whether the header said what must be known.
func (h *Head) complete() error {
	if h.W == 0 {
		return errors.New("a JPEG 2000 stream without a size")
	}
	if len(h.Components) != 3 {
		h.RGB = false
	}
	return nil
}

// segment takes one marked segment.
func (h *Head) segment(mark uint16, b []byte) error {
	switch mark {
	case markSIZ:
		return h.size(b)
	case markCAP:
		h.HT = true
	case markCOD:
		if len(b) < 10 {
			return errors.New("JPEG 2000 coding style")
		}
		const highThroughput = 0x40 // of the code-block style
		h.RGB = b[4] == 1
		h.Reversible = b[9] == 1
		h.HT = h.HT || b[8]&highThroughput != 0
	}
	return nil
}

// size takes the size of the picture, its tiles and its components.
func (h *Head) size(b []byte) error {
	if len(b) < 36 || h.W != 0 {
		return errors.New("JPEG 2000 size")
	}
	count := int(binary.BigEndian.Uint16(b[34:]))
	if count < 1 || count > maxComponents || len(b) < 36+3*count {
		return fmt.Errorf("a JPEG 2000 picture of %d components", count)
	}
	at := func(i int) int64 { return int64(binary.BigEndian.Uint32(b[i:])) }
	across, w, ok := span(at(10), at(2), at(26), at(18))
	down, height, ok2 := span(at(14), at(6), at(30), at(22))
	if !ok || !ok2 {
		return errors.New("JPEG 2000 size")
	}
	h.W, h.H, h.tiles = int(w), int(height), int(min(across*down, maxTiles+1))
	for c := range count {
		s := b[36+3*c:]
		h.Components = append(h.Components, Component{Bits: int(s[0]&0x7f) + 1, Signed: s[0]&0x80 != 0, DX: int(s[1]), DY: int(s[2])})
	}
	return nil
}

// span gives the tiles across a picture from `from` to `to` on one axis and its size, where the first tile, which begins at
// first and is tile px long, holds its beginning.
func span(from, to, first, tile int64) (tiles, size int64, ok bool) {
	if to <= from || tile == 0 || first > from || first+tile <= from {
		return 0, 0, false
	}
	return (to - first + tile - 1) / tile, to - from, true
}

// Whole tells whether all parts of all tiles are there up to their ends: the library makes grey of what is missing and says
// nothing.
func (h *Head) Whole(b []byte) error {
	if h.tiles > maxTiles {
		return errors.New("too many JPEG 2000 tiles")
	}
	tiles := make([]struct{ seen, said int }, h.tiles)
	for off := h.main; len(b)-off >= 2 && binary.BigEndian.Uint16(b[off:]) == markSOT; { // some writers leave the end mark out
		if len(b)-off < 12 {
			return io.ErrUnexpectedEOF
		}
		tile, n := int(binary.BigEndian.Uint16(b[off+4:])), int64(binary.BigEndian.Uint32(b[off+6:]))
		if tile >= h.tiles {
			return errors.New("a JPEG 2000 tile outside the picture")
		}
		tiles[tile].seen++
		tiles[tile].said = max(1, tiles[tile].said, int(b[off+11])) // 0 leaves it open
		switch {
		case n == 0: // up to the end mark, which then must be there
			if err := endMark(b[off:]); err != nil {
				return err
			}
			n = int64(len(b) - off)
		case n < 14:
			return errors.New("a JPEG 2000 tile shorter than its header")
		case n > int64(len(b)-off):
			return io.ErrUnexpectedEOF
		}
		off += int(n)
	}
	for _, t := range tiles {
		if t.seen == 0 || t.seen < t.said {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

// endMark looks for the end mark behind the last byte but padding.
func endMark(b []byte) error {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	if len(b) < 2 || binary.BigEndian.Uint16(b[len(b)-2:]) != markEOC {
		return io.ErrUnexpectedEOF
	}
	return nil
}
