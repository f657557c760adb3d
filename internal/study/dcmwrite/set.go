// Package dcmwrite builds DICOM data sets and writes them as Part 10 files: explicit VR little endian, zero preamble,
// elements in ascending order, text as UTF-8. Only this package and internal/study import the DICOM library.
//
// A data set is written down by keyword, in any order:
//
//	set := dcmwrite.Set{
//		dcmwrite.Text("PatientID", "DEMO"),
//		dcmwrite.Ints("Rows", 480),
//		dcmwrite.Seq("ReferencedSeriesSequence", dcmwrite.Set{dcmwrite.Text("SeriesInstanceUID", uid)}),
//	}
package dcmwrite

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// Elem is one element by keyword. Make it with Text, Ints, Floats, Bytes, Tags, Seq or Pixels.
type Elem struct {
	keyword string
	value   any // []string, []int, []float64, []byte, tagList, []Set or pixels
}

// Set is a data set or one item of a sequence. Order does not matter; a keyword may occur once.
type Set []Elem

type (
	tagList []string
	pixels  struct {
		bits int
		data []byte
	}
)

// Text is an element of characters (CS, LO, UI, DS, …). Without values it is empty, as type 2 attributes may be.
func Text(keyword string, values ...string) Elem { return Elem{keyword, values} }

// Ints is an element of binary integers (US, UL, SS, SL).
func Ints(keyword string, values ...int) Elem { return Elem{keyword, values} }

// Floats is an element of binary reals (FL, FD).
func Floats(keyword string, values ...float64) Elem { return Elem{keyword, values} }

// Bytes is an element of plain bytes (OB).
func Bytes(keyword string, value []byte) Elem { return Elem{keyword, value} }

// Tags is an element that points at other elements (AT), given by their keywords.
func Tags(keyword string, targets ...string) Elem { return Elem{keyword, tagList(targets)} }

// Seq is a sequence.
func Seq(keyword string, items ...Set) Elem { return Elem{keyword, items} }

// Pixels is uncompressed Pixel Data, already laid out as it is to stand in the file: bits is 1 or 8 bits per sample
// (written as OB). A padding byte to even length is added here.
func Pixels(bits int, data []byte) Elem { return Elem{"PixelData", pixels{bits, data}} }

// elements turns the set into the library's elements, sorted by tag.
func (s Set) elements() ([]*dicom.Element, error) {
	out := make([]*dicom.Element, 0, len(s))
	for _, e := range s {
		el, err := e.element()
		if err != nil {
			return nil, err
		}
		out = append(out, el)
	}
	slices.SortFunc(out, func(a, b *dicom.Element) int { return a.Tag.Compare(b.Tag) })
	for i := 1; i < len(out); i++ {
		if out[i].Tag == out[i-1].Tag {
			return nil, fmt.Errorf("dcmwrite: %v twice in one set", out[i].Tag)
		}
	}
	return out, nil
}

func (e Elem) element() (*dicom.Element, error) {
	info, err := findKeyword(e.keyword)
	if err != nil {
		return nil, fmt.Errorf("dcmwrite: unknown keyword %q", e.keyword)
	}
	data, vr, err := e.data(info.VRs[0])
	if err != nil {
		return nil, fmt.Errorf("dcmwrite: %s: %w", e.keyword, err)
	}
	v, err := dicom.NewValue(data)
	if err != nil {
		return nil, fmt.Errorf("dcmwrite: %s: %w", e.keyword, err)
	}
	return &dicom.Element{
		Tag:                    info.Tag,
		ValueRepresentation:    tag.GetVRKind(info.Tag, vr),
		RawValueRepresentation: vr,
		Value:                  v,
	}, nil
}

// data gives the value in the library's types, and its VR.
func (e Elem) data(vr string) (any, string, error) {
	switch v := e.value.(type) {
	case []string:
		return v, vr, checkText(vr, v)
	case []byte:
		return v, "OB", nil
	case tagList:
		ints, err := v.ints()
		return ints, vr, err
	case []Set:
		items := make([][]*dicom.Element, len(v))
		for i, s := range v {
			els, err := s.elements()
			if err != nil {
				return nil, "", err
			}
			items[i] = els
		}
		return items, "SQ", nil
	case pixels:
		if v.bits != 1 && v.bits != 8 {
			return nil, "", fmt.Errorf("pixels of %d bits", v.bits)
		}
		data := v.data
		if len(data)%2 != 0 {
			data = append(slices.Clip(data), 0)
		}
		return dicom.PixelDataInfo{IntentionallyUnprocessed: true, UnprocessedValueData: data}, "OB", nil
	default: // []int, []float64
		return v, vr, nil
	}
}

// known are the keywords that were looked up: the library looks through its whole dictionary for each.
var known sync.Map

// findKeyword finds what an element is by its keyword.
func findKeyword(keyword string) (tag.Info, error) {
	if v, ok := known.Load(keyword); ok {
		return v.(tag.Info), nil
	}
	info, err := tag.FindByKeyword(keyword)
	if err == nil {
		known.Store(keyword, info)
	}
	return info, err
}

func (l tagList) ints() ([]int, error) {
	var out []int
	for _, k := range l {
		info, err := findKeyword(k)
		if err != nil {
			return nil, fmt.Errorf("points at unknown keyword %q", k)
		}
		out = append(out, int(info.Tag.Group), int(info.Tag.Element))
	}
	return out, nil
}

// limits are the most characters that one value may have (PS3.5 table 6.2-1; PN: three groups). Longer ones would make the file invalid.
var limits = map[string]int{"AE": 16, "CS": 16, "DS": 16, "IS": 12, "LO": 64, "SH": 16, "UI": 64, "PN": 194, "ST": 1024, "LT": 10240}

func checkText(vr string, values []string) error {
	for _, s := range values {
		if !utf8.ValidString(s) {
			return fmt.Errorf("not UTF-8")
		}
		if n, ok := limits[vr]; ok && utf8.RuneCountInString(s) > n {
			return fmt.Errorf("more than %d characters", n)
		}
	}
	return nil
}

// Clean makes s fit for a text element of at most n characters: no backslash (it separates values), no control
// characters, valid UTF-8, no blanks at the ends.
func Clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\\' || r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > n {
		s = strings.TrimSpace(string(r[:n]))
	}
	return s
}
