package jpeglossless

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/study/jpegparts"
)

// The streams of other people's coders; study's tests hold all of them against their references.
const vectors = "../testdata/codecs"

func vector(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

var small = jpegparts.Expect{W: 41, H: 31, Components: 1, Bits: 8}

// Table H.1 of the standard, sample by sample.
func TestPredictors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "width")
		sample := rapid.SampledFrom([]uint16{0, 1, 2, 254, 255, 256, 32767, 32768, 65534, 65535})
		row, above := rapid.SliceOfN(sample, n, n).Draw(t, "row"), rapid.SliceOfN(sample, n, n).Draw(t, "above")
		predictor := rapid.IntRange(1, 7).Draw(t, "predictor")
		diffs := make([]uint16, n)
		for x := range row {
			p := int(above[0])
			if x > 0 {
				a, b, c := int(row[x-1]), int(above[x]), int(above[x-1])
				p = []int{1: a, b, c, a + b - c, a + (b-c)>>1, b + (a-c)>>1, (a + b) / 2}[predictor]
			}
			diffs[x] = uint16(int(row[x]) - p)
		}
		sum(byte(predictor), diffs, above)
		if !slices.Equal(diffs, row) {
			t.Fatalf("got %v, want %v", diffs, row)
		}
	})
}

// change returns the stream with one byte of the first segment of that mark changed; at counts from the mark.
func change(b []byte, mark byte, at int, v byte) []byte {
	b = slices.Clone(b)
	b[bytes.Index(b, []byte{0xff, mark})+at] = v
	return b
}

func TestRefusals(t *testing.T) {
	good, restarts := vector(t, "l-dcmtk-sv1-grey8.jpg"), vector(t, "l-libjpeg-restart-grey8.jpg")
	rgb := vector(t, "l-libjpeg-restart-rgb8.jpg")
	threes := small
	threes.Components = 3
	wide := small
	wide.W++
	first := bytes.Index(restarts, []byte{0xff, jpegparts.RST0})
	for name, c := range map[string]struct {
		data        []byte
		want        jpegparts.Expect
		unsupported bool
	}{
		"predictor 0":     {change(good, jpegparts.SOS, 7, 0), small, false},
		"predictor 8":     {change(good, jpegparts.SOS, 7, 8), small, false},
		"point transform": {change(good, jpegparts.SOS, 9, 8), small, false},
		"no table":        {change(good, jpegparts.SOS, 6, 0x30), small, false},
		"component":       {change(good, jpegparts.SOS, 5, 77), small, false},
		"other width":     {good, wide, false},
		"more components": {good, threes, false},
		"restart inside":  {change(restarts, jpegparts.DRI, 5, 50), small, false},
		"other restart":   {change(restarts, jpegparts.RST0, 1, jpegparts.RST0+3), small, false},
		"restart is gone": {slices.Delete(slices.Clone(restarts), first, first+2), small, false},
		"subsampled":      {change(rgb, jpegparts.SOF3, 11, 0x22), threes, true},
		"arithmetic":      {change(good, jpegparts.SOF3, 1, 0xcb), small, true},
		"two of a number": {change(rgb, jpegparts.SOF3, 13, 0), threes, false},
	} {
		_, err := Decode(c.data, c.want)
		var kind *jpegparts.UnsupportedError
		if err == nil || errors.As(err, &kind) != c.unsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cut stream never passes for a whole one.
func TestCut(t *testing.T) {
	for _, name := range []string{"l-dcmtk-sv4-grey8.jpg", "l-libjpeg-restart-grey8.jpg"} {
		data := vector(t, name)
		end := bytes.LastIndex(data, []byte{0xff, jpegparts.EOI})
		for n := range end - 1 { // the last byte may be bits to fill up alone
			if _, err := Decode(data[:n], small); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d of %d bytes: %v", name, n, len(data), err)
			}
		}
		if _, err := Decode(data[:end], small); err != nil {
			t.Errorf("%s without end mark: %v", name, err)
		}
	}
}

// A few bytes that promise a large picture cost no memory.
func TestPromises(t *testing.T) {
	data := vector(t, "l-dcmtk-sv1-grey8.jpg")
	large := change(change(data, jpegparts.SOF3, 5, 0x40), jpegparts.SOF3, 7, 0x40)
	want := jpegparts.Expect{W: 0x4029, H: 0x401f, Components: 1, Bits: 8}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Decode(large, want); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{
		"l-libjpeg-1x1.jpg", "l-libjpeg-9x1.jpg", "l-dcmtk-sv7-grey8.jpg", "l-libjpeg-restart-grey8.jpg", "l-libjpeg-grey2.jpg",
		"l-scans-rgb8.jpg",
	} {
		f.Add(vector(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at := bytes.Index(data, []byte{0xff, jpegparts.SOF3})
		if at < 0 || at+4 > len(data) {
			return
		}
		h, err := jpegparts.ReadFrame(jpegparts.SOF3, data[at+4:])
		if err != nil || h.W*h.H*len(h.Components) > 1<<13 {
			return
		}
		p, err := Decode(data, jpegparts.Expect{W: h.W, H: h.H, Components: len(h.Components), Bits: 16})
		if err != nil {
			return
		}
		for _, plane := range p.Planes {
			if len(plane.Pix) != h.W*h.H {
				t.Fatalf("%d samples of %d×%d", len(plane.Pix), h.W, h.H)
			}
			for _, v := range plane.Pix {
				if int(v) >= 1<<p.Precision {
					t.Fatalf("%d of %d bits", v, p.Precision)
				}
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data, want := vector(b, "bench-lossless.jpg"), jpegparts.Expect{W: 160, H: 120, Components: 1, Bits: 8}
	for b.Loop() {
		if _, err := Decode(data, want); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(want.W*want.H)*1e6, "ns/megapixel")
}
