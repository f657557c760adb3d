package theme

import (
	"image/color"
	"testing"
)

// labelsApart is how far the colours of labels lie apart in OKLab at least: less than tellApart, for they stand side by side
// in the list, and the number and the name tell too. The first four, which are all that most people use, keep tellApart.
const labelsApart = 0.06

// TestLabelsAreToldApart: on the black of the viewport, and from each other.
func TestLabelsAreToldApart(t *testing.T) {
	for i := range Labels {
		if got := contrast(Label(i+1), color.NRGBA{A: 255}); got < 4.5 {
			t.Errorf("label %d on black has a contrast of %.1f", i+1, got)
		}
		for k := range i {
			d, least := distance(toLab(Label(i+1)), toLab(Label(k+1))), labelsApart
			if i < 4 {
				least = tellApart
			}
			if d < least {
				t.Errorf("labels %d and %d are only %.3f apart", k+1, i+1, d)
			}
		}
	}
	if Label(Labels+1) != Label(1) {
		t.Error("they do not begin anew")
	}
}
