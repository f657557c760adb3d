package part10

import (
	"encoding/binary"
	"io"
	"math"
)

// Bytes returns the data set in explicit VR little endian, without the pixel data that stands behind it.
func (s Set) Bytes() []byte {
	var out []byte
	for _, e := range s {
		out = e.append(out)
	}
	return out
}

// append writes an element. Sequences and items have lengths.
func (e *Element) append(out []byte) []byte {
	data := e.Data
	if e.VR == "SQ" {
		data = nil
		for _, s := range e.Items {
			b := s.Bytes()
			data = appendHead(data, item, "", uint32(len(b)))
			data = append(data, b...)
		}
	}
	odd := len(data) % 2
	out = appendHead(out, e.Tag, e.VR, uint32(len(data)+odd))
	out = append(out, data...)
	if odd != 0 {
		out = append(out, padding(e.VR))
	}
	return out
}

// padding makes the length of a value even: text by a blank, all else by a zero.
func padding(vr string) byte {
	switch vr {
	case "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT":
		return ' '
	}
	return 0
}

// appendHead writes tag, VR (none for marks) and length.
func appendHead(out []byte, t Tag, vr string, n uint32) []byte {
	out = binary.LittleEndian.AppendUint16(out, uint16(t>>16))
	out = binary.LittleEndian.AppendUint16(out, uint16(t))
	switch {
	case vr == "":
		return binary.LittleEndian.AppendUint32(out, n)
	case long[vr]:
		out = append(out, vr[0], vr[1], 0, 0)
		return binary.LittleEndian.AppendUint32(out, n)
	}
	out = append(out, vr[0], vr[1])
	return binary.LittleEndian.AppendUint16(out, uint16(n))
}

// Header is the beginning of a file: an empty preamble and the file meta information of an instance.
func Header(class, instance, syntax, implementation, version string) []byte {
	out := append(make([]byte, 128), "DICM"...)
	meta := Set{
		{Tag: 0x00020001, VR: "OB", Data: []byte{0, 1}},
		{Tag: 0x00020002, VR: "UI", Data: []byte(class)},
		{Tag: 0x00020003, VR: "UI", Data: []byte(instance)},
		{Tag: TransferSyntax, VR: "UI", Data: []byte(syntax)},
		{Tag: 0x00020012, VR: "UI", Data: []byte(implementation)},
		{Tag: 0x00020013, VR: "SH", Data: []byte(version)},
	}.Bytes()
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(meta)))
	out = (&Element{Tag: 0x00020000, VR: "UL", Data: length}).append(out)
	return append(out, meta...)
}

// WriteNative begins uncompressed pixel data of n bytes: the caller writes the pixels, and a zero where n is odd.
func WriteNative(w io.Writer, vr string, n int64) error {
	_, err := w.Write(appendHead(nil, PixelData, vr, uint32(n+n%2)))
	return err
}

// MaxNative is how long uncompressed pixel data can be in one file.
const MaxNative = math.MaxUint32 - 1

// WriteFragments writes encapsulated pixel data, the offset table first.
func WriteFragments(w io.Writer, fragments [][]byte) error {
	out := appendHead(nil, PixelData, "OB", math.MaxUint32)
	for _, f := range fragments {
		out = appendHead(out, item, "", uint32(len(f)+len(f)%2))
		if _, err := w.Write(out); err != nil {
			return err
		}
		if _, err := w.Write(f); err != nil {
			return err
		}
		out = out[:0]
		if len(f)%2 != 0 {
			out = append(out, 0)
		}
	}
	_, err := w.Write(appendHead(out, sequenceEnd, "", 0))
	return err
}
