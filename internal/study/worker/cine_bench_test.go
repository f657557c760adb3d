//go:build unix

package worker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cine writes a cine of n frames that are coded in one of three ways: "native", "RLE" or "JPEG".
func cine(b *testing.B, coded string, n, w, h int) string {
	b.Helper()
	im := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(3, 4))
	for y := range h { // a dark surround, and speckle in a sector
		for x := range w {
			if dx := 2*x - w; dx*dx < y*y {
				im.Pix[y*w+x] = byte(60 + y*100/h + r.IntN(24))
			}
		}
	}
	head := func(syntax string) []byte {
		b := claims(syntax, "MONOCHROME2", 1, w, h, nil)
		b = b[:bytes.Index(b, []byte("\xe0\x7f\x10\x00"))]
		at := bytes.Index(b, []byte("\x28\x00\x10\x00US"))
		b = slices.Insert(b, at, short(nil, 0x28, 8, "IS", strconv.Itoa(n))...)
		return slices.Insert(b, bytes.Index(b, []byte("\x28\x00\x02\x00US")), short(nil, 8, 0x18, "UI", "1.2.3.44")...)
	}
	frame, end := im.Pix, []byte(nil)
	var file []byte
	switch coded {
	case "native":
		file = append(head("1.2.840.10008.1.2.1"), "\xe0\x7f\x10\x00OB\x00\x00"...)
		file = binary.LittleEndian.AppendUint32(file, uint32(n*w*h))
	case "RLE":
		file, frame = head("1.2.840.10008.1.2.5"), runs(im.Pix)
	case "JPEG":
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, im, &jpeg.Options{Quality: 85}); err != nil {
			b.Fatal(err)
		}
		file, frame = head("1.2.840.10008.1.2.4.50"), append(buf.Bytes(), make([]byte, buf.Len()%2)...)
	}
	if coded != "native" {
		file = append(file, "\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\x00\x00\x00\x00"...)
		frame = append(binary.LittleEndian.AppendUint32([]byte("\xfe\xff\x00\xe0"), uint32(len(frame))), frame...)
		end = []byte("\xfe\xff\xdd\xe0\x00\x00\x00\x00")
	}
	path := filepath.Join(b.TempDir(), "cine.dcm")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for i := range n + 2 {
		part := frame
		switch i {
		case 0:
			part = file
		case n + 1:
			part = end
		}
		if _, err := f.Write(part); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

// runs packs a plane of bytes as RLE (PS3.5 G.3): runs of equal bytes as such, the rest as it is.
func runs(b []byte) []byte {
	out := append(binary.LittleEndian.AppendUint32(nil, 1), 64, 0, 0, 0)
	out = append(out, make([]byte, 56)...)
	for len(b) > 0 {
		n := 1
		for n < min(len(b), 128) && b[n] == b[0] {
			n++
		}
		if n > 1 {
			out, b = append(out, byte(257-n), b[0]), b[n:]
			continue
		}
		for n < min(len(b), 128) && b[n] != b[n-1] {
			n++
		}
		out, b = append(append(out, byte(n-1)), b[:n]...), b[n:]
	}
	return append(out, make([]byte, len(out)%2)...)
}

// residents is the memory, in MB, of this process and of those that it has started; 0 where the system does not say.
func residents() (sum float64) {
	paths, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		return 0
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var parent int
		var kb float64
		for line := range strings.Lines(string(b)) {
			_, _ = fmt.Sscanf(line, "PPid: %d", &parent) // most lines say something else
			_, _ = fmt.Sscanf(line, "VmRSS: %f kB", &kb)
		}
		if self := os.Getpid(); parent == self || filepath.Base(filepath.Dir(path)) == strconv.Itoa(self) {
			sum += kb / 1024
		}
	}
	return sum
}

// BenchmarkBigCine is that of package study, through the other processes, whose memory counts too: readers were promised the
// first of 1,000 frames of 1024×768 within 200 ms, 95 of 100 frames within 30 ms while they scrub, and 400 MB.
func BenchmarkBigCine(b *testing.B) {
	for _, coded := range []string{"native", "RLE", "JPEG"} {
		b.Run(coded, func(b *testing.B) {
			path := cine(b, coded, 1000, 1024, 768)
			using(b, decoders(b))
			runtime.GC()
			debug.FreeOSMemory()
			begun := time.Now()
			it := openAll(b, path).Items[0]
			dst := image.NewRGBA(image.Rect(0, 0, it.W, it.H))
			show := func(i int) time.Duration {
				begun := time.Now()
				f, err := it.Frame(i)
				if err != nil {
					b.Fatal(err)
				}
				f.Render(dst, f.Window, false)
				return time.Since(begun)
			}
			show(0)
			first := time.Since(begun)
			var took []time.Duration
			i, peak := 0, 0.0
			for b.Loop() {
				i = (i + 3) % it.Frames
				took = append(took, show(i))
				if len(took)%10 == 0 {
					peak = max(peak, residents())
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(peak, "peak-MB")
		})
	}
}
