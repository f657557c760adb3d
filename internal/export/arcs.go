package export

import (
	"math"

	"echoline/internal/contour"
)

// Arc is a piece of a frame's boundary in one state.
type Arc struct {
	Label    uint8
	Hole     bool // of a ring around a hole
	Closed   bool // a whole ring
	State    contour.State
	Length   float64    // px
	Expected float64    // mean expected error along it, px; NaN where unknown
	Band     [4]float64 // mean radii along it, as contour.Vertex.Band
	Points   []contour.Vertex
}

// NewArcs cuts contours into arcs by their state alone and copies their points.
func NewArcs(cs []contour.Contour) []Arc {
	var out []Arc
	for _, a := range contour.Cut(cs, math.Inf(1)) {
		c := cs[a.Contour]
		arc := Arc{
			Label: c.Label, Hole: c.Hole, State: a.State, Length: a.Length, Expected: a.Expected,
			Band: [4]float64{contour.Unknown, contour.Unknown, contour.Unknown, contour.Unknown},
		}
		known := 0.0
		for _, v := range a.Points(c) {
			arc.Points = append(arc.Points, v)
			if math.IsNaN(v.Band[0]) {
				continue
			}
			if known++; known == 1 {
				arc.Band = [4]float64{}
			}
			for i, r := range v.Band {
				arc.Band[i] += (r - arc.Band[i]) / known
			}
		}
		arc.Closed = len(arc.Points) == len(c.Points)
		out = append(out, arc)
	}
	return out
}

// sidecarArc is an Arc in files. Values that no model gave are null.
type sidecarArc struct {
	Label    uint8              `json:"label"`
	Hole     bool               `json:"hole"`
	Closed   bool               `json:"closed"`
	State    string             `json:"state"`
	Length   float64            `json:"px"`
	Expected *float64           `json:"expected_error_px"`
	Band     map[string]float64 `json:"band_px"`
	Points   []float64          `json:"points"` // x, y, x, y, …
}

func newSidecarArc(a Arc) sidecarArc {
	out := sidecarArc{Label: a.Label, Hole: a.Hole, Closed: a.Closed, State: stateNames[a.State], Length: round(a.Length)}
	if !math.IsNaN(a.Expected) {
		v := round(a.Expected)
		out.Expected = &v
	}
	if !math.IsNaN(a.Band[0]) {
		out.Band = map[string]float64{}
		for i, q := range levelNames {
			out.Band[q] = round(a.Band[i])
		}
	}
	for _, p := range a.Points {
		out.Points = append(out.Points, round(p.X), round(p.Y))
	}
	return out
}

// levelNames are contour.Levels as keys in files.
var levelNames = [4]string{"50", "80", "90", "95"}
