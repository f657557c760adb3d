package study

import (
	"encoding/binary"
	"math"

	"echoline/internal/fault"
)

// Limits of the scan. A file beyond them is refused before anything of it is believed.
const (
	maxDepth    = 32
	maxElements = 1_000_000
	maxValue    = 1 << 20 // bytes of a value that is kept
	maxKept     = 64 << 20
	maxItems    = 100_000 // of sequences that are kept
)

// tag is group<<16 | element.
type tag uint32

// Tags that shape the scan.
const (
	tagItem         tag = 0xfffee000
	tagItemEnd      tag = 0xfffee00d
	tagSequenceEnd  tag = 0xfffee0dd
	tagSyntax       tag = 0x00020010
	tagRecords      tag = 0x00041220 // Directory Record Sequence
	tagPixelData    tag = 0x7fe00010
	tagOffsets      tag = 0x7fe00001 // Extended Offset Table
	tagFloatPixels  tag = 0x7fe00008
	tagDoublePixels tag = 0x7fe00009
	undefinedLength     = math.MaxUint32
)

// dataSet holds the wanted values of a data set or of one item of a sequence.
type dataSet struct {
	parent *dataSet // that an item belongs to; nil for the file's
	order  binary.ByteOrder
	values map[tag]value
	items  map[tag][]*dataSet
}

// value is the raw value of one element.
type value struct {
	vr   string // as the file has it, or as the dictionary knows it
	data []byte
}

// pixelData says where the pixels lie.
type pixelData struct {
	vr        string
	off       int64
	length    int64 // what the file states; meaningless if encapsulated
	fragments []fragment
	offsets   []byte // Basic Offset Table
	capsuled  bool
	closed    bool // the end mark of the fragments was there
	cut       bool // the file ends inside a fragment
}

// fragment is one item of encapsulated pixel data.
type fragment struct {
	off    int64 // of its first byte
	length int64
	soi    bool // begins with a start mark of JPEG or JPEG 2000
}

// scan walks the structure of one file. Every length is held against the bytes left before it is used.
type scan struct {
	in       *view
	order    binary.ByteOrder
	explicit bool
	elements int
	items    int
	kept     int64 // bytes of values
	pixels   *pixelData
}

// header is the beginning of an element.
type header struct {
	tag    tag
	vr     string // "" where the file has none
	length uint32
	off    int64 // of the value
}

// undefined tells whether the value ends by a mark.
func (h *header) undefined() bool { return h.length == undefinedLength }

// end is where the value of defined length ends.
func (h *header) end() int64 { return h.off + int64(h.length) }

// longVR are the value representations with a length of 32 bits.
var longVR = map[string]bool{
	"OB": true, "OD": true, "OF": true, "OL": true, "OV": true, "OW": true, "SQ": true, "SV": true,
	"UC": true, "UN": true, "UR": true, "UT": true, "UV": true,
}

// header reads the element that begins at off. limit is where the surrounding value ends.
func (s *scan) header(off, limit int64) (header, error) {
	if s.elements++; s.elements > maxElements {
		return header{}, tooLarge("> %d DICOM elements", maxElements)
	}
	if limit-off < 8 {
		return header{}, s.short(limit)
	}
	b, err := s.in.peek(off, 8)
	if err != nil {
		return header{}, err
	}
	h := header{tag: tag(s.order.Uint16(b))<<16 | tag(s.order.Uint16(b[2:])), off: off + 8}
	if h.tag>>16 == 0xfffe || !s.explicit {
		h.length = s.order.Uint32(b[4:])
		return h, nil
	}
	if !isVR(b[4:6]) {
		// Some writers leave implicit elements in explicit files. The length check below decides whether it was one.
		h.length = s.order.Uint32(b[4:])
		return h, nil
	}
	h.vr = string(b[4:6])
	if !longVR[h.vr] {
		h.length = uint32(s.order.Uint16(b[6:]))
		return h, nil
	}
	if limit-off < 12 {
		return header{}, s.short(limit)
	}
	if b, err = s.in.peek(off, 12); err != nil {
		return header{}, err
	}
	h.length, h.off = s.order.Uint32(b[8:]), off+12
	return h, nil
}

// short is the fault of something that does not end before limit: the file was cut, or a length inside it lies.
func (s *scan) short(limit int64) error {
	if limit == s.in.size {
		return errTruncated()
	}
	return damaged("an element is longer than what holds it")
}

// isVR tells whether the bytes can be a value representation.
func isVR(b []byte) bool { return b[0] >= 'A' && b[0] <= 'Z' && b[1] >= 'A' && b[1] <= 'Z' }

// walk reads the elements from off to limit, or to an item's end mark. It keeps what the dictionary wants in set (nil:
// nothing) and returns where it stopped. Pixel data is indexed at depth 0.
func (s *scan) walk(off, limit int64, depth int, set *dataSet) (int64, error) {
	if depth > maxDepth {
		return 0, damaged("sequences nested deeper than %d", maxDepth)
	}
	for off < limit {
		h, err := s.header(off, limit)
		if err != nil {
			return 0, err
		}
		if h.tag == tagItemEnd && depth > 0 {
			return h.off, nil
		}
		if !h.undefined() && h.end() > limit && !s.mayBeCut(&h, depth) {
			return 0, s.short(limit)
		}
		if off, err = s.element(h, limit, depth, set); err != nil {
			return 0, err
		}
	}
	return off, nil
}

// mayBeCut tells whether an element is walked as far as it goes although it ends beyond what holds it: pixels, of which
// the frames that are there get counted, and the records of a DICOMDIR, whose files can be opened all the same.
func (s *scan) mayBeCut(h *header, depth int) bool {
	return depth == 0 && (h.tag == tagPixelData || h.tag == tagRecords)
}

// element takes one element and returns where the next begins.
func (s *scan) element(h header, limit int64, depth int, set *dataSet) (int64, error) {
	switch {
	case h.tag == tagPixelData && depth == 0:
		return s.pixelElement(h, limit)
	case h.tag>>16 == 0xfffe:
		return 0, damaged("a sequence's mark outside a sequence")
	}
	known, wanted := dictionary[h.tag]
	if set == nil || !wanted {
		if h.undefined() {
			return s.sequence(h, limit, depth, nil)
		}
		return h.end(), nil
	}
	if h.vr == "SQ" || known.vr == "SQ" {
		return s.sequence(h, limit, depth, set)
	}
	if h.undefined() {
		return s.sequence(h, limit, depth, nil)
	}
	return h.end(), s.keep(&h, known.vr, set)
}

// keep keeps the value of an element, the first of its tag, as far as it is not too long.
func (s *scan) keep(h *header, vr string, set *dataSet) error {
	if _, twice := set.values[h.tag]; twice {
		return nil
	}
	var data []byte
	if int64(h.length) <= maxValue { // of a longer one only that it is there is known
		var err error
		if data, err = s.in.bytes(h.off, int64(h.length)); err != nil {
			return err
		}
	}
	v := value{h.vr, data}
	if h.vr == "" || h.vr == "UN" {
		v.vr = vr
	}
	if s.kept += int64(len(data)); s.kept > maxKept {
		return tooLarge("> %d MiB of DICOM values", maxKept>>20)
	}
	set.values[h.tag] = v
	return nil
}

// sequence walks the items of a sequence, or the fragments of encapsulated data in a nested item. With a set, the items
// are kept there.
func (s *scan) sequence(h header, limit int64, depth int, set *dataSet) (int64, error) {
	if !h.undefined() && set == nil {
		return h.end(), nil
	}
	if h.vr == "UN" { // its items are implicit little endian (PS3.5 6.2.2)
		explicit, order := s.explicit, s.order
		s.explicit, s.order = false, binary.LittleEndian
		defer func() { s.explicit, s.order = explicit, order }()
	}
	off, outer := h.off, limit
	if !h.undefined() {
		limit = min(h.end(), outer)
	}
	for off < limit {
		it, err := s.header(off, limit)
		switch {
		case err != nil:
			return 0, err
		case it.tag == tagSequenceEnd && h.undefined():
			return it.off, nil
		case it.tag != tagItem:
			return 0, damaged("no item where a sequence has one")
		}
		if off, err = s.item(h.tag, it, limit, depth, set); err != nil {
			return 0, err
		}
	}
	if h.undefined() || h.end() > outer {
		return 0, s.short(outer)
	}
	return off, nil
}

// item walks one item.
func (s *scan) item(of tag, it header, limit int64, depth int, set *dataSet) (int64, error) {
	if !it.undefined() {
		if it.end() > limit {
			return 0, s.short(limit)
		}
		if set == nil {
			return it.end(), nil
		}
		limit = it.end()
	}
	var inner *dataSet
	if set != nil {
		if s.items++; s.items > maxItems {
			return 0, tooLarge("> %d DICOM items", maxItems)
		}
		inner = newDataSet(s.order)
		inner.parent = set
		set.items[of] = append(set.items[of], inner)
	}
	end, err := s.walk(it.off, limit, depth+1, inner)
	if err != nil {
		return 0, err
	}
	if !it.undefined() {
		return it.end(), nil
	}
	return end, nil
}

// pixelElement notes where the pixels lie. A file that ends inside them is not at fault here: what is missing is counted
// in frames later.
func (s *scan) pixelElement(h header, limit int64) (int64, error) {
	p := &pixelData{vr: h.vr, off: h.off, length: int64(h.length), capsuled: h.undefined()}
	end := min(h.end(), limit)
	if p.capsuled {
		var err error
		if end, err = s.index(p, limit); err != nil {
			return 0, err
		}
	}
	if s.pixels == nil {
		s.pixels = p
	}
	return end, nil
}

// index notes where each fragment of encapsulated pixel data lies.
func (s *scan) index(p *pixelData, limit int64) (int64, error) {
	if r, ok := s.in.src.(ItemReader); ok && s.order == binary.LittleEndian {
		s.in.items = r
		defer func() { s.in.items = nil }()
	}
	for off, first := p.off, true; ; first = false {
		it, err := s.header(off, limit)
		switch {
		case isTruncation(err):
			return limit, nil
		case err != nil:
			return 0, err
		case it.tag == tagSequenceEnd:
			p.closed = true
			return it.off, nil
		case it.tag != tagItem || it.undefined():
			return 0, damaged("no fragment where pixel data has one")
		}
		if p.cut = it.end() > limit; p.cut {
			return limit, nil
		}
		if off = it.end(); first {
			if p.offsets, err = s.table(it); err != nil {
				return 0, err
			}
			continue
		}
		f, err := s.fragment(it)
		if err != nil {
			return 0, err
		}
		p.fragments = append(p.fragments, f)
	}
}

func (s *scan) fragment(it header) (fragment, error) {
	f := fragment{off: it.off, length: int64(it.length)}
	if f.length >= 4 {
		b, err := s.in.peek(f.off, 4)
		if err != nil {
			return f, err
		}
		f.soi = isStart(b)
	}
	return f, nil
}

// isStart tells what a frame of JPEG begins with, or one of JPEG 2000: bare or, as some writers have it, in a JP2 file.
func isStart(b []byte) bool {
	return b[0] == 0xff && b[1] == 0xd8 || string(b) == "\xff\x4f\xff\x51" || string(b) == "\x00\x00\x00\x0c"
}

// table reads the Basic Offset Table.
func (s *scan) table(it header) ([]byte, error) {
	if int64(it.length) > 4*maxFrames {
		return nil, tooLarge("> %d", maxFrames)
	}
	return s.in.bytes(it.off, int64(it.length))
}

func newDataSet(order binary.ByteOrder) *dataSet {
	return &dataSet{order: order, values: map[tag]value{}, items: map[tag][]*dataSet{}}
}

// isTruncation tells whether err is the end of the file met too early.
func isTruncation(err error) bool { return fault.CodeOf(err) == CodeTruncated }
