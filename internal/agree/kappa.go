package agree

import "math"

// Kappa is Cohen's κ of two readers who put the same cases into categories: 1 for full agreement, 0 for what chance would
// give, NaN where chance alone explains everything (both always chose one and the same) or the slices differ in length.
// Cohen, Educational and Psychological Measurement 20, 1960.
func Kappa(a, b []int) float64 { return kappa(a, b, func(i, j int) float64 { return apart(i != j) }) }

// QuadraticKappa is κ for ordered categories 0, 1, 2, …, where disagreements count by the square of how far they are apart.
// Cohen, Psychological Bulletin 70, 1968.
func QuadraticKappa(a, b []int) float64 {
	return kappa(a, b, func(i, j int) float64 { return float64((i - j) * (i - j)) })
}

func apart(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// kappa is 1 minus the observed over the expected disagreement, weighted.
func kappa(a, b []int, weight func(i, j int) float64) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return math.NaN()
	}
	countA, countB := map[int]float64{}, map[int]float64{}
	observed := 0.0
	for i := range a {
		countA[a[i]]++
		countB[b[i]]++
		observed += weight(a[i], b[i])
	}
	n := float64(len(a))
	expected := 0.0
	for i, x := range countA {
		for j, y := range countB {
			expected += weight(i, j) * x * y / n
		}
	}
	if expected == 0 {
		return math.NaN()
	}
	return 1 - observed/expected
}
