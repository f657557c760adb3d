package study

import (
	"bytes"
	"encoding/binary"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"echoline/internal/fault"
)

// seeds are small files of many kinds, and the samples on which another library crashes.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	one := tinyJPEG("\x01", 100)
	three := tinyJPEG("\x01\x02\x03", 100, 120, 130)
	cine := still(8, 8).with(el{"NumberOfFrames", "2"})
	out := [][]byte{
		part10File(implicitLittle, still(4, 3)),
		part10File(explicitLittle, still(4, 3)),
		part10File(explicitBig, still(4, 3)),
		part10File(explicitLittle, still(4, 3).with(el{"SequenceOfUltrasoundRegions", []set{{{"RegionDataType", 1}}}})),
		part10File(baseline, cine.with(el{"PixelData", capsule{fragments: [][]byte{one[:100], one[100:], one}}})),
		part10File(baseline, still(8, 8).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "RGB"},
			el{"PixelData", capsule{fragments: [][]byte{three}}})),
		part10File("1.2.840.10008.1.2.5", still(2, 1).with(el{"PixelData", capsule{fragments: [][]byte{packRLE([]byte{1, 2}, 2, 1, 1)}}})),
		deflated(still(4, 3)),
		littleExplicit.set(still(4, 3)),
	}
	vector := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(codecsDir, name))
		if err != nil {
			tb.Fatal(err)
		}
		return data
	}
	even := func(b []byte) []byte { return append(b, make([]byte, len(b)%2)...) }
	row := still(9, 1).with(el{"PixelData", capsule{fragments: [][]byte{even(vector("s-libjpeg-9x1.jls"))}}})
	rgb := still(9, 1).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "RGB"},
		el{"PixelData", capsule{fragments: [][]byte{even(vector("l-libjpeg-9x1.jpg"))}}})
	out = append(out, part10File("1.2.840.10008.1.2.4.80", row), part10File("1.2.840.10008.1.2.4.57", rgb),
		vector("f51-grey12.dcm"), vector("f70-palette.dcm"), vector("f81-rgb8.dcm"))
	crashes, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "dicom", "crash", "*.dcm"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range crashes {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

// fuzzSeeds are seeds and the kept small files, but for JPEG 2000, whose library may end the process.
func fuzzSeeds(tb testing.TB) [][]byte {
	tb.Helper()
	out := seeds(tb)
	kept, err := filepath.Glob(filepath.Join(seedDir, "*"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range kept {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		if !bytes.Contains(data, []byte("\xff\x4f\xff\x51")) {
			out = append(out, data)
		}
	}
	return out
}

// check opens data as DICOM and decodes what opens. Whatever it is, it must end in a picture of the stated size or in a
// fault with a code, never in a panic.
func check(tb testing.TB, data []byte) {
	df, err := openDICOM(bytes.NewReader(data), original{size: int64(len(data))})
	if err != nil {
		checkFault(tb, err)
		return
	}
	if df.skipped != "" {
		return
	}
	src := df.source
	if src == nil {
		tb.Fatal("opened without a source")
	}
	for i := range min(df.item.Frames, 3) {
		f, err := src.frameFrom(bytes.NewReader(data), i)
		if err != nil {
			checkFault(tb, err)
			continue
		}
		n := f.W * f.H
		if f.W != df.item.W || f.H != df.item.H || (len(f.Grey) != n && len(f.RGB) != 3*n) || (f.Grey != nil) == (f.RGB != nil) {
			tb.Fatalf("a frame of %d×%d with %d and %d samples", f.W, f.H, len(f.Grey), len(f.RGB))
		}
		for _, v := range f.Grey {
			if int(v) > f.Max {
				tb.Fatalf("value %d over %d", v, f.Max)
			}
		}
	}
}

func checkFault(tb testing.TB, err error) {
	if fault.CodeOf(err) == "" || strings.Contains(err.Error(), "gave up") {
		tb.Fatalf("%v", err)
	}
}

func FuzzOpenDICOM(f *testing.F) {
	for _, s := range fuzzSeeds(f) {
		if len(s) <= 16<<10 {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}

func FuzzScan(f *testing.F) {
	for _, s := range fuzzSeeds(f) {
		if len(s) > 132 && len(s) <= 16<<10 {
			f.Add(s[132:], true, false)
			f.Add(s[132:], false, true)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, explicit, big bool) {
		s := &scan{in: newView(bytes.NewReader(data), int64(len(data))), explicit: explicit, order: binary.LittleEndian}
		if big {
			s.order = binary.BigEndian
		}
		set := newDataSet(s.order)
		end, err := s.walk(0, int64(len(data)), 0, set)
		if err != nil {
			checkFault(t, err)
		} else if end != int64(len(data)) {
			t.Fatalf("stopped at %d of %d", end, len(data))
		}
		kept := 0
		for _, v := range set.values {
			kept += len(v.data)
		}
		if kept > len(data) {
			t.Fatalf("%d bytes kept of %d", kept, len(data))
		}
		if s.pixels != nil {
			for _, f := range s.pixels.fragments {
				if f.off < 0 || f.length < 0 || f.off+f.length > int64(len(data)) {
					t.Fatalf("fragment %+v outside %d bytes", f, len(data))
				}
			}
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce"), `\ISO 2022 IR 149`)
	f.Add([]byte("\x1b$B;3ED\x1b(B^"), `\ISO 2022 IR 87`)
	for i, e := range encodedNames(f) {
		if i%10 == 0 {
			f.Add(e.bytes(f), e.Sets)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, sets string) {
		if s := decodeText(b, strings.Split(sets, `\`)); strings.ToValidUTF8(s, "") != s && !isASCIIOrEscape(b) {
			t.Fatalf("%q is no UTF-8", s)
		}
	})
}

// isASCIIOrEscape tells whether there is nothing to decode.
func isASCIIOrEscape(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r > 0x7f }) < 0
}

// Every byte of the seeds is changed in several ways: a poor man's fuzzing that runs with every test.
func TestChangedBytes(t *testing.T) {
	for _, s := range seeds(t) {
		if len(s) > 2<<10 {
			continue
		}
		for i := range s {
			if i < 128 && len(s) > 132 {
				continue // the preamble means nothing
			}
			for _, v := range []byte{0, 1, 0x7f, 0xff, s[i] ^ 0x20} {
				old := s[i]
				s[i] = v
				check(t, s)
				s[i] = old
			}
		}
	}
}

// Every length is set to what lengths lie with.
func TestLyingLengths(t *testing.T) {
	for _, s := range seeds(t) {
		if len(s) > 2<<10 {
			continue
		}
		for i := 132; i+4 <= len(s); i += 2 {
			old := [4]byte(s[i : i+4])
			for _, v := range []uint32{0, 1, 0xffff, 0xfffffffe, 0xffffffff} {
				binary.LittleEndian.PutUint32(s[i:], v)
				check(t, s)
			}
			copy(s[i:], old[:])
		}
	}
}

// FuzzOpen goes the whole way, from a file of any kind to its frames.
func FuzzOpen(f *testing.F) {
	for _, s := range fuzzSeeds(f) {
		if len(s) <= 4<<10 {
			f.Add(s)
		}
	}
	grey := image.NewGray(image.Rect(0, 0, 5, 4))
	f.Add(encodePNG(f, grey))
	f.Add(jpegOf(f, 9))
	f.Add(tiffOf(f, grey, tiff.Deflate))
	f.Add(pagesOf(f, grey, grey))
	f.Add(part10File(explicitLittle, set{{"DirectoryRecordSequence", []set{record("A", "B"), record("..", "C")}}}))
	for _, name := range []string{"lossy.webp", "lossless.webp", "film.webp", "grey.bmp", "rgb.bmp"} {
		b, err := os.ReadFile(filepath.Join("testdata", "pictures", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	path := filepath.Join(f.TempDir(), "x.dcm")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		st := open(t, path)
		for _, r := range st.Refused {
			checkFault(t, r)
		}
		for _, it := range st.Items {
			for i := range min(it.Frames, 2) {
				if fr, err := it.Frame(i); err != nil {
					checkFault(t, err)
				} else if fr.W != it.W || fr.H != it.H {
					t.Fatalf("%d×%d, want %d×%d", fr.W, fr.H, it.W, it.H)
				}
			}
		}
		if len(st.Items) == 0 && len(st.Refused) == 0 && len(st.Skipped) == 0 {
			t.Fatal("nothing became of the file")
		}
	})
}

// FuzzSegments expands segmented palettes: no more entries than asked for, but for the last segment's.
func FuzzSegments(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 5, 0, 0, 0, 2, 0, 7, 0, 9, 0, 1, 0, 2, 0, 13, 0, 2, 0, 2, 0, 6, 0, 0, 0}, uint16(9), false)
	f.Add([]byte{0, 2, 5, 6, 0, 1, 9, 2, 1, 0, 0, 0, 0, 0}, uint16(5), true)
	f.Fuzz(func(t *testing.T, data []byte, entries uint16, bytes bool) {
		bits := 16
		if bytes {
			bits = 8
		}
		seg := segments(value{"OW", data}, binary.LittleEndian, bits)
		out, err := expandSegments(seg, int(entries), bytes)
		if err != nil {
			checkFault(t, err)
		} else if len(out) > int(entries)+1<<16 {
			t.Fatalf("%d entries of %d", len(out), entries)
		}
	})
}

// FuzzLookup reads lookup tables and draws through them.
func FuzzLookup(f *testing.F) {
	f.Add(words(4, 0, 8), []byte{0, 85, 170, 255}, false, "1", "0")
	f.Add(words(2, 65534, 16), words(10, 255), true, "-2.5", "100")
	f.Fuzz(func(t *testing.T, desc, data []byte, signed bool, slope, intercept string) {
		s := still(4, 3).with(el{"PixelRepresentation", boolInt(signed)}, el{"RescaleSlope", slope}, el{"RescaleIntercept", intercept},
			el{"VOILUTSequence", []set{{{"LUTDescriptor", desc}, {"LUTData", data}}}})
		file := part10File(explicitLittle, s)
		c, err := Direct{}.Describe(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			checkFault(t, err)
			return
		}
		if c.frames == nil {
			return
		}
		fr, err := c.Frame(bytes.NewReader(file), 0)
		if err != nil {
			checkFault(t, err)
			return
		}
		for _, v := range fr.Luma() {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("luma %v", v)
			}
		}
	})
}
