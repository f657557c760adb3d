package study

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
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

// cineFile writes a cine of n frames of 640×480.
func cineFile(b *testing.B, n int, coded bool) string {
	b.Helper()
	const w, h = 640, 480
	s := still(w, h).with(el{"NumberOfFrames", strconv.Itoa(n)}, el{"PixelData", nil})
	head := part10File(explicitLittle, s)
	path := filepath.Join(b.TempDir(), "cine.dcm")
	if coded {
		frame := jpegOfSize(b, w, h)
		c := capsule{}
		for range n {
			c.fragments = append(c.fragments, frame)
		}
		head = part10File(baseline, s.with(el{"PixelData", c}))
	} else {
		head = append(head, littleExplicit.head(tagPixelData, "OB", n*w*h)...)
	}
	if err := os.WriteFile(path, head, 0o600); err != nil {
		b.Fatal(err)
	}
	if !coded { // the pixels are a hole in the file
		if err := os.Truncate(path, int64(len(head)+n*w*h)); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

// bigCine writes a cine of 1,000 frames of 1024×768 that looks like ultrasound, so that its frames are as hard to decode.
func bigCine(b *testing.B, coded string) string {
	b.Helper()
	const w, h, n = 1024, 768, 1000
	scene := newScreen(w, h, 0)
	scene.tissue(wedge(w/2, 40, 60, 680, 0.8))
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i, v := range scene.Grey {
		im.Pix[i] = uint8(v)
	}
	s := still(w, h).with(el{"NumberOfFrames", strconv.Itoa(n)}, el{"PixelData", nil})
	path := filepath.Join(b.TempDir(), "cine.dcm")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	write := func(p []byte) {
		if _, err := f.Write(p); err != nil {
			b.Fatal(err)
		}
	}
	var frame []byte
	switch coded {
	case "native":
		write(part10File(explicitLittle, s))
		write(littleExplicit.head(tagPixelData, "OB", n*w*h))
		for range n {
			write(im.Pix)
		}
		return path
	case "JPEG":
		var buf bytes.Buffer
		if err := jpeg.Encode(&buf, im, &jpeg.Options{Quality: 85}); err != nil {
			b.Fatal(err)
		}
		frame = buf.Bytes()
		write(part10File(baseline, s))
	case "RLE":
		frame = packRLE(im.Pix, w*h, 1, 1)
		write(part10File("1.2.840.10008.1.2.5", s))
	}
	write(littleExplicit.head(tagPixelData, "OB", undefinedLength))
	write(littleExplicit.head(tagItem, "", 0))
	frame = append(frame, make([]byte, len(frame)%2)...)
	for range n {
		write(littleExplicit.head(tagItem, "", len(frame)))
		write(frame)
	}
	write(littleExplicit.head(tagSequenceEnd, "", 0))
	return path
}

// resident is the memory of this process in MB; 0 where the system does not say.
func resident() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			return kb / 1024
		}
	}
	return 0
}

// BenchmarkBigCine opens a cine of 1,000 frames of 1024×768 and goes through it as a reader scrubs, drawing every frame.
// The bounds that readers were promised: the first frame within 200 ms, 95 of 100 frames within 30 ms, 400 MB.
func BenchmarkBigCine(b *testing.B) {
	for _, coded := range []string{"native", "JPEG", "RLE"} {
		b.Run(coded, func(b *testing.B) {
			path := bigCine(b, coded)
			runtime.GC()
			debug.FreeOSMemory()
			begun := time.Now()
			it := open(b, path).Items[0]
			dst := image.NewRGBA(image.Rect(0, 0, it.W, it.H))
			f := mustFrame(b, it, 0)
			f.Render(dst, f.Window, false)
			first := time.Since(begun)
			var took []time.Duration
			i, peak := 0, 0.0
			for b.Loop() {
				i = (i + 3) % it.Frames
				begun := time.Now()
				f := mustFrame(b, it, i)
				f.Render(dst, f.Window, false)
				took = append(took, time.Since(begun))
				if len(took)%20 == 0 {
					peak = max(peak, resident())
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(peak, "peak-MB")
		})
	}
}

func benchOpen(b *testing.B, coded bool) {
	path := cineFile(b, 1000, coded)
	for b.Loop() {
		st := open(b, path)
		if len(st.Items) != 1 {
			b.Fatal(st.Refused)
		}
		mustFrame(b, st.Items[0], 0)
	}
}

func BenchmarkOpenCine1000(b *testing.B)     { benchOpen(b, false) }
func BenchmarkOpenCineJPEG1000(b *testing.B) { benchOpen(b, true) }

// benchScrub goes through a cine as a reader does who drags along the strip: every frame new, drawn through a window.
func benchScrub(b *testing.B, coded bool) {
	it := open(b, cineFile(b, 1000, coded)).Items[0]
	dst := image.NewRGBA(image.Rect(0, 0, it.W, it.H))
	i := 0
	for b.Loop() {
		f := mustFrame(b, it, i)
		f.Render(dst, f.Window, false)
		i = (i + 7) % it.Frames
	}
}

func BenchmarkScrubCine(b *testing.B)     { benchScrub(b, false) }
func BenchmarkScrubCineJPEG(b *testing.B) { benchScrub(b, true) }

func BenchmarkRender(b *testing.B) {
	grey := &Frame{W: 800, H: 600, Grey: make([]uint16, 800*600), Max: 255, Window: fullWindow(255)}
	colour := &Frame{W: 800, H: 600, RGB: make([]uint8, 3*800*600), Max: 255, Window: fullWindow(255)}
	dst := image.NewRGBA(image.Rect(0, 0, 800, 600))
	b.Run("grey", func(b *testing.B) {
		for b.Loop() {
			grey.Render(dst, grey.Window, false)
		}
	})
	b.Run("colour", func(b *testing.B) {
		for b.Loop() {
			colour.Render(dst, colour.Window, false)
		}
	})
}

func BenchmarkOpenFolder(b *testing.B) {
	dir := samples(b, "busi", "images")
	for b.Loop() {
		open(b, dir)
	}
}
