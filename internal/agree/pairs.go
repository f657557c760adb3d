package agree

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"echoline/internal/mask"
	"echoline/internal/review"
)

// Case is a frame as several readers left it.
type Case struct {
	Key   review.Key             // of the frame
	Name  string                 // for people
	Group string                 // of the patient or study: what the cases of one group share makes them count as one draw of an interval
	Class string                 // such as "benign"; "" where it is not known
	MM    float64                // millimetres per pixel; 0 where the picture has no scale
	Masks map[string]*mask.Plane // by reader
	At    map[string]time.Time   // when each accepted it; zero where that is not known
}

// Pair is what two readers drew of one label on one case. A and B are in the order of their names.
type Pair struct {
	Key         review.Key
	Case, Group string
	Class       string // of the case; "" where it is not known
	A, B        string
	At          time.Time // when the later of both accepted it; zero where that is not known
	Label       uint8
	MM          float64 // millimetres per pixel; 0 where the picture has no scale
	HasA, HasB  bool    // whether each drew anything
	Figures             // in px
}

// Pairs compares every two readers of each case, for each label that any of them drew; where nobody drew anything, for
// label 1, on which they then agree. tolerance is that of NSD, px.
func Pairs(cases []Case, tolerance float64) []Pair {
	var out []Pair
	for _, c := range cases {
		var readers []string
		for name := range c.Masks {
			readers = append(readers, name)
		}
		slices.Sort(readers)
		for _, label := range labels(c.Masks) {
			for i, a := range readers {
				for _, b := range readers[i+1:] {
					p := Pair{Key: c.Key, At: later(c.At[a], c.At[b]), Case: c.Name, Group: c.Group, Class: c.Class, A: a, B: b, Label: label, MM: c.MM}
					p.Figures = Compare(c.Masks[a], c.Masks[b], label, tolerance)
					p.HasA, p.HasB = p.AreaA > 0, p.AreaB > 0
					out = append(out, p)
				}
			}
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// labels are those that any of the masks holds, in order; 1 where there are none.
func labels(masks map[string]*mask.Plane) []uint8 {
	out := labelsIn(slices.Collect(maps.Values(masks)))
	if len(out) == 0 {
		out = []uint8{1}
	}
	return out
}

// Estimate is a mean, or another figure, with its 95 % interval; NaN where it cannot be told.
type Estimate struct{ Value, Low, High float64 }

// Summary is how far two readers agree on a label, over all cases that both have, or over those of a class. Means of distances are over the cases in
// which both drew something; Dice, IoU and NSD count a case that only one of them drew in as 0.
type Summary struct {
	A, B          string
	Label         uint8
	Class         string // "": of all cases
	Cases, Groups int
	Dice, IoU     Estimate
	NSD           Estimate
	HD95, ASD     Estimate // mm where every case has a scale, else px
	Millimetres   bool
	Kappa         Estimate // of whether there is anything to outline
	Area          Limits   // a − b in mm² or px², of the cases in which both drew something
	Longest       Limits   // likewise in mm or px
}

// Summarise sums up pairs for every two readers and label, those who agree least first; where the cases are of several
// classes, those of each class come behind. seed makes the intervals repeatable.
func Summarise(pairs []Pair, seed uint64) []Summary {
	type key struct {
		a, b  string
		label uint8
	}
	of := map[key][]Pair{}
	for _, p := range pairs {
		k := key{p.A, p.B, p.Label}
		of[k] = append(of[k], p)
	}
	var out []Summary
	for _, ps := range of {
		out = append(out, summarise(ps, seed))
	}
	slices.SortFunc(out, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(a.Dice.Value, b.Dice.Value), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), cmp.Compare(a.Label, b.Label))
	})
	var all []Summary
	for _, s := range out {
		all = append(all, s)
		all = append(all, byClass(of[key{s.A, s.B, s.Label}], seed)...)
	}
	return all
}

// byClass sums up the classes of pairs, in the order of their names; none where there are not several.
func byClass(ps []Pair, seed uint64) []Summary {
	of := map[string][]Pair{}
	for _, p := range ps {
		of[p.Class] = append(of[p.Class], p)
	}
	if len(of) < 2 {
		return nil
	}
	var out []Summary
	for _, class := range slices.Sorted(maps.Keys(of)) {
		if class == "" {
			continue // nobody said: they are in the sum over all
		}
		s := summarise(of[class], seed)
		s.Class = class
		out = append(out, s)
	}
	return out
}

func summarise(ps []Pair, seed uint64) Summary {
	groups := make([]string, len(ps))
	known := map[string]bool{}
	s := Summary{A: ps[0].A, B: ps[0].B, Label: ps[0].Label, Cases: len(ps), Millimetres: true}
	for i, p := range ps {
		groups[i] = p.Group
		known[p.Group] = true
		s.Millimetres = s.Millimetres && p.MM > 0
	}
	s.Groups = len(known)
	mean := func(value func(p *Pair) float64) Estimate {
		stat := func(cases []int) float64 {
			values := make([]float64, len(cases))
			for i, c := range cases {
				values[i] = value(&ps[c])
			}
			return Mean(values)
		}
		return estimate(groups, seed, stat)
	}
	s.Dice = mean(func(p *Pair) float64 { return p.Dice })
	s.IoU = mean(func(p *Pair) float64 { return p.IoU })
	s.NSD = mean(func(p *Pair) float64 { return p.NSD })
	s.HD95 = mean(func(p *Pair) float64 { return p.HD95 * p.scale(s.Millimetres) })
	s.ASD = mean(func(p *Pair) float64 { return p.ASD * p.scale(s.Millimetres) })
	s.Kappa = estimate(groups, seed, func(cases []int) float64 {
		a, b := make([]int, len(cases)), make([]int, len(cases))
		for i, c := range cases {
			a[i], b[i] = int(apart(ps[c].HasA)), int(apart(ps[c].HasB))
		}
		return Kappa(a, b)
	})
	s.Area, s.Longest = limits(ps, s.Millimetres)
	return s
}

// estimate is a statistic over all cases with its interval.
func estimate(groups []string, seed uint64, stat func(cases []int) float64) Estimate {
	all := make([]int, len(groups))
	for i := range all {
		all[i] = i
	}
	e := Estimate{Value: stat(all)}
	e.Low, e.High = Interval(groups, seed, stat)
	return e
}

// scale is what a length in px is multiplied by.
func (p *Pair) scale(mm bool) float64 {
	if mm {
		return p.MM
	}
	return 1
}

// limits compares sizes where both readers drew something.
func limits(ps []Pair, mm bool) (area, longest Limits) {
	var areas, diameters [][2]float64
	for _, p := range ps {
		if k := p.scale(mm); p.HasA && p.HasB {
			areas = append(areas, [2]float64{p.AreaA * k * k, p.AreaB * k * k})
			diameters = append(diameters, [2]float64{p.LongestA * k, p.LongestB * k})
		}
	}
	return BlandAltman(areas), BlandAltman(diameters)
}

// Worst orders pairs by how much they disagree, the worst first.
func Worst(pairs []Pair) []Pair {
	out := slices.Clone(pairs)
	slices.SortStableFunc(out, func(a, b Pair) int { return cmp.Compare(finite(a.Dice), finite(b.Dice)) })
	return out
}

// finite puts what has no value last.
func finite(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(1)
	}
	return v
}
