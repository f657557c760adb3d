package agree

import (
	"math"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// expecting is the boundary of p as a model would give it: with bands of these radii.
func expecting(p *mask.Plane, expected float64, band [4]float64) []contour.Contour {
	cs := contour.FromMask(p, 1)
	for i := range cs {
		for k := range cs[i].Points {
			cs[i].Points[k].Expected, cs[i].Points[k].Band = expected, band
		}
	}
	return cs
}

// A true boundary that lies 4 px outside the model's, all around, is in no band of 3 px and in every band of 5.
func TestTrust(t *testing.T) {
	model, truth := disc(80, 80, 40, 40, 15), disc(80, 80, 40, 40, 19)
	frames := []Kept{
		{Group: "A", MM: 0.1, Predicted: expecting(model, 4, [4]float64{1, 3, 5, 6}), Accepted: truth, Weak: 3},
		{Group: "B", MM: 0.1, Predicted: expecting(model, 2, [4]float64{1, 3, 5, 6}), Accepted: model.Clone(), Weak: 3},
		{Group: "C", MM: 0.1, Accepted: truth},                 // the model missed it
		{Group: "D", MM: 0.1, Accepted: mask.NewPlane(80, 80)}, // nothing there, nothing said
	}
	got := Check(frames, 1)
	if got.Frames != 2 || got.Groups != 2 || got.Missed != 1 || !got.Millimetres {
		t.Errorf("%+v", got)
	}
	for level, want := range [4]float64{0.5, 0.5, 1, 1} {
		if v := got.Coverage[level].Value; math.Abs(v-want) > 1e-9 {
			t.Errorf("level %d covers %v, want %v", level, v, want)
		}
	}
	if math.Abs(got.Weak.Value-0.4) > 0.03 || math.Abs(got.Sure.Value) > 1e-9 {
		t.Errorf("weak %v mm, others %v", got.Weak.Value, got.Sure.Value)
	}
}

// A lesion that the reader took away is covered by no band; what is marked as not visible does not count.
func TestTrustInWhatIsNotThere(t *testing.T) {
	model := disc(80, 80, 40, 40, 15)
	wide := [4]float64{90, 90, 90, 90}
	if got := Check([]Kept{{Predicted: expecting(model, 1, wide), Accepted: mask.NewPlane(80, 80)}}, 1); got.Frames != 1 || got.Coverage[3].Value != 0 {
		t.Errorf("%+v", got)
	}
	marks := mask.NewPlane(80, 80)
	for i := range marks.Pix {
		marks.Pix[i] = uint8(contour.NotVisible)
	}
	if got := Check([]Kept{{Predicted: expecting(model, 1, wide), Accepted: model, Marks: marks}}, 1); got.Frames != 0 {
		t.Errorf("%+v", got)
	}
	if got := Check(nil, 1); got.Frames != 0 || !math.IsNaN(got.Coverage[0].Value) {
		t.Errorf("%+v", got)
	}
}

func TestWeakFrom(t *testing.T) {
	p := disc(80, 80, 40, 40, 15)
	frames := []Kept{{Predicted: expecting(p, 1, [4]float64{})}, {Predicted: expecting(p, 5, [4]float64{})}}
	if w := WeakFrom(frames, 0.25); w != 5 {
		t.Error(w)
	}
	if w := WeakFrom(nil, 0.25); !math.IsNaN(w) {
		t.Error(w)
	}
}
