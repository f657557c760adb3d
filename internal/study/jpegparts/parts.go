// Package jpegparts holds what the decoders of the JPEG family share: marked segments, frame and scan headers, Huffman
// tables and the bits of a scan (ITU-T T.81, Annexes B, C and F). It allocates nothing by what a stream says of itself:
// the caller states what it expects, and a stream that says otherwise is refused before that.
package jpegparts

import "fmt"

// Expect is what the file around a stream says of it.
type Expect struct {
	W, H       int // pixels
	Components int
	Bits       int // the most bits that a sample may have, at most 16
}

// Plane holds the samples of one component, W*H of them, row by row from the top.
type Plane struct {
	W, H   int
	FX, FY int // how many pixels of the picture share one sample across and down: 1 but for halved colours
	Pix    []uint16
}

// Picture is a decoded stream: one plane for each component, in the order of the frame header, of samples below
// 1<<Precision.
type Picture struct {
	Precision int
	Near      int // how far samples may be from the true ones, in JPEG-LS
	Planes    []Plane
}

// UnsupportedError is a stream that is in order as far as it was read, of a kind that is not decoded.
type UnsupportedError struct {
	What string // of the stream: "arithmetic coding", "JPEG process SOF5"
}

// Error names what is not decoded.
func (e *UnsupportedError) Error() string { return e.What + " is not decoded" }

// Damaged is the error of a stream that contradicts itself or what is expected of it. Streams that end early give
// io.ErrUnexpectedEOF instead.
func Damaged(format string, args ...any) error { return fmt.Errorf(format, args...) }

// NewPicture allocates w×h samples for each component.
func NewPicture(w, h, components, precision int) *Picture {
	p := &Picture{Precision: precision, Planes: make([]Plane, components)}
	for i := range p.Planes {
		p.Planes[i] = NewPlane(w, h, 1, 1)
	}
	return p
}

// NewPlane allocates the samples for w×h pixels, of which fx across and fy down share one.
func NewPlane(w, h, fx, fy int) Plane {
	w, h = (w+fx-1)/fx, (h+fy-1)/fy
	return Plane{W: w, H: h, FX: fx, FY: fy, Pix: make([]uint16, w*h)}
}

// Row is row y of the plane.
func (p Plane) Row(y int) []uint16 { return p.Pix[y*p.W : (y+1)*p.W] }
