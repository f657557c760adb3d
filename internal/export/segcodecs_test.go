package export

import (
	"bytes"
	"compress/flate"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/part10"
	"echoline/internal/study"
	"echoline/internal/study/j2k"
)

// recoded writes a SEG of ours anew, with each frame made by pack from its whole bytes.
func recoded(t *testing.T, path, syntax string, bits int, pack func(frame []byte) []byte) string {
	t.Helper()
	set := parsedFile(t, path)
	px := set.Find(tagPixels)
	w, h := number(set, tagColumns, 0), number(set, tagRows, 0)
	n := 0
	if _, err := fmt.Sscan(set.Text(tagFrames), &n); err != nil {
		t.Fatal(err)
	}
	fragments := [][]byte{{}}
	for i := range n {
		frame := make([]byte, (w*h*bits+7)/8)
		for k := range w * h {
			switch at := i*w*h + k; bits {
			case 1:
				frame[k/8] |= px.Data[at/8] >> (at % 8) & 1 << (k % 8)
			default:
				frame[k] = px.Data[at]
			}
		}
		fragment := pack(frame)
		if len(fragment)%2 == 1 {
			fragment = append(fragment, 0)
		}
		fragments = append(fragments, fragment)
	}
	var rest part10.Set
	for _, e := range set {
		if e.Tag != tagPixels {
			rest = append(rest, e)
		}
	}
	var b bytes.Buffer
	b.Write(part10.Header(set.Text(tagClass), set.Text(part10.SOPInstance), syntax, "2.25.1", "TEST"))
	b.Write(rest.Bytes())
	if err := part10.WriteFragments(&b, fragments); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "recoded.dcm")
	if err := os.WriteFile(out, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// rle is RLE Lossless of one byte per sample, in runs that are not packed.
func rle(frame []byte) []byte {
	out := append([]byte{1, 0, 0, 0, 64, 0, 0, 0}, make([]byte, 56)...)
	for len(frame) > 0 {
		n := min(len(frame), 128)
		out = append(append(out, byte(n-1)), frame[:n]...)
		frame = frame[n:]
	}
	return out
}

func deflated(t *testing.T) func(frame []byte) []byte {
	return func(frame []byte) []byte {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestCompression)
		if err == nil {
			_, err = w.Write(frame)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
}

// twoLabels is a cine of odd size with two labels in three frames.
func twoLabels(t *testing.T) Item {
	it := filmed(t, Item{Source: source("cine", 61, 47, 5)})
	for _, i := range []int{0, 2, 4} {
		p := ellipse(61, 47, 20+float64(i), 22, 9, 7, 1)
		for k := range 30 {
			p.Set(30+k, 40-i, 2)
		}
		it.Frames = append(it.Frames, frame(i, p))
	}
	return it
}

// comesBack reads one file onto the item's image, and compares it with its masks.
func comesBack(t *testing.T, path string, it Item) {
	t.Helper()
	out, failed, err := Read(t.Context(), []string{path}, []*study.Item{it.Source}, ReadOptions{Known: input().Labels})
	if err != nil || len(failed) > 0 || len(out) != 1 || len(out[0].Frames) != len(it.Frames) {
		t.Fatalf("%v %v %+v", err, failed, out)
	}
	masks := map[int]*mask.Plane{}
	for _, f := range out[0].Frames {
		masks[f.Key.Frame] = f.Labels
	}
	for _, f := range it.Frames {
		if got := masks[f.Index]; got == nil || !got.Equal(f.Labels) {
			t.Errorf("frame %d differs", f.Index)
		}
	}
}

// TestCompressedSegmentationsAreRead: BINARY and label maps come back bit by bit from every lossless compression.
func TestCompressedSegmentationsAreRead(t *testing.T) {
	it := twoLabels(t)
	for format, bits := range map[string]int{"seg": 1, "seg-labelmap": 8} {
		path := run(t, input(it), options(t, format)).Files[0].Path
		comesBack(t, path, it)
		comesBack(t, recoded(t, path, rleLossless, bits, rle), it)
		comesBack(t, recoded(t, path, deflatedFrames, bits, deflated(t)), it)
		if bits == 1 {
			t.Run("JPEG 2000", func(t *testing.T) {
				comesBack(t, recoded(t, path, "1.2.840.10008.1.2.4.90", 1, openJPEG(t, 61, 47, "j2k")), it)
			})
			continue
		}
		for _, way := range []string{"--jpegls", "--j2k", "--rle", "--jpeg"} {
			t.Run(way, func(t *testing.T) {
				tool, err := exec.LookPath("gdcmconv")
				if err != nil {
					t.Skip("gdcmconv is missing: run scripts/packages.sh test")
				}
				comesBack(t, converted(t, tool, way, path), it)
			})
		}
	}
}

// TestHighThroughputSegmentationsAreRead: BINARY and label maps in HTJ2K, as two encoders write it, come back bit by bit. The streams
// are those of the decoder's own tests, whose pixels follow a formula.
func TestHighThroughputSegmentationsAreRead(t *testing.T) {
	if !j2k.HT() {
		t.Skip("OpenJPEG", j2k.Version(), "reads no HTJ2K")
	}
	const w, h = 37, 29
	for _, c := range []struct {
		stream, format, syntax string
		bits, top              int
	}{
		{"grey1-openjph.j2k", "seg", "1.2.840.10008.1.2.4.201", 1, 1},
		{"grey1-openjph.j2k", "seg", "1.2.840.10008.1.2.4.202", 1, 1},
		{"grey8-openjph.j2k", "seg-labelmap", "1.2.840.10008.1.2.4.202", 8, 255},
		{"grey8-ht.j2k", "seg-labelmap", "1.2.840.10008.1.2.4.201", 8, 255},
	} {
		data, err := os.ReadFile(filepath.Join("../study/j2k/testdata", c.stream))
		if err != nil {
			t.Fatal(err)
		}
		it := filmed(t, Item{Source: source("cine", w, h, 3)})
		for _, i := range []int{0, 2} {
			p := mask.NewPlane(w, h)
			for n := range p.Pix {
				x, y := n%w, n/w
				p.Pix[n] = uint8((x*7 + y*13 + x*y/3) % (c.top + 1))
			}
			it.Frames = append(it.Frames, frame(i, p))
		}
		path := run(t, input(it), options(t, c.format)).Files[0].Path
		comesBack(t, recoded(t, path, c.syntax, c.bits, func([]byte) []byte { return data }), it)
	}
}

// openJPEG compresses frames of single bits with OpenJPEG's program.
func openJPEG(t *testing.T, w, h int, kind string) func(frame []byte) []byte {
	tool, err := exec.LookPath("opj_compress")
	if err != nil {
		t.Skip("opj_compress (package libopenjp2-tools) is missing")
	}
	return func(frame []byte) []byte {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in.pgm"), filepath.Join(dir, "out."+kind)
		if err := os.WriteFile(in, append(fmt.Appendf(nil, "P5\n%d %d\n1\n", w, h), loosen(frame, w*h)...), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command(tool, "-i", in, "-o", out).CombinedOutput(); err != nil {
			t.Skipf("opj_compress: %v\n%s", err, said)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

// converted has gdcmconv write a label map with another transfer syntax. As it does not know the class, it is told that it is
// the older one.
func converted(t *testing.T, tool, way, path string) string {
	t.Helper()
	set := parsedFile(t, path)
	set.Find(tagClass).Data = []byte(segStorage)
	path = filepath.Join(t.TempDir(), "in.dcm")
	head := part10.Header(segStorage, set.Text(part10.SOPInstance), "1.2.840.10008.1.2.1", "2.25.1", "TEST")
	if err := os.WriteFile(path, append(head, set.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.dcm")
	if said, err := exec.Command(tool, way, path, out).CombinedOutput(); err != nil {
		t.Skipf("gdcmconv %s: %v\n%s", way, err, said)
	}
	return out
}

// TestCompressedProbability: fractions are read of lossless and of lossy compression.
func TestCompressedProbability(t *testing.T) {
	const fractional = "../../../shared/data/dicom/seg-example/FRACTIONAL.dcm"
	tool, err := exec.LookPath("gdcmconv")
	if _, missing := os.Stat(fractional); missing != nil || err != nil {
		t.Skip("gdcmconv or the sample is missing")
	}
	set := parsedFile(t, fractional)
	ref := firstItem(firstItem(firstItem(set, tagPerFrame), tagDerivation), tagSources)
	it := source("sample", number(set, tagColumns, 0), number(set, tagRows, 0), 1000)
	it.ID = ref.Text(tagInstance)
	it.Header.Attr["SOPInstanceUID"] = it.ID
	read := func(path string) []Found {
		out, failed, err := Read(t.Context(), []string{path}, []*study.Item{it}, ReadOptions{Map: map[string]uint8{"1": 1}})
		if err != nil || len(failed) > 0 || len(out) != 1 || len(out[0].Frames) == 0 {
			t.Fatalf("%s: %v %v %+v", path, err, failed, out)
		}
		return out[0].Frames
	}
	want := read(fractional)
	for way, most := range map[string]float32{"--jpegls": 0, "--j2k": 0, "--rle": 0, "--jpeg": 0, "--jpegls --lossy -e 2": 0.012} {
		out := filepath.Join(t.TempDir(), "out.dcm")
		args := append(fieldsOf(way), fractional, out)
		if said, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
			t.Errorf("gdcmconv %s: %v\n%s", way, err, said)
			continue
		}
		got := read(out)
		if len(got) != len(want) {
			t.Fatalf("%s: %d of %d frames", way, len(got), len(want))
		}
		for i := range want {
			for n, v := range want[i].Probability {
				if d := got[i].Probability[n] - v; d > most || d < -most {
					t.Fatalf("%s: %g for %g", way, got[i].Probability[n], v)
				}
			}
		}
	}
}

func fieldsOf(s string) (out []string) {
	for _, f := range bytes.Fields([]byte(s)) {
		out = append(out, string(f))
	}
	return out
}

// TestCompressionsThatAreRefused: what cannot hold masks, what is not known and what is damaged is refused by name.
func TestCompressionsThatAreRefused(t *testing.T) {
	it := twoLabels(t)
	binary := run(t, input(it), options(t, "seg")).Files[0].Path
	labels := run(t, input(it), options(t, "seg-labelmap")).Files[0].Path
	short := func(frame []byte) []byte { return rle(frame[:len(frame)/2]) }
	empty := func([]byte) []byte { return nil }
	for name, c := range map[string]struct {
		path string
		want fault.Code
	}{
		"lossy label map":    {recoded(t, labels, "1.2.840.10008.1.2.4.81", 8, rle), CodeReadSyntax},
		"lossy binary":       {recoded(t, binary, "1.2.840.10008.1.2.4.50", 1, rle), CodeReadSyntax},
		"lossy HTJ2K":        {recoded(t, labels, "1.2.840.10008.1.2.4.203", 8, rle), CodeReadSyntax},
		"video":              {recoded(t, labels, "1.2.840.10008.1.2.4.102", 8, rle), CodeReadSyntax},
		"unknown":            {recoded(t, labels, "1.2.3.4", 8, rle), CodeReadSyntax},
		"short RLE":          {recoded(t, labels, rleLossless, 8, short), CodeReadBroken},
		"no RLE":             {recoded(t, binary, rleLossless, 1, empty), CodeReadBroken},
		"nothing deflated":   {recoded(t, binary, deflatedFrames, 1, empty), CodeReadBroken},
		"no JPEG-LS, though": {recoded(t, labels, "1.2.840.10008.1.2.4.80", 8, rle), study.CodeDamaged},
	} {
		out, failed, err := Read(t.Context(), []string{c.path}, []*study.Item{it.Source}, ReadOptions{})
		if err != nil || len(out) > 0 || len(failed) != 1 || failed[0].Code != c.want || failed[0].Where != c.path {
			t.Errorf("%s: %v %v %v", name, err, failed, out)
		}
	}
}

// TestSegmentationsBesideImages: those that refer to an image of the study are found, with their frames; others are not.
func TestSegmentationsBesideImages(t *testing.T) {
	it := twoLabels(t)
	dir := t.TempDir()
	o := options(t, "seg")
	o.Dir = dir
	run(t, input(it), o)
	other := twoLabels(t)
	other.Source.Name = "other"
	o = options(t, "seg")
	o.Dir = dir
	run(t, input(other), o)
	data, err := os.ReadFile(it.Source.Path)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"image.dcm": data, "broken.dcm": data[:300]} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st, err := study.Open(t.Context(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Segmentations(t.Context(), st)
	if err != nil || len(got) != 1 || len(got[0].Frames) != 3 || got[0].Frames[1].Frame != 2 || got[0].Frames[1].Instance != it.Source.ID || len(got[0].SHA256) != 64 {
		t.Errorf("%v %+v", err, got)
	}
}

// TestSegmentationOfOneUIDOutOfTwo: where two open images have the same instance UID, a mask goes to the one that it fits.
func TestSegmentationOfOneUIDOutOfTwo(t *testing.T) {
	it := twoLabels(t)
	path := run(t, input(it), options(t, "seg")).Files[0].Path
	for name, other := range map[string]*study.Item{"another size": source("other", 44, 30, 5), "fewer frames": source("other", 61, 47, 1)} {
		other.ID = "another"
		other.Header.Attr["SOPInstanceUID"] = it.Source.Header.Attr["SOPInstanceUID"]
		out, failed, err := Read(t.Context(), []string{path}, []*study.Item{other, it.Source}, ReadOptions{Known: input().Labels})
		if err != nil || len(failed) > 0 || len(out) != 1 || len(out[0].Frames) != 3 {
			t.Fatalf("%s: %v %v %+v", name, err, failed, out)
		}
		for _, f := range out[0].Frames {
			if f.Key.Instance != it.Source.ID {
				t.Errorf("%s: a mask lies on %v", name, f.Key)
			}
		}
	}
}
