package export

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// seen is the boundary of an ellipse of which a reader marked pieces: the top as not visible, the right as corrected.
func seen(p *mask.Plane) []contour.Contour {
	cs := contour.FromMask(p, 1)
	marks := mask.NewPlane(p.W, p.H)
	for y := range p.H {
		for x := range p.W {
			switch {
			case y < p.H/3:
				marks.Set(x, y, uint8(contour.NotVisible))
			case x > p.W/2:
				marks.Set(x, y, uint8(contour.Corrected))
			}
		}
	}
	contour.ReadStates(cs, marks)
	return cs
}

func TestArcs(t *testing.T) {
	cs := seen(ellipse(60, 60, 30, 30, 22, 22, 1))
	for i := range cs[0].Points {
		v := &cs[0].Points[i]
		if v.State == contour.NotVisible {
			v.Expected, v.Band = 3, [4]float64{2, 5, 6, 7 + float64(i%2)}
		}
	}
	arcs := NewArcs(cs)
	points, length := 0, 0.0
	for _, a := range arcs {
		points += len(a.Points)
		length += a.Length
		if a.Closed || a.Hole || a.Label != 1 {
			t.Errorf("%+v", a)
		}
		if known := !math.IsNaN(a.Band[0]); known != (a.State == contour.NotVisible) || known != !math.IsNaN(a.Expected) {
			t.Errorf("state %d: band %v, expected error %v", a.State, a.Band, a.Expected)
		}
		if a.State != contour.NotVisible {
			continue
		}
		if a.Band[2] != 6 || math.Abs(a.Band[3]-7.5) > 0.1 || a.Expected != 3 {
			t.Errorf("band %v, expected error %v", a.Band, a.Expected)
		}
		for _, p := range a.Points {
			if p.Y > 22 {
				t.Errorf("%v is not in the part that was marked", p)
			}
		}
	}
	if len(arcs) != 3 || points != len(cs[0].Points) || math.Abs(length-contour.Length(cs[0])) > 1e-9 {
		t.Errorf("%d arcs, %d points, %v px", len(arcs), points, length)
	}
	cs[0].Points[0].X = -1
	for _, a := range arcs {
		for _, p := range a.Points {
			if p.X < 0 {
				t.Error("the arcs share points with the contours")
			}
		}
	}
}

func TestArcsInFiles(t *testing.T) {
	p := ellipse(60, 60, 30, 30, 22, 22, 1)
	f := Frame{Labels: p, Boundary: NewBoundary(seen(p)), Arcs: NewArcs(seen(p)), Status: review.Accepted}
	f.Arcs[0].Expected, f.Arcs[0].Band = 1.25, [4]float64{1, 2, 3, 4}
	item := Item{Source: &study.Item{Name: "a [1]", ID: "sha256:00", W: 60, H: 60, Frames: 1}, Frames: []Frame{f}}
	o := options(t, "png")
	run(t, input(item), o)
	s := readSidecar(t, filepath.Join(o.Dir, "a [1].json"))
	arcs := s.Frames[0].Arcs
	if len(arcs) != 3 || s.Name != "a [1]" || s.Study != "" {
		t.Fatalf("%+v", s)
	}
	for i, a := range arcs {
		of := f.Arcs[i]
		if a.State != stateNames[of.State] || len(a.Points) != 2*len(of.Points) || math.Abs(a.Points[1]-of.Points[0].Y) > 0.001 {
			t.Errorf("arc %d: %+v", i, a)
		}
	}
	if a := arcs[0]; *a.Expected != 1.25 || a.Band["90"] != 3 {
		t.Errorf("%+v", a)
	}
	if a := arcs[1]; a.Expected != nil || a.Band != nil {
		t.Errorf("%+v", a)
	}
}

func TestListsOfNumbersTakeOneLine(t *testing.T) {
	data, err := marshal(map[string]any{"a": []float64{1, -2.5, 3e30}, "b": []int{}, "c": []any{"[\n 1\n]", 2}, "d": [][]int{{7}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "a": [1, -2.5, 3e+30],
  "b": [],
  "c": [
    "[\n 1\n]",
    2
  ],
  "d": [
    [7]
  ]
}
`
	if string(data) != want {
		t.Error(strings.ReplaceAll(string(data), "\t", "→"))
	}
}
