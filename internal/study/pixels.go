package study

import (
	"encoding/binary"
	"slices"
	"strings"

	"echoline/internal/fault"
)

// picture says how the pixels of a DICOM instance are coded.
type picture struct {
	syntax      string
	photometric string
	w, h        int
	samples     int
	allocated   int // bits
	stored      int
	high        int // the highest bit in use
	signed      bool
	planar      bool
	order       binary.ByteOrder
	palette     *palette
	voi         voi
}

// describe reads and checks the image pixel module.
func describe(p *part10) (*picture, error) {
	d := p.set
	c := &picture{syntax: p.syntax, order: p.order, photometric: strings.ToUpper(d.text("PhotometricInterpretation"))}
	signed, planar := 0, 0
	for _, f := range []struct {
		keyword string
		to      *int
		missing int
	}{
		{"Rows", &c.h, 0},
		{"Columns", &c.w, 0},
		{"SamplesPerPixel", &c.samples, 1},
		{"BitsAllocated", &c.allocated, 0},
		{"BitsStored", &c.stored, 0},
		{"HighBit", &c.high, -1},
		{"PixelRepresentation", &signed, 0},
		{"PlanarConfiguration", &planar, 0},
	} {
		v, err := d.whole(f.keyword, f.missing)
		if err != nil {
			return nil, err
		}
		*f.to = v
	}
	c.signed, c.planar = signed == 1, planar == 1
	if c.h < 1 || c.w < 1 {
		return nil, damaged("%d rows and %d columns", c.h, c.w)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	var err error
	if c.voi, err = c.readVOI(d); err != nil {
		return nil, err
	}
	if supplement := c.supplemented(d); supplement || c.photometric == "PALETTE COLOR" {
		if c.palette, err = c.readPalette(d); err != nil {
			return nil, err
		}
		c.palette.supplement = supplement
	}
	return c, nil
}

// check refuses what is not decoded, by name, and settles what the file leaves open.
func (c *picture) check() error {
	if c.h > maxSide || c.w > maxSide {
		return tooLarge("%d×%d", c.w, c.h)
	}
	if err := c.checkPhotometric(); err != nil {
		return err
	}
	if (c.allocated != 8 && c.allocated != 16) || (c.halved() && c.allocated != 8) {
		return unreadKind("BitsAllocated", c.allocated)
	}
	if c.stored < 1 || c.stored > c.allocated {
		c.stored = c.allocated
	}
	if c.high < c.stored-1 || c.high >= c.allocated {
		c.high = c.stored - 1
	}
	if decoded := int64(c.w) * int64(c.h) * int64(1+max(c.samples-1, 1)); decoded > maxFrameBytes {
		return tooLarge("%d×%d", c.w, c.h)
	}
	if c.halved() && c.w%2 != 0 {
		return damaged("YBR_FULL_422 with an odd number of columns")
	}
	return nil
}

// checkPhotometric holds the photometric interpretation against the samples.
func (c *picture) checkPhotometric() error {
	want := 3
	switch c.photometric {
	case "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR":
		want = 1
	case "RGB", "YBR_FULL", "YBR_FULL_422":
	case "YBR_RCT", "YBR_ICT":
		if syntaxes[c.syntax].coding != jpeg2000 {
			return unreadKind("PhotometricInterpretation", c.photometric)
		}
	case "YBR_PARTIAL_422", "YBR_PARTIAL_420":
		if coding := syntaxes[c.syntax].coding; coding != jpegCoded && coding != moving {
			return unreadKind("PhotometricInterpretation", c.photometric)
		}
	case "":
		return damaged("no PhotometricInterpretation")
	default:
		return unreadKind("PhotometricInterpretation", c.photometric)
	}
	if c.samples != want {
		return damaged("%d samples a pixel in %s", c.samples, c.photometric)
	}
	return nil
}

// unreadKind is the fault of a kind of pixels that is not read.
func unreadKind(attribute string, v any) *fault.Error {
	return fault.New(CodePixels, "", nil, fault.Args{"Kind": attribute, "Value": v})
}

// halved tells whether two neighbours share their colour in uncompressed pixels.
func (c *picture) halved() bool {
	return c.photometric == "YBR_FULL_422" && syntaxes[c.syntax].coding == native
}

// frameBytes is how long an uncompressed frame is.
func (c *picture) frameBytes() int64 {
	n := int64(c.w) * int64(c.h) * int64(c.allocated/8)
	if c.halved() {
		return 2 * n
	}
	return n * int64(c.samples)
}

// frame makes a frame of uncompressed samples.
func (c *picture) frame(b []byte) *Frame {
	if c.samples == 1 {
		return c.single(c.values(b))
	}
	return c.coloured(c.colours(b))
}

// single makes a frame of one value a pixel, which it takes over.
func (c *picture) single(values []uint16) *Frame {
	switch {
	case c.palette != nil && c.palette.supplement:
		return c.coloured(c.mixed(values))
	case c.palette != nil:
		return c.coloured(c.palette.apply(values))
	}
	f := &Frame{W: c.w, H: c.h, Max: 1<<c.stored - 1, Grey: values, inverse: (c.photometric == "MONOCHROME1") != c.voi.down}
	shift := c.rise(values)
	if c.voi.window != nil {
		f.Window, f.curve = *c.voi.window, c.voi.curve
		f.Window.Center += float64(shift)
	} else {
		f.Window = f.extent()
	}
	return f
}

// coloured makes a frame of interleaved RGB of 8 bits.
func (c *picture) coloured(rgb []uint8) *Frame {
	return &Frame{W: c.w, H: c.h, Max: 255, RGB: rgb, Window: fullWindow(255)}
}

// values takes the stored bits out of single samples.
func (c *picture) values(b []byte) []uint16 {
	n := c.w * c.h
	out := make([]uint16, n)
	shift, mask := c.high+1-c.stored, uint16(1<<c.stored-1)
	if c.allocated == 8 {
		for i, v := range b[:n] {
			out[i] = uint16(v) >> shift & mask
		}
		return out
	}
	for i := range out {
		out[i] = c.order.Uint16(b[2*i:]) >> shift & mask
	}
	return out
}

// rise shifts signed values by half their range, if any is negative, and returns by how much.
func (c *picture) rise(values []uint16) int {
	half := uint16(1) << (c.stored - 1)
	if !c.signed || !slices.ContainsFunc(values, func(v uint16) bool { return v&half != 0 }) {
		return 0
	}
	for i := range values {
		values[i] ^= half // turning the top bit of two's complement over adds half
	}
	return int(half)
}

// colours makes interleaved RGB of 8 bits.
func (c *picture) colours(b []byte) []uint8 {
	n := c.w * c.h
	if c.halved() {
		return unfold422(b, c.w, c.h)
	}
	out := make([]uint8, 3*n)
	pixel, sample := 3, 1
	if c.planar {
		pixel, sample = 1, n
	}
	for s := range 3 {
		if c.allocated == 8 {
			for i := range n {
				out[3*i+s] = b[i*pixel+s*sample]
			}
			continue
		}
		for i := range n {
			v := c.order.Uint16(b[2*(i*pixel+s*sample):]) >> (c.high + 1 - c.stored)
			out[3*i+s] = uint8(v >> max(c.stored-8, 0))
		}
	}
	if strings.HasPrefix(c.photometric, "YBR") {
		for i := 0; i < len(out); i += 3 {
			putRGB(out[i:i+3], out[i], out[i+1], out[i+2])
		}
	}
	return out
}

// unfold422 converts pairs of pixels stored as Y1 Y2 Cb Cr.
func unfold422(b []byte, w, h int) []uint8 {
	n := w * h
	out := make([]uint8, 3*n)
	for i := 0; i < n; i += 2 {
		q := b[2*i : 2*i+4]
		putRGB(out[3*i:3*i+3], q[0], q[2], q[3])
		putRGB(out[3*i+3:3*i+6], q[1], q[2], q[3])
	}
	return out
}
