package tool_test

import (
	"math"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

// empty is a review of a still with nothing in it.
func empty(w, h int) *review.Review { return reviewtest.New(w, h, nil, nil) }

func count(r *review.Review, label uint8) int { return mask.Count(r.Frame(key).Labels, label) }

func TestDraggedLassoClosesWhenLetGo(t *testing.T) {
	r := empty(100, 100)
	l := tool.NewLasso(r, 1)
	gesture(t, l, at(20, 20), at(60, 20), at(60, 60), at(20, 60))
	if l.Open() || count(r, 1) != 1600 {
		t.Fatal(l.Open(), count(r, 1))
	}
	gesture(t, l, tool.Pointer{X: 20, Y: 20, Invert: true}, at(40, 20), at(40, 60), at(20, 60))
	if count(r, 1) != 800 {
		t.Fatal(count(r, 1))
	}
	if h := r.History(key); len(h) != 2 || h[1].Name != "lasso" {
		t.Fatal(h)
	}
}

func click(t *testing.T, x tool.Tool, p tool.Pointer) bool {
	t.Helper()
	if err := x.Press(key, p); err != nil {
		t.Fatal(err)
	}
	changed, err := x.Release()
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestPolygonIsClosedAtItsFirstOrLastCorner(t *testing.T) {
	for _, last := range []tool.Pointer{at(21, 21), at(19, 61)} {
		r := empty(100, 100)
		l := tool.NewLasso(r, 1)
		for _, p := range []tool.Pointer{at(20, 20), at(60, 20), at(60, 60), at(20, 60)} {
			if click(t, l, p) || r.CanUndo(key) {
				t.Fatal("closed too early")
			}
		}
		if line, closed := l.Sketch(); len(line) != 4 || !closed {
			t.Fatal(line, closed)
		}
		if !click(t, l, last) || count(r, 1) != 1600 || l.Open() {
			t.Fatal(count(r, 1))
		}
	}
}

func TestBackTakesTheLastCornerAway(t *testing.T) {
	r := empty(100, 100)
	l := tool.NewLasso(r, 1)
	for _, p := range []tool.Pointer{at(20, 20), at(60, 20), at(60, 60), at(90, 90)} {
		click(t, l, p)
	}
	l.Back()
	if changed, err := l.Finish(); !changed || err != nil || count(r, 1) < 750 || count(r, 1) > 850 {
		t.Fatal(changed, err, count(r, 1))
	}
	click(t, l, at(20, 20))
	l.Back()
	if l.Open() {
		t.Fatal("still open")
	}
	click(t, l, at(20, 20))
	if err := l.Press(review.Key{Instance: "b"}, at(1, 1)); err == nil || l.Open() {
		t.Fatal("begun on a frame that does not exist")
	}
}

func TestFreshTakesTheOldOutlineAwayInOneStep(t *testing.T) {
	r := scene(t)
	old := r.Frame(key).Labels
	gesture(t, tool.NewFresh(r, 1), at(60, 60), at(80, 60), at(80, 75), at(60, 75))
	if count(r, 1) != 300 || count(r, 2) != mask.Count(old, 2) {
		t.Fatal(count(r, 1))
	}
	if _, _, err := r.Undo(key); err != nil || !r.Frame(key).Labels.Equal(old) {
		t.Fatal(err)
	}
}

// ring is a bright picture with a dark disc, in speckle.
func ring(w, h int, cx, cy, radius float64) *tool.Sight {
	p := picture(w, h)
	for i := range p.Pix {
		v := int(p.Pix[i])
		if v < 80 {
			v += 75
		}
		if math.Hypot(float64(i%w)+0.5-cx, float64(i/w)+0.5-cy) < radius {
			v -= 75
		}
		p.Pix[i] = uint8(v)
	}
	return tool.NewSight(func() *tool.Picture { return p })
}

func TestWireFollowsTheEdge(t *testing.T) {
	for _, size := range []int{256, 2400} { // in the larger image cells are larger than pixels
		c, radius := float64(size)/2, float64(size)/5
		r := empty(size, size)
		w := tool.NewWire(r, 1)
		w.See(ring(size, size, c, c, radius))
		const clicks = 16
		around := func(i int) tool.Pointer {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / clicks)
			return at(c+radius*cos, c+radius*sin)
		}
		for i := range clicks - 1 {
			click(t, w, around(i))
		}
		w.Hover(around(clicks - 1))
		line, closed := w.Sketch()
		if closed || len(line) < int(radius) {
			t.Fatal(len(line), closed)
		}
		worst, sum := 0.0, 0.0
		for _, p := range line {
			d := math.Abs(math.Hypot(p.X-c, p.Y-c) - radius)
			worst, sum = math.Max(worst, d), sum+d
		}
		t.Logf("%d px: mean %.2f px, worst %.2f px", size, sum/float64(len(line)), worst)
		step := math.Ceil(float64(size) / 1536)
		if sum/float64(len(line)) > step || worst > 4*step {
			t.Error("it strays")
		}
		click(t, w, around(clicks-1))
		if changed, err := w.Finish(); !changed || err != nil {
			t.Fatal(changed, err)
		}
		if got, want := float64(count(r, 1)), math.Pi*radius*radius; math.Abs(got/want-1) > 0.02 {
			t.Errorf("area %v, want %v", got, want)
		}
	}
}

func TestDraggedWireSetsItsCornersItself(t *testing.T) {
	r := empty(400, 400)
	w := tool.NewWire(r, 1)
	w.See(ring(400, 400, 200, 200, 120))
	var ps []tool.Pointer
	for i := range 64 { // a shaky hand
		a := 2 * math.Pi * float64(i) / 63
		d := 120 + 4*math.Sin(11*a)
		ps = append(ps, at(200+d*math.Cos(a), 200+d*math.Sin(a)))
	}
	gesture(t, w, ps...)
	if got, want := float64(count(r, 1)), math.Pi*120*120; math.Abs(got/want-1) > 0.02 {
		t.Errorf("area %v, want %v", got, want)
	}
}

func TestWireWithoutAnImageIsStraight(t *testing.T) {
	r := empty(100, 100)
	w := tool.NewWire(r, 1)
	for _, p := range []tool.Pointer{at(20, 20), at(60, 20), at(60, 60), at(20, 60)} {
		click(t, w, p)
	}
	if changed, err := w.Finish(); !changed || err != nil || count(r, 1) != 1600 {
		t.Fatal(changed, err, count(r, 1))
	}
}

func TestEllipseOverADiameter(t *testing.T) {
	r := reviewtest.New(200, 200, &[2]float64{0.1, 0.2}, nil)
	e := tool.NewEllipse(r, 1)
	gestureOf(t, e, line(40, 100, 160, 100), at(100, 115)) // 12 mm long, 3 mm to either side
	box := mask.Bounds(r.Frame(key).Labels, 1)
	if box.Dx() != 120 || box.Dy() != 30 {
		t.Fatal(box)
	}
	if got, want := float64(count(r, 1)), math.Pi*60*15; math.Abs(got/want-1) > 0.02 {
		t.Fatal(got, want)
	}
	// Enter after the drag takes the usual width; clicks at both ends do for the drag.
	r = empty(200, 200)
	e = tool.NewEllipse(r, 1)
	click(t, e, at(40, 100))
	e.Hover(at(150, 90))
	click(t, e, at(160, 100))
	if line, closed := e.Sketch(); len(line) == 0 || !closed {
		t.Fatal("no sketch")
	}
	if changed, err := e.Finish(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if box := mask.Bounds(r.Frame(key).Labels, 1); box.Dx() != 120 || box.Dy() != 84 {
		t.Fatal(box)
	}
}

func TestBrushStopsAtEdges(t *testing.T) {
	r := empty(200, 200)
	b := tool.NewBrush(r, 1)
	b.See(ring(200, 200, 100, 100, 50))
	b.Fit(key, 12)
	var ps []tool.Pointer
	for i := range 40 { // inside the disc, nearer to its edge than the tip is wide
		a := 2 * math.Pi * float64(i) / 39
		ps = append(ps, tool.Pointer{X: 100 + 43*math.Cos(a), Y: 100 + 43*math.Sin(a), Edges: true})
	}
	gesture(t, b, ps...)
	over, in := 0, 0
	for i, v := range r.Frame(key).Labels.Pix {
		switch d := math.Hypot(float64(i%200)+0.5-100, float64(i/200)+0.5-100); {
		case v == 1 && d > 52:
			over++
		case v == 1 && d > 40 && d < 48:
			in++
		}
	}
	full := int(math.Round(math.Pi * (55*55 - 52*52))) // what it would paint beyond
	t.Logf("%d of %d px beyond the edge, %d px before it", over, full, in)
	if over > full/8 || float64(in) < 0.9*math.Pi*(48*48-40*40) {
		t.Error("it does not stop there")
	}
}

func TestSketchOfACut(t *testing.T) {
	r := scene(t)
	b := tool.NewBucket(r, 1)
	if err := b.Press(key, at(50, 15)); err != nil {
		t.Fatal(err)
	}
	b.Drag(at(51, 16))
	if l, _ := b.Sketch(); l != nil {
		t.Fatal("a click is no cut")
	}
	b.Drag(at(50, 70))
	if l, closed := b.Sketch(); len(l) != 3 || closed || l[0] != (contour.Point{X: 50, Y: 15}) {
		t.Fatal(l, closed)
	}
	b.Cancel()
	if changed, err := b.Release(); changed || err != nil {
		t.Fatal(changed, err)
	}
}
