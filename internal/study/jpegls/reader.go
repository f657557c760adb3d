package jpegls

import (
	"encoding/binary"
	"io"
	"math/bits"

	"echoline/internal/study/jpegparts"
)

// reader reads the bits of a scan. Behind a byte 0xff the next one holds seven (T.87 A.1, C.1.1.1). Reading past the end
// gives zeros: the loops that read are bounded by the size of the picture and ask err at the end of each line.
type reader struct {
	data  []byte
	at    int
	acc   uint64 // the next bits, from the top
	n     int    // how many of them there are; below 0 after reading past the end
	seven bool   // the last byte was 0xff
	ended bool   // a mark or the end of the data is next
	bad   bool   // a code was longer than codes can be
}

// err tells what went wrong since the beginning or the last restart.
func (r *reader) err() error {
	switch {
	case r.n < 0:
		return io.ErrUnexpectedEOF
	case r.bad:
		return jpegparts.Damaged("a JPEG-LS code that is too long")
	}
	return nil
}

// restart leaves an interval and passes the restart mark number n, counted from 0.
func (r *reader) restart(n int) error {
	rest, err := jpegparts.CheckRestart(r.data[r.at:], n)
	if err != nil {
		return err
	}
	*r = reader{data: r.data, at: len(r.data) - len(rest)}
	return nil
}

// fill takes bytes until there are more than 56 bits or a mark is met.
func (r *reader) fill() {
	if r.ended {
		return
	}
	if !r.seven && r.at+8 <= len(r.data) {
		v := binary.BigEndian.Uint64(r.data[r.at:])
		if x := ^v; (x-0x0101010101010101)&v&0x8080808080808080 == 0 { // none of the bytes is 0xff
			k := (64 - r.n) / 8
			r.acc |= v >> (64 - 8*k) << (64 - 8*k - r.n)
			r.at += k
			r.n += 8 * k
			return
		}
	}
	for r.n <= 56 {
		if r.at >= len(r.data) {
			r.ended = true
			return
		}
		c, width := r.data[r.at], 8
		if r.seven {
			width = 7
		}
		r.seven = c == 0xff
		if r.seven && (r.at+1 >= len(r.data) || r.data[r.at+1] >= 0x80) {
			r.ended = true
			return
		}
		r.at++
		r.acc |= uint64(c) << (64 - width - r.n)
		r.n += width
	}
}

// bit reads one bit.
func (r *reader) bit() bool {
	if r.n < 1 {
		r.fill()
	}
	one := r.acc>>63 != 0
	r.acc <<= 1
	r.n--
	return one
}

// number reads k bits, 0..24.
func (r *reader) number(k int) int {
	if r.n < k {
		r.fill()
	}
	v := int(r.acc >> (64 - k))
	r.acc <<= k
	r.n -= k
	return v
}

// code reads a Golomb code of parameter k, which is limit bits long at most and then ends in width bits (T.87 A.5.3).
func (r *reader) code(k, limit, width int) int {
	if r.n < 56 {
		r.fill()
	}
	zeros := bits.LeadingZeros64(r.acc)
	escape := limit - width - 1
	if zeros > escape {
		// Zeros may also be what is read past the end; that is told first.
		r.bad = true
		zeros = escape
	}
	r.acc <<= zeros + 1
	r.n -= zeros + 1
	if zeros == escape {
		return r.number(width) + 1
	}
	if r.n < k {
		r.fill()
	}
	v := int(r.acc >> (64 - k))
	r.acc <<= k
	r.n -= k
	return zeros<<k | v
}
