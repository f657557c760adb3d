package contour_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
)

// round is a ring of label 1 around (x, y), weak at its right half.
func round(x, y, r float64) contour.Contour {
	c := contour.Contour{Label: 1, Points: make([]contour.Vertex, 200)}
	for i := range c.Points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 200)
		c.Points[i] = contour.Vertex{Point: contour.Point{X: x + r*cos, Y: y + r*sin}, Expected: 1}
		if cos > 0 {
			c.Points[i].Expected = 5
		}
	}
	return c
}

func TestArcsFollowTheirBoundary(t *testing.T) {
	c := round(0, 0, 30)
	var arc contour.Arc
	for _, a := range contour.Cut([]contour.Contour{c}, 3) {
		if a.Weak {
			arc = a
		}
	}
	slid := round(0, 0, 30) // the arc bulges, its ends stay
	for i := range slid.Points {
		p := &slid.Points[i]
		if p.X > 0 {
			p.X *= 1.3
			p.State = contour.Corrected
		}
	}
	other := round(0, 0, 30)
	other.Label = 2
	for name, at := range map[string][]contour.Contour{"as it is": {c}, "slid": {slid}, "behind others": {round(90, 0, 9), other, slid}} {
		got, ok := arc.Follow(c, at)
		if !ok || got.Contour != len(at)-1 || got.From != arc.From || got.To != arc.To || !got.Weak || math.Abs(got.Expected-5) > 1e-9 {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
		if ps := at[got.Contour].Points; got.State != ps[0].State || math.Hypot(got.Centre.X-ps[0].X, got.Centre.Y-ps[0].Y) > 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	grown := round(0, 0, 30) // into what was no part of it
	for i := range grown.Points {
		if p := &grown.Points[i]; p.X > 0 {
			p.X = 1 + 5*p.X
		}
	}
	for name, at := range map[string][]contour.Contour{
		"nothing is left": nil, "of its label": {other}, "but far away": {round(200, 0, 30)}, "but a rest": {round(28, 0, 3)}, "but much more of it": {grown},
	} {
		if got, ok := arc.Follow(c, at); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestArcsFollowWhatDidNotMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ring(t)
		cs := []contour.Contour{c}
		for _, a := range contour.Cut(cs, 3) {
			got, ok := a.Follow(c, cs)
			off := math.Hypot(got.Centre.X-a.Centre.X, got.Centre.Y-a.Centre.Y) // half-way, but for rounding
			if !ok || got.From != a.From || got.To != a.To || off > contour.Length(c)/float64(len(c.Points))+1e-6 || math.Abs(got.Length-a.Length) > 1e-6 {
				t.Fatalf("%+v became %+v, %v", a, got, ok)
			}
		}
	})
}
