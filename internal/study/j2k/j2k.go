package j2k

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What Decode fails with.
var (
	ErrLibrary = errors.New("OpenJPEG is not installed")
	ErrMemory  = errors.New("not enough memory for JPEG 2000")
)

// firstHT is the version of the library from which on it reads HT codestreams.
var firstHT = [2]int{2, 5}

// Version is that of the library, "" where there is none. It loads the library, which a process does before it gives up
// the right to open files.
func Version() string { return version() }

// HT tells whether the library reads High-Throughput codestreams.
func HT() bool {
	got := numbers(Version())
	return got[0] > firstHT[0] || (got[0] == firstHT[0] && got[1] >= firstHT[1])
}

// numbers are the first two of a version.
func numbers(v string) (out [2]int) {
	for i, s := range strings.SplitN(v, ".", 3) {
		if n, err := strconv.Atoi(s); err == nil && i < len(out) {
			out[i] = n
		}
	}
	return out
}

// Decode decodes a bare codestream with the head h, whose components are all of the picture's size and of the same number
// of bits, at most 16. The samples come interleaved, in a byte each or, over 8 bits, in two, little endian; negative ones
// in two's complement of so many bits.
func Decode(b []byte, h *Head) ([]byte, error) {
	bits := h.Components[0].Bits
	for _, c := range h.Components {
		if c.Bits != bits || c.Signed != h.Components[0].Signed || c.DX != 1 || c.DY != 1 || bits > 16 {
			return nil, fmt.Errorf("components of a kind that is not decoded")
		}
	}
	if err := h.Whole(b); err != nil {
		return nil, err
	}
	if Version() == "" {
		return nil, ErrLibrary
	}
	wide := (bits + 7) / 8
	out := make([]byte, h.W*h.H*len(h.Components)*wide)
	return out, decode(b, out, h, bits)
}
