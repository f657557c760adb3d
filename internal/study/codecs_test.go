package study

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"echoline/internal/study/jpegdct"
	"echoline/internal/study/jpeglossless"
	"echoline/internal/study/jpegls"
	"echoline/internal/study/jpegparts"
)

// The files of this folder are made and described by generate.py beside them.
const codecsDir = "testdata/codecs"

type streamDecoder func([]byte, jpegparts.Expect) (*jpegparts.Picture, error)

var decoders = map[string]streamDecoder{"lossless": jpeglossless.Decode, "ls": jpegls.Decode, "dct": jpegdct.Decode}

// stream is a line of streams.csv.
type stream struct {
	name, codec string
	want        jpegparts.Expect
	pixels      []uint16 // component by component within a pixel
	tolerance   int
	data        []byte
}

func codecRows(tb testing.TB, name string) [][]string {
	tb.Helper()
	f, err := os.Open(filepath.Join(codecsDir, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		tb.Fatal(err, len(rows))
	}
	return rows
}

func wholeOf(tb testing.TB, s string) int {
	tb.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// samplesOf reads samples of 16 bits.
func samplesOf(tb testing.TB, name string) []uint16 {
	tb.Helper()
	f, err := os.Open(filepath.Join(codecsDir, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	out := make([]uint16, len(b)/2)
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return out
}

func codecStreams(tb testing.TB) []stream {
	tb.Helper()
	var out []stream
	for _, r := range codecRows(tb, "streams.csv") {
		data, err := os.ReadFile(filepath.Join(codecsDir, r[0]))
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, stream{
			name: r[0], codec: r[1], data: data,
			want:   jpegparts.Expect{W: wholeOf(tb, r[2]), H: wholeOf(tb, r[3]), Components: wholeOf(tb, r[4]), Bits: wholeOf(tb, r[5])},
			pixels: samplesOf(tb, r[6]), tolerance: wholeOf(tb, r[7]),
		})
	}
	return out
}

// What tools of others have coded gives the samples that they were given, or what another decoder makes of it.
func TestStreams(t *testing.T) {
	for _, s := range codecStreams(t) {
		t.Run(s.name, func(t *testing.T) {
			p, err := decoders[s.codec](s.data, s.want)
			if err != nil {
				t.Fatal(err)
			}
			if p.Precision != s.want.Bits || len(p.Planes) != s.want.Components {
				t.Fatalf("%d planes of %d bits", len(p.Planes), p.Precision)
			}
			n, worst := len(p.Planes), 0
			for c, plane := range p.Planes {
				for i, v := range plane.Pix {
					d := int(v) - int(s.pixels[n*i+c])
					worst = max(worst, d, -d)
				}
			}
			if worst > s.tolerance {
				t.Errorf("off by %d", worst)
			}
		})
	}
}

// Files of these syntaxes open with the right signs, colours and frames.
func TestCodedFiles(t *testing.T) {
	for _, r := range codecRows(t, "files.csv") {
		t.Run(r[0], func(t *testing.T) {
			st := open(t, filepath.Join(codecsDir, r[0]))
			if len(st.Items) != 1 {
				t.Fatal(st.Refused)
			}
			it := st.Items[0]
			frames, w, h, stored := wholeOf(t, r[3]), wholeOf(t, r[4]), wholeOf(t, r[5]), wholeOf(t, r[6])
			if it.TransferSyntax != r[1] || it.Photometric != r[2] || it.Frames != frames || it.W != w || it.H != h {
				t.Fatalf("%+v", it)
			}
			want, tolerance := samplesOf(t, r[8]), wholeOf(t, r[9])
			half := 0
			if r[7] == "1" { // frames with values below 0 are shifted
				half = 1 << (stored - 1)
			}
			per := len(want) / frames
			for i := range frames {
				f := mustFrame(t, it, i)
				got := wideOf(f)
				if len(got) != per {
					t.Fatalf("%d samples, want %d", len(got), per)
				}
				worst := 0
				for k, v := range got {
					d := int(v) - (int(want[i*per+k]) ^ half)
					worst = max(worst, d, -d)
				}
				if worst > tolerance {
					t.Errorf("frame %d is off by %d", i, worst)
				}
				if f.RGB == nil && f.Max != 1<<stored-1 {
					t.Errorf("values to %d of %d bits", f.Max, stored)
				}
			}
		})
	}
}

// wideOf are the samples of a frame.
func wideOf(f *Frame) []uint16 {
	if f.RGB == nil {
		return f.Grey
	}
	out := make([]uint16, len(f.RGB))
	for i, v := range f.RGB {
		out[i] = uint16(v)
	}
	return out
}

// Whatever stands in a stream, a decoder gives samples of the stated number and bits or an error.
func TestChangedStreams(t *testing.T) {
	const rounds = 30
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range codecStreams(t) {
		for range rounds {
			b := slices.Clone(s.data)
			for range 1 + rng.IntN(3) {
				switch at := rng.IntN(len(b)); rng.IntN(4) {
				case 0:
					b[at] = byte(rng.Uint32())
				case 1:
					b[at] ^= 1 << rng.IntN(8)
				case 2:
					b = slices.Delete(b, at, min(at+rng.IntN(4), len(b)))
				case 3:
					b = slices.Insert(b, at, 0xff, byte(rng.Uint32()))
				}
				if len(b) == 0 {
					break
				}
			}
			p, err := decoders[s.codec](b, s.want)
			if err != nil {
				continue
			}
			for _, plane := range p.Planes {
				if len(p.Planes) != s.want.Components || (s.codec != "dct" && len(plane.Pix) != s.want.W*s.want.H) {
					t.Fatalf("%s: %d samples", s.name, len(plane.Pix))
				}
				if int(slices.Max(plane.Pix)) >= 1<<p.Precision {
					t.Fatalf("%s: %d of %d bits", s.name, slices.Max(plane.Pix), p.Precision)
				}
			}
		}
	}
}
