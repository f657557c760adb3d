package dcmwrite

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"
)

func sample(pix []byte) Set {
	return Set{
		Pixels(8, pix),
		Text("PatientName", "홍^길동"),
		Text("PatientID"),
		Text("SOPInstanceUID", NameUID("x")),
		Text("SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"),
		Ints("Columns", 3), Ints("Rows", 1),
		Tags("FrameIncrementPointer", "FrameTime"),
		Seq("SequenceOfUltrasoundRegions", Set{Floats("PhysicalDeltaX", 0.0125), Ints("RegionFlags", 1<<20)}, Set{}),
	}
}

func TestEncodeReadsBack(t *testing.T) {
	data, err := Encode(sample([]byte{1, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data[:132], append(make([]byte, 128), "DICM"...)) {
		t.Error("preamble is not zero")
	}
	ds, err := dicom.Parse(bytes.NewReader(data), int64(len(data)), nil, dicom.SkipProcessingPixelDataValue())
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(ds.Elements); i++ {
		if ds.Elements[i-1].Tag.Compare(ds.Elements[i].Tag) >= 0 {
			t.Errorf("%v stands before %v", ds.Elements[i-1].Tag, ds.Elements[i].Tag)
		}
	}
	find := func(k tag.Tag) *dicom.Element {
		e, err := ds.FindElementByTag(k)
		if err != nil {
			t.Fatal(k, err)
		}
		return e
	}
	if got := dicom.MustGetStrings(find(tag.PatientName).Value)[0]; got != "홍^길동" {
		t.Errorf("name %q", got)
	}
	if got := dicom.MustGetInts(find(tag.FrameIncrementPointer).Value); got[0] != 0x18 || got[1] != 0x1063 {
		t.Errorf("pointer %x", got)
	}
	pix := dicom.MustGetPixelDataInfo(find(tag.PixelData).Value).UnprocessedValueData
	if !bytes.Equal(pix, []byte{1, 2, 3, 0}) {
		t.Errorf("pixels %v", pix)
	}
	if n := len(find(tag.SequenceOfUltrasoundRegions).Value.GetValue().([]*dicom.SequenceItemValue)); n != 2 {
		t.Errorf("%d items", n)
	}
}

// The caller's slice may have room behind it that belongs to somebody else.
func TestPaddingLeavesTheCallersBytesAlone(t *testing.T) {
	whole := []byte{1, 2, 3, 9}
	if _, err := Encode(sample(whole[:3])); err != nil {
		t.Fatal(err)
	}
	if whole[3] != 9 {
		t.Error("padding overwrote the byte behind the pixels")
	}
}

func TestEncodeRefuses(t *testing.T) {
	with := func(e Elem) Set { return append(sample([]byte{1, 2}), e) }
	for name, s := range map[string]Set{
		"unknown keyword": with(Text("NoSuchThing", "x")),
		"unknown pointer": with(Tags("DimensionIndexPointer", "NoSuchThing")),
		"twice":           with(Text("PatientID", "x")),
		"too long":        with(Text("ContentLabel", strings.Repeat("A", 17))),
		"not UTF-8":       with(Text("SeriesDescription", "\xff")),
		"in an item":      with(Seq("ReferencedSeriesSequence", Set{Text("NoSuchThing")})),
		"no class":        {Text("SOPInstanceUID", "1.2")},
		"bad bits":        {Text("SOPInstanceUID", "1.2"), Text("SOPClassUID", "1.2"), Pixels(12, nil)},
		"wrong kind":      with(Text("NumberOfWaveformChannels", "x")),
	} {
		if _, err := Encode(s); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestUIDs(t *testing.T) {
	form := regexp.MustCompile(`^2\.25\.(0|[1-9][0-9]{0,38})$`)
	a, b := NewUID(), NewUID()
	if a == b || !form.MatchString(a) || !form.MatchString(b) {
		t.Errorf("random: %s %s", a, b)
	}
	const want = "2.25.186299357940347433265132552398638708154"
	if got := NameUID("a"); got != want || NameUID("b") == want {
		t.Errorf("by name: %s %s", got, NameUID("b"))
	}
}

func TestClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Clean(rapid.String().Draw(t, "s"), 16)
		if err := checkText("SH", []string{s}); err != nil || strings.ContainsAny(s, "\\\n\x00") || s != strings.TrimSpace(s) {
			t.Fatalf("%q: %v", s, err)
		}
	})
	if got := Clean("Dr. Kim\\Lee", 64); got != "Dr. Kim Lee" {
		t.Errorf("%q", got)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(filepath.Join(dir, "a.dcm"), sample([]byte{1, 2}), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "none", "a.dcm"), sample([]byte{1, 2}), 0o644); err == nil {
		t.Error("wrote into a folder that is not there")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
