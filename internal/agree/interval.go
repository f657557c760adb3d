package agree

import (
	"math"
	"math/rand/v2"

	"echoline/internal/contour"
)

// Limits are those of Bland and Altman (Lancet 327, 1986) for the differences of two measurements of the same things: their
// mean, and the range that holds 95 % of them if they are normal.
type Limits struct {
	Bias, SD, Low, High float64
	N                   int
}

// BlandAltman gives the limits of agreement of pairs (a, b), as a − b. Fewer than two pairs give NaN for all but the bias.
func BlandAltman(pairs [][2]float64) Limits {
	l := Limits{N: len(pairs), Bias: math.NaN(), SD: math.NaN(), Low: math.NaN(), High: math.NaN()}
	if len(pairs) == 0 {
		return l
	}
	sum := 0.0
	for _, p := range pairs {
		sum += p[0] - p[1]
	}
	l.Bias = sum / float64(len(pairs))
	if len(pairs) < 2 {
		return l
	}
	squares := 0.0
	for _, p := range pairs {
		d := p[0] - p[1] - l.Bias
		squares += d * d
	}
	l.SD = math.Sqrt(squares / float64(len(pairs)-1))
	l.Low, l.High = l.Bias-1.96*l.SD, l.Bias+1.96*l.SD
	return l
}

// Draws is how often Interval draws.
const Draws = 2000

// Interval is the 95 % interval of a statistic over cases, by a bootstrap that draws whole groups (patients): cases of one
// patient resemble each other, and would make the interval too narrow if they were drawn one by one. groups[i] is the group
// of case i, and stat gets the indices of the drawn cases. seed makes it repeatable. With fewer than two groups, or where
// stat is NaN throughout, both ends are NaN.
func Interval(groups []string, seed uint64, stat func(cases []int) float64) (low, high float64) {
	members := map[string][]int{}
	var names []string
	for i, g := range groups {
		if members[g] == nil {
			names = append(names, g)
		}
		members[g] = append(members[g], i)
	}
	if len(names) < 2 {
		return math.NaN(), math.NaN()
	}
	r := rand.New(rand.NewPCG(seed, 0))
	var values []float64
	var cases []int
	for range Draws {
		cases = cases[:0]
		for range names {
			cases = append(cases, members[names[r.IntN(len(names))]]...)
		}
		if v := stat(cases); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return math.NaN(), math.NaN()
	}
	return contour.Percentile(values, 0.025), contour.Percentile(values, 0.975)
}

// Mean is the mean of those values that are finite; NaN without any.
func Mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}
