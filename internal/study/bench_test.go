package study

import (
	"image"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// cineFile writes a cine of n frames of 640×480.
func cineFile(b *testing.B, n int, jpeg bool) string {
	b.Helper()
	const w, h = 640, 480
	s := still(w, h).with(el{"NumberOfFrames", strconv.Itoa(n)}, el{"PixelData", nil})
	head := part10File(explicitLittle, s)
	path := filepath.Join(b.TempDir(), "cine.dcm")
	if jpeg {
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
	if !jpeg { // the pixels are a hole in the file
		if err := os.Truncate(path, int64(len(head)+n*w*h)); err != nil {
			b.Fatal(err)
		}
	}
	return path
}

func benchOpen(b *testing.B, jpeg bool) {
	path := cineFile(b, 1000, jpeg)
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
func benchScrub(b *testing.B, jpeg bool) {
	it := open(b, cineFile(b, 1000, jpeg)).Items[0]
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
