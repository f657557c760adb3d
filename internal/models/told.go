package models

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"echoline/internal/agree"
)

// Source is a data set that a model learned from.
type Source struct {
	Name    string `json:"name"`
	Licence string `json:"licence"`
	URL     string `json:"url"` // "" for masks accepted in Echoline
}

// Measured is how a model did on images of a set that nothing was chosen or fitted on, as its file tells.
type Measured struct {
	Set     string // as the file calls it; All for those of all sets together
	Images  int
	Groups  int // patients, as far as was known
	Figures []Told
}

// All is the set of all sets.
const All = "all"

// Told is a figure of Figures, with a 95 % interval where the file has one, else with NaN for its ends.
type Told struct {
	Name string
	agree.Estimate
}

// Figures are those that are read out of a model file, by their names there, in this order; the 90 % band's coverage is among them as
// "coverage_90".
var Figures = []string{
	"dice", "iou", "hd95_native_px", "asd_native_px", "nsd_3_256", "lesion_recall", "false_positive_rate",
	coverage90, "mean_error_px", "mean_expected_error_px", "auroc",
}

const coverage90 = "coverage_90"

// figure is one as the file writes it.
type figure struct {
	Value *float64 `json:"value"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// told reads what a model file says of how it did on test, all sets together first. What is not there, or not as training/ writes it,
// is left out.
func told(test map[string]map[string]json.RawMessage) []Measured {
	var out []Measured
	names := slices.SortedFunc(maps.Keys(test), func(x, y string) int {
		if all := (x == All) != (y == All); all {
			if x == All {
				return -1
			}
			return 1
		}
		return cmp.Compare(x, y)
	})
	for _, set := range names {
		fields := test[set]
		m := Measured{Set: set}
		if json.Unmarshal(fields["images"], &m.Images) != nil || m.Images < 1 {
			continue
		}
		_ = json.Unmarshal(fields["groups"], &m.Groups) // 0 where it does not say
		var coverage map[string]json.RawMessage
		if json.Unmarshal(fields["coverage"], &coverage) == nil {
			fields[coverage90] = coverage["90"]
		}
		for _, name := range Figures {
			var f figure
			if json.Unmarshal(fields[name], &f) == nil && f.Value != nil {
				m.Figures = append(m.Figures, Told{name, agree.Estimate{Value: *f.Value, Low: orNaN(f.Low), High: orNaN(f.High)}})
			}
		}
		out = append(out, m)
	}
	return out
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
