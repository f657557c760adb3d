package study

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/fault"
)

// el is an element of a file built for a test. value is string, int, float64, []byte, []set (a sequence) or capsule.
type el struct {
	keyword string
	value   any
}

type set []el

// capsule is encapsulated pixel data: the offset table and the fragments.
type capsule struct {
	table     []byte
	fragments [][]byte
	open      bool // without the end mark
}

// with returns the set with elements replaced, added, or taken out (value nil).
func (s set) with(es ...el) set {
	out := slices.Clone(s)
	for _, e := range es {
		out = slices.DeleteFunc(out, func(x el) bool { return x.keyword == e.keyword })
		if e.value != nil {
			out = append(out, e)
		}
	}
	return out
}

// byteOrder reads and writes numbers.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// encoder writes elements in one of the plain transfer syntaxes.
type encoder struct {
	order    byteOrder
	explicit bool
	defined  bool // sequences with lengths instead of marks
}

func (e encoder) set(s set) []byte {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b el) int { return int(int64(tagOf(a)) - int64(tagOf(b))) })
	var out []byte
	for _, x := range s {
		out = append(out, e.element(x)...)
	}
	return out
}

func tagOf(e el) tag {
	if e.keyword == "PixelData" {
		return tagPixelData
	}
	t, ok := tags[e.keyword]
	if !ok {
		panic(e.keyword)
	}
	return t
}

func (e encoder) u16(v int) []byte { return e.order.AppendUint16(nil, uint16(v)) }
func (e encoder) u32(v int) []byte { return e.order.AppendUint32(nil, uint32(v)) }

func (e encoder) tag(t tag) []byte { return append(e.u16(int(t>>16)), e.u16(int(t&0xffff))...) }

// head is tag, VR and length.
func (e encoder) head(t tag, vr string, n int) []byte {
	out := e.tag(t)
	switch {
	case !e.explicit || vr == "":
		return append(out, e.u32(n)...)
	case longVR[vr]:
		out = append(append(out, vr...), 0, 0)
		return append(out, e.u32(n)...)
	}
	return append(append(out, vr...), e.u16(n)...)
}

func (e encoder) element(x el) []byte {
	t, vr := tagOf(x), dictionary[tagOf(x)].vr
	if t == tagPixelData {
		vr = "OB"
	}
	var b []byte
	switch v := x.value.(type) {
	case capsule:
		return append(e.head(t, vr, undefinedLength), e.capsule(v)...)
	case []set:
		return e.sequence(t, v)
	case string:
		b = []byte(v)
		if len(b)%2 != 0 {
			b = append(b, " \x00"[boolInt(vr == "UI")])
		}
	case int:
		b = e.u16(v)
		if vr == "UL" {
			b = e.u32(v)
		}
	case float64:
		b = e.order.AppendUint64(nil, math.Float64bits(v))
	case []byte:
		if b = v; len(b)%2 != 0 {
			b = append(slices.Clone(b), 0)
		}
	}
	return append(e.head(t, vr, len(b)), b...)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (e encoder) sequence(t tag, items []set) []byte {
	var body []byte
	for _, it := range items {
		inner := e.set(it)
		if e.defined {
			body = append(append(body, e.head(tagItem, "", len(inner))...), inner...)
			continue
		}
		body = append(append(body, e.head(tagItem, "", undefinedLength)...), inner...)
		body = append(body, e.head(tagItemEnd, "", 0)...)
	}
	if e.defined {
		return append(e.head(t, "SQ", len(body)), body...)
	}
	body = append(body, e.head(tagSequenceEnd, "", 0)...)
	return append(e.head(t, "SQ", undefinedLength), body...)
}

func (e encoder) capsule(c capsule) []byte {
	out := append(e.head(tagItem, "", len(c.table)), c.table...)
	for _, f := range c.fragments {
		out = append(append(out, e.head(tagItem, "", len(f))...), f...)
	}
	if c.open {
		return out
	}
	return append(out, e.head(tagSequenceEnd, "", 0)...)
}

// littleExplicit is the encoder of most tests.
var littleExplicit = encoder{order: binary.LittleEndian, explicit: true}

// part10File is a whole file.
func part10File(syntax string, s set) []byte {
	e := littleExplicit
	switch syntax {
	case implicitLittle:
		e.explicit = false
	case explicitBig:
		e.order = binary.BigEndian
	}
	out := append(make([]byte, 128), "DICM"...)
	if syntax != "" {
		out = append(out, littleExplicit.element(el{"TransferSyntaxUID", syntax})...)
	} else {
		out = append(out, littleExplicit.element(el{"MediaStorageSOPClassUID", "1.2"})...)
	}
	return append(out, e.set(s)...)
}

// still is a grey picture of w×h with pixels counting up.
func still(w, h int) set {
	pix := make([]byte, w*h)
	for i := range pix {
		pix[i] = byte(i * 7)
	}
	return set{
		{"SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"},
		{"SOPInstanceUID", "1.2.3.4"},
		{"Modality", "US"},
		{"Rows", h},
		{"Columns", w},
		{"SamplesPerPixel", 1},
		{"PhotometricInterpretation", "MONOCHROME2"},
		{"BitsAllocated", 8},
		{"BitsStored", 8},
		{"HighBit", 7},
		{"PixelRepresentation", 0},
		{"PixelData", pix},
	}
}

// openBytes opens a file of these bytes as a study of its own.
func openBytes(tb testing.TB, name string, data []byte) File {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	st, err := Open(context.Background(), []string{path}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if len(st.Files) != 1 {
		tb.Fatalf("%d files", len(st.Files))
	}
	return st.Files[0]
}

// mustOpen opens a file that has to open and decodes frame i.
func mustOpen(tb testing.TB, data []byte) *Item {
	tb.Helper()
	f := openBytes(tb, "image.dcm", data)
	if f.Refused != nil || f.Skipped != "" {
		tb.Fatal(f.Refused, f.Skipped)
	}
	return f.Item
}

func mustFrame(tb testing.TB, it *Item, i int) *Frame {
	tb.Helper()
	f, err := it.Frame(i)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// wantFault fails unless the file is refused with the code.
func wantFault(tb testing.TB, f File, want fault.Code) {
	tb.Helper()
	if f.Refused == nil || f.Refused.Code != want {
		tb.Errorf("refused %v, skipped %q, want %s", f.Refused, f.Skipped, want)
	}
	if f.Refused != nil && (f.Refused.Where != f.Path || strings.Contains(f.Refused.Error(), "gave up")) {
		tb.Errorf("fault %v", f.Refused)
	}
}

func equalBytes(tb testing.TB, got, want []byte) {
	tb.Helper()
	if !bytes.Equal(got, want) {
		tb.Errorf("got %v\nwant %v", got, want)
	}
}
