package contour_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// slowSides lists mid-points of pixel sides straight from the definition.
func slowSides(p *mask.Plane) [][2]float64 {
	var out [][2]float64
	in := func(x, y int) bool { return p.At(x, y) == 1 }
	for y := -1; y <= p.H; y++ {
		for x := -1; x <= p.W; x++ {
			if in(x, y) != in(x+1, y) {
				out = append(out, [2]float64{float64(x + 1), float64(y) + .5})
			}
			if in(x, y) != in(x, y+1) {
				out = append(out, [2]float64{float64(x) + .5, float64(y + 1)})
			}
		}
	}
	return out
}

func slowDistances(from, to [][2]float64) []float64 {
	var out []float64
	for _, p := range from {
		d := math.Inf(1)
		for _, q := range to {
			d = math.Min(d, math.Hypot(p[0]-q[0], p[1]-q[1]))
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

func slowPercentile(ds []float64) float64 {
	if len(ds) == 0 {
		return 0
	}
	at := 0.95 * float64(len(ds)-1)
	lo, hi := ds[int(math.Floor(at))], ds[int(math.Ceil(at))]
	if lo == hi {
		return lo
	}
	return lo + (at-math.Floor(at))*(hi-lo)
}

func TestDistancesAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 20).Draw(t, "w"), rapid.IntRange(1, 20).Draw(t, "h")
		a, b := blobs(t, "a", w, h), blobs(t, "b", w, h)
		sa, sb := slowSides(a), slowSides(b)
		ab, ba := slowDistances(sa, sb), slowDistances(sb, sa)
		if want, got := math.Max(slowPercentile(ab), slowPercentile(ba)), contour.HD95(a, b, 1); want != got && math.Abs(want-got) > 1e-9 {
			t.Fatalf("HD95 %v, want %v", got, want)
		}
		tau := rapid.SampledFrom([]float64{0, 0.5, 1, 2.1, 5}).Draw(t, "tau")
		near := 0
		for _, d := range append(ab, ba...) {
			if d <= tau+1e-12 {
				near++
			}
		}
		want := 1.0
		if n := len(ab) + len(ba); n > 0 {
			want = float64(near) / float64(n)
		}
		if got := contour.NSD(a, b, 1, tau+1e-12); got != want {
			t.Fatalf("NSD %v, want %v", got, want)
		}
		both, sum := 0, 0
		for i := range a.Pix {
			both += int(a.Pix[i] * b.Pix[i])
			sum += int(a.Pix[i] + b.Pix[i])
		}
		want = 1
		if sum > 0 {
			want = 2 * float64(both) / float64(sum)
		}
		if got := contour.Dice(a, b, 1); got != want {
			t.Fatalf("Dice %v, want %v", got, want)
		}
	})
}

func TestDistancesOfDifferentSizes(t *testing.T) {
	a, b := mask.NewPlane(3, 3), mask.NewPlane(4, 3)
	if !math.IsNaN(contour.Dice(a, b, 1)) || !math.IsNaN(contour.HD95(a, b, 1)) || !math.IsNaN(contour.NSD(a, b, 1, 1)) {
		t.Fatal("compared planes of different size")
	}
	c := mask.NewPlane(3, 3)
	c.Set(1, 1, 1)
	if contour.HD95(a, a, 1) != 0 || !math.IsInf(contour.HD95(a, c, 1), 1) || contour.NSD(a, c, 1, 9) != 0 {
		t.Fatal("empty masks")
	}
}

func TestDiametersOfAnEllipse(t *testing.T) {
	const sx, sy = 0.1, 0.2
	const long, short = 30.0, 14.0 // mm, half axes 15 and 7, turned by 30 degrees
	p := mask.NewPlane(500, 260)
	cos, sin := math.Cos(math.Pi/6), math.Sin(math.Pi/6)
	for i := range p.Pix {
		x, y := (float64(i%p.W)+.5)*sx-25, (float64(i/p.W)+.5)*sy-26
		u, v := x*cos+y*sin, y*cos-x*sin
		if u*u/(long*long/4)+v*v/(short*short/4) <= 1 {
			p.Pix[i] = 1
		}
	}
	p.Set(2, 2, 1) // a second, tiny region does not count
	cs := contour.FromMask(p, 1)
	longest, across, ends := contour.Diameters(cs, sx, sy)
	if math.Abs(longest-long) > 0.2 || math.Abs(across-short) > 0.2 {
		t.Fatal(longest, across)
	}
	span := func(a, b contour.Point) (float64, float64) { return (b.X - a.X) * sx, (b.Y - a.Y) * sy }
	ax, ay := span(ends[0], ends[1])
	bx, by := span(ends[2], ends[3])
	if math.Abs(math.Hypot(ax, ay)-longest) > 1e-9 || math.Abs(math.Hypot(bx, by)-across) > 1e-9 {
		t.Fatal("ends do not span the diameters", ends)
	}
	if math.Abs(ax*bx+ay*by) > 1e-6 {
		t.Fatal("not at a right angle")
	}
	if got := contour.Area(cs, sx, sy); math.Abs(got/(math.Pi*long*short/4)-1) > 0.01 {
		t.Fatal(got)
	}
}

func TestDiametersOfLittle(t *testing.T) {
	if l, p, _ := contour.Diameters(nil, 1, 1); l != 0 || p != 0 {
		t.Fatal(l, p)
	}
	p := mask.NewPlane(3, 3)
	p.Set(1, 1, 1)
	if l, q, _ := contour.Diameters(contour.FromMask(p, 1), 1, 1); !(l > 0 && l <= 2 && q > 0 && q <= l) {
		t.Fatal(l, q)
	}
}

// rings draws a ring of random expected errors and states.
func ring(t *rapid.T) contour.Contour {
	n := rapid.IntRange(1, 60).Draw(t, "n")
	c := contour.Contour{Label: 1, Points: make([]contour.Vertex, n)}
	r := float64(n) * rapid.Float64Range(0.05, 2).Draw(t, "spread")
	expected := rapid.SampledFrom([]float64{1, 1, 1, 5, 5, math.NaN()})
	for i := range c.Points {
		if i > 0 && rapid.IntRange(0, 5).Draw(t, "keep") > 0 {
			c.Points[i] = c.Points[i-1]
		} else {
			c.Points[i].Expected = expected.Draw(t, "e")
			c.Points[i].State = contour.State(rapid.IntRange(0, 3).Draw(t, "s"))
		}
		angle := 2 * math.Pi * float64(i) / float64(n)
		c.Points[i].Point = contour.Point{X: r * math.Cos(angle), Y: r * math.Sin(angle)}
	}
	return c
}

func TestArcsTileTheRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ring(t)
		n := len(c.Points)
		arcs := contour.Cut([]contour.Contour{{}, c}, 3)
		seen := make([]int, n)
		sum := 0.0
		for i, a := range arcs {
			if a.Contour != 1 {
				t.Fatal("index", a.Contour)
			}
			sum += a.Length
			points := a.Points(c)
			k := 0
			half := false
			for at := range a.Each(c) {
				seen[at]++
				if points[k].Point != c.Points[at].Point {
					t.Fatal("Points and Each differ")
				}
				half = half || c.Points[at].Point == a.Centre
				k++
			}
			next := arcs[(i+1)%len(arcs)]
			if len(arcs) > 1 && next.Weak == a.Weak && next.State == a.State {
				t.Fatal("neighbours agree")
			}
			if len(arcs) > 1 && a.Length < 6 {
				t.Fatalf("sliver of %v px", a.Length)
			}
			if !half || (a.To+1)%n != next.From {
				t.Fatal("arc", a)
			}
		}
		for i, k := range seen {
			if k != 1 {
				t.Fatalf("vertex %d lies on %d arcs", i, k)
			}
		}
		if math.Abs(sum-contour.Length(c)) > 1e-6*(1+sum) {
			t.Fatalf("lengths add up to %v of %v", sum, contour.Length(c))
		}
	})
}

func TestCutKeepsLongPieces(t *testing.T) {
	c := contour.Contour{Points: make([]contour.Vertex, 100)}
	for i := range c.Points {
		angle := 2 * math.Pi * float64(i) / 100
		c.Points[i].Point = contour.Point{X: 30 * math.Cos(angle), Y: 30 * math.Sin(angle)}
		c.Points[i].Expected = 1
		if i < 20 || i >= 90 {
			c.Points[i].Expected = 4
		}
		if i == 50 || i == 51 { // a weak sliver of less than 6 px
			c.Points[i].Expected = 9
		}
		if i >= 5 && i < 20 {
			c.Points[i].State = contour.Confirmed
		}
	}
	arcs := contour.Cut([]contour.Contour{c}, 3)
	if len(arcs) != 3 {
		t.Fatal(arcs)
	}
	for i, want := range []contour.Arc{
		{From: 5, To: 19, Weak: true, State: contour.Confirmed},
		{From: 20, To: 89},
		{From: 90, To: 4, Weak: true},
	} {
		got := arcs[i]
		if got.From != want.From || got.To != want.To || got.Weak != want.Weak || got.State != want.State {
			t.Fatalf("arc %d: %+v", i, got)
		}
	}
	if math.Abs(arcs[0].Expected-4) > 1e-9 || !(arcs[1].Expected > 1 && arcs[1].Expected < 1.5) {
		t.Fatal(arcs[0].Expected, arcs[1].Expected)
	}
	if d := math.Hypot(arcs[0].Centre.X-c.Points[12].X, arcs[0].Centre.Y-c.Points[12].Y); d > 2 {
		t.Fatal("centre", arcs[0].Centre)
	}
}

func TestCutOfUnknownErrorIsOneArc(t *testing.T) {
	p := mask.NewPlane(40, 40)
	p.Fill(mask.Capsule(20, 20, 20, 20, 12, 12), 1)
	cs := contour.FromMask(p, 1)
	arcs := contour.Cut(cs, 3)
	if len(arcs) != 1 || arcs[0].Weak || arcs[0].From != 0 || arcs[0].To != len(cs[0].Points)-1 || !math.IsNaN(arcs[0].Expected) {
		t.Fatal(arcs)
	}
}

func BenchmarkHD95(b *testing.B) {
	p := lesion()
	q := mask.NewPlane(p.W, p.H)
	q.Fill(mask.Capsule(510, 390, 530, 384, 140, 120), 1)
	for b.Loop() {
		contour.HD95(p, q, 1)
	}
}

func BenchmarkDiameters(b *testing.B) {
	cs := contour.FromMask(lesion(), 1)
	for b.Loop() {
		contour.Diameters(cs, 0.1, 0.1)
	}
}
