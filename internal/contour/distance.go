package contour

import (
	"math"
	"slices"

	"echoline/internal/mask"
)

// Dice is twice the shared area over the sum of both areas of label, 0 to 1; two empty masks give 1. Planes of different
// size give NaN.
func Dice(a, b *mask.Plane, label uint8) float64 {
	if a.W != b.W || a.H != b.H {
		return math.NaN()
	}
	both, sum := 0, 0
	for i, v := range a.Pix {
		inA, inB := v == label, b.Pix[i] == label
		if inA {
			sum++
		}
		if inB {
			sum++
		}
		if inA && inB {
			both++
		}
	}
	if sum == 0 {
		return 1
	}
	return 2 * float64(both) / float64(sum)
}

// HD95 is the robust Hausdorff distance of the boundaries of label in px: the greater of the 95th percentiles
// (interpolated linearly) of the distances from each boundary to the other. Boundary points are the mid-points of the
// pixel sides that part label from the rest or from the image's outside. Two empty masks give 0, one empty mask +Inf,
// planes of different size NaN.
func HD95(a, b *mask.Plane, label uint8) float64 {
	ab, ba, ok := boundaryDistances(a, b, label)
	if !ok {
		return math.NaN()
	}
	return math.Max(Percentile(ab, 0.95), Percentile(ba, 0.95))
}

// NSD is the normalised surface distance, 0 to 1: the share of the points of both boundaries of label (as in HD95) that
// lie within tau px of the other boundary. Two empty masks give 1, one empty mask 0, planes of different size NaN.
func NSD(a, b *mask.Plane, label uint8, tau float64) float64 {
	ab, ba, ok := boundaryDistances(a, b, label)
	switch {
	case !ok:
		return math.NaN()
	case len(ab)+len(ba) == 0:
		return 1
	}
	near := 0
	for _, ds := range [2][]float64{ab, ba} {
		for _, d := range ds {
			if d <= tau {
				near++
			}
		}
	}
	return float64(near) / float64(len(ab)+len(ba))
}

// ASD is the average symmetric surface distance of the boundaries of label in px: the mean over the points of both (as in
// HD95) of the distance to the other boundary. Two empty masks give 0, one empty mask +Inf, planes of different size NaN.
func ASD(a, b *mask.Plane, label uint8) float64 {
	ab, ba, ok := boundaryDistances(a, b, label)
	switch {
	case !ok:
		return math.NaN()
	case len(ab)+len(ba) == 0:
		return 0
	}
	sum := 0.0
	for _, ds := range [2][]float64{ab, ba} {
		for _, d := range ds {
			sum += d
		}
	}
	return sum / float64(len(ab)+len(ba))
}

// boundaryDistances gives the distances (px) of the boundary points of label in a to those in b, and the other way.
func boundaryDistances(a, b *mask.Plane, label uint8) (ab, ba []float64, ok bool) {
	if a.W != b.W || a.H != b.H {
		return nil, nil, false
	}
	sa, sb := sides(a, label), sides(b, label)
	return nearest(sa, sb), nearest(sb, sa), true
}

// sides lists the mid-points of the pixel sides that bound label, in units of half a pixel and grouped by rows: the row
// index is twice y, its entries twice x in rising order.
func sides(p *mask.Plane, label uint8) [][]int32 {
	rows := make([][]int32, 2*p.H+1)
	for y := 0; y <= p.H; y++ {
		for x := 0; x < p.W; x++ {
			if (p.At(x, y-1) == label && y > 0) != (p.At(x, y) == label && y < p.H) {
				rows[2*y] = append(rows[2*y], int32(2*x+1))
			}
		}
		if y == p.H {
			break
		}
		before := false
		for x, v := range p.Pix[y*p.W : (y+1)*p.W] {
			if in := v == label; in != before {
				rows[2*y+1] = append(rows[2*y+1], int32(2*x))
				before = in
			}
		}
		if before {
			rows[2*y+1] = append(rows[2*y+1], int32(2*p.W))
		}
	}
	return rows
}

// nearest gives for each point of from its distance in px to the nearest of to: +Inf if to is empty. Rows are searched
// outwards until none can be nearer.
func nearest(from, to [][]int32) []float64 {
	var out []float64
	for y, xs := range from {
		for _, x := range xs {
			best := math.MaxInt64
			for dy := 0; dy*dy < best && (y-dy >= 0 || y+dy < len(to)); dy++ {
				if y-dy >= 0 {
					best = min(best, dy*dy+nearestInRow(to[y-dy], x))
				}
				if y+dy < len(to) {
					best = min(best, dy*dy+nearestInRow(to[y+dy], x))
				}
			}
			d := math.Inf(1)
			if best < far {
				d = math.Sqrt(float64(best)) / 2
			}
			out = append(out, d)
		}
	}
	return out
}

// far is more than any squared distance on a plane.
const far = math.MaxInt64 / 4

// nearestInRow is the squared distance along the row from x to its nearest entry.
func nearestInRow(row []int32, x int32) int {
	i, _ := slices.BinarySearch(row, x)
	best := far
	for _, k := range [2]int{i - 1, i} {
		if k >= 0 && k < len(row) {
			d := int(row[k] - x)
			best = min(best, d*d)
		}
	}
	return best
}

// Percentile is the value below which a share q of the values lies, 0 … 1, interpolated linearly; none give 0. It sorts ds.
func Percentile(ds []float64, q float64) float64 {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	at := q * float64(len(ds)-1)
	i := int(at)
	if i+1 >= len(ds) || ds[i] == ds[i+1] {
		return ds[i]
	}
	return ds[i] + (at-float64(i))*(ds[i+1]-ds[i])
}
