package review_test

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/study"
)

// lumps starts a frame of 80×60 with a disc of label 1 and one of label 2 beside it.
func lumps(t testing.TB) *review.Review {
	t.Helper()
	r := reviewtest.New(80, 60, nil, nil)
	s, err := r.Begin(reviewtest.Key, "import", review.ByModel)
	if err != nil {
		t.Fatal(err)
	}
	s.Fill(mask.Capsule(30, 30, 30, 30, 14, 14), 1)
	s.Fill(mask.Capsule(52, 30, 52, 30, 8, 8), 2)
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	return r
}

// draw is one stroke of a reader.
func draw(t testing.TB, r *review.Review, label uint8, do func(s *review.Stroke)) *mask.Plane {
	t.Helper()
	s, err := r.Begin(reviewtest.Key, "brush", review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	if do != nil {
		do(s)
	}
	s.Fill(mask.Capsule(10, 30, 70, 30, 6, 6), label)
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	return r.Frame(reviewtest.Key).Labels
}

func TestLockedLabelsStay(t *testing.T) {
	for _, label := range []uint8{0, 1, 2, 3} {
		r := lumps(t)
		old := r.Frame(reviewtest.Key).Labels
		rules := review.Rules{}
		rules.Locked[2] = true
		r.SetRules(rules)
		for i, v := range draw(t, r, label, nil).Pix {
			if (v == 2) != (old.Pix[i] == 2) {
				t.Fatalf("painting %d changed the locked label", label)
			}
			if label == 3 && old.Pix[i] == 0 && (i/80 < 24 || i/80 >= 36) && v != 0 {
				t.Fatal("painted elsewhere")
			}
		}
	}
}

func TestOverwriteNoneTakesBackgroundOnly(t *testing.T) {
	r := lumps(t)
	old := r.Frame(reviewtest.Key).Labels
	r.SetRules(review.Rules{Overwrite: review.OverwriteNone})
	now := draw(t, r, 1, nil)
	for i, v := range old.Pix {
		if v != 0 && now.Pix[i] != v {
			t.Fatal("painted over another label")
		}
	}
	if now.At(68, 30) != 1 {
		t.Fatal("background not painted")
	}
	if draw(t, r, 0, nil).At(52, 30) != 0 {
		t.Fatal("what is not locked can be erased")
	}
}

func TestSectorBindsUntilReleased(t *testing.T) {
	r := lumps(t)
	sector := image.Rect(20, 20, 60, 40)
	r.SetSector(reviewtest.Key, review.Sector{Rectangle: sector})
	now := draw(t, r, 1, nil)
	for y := range now.H {
		for x := range now.W {
			if old := (x-30)*(x-30)+(y-30)*(y-30) < 16*16; now.At(x, y) == 1 && !old && !image.Pt(x, y).In(sector) {
				t.Fatalf("drawn outside at %d, %d", x, y)
			}
		}
	}
	r.SetRules(review.Rules{Released: true})
	if draw(t, r, 1, nil).At(68, 30) != 1 {
		t.Fatal("not released")
	}
}

func TestSetLabelsOfAReaderIsBound(t *testing.T) {
	r := lumps(t)
	rules := review.Rules{}
	rules.Locked[2] = true
	r.SetRules(rules)
	r.SetSector(reviewtest.Key, review.Sector{Rectangle: image.Rect(0, 0, 80, 50)})
	s, err := r.Begin(reviewtest.Key, "copy", review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	p := mask.NewPlane(80, 60)
	for i := range p.Pix {
		p.Pix[i] = 1
	}
	if err := s.SetLabels(p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	now := r.Frame(reviewtest.Key).Labels
	if now.At(52, 30) != 2 || now.At(70, 49) != 1 || now.At(70, 50) != 0 {
		t.Fatal("not bound")
	}
}

func TestKeepHoldsConfirmedBoundary(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := lumps(t)
		if err := r.ConfirmAll(reviewtest.Key); err != nil {
			rt.Fatal(err)
		}
		before := *r.Frame(reviewtest.Key)
		label := uint8(rapid.IntRange(0, 2).Draw(rt, "label"))
		now := draw(t, r, label, func(s *review.Stroke) { s.Keep(contour.Confirmed) })
		f := r.Frame(reviewtest.Key)
		for i, m := range before.Marks.Pix {
			if m == uint8(contour.Confirmed) && (now.Pix[i] != before.Labels.Pix[i] || f.Marks.Pix[i] != m) {
				rt.Fatal("a confirmed arc changed")
			}
		}
	})
}

func TestUnreviewedLeavesNoState(t *testing.T) {
	r := lumps(t)
	if err := r.ConfirmAll(reviewtest.Key); err != nil {
		t.Fatal(err)
	}
	draw(t, r, 1, (*review.Stroke).Unreviewed)
	for _, c := range r.Contours(reviewtest.Key) {
		for _, v := range c.Points {
			if v.State != contour.Predicted {
				t.Fatal(v)
			}
		}
	}
	if p := r.Progress(reviewtest.Key, 1); p.Reviewed != 0 {
		t.Fatal(p)
	}
}

// TestSectorOfAFan: strokes, models that are asked again and masks that are taken over stay in the fan, to the pixel, on both
// sides of the upper arc too.
func TestSectorOfAFan(t *testing.T) {
	fan := &study.Fan{X: 40, Y: -10, From: 25, To: 60, Left: -0.6, Right: 0.6}
	r := reviewtest.New(80, 60, nil, nil)
	r.SetSector(reviewtest.Key, review.Sector{Rectangle: image.Rect(0, 0, 80, 55), Fan: fan})
	s, err := r.Begin(reviewtest.Key, "brush", review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	var all []mask.Span
	for y := range 60 {
		all = append(all, mask.Span{Y: y, X0: 0, X1: 80})
	}
	s.Fill(all, 1)
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	locked := r.Locked(reviewtest.Key, 1)
	rows := 0
	for y := range 60 {
		pieces := 0
		for x := range 80 {
			d, a := math.Hypot(float64(x)+0.5-40, float64(y)+0.5+10), math.Atan2(float64(x)+0.5-40, float64(y)+0.5+10)
			in := y < 55 && d >= 25 && d < 60 && math.Abs(a) <= 0.6
			if got := r.Frame(reviewtest.Key).Labels.At(x, y) == 1; got != in {
				t.Fatalf("%d, %d: drawn %v, in the fan %v", x, y, got, in)
			}
			if !in && locked.At(x, y) == 0 {
				t.Fatalf("%d, %d: a model may change it", x, y)
			}
			if in && (x == 0 || r.Frame(reviewtest.Key).Labels.At(x-1, y) == 0) {
				pieces++
			}
		}
		if pieces == 2 {
			rows++
		}
	}
	if rows == 0 {
		t.Fatal("no row beside the upper arc")
	}
	rules := r.Rules()
	rules.Released = true
	r.SetRules(rules)
	if s, err = r.Begin(reviewtest.Key, "brush", review.ByReader); err != nil {
		t.Fatal(err)
	}
	s.Fill(all, 1)
	if _, err := s.Commit(); err != nil || mask.Count(r.Frame(reviewtest.Key).Labels, 1) != 80*60 {
		t.Fatal("released, and not all of it drawn", err)
	}
}
