package tool_test

import (
	"math"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

// hill gives the frame a prediction: a disc at (50, 50) whose logit falls by one per fall px from 0 at 20 px. On the right
// half it falls four times as fast.
func hill(t testing.TB, w, h int, fall float64) *review.Review {
	t.Helper()
	r := reviewtest.New(w, h, nil, nil)
	logit := func(x, y float64) float64 {
		l := (20 - math.Hypot(x-50, y-50)) / fall
		if x > 50 {
			l *= 4
		}
		return l
	}
	scale := func(x, y float64) float64 { // weak up right
		if y < 50 && x-50 > 50-y {
			return 5
		}
		return 1
	}
	if err := reviewtest.Predict(r, logit, scale); err != nil {
		t.Fatal(err)
	}
	return r
}

// span is how far the label reaches from (50, 50) to the right, left, top and bottom.
func span(p *mask.Plane) (right, left, top, bottom int) {
	b := mask.Bounds(p, 1)
	return b.Max.X - 50, 50 - b.Min.X, 50 - b.Min.Y, b.Max.Y - 50
}

func TestSlideMovesBetweenIsoContours(t *testing.T) {
	r := hill(t, 120, 100, 2)
	old := r.Frame(key).Labels
	s := tool.NewSlide(r, 1)
	s.SetWeak(math.Inf(1)) // nothing is weak: the whole ring is one arc
	if err := s.Press(key, at(30, 50)); err != nil {
		t.Fatal(err)
	}
	if s.Step() <= 0 {
		t.Fatal("no step")
	}
	s.Turn(2.5 / s.Step())
	s.Turn(1.5 / s.Step()) // 4 px in two turns
	if changed, err := s.Release(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	now := r.Frame(key).Labels
	right, left, _, _ := span(now)
	if right > 24 || left < 25 || left-20 < 2*(right-20) {
		t.Fatalf("where the model sees an edge, on the right, it should stay nearer: %d, left %d", right, left)
	}
	// The outline follows a line of one probability: l on the left at distance d is l on the right at a quarter of it.
	if d := float64(left-20) / 4; math.Abs(float64(right-20)-d) > 1 {
		t.Fatalf("%d right, %d left: no iso-contour", right, left)
	}
	grown := math.Sqrt(float64(mask.Count(now, 1))/math.Pi) - 20
	if math.Abs(grown-4) > 1 {
		t.Fatalf("grown by %.1f px on the whole, not 4", grown)
	}
	if h := r.History(key); len(h) != 2 || h[1].Name != "slide" {
		t.Fatal(h)
	}
	golden(t, "slide-ring", old, now)
}

func TestSlideLeavesTheRestAlone(t *testing.T) {
	r := hill(t, 120, 100, 2)
	old := r.Frame(key).Labels
	s := tool.NewSlide(r, 1)
	s.SetWeak(3)
	if err := s.Press(key, at(65, 36)); err != nil { // the weak arc up right, an eighth of the ring
		t.Fatal(err)
	}
	s.Turn(4 / s.Step())
	if changed, err := s.Release(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	now := r.Frame(key).Labels
	for i, v := range now.Pix {
		x, y := float64(i%now.W)+0.5-50, float64(i/now.W)+0.5-50
		if v != old.Pix[i] && (x < 0 || y > 1 || x < -y-2) {
			t.Fatalf("changed at %v, %v", x, y)
		}
	}
	golden(t, "slide-arc", old, now)
	s.SetWeak(math.Inf(1))
	if err := s.Press(key, tool.Pointer{X: 65, Y: 36, Invert: true}); err != nil {
		t.Fatal(err)
	}
	s.Turn(-3)
	if changed, err := s.Release(); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if _, left, _, _ := span(r.Frame(key).Labels); left >= 20 {
		t.Fatal("inverted it takes the whole outline along")
	}
}

func TestSlideWithoutAModelMovesAlongTheNormal(t *testing.T) {
	for _, px := range []float64{5, -5} {
		r, old := lump(t)
		s := tool.NewSlide(r, 1)
		if err := s.Press(key, at(50, 31)); err != nil {
			t.Fatal(err)
		}
		s.Turn(px / s.Step())
		if changed, err := s.Release(); !changed || err != nil {
			t.Fatal(changed, err)
		}
		now := r.Frame(key).Labels
		right, left, top, bottom := span(now)
		for _, v := range []int{right, left, top, bottom} {
			if math.Abs(float64(v)-20-px) > 1 {
				t.Fatal(right, left, top, bottom)
			}
		}
		if mask.Count(now, 2) != mask.Count(old, 2) {
			t.Fatal("another label changed")
		}
	}
}

func TestSlideFollowsTheDragAndBack(t *testing.T) {
	r := hill(t, 120, 100, 2)
	old := r.Frame(key).Labels
	s := tool.NewSlide(r, 1)
	if err := s.Press(key, at(50, 30)); err != nil {
		t.Fatal(err)
	}
	s.Drag(at(53, 24))
	if r.Mask(key).Equal(old) {
		t.Fatal("nothing moves")
	}
	s.Drag(at(50, 30))
	if changed, err := s.Release(); changed || err != nil {
		t.Fatal("back where it was, yet changed", err)
	}
	if !r.Frame(key).Labels.Equal(old) {
		t.Fatal("not as it was")
	}
}

func TestSlideOfNothing(t *testing.T) {
	r := reviewtest.New(50, 50, nil, nil)
	s := tool.NewSlide(r, 1)
	if s.Step() != 0 {
		t.Fatal("a step without an arc")
	}
	if err := s.Press(key, at(5, 5)); err != nil {
		t.Fatal(err)
	}
	s.Turn(3)
	s.Drag(at(9, 9))
	if changed, err := s.Release(); changed || err != nil {
		t.Fatal(changed, err)
	}
}

// BenchmarkSlideStep is one notch of the wheel over the whole outline.
func BenchmarkSlideStep(b *testing.B) {
	for _, f := range frames {
		b.Run(f.name, func(b *testing.B) {
			r := reviewtest.New(f.w, f.h, nil, nil)
			logit := func(x, y float64) float64 { return (f.r - math.Hypot(x-float64(f.w)/2, y-float64(f.h)/2)) / 8 }
			if err := reviewtest.Predict(r, logit, nil); err != nil {
				b.Fatal(err)
			}
			s := tool.NewSlide(r, 1)
			timeSteps(b, r, func(i int) {
				if i%20 == 0 {
					s.Cancel()
					if err := s.Press(key, at(float64(f.w)/2, float64(f.h)/2-f.r)); err != nil {
						b.Fatal(err)
					}
				}
				s.Turn(1)
			})
		})
	}
}
