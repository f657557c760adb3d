package study

import (
	"os"
	"path/filepath"
	"testing"
)

// ramp is the colour that testdata/pictures.py draws.
func ramp(x, y int) [3]int { return [3]int{x * 8, y * 10, 255 - x*8} }

func samplePicture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "pictures", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// far is the largest difference of a frame's colours from what they should be.
func far(f *Frame, want func(x, y int) [3]int) int {
	most := 0
	for y := range f.H {
		for x := range f.W {
			for s, v := range want(x, y) {
				d := int(f.RGB[3*(y*f.W+x)+s]) - v
				most = max(most, d, -d)
			}
		}
	}
	return most
}

func TestWebPAndBMP(t *testing.T) {
	for name, near := range map[string]int{"lossless.webp": 0, "lossy.webp": 12, "rgb.bmp": 0} {
		f := mustFrame(t, mustOpen(t, samplePicture(t, name)), 0)
		if d := far(f, ramp); f.W != 32 || f.H != 24 || d > near {
			t.Errorf("%s: %d×%d, %d levels off", name, f.W, f.H, d)
		}
	}
	half := func(x, y int) [3]int {
		c := ramp(x, y)
		return [3]int{c[0] / 2, c[1] / 2, c[2] / 2}
	}
	if d := far(mustFrame(t, mustOpen(t, samplePicture(t, "alpha.webp")), 0), half); d > 12 {
		t.Errorf("half transparent on black: %d levels off", d)
	}
	grey := mustFrame(t, mustOpen(t, samplePicture(t, "grey.bmp")), 0)
	if grey.Grey == nil || grey.Grey[5] != 40 {
		t.Errorf("grey BMP: %v", grey.Grey)
	}
	for name, want := range map[string]string{"film.webp": "animation", "bits.bmp": ""} {
		f := openBytes(t, name, samplePicture(t, name))
		if want == "" && f.Refused == nil {
			continue
		}
		wantFault(t, f, CodePixels)
	}
}

// Lossy files look as in the library that makes them: black is black and white is white.
func TestLossyWebPAsItsLibraryDecodesIt(t *testing.T) {
	for _, name := range []string{"lossy.webp", "blackwhite.webp"} {
		got := mustFrame(t, mustOpen(t, samplePicture(t, name)), 0)
		want := mustFrame(t, mustOpen(t, samplePicture(t, name+".png")), 0)
		at := func(x, y int) [3]int {
			i := 3 * (y*want.W + x)
			if want.RGB == nil {
				v := int(want.Grey[y*want.W+x])
				return [3]int{v, v, v}
			}
			return [3]int{int(want.RGB[i]), int(want.RGB[i+1]), int(want.RGB[i+2])}
		}
		if d := far(got, at); d > 3 { // one step of a colour difference that is interpolated and rounded otherwise
			t.Errorf("%s: %d levels off", name, d)
		}
	}
}

// Files that are cut anywhere are refused.
func TestCutWebPAndBMP(t *testing.T) {
	for _, name := range []string{"lossless.webp", "lossy.webp", "rgb.bmp", "grey.bmp"} {
		whole := samplePicture(t, name)
		for n := 1; n < len(whole)-1; n += 7 {
			f := openBytes(t, name, whole[:n])
			if f.Refused == nil {
				t.Fatalf("%s cut at %d of %d opens", name, n, len(whole))
			}
		}
	}
}
