package contour

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// shape is a ring of n points, clockwise on the screen, with one band everywhere.
func shape(n int, band float64, at func(t float64) Point) []Contour {
	c := Contour{Label: 1}
	for i := range n {
		p := at(float64(i) / float64(n))
		v := unknown(p.X, p.Y)
		v.Band = [4]float64{band, band, band, band}
		c.Points = append(c.Points, v)
	}
	return []Contour{c}
}

// oval is an ellipse around (x, y) with half axes a and b, a turned by angle.
func oval(x, y, a, b, angle float64) func(t float64) Point {
	sin, cos := math.Sincos(angle)
	return func(t float64) Point {
		s, c := math.Sincos(2 * math.Pi * t)
		return Point{x + a*c*cos - b*s*sin, y + a*c*sin + b*s*cos}
	}
}

func near(t interface{ Fatalf(string, ...any) }, what string, got, want, within float64) {
	if !(math.Abs(got-want) <= within) {
		t.Fatalf("%s is %.3f, want %.3f ± %.3f", what, got, want, within)
	}
}

func TestBandOfADisc(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radius, band := rapid.Float64Range(15, 40).Draw(t, "radius"), rapid.Float64Range(0.2, 9).Draw(t, "band")
		x, y := rapid.Float64Range(58, 62).Draw(t, "x"), rapid.Float64Range(58, 62).Draw(t, "y")
		cs := shape(400, band, oval(x, y, radius, radius, 0))
		inner, outer, ok := Within(cs, 1, 2, 120, 120)
		if !ok || len(inner) != 1 || len(outer) != 1 {
			t.Fatalf("%v, %d inner and %d outer rings", ok, len(inner), len(outer))
		}
		within := 0.12 * 2 * math.Pi * radius // an eighth of a pixel along the ring
		near(t, "inner area", Area(inner, 1, 1), math.Pi*(radius-band)*(radius-band), within)
		near(t, "outer area", Area(outer, 1, 1), math.Pi*(radius+band)*(radius+band), within)
		small, _, _ := Diameters(inner, 1, 1)
		large, _, _ := Diameters(outer, 1, 1)
		near(t, "inner diameter", small, 2*(radius-band), 0.25)
		near(t, "outer diameter", large, 2*(radius+band), 0.25)
	})
}

// TestBandGrowsOutlines: a wider band never makes the outer outline smaller, nor the inner one larger.
func TestBandGrowsOutlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(12, 35).Draw(t, "a"), rapid.Float64Range(8, 30).Draw(t, "b")
		at := oval(50, 50, a, b, rapid.Float64Range(0, 3).Draw(t, "angle"))
		lastIn, lastOut := math.Inf(1), 0.0
		for _, band := range []float64{0, 0.5, 1, 2, 4, 7, 11, 16} {
			inner, outer, ok := Within(shape(300, band, at), 1, 0, 100, 100)
			if !ok {
				t.Fatalf("no band of %v", band)
			}
			in, out := Area(inner, 1, 1), Area(outer, 1, 1)
			if in > lastIn+1 || out < lastOut-1 || in > out {
				t.Fatalf("band %v: inner %v after %v, outer %v after %v", band, in, lastIn, out, lastOut)
			}
			lastIn, lastOut = in, out
		}
	})
}

func TestBandOfARectangleAtTheEdge(t *testing.T) {
	// 40 × 20 px in the image's corner: there the band is cut off.
	corner := []Point{{0, 0}, {40, 0}, {40, 20}, {0, 20}}
	cs := shape(1200, 3, func(t float64) Point {
		i := int(t * 4)
		p, q, s := corner[i], corner[(i+1)%4], t*4-float64(i)
		return Point{p.X + s*(q.X-p.X), p.Y + s*(q.Y-p.Y)}
	})
	inner, outer, ok := Within(cs, 1, 1, 64, 48)
	if !ok {
		t.Fatal("no band")
	}
	near(t, "inner area", Area(inner, 1, 1), 34*14, 6)
	near(t, "outer area", Area(outer, 1, 1), 43*23-(1-math.Pi/4)*9, 6)
}

func TestBandThatLeavesNothing(t *testing.T) {
	inner, outer, ok := Within(shape(100, 12, oval(40, 30, 9, 9, 0)), 1, 3, 80, 60)
	if !ok || len(inner) != 0 || len(outer) != 1 {
		t.Fatal(ok, len(inner), len(outer))
	}
	near(t, "outer area", Area(outer, 1, 1), math.Pi*21*21, 12)
}

func TestNoBandNoOutlines(t *testing.T) {
	cs := shape(100, 2, oval(40, 30, 9, 9, 0))
	cs[0].Points[17].Band[2] = Unknown
	if _, _, ok := Within(cs, 1, 2, 80, 60); ok {
		t.Fatal("a piece has no band")
	}
	if _, _, ok := Within(cs, 1, 1, 80, 60); !ok {
		t.Fatal("at another level all have")
	}
	if _, _, ok := Within(cs, 2, 1, 80, 60); ok {
		t.Fatal("no such label")
	}
}

// TestSettledBoundaryHasNoBand: what a reader confirmed or corrected is the edge of both outlines; with all settled none are left.
func TestSettledBoundaryHasNoBand(t *testing.T) {
	cs := shape(400, 4, oval(50, 50, 20, 20, 0))
	for i := range cs[0].Points {
		v := &cs[0].Points[i]
		switch {
		case v.X < 50 && v.Y < 50:
			v.State, v.Band[2] = Corrected, Unknown // the model said nothing of where it was drawn
		case v.X < 50:
			v.State = Confirmed
		}
	}
	inner, outer, ok := Within(cs, 1, 2, 100, 100)
	if !ok {
		t.Fatal("half of it is open")
	}
	near(t, "inner area", Area(inner, 1, 1), math.Pi*(20*20+16*16)/2, 30)
	near(t, "outer area", Area(outer, 1, 1), math.Pi*(20*20+24*24)/2, 30)
	for i := range cs[0].Points {
		cs[0].Points[i].State = Confirmed
	}
	if _, _, ok := Within(cs, 1, 2, 100, 100); ok {
		t.Fatal("nothing is left open")
	}
}

// TestBandWithAHole: the band lies on both sides of a hole's ring too.
func TestBandWithAHole(t *testing.T) {
	cs := shape(300, 2, oval(50, 50, 30, 30, 0))
	hole := shape(200, 2, func(t float64) Point { return oval(50, 50, 12, 12, 0)(1 - t) })[0]
	hole.Hole = true
	inner, outer, ok := Within(append(cs, hole), 1, 2, 100, 100)
	if !ok || len(inner) != 2 || len(outer) != 2 {
		t.Fatal(ok, len(inner), len(outer))
	}
	near(t, "inner area", Area(inner, 1, 1), math.Pi*(28*28-14*14), 20)
	near(t, "outer area", Area(outer, 1, 1), math.Pi*(32*32-10*10), 20)
}

func TestEllipseOfAnEllipse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.Float64Range(3, 30).Draw(t, "b")
		a := b + rapid.Float64Range(1, 40).Draw(t, "more")
		angle := rapid.Float64Range(-1.5, 1.5).Draw(t, "angle")
		e := FitEllipse(shape(2000, 0, oval(80, 60, a, b, angle)), 1, 1)
		near(t, "a", e.A, a, 1e-3*a)
		near(t, "b", e.B, b, 1e-3*a)
		near(t, "x", e.Centre.X, 80, 1e-6)
		near(t, "y", e.Centre.Y, 60, 1e-6)
		near(t, "angle", math.Sin(e.Angle-angle), 0, 1e-3)
		// The way along its points.
		ring := shape(4000, 0, oval(0, 0, a, b, 0))[0]
		near(t, "circumference", e.Circumference(), Length(ring), 1e-3*a)
	})
}

func TestEllipseInMillimetres(t *testing.T) {
	cs := shape(2000, 0, oval(80, 60, 30, 30, 0))
	e := FitEllipse(cs, 0.1, 0.2)
	near(t, "a", e.A, 6, 0.01)
	near(t, "b", e.B, 3, 0.01)
	near(t, "y", e.Centre.Y, 60, 1e-6)
}

func TestCircularity(t *testing.T) {
	near(t, "circle", Circularity(shape(2000, 0, oval(50, 50, 20, 20, 0)), 1, 1), 1, 1e-3)
	square := []Contour{{Label: 1}}
	for _, p := range []Point{{0, 0}, {10, 0}, {10, 10}, {0, 10}} {
		square[0].Points = append(square[0].Points, unknown(p.X, p.Y))
	}
	near(t, "square", Circularity(square, 1, 1), math.Pi/4, 1e-9)
	near(t, "rectangle in mm", Circularity(square, 3, 1), 4*math.Pi*300/(80*80), 1e-9)
	near(t, "nothing", Circularity(nil, 1, 1), 0, 0)
	if e := FitEllipse(nil, 1, 1); e != (Ellipse{}) || e.Circumference() != 0 {
		t.Fatal(e)
	}
}

// BenchmarkWithin is a lesion of 300 px with a band of 15 px, on 1024×768.
func BenchmarkWithin(b *testing.B) {
	cs := shape(1000, 15, oval(500, 380, 150, 120, 0.3))
	for b.Loop() {
		if _, _, ok := Within(cs, 1, 2, 1024, 768); !ok {
			b.Fatal("no band")
		}
	}
}
