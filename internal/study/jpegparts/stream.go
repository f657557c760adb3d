package jpegparts

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Marks of a stream: the second byte, behind 0xff.
const (
	SOF0 = 0xc0 // baseline DCT
	SOF1 = 0xc1 // extended sequential DCT
	SOF2 = 0xc2 // progressive DCT
	SOF3 = 0xc3 // lossless
	DHT  = 0xc4
	JPG  = 0xc8
	DAC  = 0xcc
	RST0 = 0xd0
	SOI  = 0xd8
	EOI  = 0xd9
	SOS  = 0xda
	DQT  = 0xdb
	DNL  = 0xdc
	DRI  = 0xdd
	APP0 = 0xe0
	APP8 = 0xe8
	APPE = 0xee
	LS55 = 0xf7 // frame header of JPEG-LS (T.87)
	LSE  = 0xf8 // preset parameters of JPEG-LS
)

// Component is a component as the frame header has it.
type Component struct {
	ID    byte
	H, V  int // sampling factors, 1..4
	Table int // quantisation table, 0..3
}

// Frame is a frame header that is as expected.
type Frame struct {
	Mark       byte
	Precision  int // bits a sample
	W, H       int
	Components []Component
}

// ScanComponent is a component of a scan.
type ScanComponent struct {
	Index int  // in Frame.Components
	Table byte // the byte behind its number: Huffman tables in T.81 (DC, AC), a mapping table in T.87
}

// Scan is a scan header. What A, B and C mean hangs on the process.
type Scan struct {
	Components []ScanComponent
	A, B, C    byte
}

// Stream walks the marked segments of one image.
type Stream struct {
	// Other is given the segments that are not handled here; nil for none.
	Other func(mark byte, body []byte) error

	Frame    *Frame
	DC, AC   [4]*Huffman // the tables in force; DC ones serve lossless scans too
	Interval int         // MCUs from restart to restart, 0 for none

	data   []byte
	at     int
	want   Expect
	frames []byte // the marks of frame headers that the decoder takes
	done   []bool // components that a scan has brought
}

// NewStream begins at the start mark. frames are the marks of the frame headers that the decoder takes.
func NewStream(data []byte, want Expect, frames ...byte) (*Stream, error) {
	if len(data) < 2 {
		return nil, io.ErrUnexpectedEOF
	}
	if data[0] != 0xff || data[1] != SOI {
		return nil, Damaged("no JPEG start mark")
	}
	return &Stream{data: data, at: 2, want: want, frames: frames}, nil
}

// next returns the next segment. The body of an end mark is nil.
func (s *Stream) next() (mark byte, body []byte, err error) {
	for s.at+1 < len(s.data) && s.data[s.at] == 0xff && s.data[s.at+1] == 0xff { // fill bytes
		s.at++
	}
	b := s.data[s.at:]
	if len(b) < 2 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	if b[0] != 0xff {
		return 0, nil, Damaged("no JPEG mark where one must be")
	}
	if mark = b[1]; mark == EOI {
		s.at += 2
		return mark, nil, nil
	}
	if len(b) < 4 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case n < 2:
		return 0, nil, Damaged("a JPEG segment of %d bytes", n)
	case len(b) < 2+n:
		return 0, nil, io.ErrUnexpectedEOF
	}
	s.at += 2 + n
	return mark, b[4 : 2+n], nil
}

// NextScan goes on to the next scan, taking what stands before it. Its bits are read from Bits, and Done ends it.
func (s *Stream) NextScan() (*Scan, error) {
	for {
		mark, body, err := s.next()
		if err != nil {
			return nil, err
		}
		switch mark {
		case SOS:
			return s.scan(body)
		case EOI:
			return nil, Damaged("a JPEG image without all of its components")
		}
		if err := s.segment(mark, body); err != nil {
			return nil, err
		}
	}
}

// segment takes one segment that is no scan.
func (s *Stream) segment(mark byte, body []byte) error {
	switch {
	case mark == DHT:
		return s.tables(body)
	case mark == DRI:
		return s.interval(body)
	case mark == DNL:
		return &UnsupportedError{"a number of lines behind the first scan"}
	case IsFrame(mark):
		return s.frame(mark, body)
	case s.Other != nil:
		return s.Other(mark, body)
	}
	return nil
}

// IsFrame tells the marks of frame headers.
func IsFrame(mark byte) bool {
	return mark == LS55 || (mark >= SOF0 && mark <= 0xcf && mark != DHT && mark != JPG && mark != DAC)
}

// Process names the process of a frame header.
func Process(mark byte) string {
	switch {
	case mark == LS55:
		return "JPEG-LS"
	case mark >= 0xc9:
		return fmt.Sprintf("JPEG process SOF%d (arithmetic coding)", mark-SOF0)
	}
	return fmt.Sprintf("JPEG process SOF%d", mark-SOF0)
}

func (s *Stream) frame(mark byte, b []byte) error {
	if s.Frame != nil {
		return Damaged("a second JPEG frame header")
	}
	if !slices.Contains(s.frames, mark) {
		return &UnsupportedError{Process(mark)}
	}
	f, err := ReadFrame(mark, b)
	if err != nil {
		return err
	}
	if err := f.check(s.want); err != nil {
		return err
	}
	s.Frame, s.done = f, make([]bool, len(f.Components))
	return nil
}

// ReadFrame reads a frame header and checks nothing but that it is whole and its sampling factors are factors.
func ReadFrame(mark byte, b []byte) (*Frame, error) {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) || b[5] == 0 {
		return nil, Damaged("a JPEG frame header of %d bytes", len(b))
	}
	f := &Frame{
		Mark: mark, Precision: int(b[0]),
		H: int(binary.BigEndian.Uint16(b[1:])), W: int(binary.BigEndian.Uint16(b[3:])),
	}
	for i := range int(b[5]) {
		c := b[6+3*i:]
		h, v := int(c[1]>>4), int(c[1]&15)
		if h < 1 || h > 4 || v < 1 || v > 4 {
			return nil, Damaged("JPEG sampling factors %d and %d", h, v)
		}
		f.Components = append(f.Components, Component{ID: c[0], H: h, V: v, Table: int(c[2] & 3)})
	}
	return f, nil
}

// check holds the header against what is expected.
func (f *Frame) check(want Expect) error {
	switch {
	case f.W != want.W || f.H != want.H || f.W < 1 || f.H < 1:
		return Damaged("a JPEG of %d×%d pixels in a file of %d×%d", f.W, f.H, want.W, want.H)
	case len(f.Components) != want.Components:
		return Damaged("a JPEG of %d components in a file of %d", len(f.Components), want.Components)
	case f.Precision < 2 || f.Precision > min(want.Bits, 16):
		return Damaged("a JPEG of %d bits in a file of %d", f.Precision, want.Bits)
	}
	for i, c := range f.Components {
		for _, other := range f.Components[:i] {
			if other.ID == c.ID {
				return Damaged("two JPEG components of the number %d", c.ID)
			}
		}
	}
	return nil
}

// Subsampled tells whether some component has fewer samples than another.
func (f *Frame) Subsampled() bool {
	for _, c := range f.Components {
		if c.H != f.Components[0].H || c.V != f.Components[0].V {
			return true
		}
	}
	return false
}

func (s *Stream) scan(b []byte) (*Scan, error) {
	if s.Frame == nil {
		return nil, Damaged("a JPEG scan without a frame header")
	}
	if len(b) < 1 || b[0] < 1 || int(b[0]) > len(s.Frame.Components) || len(b) < 4+2*int(b[0]) {
		return nil, Damaged("JPEG scan header")
	}
	n := int(b[0])
	scan := &Scan{A: b[1+2*n], B: b[2+2*n], C: b[3+2*n]}
	for i := range n {
		id, table := b[1+2*i], b[2+2*i]
		k := slices.IndexFunc(s.Frame.Components, func(c Component) bool { return c.ID == id })
		if k < 0 {
			return nil, Damaged("a JPEG scan of the component %d, which is not there", id)
		}
		if s.done[k] {
			return nil, Damaged("two JPEG scans of the component %d", id)
		}
		s.done[k] = true
		scan.Components = append(scan.Components, ScanComponent{Index: k, Table: table})
	}
	return scan, nil
}

// interval takes the restart interval: two bytes in T.81, up to four in T.87.
func (s *Stream) interval(b []byte) error {
	if len(b) < 2 || len(b) > 4 {
		return Damaged("a JPEG restart interval of %d bytes", len(b))
	}
	s.Interval = 0
	for _, v := range b {
		s.Interval = s.Interval<<8 | int(v)
	}
	return nil
}

// Rest is the stream from behind the scan header on.
func (s *Stream) Rest() []byte { return s.data[s.at:] }

// Done leaves the scan after used bytes of Rest, at the next mark: some writers pad. It tells whether all components
// have come; nothing need follow then, not even the end mark, which some writers leave out.
func (s *Stream) Done(used int) bool {
	s.at = min(s.at+used, len(s.data))
	s.at += NextMark(s.data[s.at:])
	return !slices.Contains(s.done, false)
}

// NextMark is where the next mark in b is that ends a scan or a restart interval, or len(b).
func NextMark(b []byte) int {
	for i := 0; i+1 < len(b); i++ {
		if b[i] == 0xff && b[i+1] >= 0x80 && b[i+1] != 0xff {
			return i
		}
	}
	return len(b)
}

// CheckRestart reads the restart mark number n, counted from 0, and returns the bytes behind it.
func CheckRestart(b []byte, n int) ([]byte, error) {
	b = b[NextMark(b):]
	if len(b) < 2 {
		return nil, io.ErrUnexpectedEOF
	}
	if want := byte(RST0 + n%8); b[1] != want {
		if b[1] == EOI {
			return nil, io.ErrUnexpectedEOF
		}
		return nil, Damaged("JPEG mark %#x in place of the restart mark %#x", b[1], want)
	}
	return b[2:], nil
}
