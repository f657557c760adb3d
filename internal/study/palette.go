package study

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
)

// palette maps stored values to colours.
type palette struct {
	first      int // the value that the first colour belongs to
	colour     [][3]uint8
	supplement bool // values that it does not reach are grey
}

// supplemented tells whether grey pixels have a palette for some of their values: Enhanced US keeps flow so, over the grey
// of tissue (PS3.3 C.7.6.19).
func (c *picture) supplemented(d *dataSet) bool {
	if c.photometric != "MONOCHROME2" || c.signed {
		return false
	}
	switch strings.ToUpper(d.text("PixelPresentation")) {
	case "COLOR", "MIXED":
		_, ok := d.raw("RedPaletteColorLookupTableDescriptor")
		return ok
	}
	return false
}

// mixed colours the values that a supplemental palette reaches. The others get their grey by the file's window or, where it
// has none, spread from black to white below the first colour.
func (c *picture) mixed(values []uint16) []uint8 {
	p := c.palette
	grey := &Frame{Max: 1<<c.stored - 1, Window: fullWindow(max(min(p.first, 1<<c.stored)-1, 1)), inverse: c.voi.down}
	if c.voi.window != nil {
		grey.Window, grey.curve = *c.voi.window, c.voi.curve
	}
	table := make([][3]uint8, grey.Max+1)
	for v := range table {
		if i := v - p.first; i >= 0 && i < len(p.colour) {
			table[v] = p.colour[i]
		} else {
			level := grey.level(grey.Window, v, false)
			table[v] = [3]uint8{level, level, level}
		}
	}
	out := make([]uint8, 0, 3*len(values))
	for _, v := range values {
		out = append(out, table[v][:]...)
	}
	return out
}

// readPalette reads the three lookup tables (PS3.3 C.7.6.3.1.5 and .6).
func (c *picture) readPalette(d *dataSet) (*palette, error) {
	p := &palette{}
	for ch, name := range [3]string{"Red", "Green", "Blue"} {
		desc, ok := d.numbers(name + "PaletteColorLookupTableDescriptor")
		if !ok || len(desc) < 3 || desc[0] < 0 {
			return nil, damaged("no %s palette", name)
		}
		entries := entriesOf(desc[0])
		table, err := paletteTable(d, name, entries, int(desc[2]))
		if err != nil {
			return nil, err
		}
		if ch == 0 {
			p.colour = make([][3]uint8, entries)
			p.first = c.firstMapped(desc[1])
		}
		if len(p.colour) != entries {
			return nil, damaged("palettes of different lengths")
		}
		for i, v := range table {
			p.colour[i][ch] = v
		}
	}
	return p, nil
}

// paletteTable returns the entries of one channel as 8 bits.
func paletteTable(d *dataSet, name string, entries, bits int) ([]uint8, error) {
	raw, ok := d.raw(name + "PaletteColorLookupTableData")
	words := toWords(raw.data, d.order)
	if !ok || len(raw.data) == 0 {
		seg, ok := d.raw("Segmented" + name + "PaletteColorLookupTableData")
		if !ok {
			return nil, damaged("no %s palette", name)
		}
		var err error
		if words, err = expandSegments(segments(seg, d.order, bits), entries, bits == 8); err != nil {
			return nil, err
		}
	}
	if len(words) < entries {
		if ok && len(raw.data) >= entries { // entries of 8 bits, two in a word
			return lowBytes(raw, d.order, entries), nil
		}
		return nil, damaged("the %s palette is too short", name)
	}
	words = words[:entries]
	shift := 0
	if bits > 8 {
		for _, v := range words { // writers exist that state 16 bits and use 8
			if v > 255 {
				shift = 8
			}
		}
	}
	out := make([]uint8, entries)
	for i, v := range words {
		out[i] = uint8(v >> shift)
	}
	return out, nil
}

// lowBytes are packed entries of 8 bits, in the order of the words that hold them.
func lowBytes(v value, order binary.ByteOrder, n int) []uint8 {
	out := append([]uint8(nil), v.data...)
	if order == binary.BigEndian && v.vr == "OW" {
		swapPairs(out)
	}
	return out[:n]
}

func swapPairs(b []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
}

func toWords(b []byte, order binary.ByteOrder) []uint16 {
	out := make([]uint16, len(b)/2)
	for i := range out {
		out[i] = order.Uint16(b[2*i:])
	}
	return out
}

// Kinds of segments of a segmented lookup table (PS3.3 C.7.9.2).
const (
	discrete = iota
	linear
	indirect
)

// segments are the entries of a segmented table: words, or bytes where the table has those. Writers exist that put the
// latter into words of their own; there the high bytes are all 0.
func segments(v value, order binary.ByteOrder, bits int) []uint16 {
	words := toWords(v.data, order)
	if bits != 8 || !slices.ContainsFunc(words, func(w uint16) bool { return w > 255 }) {
		return words
	}
	out := make([]uint16, 0, 2*len(words))
	for _, b := range lowBytes(v, order, len(v.data)) {
		out = append(out, uint16(b))
	}
	return out
}

// expander makes a plain table of a segmented one.
type expander struct {
	seg     []uint16
	bytes   bool // entries have 8 bits, and offsets four of them
	entries int
	starts  map[int]bool // of the segments so far
	out     []uint16
}

// expandSegments makes a plain table of a segmented one of at most so many entries.
func expandSegments(seg []uint16, entries int, bytes bool) ([]uint16, error) {
	x := &expander{seg: seg, bytes: bytes, entries: entries, starts: map[int]bool{}}
	for at := 0; len(x.seg)-at >= 3 && len(x.out) < entries; {
		x.starts[at] = true
		var err error
		if at, err = x.segment(at, true); err != nil {
			return nil, err
		}
	}
	return x.out, nil
}

// segment expands the one that begins at an entry, and returns where the next does.
func (x *expander) segment(at int, mayRepeat bool) (int, error) {
	if len(x.seg)-at < 3 {
		return 0, damaged("a segmented palette")
	}
	kind, n := x.seg[at], int(x.seg[at+1])
	at += 2
	switch {
	case kind == discrete && n <= len(x.seg)-at:
		x.out = append(x.out, x.seg[at:at+n]...)
		return at + n, nil
	case kind == linear && len(x.out) > 0:
		from, to := float64(x.out[len(x.out)-1]), float64(x.seg[at])
		for i := 1; i <= n; i++ {
			x.out = append(x.out, uint16(math.RoundToEven(from+(to-from)*float64(i)/float64(n))))
		}
		return at + 1, nil
	case kind == indirect && mayRepeat:
		return x.repeat(at, n)
	}
	return 0, damaged("a segmented palette")
}

// repeat expands n segments again, from the offset that stands at an entry. It is in bytes by the standard, and in entries
// by some writers. Those segments are none that repeat in their turn.
func (x *expander) repeat(at, n int) (int, error) {
	words := 2
	if x.bytes {
		words = 4
	}
	if len(x.seg)-at < words {
		return 0, damaged("a segmented palette")
	}
	offset, width := 0, 16
	if x.bytes {
		width = 8
	}
	for i := words - 1; i >= 0; i-- {
		offset = offset<<width | int(x.seg[at+i])
	}
	if !x.bytes && offset%2 == 0 && x.starts[offset/2] {
		offset /= 2
	}
	for from := offset; n > 0 && len(x.out) < x.entries; n-- {
		if !x.starts[from] {
			return 0, damaged("a segmented palette")
		}
		var err error
		if from, err = x.segment(from, false); err != nil {
			return 0, err
		}
	}
	return at + words, nil
}

// apply colours values. Those outside the table take its nearest end.
func (p *palette) apply(values []uint16) []uint8 {
	out := make([]uint8, 3*len(values))
	last := len(p.colour) - 1
	for i, v := range values {
		c := &p.colour[min(max(int(v)-p.first, 0), last)]
		out[3*i], out[3*i+1], out[3*i+2] = c[0], c[1], c[2]
	}
	return out
}
