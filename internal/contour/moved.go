package contour

import (
	"math"

	"echoline/internal/mask"
)

// Displaced says how a boundary differs from what it was, in px.
type Displaced struct {
	Length float64 // of the boundary now
	Moved  float64 // of that, how much lies farther from the old boundary than what counts
	Mean   float64 // how far that piece lies from the old boundary, the mean along it; 0 where nothing moved or there was no old one
	Most   float64 // how far its farthest point lies; 0 likewise
}

// Displacement compares the boundary of label in after with that in before. What lies within tau px of the old boundary has
// not moved. Where there was none, all of it has; where there is none now, nothing is told.
func Displacement(before, after *mask.Plane, label uint8, tau float64) Displaced {
	old := lines(FromMask(before, label))
	var d Displaced
	sum := 0.0
	for _, line := range lines(FromMask(after, label)) {
		for i := 1; i < len(line); i++ {
			a, b := line[i-1], line[i]
			length := math.Hypot(b.X-a.X, b.Y-a.Y)
			d.Length += length
			if len(old) == 0 {
				d.Moved += length
				continue
			}
			far := math.Inf(1)
			for _, o := range old {
				far = math.Min(far, DistanceTo(o, Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}))
			}
			if far > tau {
				d.Moved += length
				sum += far * length
				d.Most = math.Max(d.Most, far)
			}
		}
	}
	if d.Moved > 0 {
		d.Mean = sum / d.Moved
	}
	return d
}

// lines are contours as lines of points that end where they begin.
func lines(cs []Contour) [][]Point {
	out := make([][]Point, len(cs))
	for i, c := range cs {
		for _, v := range c.Points {
			out[i] = append(out[i], v.Point)
		}
		if len(out[i]) > 0 {
			out[i] = append(out[i], out[i][0])
		}
	}
	return out
}
