package study

import (
	"encoding/binary"
	"image"
	"image/png"
	"io"
)

// EncodePNG writes the frame as it was before windowing: 8 or 16 bits of grey, or RGB.
func (f *Frame) EncodePNG(w io.Writer) error {
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	r := image.Rect(0, 0, f.W, f.H)
	switch {
	case f.RGB != nil:
		im := image.NewRGBA(r)
		for i := range f.W * f.H {
			copy(im.Pix[4*i:4*i+3], f.RGB[3*i:])
			im.Pix[4*i+3] = 255
		}
		return e.Encode(w, im)
	case f.Max <= 255:
		im := image.NewGray(r)
		for i, v := range f.Grey {
			im.Pix[i] = uint8(v)
		}
		return e.Encode(w, im)
	}
	im := image.NewGray16(r)
	for i, v := range f.Grey {
		binary.BigEndian.PutUint16(im.Pix[2*i:], v)
	}
	return e.Encode(w, im)
}
