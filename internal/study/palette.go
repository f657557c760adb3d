package study

import "encoding/binary"

// palette maps stored values to colours.
type palette struct {
	first  int // the value that the first colour belongs to
	colour [][3]uint8
}

// readPalette reads the three lookup tables (PS3.3 C.7.6.3.1.5 and .6).
func readPalette(d *dataSet) (*palette, error) {
	p := &palette{}
	for ch, name := range [3]string{"Red", "Green", "Blue"} {
		desc, ok := d.numbers(name + "PaletteColorLookupTableDescriptor")
		if !ok || len(desc) < 3 || desc[0] < 0 {
			return nil, damaged("no %s palette", name)
		}
		entries := int(desc[0])
		if entries == 0 {
			entries = 1 << 16
		}
		table, err := paletteTable(d, name, entries, int(desc[2]))
		if err != nil {
			return nil, err
		}
		if ch == 0 {
			p.colour = make([][3]uint8, entries)
			p.first = int(desc[1])
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
		if words, err = expandSegments(toWords(seg.data, d.order), entries); err != nil {
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

// expandSegments makes a plain table of a segmented one. Indirect segments, which repeat earlier ones, are refused: they
// occur in no ultrasound file.
func expandSegments(seg []uint16, entries int) ([]uint16, error) {
	var out []uint16
	for len(seg) >= 3 && len(out) < entries {
		kind, n := seg[0], int(seg[1])
		switch {
		case kind == discrete && n <= len(seg)-2:
			out = append(out, seg[2:2+n]...)
			seg = seg[2+n:]
		case kind == linear && len(out) > 0:
			from, to := int(out[len(out)-1]), int(seg[2])
			for i := 1; i <= n; i++ {
				out = append(out, uint16(from+(to-from)*i/n))
			}
			seg = seg[3:]
		case kind == indirect:
			return nil, damaged("a segmented palette with indirect segments")
		default:
			return nil, damaged("a segmented palette")
		}
	}
	return out, nil
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
