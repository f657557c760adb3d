package inference

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// twinCase is one case of testdata/merge.json, which training/tests/merge_cases.py writes: masks as bits by rows in
// hexadecimal, points as [x, y], and what the twin of Merge and tidy there made of them.
type twinCase struct {
	W, H                        int
	Before, After, Merged, Tidy string
	Positive, Negative, Stroke  [][2]float64
	Newest                      string
	Radius                      float64
}

// The training measures by its twin of these rules how many clicks a reader needs: both have to be the same.
func TestMergeTwin(t *testing.T) {
	raw, err := os.ReadFile("testdata/merge.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []twinCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 20 {
		t.Fatalf("%d cases are too few", len(cases))
	}
	newest := map[string]Hint{"positive": PositiveClick, "negative": NegativeClick, "stroke": ContourStroke}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s", i, c.Newest), func(t *testing.T) {
			g := Guidance{
				Positive: twinPoints(c.Positive), Negative: twinPoints(c.Negative), Stroke: twinPoints(c.Stroke),
				Newest: newest[c.Newest],
			}
			before, after := c.plane(t, c.Before), c.plane(t, c.After)
			same(t, "Merge", Merge(before, after, g, Merging{Label: 1, Radius: c.Radius}), c.plane(t, c.Merged))
			tidy(after, g, 1)
			same(t, "tidy", after, c.plane(t, c.Tidy))
		})
	}
}

func twinPoints(ps [][2]float64) []contour.Point {
	out := make([]contour.Point, len(ps))
	for i, p := range ps {
		out[i] = contour.Point{X: p[0], Y: p[1]}
	}
	return out
}

func (c twinCase) plane(t *testing.T, bits string) *mask.Plane {
	t.Helper()
	packed, err := hex.DecodeString(bits)
	if err != nil || len(packed) != (c.W*c.H+7)/8 {
		t.Fatalf("%d bytes for %d×%d pixels, error %v", len(packed), c.W, c.H, err)
	}
	p := mask.NewPlane(c.W, c.H)
	for i := range p.Pix {
		p.Pix[i] = packed[i/8] >> (7 - i%8) & 1
	}
	return p
}

func same(t *testing.T, what string, got, want *mask.Plane) {
	t.Helper()
	n := 0
	for i, v := range got.Pix {
		if v != want.Pix[i] {
			n++
		}
	}
	if n > 0 {
		t.Errorf("%s differs from its twin in %d px", what, n)
	}
}
