package contour

import (
	"math"
	"testing"

	"echoline/internal/mask"
)

// square is a plane with a square of label 1 from x0 to x1, 20 to 60 downwards.
func square(x0, x1 int) *mask.Plane {
	p := mask.NewPlane(100, 80)
	for y := 20; y < 60; y++ {
		for x := x0; x < x1; x++ {
			p.Pix[y*p.W+x] = 1
		}
	}
	return p
}

func TestDisplacementIsOfThePieceThatMoved(t *testing.T) {
	before, after := square(20, 60), square(20, 70)
	d := Displacement(before, after, 1, 1)
	// The right side (40) lies 10 px from the old one; 9 px of the upper and of the lower edge farther than 1 px.
	if math.Abs(d.Length-180) > 4 || math.Abs(d.Moved-58) > 4 || math.Abs(d.Most-10) > 0.6 {
		t.Fatalf("%+v", d)
	}
	if want := (40*10 + 2*9*5.5) / 58.0; math.Abs(d.Mean-want) > 0.5 {
		t.Fatalf("mean %v, want %v", d.Mean, want)
	}
	if d := Displacement(before, before, 1, 1); d.Moved != 0 || d.Mean != 0 || d.Most != 0 || d.Length == 0 {
		t.Fatalf("nothing moved: %+v", d)
	}
	none := mask.NewPlane(100, 80)
	if d := Displacement(none, after, 1, 1); d.Moved != d.Length || d.Mean != 0 {
		t.Fatalf("drawn from nothing: %+v", d)
	}
	if d := Displacement(before, none, 1, 1); d != (Displaced{}) {
		t.Fatalf("erased: %+v", d)
	}
}
