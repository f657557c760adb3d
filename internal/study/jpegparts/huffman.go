package jpegparts

import "slices"

// lookBits is how many bits of a code are looked up at once. Most codes are no longer.
const lookBits = 8

// maxCode is the longest code.
const maxCode = 16

// maxCategory is how many bits a difference can have.
const maxCategory = 16

// Huffman is a table of codes (T.81 C, F.2.2.3).
type Huffman struct {
	look [1 << lookBits]uint16 // by the next bits: length of the code <<8 | symbol; 0 where the code is longer
	// By the length of a code: the first code that is longer, at the top of 16 bits, and what to add to a code of this
	// length to get the place of its symbol.
	limit   [maxCode + 1]uint32
	delta   [maxCode + 1]int32
	symbols []byte
}

// tables takes one segment of Huffman tables.
func (s *Stream) tables(b []byte) error {
	for len(b) > 0 {
		if len(b) < 1+maxCode || b[0]&15 > 3 || b[0]>>4 > 1 {
			return Damaged("JPEG Huffman table")
		}
		n := 0
		for _, count := range b[1 : 1+maxCode] {
			n += int(count)
		}
		if n < 1 || n > 256 || len(b) < 1+maxCode+n {
			return Damaged("a JPEG Huffman table of %d codes", n)
		}
		h, err := newHuffman(b[1:1+maxCode], b[1+maxCode:1+maxCode+n])
		if err != nil {
			return err
		}
		if b[0]>>4 == 1 {
			s.AC[b[0]&15] = h
		} else {
			if slices.Max(h.symbols) > maxCategory {
				return Damaged("a JPEG difference of %d bits", slices.Max(h.symbols))
			}
			s.DC[b[0]&15] = h
		}
		b = b[1+maxCode+n:]
	}
	return nil
}

// newHuffman makes a table of how many codes there are of each length from 1 on, and their symbols.
func newHuffman(counts, symbols []byte) (*Huffman, error) {
	h := &Huffman{symbols: append([]byte(nil), symbols...)}
	code, place := uint32(0), 0
	for i, count := range counts {
		length := i + 1
		code <<= 1
		h.delta[length] = int32(place) - int32(code)
		for range int(count) {
			if length <= lookBits {
				h.fill(code, length, symbols[place])
			}
			code++
			place++
		}
		if code > 1<<length {
			return nil, Damaged("a JPEG Huffman table with more codes of %d bits than there are", length)
		}
		h.limit[length] = code << (maxCode - length)
	}
	return h, nil
}

// fill enters a short code. A table with too many codes is refused after it, so codes beyond the table are let go.
func (h *Huffman) fill(code uint32, length int, symbol byte) {
	first := int(code) << (lookBits - length)
	for i := first; i < first+1<<(lookBits-length) && i < len(h.look); i++ {
		h.look[i] = uint16(length)<<8 | uint16(symbol)
	}
}

// long finds the code at the top of the given 16 bits that is longer than lookBits. length is 0 where there is none.
func (h *Huffman) long(bits uint32) (symbol byte, length int) {
	for length = lookBits + 1; length <= maxCode; length++ {
		if bits < h.limit[length] {
			return h.symbols[int32(bits>>(maxCode-length))+h.delta[length]], length
		}
	}
	return 0, 0
}
