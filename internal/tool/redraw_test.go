package tool_test

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

// arcOf gives pointer positions on a circle, from one angle to another in degrees, clockwise on the screen.
func arcOf(x, y, r, from, to float64) []tool.Pointer {
	n := max(2, int(math.Abs(to-from)*r/180))
	var out []tool.Pointer
	for i := 0; i <= n; i++ {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/float64(n)) * math.Pi / 180)
		out = append(out, at(x+r*cos, y+r*sin))
	}
	return out
}

// straight gives pointer positions on the way through corners.
func straight(corners ...tool.Pointer) []tool.Pointer {
	out := corners[:1:1]
	for _, c := range corners[1:] {
		from := out[len(out)-1]
		n := int(math.Hypot(c.X-from.X, c.Y-from.Y)/2) + 1
		for i := 1; i <= n; i++ {
			s := float64(i) / float64(n)
			out = append(out, at(from.X+s*(c.X-from.X), from.Y+s*(c.Y-from.Y)))
		}
	}
	return out
}

// differing counts pixels.
func differing(a, b *mask.Plane) int {
	n := 0
	for i, v := range a.Pix {
		if v != b.Pix[i] {
			n++
		}
	}
	return n
}

func TestRedrawReplacesTheArcBetweenItsEnds(t *testing.T) {
	bump := straight(at(63, 35), at(74, 42), at(76, 50), at(74, 58), at(64, 64))
	cases := []struct {
		name      string
		ps        []tool.Pointer
		in, out   [2]int // a pixel that comes in, one that goes; (0, 0): none
		untouched [2]int
	}{
		{"out", bump, [2]int{72, 50}, [2]int{}, [2]int{31, 50}},
		{"out-backwards", backwards(bump), [2]int{72, 50}, [2]int{}, [2]int{31, 50}},
		{"in", straight(at(63, 34), at(58, 45), at(58, 55), at(64, 65)), [2]int{}, [2]int{66, 50}, [2]int{31, 50}},
		{"cut", straight(at(37, 28), at(36, 50), at(37, 72)), [2]int{}, [2]int{32, 50}, [2]int{50, 50}},
		{"overshot", straight(at(70, 33), at(40, 33)), [2]int{}, [2]int{50, 31}, [2]int{50, 60}},
		{"most", arcOf(50, 50, 15, 10, 335), [2]int{}, [2]int{50, 33}, [2]int{50, 50}},
		{"closed", arcOf(45, 55, 22, 0, 355), [2]int{28, 62}, [2]int{65, 40}, [2]int{50, 50}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, old := lump(t)
			gesture(t, tool.NewRedraw(r, 1), c.ps...)
			now := r.Frame(key).Labels
			if c.in != [2]int{} && (old.At(c.in[0], c.in[1]) != 0 || now.At(c.in[0], c.in[1]) != 1) {
				t.Errorf("%v did not come in", c.in)
			}
			if c.out != [2]int{} && (old.At(c.out[0], c.out[1]) != 1 || now.At(c.out[0], c.out[1]) != 0) {
				t.Errorf("%v did not go", c.out)
			}
			if now.At(c.untouched[0], c.untouched[1]) != 1 {
				t.Errorf("%v went", c.untouched)
			}
			if h := r.History(key); len(h) != 2 || h[1].Name != "redraw" {
				t.Error(h)
			}
			golden(t, "redraw-"+c.name, old, now)
		})
	}
}

func backwards(ps []tool.Pointer) []tool.Pointer {
	var out []tool.Pointer
	for i := range ps {
		out = append(out, ps[len(ps)-1-i])
	}
	return out
}

func TestRedrawChangesOnlyBetweenTheLines(t *testing.T) {
	r, old := lump(t)
	gesture(t, tool.NewRedraw(r, 1), arcOf(50, 50, 26, -60, 60)...)
	want := old.Clone()
	for i := range want.Pix {
		x, y := float64(i%want.W)+0.5-50, float64(i/want.W)+0.5-50
		d, a := math.Hypot(x, y), math.Atan2(y, x)*180/math.Pi
		if math.Abs(a) > 62 && r.Frame(key).Labels.Pix[i] != old.Pix[i] {
			t.Fatalf("pixel %v, %v changed", x, y)
		}
		if math.Abs(a) < 55 && d < 25 && want.Pix[i] == 0 {
			want.Pix[i] = 1
			if r.Frame(key).Labels.Pix[i] != 1 {
				t.Fatalf("pixel %v, %v did not", x, y)
			}
		}
	}
}

func TestRedrawInvertedReplacesTheOtherArc(t *testing.T) {
	r, _ := lump(t)
	ps := straight(at(35, 37), at(65, 37)) // a chord: above it the smaller part
	ps[0].Invert = true
	gesture(t, tool.NewRedraw(r, 1), ps...)
	now := r.Frame(key).Labels
	if now.At(50, 33) != 1 || now.At(50, 50) != 0 {
		t.Fatal("the smaller part went")
	}
}

func TestRedrawFromNothing(t *testing.T) {
	r := reviewtest.New(120, 100, nil, nil)
	before := r.Frame(key).Labels
	gesture(t, tool.NewRedraw(r, 1), arcOf(60, 50, 25, 20, 360)...)
	now := r.Frame(key).Labels
	if n := mask.Count(now, 1); math.Abs(float64(n)/(math.Pi*625)-1) > 0.03 {
		t.Fatal(n)
	}
	golden(t, "redraw-nothing", before, now)
	r, old := lump(t) // far from all there is: a second region
	gesture(t, tool.NewRedraw(r, 1), arcOf(20, 85, 9, 0, 350)...)
	for i, v := range old.Pix {
		if v != 0 && r.Frame(key).Labels.Pix[i] != v {
			t.Fatal("what was there changed")
		}
	}
	if r.Frame(key).Labels.At(20, 85) != 1 {
		t.Fatal("no second region")
	}
}

func TestRedrawTakesThePlaceOfEveryRegionItOverlaps(t *testing.T) {
	r := reviewtest.New(120, 100, nil, nil)
	s, err := r.Begin(key, "import", review.ByModel)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]float64{{40, 50, 14}, {75, 50, 12}, {110, 20, 6}} {
		s.Fill(mask.Capsule(c[0], c[1], c[0], c[1], c[2], c[2]), 1)
	}
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	gesture(t, tool.NewRedraw(r, 1), arcOf(58, 52, 20, 0, 360)...)
	now := r.Frame(key).Labels
	third := now.At(110, 20)
	all := arcOf(58, 52, 20, 0, 360)
	all[0].Invert = true
	gesture(t, tool.NewRedraw(r, 1), all...)
	if third != 1 || r.Frame(key).Labels.At(110, 20) != 0 || r.Frame(key).Labels.At(58, 50) != 1 {
		t.Fatal("inverted it takes the place of all")
	}
	if now.At(29, 50) != 0 || now.At(85, 50) != 0 || now.At(58, 50) != 1 || now.At(110, 20) != 1 {
		t.Fatal("two regions should be one, the third as it was")
	}
}

func TestSmallStrokesOfRedrawSayNothing(t *testing.T) {
	r, old := lump(t)
	d := tool.NewRedraw(r, 1)
	for _, ps := range [][]tool.Pointer{
		{at(50, 50)},
		straight(at(70, 50), at(71, 51)),
		arcOf(50, 50, 1.2, 0, 360), // a hand that trembles amid the region
	} {
		if err := d.Press(key, ps[0]); err != nil {
			t.Fatal(err)
		}
		for _, p := range ps[1:] {
			d.Drag(p)
		}
		if _, err := d.Release(); err != nil {
			t.Fatal(err)
		}
		if n := differing(r.Frame(key).Labels, old); n > 6 {
			t.Fatalf("%v changed %d pixels", ps, n)
		}
	}
}

func TestRedrawGoesRoundHoles(t *testing.T) {
	r, _ := lump(t)
	gesture(t, tool.NewEraser(r, 1), at(44, 50), at(56, 50)) // a hole of 10 px radius
	gesture(t, tool.NewRedraw(r, 1), straight(at(46, 40), at(46, 60))...)
	now := r.Frame(key).Labels
	if now.At(42, 50) != 1 || now.At(52, 50) != 0 || now.At(68, 50) != 1 {
		t.Fatal("the hole's left part should be closed")
	}
}

// drawRandomly makes gestures with t until one changes something.
func drawRandomly(rt *rapid.T, t tool.Tool) {
	n := rapid.IntRange(2, 40).Draw(rt, "n")
	x, y := rapid.Float64Range(-10, 130).Draw(rt, "x"), rapid.Float64Range(-10, 110).Draw(rt, "y")
	if err := t.Press(key, tool.Pointer{X: x, Y: y, Invert: rapid.Bool().Draw(rt, "invert")}); err != nil {
		rt.Fatal(err)
	}
	a := rapid.Float64Range(0, 7).Draw(rt, "a")
	for range n {
		a += rapid.Float64Range(-0.8, 0.8).Draw(rt, "turn")
		step := rapid.Float64Range(0, 12).Draw(rt, "step")
		x, y = x+step*math.Cos(a), y+step*math.Sin(a)
		t.Drag(at(x, y))
	}
}

func TestRedrawAndSlideUndoneLeaveNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, old := lump(t)
		for range rapid.IntRange(1, 4).Draw(rt, "gestures") {
			var b tool.Tool = tool.NewRedraw(r, 1)
			if rapid.Bool().Draw(rt, "slide") {
				b = tool.NewSlide(r, 1)
			}
			before, steps := r.Frame(key).Labels.Clone(), len(r.History(key))
			drawRandomly(rt, b)
			if rapid.Bool().Draw(rt, "cancel") {
				b.Cancel()
				if !r.Frame(key).Labels.Equal(before) || len(r.History(key)) != steps {
					rt.Fatal("cancelled, yet there")
				}
				continue
			}
			changed, err := b.Release()
			if err != nil {
				rt.Fatal(err)
			}
			if changed == r.Frame(key).Labels.Equal(before) || len(r.History(key))-steps > 1 {
				rt.Fatal("one step where something changed")
			}
		}
		last := r.Frame(key).Labels.Clone()
		for i, v := range old.Pix {
			if (v == 2) != (last.Pix[i] == 2) {
				rt.Fatal("another label changed")
			}
		}
		n := 0
		for ; r.CanUndo(key) && n < len(r.History(key))-1; n++ {
			if _, ok, err := r.Undo(key); !ok || err != nil {
				rt.Fatal(ok, err)
			}
		}
		if !r.Frame(key).Labels.Equal(old) {
			rt.Fatal("undone, yet not as it was")
		}
		for range n {
			if _, ok, err := r.Redo(key); !ok || err != nil {
				rt.Fatal(ok, err)
			}
		}
		if !r.Frame(key).Labels.Equal(last) {
			rt.Fatal("redone, yet not as it was")
		}
	})
}

// What is shown on the way leaves nothing behind: the last position alone decides.
func TestRedrawOnTheWayLeavesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, _ := lump(t)
		d := tool.NewRedraw(r, 1)
		drawRandomly(rt, d)
		drawn, _ := d.Sketch()
		line := append([]contour.Point{}, drawn...)
		if _, err := d.Release(); err != nil {
			rt.Fatal(err)
		}
		if len(line) < 2 {
			return
		}
		// A second tool on the same mask gets there by another way: a far excursion that it takes back by beginning anew.
		s, _ := lump(t)
		e := tool.NewRedraw(s, 1)
		invert := line[0] // whether the gesture was inverted is not on the line: both are tried
		same := false
		for _, inv := range []bool{false, true} {
			if err := e.Press(key, tool.Pointer{X: invert.X, Y: invert.Y, Invert: inv}); err != nil {
				rt.Fatal(err)
			}
			for _, p := range line[1:] {
				e.Drag(at(p.X, p.Y))
			}
			same = same || s.Mask(key).Equal(r.Frame(key).Labels)
			e.Cancel()
		}
		if !same {
			rt.Fatal("another mask")
		}
	})
}

// far is where pointer positions make no sense.
func TestWildPositionsDoNoHarm(t *testing.T) {
	r, _ := lump(t)
	for _, b := range []tool.Tool{tool.NewRedraw(r, 1), tool.NewSlide(r, 1)} {
		for _, p := range []tool.Pointer{at(math.NaN(), 3), at(math.Inf(1), 2), at(1e300, -1e300), at(-4e9, 4e9)} {
			if err := b.Press(key, p); err != nil {
				t.Fatal(err)
			}
			b.Drag(at(60, 60))
			b.Drag(p)
			b.Drag(at(70, 70))
			if _, err := b.Release(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// frames are the sizes at which pointer events are timed: an image of a scanner, and the largest.
var frames = []struct {
	name string
	w, h int
	r    float64
}{{"1024x768", 1024, 768, 150}, {"4096x4096", 4096, 4096, 800}}

// BenchmarkRedrawStep is one step of the pointer along a stroke around half of a lesion.
func BenchmarkRedrawStep(b *testing.B) {
	for _, f := range frames {
		b.Run(f.name, func(b *testing.B) {
			r := bigLump(b, f.w, f.h, f.r)
			d := tool.NewRedraw(r, 1)
			x, y := float64(f.w)/2, float64(f.h)/2
			path := arcOf(x, y, 1.05*f.r, -90, 90)
			timeSteps(b, r, func(i int) {
				if i%len(path) == 0 {
					d.Cancel()
					if err := d.Press(key, path[0]); err != nil {
						b.Fatal(err)
					}
				}
				d.Drag(path[i%len(path)])
			})
		})
	}
}

// bigLump is a frame with a lesion in its middle.
func bigLump(b *testing.B, w, h int, radius float64) *review.Review {
	b.Helper()
	r := reviewtest.New(w, h, nil, nil)
	s, err := r.Begin(key, "import", review.ByModel)
	if err != nil {
		b.Fatal(err)
	}
	s.Fill(mask.Capsule(float64(w)/2, float64(h)/2, float64(w)/2, float64(h)/2, radius, radius), 1)
	if _, err := s.Commit(); err != nil {
		b.Fatal(err)
	}
	return r
}

// timeSteps runs step and then the outline anew, and reports the 99th percentiles of the processor's time for the step alone
// and for both.
func timeSteps(b *testing.B, r *review.Review, step func(i int)) {
	b.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var alone, all []time.Duration
	for i := 0; b.Loop(); i++ {
		began := threadCPU(b)
		step(i)
		alone = append(alone, threadCPU(b)-began)
		if len(r.Contours(key)) == 0 {
			b.Fatal("no outline")
		}
		all = append(all, threadCPU(b)-began)
	}
	for name, took := range map[string][]time.Duration{"p99-ms": alone, "outlined-p99-ms": all} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100])/1e6, name)
	}
}
