package study

import (
	"encoding/binary"
	"errors"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/study/j2k"
)

// libraryFault refuses pixels for want of a library or a program of others.
func libraryFault(code fault.Code, uid string) *fault.Error {
	return fault.New(code, "", nil, fault.Args{"Syntax": syntaxes[uid].name, "UID": uid})
}

// codestream finds the JPEG 2000 codestream of a frame and holds its header against what the file says, before the library
// sees it.
func (c *picture) codestream(b []byte) ([]byte, *j2k.Head, error) {
	b, err := j2k.Unbox(b)
	if err != nil {
		return nil, nil, decoderFault(err)
	}
	h, err := j2k.ReadHead(b)
	if err != nil {
		return nil, nil, decoderFault(err)
	}
	first := h.Components[0]
	switch {
	case h.W != c.w || h.H != c.h:
		return nil, nil, damaged("a JPEG 2000 picture of %d×%d pixels in a file of %d×%d", h.W, h.H, c.w, c.h)
	case len(h.Components) != c.samples:
		return nil, nil, damaged("a JPEG 2000 picture of %d components in a file of %d", len(h.Components), c.samples)
	case first.Bits > c.allocated:
		return nil, nil, damaged("a JPEG 2000 picture of %d bits in a file of %d", first.Bits, c.allocated)
	}
	for _, o := range h.Components {
		if o != first || o.DX != 1 || o.DY != 1 {
			return nil, nil, unreadKind("JPEG 2000", "components of different kinds")
		}
	}
	switch {
	case j2k.Version() == "":
		return nil, nil, libraryFault(CodeOpenJPEG, c.syntax)
	case h.HT && !j2k.HT():
		return nil, nil, libraryFault(CodeOldOpenJPEG, c.syntax)
	}
	return b, h, nil
}

// decodeJPEG2000 decodes one frame. It changes what c says of the bits to what the stream has.
func (c *picture) decodeJPEG2000(b []byte) (*Frame, error) {
	b, h, err := c.codestream(b)
	if err != nil {
		return nil, err
	}
	out, err := j2k.Decode(b, h)
	switch {
	case errors.Is(err, j2k.ErrMemory):
		return nil, tooLarge("%d×%d", c.w, c.h)
	case err != nil:
		return nil, decoderFault(err)
	}
	values := c.fit(out, h)
	if c.samples == 1 {
		return c.single(values), nil
	}
	rgb := make([]uint8, len(values))
	for i, v := range values {
		rgb[i] = uint8(v >> max(c.stored-8, 0))
	}
	// The transforms that DICOM calls YBR_RCT and YBR_ICT are part of the codestream: decoding has undone them.
	if !h.RGB && strings.HasPrefix(c.photometric, "YBR_FULL") {
		for i := 0; i < len(rgb); i += 3 {
			putRGB(rgb[i:i+3], rgb[i], rgb[i+1], rgb[i+2])
		}
	}
	return c.coloured(rgb), nil
}

// fit makes stored values of what a stream of other bits, and maybe another sign, gives. A true sample has no bits over the
// stored ones but what a writer has hidden there; an approximate one may overshoot.
func (c *picture) fit(samples []byte, h *j2k.Head) []uint16 {
	of := h.Components[0]
	c.narrow(of.Bits)
	shift, mask := c.high+1-c.stored, 1<<c.stored-1
	lowest, highest := 0, mask
	if of.Signed {
		lowest, highest = -1<<(c.stored-1), 1<<(c.stored-1)-1
	}
	out := make([]uint16, c.w*c.h*c.samples)
	for i := range out {
		v := 0
		if of.Bits <= 8 {
			v = int(samples[i])
		} else {
			v = int(binary.LittleEndian.Uint16(samples[2*i:]))
		}
		if of.Signed && v>>(of.Bits-1) != 0 {
			v -= 1 << of.Bits
		}
		if v >>= shift; !h.Reversible {
			v = min(max(v, lowest), highest)
		}
		out[i] = uint16(v & mask)
	}
	c.high = c.stored - 1
	return out
}
