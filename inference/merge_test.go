package inference

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// drawPlane gives blobs and noise of labels 1 and 3 on a plane.
func drawPlane(t *rapid.T, w, h int, name string) *mask.Plane {
	p := mask.NewPlane(w, h)
	for range rapid.IntRange(0, 3).Draw(t, name+" blobs") {
		at := drawPoint(t, w, h, name)
		label := rapid.SampledFrom([]uint8{1, 1, 0, 3}).Draw(t, name+" label")
		p.Fill(mask.Capsule(at.X, at.Y, at.X, at.Y, rapid.Float64Range(1, 12).Draw(t, name), rapid.Float64Range(1, 12).Draw(t, name)), label)
	}
	return p
}

func drawPoint(t *rapid.T, w, h int, name string) contour.Point {
	return contour.Point{
		X: rapid.Float64Range(-1, float64(w)+1).Draw(t, name+" x"), Y: rapid.Float64Range(-1, float64(h)+1).Draw(t, name+" y"),
	}
}

// merging is one call of Merge.
type merging struct {
	before, after *mask.Plane
	g             Guidance
	m             Merging
}

func (c merging) merge() *mask.Plane { return Merge(c.before, c.after, c.g, c.m) }

func drawMerging(t *rapid.T) merging {
	w, h := rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 40).Draw(t, "h")
	c := merging{before: drawPlane(t, w, h, "before"), m: Merging{Label: 1, Radius: rapid.Float64Range(0, 4).Draw(t, "radius")}}
	c.after = c.before.Clone()
	if rapid.Bool().Draw(t, "new") {
		c.after = drawPlane(t, w, h, "after")
	}
	for range rapid.IntRange(0, 40).Draw(t, "noise") {
		c.after.Set(rapid.IntRange(0, w-1).Draw(t, "x"), rapid.IntRange(0, h-1).Draw(t, "y"), rapid.SampledFrom([]uint8{0, 1, 3}).Draw(t, "v"))
	}
	point := rapid.Custom(func(t *rapid.T) contour.Point { return drawPoint(t, w, h, "hint") })
	c.g = Guidance{
		Positive: rapid.SliceOfN(point, 0, 2).Draw(t, "positive"), Negative: rapid.SliceOfN(point, 0, 2).Draw(t, "negative"),
		Stroke: rapid.SliceOfN(point, 0, 3).Draw(t, "stroke"), Newest: rapid.SampledFrom([]Hint{0, 1, 2, 3}).Draw(t, "newest"),
	}
	if rapid.Bool().Draw(t, "locked") {
		c.m.Locked = drawPlane(t, w, h, "lock")
	}
	return c
}

func (c merging) locked(i int) bool { return c.m.Locked != nil && c.m.Locked.Pix[i] != 0 }

// lines are the newest hints, which this test finds by itself.
func (c merging) lines() (lines [][]contour.Point, obey []func(uint8) bool) {
	in, out := func(v uint8) bool { return v == 1 }, func(v uint8) bool { return v != 1 }
	all := c.g.Newest == Everything
	for i := range c.g.Positive {
		if all || c.g.Newest == PositiveClick && i == len(c.g.Positive)-1 {
			lines, obey = append(lines, c.g.Positive[i:i+1]), append(obey, in)
		}
	}
	for i := range c.g.Negative {
		if all || c.g.Newest == NegativeClick && i == len(c.g.Negative)-1 {
			lines, obey = append(lines, c.g.Negative[i:i+1]), append(obey, out)
		}
	}
	if len(c.g.Stroke) > 0 && (all || c.g.Newest == ContourStroke) {
		lines, obey = append(lines, c.g.Stroke), append(obey, nil)
	}
	return lines, obey
}

// toLine is the distance of a pixel's centre from a line.
func toLine(p *mask.Plane, i int, line []contour.Point) float64 {
	x, y := float64(i%p.W)+.5, float64(i/p.W)+.5
	best := math.Hypot(x-line[0].X, y-line[0].Y)
	for k := 1; k < len(line); k++ {
		a, dx, dy := line[k-1], line[k].X-line[k-1].X, line[k].Y-line[k-1].Y
		t := 0.0
		if n := dx*dx + dy*dy; n > 0 {
			t = math.Max(0, math.Min(1, ((x-a.X)*dx+(y-a.Y)*dy)/n))
		}
		best = math.Min(best, math.Hypot(x-a.X-t*dx, y-a.Y-t*dy))
	}
	return best
}

func (c merging) radius() float64 { return math.Max(1, c.m.Radius) }

// nearAny is the distance of a pixel from the nearest of the lines.
func nearAny(p *mask.Plane, i int, lines [][]contour.Point) float64 {
	best := math.Inf(1)
	for _, l := range lines {
		best = math.Min(best, toLine(p, i, l))
	}
	return best
}

// TestMergeTakesOnlyWhatBelongs: what changes follows the model or a click, hangs together with the newest hint, and
// leaves the rest and what is locked as it was.
func TestMergeTakesOnlyWhatBelongs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawMerging(t)
		before, after := c.before.Clone(), c.after.Clone()
		out := c.merge()
		if !c.before.Equal(before) || !c.after.Equal(after) {
			t.Fatal("Merge changed what it was given")
		}
		lines, obey := c.lines()
		var clicks [][]contour.Point
		for _, p := range append(append([]contour.Point{}, c.g.Positive...), c.g.Negative...) {
			clicks = append(clicks, []contour.Point{p})
		}
		changed := mask.NewPlane(out.W, out.H)
		for i, v := range out.Pix {
			if v == before.Pix[i] {
				continue
			}
			changed.Pix[i] = 1
			switch {
			case c.locked(i):
				t.Fatal("a locked pixel changed")
			case (v == 1) == (before.Pix[i] == 1) || v != 1 && v != 0:
				t.Fatalf("%d became %d", before.Pix[i], v)
			case (v == 1) != (after.Pix[i] == 1) && !(nearAny(out, i, clicks) <= c.radius()):
				t.Fatal("neither the model nor a click said so")
			}
		}
		ids, sizes := mask.Components(changed, 1)
		reached := make([]bool, len(sizes))
		for i, id := range ids {
			for k, line := range lines {
				if (obey[k] == nil || obey[k](out.Pix[i])) && toLine(out, i, line) <= c.radius()+1e-9 {
					reached[id] = true
				}
			}
		}
		for id := 1; id < len(sizes); id++ {
			if !reached[id] {
				t.Fatal("a region changed that no new hint asks for")
			}
		}
	})
}

func TestMergeObeysTheNewestClick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawMerging(t)
		if c.g.Newest == Everything { // clicks may contradict each other
			c.g.Newest = PositiveClick
		}
		out := c.merge()
		lines, obey := c.lines()
		for k, line := range lines {
			x, y, ok := under(out, line[0])
			if i := y*out.W + x; obey[k] != nil && ok && !c.locked(i) && !obey[k](out.Pix[i]) {
				t.Fatal("the click is not obeyed")
			}
		}
	})
}

func TestMergeAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawMerging(t)
		out := c.merge()
		if again := Merge(out, c.after, c.g, c.m); !again.Equal(out) {
			t.Fatal("merging again changed the mask again")
		}
	})
}

func TestMergeOfNoChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawMerging(t)
		c.g.Positive, c.g.Negative = nil, nil
		c.after = c.before.Clone()
		out := c.merge()
		if !out.Equal(c.before) || &out.Pix[0] == &c.before.Pix[0] {
			t.Fatal("no change must give an equal mask, of its own")
		}
	})
}

// TestMergeStaysLocal works the limit out by looking at every pixel.
func TestMergeStaysLocal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawMerging(t)
		lines, obey := c.lines()
		if len(lines) != 1 {
			return
		}
		line, off := lines[0], 0.0
		if obey[0] != nil {
			x, y, ok := under(c.before, line[0])
			if i := y*c.before.W + x; ok && !obey[0](c.before.Pix[i]) {
				off = toOtherSlowly(c.before, i)
			}
		} else {
			for i := range c.before.Pix {
				if toLine(c.before, i, line) <= 0.75 { // every pixel that the stroke passes over
					off = math.Max(off, toOtherSlowly(c.before, i))
				}
			}
		}
		limit := 6*c.radius() + 3*off + 1e-9
		if obey[0] == nil {
			limit += c.radius() // a stroke is measured at points that are a radius apart
		}
		out := c.merge()
		for i := range out.Pix {
			if d := toLine(out, i, line); out.Pix[i] != c.before.Pix[i] && d > limit {
				t.Fatalf("changed %v px from the hint, the limit being %v", d, limit)
			}
		}
	})
}

// toOtherSlowly is the distance of a pixel from the nearest on the other side.
func toOtherSlowly(p *mask.Plane, i int) float64 {
	best := math.Inf(1)
	for k, v := range p.Pix {
		if (v == 1) != (p.Pix[i] == 1) {
			best = math.Min(best, math.Hypot(float64(k%p.W-i%p.W), float64(k/p.W-i/p.W)))
		}
	}
	return best
}

// TestMergeTakesWholeRegions: what is all local is taken to the last pixel.
func TestMergeTakesWholeRegions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawMerging(t)
		at := drawPoint(t, c.before.W, c.before.H, "click")
		c.g, c.m.Locked, c.m.Radius = Guidance{Positive: []contour.Point{at}}, nil, 10 // 60 px is beyond every pixel
		x, y, ok := under(c.before, at)
		if !ok {
			return
		}
		i := y*c.before.W + x
		c.before.Pix[i], c.after.Pix[i] = 0, 1
		diff := mask.NewPlane(c.before.W, c.before.H)
		for k := range diff.Pix {
			if (c.before.Pix[k] == 1) != (c.after.Pix[k] == 1) {
				diff.Pix[k] = 1
			}
		}
		ids, _ := mask.Components(diff, 1)
		out := c.merge()
		for k, id := range ids {
			if id == ids[i] && (out.Pix[k] == 1) != (c.after.Pix[k] == 1) {
				t.Fatal("a pixel of the clicked region was left")
			}
		}
	})
}

// disc fills label 1 into a new plane of 256×256, of which clicks have a radius of 4.
func disc(at ...[3]float64) *mask.Plane {
	p := mask.NewPlane(256, 256)
	for _, d := range at {
		p.Fill(mask.Capsule(d[0], d[1], d[0], d[1], d[2], d[2]), 1)
	}
	return p
}

// TestMergeByExample tells what readers see, in the input's own size.
func TestMergeByExample(t *testing.T) {
	click := func(x, y float64) []contour.Point { return []contour.Point{{X: x, Y: y}} }
	lesion, other := [3]float64{100, 128, 40}, [3]float64{210, 60, 15}
	small := [3]float64{100, 128, 12}
	part := mask.NewPlane(256, 256)
	part.Fill(mask.Capsule(95, 128, 100, 128, 6, 6), 1)
	diagonal := disc()
	for i := range 20 {
		diagonal.Set(50+i, 50+i, 1)
	}
	for name, test := range map[string]struct {
		before, after *mask.Plane
		g             Guidance
		locked, want  *mask.Plane
	}{
		"the first lesion is taken whole": {
			before: disc(), after: disc([3]float64{128, 128, 80}), g: Guidance{Positive: click(50, 128)}, want: disc([3]float64{128, 128, 80}),
		},
		"regions hang together over corners": {
			before: disc(), after: diagonal, g: Guidance{Positive: click(50.5, 50.5)}, want: diagonal,
		},
		"a lobe is taken whole": {
			before: disc(lesion), after: disc(lesion, [3]float64{150, 128, 30}), g: Guidance{Positive: click(160, 128)},
			want: disc(lesion, [3]float64{150, 128, 30}),
		},
		"a false island goes whole": {
			before: disc(lesion, other), after: disc(lesion), g: Guidance{Negative: click(215, 66)}, want: disc(lesion),
		},
		"what changed elsewhere stays": {
			before: disc(lesion, other), after: disc(lesion, [3]float64{150, 128, 30}), g: Guidance{Positive: click(160, 128)},
			want: disc(lesion, [3]float64{150, 128, 30}, other),
		},
		"a model that does not obey gets a disk": {
			before: disc(lesion), after: disc(lesion), g: Guidance{Positive: click(180, 60)}, want: disc(lesion, [3]float64{180, 60, 4}),
		},
		"so it does where a hole is asked for": {
			before: disc(lesion, other), after: disc(lesion, other), g: Guidance{Negative: click(210, 60)},
			want: func() *mask.Plane {
				p := disc(lesion, other)
				p.Fill(mask.Capsule(210, 60, 210, 60, 4, 4), 0)
				return p
			}(),
		},
		"what is locked stays": {
			before: disc(small), after: disc(), g: Guidance{Negative: click(108, 134)}, locked: part, want: part,
		},
		"a stroke moves the boundary up to it": {
			before: disc(lesion), after: disc(lesion, [3]float64{120, 128, 45}),
			g:    Guidance{Stroke: []contour.Point{{X: 161, Y: 100}, {X: 165, Y: 128}, {X: 161, Y: 150}}},
			want: disc(lesion, [3]float64{120, 128, 45}),
		},
		"a click inside takes nothing away": {
			before: disc(lesion), after: disc([3]float64{90, 128, 40}), g: Guidance{Positive: click(137, 128)}, want: disc(lesion, [3]float64{137, 128, 4}),
		},
		"older hints change nothing any more": {
			before: disc(lesion), after: disc(lesion, other), want: disc(lesion),
			g: Guidance{Positive: click(210, 60), Stroke: click(225, 60), Negative: click(250, 250), Newest: NegativeClick},
		},
		"nor does a newest hint that is not there": {
			before: disc(lesion), after: disc(lesion, other), want: disc(lesion), g: Guidance{Positive: click(210, 60), Newest: ContourStroke},
		},
	} {
		if out := Merge(test.before, test.after, test.g, Merging{Label: 1, Radius: 4, Locked: test.locked}); !out.Equal(test.want) {
			t.Errorf("%s: Dice %v", name, contour.Dice(out, test.want, 1))
		}
	}
}

// TestMergeKeepsFarPartsOfARegion: a change that runs around the whole lesion is one region, and yet local.
func TestMergeKeepsFarPartsOfARegion(t *testing.T) {
	before := disc([3]float64{100, 128, 40})
	grown := Merge(before, disc([3]float64{100, 128, 43}), Guidance{Positive: []contour.Point{{X: 142, Y: 128}}}, Merging{Label: 1, Radius: 4})
	shrunk := disc([3]float64{100, 128, 38}, [3]float64{150, 128, 30}) // a lobe is right, but the rim is lost
	lobed := Merge(before, shrunk, Guidance{Positive: []contour.Point{{X: 160, Y: 128}}}, Merging{Label: 1, Radius: 4})
	// A click on what was inside before says that nothing is off.
	confirmed := Merge(before, disc([3]float64{100, 128, 43}), Guidance{Positive: []contour.Point{{X: 137, Y: 128}}}, Merging{Label: 1, Radius: 4})
	for _, test := range []struct {
		name string
		p    *mask.Plane
		x, y int
		want uint8
	}{
		{"under the click", grown, 141, 128, 1},
		{"near the click", grown, 139, 144, 1},
		{"above", grown, 100, 87, 0},
		{"on the other side", grown, 58, 128, 0},
		{"beside what was right", confirmed, 141, 128, 1},
		{"farther from what was right", confirmed, 130, 156, 0},
		{"the lobe", lobed, 175, 128, 1},
		{"the lobe's end", lobed, 155, 155, 1},
		{"the lost rim", lobed, 61, 128, 1},
	} {
		if got := test.p.At(test.x, test.y); got != test.want {
			t.Errorf("%s: %d", test.name, got)
		}
	}
}

// TestMergeOfWildPoints must end, and take nothing that it cannot place.
func TestMergeOfWildPoints(t *testing.T) {
	nan, inf, huge := math.NaN(), math.Inf(1), 1e300
	before := disc([3]float64{100, 128, 40})
	for _, p := range []contour.Point{{X: nan, Y: 3}, {X: inf, Y: -inf}, {X: -huge, Y: huge}} {
		line := []contour.Point{{X: 3, Y: 3}, p, {X: -huge, Y: 5}}
		for _, g := range []Guidance{{Positive: line[1:2]}, {Negative: line[1:2]}, {Stroke: line}} {
			if out := Merge(before, before, g, Merging{Label: 1, Radius: nan}); !out.Equal(before) {
				t.Errorf("%+v changed the mask", g)
			}
		}
	}
}

// BenchmarkMerge merges at 1024×768, where a click has a radius of 16: a crescent, a rim that all changes, a stroke along
// all of it, and the whole lesion.
func BenchmarkMerge(b *testing.B) {
	big := func(x, y, r float64) *mask.Plane {
		p := mask.NewPlane(1024, 768)
		p.Fill(mask.Capsule(x, y, x, y, r, r), 1)
		return p
	}
	var ring []contour.Point
	for a := range 500 {
		x, y := math.Sincos(float64(a) * math.Pi / 250)
		ring = append(ring, contour.Point{X: 500 + 230*x, Y: 384 + 230*y})
	}
	at := []contour.Point{{X: 720, Y: 384}}
	for _, test := range []struct {
		name          string
		before, after *mask.Plane
		g             Guidance
	}{
		{"crescent", big(500, 384, 200), big(530, 384, 200), Guidance{Positive: at}},
		{"rim", big(500, 384, 215), big(500, 384, 222), Guidance{Positive: at}},
		{"stroke", big(500, 384, 200), big(500, 384, 230), Guidance{Stroke: ring}},
		{"whole", big(0, 0, 0), big(500, 384, 300), Guidance{Positive: at}},
		{"disobeyed", big(500, 384, 200), big(500, 384, 200), Guidance{Positive: at}},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				Merge(test.before, test.after, test.g, Merging{Label: 1, Radius: 16})
			}
		})
	}
}
