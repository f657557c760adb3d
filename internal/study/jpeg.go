package study

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
)

// jpegHead is what stands before the pixels of a JPEG stream.
type jpegHead struct {
	process    byte // the frame header's mark: 0xc0 baseline, 0xc1 extended, 0xc2 progressive, …
	precision  int
	w, h       int
	ids        []byte
	subsampled bool
	jfif       bool
	adobe      int // colour transform of an Adobe mark, -1 without one
}

// Marks of a JPEG stream.
const (
	markSOF0 = 0xc0
	markSOF2 = 0xc2
	markDHT  = 0xc4
	markJPG  = 0xc8
	markDAC  = 0xcc
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOS  = 0xda
	markAPP0 = 0xe0
	markAPPE = 0xee
)

// readJPEGHead reads the marks up to the first scan.
func readJPEGHead(b []byte) (*jpegHead, error) {
	h := &jpegHead{adobe: -1}
	if len(b) < 4 || b[0] != 0xff || b[1] != markSOI {
		return nil, damaged("no JPEG start mark")
	}
	for b = b[2:]; ; {
		for len(b) > 1 && b[0] == 0xff && b[1] == 0xff { // fill bytes
			b = b[1:]
		}
		if len(b) < 4 {
			return nil, errTruncated()
		}
		mark, n := b[1], int(binary.BigEndian.Uint16(b[2:]))
		if b[0] != 0xff || n < 2 {
			return nil, damaged("no JPEG mark where one must be")
		}
		if len(b) < 2+n {
			return nil, errTruncated()
		}
		if mark == markSOS {
			if h.process == 0 {
				return nil, damaged("a JPEG scan without a frame header")
			}
			return h, nil
		}
		if err := h.segment(mark, b[4:2+n]); err != nil {
			return nil, err
		}
		b = b[2+n:]
	}
}

// segment takes one marked segment.
func (h *jpegHead) segment(mark byte, b []byte) error {
	switch {
	case mark == markAPP0:
		h.jfif = h.jfif || bytes.HasPrefix(b, []byte("JFIF\x00"))
	case mark == markAPPE:
		if len(b) >= 12 && bytes.HasPrefix(b, []byte("Adobe")) {
			h.adobe = int(b[11])
		}
	case mark >= markSOF0 && mark <= 0xcf && mark != markDHT && mark != markJPG && mark != markDAC:
		return h.frameHeader(mark, b)
	}
	return nil
}

func (h *jpegHead) frameHeader(mark byte, b []byte) error {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) || h.process != 0 {
		return damaged("JPEG frame header")
	}
	h.process, h.precision = mark, int(b[0])
	h.h, h.w = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	for i := range int(b[5]) {
		c := b[6+3*i:]
		h.ids = append(h.ids, c[0])
		h.subsampled = h.subsampled || c[1] != b[7]
	}
	return nil
}

// readable refuses by name what a JPEG baseline decoder cannot do.
func (h *jpegHead) readable(uid string) error {
	switch {
	case h.process > markSOF2:
		return syntaxFault(uid, fmt.Sprintf("JPEG process SOF%d", h.process-markSOF0))
	case h.precision != 8:
		return syntaxFault(uid, fmt.Sprintf("%d bit", h.precision))
	}
	return nil
}

// isRGB tells whether three components are red, green and blue. The stream's own marks come before the file's tag: files
// tagged RGB whose JPEG is in luminance and colour differences are common, and shown green and purple by viewers that
// believe the tag.
func (h *jpegHead) isRGB(photometric string) bool {
	switch {
	case h.jfif:
		return false
	case h.adobe >= 0:
		return h.adobe == 0
	case string(h.ids) == "RGB":
		return true
	case h.subsampled:
		return false
	}
	return photometric == "RGB"
}

// decodeJPEG decodes one frame into samples: 1 or 3 a pixel, interleaved. Three samples come out as RGB.
func (c *picture) decodeJPEG(b []byte) ([]byte, error) {
	h, err := readJPEGHead(b)
	if err != nil {
		return nil, err
	}
	if err := c.checkJPEG(h); err != nil {
		return nil, err
	}
	// Some writers leave the end mark out. A stream that lacks more than that still fails.
	im, err := jpeg.Decode(bytes.NewReader(append(b[:len(b):len(b)], 0xff, markEOI)))
	if err != nil {
		return nil, decoderFault(err)
	}
	out := make([]byte, c.w*c.h*c.samples)
	switch im := im.(type) {
	case *image.Gray:
		for y := range c.h {
			copy(out[y*c.w:(y+1)*c.w], im.Pix[y*im.Stride:])
		}
	case *image.YCbCr:
		planes := planesOf(im)
		if h.isRGB(c.photometric) {
			planes.interleave(out)
		} else {
			planes.toRGB(out)
		}
	case *image.RGBA:
		for i := range c.w * c.h {
			o := i/c.w*im.Stride + 4*(i%c.w)
			copy(out[3*i:3*i+3], im.Pix[o:o+3])
		}
	default:
		return nil, damaged("JPEG of %d components", len(h.ids))
	}
	return out, nil
}

// checkJPEG holds a stream against what the file says of it.
func (c *picture) checkJPEG(h *jpegHead) error {
	if err := h.readable(c.syntax); err != nil {
		return err
	}
	if h.w != c.w || h.h != c.h {
		return damaged("a JPEG of %d×%d pixels in a file of %d×%d", h.w, h.h, c.w, c.h)
	}
	if len(h.ids) != c.samples {
		return damaged("a JPEG of %d components in a file of %d", len(h.ids), c.samples)
	}
	return nil
}
