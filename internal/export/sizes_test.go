package export

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"echoline/internal/review"
)

func TestSizesInTheSidecar(t *testing.T) {
	m := review.Measurement{
		Label: 2, Millimetres: true, Banded: true, Sizes: review.Sizes{Longest: 10, Area: 60, Circumference: 28.5},
		Low: review.Sizes{Longest: 8, Area: 40, Circumference: 24}, High: review.Sizes{Longest: 12, Area: 90, Circumference: 33},
	}
	s := newSidecarSizes(m)
	if s.Unit != "mm" || s.Longest.Value != 10 || *s.Longest.Band != [2]float64{8, 12} || *s.Circumference.Band != [2]float64{24, 33} {
		t.Fatalf("%+v", s)
	}
	m.Banded, m.Millimetres = false, false
	s = newSidecarSizes(m)
	data, err := json.Marshal(s)
	if err != nil || s.Unit != "px" || s.Area.Band != nil || !strings.Contains(string(data), `"band_90":null`) {
		t.Fatalf("%s %v", data, err)
	}
}

// TestEveryColumnHasAName: the values of a line stand under their names.
func TestEveryColumnHasAName(t *testing.T) {
	j := newJob(context.Background(), Input{}, Options{}, format{})
	it := &Item{Source: source("a", 8, 8, 1)}
	f := Frame{Measure: func() []review.Measurement {
		return []review.Measurement{{
			Label: 1, Banded: true, Sizes: review.Sizes{Circumference: 28.5},
			Low: review.Sizes{Perimeter: 24}, High: review.Sizes{Circumference: 33},
		}}
	}}
	line := j.csvLines(it, f)[0]
	if len(line) != len(csvHead) {
		t.Fatalf("%d values under %d names", len(line), len(csvHead))
	}
	for i, name := range csvHead {
		want, ok := map[string]string{"ellipse_circumference": "28.500", "perimeter_low": "24.000", "ellipse_circumference_high": "33.000"}[name]
		if ok && line[i] != want {
			t.Errorf("under %s stands %q", name, line[i])
		}
	}
	if !math.IsNaN(noSizes.Perimeter) {
		t.Error("nothing has a perimeter")
	}
}
