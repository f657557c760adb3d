package tool_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/mask"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// golden compares what a tool made of a mask with the picture that is kept: before in dark, what came in bright, what went
// in the middle; labels by shade.
func golden(t *testing.T, name string, before, after *mask.Plane) {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, after.W, after.H))
	for i, v := range after.Pix {
		was := before.Pix[i]
		switch {
		case v == was:
			im.Pix[i] = 40 * v
		case v != 0:
			im.Pix[i] = 215 + 40/(v+1)
		default:
			im.Pix[i] = 140
		}
	}
	path := filepath.Join("testdata", name+".png")
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != im.Bounds() {
		t.Fatalf("%s: %v, want %v", name, im.Bounds(), want.Bounds())
	}
	wrong := 0
	for y := range after.H {
		for x := range after.W {
			if g, ok := want.At(x, y).(color.Gray); !ok || g.Y != im.GrayAt(x, y).Y {
				wrong++
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%s: %d pixels differ", name, wrong)
	}
}
