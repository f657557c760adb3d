package contour

import (
	"math"
	"testing"
)

// roundRing is a ring of n vertices around (50, 50), clockwise from the right.
func roundRing(n int, r float64) Contour {
	c := Contour{Label: 1}
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		c.Points = append(c.Points, Vertex{Point: Point{50 + r*math.Cos(a), 50 + r*math.Sin(a)}})
	}
	return c
}

// The course is the piece on the line's side, whichever way the line leads, and the whole ring for a line that closes.
func TestCourse(t *testing.T) {
	cs := []Contour{{Label: 1, Points: []Vertex{{Point: Point{500, 500}}}}, roundRing(72, 20)}
	var line []Point
	for a := -0.6; a <= 0.6; a += 0.1 {
		line = append(line, Point{50 + 24*math.Cos(a), 50 + 24*math.Sin(a)})
	}
	back := make([]Point, len(line))
	for i, p := range line {
		back[len(line)-1-i] = p
	}
	for _, l := range [][]Point{line, back} {
		got := Course(cs, l)
		if len(got) < 12 || len(got) > 16 {
			t.Fatalf("%d of 72 vertices", len(got))
		}
		if distance(got[0], l[0]) > 5 || distance(got[len(got)-1], l[len(l)-1]) > 5 {
			t.Error("it leads the other way")
		}
		for _, p := range got {
			if p.X < 60 {
				t.Error("it goes around the far side")
			}
		}
	}
	var whole []Point
	for _, v := range roundRing(20, 22).Points {
		whole = append(whole, v.Point)
	}
	if got := Course(cs, append(whole, whole[0])); len(got) != 73 {
		t.Errorf("%d points of the whole ring", len(got))
	}
	if Course(nil, line) != nil {
		t.Error("a course of nothing")
	}
}

func TestDistanceTo(t *testing.T) {
	line := []Point{{0, 0}, {10, 0}}
	for p, want := range map[Point]float64{{5, 3}: 3, {13, 4}: 5, {-1, 0}: 1} {
		if got := DistanceTo(line, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: %v", p, got)
		}
	}
	if !math.IsInf(DistanceTo(nil, Point{}), 1) || DistanceTo(line[:1], Point{3, 4}) != 5 {
		t.Error("lines of no or one point")
	}
}
