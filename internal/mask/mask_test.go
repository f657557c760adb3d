package mask_test

import (
	"errors"
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
)

// planes draws a small plane with labels 0 to 2 in runs, so that regions of some size appear.
func planes(t *rapid.T, name string) *mask.Plane {
	w, h := rapid.IntRange(1, 24).Draw(t, name+"W"), rapid.IntRange(1, 24).Draw(t, name+"H")
	return planeOf(t, name, w, h)
}

func planeOf(t *rapid.T, name string, w, h int) *mask.Plane {
	p := mask.NewPlane(w, h)
	copy(p.Pix, rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 0, 1, 1, 2}), w*h, w*h).Draw(t, name))
	return p
}

func TestPatchLeadsThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := planes(t, "a")
		b := planeOf(t, "b", a.W, a.H)
		patch := mask.Diff(a, b, a.Rect())
		got := a.Clone()
		if err := patch.Apply(got); err != nil || !got.Equal(b) {
			t.Fatalf("there: %v", err)
		}
		if err := patch.Apply(got); err != nil || !got.Equal(a) {
			t.Fatalf("back: %v", err)
		}
		if patch.Empty() != a.Equal(b) {
			t.Fatalf("Empty is %v", patch.Empty())
		}
		data, err := patch.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again, err := mask.UnmarshalPatch(data)
		if err != nil || again.Rect != patch.Rect || string(again.Runs) != string(patch.Runs) {
			t.Fatalf("stored form differs: %v", err)
		}
	})
}

func TestDiffComparesOnlyWithin(t *testing.T) {
	a, b := mask.NewPlane(10, 10), mask.NewPlane(10, 10)
	b.Set(2, 3, 1)
	b.Set(7, 8, 2)
	p := mask.Diff(a, b, image.Rect(0, 0, 5, 50))
	if p.Rect != image.Rect(2, 3, 3, 4) {
		t.Fatal(p.Rect)
	}
}

func TestPatchRefusesWhatDoesNotFit(t *testing.T) {
	a, b := mask.NewPlane(8, 8), mask.NewPlane(8, 8)
	b.Set(6, 6, 1)
	p := mask.Diff(a, b, a.Rect())
	small := mask.NewPlane(4, 4)
	if err := p.Apply(small); !errors.Is(err, mask.ErrMisfit) || mask.Count(small, 0) != 16 {
		t.Fatal(err)
	}
	for _, runs := range [][]byte{nil, {0, 1}, {2, 1}, {1}, {1, 1, 0x80}, {1, 1, 1, 1}} {
		p.Runs = runs
		if err := p.Apply(a); !errors.Is(err, mask.ErrDamaged) || mask.Count(a, 0) != 64 {
			t.Fatalf("%v: %v", runs, err)
		}
	}
	p.Rect = image.Rect(0, 0, 1<<17, 1)
	if _, err := p.MarshalBinary(); !errors.Is(err, mask.ErrMisfit) {
		t.Fatal(err)
	}
}

func FuzzUnmarshalPatch(f *testing.F) {
	a, b := mask.NewPlane(8, 8), mask.NewPlane(8, 8)
	b.Fill([]mask.Span{{Y: 2, X0: 1, X1: 5}, {Y: 3, X0: 0, X1: 8}}, 3)
	data, _ := mask.Diff(a, b, a.Rect()).MarshalBinary()
	f.Add(data)
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1})
	f.Add([]byte{0, 0, 0x80, 0x80, 4, 0x80, 0x80, 4, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := mask.UnmarshalPatch(data)
		if err != nil {
			if !errors.Is(err, mask.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if p.Rect.Max.X > 1<<16 || p.Rect.Max.Y > 1<<16 || p.Rect.Dx()*p.Rect.Dy() > 1<<20 {
			return
		}
		plane := mask.NewPlane(p.Rect.Max.X, p.Rect.Max.Y)
		if len(plane.Pix) > 1<<22 {
			return
		}
		if err := p.Apply(plane); err != nil {
			t.Fatal(err)
		}
		if err := p.Apply(plane); err != nil || mask.Count(plane, 0) != len(plane.Pix) {
			t.Fatal("twice is not identity", err)
		}
	})
}

// segmentDistance is the distance of (x, y) from the line a to b.
func segmentDistance(x, y, ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = math.Max(0, math.Min(1, ((x-ax)*dx+(y-ay)*dy)/l))
	}
	return math.Hypot(x-ax-t*dx, y-ay-t*dy)
}

func TestCapsuleHoldsCentresWithinRadius(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Float64Range(-8, 30)
		ax, ay, bx, by := at.Draw(t, "ax"), at.Draw(t, "ay"), at.Draw(t, "bx"), at.Draw(t, "by")
		if rapid.Bool().Draw(t, "dab") {
			bx, by = ax, ay
		}
		rx, ry := rapid.Float64Range(0.1, 9).Draw(t, "rx"), rapid.Float64Range(0.1, 9).Draw(t, "ry")
		p := mask.NewPlane(24, 20)
		touched := p.Fill(mask.Capsule(ax, ay, bx, by, rx, ry), 1)
		if touched != mask.Bounds(p, 1) {
			t.Fatalf("touched %v, changed %v", touched, mask.Bounds(p, 1))
		}
		for y := 0; y < p.H; y++ {
			for x := 0; x < p.W; x++ {
				d := segmentDistance((float64(x)+.5)/rx, (float64(y)+.5)/ry, ax/rx, ay/ry, bx/rx, by/ry)
				if math.Abs(d-1) > 1e-9 && (d < 1) != (p.At(x, y) == 1) {
					t.Fatalf("(%d,%d) at %v of the radius: %d", x, y, d, p.At(x, y))
				}
			}
		}
	})
}

func TestRasterisersStandWildNumbers(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, v := range []float64{nan, inf, -inf, 1e300, -1e300} {
		p := mask.NewPlane(16, 16)
		p.Fill(mask.Capsule(v, 3, 3, 3, 2, 2), 1)
		p.Fill(mask.Capsule(3, 3, 3, v, 2, v), 1)
		p.Fill(mask.Polygon([][][2]float64{{{0, 0}, {v, 4}, {4, v}}}), 1)
	}
	if n := len(mask.Capsule(0, -1e12, 0, 1e12, 3, 3)); n > 1<<16 {
		t.Fatal(n)
	}
	if mask.Capsule(3, 3, 4, 4, 0, 1) != nil || mask.Polygon([][][2]float64{{{0, 0}, {9, 9}}}) != nil {
		t.Fatal("something from nothing")
	}
}

// insideEvenOdd is the even-odd rule by a ray to the left of (x, y), straight from its definition.
func insideEvenOdd(rings [][][2]float64, x, y float64) bool {
	in := false
	for _, r := range rings {
		for i := range r {
			a, b := r[i], r[(i+1)%len(r)]
			if (a[1] <= y) != (b[1] <= y) && a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) <= x {
				in = !in
			}
		}
	}
	return in
}

func TestPolygonIsEvenOdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coord := rapid.Float64Range(-5, 25)
		if rapid.Bool().Draw(t, "lattice") { // vertices on pixel centres and corners, where ties are
			coord = rapid.Map(rapid.IntRange(-10, 50), func(i int) float64 { return float64(i) / 2 })
		}
		point := rapid.Custom(func(t *rapid.T) [2]float64 { return [2]float64{coord.Draw(t, "x"), coord.Draw(t, "y")} })
		rings := rapid.SliceOfN(rapid.SliceOfN(point, 3, 8), 1, 3).Draw(t, "rings")
		p := mask.NewPlane(22, 18)
		p.Fill(mask.Polygon(rings), 1)
		for y := 0; y < p.H; y++ {
			for x := 0; x < p.W; x++ {
				a := insideEvenOdd(rings, float64(x)+.5-1e-9, float64(y)+.5)
				b := insideEvenOdd(rings, float64(x)+.5+1e-9, float64(y)+.5)
				if a == b && a != (p.At(x, y) == 1) {
					t.Fatalf("(%d,%d) is %d, want %v", x, y, p.At(x, y), a)
				}
			}
		}
	})
}

// flood is a plain flood fill over pixels for which in holds; reach says whether corners connect.
func flood(p *mask.Plane, in func(uint8) bool, corners bool) (ids []int, n int) {
	ids = make([]int, len(p.Pix))
	for start := range p.Pix {
		if !in(p.Pix[start]) || ids[start] != 0 {
			continue
		}
		n++
		ids[start] = n
		for stack := []int{start}; len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					x, y := at%p.W+dx, at/p.W+dy
					if (!corners && dx*dy != 0) || x < 0 || y < 0 || x >= p.W || y >= p.H {
						continue
					}
					if k := y*p.W + x; in(p.Pix[k]) && ids[k] == 0 {
						ids[k] = n
						stack = append(stack, k)
					}
				}
			}
		}
	}
	return ids, n
}

func TestComponentsAndCleanAgainstFlood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := planes(t, "p")
		want, n := flood(p, func(v uint8) bool { return v == 1 }, true)
		ids, sizes := mask.Components(p, 1)
		if len(sizes) != n+1 {
			t.Fatalf("%d regions, want %d", len(sizes)-1, n)
		}
		count, largest := make([]int, n+1), 0
		for i, id := range ids {
			if int(id) != want[i] {
				t.Fatalf("pixel %d: region %d, want %d", i, id, want[i])
			}
			if id > 0 {
				count[id]++
				largest = max(largest, count[id])
			}
		}
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		few := rapid.IntRange(0, 9).Draw(t, "few")
		clean := p.Clone()
		mask.Clean(clean, 1, few, share)
		for i, id := range ids {
			if id > 0 && sizes[id] != count[id] {
				t.Fatal(sizes, count)
			}
			gone := id > 0 && (count[id] < few || float64(count[id]) < share*float64(largest))
			if (clean.Pix[i] != p.Pix[i]) != gone {
				t.Fatalf("pixel %d of region %d", i, id)
			}
		}
	})
}

func TestFillHolesAgainstFlood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := planes(t, "p")
		ids, n := flood(p, func(v uint8) bool { return v != 1 }, false)
		open := make([]bool, n+1)
		for y := 0; y < p.H; y++ {
			for x := 0; x < p.W; x++ {
				if x == 0 || y == 0 || x == p.W-1 || y == p.H-1 {
					open[ids[y*p.W+x]] = true
				}
			}
		}
		got := p.Clone()
		mask.FillHoles(got, 1)
		for i, v := range p.Pix {
			want := v
			if v == 0 && !open[ids[i]] {
				want = 1
			}
			if got.Pix[i] != want {
				t.Fatalf("pixel %d is %d, want %d", i, got.Pix[i], want)
			}
		}
	})
}

func TestDilateIsADisc(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := planes(t, "p")
		radius := rapid.Float64Range(0, 6).Draw(t, "radius")
		got := mask.Dilate(p, 1, radius)
		for y := 0; y < p.H; y++ {
			for x := 0; x < p.W; x++ {
				near := math.Inf(1)
				for i, v := range p.Pix {
					if v == 1 {
						near = math.Min(near, math.Hypot(float64(x-i%p.W), float64(y-i/p.W)))
					}
				}
				if (near <= radius) != (got.At(x, y) == 1) && math.Abs(near-radius) > 1e-9 {
					t.Fatalf("(%d,%d) at %v with radius %v", x, y, near, radius)
				}
			}
		}
	})
}

func TestBoundsAndCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := planes(t, "p")
		var want image.Rectangle
		n := 0
		for i, v := range p.Pix {
			if v == 2 {
				x, y := i%p.W, i/p.W
				want = want.Union(image.Rect(x, y, x+1, y+1))
				n++
			}
		}
		if mask.Bounds(p, 2) != want || mask.Count(p, 2) != n {
			t.Fatal(mask.Bounds(p, 2), mask.Count(p, 2))
		}
	})
}

// screen is a plane of the size of a usual ultrasound frame with a lesion of 300 px.
func screen() *mask.Plane {
	p := mask.NewPlane(1024, 768)
	p.Fill(mask.Capsule(512, 384, 520, 384, 150, 140), 1)
	return p
}

func BenchmarkCapsule(b *testing.B) {
	p := mask.NewPlane(1024, 768)
	for b.Loop() {
		p.Fill(mask.Capsule(500, 380, 510, 384, 20, 20), 1)
	}
}

func BenchmarkDiffAndApply(b *testing.B) {
	p := screen()
	q := p.Clone()
	q.Fill(mask.Capsule(600, 300, 680, 360, 20, 20), 1)
	for b.Loop() {
		if err := mask.Diff(p, q, p.Rect()).Apply(p.Clone()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCleanAndFill(b *testing.B) {
	p := screen()
	for b.Loop() {
		mask.Clean(p, 1, 16, 0.05)
		mask.FillHoles(p, 1)
	}
}
