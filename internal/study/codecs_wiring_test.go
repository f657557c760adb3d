package study

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"echoline/internal/study/jpegparts"
)

// coded is a file of 41×31 pixels, or of the size given, around a stream of the folder.
func coded(tb testing.TB, syntax, name string, es ...el) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(codecsDir, name))
	if err != nil {
		tb.Fatal(err)
	}
	if len(data)%2 != 0 {
		data = append(data, 0)
	}
	return part10File(syntax, still(41, 31).with(el{"PixelData", capsule{fragments: [][]byte{data}}}).with(es...))
}

// pixelsOf are the samples that a stream of the folder must give.
func pixelsOf(tb testing.TB, name string) []uint16 {
	tb.Helper()
	for _, s := range codecStreams(tb) {
		if s.name == name {
			return s.pixels
		}
	}
	tb.Fatal("no stream ", name)
	return nil
}

const (
	jpegLossless = "1.2.840.10008.1.2.4.57"
	jpegLS       = "1.2.840.10008.1.2.4.80"
	jpegNear     = "1.2.840.10008.1.2.4.81"
)

// Every transfer syntax of images, and whether it is read.
func TestEverySyntaxIsReadOrNamed(t *testing.T) {
	const prefix = "1.2.840.10008.1.2"
	read := []string{"", ".1", ".1.99", ".2", ".5", ".4.50", ".4.51", ".4.53", ".4.55", ".4.57", ".4.70", ".4.80", ".4.81"}
	refused := []string{".1.98", ".8.1"}
	for i := 50; i <= 112; i++ {
		uid := ".4." + strconv.Itoa(i)
		if s, ok := syntaxes[prefix+uid]; ok && s.coding == unreadable {
			refused = append(refused, uid)
		}
	}
	for _, uid := range []string{
		".4.52", ".4.66", ".4.92", ".4.93", ".4.110", ".4.111", ".4.112",
	} {
		if !slices.Contains(refused, uid) {
			t.Errorf("%s has no name", uid)
		}
	}
	read = append(read, ".4.90", ".4.91", ".4.201", ".4.202", ".4.203") // where OpenJPEG is there
	for i := 100; i <= 108; i++ {                                       // where ffmpeg is there
		read = append(read, ".4."+strconv.Itoa(i))
	}
	for _, uid := range read {
		if s := syntaxes[prefix+uid]; s.coding == unreadable || s.name == "" {
			t.Errorf("%s: %+v", uid, s)
		}
	}
	for _, uid := range refused {
		f := openBytes(t, "x.dcm", part10File(prefix+uid, still(8, 8).with(el{"PixelData", capsule{fragments: [][]byte{{1, 2}}}})))
		wantFault(t, f, CodeSyntax)
		if f.Refused != nil && len(f.Refused.Args["Syntax"].(string)) < 3 {
			t.Errorf("%s has no name", uid)
		}
	}
}

// The stream says what it is. Archives that convert files leave wrong syntaxes behind.
func TestStreamsUnderWrongSyntaxes(t *testing.T) {
	for name, syntax := range map[string]string{
		"l-dcmtk-sv1-grey8.jpg": baseline, "s-charls-grey8.jls": jpegLossless, "l-dcmtk-sv2-grey8.jpg": jpegLS,
	} {
		f := mustFrame(t, mustOpen(t, coded(t, syntax, name)), 0)
		if want := pixelsOf(t, "s-charls-grey8.jls"); !slices.Equal(f.Grey, want) {
			t.Errorf("%s: other pixels", name)
		}
	}
}

func TestCodedRefusals(t *testing.T) {
	rgb := []el{{"SamplesPerPixel", 3}, {"PhotometricInterpretation", "YBR_PARTIAL_422"}}
	wantFault(t, openBytes(t, "x.dcm", coded(t, jpegLossless, "l-dcmtk-sv1-rgb8.jpg", rgb...)), CodePixels)
	wantFault(t, openBytes(t, "x.dcm", coded(t, jpegLossless, "l-dcmtk-sv2-grey16.jpg")), CodeDamaged)
	wantFault(t, openBytes(t, "x.dcm", coded(t, jpegLossless, "l-dcmtk-sv1-rgb8.jpg")), CodeDamaged)
	cut := coded(t, jpegLS, "s-charls-grey8.jls")
	i := bytes.LastIndex(cut, []byte{0xff, jpegparts.EOI})
	copy(cut[i-20:], bytes.Repeat([]byte{0}, 20))
	copy(cut[i-20:], []byte{0xff, jpegparts.EOI}) // the image ends early, the file does not
	if _, err := mustOpen(t, cut).Frame(0); err == nil || !strings.Contains(err.Error(), string(CodeTruncated)) {
		t.Errorf("cut stream: %v", err)
	}
}

// Lossless streams whose tag says RGB are RGB, whatever marks their coder has left: the colours of a lossy one are its own.
func TestMarksOfLosslessStreams(t *testing.T) {
	data := coded(t, jpegLossless, "l-dcmtk-sv1-rgb8.jpg", el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "RGB"})
	want := pixelsOf(t, "l-dcmtk-sv1-rgb8.jpg")
	plain := mustFrame(t, mustOpen(t, data), 0)
	i := bytes.Index(data, []byte{0xff, jpegparts.SOI})
	stream := mark(data[i:len(data)-8], jpegparts.APPE, adobeYCC)
	marked := part10File(jpegLossless, still(41, 31).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "RGB"},
		el{"PixelData", capsule{fragments: [][]byte{stream}}}))
	for _, f := range []*Frame{plain, mustFrame(t, mustOpen(t, marked), 0)} {
		if !slices.Equal(wideOf(f), want) {
			t.Error("other colours")
		}
	}
}

// Streams of more and of fewer bits than the file says, or other ones.
func TestBitsOfStreams(t *testing.T) {
	bits := func(allocated, stored, high, signed int) []el {
		return []el{{"BitsAllocated", allocated}, {"BitsStored", stored}, {"HighBit", high}, {"PixelRepresentation", signed}}
	}
	grey8, grey12, grey16 := pixelsOf(t, "s-charls-grey8.jls"), pixelsOf(t, "s-charls-grey12.jls"), pixelsOf(t, "s-charls-grey16.jls")
	shifted := func(a []uint16, by int, mask uint16) []uint16 {
		out := slices.Clone(a)
		for i := range out {
			out[i] = out[i] >> by & mask
		}
		return out
	}
	for name, c := range map[string]struct {
		stream string
		bits   []el
		want   []uint16
		top    int
	}{
		"8 bits in 16":            {"s-charls-grey8.jls", bits(16, 16, 15, 0), grey8, 255},
		"12 bits in 16":           {"s-charls-grey12.jls", bits(16, 16, 15, 0), grey12, 4095},
		"12 bits of signed 16":    {"s-charls-grey12.jls", bits(16, 16, 15, 1), grey12, 65535},
		"16 bits for 12":          {"l-gdcm-grey12.jpg", bits(16, 12, 11, 0), grey12, 4095},
		"cells of 16 with 12 up":  {"s-charls-grey16.jls", bits(16, 12, 15, 0), shifted(grey16, 4, 4095), 4095},
		"12 bits, said to be up":  {"s-charls-grey12.jls", bits(16, 12, 15, 0), grey12, 4095},
		"hidden bits over 10":     {"s-charls-grey16.jls", bits(16, 10, 9, 0), shifted(grey16, 0, 1023), 1023},
		"fewer bits than decoded": {"l-dcmtk-sv3-grey8.jpg", bits(8, 6, 5, 0), shifted(grey8, 0, 63), 63},
	} {
		f := mustFrame(t, mustOpen(t, coded(t, jpegLS, c.stream, c.bits...)), 0)
		if !slices.Equal(f.Grey, c.want) || f.Max != c.top {
			t.Errorf("%s: values to %d, other pixels: %v", name, f.Max, !slices.Equal(f.Grey, c.want))
		}
	}
}

// What is near the brightest value must not come out dark because it is over it.
func TestNearLosslessOvershoot(t *testing.T) {
	near := coded(t, jpegNear, "s-charls-near7-grey16.jls", el{"BitsAllocated", 16}, el{"BitsStored", 15}, el{"HighBit", 14})
	exact := pixelsOf(t, "s-charls-grey16.jls")
	f := mustFrame(t, mustOpen(t, near), 0)
	for i, v := range f.Grey {
		if exact[i] > 1<<15+7 && v != 1<<15-1 {
			t.Fatalf("%d for %d", v, exact[i])
		}
	}
}
