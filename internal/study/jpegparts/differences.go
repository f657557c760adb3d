package jpegparts

// differenceBits is how many bits are looked up at once for a difference: most codes with the number behind them.
const differenceBits = 11

// Differences is a table of codes each of which a number of that many bits follows, as in the lossless process
// (T.81 H.1.2.2): code and number are looked up together where both are short.
type Differences struct {
	codes *Huffman
	look  [1 << differenceBits]uint32 // by the next bits: difference <<16 | bits it takes; 0 where it takes more
}

// NewDifferences prepares a table.
func NewDifferences(codes *Huffman) *Differences {
	d := &Differences{codes: codes}
	for i := range d.look {
		b := Bits{acc: uint64(i) << (64 - differenceBits), n: differenceBits, ended: true}
		v := b.difference(codes)
		if b.n >= 0 && !b.bad {
			d.look[i] = uint32(v)<<16 | uint32(differenceBits-b.n)
		}
	}
	return d
}

// difference reads a difference, modulo 1<<16.
func (b *Bits) difference(codes *Huffman) uint16 {
	category := b.Symbol(codes)
	if category == maxCategory { // no bits follow
		return 1 << 15
	}
	return uint16(b.Receive(category))
}

// Differences reads differences, modulo 1<<16, into rows of the same length, from each a value in turn.
func (b *Bits) Differences(rows [][]uint16, tables []*Differences) {
	acc, n := b.acc, b.n
	for x := range rows[0] {
		for i, row := range rows {
			if n < 2*maxCode {
				b.acc, b.n = acc, n
				b.fill()
				acc, n = b.acc, b.n
			}
			e := tables[i].look[acc>>(64-differenceBits)]
			if e != 0 {
				row[x] = uint16(e >> 16)
				acc <<= e & 63
				n -= int(e & 63)
				continue
			}
			b.acc, b.n = acc, n
			row[x] = b.difference(tables[i].codes)
			acc, n = b.acc, b.n
		}
	}
	b.acc, b.n = acc, n
}
