package jpegparts

import (
	"encoding/binary"
	"io"
)

// Bits reads the entropy-coded bits of a scan (T.81 B.1.1.5, F.2.2). Reading past the end, or a code that is in no table,
// gives zeros: the loops that read are bounded by the size of the picture and ask Err at the end of each row.
type Bits struct {
	data  []byte
	at    int
	acc   uint64 // the next bits, from the top
	n     int    // how many of them there are; below 0 after reading past the end
	ended bool   // a mark or the end of the data is next
	bad   bool   // a code was in no table, or out of place
}

// NewBits reads from the beginning of data.
func NewBits(data []byte) *Bits { return &Bits{data: data} }

// Used is how many bytes have been taken from the data, at most up to the next mark.
func (b *Bits) Used() int { return b.at }

// Err tells what went wrong since the beginning or the last restart.
func (b *Bits) Err() error {
	switch {
	case b.n < 0:
		return io.ErrUnexpectedEOF
	case b.bad:
		return Damaged("JPEG codes that mean nothing")
	}
	return nil
}

// Refuse makes Err tell that what was read means nothing.
func (b *Bits) Refuse() { b.bad = true }

// Restart leaves an interval and passes the restart mark number n, counted from 0.
func (b *Bits) Restart(n int) error {
	rest, err := CheckRestart(b.data[b.at:], n)
	if err != nil {
		return err
	}
	*b = Bits{data: b.data, at: len(b.data) - len(rest)}
	return nil
}

// fill takes bytes until there are more than 56 bits or a mark is met.
func (b *Bits) fill() {
	if b.ended {
		return
	}
	if b.at+8 <= len(b.data) {
		// Eight bytes none of which is 0xff need no look for stuffing.
		v := binary.BigEndian.Uint64(b.data[b.at:])
		if x := ^v; (x-0x0101010101010101)&v&0x8080808080808080 == 0 {
			k := (64 - b.n) / 8
			b.acc |= v >> (64 - 8*k) << (64 - 8*k - b.n)
			b.at += k
			b.n += 8 * k
			return
		}
	}
	for b.n <= 56 {
		if b.at >= len(b.data) {
			b.ended = true
			return
		}
		c := b.data[b.at]
		if c == 0xff {
			if b.at+1 >= len(b.data) || b.data[b.at+1] != 0 {
				b.ended = true
				return
			}
			b.at++
		}
		b.at++
		b.acc |= uint64(c) << (56 - b.n)
		b.n += 8
	}
}

// Symbol reads one code. At least 16 bits can be received behind it.
func (b *Bits) Symbol(h *Huffman) int {
	if b.n < 2*maxCode {
		b.fill()
	}
	e := h.look[b.acc>>(64-lookBits)]
	if e == 0 {
		return b.long(h)
	}
	b.acc <<= e >> 8
	b.n -= int(e >> 8)
	return int(e & 0xff)
}

func (b *Bits) long(h *Huffman) int {
	symbol, length := h.long(uint32(b.acc >> (64 - maxCode)))
	if length == 0 {
		b.bad = b.bad || b.n >= maxCode // fewer bits may be the beginning of one
		length = maxCode
	}
	b.acc <<= length
	b.n -= length
	return int(symbol)
}

// Receive reads a signed number of the given category, 0..16, which follows its code (T.81 F.2.2.1).
func (b *Bits) Receive(category int) int32 {
	v := int32(b.acc >> (64 - category))
	b.acc <<= category
	b.n -= category
	if v < 1<<category>>1 {
		v += 1 - 1<<category
	}
	return v
}
