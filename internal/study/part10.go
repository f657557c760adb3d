package study

import (
	"encoding/binary"
	"io"

	"echoline/internal/fault"
)

// part10 is the structure of one DICOM file.
type part10 struct {
	meta   *dataSet // nil for a file without preamble and file meta information
	set    *dataSet
	pixels *pixelData
	syntax string // "" where the file does not say
	order  binary.ByteOrder
	body   int64 // where the data set begins in the file

	inflated int64 // how long the data set of a deflated file is

	explicit bool // the data set has value representations
}

// hasPreamble tells a DICOM file with its mark.
func hasPreamble(head []byte) bool { return len(head) >= 132 && string(head[128:132]) == "DICM" }

// isDICOM tells by the first bytes, at least 132 where the file has them, whether it is worth a scan.
func isDICOM(head []byte) bool {
	if hasPreamble(head) {
		return true
	}
	_, _, ok := bareSyntax(head)
	return ok
}

// bareSyntax tells the structure of a data set that begins without preamble: its first element must be an early one and
// of a possible length.
func bareSyntax(b []byte) (order binary.ByteOrder, explicit, ok bool) {
	if len(b) < 12 {
		return nil, false, false
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		group, element := order.Uint16(b), order.Uint16(b[2:])
		if (group != 2 && group != 8) || element > 0x0100 {
			continue
		}
		if isVR(b[4:6]) {
			return order, true, true
		}
		if order == binary.LittleEndian && order.Uint32(b[4:]) <= 256 {
			return order, false, true
		}
	}
	return nil, false, false
}

// readPart10 scans a file up to its end. Where the pixel data was found whole, what is wrong behind it does not matter.
func readPart10(src io.ReaderAt, size int64) (*part10, error) {
	v := newView(src, size)
	p := &part10{order: binary.LittleEndian, set: newDataSet(binary.LittleEndian)}
	s := &scan{in: v, order: binary.LittleEndian, explicit: true}
	head, err := v.peek(0, int(min(size, 160)))
	if err != nil {
		return nil, err
	}
	if hasPreamble(head) {
		p.body = 132
	} else if order, explicit, ok := bareSyntax(head); !ok {
		return nil, fault.New(CodeNotImage, "", nil, nil)
	} else if binary.LittleEndian.Uint16(head) != 2 {
		s.order, s.explicit, p.order = order, explicit, order
		return p, p.scanBody(s, 0, size)
	}
	if err := p.readMeta(s, size); err != nil {
		return p, err
	}
	return p, p.readBody(s, src, size)
}

// readMeta reads the file meta information: explicit little endian, group 2.
func (p *part10) readMeta(s *scan, size int64) error {
	p.meta = newDataSet(s.order)
	for size-p.body >= 8 {
		b, err := s.in.peek(p.body, 2)
		if err != nil {
			return err
		}
		if binary.LittleEndian.Uint16(b) != 2 {
			break
		}
		h, err := s.header(p.body, size)
		if err != nil {
			return err
		}
		if h.undefined() {
			return damaged("undefined length in the file meta information")
		}
		if h.end() > size {
			return errTruncated()
		}
		if p.body, err = s.element(h, size, 0, p.meta); err != nil {
			return err
		}
	}
	p.syntax = p.meta.text("TransferSyntaxUID")
	return nil
}

// readBody reads the data set by the transfer syntax. Without one its structure is guessed, never its pixels.
func (p *part10) readBody(s *scan, src io.ReaderAt, size int64) error {
	switch p.syntax {
	case implicitLittle:
		s.explicit = false
	case explicitBig:
		s.order, p.order = binary.BigEndian, binary.BigEndian
	case deflatedLittle:
		data, err := inflate(src, p.body, size)
		if err != nil {
			return err
		}
		s.in, p.inflated = newView(data, data.size), data.size
		return p.scanBody(s, 0, data.size)
	case "":
		if size-p.body >= 12 {
			b, err := s.in.peek(p.body, 12)
			if err != nil {
				return err
			}
			s.explicit = isVR(b[4:6])
			if order, explicit, ok := bareSyntax(b); ok {
				s.order, s.explicit, p.order = order, explicit, order
			}
		}
	}
	return p.scanBody(s, p.body, size)
}

// scanBody walks the data set between two offsets.
func (p *part10) scanBody(s *scan, from, size int64) error {
	p.set, p.explicit = newDataSet(s.order), s.explicit
	_, err := s.walk(from, size, 0, p.set)
	p.pixels = s.pixels
	if p.pixels != nil {
		return nil
	}
	return err
}
