package tool_test

import (
	"math"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

func TestSizeInMillimetresIsAnEllipse(t *testing.T) {
	r := reviewtest.New(200, 200, &[2]float64{0.1, 0.2}, nil)
	b := tool.NewBrush(r, 1)
	b.Fit(key, 4) // mm
	for _, p := range b.Outline(contour.Point{X: 100, Y: 90}) {
		if d := math.Hypot((p.X-100)*0.1, (p.Y-90)*0.2); math.Abs(d-4) > 1e-9 {
			t.Fatalf("%v is %v mm away", p, d)
		}
	}
	gesture(t, b, at(100, 90))
	box := mask.Bounds(r.Frame(key).Labels, 1)
	if box.Dx() != 80 || box.Dy() != 40 {
		t.Fatal(box)
	}
	m := r.Measurements(key)[0]
	if !m.Millimetres || math.Abs(m.Longest-8) > 0.2 || math.Abs(m.Area/(16*math.Pi)-1) > 0.02 || math.Abs(m.Perimeter/(8*math.Pi)-1) > 0.02 {
		t.Fatalf("%+v", m)
	}
}
