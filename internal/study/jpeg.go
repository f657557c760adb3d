package study

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"strings"

	"echoline/internal/study/jpegdct"
	"echoline/internal/study/jpeglossless"
	"echoline/internal/study/jpegls"
	"echoline/internal/study/jpegparts"
)

// jpegHead is what stands before the pixels of a stream of the JPEG family.
type jpegHead struct {
	*jpegparts.Frame
	jfif  bool
	adobe int // colour transform of an Adobe mark, -1 without one
}

// expect is what a stream has to be like.
func (c *picture) expect() jpegparts.Expect {
	return jpegparts.Expect{W: c.w, H: c.h, Components: c.samples, Bits: c.allocated}
}

// readJPEGHead reads the marks up to the first scan, holds them against what the file says, and refuses by name what is
// not decoded. What kind of JPEG it is, the stream knows better than the transfer syntax.
func (c *picture) readJPEGHead(b []byte) (*jpegHead, error) {
	h := &jpegHead{adobe: -1}
	s, err := jpegparts.NewStream(b, c.expect(), jpegparts.SOF0, jpegparts.SOF1, jpegparts.SOF2, jpegparts.SOF3, jpegparts.LS55)
	if err != nil {
		return nil, c.streamFault(err)
	}
	s.Other = h.segment
	if _, err := s.NextScan(); err != nil {
		return nil, c.streamFault(err)
	}
	h.Frame = s.Frame
	if h.exact() && strings.HasPrefix(c.photometric, "YBR_PARTIAL") {
		return nil, unreadKind("PhotometricInterpretation", c.photometric)
	}
	if !h.exact() && h.Precision != 8 && (h.Mark == jpegparts.SOF2 || h.Precision != 12) {
		return nil, syntaxFault(c.syntax, fmt.Sprintf("%s, %d bit", jpegparts.Process(h.Mark), h.Precision))
	}
	return h, nil
}

// streamFault sorts what a decoder of ours says.
func (c *picture) streamFault(err error) error {
	var kind *jpegparts.UnsupportedError
	if errors.As(err, &kind) {
		return syntaxFault(c.syntax, kind.What)
	}
	return decoderFault(err)
}

// segment takes the marks that say what the components mean.
func (h *jpegHead) segment(mark byte, b []byte) error {
	switch {
	case mark == jpegparts.APP0:
		h.jfif = h.jfif || bytes.HasPrefix(b, []byte("JFIF\x00"))
	case mark == jpegparts.APPE && len(b) >= 12 && bytes.HasPrefix(b, []byte("Adobe")):
		h.adobe = int(b[11])
	}
	return nil
}

// exact tells the processes that keep samples as they are, or nearly.
func (h *jpegHead) exact() bool { return h.Mark == jpegparts.SOF3 || h.Mark == jpegparts.LS55 }

// isRGB tells whether three components are red, green and blue. Of a lossy stream, its own marks come before the file's
// tag: files tagged RGB whose JPEG is in luminance and colour differences are common, and shown green and purple by
// viewers that believe the tag. Lossless coders leave colours alone, whatever marks they write.
func (h *jpegHead) isRGB(photometric string) bool {
	switch {
	case h.exact():
		return photometric == "RGB"
	case h.jfif:
		return false
	case h.adobe >= 0:
		return h.adobe == 0
	case h.lettered():
		return true
	case h.Subsampled():
		return false
	}
	return photometric == "RGB"
}

// lettered tells whether the components are called R, G and B.
func (h *jpegHead) lettered() bool {
	if len(h.Components) != 3 {
		return false
	}
	for i, c := range h.Components {
		if c.ID != "RGB"[i] {
			return false
		}
	}
	return true
}

// decodeJPEG decodes one frame of the JPEG family. It changes what c says of the bits to what the stream has.
func (c *picture) decodeJPEG(b []byte) (*Frame, error) {
	h, err := c.readJPEGHead(b)
	if err != nil {
		return nil, err
	}
	if !h.exact() && h.Precision == 8 {
		return c.decodeJPEG8(b, h)
	}
	p, err := c.decodeSamples(b, h)
	if err != nil {
		return nil, c.streamFault(err)
	}
	if c.samples == 1 {
		return c.single(p.Planes[0].Pix), nil
	}
	return c.coloured(rgbOf(planesOfStream(p, c.w, c.h, c.stored), h.isRGB(c.photometric))), nil
}

// decodeSamples decodes what image/jpeg does not, to samples of the stored bits.
func (c *picture) decodeSamples(b []byte, h *jpegHead) (*jpegparts.Picture, error) {
	decode := jpegdct.Decode
	switch h.Mark {
	case jpegparts.SOF3:
		decode = jpeglossless.Decode
	case jpegparts.LS55:
		decode = jpegls.Decode
	}
	p, err := decode(b, c.expect())
	if err != nil {
		return nil, err
	}
	c.narrow(p.Precision)
	if p.Precision == c.stored {
		return p, nil
	}
	// A true sample has no bits over the stored ones but what a writer has hidden there; an approximate one may overshoot.
	shift, top := c.high+1-c.stored, uint16(1<<c.stored-1)
	masked := c.signed || (h.exact() && p.Near == 0)
	for _, plane := range p.Planes {
		for i, v := range plane.Pix {
			if v >>= shift; masked {
				plane.Pix[i] = v & top
			} else {
				plane.Pix[i] = min(v, top)
			}
		}
	}
	return p, nil
}

// narrow fits what the file says of the bits to samples of fewer: then they are not shifted, and unsigned ones span what
// the stream can hold. Signed ones keep their sign bit, which the stream then lacks because it is 0.
func (c *picture) narrow(precision int) {
	if precision > c.high {
		return
	}
	if !c.signed {
		c.stored = min(c.stored, precision)
	}
	c.high = c.stored - 1
}

// decodeJPEG8 decodes lossy streams of 8 bits.
func (c *picture) decodeJPEG8(b []byte, h *jpegHead) (*Frame, error) {
	// Some writers leave the end mark out. A stream that lacks more than that still fails.
	im, err := jpeg.Decode(bytes.NewReader(append(b[:len(b):len(b)], 0xff, jpegparts.EOI)))
	if err != nil {
		return nil, decoderFault(err)
	}
	switch im := im.(type) {
	case *image.Gray:
		values := make([]uint16, c.w*c.h)
		for y := range c.h {
			for x, v := range im.Pix[y*im.Stride:][:c.w] {
				values[y*c.w+x] = uint16(v)
			}
		}
		if !c.signed || c.stored < 8 {
			c.stored = 8
		}
		return c.single(values), nil
	case *image.YCbCr:
		return c.coloured(rgbOf(planesOf(im), h.isRGB(c.photometric))), nil
	case *image.RGBA:
		out := make([]uint8, 3*c.w*c.h)
		for i := range c.w * c.h {
			o := i/c.w*im.Stride + 4*(i%c.w)
			copy(out[3*i:3*i+3], im.Pix[o:o+3])
		}
		return c.coloured(out), nil
	}
	return nil, damaged("JPEG of %d components", len(h.Components))
}
