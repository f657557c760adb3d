package part10

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
)

// elements are those of a small file, with a sequence in a sequence.
func elements() Set {
	return Set{
		{Tag: SOPClass, VR: "UI", Data: []byte("1.2.3")},
		{Tag: SOPInstance, VR: "UI", Data: []byte("1.2.3.4")},
		{Tag: 0x00081115, VR: "SQ", Items: []Set{{
			{Tag: 0x0008114a, VR: "SQ", Items: []Set{{{Tag: 0x00081155, VR: "UI", Data: []byte("1.6")}}, {}}},
			{Tag: Series, VR: "UI", Data: []byte("1.5")},
		}}},
		{Tag: 0x00090010, VR: "LO", Data: []byte("private")},
		{Tag: 0x00280010, VR: "US", Data: []byte{2, 1}},
		{Tag: 0x00280011, VR: "US", Data: []byte{4, 3}},
	}
}

// encode writes elements in any plain syntax, with lengths or with marks.
func encode(s Set, order binary.AppendByteOrder, explicit, marks bool) []byte {
	var out []byte
	head := func(t Tag, vr string, n uint32) {
		out = order.AppendUint16(out, uint16(t>>16))
		out = order.AppendUint16(out, uint16(t))
		switch {
		case !explicit || vr == "":
			out = order.AppendUint32(out, n)
		case long[vr]:
			out = order.AppendUint32(append(out, vr[0], vr[1], 0, 0), n)
		default:
			out = order.AppendUint16(append(out, vr...), uint16(n))
		}
	}
	for _, e := range s {
		data := slices.Clone(e.Data)
		if len(data)%2 != 0 {
			data = append(data, padding(e.VR))
		}
		if wide[e.VR] == 2 && order.String() == "BigEndian" {
			slices.Reverse(data)
		}
		if e.VR != "SQ" {
			head(e.Tag, e.VR, uint32(len(data)))
			out = append(out, data...)
			continue
		}
		var inner []byte
		for _, it := range e.Items {
			b := encode(it, order, explicit, marks)
			keep := out
			out = nil
			if marks {
				head(item, "", math.MaxUint32)
				out = append(out, b...)
				head(itemEnd, "", 0)
			} else {
				head(item, "", uint32(len(b)))
				out = append(out, b...)
			}
			inner, out = append(inner, out...), keep
		}
		if marks {
			head(e.Tag, e.VR, math.MaxUint32)
			out = append(out, inner...)
			head(sequenceEnd, "", 0)
			continue
		}
		head(e.Tag, e.VR, uint32(len(inner)))
		out = append(out, inner...)
	}
	return out
}

func dictionary(t Tag) string {
	for _, e := range elements() {
		if e.Tag == t {
			return e.VR
		}
	}
	return map[Tag]string{Series: "UI", 0x0008114a: "SQ", 0x00081155: "UI"}[t]
}

func file(syntax string, body []byte) []byte {
	return append(Header("1.2.3", "1.2.3.4", syntax, "1.9", "TEST"), body...)
}

// samples are the same elements in every structure.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, marks := range []bool{false, true} {
		n := map[bool]string{true: " with marks"}[marks]
		out["explicit"+n] = file(ExplicitLittle, encode(elements(), binary.LittleEndian, true, marks))
		out["implicit"+n] = file(ImplicitLittle, encode(elements(), binary.LittleEndian, false, marks))
		out["big"+n] = file(ExplicitBig, encode(elements(), binary.BigEndian, true, marks))
		out["bare explicit"+n] = encode(elements(), binary.LittleEndian, true, marks)
		out["bare implicit"+n] = encode(elements(), binary.LittleEndian, false, marks)
		out["bare big"+n] = encode(elements(), binary.BigEndian, true, marks)
		var z bytes.Buffer
		w, err := flate.NewWriter(&z, 6)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(encode(elements(), binary.LittleEndian, true, marks)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		out["deflated"+n] = file(Deflated, z.Bytes())
	}
	return out
}

func TestReadsEveryStructure(t *testing.T) {
	want := elements().Bytes()
	for name, b := range samples(t) {
		f, err := Parse(b, dictionary)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(f.Set.Bytes(), want) {
			t.Errorf("%s: read as %v", name, f.Set)
		}
		if f.Set.Text(SOPInstance) != "1.2.3.4" || f.Set.Find(0x00280012) != nil {
			t.Errorf("%s: %q", name, f.Set.Text(SOPInstance))
		}
	}
}

func TestPixels(t *testing.T) {
	var b bytes.Buffer
	frames := [][]byte{{}, {1, 2, 3}, {4, 5}}
	if err := WriteFragments(&b, frames); err != nil {
		t.Fatal(err)
	}
	f, err := Parse(file("1.2.840.10008.1.2.5", append(elements().Bytes(), b.Bytes()...)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Set.Find(PixelData).Fragments; len(got) != 3 || !bytes.Equal(got[1], []byte{1, 2, 3, 0}) || !bytes.Equal(got[2], []byte{4, 5}) {
		t.Errorf("fragments %v", got)
	}
	b.Reset()
	if err := WriteNative(&b, "OB", 3); err != nil {
		t.Fatal(err)
	}
	f, err = Parse(file(ExplicitLittle, append(elements().Bytes(), append(b.Bytes(), 7, 8, 9, 0)...)), nil)
	if err != nil || !bytes.Equal(f.Set.Find(PixelData).Data, []byte{7, 8, 9, 0}) {
		t.Errorf("%v", err)
	}
}

// Whatever is cut or changed, there is an answer and no panic, and never elements beyond the file's end.
func TestDamage(t *testing.T) {
	for name, b := range samples(t) {
		for n := range b {
			if f, err := Parse(b[:n:n], dictionary); err == nil && f.Set.Find(0x00280011) != nil && n < len(b) {
				t.Errorf("%s cut at %d: read to its end", name, n)
			}
			for _, v := range []byte{0, 1, 0x7f, 0xff} {
				c := slices.Clone(b)
				c[n] = v
				_, _ = Parse(c, dictionary) // that it returns is all
			}
		}
	}
	if _, err := Parse([]byte("no DICOM file, but a letter to someone"), nil); !errors.Is(err, ErrNotDICOM) {
		t.Error(err)
	}
	deep := []byte{}
	for range 100_000 {
		deep = appendHead(appendHead(deep, 0x00081115, "SQ", math.MaxUint32), item, "", math.MaxUint32)
	}
	if _, err := Parse(file(ExplicitLittle, deep), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("deep: %v", err)
	}
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, 9)
	for range 300 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_ = w.Close() // into memory
	if _, err := Parse(file(Deflated, z.Bytes()), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("bomb: %v", err)
	}
}
