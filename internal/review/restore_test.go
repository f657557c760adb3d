package review_test

import (
	"image"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
)

func TestRestoreGivesBackWhatWasThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := reviewtest.New(30, 20, nil, nil)
		k := reviewtest.Key
		fill := func(s *review.Stroke, name string) {
			for range rapid.IntRange(1, 4).Draw(t, name) {
				y, x := rapid.IntRange(-2, 21).Draw(t, "y"), rapid.IntRange(-2, 31).Draw(t, "x")
				s.Fill([]mask.Span{{Y: y, X0: x, X1: x + rapid.IntRange(0, 9).Draw(t, "n")}}, rapid.SampledFrom([]uint8{0, 1, 2}).Draw(t, "label"))
			}
		}
		s, err := r.Begin(k, "brush", review.ByReader)
		if err != nil {
			t.Fatal(err)
		}
		fill(s, "first")
		if _, err := s.Commit(); err != nil {
			t.Fatal(err)
		}
		old := r.Frame(k).Labels.Clone()
		if s, err = r.Begin(k, "redraw", review.ByReader); err != nil {
			t.Fatal(err)
		}
		fill(s, "second")
		drawn := s.Labels().Clone()
		r.Contours(k)
		box := image.Rect(rapid.IntRange(-3, 20).Draw(t, "x0"), rapid.IntRange(-3, 15).Draw(t, "y0"), rapid.IntRange(5, 33).Draw(t, "x1"), rapid.IntRange(5, 23).Draw(t, "y1"))
		s.Restore(box)
		for i, v := range s.Labels().Pix {
			want := drawn.Pix[i]
			if (image.Point{X: i % 30, Y: i / 30}).In(box) {
				want = old.Pix[i]
			}
			if v != want {
				t.Fatalf("pixel %d, %d", i%30, i/30)
			}
		}
		s.Restore(old.Rect())
		if changed, err := s.Commit(); changed || err != nil || !r.Frame(k).Labels.Equal(old) {
			t.Fatal("restored, yet changed", err)
		}
		s.Restore(old.Rect()) // it has ended
	})
}
