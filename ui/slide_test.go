package ui

import (
	"testing"

	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/ui/keys"
)

// atWeakArc is a window at the only weak arc of its image: the right half of a disk.
func atWeakArc(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	b.do(keys.NextWeak)
	return b
}

// slid waits for the end of a slide.
func (b *bench) slid() {
	b.t.Helper()
	b.wait("the end of the slide", func() bool { return !b.sess.stroke })
}

// chosen is the middle of the arc that is chosen, which must lie on the boundary.
func (b *bench) chosen() contour.Point {
	b.t.Helper()
	s := b.sess
	if s.active == nil {
		b.t.Fatal("no arc is chosen")
	}
	for _, v := range s.active.Points(s.review.Contours(s.key())[s.active.Contour]) {
		if v.Point == s.active.Centre {
			return v.Point
		}
	}
	b.t.Fatalf("the arc chosen is not there: %+v", s.active)
	return contour.Point{}
}

// TestAnArcStaysChosenAsItIsSlid: the keys slide it on, Enter goes on from it without a second decision on it.
func TestAnArcStaysChosenAsItIsSlid(t *testing.T) {
	b := atWeakArc(t)
	s := b.sess
	k := s.key()
	at := b.chosen()
	for range 3 {
		b.do(keys.SlideOut)
		if now := b.chosen(); now.X <= at.X {
			t.Fatalf("while it is slid the arc stays at %v", now)
		}
		b.slid()
		now := b.chosen()
		if now.X <= at.X {
			t.Fatalf("slid out from %v to %v", at, now)
		}
		at = now
	}
	if h := s.review.History(k); len(h) != 4 {
		t.Fatalf("%d steps, not a prediction and three slides", len(h))
	}
	b.do(keys.Confirm)
	states := map[contour.State]int{}
	for _, v := range s.review.Contours(k)[0].Points {
		states[v.State]++
	}
	if p := s.review.Progress(k, s.scale.weakPx(s.item)); p.WeakArcs != 0 || states[contour.Corrected] < 20 {
		t.Errorf("after Enter %d weak arcs are left, and states are %v", p.WeakArcs, states)
	}
	if s.active != nil || s.review.Frame(k).Status != review.Open {
		t.Error("Enter went past the arc")
	}
}

func TestASlideThatIsGivenUpLeavesItsArcChosen(t *testing.T) {
	b := atWeakArc(t)
	at := b.chosen()
	b.do(keys.SlideIn)
	b.do(keys.Cancel)
	if now := b.chosen(); now != at {
		t.Errorf("the arc was at %v, and is at %v", at, now)
	}
}

func TestOtherKeysActOnTheArcThatWasSlid(t *testing.T) {
	b := atWeakArc(t)
	s := b.sess
	b.do(keys.SlideOut)
	b.slid()
	b.do(keys.Smooth)
	b.chosen()
	if h := s.review.History(s.key()); len(h) != 3 || h[2].Name != "smooth" {
		t.Fatalf("%+v", h)
	}
	b.do(keys.NotVisible)
	if p := s.review.Progress(s.key(), s.scale.weakPx(s.item)); p.WeakArcs != 0 {
		t.Errorf("%d weak arcs are left where the boundary cannot be seen", p.WeakArcs)
	}
}

// TestDraggingAnArcKeepsItChosen: the slide in hand does as its keys do; other tools leave the arc.
func TestDraggingAnArcKeepsItChosen(t *testing.T) {
	b := atWeakArc(t)
	at := b.chosen()
	b.do(keys.Slide)
	b.drag(at, contour.Point{X: at.X + 6, Y: at.Y})
	if now := b.chosen(); now.X < at.X+3 {
		t.Errorf("dragged from %v to %v", at, now)
	}
	b.do(keys.Brush)
	b.drag(b.chosen(), contour.Point{X: 95, Y: 45})
	if b.sess.active != nil {
		t.Error("the brush keeps the arc chosen")
	}
}
