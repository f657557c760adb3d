package agree

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"echoline/internal/contour"
)

// How many groups (patients or studies) it takes to say whether bands hold, and to fit them anew: two thirds are fitted on,
// and with fewer than 20 of those a band of 95 % cannot be promised at all.
const (
	LeastToJudge = 10
	LeastToRefit = 30
)

// Refit is how much wider or narrower a model's bands have to be to hold here, and how that was found out.
type Refit struct {
	Band     [4]float64 // what the radius of each of contour.Levels is multiplied by
	Expected float64    // what the expected error is multiplied by
	Fitted   int        // groups that the factors were fitted on
	Before   Trust      // of the groups that they were not fitted on, as the model has it
	After    Trust      // and with the factors
}

// Recalibrate fits the bands of a model to frames that readers accepted. The groups are split at random, by seed: on two
// thirds the factors are fitted, conformally, so that in another group drawn from the same the mean coverage is at least the
// level; on the rest is shown whether that holds. It fails with too few groups (LeastToRefit), and where no factor would do.
func Recalibrate(frames []Kept, seed uint64) (Refit, bool) {
	var usable []Kept
	for i := range frames {
		if _, ok := check(&frames[i]); ok {
			usable = append(usable, frames[i])
		}
	}
	fit, rest := halves(usable, seed)
	if groupsOf(usable) < LeastToRefit {
		return Refit{}, false
	}
	f := Refit{Fitted: groupsOf(fit), Expected: expectedFactor(fit)}
	for level, percent := range contour.Levels {
		f.Band[level] = bandFactor(fit, level, float64(percent)/100)
		if !(f.Band[level] > 0) || math.IsInf(f.Band[level], 0) {
			return Refit{}, false
		}
	}
	f.Before, f.After = Check(rest, seed), Check(f.Scaled(rest), seed)
	return f, f.Expected > 0 && !math.IsInf(f.Expected, 0)
}

// groupsOf counts the groups of frames.
func groupsOf(frames []Kept) int {
	known := map[string]bool{}
	for i := range frames {
		known[frames[i].Group] = true
	}
	return len(known)
}

// halves splits frames by whole groups into two thirds and one third.
func halves(frames []Kept, seed uint64) (fit, rest []Kept) {
	var names []string
	for i := range frames {
		if !slices.Contains(names, frames[i].Group) {
			names = append(names, frames[i].Group)
		}
	}
	slices.Sort(names)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	names = names[:(2*len(names)+2)/3]
	for i := range frames {
		if slices.Contains(names, frames[i].Group) {
			fit = append(fit, frames[i])
		} else {
			rest = append(rest, frames[i])
		}
	}
	return fit, rest
}

// share is a number with its weight.
type share struct{ value, weight float64 }

// bandFactor is the least factor with which the band covers enough: over n groups, of which each counts the same, and in each
// its frames and in those their points, n/(n+1) of the covered share reaches the level (conformal risk control). +Inf where
// none does.
func bandFactor(frames []Kept, level int, want float64) float64 {
	frameCount := map[string]float64{}
	for i := range frames {
		frameCount[frames[i].Group]++
	}
	n := float64(len(frameCount))
	var all []share
	for i := range frames {
		first := len(all)
		eachPoint(&frames[i], func(v *contour.Vertex, d float64) { all = append(all, share{d / v.Band[level], 0}) })
		for k := first; k < len(all); k++ {
			all[k].weight = 1 / (float64(len(all)-first) * frameCount[frames[i].Group] * n)
		}
	}
	slices.SortFunc(all, func(a, b share) int { return cmp.Compare(a.value, b.value) })
	sum := 0.0
	for _, s := range all {
		if sum += s.weight; sum*n/(n+1) >= want-1e-12 {
			return s.value
		}
	}
	return math.Inf(1)
}

// expectedFactor is by how much the boundary lay farther from the model's than it expected, in the mean over frames of those
// points that have a boundary near at all.
func expectedFactor(frames []Kept) float64 {
	var found, expected []float64
	for i := range frames {
		var d, e []float64
		eachPoint(&frames[i], func(v *contour.Vertex, far float64) {
			if !math.IsInf(far, 0) {
				d, e = append(d, far), append(e, v.Expected)
			}
		})
		if len(d) > 0 {
			found, expected = append(found, Mean(d)), append(expected, Mean(e))
		}
	}
	return Mean(found) / Mean(expected)
}

// Scaled are frames whose predicted bands are multiplied by the factors.
func (f *Refit) Scaled(frames []Kept) []Kept {
	out := slices.Clone(frames)
	for i := range out {
		out[i].Predicted = slices.Clone(out[i].Predicted)
		for k := range out[i].Predicted {
			c := &out[i].Predicted[k]
			c.Points = slices.Clone(c.Points)
			for n := range c.Points {
				for level, factor := range f.Band {
					c.Points[n].Band[level] *= factor
				}
				c.Points[n].Expected *= f.Expected
			}
		}
		out[i].Weak *= f.Expected
	}
	return out
}

// Verdict is what can be said of a band.
type Verdict int

// The verdicts on a band.
const (
	TooFew  Verdict = iota // groups to say anything
	Holds                  // the level lies in the interval of the coverage
	TooThin                // it covers less than it promises
	TooWide                // it covers more
)

// Judge says whether the band of contour.Levels[level] holds.
func (t *Trust) Judge(level int) Verdict {
	e, want := t.Coverage[level], float64(contour.Levels[level])/100
	switch {
	case t.Groups < LeastToJudge || math.IsNaN(e.Low):
		return TooFew
	case e.High < want:
		return TooThin
	case e.Low > want:
		return TooWide
	}
	return Holds
}

// Nearer tells whether the bands, on groups that they were not fitted on, cover closer to what they promise than before, in the
// mean over the levels.
func (f *Refit) Nearer() bool {
	off := func(t Trust) float64 {
		sum := 0.0
		for level, percent := range contour.Levels {
			sum += math.Abs(t.Coverage[level].Value - float64(percent)/100)
		}
		return sum
	}
	return off(f.After) < off(f.Before)
}
