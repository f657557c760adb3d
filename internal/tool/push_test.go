package tool_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

// lump starts the frame with a disc of label 1 at (50, 50), radius 20, and one of label 2 at (90, 50), radius 8.
func lump(t testing.TB) (*review.Review, *mask.Plane) {
	t.Helper()
	r := reviewtest.New(120, 100, nil, nil)
	s, err := r.Begin(key, "import", review.ByModel)
	if err != nil {
		t.Fatal(err)
	}
	s.Fill(mask.Capsule(50, 50, 50, 50, 20, 20), 1)
	s.Fill(mask.Capsule(90, 50, 90, 50, 8, 8), 2)
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	return r, r.Frame(key).Labels
}

func newPush(r *review.Review) *tool.Push {
	p := tool.NewPush(r, 1)
	p.Fit(key, 10)
	return p
}

func TestPressOfPushChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, _ := lump(t)
		p := newPush(r)
		x, y := rapid.Float64Range(-5, 125).Draw(rt, "x"), rapid.Float64Range(-5, 105).Draw(rt, "y")
		if err := p.Press(key, at(x, y)); err != nil {
			rt.Fatal(err)
		}
		p.Drag(at(x, y)) // the pointer trembles
		old := r.Frame(key).Labels
		if _, err := p.Release(); err != nil {
			rt.Fatal(err)
		}
		n := 0
		for i, v := range r.Frame(key).Labels.Pix {
			if v != old.Pix[i] {
				n++
			}
		}
		if n > 4 { // at the very boundary the tip is as small as it gets: a pixel or two
			rt.Fatalf("a press at %v, %v changed %d pixels", x, y, n)
		}
	})
}

func TestPushFromInsideMovesTheBoundaryOut(t *testing.T) {
	r, old := lump(t)
	gesture(t, newPush(r), at(55, 50), at(70, 50))
	now := r.Frame(key).Labels
	if box := mask.Bounds(now, 1); box.Max.X != 80 || box.Min.X != 30 || box.Dy() != 40 {
		t.Fatal(box)
	}
	for i, v := range old.Pix {
		if v == 1 && now.Pix[i] != 1 {
			t.Fatal("something was taken away")
		}
	}
	if h := r.History(key); h[len(h)-1].Name != "push" {
		t.Fatal(h)
	}
}

func TestPushFromOutsideMovesTheBoundaryIn(t *testing.T) {
	r, old := lump(t)
	gesture(t, newPush(r), at(50, 15), at(50, 30))
	now := r.Frame(key).Labels
	if now.At(50, 38) != 0 || now.At(50, 41) != 1 || now.At(50, 69) != 1 {
		t.Fatal("not pushed in")
	}
	for i, v := range now.Pix {
		if v == 1 && old.Pix[i] != 1 {
			t.Fatal("something was added")
		}
	}
}

func TestPushLeavesOtherLabelsAlone(t *testing.T) {
	r, old := lump(t)
	gesture(t, newPush(r), at(55, 50), at(110, 50))             // out, through the other region
	gesture(t, newPush(r), at(115, 70), at(90, 55), at(70, 50)) // and back in
	for i, v := range old.Pix {
		if (v == 2) != (r.Frame(key).Labels.Pix[i] == 2) {
			t.Fatal("another label changed")
		}
	}
}

func TestInvertedPushNeedsNoBoundary(t *testing.T) {
	r, _ := lump(t)
	gesture(t, newPush(r), tool.Pointer{X: 50, Y: 50, Invert: true})
	if r.Frame(key).Labels.At(50, 50) != 0 {
		t.Fatal("no hole")
	}
	gesture(t, newPush(r), tool.Pointer{X: 20, Y: 85, Invert: true})
	if r.Frame(key).Labels.At(20, 85) != 1 {
		t.Fatal("no new region")
	}
}

func TestOutlineOfPushShrinksWithTheTip(t *testing.T) {
	r, _ := lump(t)
	p := newPush(r)
	centre := contour.Point{X: 65, Y: 50}
	radius := func() float64 {
		o := p.Outline(centre)[0]
		return math.Hypot(o.X-centre.X, o.Y-centre.Y)
	}
	if got := radius(); math.Abs(got-10) > 1e-9 {
		t.Fatal(got)
	}
	if err := p.Press(key, at(65, 50)); err != nil {
		t.Fatal(err)
	}
	if got := radius(); math.Abs(got-5) > 1 { // the boundary is 5 px away
		t.Fatal(got)
	}
	p.Cancel()
	if changed, err := p.Release(); changed || err != nil || r.Frame(key).Labels.At(75, 50) != 0 {
		t.Fatal("cancelled, yet there")
	}
}
