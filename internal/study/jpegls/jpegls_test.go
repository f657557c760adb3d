package jpegls

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

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

// The example of the standard (T.87 H.3).
func TestStandardsExample(t *testing.T) {
	data, err := hex.DecodeString("ffd8" + "fff7000b0800040004" + "01011100" + "ffda0008010100000000" +
		"c000006c80208e01c0000057400000" + "6ee6000001bc18000005d800009160" + "ffd9")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(data, jpegparts.Expect{W: 4, H: 4, Components: 1, Bits: 8})
	if err != nil {
		t.Fatal(err)
	}
	want := []uint16{0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145}
	if !slices.Equal(p.Planes[0].Pix, want) {
		t.Errorf("got %v", p.Planes[0].Pix)
	}
}

// Table C.3 of the standard, and what follows from it for other numbers of bits.
func TestDefaults(t *testing.T) {
	for _, c := range []struct{ bits, near, t1, t2, t3, span, spanBits, limit int }{
		{8, 0, 3, 7, 21, 256, 8, 32},
		{8, 3, 12, 22, 42, 38, 6, 32},
		{12, 0, 18, 67, 276, 4096, 12, 48},
		{16, 0, 18, 67, 276, 65536, 16, 64},
		{2, 0, 2, 3, 3, 4, 2, 20},
	} {
		p, err := preset{}.resolve(c.bits, c.near)
		if err != nil {
			t.Fatal(err)
		}
		if p.thresholds != [3]int{c.t1, c.t2, c.t3} || p.span != c.span || p.spanBits != c.spanBits || p.limit != c.limit || p.reset != 64 {
			t.Errorf("%d bits, near %d: %+v", c.bits, c.near, p)
		}
	}
}

func TestPresetsAreChecked(t *testing.T) {
	for _, p := range []preset{
		{256}, {0, 300}, {0, 0, 2}, {0, 0, 0, 5}, {0, 9, 8}, {0, 0, 0, 0, 2}, {0, 0, 0, 0, 256},
	} {
		if _, err := p.resolve(8, 0); err == nil {
			t.Errorf("%v passes", p)
		}
	}
	if _, err := (preset{}).resolve(8, 128); err == nil {
		t.Error("off by half the range")
	}
}

// change returns the stream with one byte of the first segment of that mark changed; at counts from the mark.
func change(b []byte, mark byte, at int, v byte) []byte {
	b = slices.Clone(b)
	b[bytes.Index(b, []byte{0xff, mark})+at] = v
	return b
}

// before puts a segment before the frame header.
func before(b []byte, mark byte, body string) []byte {
	return slices.Concat(b[:2], []byte{0xff, mark, 0, byte(len(body) + 2)}, []byte(body), b[2:])
}

func TestRefusals(t *testing.T) {
	good, lines, restarts := vector(t, "s-charls-grey8.jls"), vector(t, "s-charls-mode1-rgb8.jls"), vector(t, "s-libjpeg-restart-mode0-1.jls")
	threes := small
	threes.Components = 3
	for name, c := range map[string]struct {
		data        []byte
		want        jpegparts.Expect
		unsupported bool
	}{
		"interleave mode":  {change(good, jpegparts.SOS, 8, 3), small, false},
		"no interleaving":  {change(lines, jpegparts.SOS, 12, 0), threes, false},
		"near":             {change(good, jpegparts.SOS, 7, 200), small, false},
		"point transform":  {change(good, jpegparts.SOS, 9, 1), small, true},
		"mapping":          {change(good, jpegparts.SOS, 6, 1), small, true},
		"mapping table":    {before(good, jpegparts.LSE, "\x02\x01\x01abc"), small, true},
		"large":            {before(good, jpegparts.LSE, "\x04\x03\x00\x00\x01\x00\x00\x01"), small, true},
		"short parameters": {before(good, jpegparts.LSE, "\x01\x00\xff"), small, false},
		"no parameters":    {before(good, jpegparts.LSE, ""), small, false},
		"colour transform": {before(lines, jpegparts.APP8, "mrfx\x01"), threes, true},
		"other restart":    {change(restarts, jpegparts.RST0, 1, jpegparts.RST0+3), small, false},
		"lossless JPEG":    {change(good, jpegparts.LS55, 1, jpegparts.SOF3), small, true},
		"subsampled":       {change(lines, jpegparts.LS55, 11, 0x22), threes, true},
	} {
		_, err := Decode(c.data, c.want)
		var kind *jpegparts.UnsupportedError
		if err == nil || errors.As(err, &kind) != c.unsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(before(good, jpegparts.APP8, "mrfx\x00"), small); err != nil {
		t.Errorf("no colour transform: %v", err)
	}
}

// Bytes to fill up before the end mark, which some writers leave, do no harm; nor does what stands between scans.
func TestPadding(t *testing.T) {
	threes := small
	threes.Components = 3
	planes := vector(t, "s-charls-mode0-rgb8.jls")
	second := bytes.LastIndex(planes, []byte{0xff, jpegparts.SOS})
	for name, data := range map[string][]byte{
		"zeros":       slices.Concat(planes[:second], []byte{0, 0}, planes[second:]),
		"fill bytes":  slices.Concat(planes[:second], []byte{0xff, 0xff}, planes[second:]),
		"no end mark": planes[:len(planes)-2],
	} {
		if _, err := Decode(data, threes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cut stream never passes for a whole one.
func TestCut(t *testing.T) {
	for _, name := range []string{"s-charls-near3-grey8.jls", "s-libjpeg-restart-mode0-1.jls", "s-charls-flat.jls"} {
		data := vector(t, name)
		end := bytes.LastIndex(data, []byte{0xff, jpegparts.EOI})
		whole, err := Decode(data[:end], small)
		if err != nil {
			t.Errorf("%s without end mark: %v", name, err)
			continue
		}
		for n := range end {
			p, err := Decode(data[:n], small)
			if err == nil && n >= end-2 { // the last bytes may be bits to fill up alone
				if !slices.Equal(p.Planes[0].Pix, whole.Planes[0].Pix) {
					t.Fatalf("%s, %d of %d bytes: other samples", name, n, len(data))
				}
				continue
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d of %d bytes: %v", name, n, len(data), err)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{
		"s-libjpeg-1x1.jls", "s-libjpeg-9x1.jls", "s-charls-flat.jls", "s-charls-mode2-flat.jls", "s-dcmtk-preset-grey8.jls",
		"s-libjpeg-restart-mode0-1.jls", "s-libjpeg-near1-grey3.jls", "s-charls-mode1-near2-rgb8.jls", "s-charls-mode2-near2-rgb8.jls",
	} {
		f.Add(vector(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at := bytes.Index(data, []byte{0xff, jpegparts.LS55})
		if at < 0 || at+4 > len(data) {
			return
		}
		h, err := jpegparts.ReadFrame(jpegparts.LS55, data[at+4:])
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
	data, want := vector(b, "bench-ls.jls"), jpegparts.Expect{W: 160, H: 120, Components: 1, Bits: 8}
	for b.Loop() {
		if _, err := Decode(data, want); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(want.W*want.H)*1e6, "ns/megapixel")
}
