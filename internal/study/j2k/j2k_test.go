package j2k

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// value is the sample of the test pictures: see testdata/generate.sh.
func value(x, y, c, top int) int { return (x*7 + y*13 + x*y/3 + c*40) % (top + 1) }

func stream(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	if b, err = Unbox(b); err != nil {
		tb.Fatal(err)
	}
	return b
}

var streams = []struct {
	name          string
	samples, bits int
	rgb, ht       bool
	off           int // how far a sample may be from the formula: what the encoder lost
}{
	{"grey8.j2k", 1, 8, false, false, 0},
	{"grey8.jp2", 1, 8, false, false, 0},
	{"grey8-tiles.j2k", 1, 8, false, false, 0},
	{"grey8-parts.j2k", 1, 8, false, false, 0},
	{"grey12.j2k", 1, 12, false, false, 0},
	{"rgb8-rct.j2k", 3, 8, true, false, 0},
	{"rgb8-plain.j2k", 3, 8, false, false, 0},
	{"rgb8-ict.j2k", 3, 8, true, false, 4},
	{"grey8-ht.j2k", 1, 8, false, true, 0},
	{"rgb8-ht.j2k", 3, 8, true, true, 0},
	{"grey1-openjph.j2k", 1, 1, false, true, 0},
	{"grey8-openjph.j2k", 1, 8, false, true, 0},
}

func TestDecode(t *testing.T) {
	if Version() == "" {
		t.Skip("OpenJPEG is not installed: libopenjp2-7 on Debian and Ubuntu")
	}
	for _, s := range streams {
		t.Run(s.name, func(t *testing.T) {
			if s.ht && !HT() {
				t.Skip("OpenJPEG", Version(), "reads no HTJ2K")
			}
			b := stream(t, s.name)
			h, err := ReadHead(b)
			if err != nil {
				t.Fatal(err)
			}
			if h.W != 37 || h.H != 29 || len(h.Components) != s.samples || h.Components[0].Bits != s.bits || h.RGB != s.rgb || h.HT != s.ht {
				t.Errorf("%+v", h)
			}
			out, err := Decode(b, h)
			if err != nil {
				t.Fatal(err)
			}
			check(t, out, s.samples, s.bits, s.off)
		})
	}
}

func check(t *testing.T, out []byte, samples, bits, off int) {
	t.Helper()
	wide := (bits + 7) / 8
	if len(out) != 37*29*samples*wide {
		t.Fatalf("%d bytes", len(out))
	}
	for i := range 37 * 29 * samples {
		v := int(out[i*wide])
		if wide > 1 {
			v |= int(out[i*wide+1]) << 8
		}
		p := i / samples
		if want := value(p%37, p/37, i%samples, 1<<bits-1); v < want-off || v > want+off {
			t.Fatalf("sample %d is %d, want %d", i, v, want)
		}
	}
}

// Whatever is missing at the end of a stream is missed: the library alone would fill it with grey.
func TestCutStreams(t *testing.T) {
	for _, s := range streams {
		b := stream(t, s.name)
		for n := range len(b) - 2 { // without its end mark it is whole
			h, err := ReadHead(b[:n])
			if err == nil {
				err = h.Whole(b[:n])
			}
			if err == nil {
				t.Fatalf("%s: whole with %d of %d bytes", s.name, n, len(b))
			}
			if n > 1 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d bytes: %v", s.name, n, err)
			}
		}
	}
}

func TestCutBoxes(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "grey8.jp2"))
	if err != nil {
		t.Fatal(err)
	}
	for n := len(boxed); n < len(b); n++ {
		if _, err := Unbox(b[:n]); err == nil {
			t.Fatalf("%d of %d bytes have a codestream", n, len(b))
		}
	}
}

func TestWrongHeads(t *testing.T) {
	good := string(stream(t, "grey8.j2k"))
	at := func(off int, s string) string { return good[:off] + s + good[off+len(s):] }
	for name, s := range map[string]string{
		"no start":        at(0, "\xff\x00"),
		"no width":        at(8, "\x00\x00\x00\x00"),
		"no tile":         at(24, "\x00\x00\x00\x00"),
		"too many tiles":  at(24, "\x00\x00\x00\x01\x00\x00\x00\x01"),
		"no components":   at(40, "\x00\x00"),
		"five components": at(40, "\x00\x05"),
		"a second size":   good[:2] + good[2:45] + good[2:45] + good[45:],
		"a short segment": at(4, "\x00\x01"),
		"not even a mark": at(45, "\x12\x34"),
		"no size":         good[:2] + good[45:],
	} {
		h, err := ReadHead([]byte(s))
		if name == "too many tiles" && err == nil { // 37×29 tiles are legal, and not there
			err = h.Whole([]byte(s))
		}
		if err == nil {
			t.Errorf("%s: read as %+v", name, h)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[string][2]int{"2.5.0": {2, 5}, "2.10": {2, 10}, "": {}, "x": {}} {
		if got := numbers(v); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
}

// FuzzHead reads what is read here. The library, which ends the process over some streams, is tried from package worker.
func FuzzHead(f *testing.F) {
	for _, s := range streams {
		f.Add(stream(f, s.name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Unbox(b)
		if err != nil {
			return
		}
		h, err := ReadHead(c)
		if err != nil {
			return
		}
		if h.W < 1 || h.H < 1 || len(h.Components) < 1 || h.tiles < 1 {
			t.Fatalf("%+v", h)
		}
		if err := h.Whole(c); err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatal("no reason")
		}
	})
}
