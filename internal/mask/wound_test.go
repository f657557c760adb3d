package mask_test

import (
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
)

// winding is how often a ring winds around a point: the sum over its sides that pass the point's height on its left.
func winding(ring [][2]float64, x, y float64) int {
	n := 0
	for i, b := range ring {
		a := ring[(i+len(ring)-1)%len(ring)]
		if (a[1] <= y) != (b[1] <= y) && a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) <= x {
			if b[1] > a[1] {
				n++
			} else {
				n--
			}
		}
	}
	return n
}

func TestWoundTakesWhatTheRingWindsAround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 12).Draw(t, "n")
		ring := make([][2]float64, n)
		for i := range ring {
			ring[i] = [2]float64{rapid.Float64Range(-3, 23).Draw(t, "x"), rapid.Float64Range(-3, 23).Draw(t, "y")}
		}
		p := mask.NewPlane(20, 20)
		spans := mask.Wound(ring)
		p.Fill(spans, 1)
		for y := range p.H {
			for x := range p.W {
				if (winding(ring, float64(x)+0.5, float64(y)+0.5) != 0) != (p.At(x, y) == 1) {
					t.Fatalf("pixel %d, %d of %v", x, y, ring)
				}
			}
		}
	})
}

func TestWithoutAndPixels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spans := func(name string) ([]mask.Span, *mask.Plane) {
			ring := make([][2]float64, 6)
			for i := range ring {
				ring[i] = [2]float64{rapid.Float64Range(0, 20).Draw(t, name), rapid.Float64Range(0, 20).Draw(t, name)}
			}
			p := mask.NewPlane(20, 20)
			s := mask.Polygon([][][2]float64{ring})
			p.Fill(s, 1)
			return s, p
		}
		a, pa := spans("a")
		b, pb := spans("b")
		less := mask.Without(a, b)
		got := mask.NewPlane(20, 20)
		got.Fill(less, 1)
		for i := range got.Pix {
			if (got.Pix[i] == 1) != (pa.Pix[i] == 1 && pb.Pix[i] == 0) {
				t.Fatalf("pixel %d, %d", i%20, i/20)
			}
		}
		if mask.Pixels(less) != mask.Count(got, 1) || mask.Pixels(a) != mask.Count(pa, 1) {
			t.Fatal("counted wrongly")
		}
	})
}
