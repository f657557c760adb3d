package contour_test

import (
	"image"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// blurredPlainly is the field that FromMask cuts, in the plain way: every pixel, through clamped neighbours.
func blurredPlainly(p *mask.Plane, label uint8) []float32 {
	binomial := [5]int{1, 4, 6, 4, 1}
	out := make([]float32, p.W*p.H)
	for y := range p.H {
		for x := range p.W {
			v := 0
			for i, a := range binomial {
				for k, b := range binomial {
					if p.At(min(max(x+k-2, 0), p.W-1), min(max(y+i-2, 0), p.H-1)) == label {
						v += a * b
					}
				}
			}
			if p.At(x, y) == label {
				v = max(v, 154)
			} else {
				v = min(v, 102)
			}
			out[y*p.W+x] = float32(v)
		}
	}
	return out
}

func TestFromMaskIsTheBlurredFieldCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := mask.NewPlane(rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h"))
		for range rapid.IntRange(0, 5).Draw(t, "dabs") {
			x, y := rapid.Float64Range(-3, 43).Draw(t, "x"), rapid.Float64Range(-3, 33).Draw(t, "y")
			r := rapid.Float64Range(0.6, 15).Draw(t, "r")
			p.Fill(mask.Capsule(x, y, x+1, y, r, r), uint8(rapid.IntRange(0, 2).Draw(t, "label")))
		}
		want := contour.FromField(blurredPlainly(p, 1), p.W, p.H, 128, 1)
		within := mask.Bounds(p, 1).Union(image.Rect(0, 0, rapid.IntRange(0, 5).Draw(t, "more"), 3))
		for _, got := range [][]contour.Contour{contour.FromMask(p, 1), contour.FromMaskIn(p, 1, within)} {
			if len(got) != len(want) {
				t.Fatal(len(got), len(want))
			}
			for i := range got {
				if !reflect.DeepEqual(points(got[i]), points(want[i])) || got[i].Hole != want[i].Hole {
					t.Fatalf("ring %d: %v, want %v", i, points(got[i]), points(want[i]))
				}
			}
		}
	})
}

func points(c contour.Contour) []contour.Point {
	out := make([]contour.Point, len(c.Points))
	for i, v := range c.Points {
		out[i] = v.Point
	}
	return out
}
