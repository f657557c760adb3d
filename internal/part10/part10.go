// Package part10 reads DICOM files whole, element by element, and writes them again. Unlike internal/study it shows no
// pictures and knows no meanings: it is for those who pass files on, changed or as they are.
//
// In memory all values are little endian, whatever the file has. Values alias the bytes that were parsed: nobody changes
// them in place.
package part10

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Transfer syntaxes of uncompressed files.
const (
	ImplicitLittle = "1.2.840.10008.1.2"
	ExplicitLittle = "1.2.840.10008.1.2.1"
	Deflated       = "1.2.840.10008.1.2.1.99"
	ExplicitBig    = "1.2.840.10008.1.2.2"
)

// Limits of what is read.
const (
	maxDepth    = 32
	maxElements = 1_000_000
	maxInflated = 512 << 20
	maxRatio    = 200
)

// Errors of Parse. What else is wrong is told by an error that wraps ErrDamaged.
var (
	ErrNotDICOM  = errors.New("no DICOM file")
	ErrTruncated = errors.New("the file ends too early")
	ErrDamaged   = errors.New("damaged")
)

// Tag is group<<16 | element.
type Tag uint32

// Tags that shape a file.
const (
	item        Tag = 0xfffee000
	itemEnd     Tag = 0xfffee00d
	sequenceEnd Tag = 0xfffee0dd

	TransferSyntax Tag = 0x00020010
	SOPClass       Tag = 0x00080016
	SOPInstance    Tag = 0x00080018
	Study          Tag = 0x0020000d
	Series         Tag = 0x0020000e
	PixelData      Tag = 0x7fe00010
)

// String writes the tag as (gggg,eeee).
func (t Tag) String() string { return fmt.Sprintf("(%04X,%04X)", uint32(t)>>16, uint32(t)&0xffff) }

// Private tells whether the element is one of a manufacturer.
func (t Tag) Private() bool { return t>>16&1 == 1 }

// Element is one element. Of Data, Items and Fragments at most one is set.
type Element struct {
	Tag       Tag
	VR        string   // "UN" where neither the file nor the dictionary says
	Data      []byte   // as in the file, padding included
	Items     []Set    // of a sequence
	Fragments [][]byte // of encapsulated pixel data: the first is the offset table
}

// Set is a data set or an item, in ascending order of tags.
type Set []*Element

// File is a whole file.
type File struct {
	Meta   Set
	Set    Set
	Syntax string // transfer syntax
}

// Find is the element of that tag, or nil.
func (s Set) Find(t Tag) *Element {
	i, ok := slices.BinarySearchFunc(s, t, func(e *Element, t Tag) int { return int(int64(e.Tag) - int64(t)) })
	if !ok {
		return nil
	}
	return s[i]
}

// Text is the value of an element of plain characters without its padding; "" where it is missing.
func (s Set) Text(t Tag) string {
	e := s.Find(t)
	if e == nil {
		return ""
	}
	return strings.Trim(string(e.Data), " \x00")
}

// parser walks over the bytes of a file.
type parser struct {
	b          []byte
	order      binary.ByteOrder
	explicit   bool
	dictionary func(Tag) string
	elements   int
}

// Parse reads a file: with or without preamble, in any transfer syntax. dictionary tells the VR of elements in implicit
// files, "" for those that it does not know; it may be nil.
func Parse(b []byte, dictionary func(Tag) string) (*File, error) {
	if dictionary == nil {
		dictionary = func(Tag) string { return "" }
	}
	f := &File{}
	at := 0
	if len(b) >= 132 && string(b[128:132]) == "DICM" {
		at = 132
	} else if len(b) < 12 || !bare(b) {
		return nil, ErrNotDICOM
	}
	p := &parser{b: b, order: binary.LittleEndian, explicit: true, dictionary: dictionary}
	var err error
	if f.Meta, at, err = p.meta(at); err != nil {
		return nil, err
	}
	if f.Syntax = f.Meta.Text(TransferSyntax); f.Syntax == "" {
		f.Syntax = p.guess(at)
	}
	switch f.Syntax {
	case ImplicitLittle:
		p.explicit = false
	case ExplicitBig:
		p.order = binary.BigEndian
	case Deflated:
		if p.b, err = inflate(b[at:]); err != nil {
			return nil, err
		}
		at = 0
	}
	f.Set, _, err = p.set(at, len(p.b), 0, false)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// bare tells a data set without preamble: it begins with an element of group 2 or 8.
func bare(b []byte) bool {
	for _, o := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if g, e := o.Uint16(b), o.Uint16(b[2:]); (g == 2 || g == 8) && e <= 0x100 {
			return isVR(b[4:6]) || o == binary.LittleEndian && o.Uint32(b[4:]) <= 256
		}
	}
	return false
}

// guess tells the syntax of a file that does not say it by how its first element looks.
func (p *parser) guess(at int) string {
	switch {
	case len(p.b)-at < 8 || !isVR(p.b[at+4:at+6]):
		return ImplicitLittle
	case binary.LittleEndian.Uint16(p.b[at:]) > binary.BigEndian.Uint16(p.b[at:]):
		return ExplicitBig
	}
	return ExplicitLittle
}

func inflate(b []byte) ([]byte, error) {
	limit := min(maxInflated, max(int64(maxRatio)*int64(len(b)), 1<<20))
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), limit+1))
	switch {
	case int64(len(out)) > limit:
		return nil, fmt.Errorf("%w: it unpacks to over %d bytes", ErrDamaged, limit)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return out, nil
}

// meta reads the file meta information.
func (p *parser) meta(at int) (Set, int, error) {
	var s Set
	for len(p.b)-at >= 8 && binary.LittleEndian.Uint16(p.b[at:]) == 2 {
		e, next, err := p.element(at, len(p.b), 0)
		if err != nil {
			return nil, 0, err
		}
		s, at = append(s, e), next
	}
	return ordered(s), at, nil
}

// set reads elements up to end, or to an item's end mark where one is to come.
func (p *parser) set(at, end, depth int, marked bool) (Set, int, error) {
	if depth > maxDepth {
		return nil, 0, fmt.Errorf("%w: sequences nested deeper than %d", ErrDamaged, maxDepth)
	}
	var s Set
	for at < end {
		if marked && end-at >= 8 && p.tag(at) == itemEnd {
			return ordered(s), at + 8, nil
		}
		e, next, err := p.element(at, end, depth)
		if err != nil {
			return nil, 0, err
		}
		s, at = append(s, e), next
	}
	if marked {
		return nil, 0, ErrTruncated
	}
	return ordered(s), at, nil
}

// ordered sorts elements and drops all but the first of a tag: files should have them so, and few have not.
func ordered(s Set) Set {
	slices.SortStableFunc(s, func(a, b *Element) int { return int(int64(a.Tag) - int64(b.Tag)) })
	return slices.CompactFunc(s, func(a, b *Element) bool { return a.Tag == b.Tag })
}

func (p *parser) tag(at int) Tag {
	return Tag(p.order.Uint16(p.b[at:]))<<16 | Tag(p.order.Uint16(p.b[at+2:]))
}

// long are the VRs with a length of 32 bits.
var long = map[string]bool{
	"OB": true, "OD": true, "OF": true, "OL": true, "OV": true, "OW": true, "SQ": true, "SV": true,
	"UC": true, "UN": true, "UR": true, "UT": true, "UV": true,
}

func isVR(b []byte) bool { return b[0] >= 'A' && b[0] <= 'Z' && b[1] >= 'A' && b[1] <= 'Z' }

// head reads the tag, VR ("" where there is none) and length of the element at at, and returns where its value begins.
func (p *parser) head(at, end int) (e *Element, length uint32, value int, err error) {
	if p.elements++; p.elements > maxElements {
		return nil, 0, 0, fmt.Errorf("%w: over %d elements", ErrDamaged, maxElements)
	}
	if end-at < 8 {
		return nil, 0, 0, ErrTruncated
	}
	e = &Element{Tag: p.tag(at)}
	if e.Tag>>16 == 0xfffe || !p.explicit || !isVR(p.b[at+4:at+6]) {
		return e, p.order.Uint32(p.b[at+4:]), at + 8, nil
	}
	e.VR = string(p.b[at+4 : at+6])
	if !long[e.VR] {
		return e, uint32(p.order.Uint16(p.b[at+6:])), at + 8, nil
	}
	if end-at < 12 {
		return nil, 0, 0, ErrTruncated
	}
	return e, p.order.Uint32(p.b[at+8:]), at + 12, nil
}

// element reads one element and returns where the next begins.
func (p *parser) element(at, end, depth int) (*Element, int, error) {
	e, length, at, err := p.head(at, end)
	if err != nil {
		return nil, 0, err
	}
	if e.Tag>>16 == 0xfffe {
		return nil, 0, fmt.Errorf("%w: a sequence's mark outside a sequence", ErrDamaged)
	}
	unknown := e.VR == "UN"
	if e.VR == "" || unknown {
		if vr := p.dictionary(e.Tag); vr != "" {
			e.VR = vr
		}
	}
	if length != math.MaxUint32 && int64(length) > int64(end-at) {
		return nil, 0, ErrTruncated
	}
	switch {
	case length == math.MaxUint32 && e.Tag == PixelData:
		return p.fragments(e, at, end)
	case length == math.MaxUint32 || e.VR == "SQ":
		if unknown { // its items are implicit little endian (PS3.5 6.2.2)
			explicit, order := p.explicit, p.order
			p.explicit, p.order = false, binary.LittleEndian
			defer func() { p.explicit, p.order = explicit, order }()
		}
		return p.sequence(e, at, end, length, depth)
	}
	if e.VR == "" {
		e.VR = "UN"
	}
	next := at + int(length)
	e.Data = p.little(e.VR, p.b[at:next])
	return e, next, nil
}

// wide is how many bytes the numbers of a VR have.
var wide = map[string]int{
	"AT": 2, "OW": 2, "SS": 2, "US": 2, "FL": 4, "OF": 4, "OL": 4, "SL": 4, "UL": 4,
	"FD": 8, "OD": 8, "OV": 8, "SV": 8, "UV": 8,
}

// little makes little endian numbers of those of a big endian file.
func (p *parser) little(vr string, b []byte) []byte {
	n := wide[vr]
	if p.order == binary.LittleEndian || n == 0 {
		return b
	}
	out := slices.Clone(b)
	for i := 0; i+n <= len(out); i += n {
		slices.Reverse(out[i : i+n])
	}
	return out
}

// sequence reads the items of a sequence.
func (p *parser) sequence(e *Element, at, end int, length uint32, depth int) (*Element, int, error) {
	e.VR, e.Items = "SQ", []Set{}
	marked := length == math.MaxUint32
	if !marked {
		end = at + int(length)
	}
	for at < end {
		h, n, value, err := p.head(at, end)
		switch {
		case err != nil:
			return nil, 0, err
		case h.Tag == sequenceEnd && marked:
			return e, value, nil
		case h.Tag != item:
			return nil, 0, fmt.Errorf("%w: no item where a sequence has one", ErrDamaged)
		}
		limit := end
		if n != math.MaxUint32 {
			if int64(n) > int64(end-value) {
				return nil, 0, ErrTruncated
			}
			limit = value + int(n)
		}
		var s Set
		if s, at, err = p.set(value, limit, depth+1, n == math.MaxUint32); err != nil {
			return nil, 0, err
		}
		e.Items = append(e.Items, s)
	}
	if marked {
		return nil, 0, ErrTruncated
	}
	return e, at, nil
}

// fragments reads encapsulated pixel data.
func (p *parser) fragments(e *Element, at, end int) (*Element, int, error) {
	e.VR, e.Fragments = "OB", [][]byte{}
	for at < end {
		h, n, value, err := p.head(at, end)
		switch {
		case err != nil:
			return nil, 0, err
		case h.Tag == sequenceEnd:
			return e, value, nil
		case h.Tag != item || n == math.MaxUint32:
			return nil, 0, fmt.Errorf("%w: no fragment where pixel data has one", ErrDamaged)
		case int64(n) > int64(end-value):
			return nil, 0, ErrTruncated
		}
		e.Fragments, at = append(e.Fragments, p.b[value:value+int(n)]), value+int(n)
	}
	return nil, 0, ErrTruncated
}
