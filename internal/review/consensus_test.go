package review

import (
	"strings"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// A proposal is nobody's review; a decision is one edit, marks its place, can be undone, and survives a restart.
func TestAdjudicate(t *testing.T) {
	j := &memory{}
	r := New(testStudy(), ConsensusReader, j)
	c := Consensus{Instance: still.Instance, Method: "mean", LimitPx: 2, Sources: []Source{{Reader: "Kim"}, {Reader: "Lee"}}}
	mean, kim := disc(30, 24, 10), disc(30, 24, 12)
	if changed, err := r.Propose(still, mean, c.Model()); err != nil || !changed {
		t.Fatal(changed, err)
	}
	f := r.Frame(still)
	if f.Touched || f.Status != Open || r.Progress(still, 1).Reviewed != 0 || !strings.HasPrefix(f.Model, ConsensusPrefix) {
		t.Errorf("a proposal counts as reviewed: %+v", f)
	}
	right := mask.NewPlane(testW, testH)
	after := mean.Clone()
	for i := range after.Pix {
		if x := i % testW; x > 35 && mean.Pix[i] != kim.Pix[i] {
			after.Pix[i], right.Pix[i] = kim.Pix[i], 1
		}
	}
	if changed, err := r.Adjudicate(still, after, right, c.Model()); err != nil || !changed {
		t.Fatal(changed, err)
	}
	f = r.Frame(still)
	if !f.Labels.Equal(after) || !f.Touched {
		t.Error("the decision is not in the mask")
	}
	if p := r.Progress(still, 1); p.Reviewed == 0 || p.Reviewed > p.Total/2 {
		t.Errorf("reviewed %v of %v", p.Reviewed, p.Total)
	}
	if changed, _ := r.Propose(still, kim, "consensus:other"); changed {
		t.Error("a proposal takes the place of a decision")
	}
	// What is right already is confirmed: an edit all the same.
	left := mask.NewPlane(testW, testH)
	left.Set(20, 24, 1)
	if changed, err := r.Adjudicate(still, f.Labels, left, c.Model()); err != nil || !changed {
		t.Error("to leave it is no decision", err)
	}
	if !hasState(r, contour.Confirmed) || !hasState(r, contour.Corrected) {
		t.Error("states are missing")
	}
	again := New(testStudy(), ConsensusReader, nil)
	if err := again.Replay(j.entries); err != nil || !again.Frame(still).Labels.Equal(after) {
		t.Error("a restart loses it", err)
	}
	for range 2 {
		if _, ok, err := r.Undo(still); !ok || err != nil {
			t.Fatal(err)
		}
	}
	if !r.Frame(still).Labels.Equal(mean) || r.Progress(still, 1).Reviewed != 0 {
		t.Error("undo does not bring the proposal back")
	}
}

func hasState(r *Review, s contour.State) bool {
	for _, c := range r.Contours(still) {
		for _, v := range c.Points {
			if v.State == s {
				return true
			}
		}
	}
	return false
}

// What a consensus was made from names it, not what was decided.
func TestConsensusModel(t *testing.T) {
	a := Consensus{Instance: "a", Method: "mean", LimitPx: 2, Sources: []Source{{"Kim", "1", "2"}}}
	b := a
	b.By, b.Result, b.Arcs = "Park", "x", []SettledArc{{Choice: "mean"}}
	if a.Model() != b.Model() {
		t.Error("a decision makes it another")
	}
	b.Sources = []Source{{"Kim", "1", "3"}}
	if a.Model() == b.Model() {
		t.Error("another source makes no difference")
	}
	if MaskSum(disc(3, 3, 2)) == MaskSum(disc(4, 3, 2)) || MaskSum(mask.NewPlane(2, 3)) == MaskSum(mask.NewPlane(3, 2)) {
		t.Error("masks that differ have one sum")
	}
}
