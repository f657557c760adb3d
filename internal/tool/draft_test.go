package tool

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
)

// A draft that went through other rings and spans before shows what one shows that did not.
func TestDraftsForgetWhatTheyShowed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blob := func(name string) []contour.Point {
			x, y := rapid.Float64Range(10, 50).Draw(t, name), rapid.Float64Range(10, 40).Draw(t, name)
			var out []contour.Point
			for i := range 8 {
				r := rapid.Float64Range(2, 18).Draw(t, name)
				sin, cos := math.Sincos(float64(i) * math.Pi / 4)
				out = append(out, contour.Point{X: x + r*cos, Y: y + r*sin})
			}
			return out
		}
		begin := func() (*review.Review, *review.Stroke) {
			r := reviewtest.New(60, 50, nil, nil)
			s, err := r.Begin(reviewtest.Key, "import", review.ByModel)
			if err != nil {
				t.Fatal(err)
			}
			s.Fill(mask.Capsule(25, 25, 30, 25, 12, 12), 1)
			s.Fill(mask.Capsule(45, 25, 45, 25, 6, 6), 2)
			if _, err := s.Commit(); err != nil {
				t.Fatal(err)
			}
			if s, err = r.Begin(reviewtest.Key, "redraw", review.ByReader); err != nil {
				t.Fatal(err)
			}
			return r, s
		}
		rings := []ring{newRing(blob("one"), false), newRing(blob("hole"), true)}
		r, s := begin()
		old := r.Frame(reviewtest.Key).Labels
		var d draft
		var last *ring
		var spans []mask.Span
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			last, spans = &rings[rapid.IntRange(0, 1).Draw(t, "ring")], mask.Wound(corners(blob("new")))
			d.become(s, last, spans, 1)
		}
		_, fresh := begin()
		var e draft
		e.become(fresh, last, spans, 1)
		if !s.Labels().Equal(fresh.Labels()) {
			t.Fatal("something of what was shown before is left")
		}
		d.wipe(s)
		if !s.Labels().Equal(old) {
			t.Fatal("wiped, yet not as it was")
		}
	})
}
