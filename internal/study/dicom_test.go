package study

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/internal/fault"
)

func TestSyntaxesGiveTheSamePixels(t *testing.T) {
	s := still(4, 3).with(
		el{"SequenceOfUltrasoundRegions", []set{{
			{"RegionSpatialFormat", 1},
			{"RegionDataType", 1},
			{"RegionLocationMinX0", 1},
			{"RegionLocationMinY0", 0},
			{"RegionLocationMaxX1", 9},
			{"RegionLocationMaxY1", 1},
			{"PhysicalUnitsXDirection", 3},
			{"PhysicalUnitsYDirection", 3},
			{"PhysicalDeltaX", 0.01},
			{"PhysicalDeltaY", -0.02},
		}}},
		el{"WindowCenter", "100"}, el{"WindowWidth", "50"}, el{"PixelSpacing", `0.5\0.25`},
	)
	var want []uint16
	for i := range 12 {
		want = append(want, uint16(byte(i*7)))
	}
	for _, syntax := range []string{implicitLittle, explicitLittle, explicitBig} {
		it := mustOpen(t, part10File(syntax, s))
		f := mustFrame(t, it, 0)
		if !slices.Equal(f.Grey, want) || f.Max != 255 || f.Window != (Window{Center: 100, Width: 50}) {
			t.Errorf("%s: %+v", syntax, f)
		}
		r := Region{X0: 1, X1: 4, Y1: 2, SpatialFormat: 1, DataType: 1, UnitsX: 3, UnitsY: 3, DeltaX: 0.01, DeltaY: -0.02}
		if len(it.Regions) != 1 || it.Regions[0] != r {
			t.Errorf("%s: regions %+v", syntax, it.Regions)
		}
		if *it.PixelSpacing != [2]float64{0.25, 0.5} {
			t.Errorf("%s: spacing %v", syntax, *it.PixelSpacing)
		}
		if it.ID != "1.2.3.4" || it.Modality != "US" || it.TransferSyntax != syntax || it.Photometric != "MONOCHROME2" {
			t.Errorf("%s: item %+v", syntax, it)
		}
	}
}

func TestDefinedLengthSequences(t *testing.T) {
	e := encoder{order: binary.LittleEndian, explicit: true, defined: true}
	s := still(4, 3).with(el{"SequenceOfUltrasoundRegions", []set{{{"RegionDataType", 2}}, {{"RegionDataType", 1}}}})
	it := mustOpen(t, append(part10File(explicitLittle, nil), e.set(s)...))
	if len(it.Regions) != 2 || it.Regions[0].DataType != 2 || it.Regions[1].DataType != 1 {
		t.Errorf("regions %+v", it.Regions)
	}
}

func deflated(s set) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(littleExplicit.set(s)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return append(part10File(deflatedLittle, nil), b.Bytes()...)
}

func TestDeflated(t *testing.T) {
	two := still(4, 3).with(el{"NumberOfFrames", "2"}, el{"Rows", 1}, el{"Columns", 6})
	it := mustOpen(t, deflated(two))
	if it.Frames != 2 {
		t.Fatalf("%d frames", it.Frames)
	}
	if f := mustFrame(t, it, 1); f.Grey[0] != 42 {
		t.Errorf("second frame begins with %d", f.Grey[0])
	}
	whole := deflated(two)
	wantFault(t, openBytes(t, "cut.dcm", whole[:len(whole)-20]), CodeTruncated)
	bomb := still(4, 3).with(el{"PixelData", make([]byte, 3<<20)})
	wantFault(t, openBytes(t, "bomb.dcm", deflated(bomb)), CodeTooLarge)
}

func TestSignedAndNarrowBits(t *testing.T) {
	pix := func(vs ...int16) []byte {
		var b []byte
		for _, v := range vs {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		return b
	}
	s := still(2, 1).with(el{"BitsAllocated", 16}, el{"BitsStored", 12}, el{"HighBit", 11})
	unsigned := mustFrame(t, mustOpen(t, part10File(explicitLittle, s.with(el{"PixelData", pix(0x7fff, 5)}))), 0)
	if !slices.Equal(unsigned.Grey, []uint16{0xfff, 5}) || unsigned.Max != 0xfff {
		t.Errorf("unsigned %+v", unsigned)
	}
	signed := s.with(el{"PixelRepresentation", 1}, el{"WindowCenter", "100"}, el{"WindowWidth", "200"},
		el{"RescaleSlope", "2"}, el{"RescaleIntercept", "-100"})
	f := mustFrame(t, mustOpen(t, part10File(explicitLittle, signed.with(el{"PixelData", pix(-1, 5)}))), 0)
	if !slices.Equal(f.Grey, []uint16{2047, 2053}) || f.Window != (Window{Center: 2148.25, Width: 100.5}) {
		t.Errorf("signed %+v", f)
	}
	f = mustFrame(t, mustOpen(t, part10File(explicitLittle, signed.with(el{"PixelData", pix(3, 5)}))), 0)
	if !slices.Equal(f.Grey, []uint16{3, 5}) || f.Window != (Window{Center: 100.25, Width: 100.5}) {
		t.Errorf("signed without negatives %+v", f)
	}
	high := s.with(el{"HighBit", 15}, el{"PixelData", pix(0x7ff0, 0x50)})
	if f = mustFrame(t, mustOpen(t, part10File(explicitLittle, high)), 0); !slices.Equal(f.Grey, []uint16{0x7ff, 5}) {
		t.Errorf("high bits %+v", f)
	}
}

func TestColours(t *testing.T) {
	colour := still(2, 1).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "RGB"})
	red := []byte{254, 0, 0}
	rgb := []byte{254, 0, 0, 1, 2, 3}
	ybr := []byte{76, 85, 255, 76, 85, 255}
	for name, c := range map[string]struct {
		s    set
		want []byte
	}{
		"pixel by pixel": {colour.with(el{"PixelData", rgb}), rgb},
		"planes":         {colour.with(el{"PlanarConfiguration", 1}, el{"PixelData", []byte{254, 1, 0, 2, 0, 3}}), rgb},
		"YBR_FULL":       {colour.with(el{"PhotometricInterpretation", "YBR_FULL"}, el{"PixelData", ybr}), append(red, red...)},
		"YBR_FULL_422": {
			colour.with(el{"PhotometricInterpretation", "YBR_FULL_422"}, el{"PixelData", []byte{76, 76, 85, 255}}),
			append(red, red...),
		},
		"16 bits": {
			colour.with(el{"BitsAllocated", 16}, el{"BitsStored", 16}, el{"HighBit", 15},
				el{"PixelData", []byte{9, 254, 9, 0, 9, 0, 9, 1, 9, 2, 9, 3}}), rgb,
		},
	} {
		f := mustFrame(t, mustOpen(t, part10File(explicitLittle, c.s)), 0)
		for i, v := range f.RGB {
			if d := int(v) - int(c.want[i]); d < -1 || d > 1 {
				t.Errorf("%s: %v, want %v", name, f.RGB, c.want)
				break
			}
		}
	}
}

func TestPalette(t *testing.T) {
	desc := func(n, first, bits int) []byte {
		e := littleExplicit
		return slices.Concat(e.u16(n), e.u16(first), e.u16(bits))
	}
	build := func(d []byte, word string, data map[string][]byte) set {
		s := still(4, 1).with(el{"PhotometricInterpretation", "PALETTE COLOR"}, el{"PixelData", []byte{9, 10, 11, 200}})
		for _, c := range []string{"Red", "Green", "Blue"} {
			s = s.with(el{c + "PaletteColorLookupTableDescriptor", d}, el{word + c + "PaletteColorLookupTableData", data[c]})
		}
		return s
	}
	want := []byte{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6} // below the first and beyond the last take the ends
	for name, s := range map[string]set{
		"16 bits": build(desc(2, 10, 16), "", map[string][]byte{"Red": {0, 1, 0, 4}, "Green": {0, 2, 0, 5}, "Blue": {0, 3, 0, 6}}),
		"16 bits used as 8": build(desc(2, 10, 16), "",
			map[string][]byte{"Red": {1, 0, 4, 0}, "Green": {2, 0, 5, 0}, "Blue": {3, 0, 6, 0}}),
		"8 bits packed": build(desc(2, 10, 8), "", map[string][]byte{"Red": {1, 4}, "Green": {2, 5}, "Blue": {3, 6}}),
		"segmented": build(desc(2, 10, 16), "Segmented", map[string][]byte{
			"Red": {0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 4}, "Green": {0, 0, 1, 0, 0, 2, 1, 0, 1, 0, 0, 5},
			"Blue": {0, 0, 1, 0, 0, 3, 1, 0, 1, 0, 0, 6},
		}),
	} {
		f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s)), 0)
		if !bytes.Equal(f.RGB, want) {
			t.Errorf("%s: %v", name, f.RGB)
		}
	}
	short := build(desc(300, 0, 16), "", map[string][]byte{"Red": {1, 4}, "Green": {2, 5}, "Blue": {3, 6}})
	wantFault(t, openBytes(t, "short.dcm", part10File(explicitLittle, short)), CodeDamaged)
}

// Enhanced US keeps flow as values over those of grey, with a palette for them alone.
func TestSupplementalPalette(t *testing.T) {
	e := littleExplicit
	build := func(es ...el) set {
		s := still(3, 2).with(el{"BitsAllocated", 16}, el{"BitsStored", 10}, el{"HighBit", 9}, el{"PixelPresentation", "MIXED"},
			el{"PixelData", e.u16s(0, 51, 255, 256, 257, 258)})
		for i, c := range []string{"Red", "Green", "Blue"} {
			s = s.with(el{c + "PaletteColorLookupTableDescriptor", e.u16s(2, 256, 16)},
				el{c + "PaletteColorLookupTableData", e.u16s(256*(10+i), 256*(20+i))})
		}
		return s.with(es...)
	}
	colours := []byte{10, 11, 12, 20, 21, 22}
	for name, c := range map[string]struct {
		file set
		want []byte
	}{
		"grey below the colours": {build(), slices.Concat([]byte{0, 0, 0, 51, 51, 51, 255, 255, 255}, colours, []byte{255, 255, 255})},
		"flow":                   {build(el{"PixelPresentation", "COLOR"}), slices.Concat([]byte{0, 0, 0, 51, 51, 51, 255, 255, 255}, colours, []byte{255, 255, 255})},
		"a window": {
			build(el{"WindowCenter", "51"}, el{"WindowWidth", "102"}, el{"VOILUTFunction", "LINEAR_EXACT"}),
			slices.Concat([]byte{0, 0, 0, 128, 128, 128, 255, 255, 255}, colours, []byte{255, 255, 255}),
		},
	} {
		f := mustFrame(t, mustOpen(t, part10File(explicitLittle, c.file)), 0)
		if !bytes.Equal(f.RGB, c.want) {
			t.Errorf("%s: %v", name, f.RGB)
		}
	}
	for name, el := range map[string]el{"monochrome": {"PixelPresentation", "MONOCHROME"}, "signed": {"PixelRepresentation", 1}} {
		if f := mustFrame(t, mustOpen(t, part10File(explicitLittle, build(el))), 0); f.RGB != nil {
			t.Errorf("%s: coloured", name)
		}
	}
	cut := build(el{"BluePaletteColorLookupTableData", []byte{1, 2}}, el{"BluePaletteColorLookupTableDescriptor", e.u16s(9, 256, 16)})
	wantFault(t, openBytes(t, "cut.dcm", part10File(explicitLittle, cut)), CodeDamaged)
}

func TestMonochrome1IsShownInverted(t *testing.T) {
	s := still(2, 1).with(el{"PhotometricInterpretation", "MONOCHROME1"}, el{"PixelData", []byte{0, 255}})
	f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s)), 0)
	if !slices.Equal(f.Grey, []uint16{0, 255}) {
		t.Errorf("stored values %v", f.Grey)
	}
	if l := f.Luma(); l[0] != 1 || l[1] != 0 {
		t.Errorf("luma %v", l)
	}
}

func TestBigEndianWords(t *testing.T) {
	s := still(3, 2).with(el{"NumberOfFrames", "2"}, el{"Rows", 1})
	e := encoder{order: binary.BigEndian, explicit: true}
	body := e.set(s.with(el{"PixelData", nil}))
	pix := []byte{1, 0, 3, 2, 5, 4}
	body = append(append(body, e.head(tagPixelData, "OW", len(pix))...), pix...)
	it := mustOpen(t, append(part10File(explicitBig, nil), body...))
	if f := mustFrame(t, it, 1); !slices.Equal(f.Grey, []uint16{3, 4, 5}) {
		t.Errorf("second frame %v", f.Grey)
	}
}

func TestFrameTime(t *testing.T) {
	cine := still(2, 3).with(el{"Rows", 1}, el{"NumberOfFrames", "3"})
	for name, c := range map[string]struct {
		e    el
		want time.Duration
	}{
		"FrameTime":                   {el{"FrameTime", "33.5"}, 33500 * time.Microsecond},
		"FrameTimeVector":             {el{"FrameTimeVector", `0\20\40`}, 30 * time.Millisecond},
		"RecommendedDisplayFrameRate": {el{"RecommendedDisplayFrameRate", "25"}, 40 * time.Millisecond},
		"CineRate":                    {el{"CineRate", "50"}, 20 * time.Millisecond},
		"nonsense":                    {el{"FrameTime", "x"}, 0},
	} {
		if it := mustOpen(t, part10File(explicitLittle, cine.with(c.e))); it.FrameTime != c.want {
			t.Errorf("%s: %v", name, it.FrameTime)
		}
	}
}

func TestFrameTimeVector(t *testing.T) {
	cine := still(2, 4).with(el{"Rows", 1}, el{"NumberOfFrames", "4"})
	times := func(v string, es ...el) *Item {
		return mustOpen(t, part10File(explicitLittle, cine.with(append(es, el{"FrameTimeVector", v})...)))
	}
	ms := time.Millisecond
	it := times(`0\10\30\20`)
	if !slices.Equal(it.FrameTimes, []time.Duration{10 * ms, 30 * ms, 20 * ms, 20 * ms}) || it.FrameTime != 20*ms {
		t.Fatalf("%v, on average %v", it.FrameTimes, it.FrameTime)
	}
	for _, c := range []struct{ from, first, last, elapsed, want int }{
		{0, 0, 3, 0, 0},
		{0, 0, 3, 9, 0},
		{0, 0, 3, 10, 1},
		{0, 0, 3, 39, 1},
		{0, 0, 3, 40, 2},
		{0, 0, 3, 79, 3},
		{0, 0, 3, 80, 0},
		{0, 0, 3, 890, 1},
		{2, 0, 3, 25, 3},
		{2, 0, 3, 45, 0},
		{1, 1, 2, 49, 2},
		{1, 1, 2, 50, 1},
		{2, 1, 2, 20, 1},
	} {
		if got := it.FrameAfter(c.from, c.first, c.last, time.Duration(c.elapsed)*ms, ms); got != c.want {
			t.Errorf("%+v: frame %d", c, got)
		}
	}
	even := times(`0\20\20\20`)
	if even.FrameTimes != nil || even.FrameTime != 20*ms {
		t.Errorf("all the same: %v", even.FrameTimes)
	}
	if got := even.FrameAfter(3, 2, 3, 45*ms, 20*ms); got != 3 {
		t.Errorf("frame %d of a range", got)
	}
	for _, v := range []string{`0\10`, `0\10\x\5`, `0\10\-5\3`, `0\0\0\0`} {
		if it := times(v); it.FrameTimes != nil {
			t.Errorf("%s: %v", v, it.FrameTimes)
		}
	}
	if it := times(`0\10\30\20`, el{"FrameTime", "40"}); it.FrameTimes != nil || it.FrameTime != 40*ms {
		t.Error("the vector goes before Frame Time")
	}
}

func TestFramesThatAreNotStated(t *testing.T) {
	if it := mustOpen(t, part10File(explicitLittle, still(4, 3).with(el{"Rows", 1}))); it.Frames != 3 {
		t.Errorf("%d frames, want 3", it.Frames)
	}
}

func TestRefusals(t *testing.T) {
	s := still(4, 3)
	for name, c := range map[string]struct {
		syntax string
		s      set
		want   fault.Code
	}{
		"JPEG 2000 part 2":      {"1.2.840.10008.1.2.4.92", s.with(el{"PixelData", capsule{fragments: [][]byte{{1, 2}}}}), CodeSyntax},
		"unknown syntax":        {"1.2.3", s, CodeSyntax},
		"GE private":            {"1.2.840.113619.5.2", s, CodeSyntax},
		"no syntax, odd length": {"", s.with(el{"PixelData", make([]byte, 40)}), CodeNoSyntax},
		"no syntax, RLE":        {"", s.with(el{"PixelData", capsule{fragments: [][]byte{make([]byte, 80)}}}), CodeNoSyntax},
		"no syntax, no rows":    {"", s.with(el{"Rows", nil}), CodeDamaged},
		"no rows":               {explicitLittle, s.with(el{"Rows", nil}), CodeDamaged},
		"empty rows":            {explicitLittle, s.with(el{"Rows", ""}), CodeDamaged},
		"too wide":              {explicitLittle, s.with(el{"Columns", 40000}), CodeTooLarge},
		"huge in all":           {explicitLittle, s.with(el{"Rows", 16384}, el{"Columns", 16384}), CodeTooLarge},
		"32 bits":               {explicitLittle, s.with(el{"BitsAllocated", 32}), CodePixels},
		"1 bit":                 {explicitLittle, s.with(el{"BitsAllocated", 1}), CodePixels},
		"CMYK":                  {explicitLittle, s.with(el{"PhotometricInterpretation", "CMYK"}), CodePixels},
		"samples":               {explicitLittle, s.with(el{"SamplesPerPixel", 3}), CodeDamaged},
		"frames in words":       {explicitLittle, s.with(el{"NumberOfFrames", "1A"}), CodeDamaged},
		"negative frames":       {explicitLittle, s.with(el{"NumberOfFrames", "-3"}), CodeDamaged},
		"too many frames":       {explicitLittle, s.with(el{"NumberOfFrames", "2000000"}), CodeTooLarge},
		"frames missing":        {explicitLittle, s.with(el{"NumberOfFrames", "7"}), CodeCutCine},
		"pixels missing":        {explicitLittle, s.with(el{"Rows", 9}), CodeTruncated},
		"native, encapsulated":  {explicitLittle, s.with(el{"PixelData", capsule{fragments: [][]byte{{1, 2}}}}), CodeDamaged},
		"JPEG, native":          {"1.2.840.10008.1.2.4.50", s, CodeDamaged},
		"JPEG, none":            {"1.2.840.10008.1.2.4.50", s.with(el{"PixelData", capsule{}}), CodeTruncated},
		"JPEG, garbage":         {"1.2.840.10008.1.2.4.50", s.with(el{"PixelData", capsule{fragments: [][]byte{{1, 2}}}}), CodeDamaged},
		"float":                 {explicitLittle, s.with(el{"PixelData", nil}, el{"FloatPixelData", make([]byte, 48)}), CodePixels},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, openBytes(t, "x.dcm", part10File(c.syntax, c.s)), c.want)
		})
	}
}

// A file that does not say its transfer syntax opens where there is only one that it can be in.
func TestSyntaxIsGuessedWhereThereIsOnlyOne(t *testing.T) {
	big := encoder{order: binary.BigEndian, explicit: true}
	implicit := encoder{order: binary.LittleEndian}
	deep := still(3, 2).with(el{"BitsAllocated", 16}, el{"BitsStored", 16}, el{"HighBit", 15}, el{"PixelData", nil})
	pix := []byte{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6}
	words := slices.Concat(big.head(tagPixelData, "OW", len(pix)), pix)
	for name, c := range map[string]struct {
		data []byte
		want []uint16
	}{
		"explicit":                       {part10File("", still(2, 1)), []uint16{0, 7}},
		"implicit":                       {append(part10File("", nil), implicit.set(still(2, 1))...), []uint16{0, 7}},
		"big endian":                     {slices.Concat(part10File("", nil), big.set(deep), words), []uint16{1, 2, 3, 4, 5, 6}},
		"explicit without preamble":      {littleExplicit.set(still(2, 1)), []uint16{0, 7}},
		"implicit without preamble":      {implicit.set(still(2, 1)), []uint16{0, 7}},
		"big endian without preamble":    {slices.Concat(big.set(deep), words), []uint16{1, 2, 3, 4, 5, 6}},
		"meta information, no mark":      {part10File("", still(2, 1))[132:], []uint16{0, 7}},
		"an odd number of bytes, padded": {part10File("", still(3, 1)), []uint16{0, 7, 14}},
	} {
		it := mustOpen(t, c.data)
		if f := mustFrame(t, it, 0); !slices.Equal(f.Grey, c.want) {
			t.Errorf("%s: %v, want %v", name, f.Grey, c.want)
		}
		if it.TransferSyntax != "" {
			t.Errorf("%s: the item says %s, the file says nothing", name, it.TransferSyntax)
		}
	}
	jpeg := still(8, 8).with(el{"PixelData", capsule{fragments: [][]byte{tinyJPEG("\x01", 100)}}})
	want := mustFrame(t, mustOpen(t, part10File(baseline, jpeg)), 0)
	if got := mustFrame(t, mustOpen(t, part10File("", jpeg)), 0); !slices.Equal(got.Grey, want.Grey) {
		t.Errorf("JPEG: %v, want %v", got.Grey, want.Grey)
	}
}

func TestNoPictures(t *testing.T) {
	s := still(4, 3)
	for name, c := range map[string]struct {
		s    set
		want fault.Code
	}{
		"report":       {s.with(el{"SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.33"}), CodeNoPixels},
		"presentation": {s.with(el{"SOPClassUID", "1.2.840.10008.5.1.4.1.1.11.1"}), CodeNoPixels},
		"no pixels":    {s.with(el{"PixelData", nil}), CodeNoPixels},
		"SEG":          {s.with(el{"SOPClassUID", "1.2.840.10008.5.1.4.1.1.66.4"}), CodeSegmentation},
		"SEG modality": {s.with(el{"Modality", "SEG"}), CodeSegmentation},
		"directory":    {set{{"DirectoryRecordSequence", []set{{{"Modality", "US"}}}}}, CodeDirectory},
	} {
		if f := openBytes(t, "x.dcm", part10File(explicitLittle, c.s)); f.Skipped != c.want || f.Refused != nil {
			t.Errorf("%s: skipped %q, refused %v", name, f.Skipped, f.Refused)
		}
	}
}

func TestPreambleThatLooksLikeTIFF(t *testing.T) {
	b := part10File(explicitLittle, still(4, 3))
	copy(b, "II*\x00")
	mustOpen(t, b)
}

func TestUNSequence(t *testing.T) {
	// A sequence written as UN of undefined length holds implicit little endian items, whatever is around it.
	inner := encoder{order: binary.LittleEndian}.sequence(tags["SequenceOfUltrasoundRegions"], []set{{{"RegionDataType", 1}}})
	body := append(littleExplicit.head(tags["SequenceOfUltrasoundRegions"], "UN", undefinedLength), inner[8:]...)
	rest := littleExplicit.set(still(4, 3))
	it := mustOpen(t, slices.Concat(part10File(explicitLittle, nil), body, rest))
	if len(it.Regions) != 1 || it.Regions[0].DataType != 1 {
		t.Errorf("regions %+v", it.Regions)
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	var b []byte
	for range 10000 {
		b = append(b, littleExplicit.head(0x00091001, "SQ", undefinedLength)...)
		b = append(b, littleExplicit.head(tagItem, "", undefinedLength)...)
	}
	f := openBytes(t, "deep.dcm", append(part10File(explicitLittle, nil), b...))
	wantFault(t, f, CodeDamaged)
	if !strings.Contains(f.Refused.Error(), "nested") {
		t.Error(f.Refused)
	}
}

func TestGiantLengthsAllocateNothing(t *testing.T) {
	head := part10File(explicitLittle, nil)
	for _, tg := range []tag{tags["PatientName"], 0x00091001, tags["RedPaletteColorLookupTableData"], tagPixelData} {
		data := append(slices.Clone(head), littleExplicit.head(tg, "UN", 0x7ffffff0)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := openDICOM(bytes.NewReader(data), original{size: int64(len(data))}); err == nil {
			t.Errorf("%08x: opens", tg)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%08x: %d bytes", tg, n)
		}
	}
}

// A file cut anywhere is refused or set aside, never shown with less than it says. Behind the pixels nothing matters.
func TestCutAnywhere(t *testing.T) {
	jpegFrame := tinyJPEG("\x01", 3)
	frag := capsule{fragments: [][]byte{jpegFrame, jpegFrame}}
	cine := still(8, 8).with(el{"NumberOfFrames", "2"})
	for name, whole := range map[string][]byte{
		"native": part10File(explicitLittle, cine.with(el{"Rows", 4})),
		"JPEG":   part10File("1.2.840.10008.1.2.4.50", cine.with(el{"PixelData", frag})),
	} {
		t.Run(name, func(t *testing.T) {
			for n := range len(whole) {
				df, err := openDICOM(bytes.NewReader(whole[:n]), original{size: int64(n)})
				if err != nil {
					if c := fault.CodeOf(err); c == "" || strings.Contains(err.Error(), "gave up") {
						t.Fatalf("cut at %d: %v", n, err)
					}
					continue
				}
				if df.skipped == "" && df.item.Frames != 2 {
					t.Fatalf("cut at %d opens with %d frames", n, df.item.Frames)
				}
				if df.skipped == "" && n < len(whole)-8 { // the end mark
					t.Fatalf("cut at %d of %d opens", n, len(whole))
				}
			}
		})
	}
}

func TestCutCineSaysHowManyFramesAreThere(t *testing.T) {
	cine := part10File(explicitLittle, still(8, 8).with(el{"NumberOfFrames", "8"}, el{"Rows", 1}))
	f := openBytes(t, "x.dcm", cine[:len(cine)-20])
	wantFault(t, f, CodeCutCine)
	if got := fmt.Sprint(f.Refused.Args["Have"], " of ", f.Refused.Args["Frames"]); got != "5 of 8" {
		t.Error(got)
	}
}
