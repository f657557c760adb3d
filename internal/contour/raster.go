package contour

import (
	"math"

	"echoline/internal/mask"
)

// Fill returns a plane of w×h pixels that holds the contours' labels where pixel centres lie inside them. Rings of one
// label are taken together by the even-odd rule, so holes stay open; a label that comes later covers one before.
func Fill(cs []Contour, w, h int) *mask.Plane {
	p := mask.NewPlane(w, h)
	done := [256]bool{}
	for _, c := range cs {
		if done[c.Label] {
			continue
		}
		done[c.Label] = true
		p.Fill(mask.Polygon(rings(cs, c.Label)), c.Label)
	}
	return p
}

// rings gives the points of label's contours as package mask wants them.
func rings(cs []Contour, label uint8) [][][2]float64 {
	var out [][][2]float64
	for _, c := range cs {
		if c.Label != label {
			continue
		}
		ring := make([][2]float64, len(c.Points))
		for i := range c.Points {
			ring[i] = [2]float64{c.Points[i].X, c.Points[i].Y}
		}
		out = append(out, ring)
	}
	return out
}

// ReadStates sets the state of every vertex from marks, a plane of State values of the image's size (nil: all predicted).
// A vertex lies between pixel centres; the nearest of the four around it that holds a state gives it.
func ReadStates(cs []Contour, marks *mask.Plane) {
	for i := range cs {
		points := cs[i].Points
		for k := range points {
			points[k].State = Predicted
			if marks != nil {
				points[k].State = stateAt(marks, points[k].Point)
			}
		}
	}
}

// stateAt is the state of the nearest marked pixel among the four whose centres surround p.
func stateAt(marks *mask.Plane, p Point) State {
	x, y := int(math.Floor(p.X)), int(math.Floor(p.Y))
	if v := marks.At(x, y); v != 0 {
		return State(v)
	}
	// The neighbours on the side of the pixel on which p lies, the nearer one first.
	dx, dy := p.X-float64(x)-0.5, p.Y-float64(y)-0.5
	nx, ny := x+side(dx), y+side(dy)
	first, second := marks.At(nx, y), marks.At(x, ny)
	if math.Abs(dy) > math.Abs(dx) {
		first, second = second, first
	}
	if first != 0 {
		return State(first)
	}
	if second != 0 {
		return State(second)
	}
	return State(marks.At(nx, ny))
}

func side(d float64) int {
	if d < 0 {
		return -1
	}
	return 1
}
