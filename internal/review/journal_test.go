package review

import (
	"errors"
	"testing"

	"echoline/internal/mask"
)

func TestJournalFailureKeepsWork(t *testing.T) {
	r, j := open(t)
	full := true
	j.fail = func() bool { return full }
	changes := 0
	r.OnChange = func(Key) { changes++ }
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(20, 20, 20, 20, 5, 5), 1)
	if changed, err := s.Commit(); !changed || !errors.Is(err, errFull) {
		t.Fatal(changed, err)
	}
	if err := r.SetStatus(still, Accepted); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	if r.Unsaved() != 2 || changes != 2 || mask.Count(r.Frame(still).Labels, 1) == 0 || !errors.Is(r.Flush(), errFull) {
		t.Fatal("work was lost", r.Unsaved(), changes)
	}
	full = false
	must(t, r.Flush())
	if r.Unsaved() != 0 || len(j.entries) != 2 || j.entries[0].Kind != KindEdit || j.entries[1].N != 2 {
		t.Fatal(r.Unsaved(), j.entries)
	}
}

func TestBudgetShedsTheOldest(t *testing.T) {
	r, _ := open(t)
	one, other := still, Key{"b", 1}
	must(t, r.SetPrediction(one, predicted("m", 30, 24, 8)))
	for i := range 10 {
		paint(t, r, one, 1, 20+float64(i)*2, 24, 9)
		paint(t, r, other, 1, 20+float64(i)*2, 24, 9)
	}
	must(t, r.SetStatus(one, Accepted))
	total := r.held
	r.SetBudget(total / 2)
	if r.held > total/2 || r.held < total/4 {
		t.Fatal(r.held, total)
	}
	a, b := len(r.History(one)), len(r.History(other))
	if a == 0 || a-b > 1 || b-a > 1 {
		t.Fatalf("%d and %d steps stayed", a, b)
	}
	before := r.Frame(one).Labels
	for r.CanUndo(one) {
		if _, _, err := r.Undo(one); err != nil {
			t.Fatal(err)
		}
	}
	if f := r.Frame(one); !f.Touched || f.Model != "m" || mask.Count(f.Labels, 1) == 0 || f.Status != Open {
		t.Fatalf("what can no longer be undone was forgotten: %+v", f)
	}
	for r.CanRedo(one) {
		if _, _, err := r.Redo(one); err != nil {
			t.Fatal(err)
		}
	}
	if f := r.Frame(one); !f.Labels.Equal(before) || f.Status != Accepted {
		t.Fatal("not back where it was")
	}
	r.SetBudget(0)
	if r.held != 0 || r.CanUndo(one) || r.CanUndo(other) || r.Frame(one).Status != Accepted {
		t.Fatal(r.held)
	}
}

func TestBudgetShedsWhatCouldBeRedone(t *testing.T) {
	r, _ := open(t)
	for i := range 3 {
		paint(t, r, still, 1, 20+float64(i)*6, 24, 5)
	}
	for range 3 {
		if _, ok, err := r.Undo(still); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	r.SetBudget(r.held - 1)
	if h := r.History(still); len(h) != 2 {
		t.Fatal(h)
	}
	for r.CanRedo(still) {
		if _, _, err := r.Redo(still); err != nil {
			t.Fatal(err)
		}
	}
	want := disc(20, 24, 5)
	want.Fill(mask.Capsule(26, 24, 26, 24, 5, 5), 1)
	if !r.Frame(still).Labels.Equal(want) {
		t.Fatal("the wrong step was forgotten")
	}
}
