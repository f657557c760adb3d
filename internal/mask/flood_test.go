package mask_test

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
)

// drawPlane draws a small plane of labels.
func drawPlane(t *rapid.T, labels int) *mask.Plane {
	p := mask.NewPlane(rapid.IntRange(1, 12).Draw(t, "w"), rapid.IntRange(1, 12).Draw(t, "h"))
	for i := range p.Pix {
		p.Pix[i] = uint8(rapid.IntRange(0, labels).Draw(t, "label"))
	}
	return p
}

// floodFrom is the slow and plain way: pixel by pixel from one place.
func floodFrom(p *mask.Plane, at image.Point, r image.Rectangle, corners bool, in func(x, y int) bool) map[image.Point]bool {
	seen := map[image.Point]bool{}
	todo := []image.Point{at}
	for len(todo) > 0 {
		q := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[q] || !q.In(r) || !q.In(p.Rect()) || !in(q.X, q.Y) {
			continue
		}
		seen[q] = true
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if corners || dx == 0 || dy == 0 {
					todo = append(todo, q.Add(image.Pt(dx, dy)))
				}
			}
		}
	}
	return seen
}

func TestRegionsAreWhatFloodingFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlane(t, 2)
		corners := rapid.Bool().Draw(t, "corners")
		r := image.Rect(rapid.IntRange(-1, 5).Draw(t, "x"), rapid.IntRange(-1, 5).Draw(t, "y"), 11, 11)
		in := func(v uint8) bool { return v != 1 }
		left := map[image.Point]bool{}
		for y := range p.H {
			for x := range p.W {
				if q := image.Pt(x, y); q.In(r) && in(p.At(x, y)) {
					left[q] = true
				}
			}
		}
		for _, g := range mask.Regions(p, r, corners, in) {
			first := image.Pt(g.Spans[0].X0, g.Spans[0].Y)
			want := floodFrom(p, first, r, corners, func(x, y int) bool { return in(p.At(x, y)) })
			n := 0
			for _, s := range g.Spans {
				for x := s.X0; x < s.X1; x++ {
					n++
					if !want[image.Pt(x, s.Y)] || !g.Has(x, s.Y) || !left[image.Pt(x, s.Y)] {
						t.Fatalf("pixel %d, %d", x, s.Y)
					}
					delete(left, image.Pt(x, s.Y))
				}
			}
			if n != g.Size || n != len(want) || g.Has(g.Box.Max.X, g.Box.Min.Y) {
				t.Fatal(n, g.Size, len(want))
			}
		}
		if len(left) > 0 {
			t.Fatal("left over", left)
		}
	})
}

func TestReachStopsAtWalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlane(t, 1)
		rx, ry := rapid.Float64Range(0.5, 6).Draw(t, "rx"), rapid.Float64Range(0.5, 6).Draw(t, "ry")
		spans := mask.Capsule(4, 5, 8, 6, rx, ry)
		seed := image.Pt(rapid.IntRange(-1, 12).Draw(t, "x"), rapid.IntRange(-1, 12).Draw(t, "y"))
		inside := mask.NewPlane(40, 40)
		inside.Fill(spans, 1)
		wall := func(x, y int) bool { return p.At(x, y) == 1 }
		want := floodFrom(inside, seed, inside.Rect(), false, func(x, y int) bool { return inside.At(x, y) == 1 && !wall(x, y) })
		got := mask.NewPlane(40, 40)
		got.Fill(mask.Reach(spans, []image.Point{seed}, wall), 1)
		for y := range 40 {
			for x := range 40 {
				if (got.At(x, y) == 1) != want[image.Pt(x, y)] {
					t.Fatalf("pixel %d, %d", x, y)
				}
			}
		}
	})
}

func TestNearestIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		box := image.Rect(3, 2, 3+rapid.IntRange(1, 14).Draw(t, "w"), 2+rapid.IntRange(1, 14).Draw(t, "h"))
		sx, sy := rapid.Float64Range(0.1, 3).Draw(t, "sx"), rapid.Float64Range(0.1, 3).Draw(t, "sy")
		var seeds []image.Point
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			seeds = append(seeds, image.Pt(rapid.IntRange(0, 18).Draw(t, "x"), rapid.IntRange(0, 18).Draw(t, "y")))
		}
		far := func(x, y int, s image.Point) float64 {
			return math.Hypot(float64(x-s.X)*sx, float64(y-s.Y)*sy)
		}
		owner := mask.Nearest(seeds, box, sx, sy)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				best := math.Inf(1)
				for _, s := range seeds {
					if s.In(box) {
						best = math.Min(best, far(x, y, s))
					}
				}
				got := owner[(y-box.Min.Y)*box.Dx()+x-box.Min.X]
				if got < 0 {
					if !math.IsInf(best, 1) {
						t.Fatal("no owner")
					}
					continue
				}
				if !seeds[got].In(box) || far(x, y, seeds[got]) > best+1e-9 {
					t.Fatalf("%v of %d, %d is %v away, best %v", seeds[got], x, y, far(x, y, seeds[got]), best)
				}
			}
		}
	})
}
