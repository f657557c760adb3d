//go:build unix

package worker

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/study"
)

// explicit is the beginning of a DICOM file of a transfer syntax.
func explicit(syntax string) []byte {
	if len(syntax)%2 != 0 {
		syntax += "\x00"
	}
	b := append(make([]byte, 128), "DICM\x02\x00\x10\x00UI"...)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(syntax))), syntax...)
}

// short appends an element of a number of 16 bits, or of text.
func short(b []byte, group, el uint16, vr string, v any) []byte {
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, group), el)
	b = append(b, vr...)
	if s, ok := v.(string); ok {
		return append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, 2), uint16(v.(int)))
}

// claims is a DICOM file of one fragment that says how large its picture is.
func claims(syntax, photometric string, samples, w, h int, fragment []byte) []byte {
	b := explicit(syntax)
	b = short(b, 0x28, 2, "US", samples)
	b = short(b, 0x28, 4, "CS", photometric)
	for i, v := range []int{h, w} {
		b = short(b, 0x28, uint16(0x10+i), "US", v)
	}
	for i, v := range []int{8, 8, 7, 0} {
		b = short(b, 0x28, uint16(0x100+i), "US", v)
	}
	b = append(b, "\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0"...)
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(fragment))), fragment...)
	return append(b, "\xfe\xff\xdd\xe0\x00\x00\x00\x00"...)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// packed is n bytes, most of them zeros, packed.
func packed(tb testing.TB, n int64, dense bool, open func(w io.Writer) io.WriteCloser) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := open(&b)
	piece := make([]byte, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for ; n > 0; n -= int64(len(piece)) {
		for i := range 6000 * boolInt(dense) {
			piece[i] = byte(r.IntN(256))
		}
		if _, err := w.Write(piece); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func chunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	at := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[at:]))
}

// bombs are small files that want to be large pictures.
func bombs(tb testing.TB) map[string][]byte {
	tb.Helper()
	// dense has so much between the zeros that packing it makes it 150 times smaller, which a picture could be.
	deflated := func(n int64, dense bool) []byte {
		return packed(tb, n, dense, func(w io.Writer) io.WriteCloser {
			z, err := flate.NewWriter(w, 9)
			if err != nil {
				tb.Fatal(err)
			}
			return z
		})
	}
	png := append([]byte("\x89PNG\r\n\x1a\n"), chunk(nil, "IHDR", []byte("\x00\x00\x40\x00\x00\x00\x1f\xff\x08\x02\x00\x00\x00"))...)
	png = chunk(png, "IDAT", packed(tb, 400<<20, false, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }))
	png = chunk(png, "IEND", nil)
	j2k, err := os.ReadFile(filepath.Join("..", "j2k", "testdata", "grey8.j2k"))
	if err != nil {
		tb.Fatal(err)
	}
	// One tile of the size that a picture may have.
	for _, at := range []int{8, 12, 24, 28} {
		binary.BigEndian.PutUint32(j2k[at:], 11584)
	}
	jpeg, err := os.ReadFile(filepath.Join("..", "testdata", "seeds", "grey.jpg"))
	if err != nil {
		tb.Fatal(err)
	}
	frame := bytes.Index(jpeg, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(jpeg[frame+5:], 11584)
	binary.BigEndian.PutUint16(jpeg[frame+7:], 11584)
	rle := append(binary.LittleEndian.AppendUint32(nil, 1), 64, 0, 0, 0)
	rle = append(rle, make([]byte, 56)...)
	rle = append(rle, bytes.Repeat([]byte{0x81, 7}, 1<<20)...)
	return map[string][]byte{
		"deflated":  slices.Concat(explicit("1.2.840.10008.1.2.1.99"), deflated(260<<20, false)),
		"dense":     slices.Concat(explicit("1.2.840.10008.1.2.1.99"), deflated(260<<20, true)),
		"png":       png,
		"jpeg 2000": claims("1.2.840.10008.1.2.4.90", "MONOCHROME2", 1, 11584, 11584, j2k),
		"jpeg":      claims("1.2.840.10008.1.2.4.50", "MONOCHROME2", 1, 11584, 11584, jpeg),
		"rle":       claims("1.2.840.10008.1.2.5", "MONOCHROME2", 1, 11584, 11584, rle),
		"elements":  slices.Concat(explicit("1.2.840.10008.1.2.1"), bytes.Repeat([]byte("\x09\x00\x01\x00UN\x00\x00\x00\x00\x00\x00"), 1<<20)),
		"items": slices.Concat(explicit("1.2.840.10008.1.2.1"), []byte("\x18\x00\x11\x60SQ\x00\x00\xff\xff\xff\xff"),
			bytes.Repeat([]byte("\xfe\xff\x00\xe0\x00\x00\x00\x00"), 1<<20)),
		"depth": slices.Concat(explicit("1.2.840.10008.1.2.1"), nested(1<<17, true)),
	}
}

// What a small file wants to be costs no more memory than it accounts for, and little time.
func TestBombs(t *testing.T) {
	if underRace {
		t.Skip("the race detector has its own way with memory")
	}
	var largest int64
	for name, data := range bombs(t) {
		largest = max(largest, int64(len(data)))
		t.Run(name, func(t *testing.T) {
			p := decoders(t)
			from := time.Now()
			c, err := p.Describe(readerAt(data), int64(len(data)))
			if err == nil && c.Skipped == "" {
				_, err = c.Frame(readerAt(data), 0)
			}
			if code := fault.CodeOf(err); err != nil && (code == "" || code == study.CodeCrashed || code == study.CodeSlow) {
				t.Error(err)
			}
			t.Logf("%d KiB: %v after %v", len(data)>>10, err, time.Since(from))
		})
	}
	const most = 300 << 20
	if peak := childPeak(t); peak > most+2*largest {
		t.Errorf("a process took %d MiB", peak>>20)
	} else {
		t.Logf("no process took more than %d MiB", peak>>20)
	}
}
