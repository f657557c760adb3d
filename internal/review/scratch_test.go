package review_test

import (
	"testing"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
)

// dab paints a disc.
func dab(t *testing.T, r *review.Review, name string, x, y float64, label uint8) {
	t.Helper()
	s, err := r.Begin(reviewtest.Key, name, review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	s.Fill(mask.Capsule(x, y, x, y, 5, 5), label)
	if changed, err := s.Commit(); !changed || err != nil {
		t.Fatal(changed, err)
	}
}

// TestScratch: what is done on a scratch changes nothing until it is adopted, and then it is one edit like any other.
func TestScratch(t *testing.T) {
	r, twin := lumps(t), lumps(t)
	rules := r.Rules()
	rules.Locked[2] = true
	r.SetRules(rules)
	twin.SetRules(rules)
	before := r.Frame(reviewtest.Key).Labels
	sc := r.Scratch(reviewtest.Key)
	dab(t, sc.Review, "grow", 42, 30, 1) // over part of label 2, which is locked
	sc.Contours(reviewtest.Key)
	if r.Frame(reviewtest.Key).Labels != before || len(r.History(reviewtest.Key)) != 1 {
		t.Fatal("the review has changed")
	}
	if changed, err := r.Adopt(sc); !changed || err != nil {
		t.Fatal(changed, err)
	}
	dab(t, twin, "grow", 42, 30, 1)
	a, b := r.Frame(reviewtest.Key), twin.Frame(reviewtest.Key)
	if !a.Labels.Equal(b.Labels) || !a.Marks.Equal(b.Marks) || len(r.Contours(reviewtest.Key)) != len(twin.Contours(reviewtest.Key)) {
		t.Fatal("it is not what the same stroke makes")
	}
	for i, c := range r.Contours(reviewtest.Key) {
		for k, v := range c.Points {
			if w := twin.Contours(reviewtest.Key)[i].Points[k]; v.Point != w.Point || v.State != w.State {
				t.Fatal("the boundary is another", i, k)
			}
		}
	}
	if h := r.History(reviewtest.Key); len(h) != 2 || h[1].Name != "grow" {
		t.Fatal(h)
	}
	if _, ok, err := r.Undo(reviewtest.Key); !ok || err != nil || !r.Frame(reviewtest.Key).Labels.Equal(before) {
		t.Fatal("not undone", err)
	}
}

func TestStaleScratch(t *testing.T) {
	r := lumps(t)
	sc, idle := r.Scratch(reviewtest.Key), r.Scratch(reviewtest.Key)
	dab(t, sc.Review, "grow", 42, 30, 1)
	if changed, err := r.Adopt(idle); changed || err != nil {
		t.Fatal("an edit that nobody made", err)
	}
	dab(t, r, "brush", 10, 10, 1)
	before := r.Frame(reviewtest.Key).Labels
	if _, err := r.Adopt(sc); fault.CodeOf(err) != review.CodeStale || r.Frame(reviewtest.Key).Labels != before {
		t.Fatal(err)
	}
	if _, err := r.Adopt(r.Scratch(review.Key{Instance: "nowhere"})); fault.CodeOf(err) != review.CodeStale {
		t.Fatal(err)
	}
}
