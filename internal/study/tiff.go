package study

import (
	"encoding/binary"
	"io"
	"slices"
)

// tiffFile reads the structure of a TIFF file.
type tiffFile struct {
	r     io.ReaderAt
	size  int64
	order binary.ByteOrder
	first int64 // where the first directory lies
}

func openTIFF(r io.ReaderAt, size int64) (*tiffFile, error) {
	t := &tiffFile{r: r, size: size, order: binary.LittleEndian}
	head, err := t.read(0, 8)
	if err != nil {
		return nil, err
	}
	if head[0] == 'M' {
		t.order = binary.BigEndian
	}
	t.first = int64(t.order.Uint32(head[4:]))
	return t, nil
}

func (t *tiffFile) read(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > t.size || n > t.size-off {
		return nil, errTruncated()
	}
	b := make([]byte, n)
	return b, readFull(t.r, b, off)
}

// directory returns the entries of the directory at off, 12 bytes each, and where the next directory lies (0: nowhere).
func (t *tiffFile) directory(off int64) (entries []byte, next int64, err error) {
	count, err := t.read(off, 2)
	if err != nil {
		return nil, 0, err
	}
	n := 12 * int64(t.order.Uint16(count))
	b, err := t.read(off+2, n+4)
	if err != nil {
		return nil, 0, err
	}
	return b[:n], int64(t.order.Uint32(b[n:])), nil
}

// tiffPages lists where the directories of all pages lie.
func tiffPages(r io.ReaderAt, size int64) ([]int64, error) {
	t, err := openTIFF(r, size)
	if err != nil {
		return nil, err
	}
	var pages []int64
	seen := map[int64]bool{}
	for off := t.first; off != 0; {
		if seen[off] {
			return nil, damaged("the pages of the TIFF go round in a circle")
		}
		if len(pages) == maxFrames {
			return nil, tooLarge("> %d", maxFrames)
		}
		seen[off] = true
		pages = append(pages, off)
		if _, off, err = t.directory(off); err != nil {
			return nil, err
		}
	}
	if len(pages) == 0 {
		return nil, damaged("a TIFF without pages")
	}
	return pages, nil
}

// pageOf reads a TIFF file as if the page at off were its first.
type pageOf struct {
	io.ReaderAt
	off int64
}

func (p pageOf) ReadAt(b []byte, at int64) (int, error) {
	n, err := p.ReaderAt.ReadAt(b, at)
	if at >= 8 || n == 0 {
		return n, err
	}
	var head [8]byte
	if err := readFull(p.ReaderAt, head[:], 0); err != nil {
		return 0, err
	}
	if head[0] == 'M' {
		binary.BigEndian.PutUint32(head[4:], uint32(p.off))
	} else {
		binary.LittleEndian.PutUint32(head[4:], uint32(p.off))
	}
	copy(b[:n], head[at:])
	return n, err
}

// wholeTIFF checks that every strip and tile of every page lies inside the file.
func wholeTIFF(r io.ReaderAt, size int64) error {
	t, err := openTIFF(r, size)
	if err != nil {
		return err
	}
	pages, err := tiffPages(r, size)
	if err != nil {
		return err
	}
	for _, p := range pages {
		end, err := t.extent(p)
		if err != nil {
			return err
		}
		if end > size {
			return errTruncated()
		}
	}
	return nil
}

// Tags of TIFF directories that say where pixels lie.
const (
	tiffStripOffsets = 273
	tiffStripCounts  = 279
	tiffTileOffsets  = 324
	tiffTileCounts   = 325
)

// extent tells where the last strip or tile of a page ends.
func (t *tiffFile) extent(page int64) (int64, error) {
	entries, _, err := t.directory(page)
	if err != nil {
		return 0, err
	}
	values := map[uint16][]int64{}
	for e := range slices.Chunk(entries, 12) {
		switch tag := t.order.Uint16(e); tag {
		case tiffStripOffsets, tiffStripCounts, tiffTileOffsets, tiffTileCounts:
			if values[tag], err = t.ints(e); err != nil {
				return 0, err
			}
		}
	}
	var end int64
	for at, length := range map[uint16]uint16{tiffStripOffsets: tiffStripCounts, tiffTileOffsets: tiffTileCounts} {
		for i, off := range values[at] {
			if i < len(values[length]) {
				end = max(end, off+values[length][i])
			}
		}
	}
	return end, nil
}

// ints reads the integers of one directory entry.
func (t *tiffFile) ints(entry []byte) ([]int64, error) {
	wide := int64(4)
	switch kind := t.order.Uint16(entry[2:]); kind {
	case 3:
		wide = 2
	case 4:
	default:
		return nil, damaged("TIFF integers of type %d", kind)
	}
	n := int64(t.order.Uint32(entry[4:]))
	data := entry[8:12]
	if n*wide > 4 {
		var err error
		if data, err = t.read(int64(t.order.Uint32(data)), n*wide); err != nil {
			return nil, err
		}
	}
	out := make([]int64, n)
	for i := range out {
		if wide == 2 {
			out[i] = int64(t.order.Uint16(data[2*i:]))
		} else {
			out[i] = int64(t.order.Uint32(data[4*i:]))
		}
	}
	return out, nil
}
