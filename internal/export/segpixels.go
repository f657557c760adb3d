package export

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

// Transfer syntaxes of compressed segmentations. Those of the JPEG families are decoded where images are; masks can only be
// read of what is lossless, while a probability may have lost something.
const (
	rleLossless    = "1.2.840.10008.1.2.5"
	deflatedFrames = "1.2.840.10008.1.2.8.1"
)

var codecs = map[string]bool{ // whether nothing is lost
	"1.2.840.10008.1.2.4.50": false, "1.2.840.10008.1.2.4.51": false, "1.2.840.10008.1.2.4.57": true, "1.2.840.10008.1.2.4.70": true,
	"1.2.840.10008.1.2.4.80": true, "1.2.840.10008.1.2.4.81": false, "1.2.840.10008.1.2.4.90": true, "1.2.840.10008.1.2.4.91": false,
	"1.2.840.10008.1.2.4.201": true, "1.2.840.10008.1.2.4.202": true, "1.2.840.10008.1.2.4.203": false,
}

// maxSegBytes is how large the pixels of a segmentation can be once they are unpacked.
const maxSegBytes = 2 << 30

// unpack decompresses pixels, frame by frame. Those of one bit get a byte each.
func (s *segFile) unpack(syntax string, fragments [][]byte) error {
	if int64(s.w)*int64(s.h)*int64(s.frames)*int64(max(s.bits/8, 1)) > maxSegBytes {
		return fmt.Errorf("more than %d GiB of pixels", maxSegBytes>>30)
	}
	lossless, known := codecs[syntax]
	switch {
	case syntax == rleLossless:
		return s.perFragment(fragments, func(b []byte, bytes int) ([]byte, error) {
			if s.bits == 16 {
				return unrle(b, bytes/2, 2)
			}
			return unrle(b, bytes, 1)
		})
	case syntax == deflatedFrames:
		return s.perFragment(fragments, func(b []byte, n int) ([]byte, error) {
			return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), int64(n)))
		})
	case !known, !lossless && s.kind != "FRACTIONAL":
		return fault.New(CodeReadSyntax, "", nil, fault.Args{"UID": syntax})
	}
	return s.decode(syntax, fragments)
}

func unrle(b []byte, pixels, wide int) ([]byte, error) {
	out, ok := study.UnpackRLE(b, pixels, wide)
	if !ok {
		return nil, errors.New("a frame of RLE is damaged")
	}
	return out, nil
}

// perFragment unpacks frames of which each is one fragment behind the table of offsets, in whole bytes.
func (s *segFile) perFragment(fragments [][]byte, unpack func(b []byte, bytes int) ([]byte, error)) error {
	fragments = fragments[min(1, len(fragments)):]
	if len(fragments) != s.frames {
		return fmt.Errorf("%d fragments for %d frames", len(fragments), s.frames)
	}
	size := (s.w*s.h*s.bits + 7) / 8
	for _, b := range fragments {
		frame, err := unpack(b, size)
		if err != nil {
			return err
		}
		if len(frame) != size {
			return fmt.Errorf("a frame of %d bytes where %d are needed", len(frame), size)
		}
		if s.bits == 1 {
			frame = loosen(frame, s.w*s.h)
		}
		s.pixels = append(s.pixels, frame...)
	}
	s.loose = s.bits == 1
	return nil
}

// loosen gives each bit a byte.
func loosen(packed []byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = packed[i/8] >> (i % 8) & 1
	}
	return out
}

// decode has frames decoded as those of an image, by the process that reads untrusted bytes: of the segmentation it gets
// nothing but the compressed pixels and their layout.
func (s *segFile) decode(syntax string, fragments [][]byte) error {
	data, err := s.picture(syntax, fragments)
	if err != nil {
		return err
	}
	c, err := study.Memory(data)
	if err != nil {
		return err
	}
	if c.Item == nil || c.Item.Frames != s.frames || c.Item.W != s.w || c.Item.H != s.h {
		return fmt.Errorf("not %d frames of %d×%d", s.frames, s.w, s.h)
	}
	for i := range s.frames {
		f, err := c.Frame(bytes.NewReader(data), i)
		if err != nil {
			return err
		}
		if len(f.Grey) != s.w*s.h {
			return errors.New("frames in colour")
		}
		for _, v := range f.Grey {
			switch {
			case s.bits == 16:
				s.pixels = binary.LittleEndian.AppendUint16(s.pixels, v)
			case v > 0xff || s.bits == 1 && v > 1:
				return fmt.Errorf("a pixel of %d in %d bits", v, s.bits)
			default:
				s.pixels = append(s.pixels, byte(v))
			}
		}
	}
	s.loose = s.bits == 1
	return nil
}

// picture is a DICOM image of the segmentation's pixels alone.
func (s *segFile) picture(syntax string, fragments [][]byte) ([]byte, error) {
	const class, instance = "1.2.840.10008.5.1.4.1.1.7.2", "2.25.1"
	us := func(t part10.Tag, v int) *part10.Element {
		return &part10.Element{Tag: t, VR: "US", Data: binary.LittleEndian.AppendUint16(nil, uint16(v))}
	}
	text := func(t part10.Tag, vr, v string) *part10.Element {
		return &part10.Element{Tag: t, VR: vr, Data: []byte(v)}
	}
	set := part10.Set{
		text(tagClass, "UI", class), text(part10.SOPInstance, "UI", instance), us(0x00280002, 1), text(0x00280004, "CS", "MONOCHROME2"),
		text(tagFrames, "IS", fmt.Sprint(s.frames)), us(tagRows, s.h), us(tagColumns, s.w), us(tagBits, max(s.bits, 8)),
		us(0x00280101, s.bits), us(0x00280102, s.bits-1), us(0x00280103, 0),
	}
	var b bytes.Buffer
	b.Write(part10.Header(class, instance, syntax, "2.25.1", "ECHOLINE"))
	b.Write(set.Bytes())
	err := part10.WriteFragments(&b, fragments)
	return b.Bytes(), err
}
