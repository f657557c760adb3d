package worker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// element is where one element of a DICOM file lies. Items and marks are elements too.
type element struct {
	off, vr, length, value, end int // vr is 0 where there is none; length is where it stands
	wide                        int // bytes of the length
	tag                         uint32
}

// layout reads the elements of a small valid file, in the order in which they stand, those in sequences included. It is
// no more than the malformations below need, and knows nothing of the code that it helps to test.
type layout struct {
	b        []byte
	order    binary.ByteOrder
	explicit bool
	all      []element
}

// elementsOf lists the elements of a DICOM file with preamble, or nil.
func elementsOf(b []byte) []element {
	if len(b) < 140 || string(b[128:132]) != "DICM" {
		return nil
	}
	l := &layout{b: b, order: binary.LittleEndian, explicit: true}
	off := 132
	for off+8 <= len(b) && binary.LittleEndian.Uint16(b[off:]) == 2 {
		off = l.one(off)
	}
	switch {
	case bytes.Contains(b[132:off], []byte("1.2.840.10008.1.2.1.99")):
		return l.all // the rest is packed
	case bytes.Contains(b[132:off], []byte("1.2.840.10008.1.2.2")):
		l.order = binary.BigEndian
	case bytes.Contains(b[132:off], []byte("1.2.840.10008.1.2\x00")):
		l.explicit = false
	}
	for off+8 <= len(b) {
		off = l.one(off)
	}
	return l.all
}

// one reads the element at off, and steps into sequences: it returns where the next element stands.
func (l *layout) one(off int) int {
	e := element{off: off, tag: uint32(l.order.Uint16(l.b[off:]))<<16 | uint32(l.order.Uint16(l.b[off+2:]))}
	const sequence, item = 0x5351, 0xfffee000
	inside := e.tag == item
	switch {
	case e.tag>>16 == 0xfffe || !l.explicit:
		e.length, e.wide, e.value = off+4, 4, off+8
	case bytes.Contains([]byte("OB OW SQ UN UT OD OF OL UC UR"), l.b[off+4:off+6]):
		e.vr, e.length, e.wide, e.value = off+4, off+8, 4, off+12
		inside = binary.BigEndian.Uint16(l.b[off+4:]) == sequence
	default:
		e.vr, e.length, e.wide, e.value = off+4, off+6, 2, off+8
	}
	n := uint32(0)
	if e.wide == 4 {
		n = l.order.Uint32(l.b[e.length:])
	} else {
		n = uint32(l.order.Uint16(l.b[e.length:]))
	}
	if e.end = e.value; n != 0xffffffff {
		e.end = min(e.value+int(n), len(l.b))
	}
	l.all = append(l.all, e)
	if n == 0xffffffff || (inside && n >= 8 && l.looksLikeElement(e.value)) {
		return e.value // what it holds comes next
	}
	return e.end
}

// looksLikeElement tells a sequence's item from a fragment of pixels.
func (l *layout) looksLikeElement(off int) bool {
	group := l.order.Uint16(l.b[off:])
	return group == 0x0018 || group == 0x0004 || group == 0xfffe || group == 0x0008
}

// malformed is a file and how it was made.
type malformed struct {
	how  string
	data []byte
	cut  bool // it is the beginning of a valid file
}

// malform makes files of a small valid one by script.
func malform(name string, b []byte) []malformed {
	var out []malformed
	add := func(data []byte, how string, args ...any) {
		out = append(out, malformed{how: name + ": " + fmt.Sprintf(how, args...), data: data})
	}
	es := elementsOf(b)
	cuts := map[int]bool{}
	for _, e := range es {
		for _, at := range []int{e.off, e.off + 3, e.length, e.value, e.value + 1, (e.value + e.end) / 2, e.end - 1, e.end} {
			cuts[min(max(at, 0), len(b)-1)] = true
		}
	}
	for i := range 16 { // and files without elements
		cuts[len(b)*i/16] = true
	}
	for at := range cuts {
		out = append(out, malformed{fmt.Sprintf("%s: cut at %d of %d", name, at, len(b)), slices.Clone(b[:at]), true})
	}
	for _, e := range es {
		malformElement(b, e, add)
	}
	for i := range es {
		e := es[i]
		add(slices.Concat(b[:e.off], b[e.end:]), "without %08x at %d", e.tag, e.off)
		add(slices.Concat(b[:e.end], b[e.off:]), "twice %08x at %d", e.tag, e.off)
		if i+1 < len(es) && es[i+1].off == e.end {
			next := es[i+1]
			add(slices.Concat(b[:e.off], b[next.off:next.end], b[e.off:e.end], b[next.end:]), "%08x behind %08x", e.tag, next.tag)
		}
	}
	for _, depth := range []int{31, 33, 100, 10_000} {
		if len(es) > 1 {
			e := es[1]
			add(slices.Concat(b[:e.off], nested(depth, true), b[e.off:]), "%d sequences inside one another", depth)
			add(slices.Concat(b[:e.off], nested(depth, false), b[e.off:]), "%d sequences inside one another, none ended", depth)
		}
	}
	return out
}

// malformElement gives an element other lengths, other types and other values.
func malformElement(b []byte, e element, add func(data []byte, how string, args ...any)) {
	with := func(at int, v []byte) []byte {
		c := slices.Clone(b)
		copy(c[at:], v)
		return c
	}
	n := uint32(e.end - e.value)
	for _, v := range []uint32{0, 1, 2, n - 1, n + 1, n + 2, n * 2, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0xfffffffe, 0xffffffff} {
		l := binary.LittleEndian.AppendUint32(nil, v)
		add(with(e.length, l[:e.wide]), "length %#x of %08x at %d", v, e.tag, e.off)
		l = binary.BigEndian.AppendUint32(nil, v)
		add(with(e.length, l[4-e.wide:]), "length %#x of %08x at %d, turned", v, e.tag, e.off)
	}
	if e.vr > 0 {
		for _, vr := range []string{"SQ", "UN", "OB", "OW", "UL", "US", "FD", "UT", "PN", "IS", "AT", "??", "\x00\x00"} {
			add(with(e.vr, []byte(vr)), "%08x at %d as %q", e.tag, e.off, vr)
		}
	}
	for _, tag := range []uint32{0xfffee000, 0xfffee00d, 0xfffee0dd, 0x7fe00010, 0x7fe00001, 0x00280008, 0x00020010, 0} {
		t := binary.LittleEndian.AppendUint16(nil, uint16(tag>>16))
		t = binary.LittleEndian.AppendUint16(t, uint16(tag))
		add(with(e.off, t), "%08x at %d as %08x", e.tag, e.off, tag)
	}
	if n == 0 || n > 64 {
		return
	}
	for _, v := range []string{"\x00", "\xff", "\x80", "0", "9", "-", "1E99", "\\", " ", "\x01\x00", "\x1b$)C"} {
		add(with(e.value, bytes.Repeat([]byte(v), int(n)/len(v))), "%08x at %d all %q", e.tag, e.off, v)
	}
	for _, v := range []string{"", "0", "-1 ", "3.5 ", "1E99", "99999999999999999999", "65537 ", `1\2`, "1.2.840.10008.1.2.4.50", "RGB ", "PALETTE COLOR "} {
		// Another length, so that it is not just other bytes.
		if e.wide == 2 && len(v)%2 == 0 {
			head := slices.Clone(b[e.off:e.value])
			binary.LittleEndian.PutUint16(head[e.length-e.off:], uint16(len(v)))
			add(slices.Concat(b[:e.off], head, []byte(v), b[e.end:]), "%08x at %d is %q", e.tag, e.off, v)
		}
	}
}

// nested is a sequence of undefined length in an item in a sequence, and so on.
func nested(depth int, ended bool) []byte {
	begin := "\x18\x00\x11\x60SQ\x00\x00\xff\xff\xff\xff" + "\xfe\xff\x00\xe0\xff\xff\xff\xff"
	end := "\xfe\xff\x0d\xe0\x00\x00\x00\x00" + "\xfe\xff\xdd\xe0\x00\x00\x00\x00"
	out := bytes.Repeat([]byte(begin), depth)
	if ended {
		out = append(out, bytes.Repeat([]byte(end), depth)...)
	}
	return out
}
