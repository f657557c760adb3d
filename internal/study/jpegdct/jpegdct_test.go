package jpegdct

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
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

var (
	grey12 = jpegparts.Expect{W: 41, H: 31, Components: 1, Bits: 12}
	rgb8   = jpegparts.Expect{W: 41, H: 31, Components: 3, Bits: 8}
)

// The transform is exact but for the last rounding.
func TestTransform(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const precision = 12
		var c [blockSize]int32
		for range rapid.IntRange(1, 30).Draw(t, "coefficients") {
			c[rapid.IntRange(0, 63).Draw(t, "place")] = rapid.Int32Range(-9000, 9000).Draw(t, "coefficient")
		}
		flat := !slices.ContainsFunc(c[1:], func(v int32) bool { return v != 0 })
		p := jpegparts.NewPlane(8, 8, 1, 1)
		put(p, 0, 0, &c, flat, precision)
		for y := range 8 {
			for x := range 8 {
				want := min(max(exact(&c, x, y)+1<<(precision-1), 0), 1<<precision-1)
				if d := math.Abs(float64(p.Pix[8*y+x]) - want); d > 0.55 {
					t.Fatalf("(%d, %d) is %d, want %v", x, y, p.Pix[8*y+x], want)
				}
			}
		}
	})
}

// exact is the inverse transform by its definition (T.81 A.3.3).
func exact(c *[blockSize]int32, x, y int) (sum float64) {
	norm := func(k int) float64 {
		if k == 0 {
			return math.Sqrt2 / 2
		}
		return 1
	}
	for v := range 8 {
		for u := range 8 {
			sum += norm(u) * norm(v) * float64(c[8*v+u]) / 4 *
				math.Cos(float64((2*x+1)*u)*math.Pi/16) * math.Cos(float64((2*y+1)*v)*math.Pi/16)
		}
	}
	return sum
}

// Coefficients of damaged streams may be of any size, and wrap nothing.
func TestLargestCoefficients(t *testing.T) {
	var c [blockSize]int32
	for i := range c {
		c[i] = bounded(math.MaxInt32, 65535)
	}
	p := jpegparts.NewPlane(8, 8, 1, 1)
	put(p, 0, 0, &c, false, 12)
	if p.Pix[0] != 4095 {
		t.Errorf("got %d", p.Pix[0])
	}
}

func TestZigzag(t *testing.T) {
	if want := []uint8{0, 1, 8, 16, 9, 2, 3, 10, 17, 24}; !slices.Equal(zigzag[:10], want) {
		t.Errorf("got %v", zigzag)
	}
	if want := []uint8{53, 60, 61, 54, 47, 55, 62, 63}; !slices.Equal(zigzag[56:], want) {
		t.Errorf("got %v", zigzag)
	}
}

// change returns the stream with one byte of the first segment of that mark changed; at counts from the mark.
func change(b []byte, mark byte, at int, v byte) []byte {
	b = slices.Clone(b)
	b[bytes.Index(b, []byte{0xff, mark})+at] = v
	return b
}

func TestRefusals(t *testing.T) {
	good, rgb := vector(t, "d-dcmtk-grey12.jpg"), vector(t, "d-libjpeg-restart-rgb8.jpg")
	sof1 := byte(jpegparts.SOF1)
	for name, c := range map[string]struct {
		data        []byte
		want        jpegparts.Expect
		unsupported bool
	}{
		"10 bits":           {change(good, sof1, 4, 10), grey12, false},
		"progressive":       {change(good, sof1, 1, jpegparts.SOF2), grey12, true},
		"lossless":          {change(good, sof1, 1, jpegparts.SOF3), grey12, true},
		"no quantiser":      {change(good, sof1, 12, 3), grey12, false},
		"no Huffman table":  {change(good, jpegparts.SOS, 6, 0x33), grey12, false},
		"sampling 3 and 2":  {change(change(rgb, sof1, 11, 0x31), sof1, 14, 0x21), rgb8, true},
		"sampling 0":        {change(rgb, sof1, 11, 0x10), rgb8, false},
		"too many blocks":   {change(change(change(rgb, sof1, 11, 0x44), sof1, 14, 0x44), sof1, 17, 0x44), rgb8, false},
		"other restart":     {change(rgb, jpegparts.RST0, 1, jpegparts.RST0+3), rgb8, false},
		"wide quantisers":   {change(good, jpegparts.DQT, 4, 0x20), grey12, false},
		"short quantisers":  {change(good, jpegparts.DQT, 4, 0x10), grey12, false},
		"codes of any kind": {change(good, jpegparts.DHT, 4, 0x25), grey12, false},
		"too many codes":    {change(good, jpegparts.DHT, 5, 3), grey12, false},
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
	for name, want := range map[string]jpegparts.Expect{"d-libjpeg-restart-grey12.jpg": grey12, "d-libjpeg-restart-rgb8.jpg": rgb8} {
		data := vector(t, name)
		end := bytes.LastIndex(data, []byte{0xff, jpegparts.EOI})
		for n := range end - 1 { // the last byte may be bits to fill up alone
			if _, err := Decode(data[:n], want); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d of %d bytes: %v", name, n, len(data), err)
			}
		}
		if _, err := Decode(data[:end], want); err != nil {
			t.Errorf("%s without end mark: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"d-dcmtk-grey12.jpg", "d-libjpeg-coarse-grey12.jpg", "d-libjpeg-restart-rgb8.jpg"} {
		f.Add(vector(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at := bytes.Index(data, []byte{0xff, jpegparts.SOF1})
		if at < 0 || at+4 > len(data) {
			return
		}
		h, err := jpegparts.ReadFrame(jpegparts.SOF1, data[at+4:])
		if err != nil || h.W*h.H*len(h.Components) > 1<<13 {
			return
		}
		p, err := Decode(data, jpegparts.Expect{W: h.W, H: h.H, Components: len(h.Components), Bits: 16})
		if err != nil {
			return
		}
		for _, plane := range p.Planes {
			if len(plane.Pix) != plane.W*plane.H || plane.W*plane.FX < h.W || plane.H*plane.FY < h.H || plane.W > h.W || plane.H > h.H {
				t.Fatalf("a plane of %d×%d for %d×%d", plane.W, plane.H, h.W, h.H)
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
	data, want := vector(b, "bench-dct.jpg"), jpegparts.Expect{W: 160, H: 120, Components: 1, Bits: 12}
	for b.Loop() {
		if _, err := Decode(data, want); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(want.W*want.H)*1e6, "ns/megapixel")
}
