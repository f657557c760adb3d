package agree

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"echoline/internal/mask"
)

// moved are n studies of a model whose band of 90 % is off by a factor: the accepted disc is larger than the predicted one by
// a normal amount that the model believes to be smaller or larger than it is.
func moved(n int, off float64, seed uint64) []Kept {
	r := rand.New(rand.NewPCG(seed, 0))
	var out []Kept
	for i := range n {
		model := disc(90, 90, 45, 45, 20)
		truth := disc(90, 90, 45, 45, 20+2.5*off*r.NormFloat64())
		out = append(out, Kept{
			Group: fmt.Sprint(i), Predicted: expecting(model, 2, [4]float64{1.7, 3.2, 4.1, 4.9}), Accepted: truth, Weak: 1,
		})
	}
	return out
}

// What is too thin or too wide by a factor is found, and mended on studies that it was not fitted on.
func TestRecalibrate(t *testing.T) {
	for _, off := range []float64{0.5, 1, 2} {
		frames := moved(150, off, 3)
		f, ok := Recalibrate(frames, 1)
		if !ok {
			t.Fatal(off, "not fitted")
		}
		if f.Fitted != 100 || f.Before.Groups != 50 || f.After.Groups != 50 {
			t.Errorf("%d fitted on, %d and %d checked", f.Fitted, f.Before.Groups, f.After.Groups)
		}
		if f.Band[2] < 0.7*off || f.Band[2] > 1.4*off {
			t.Errorf("off by %v: factor %v", off, f.Band)
		}
		if got := f.After.Coverage[2].Value; got < 0.8 {
			t.Errorf("off by %v: covers %v after", off, got)
		}
		if off == 2 && (f.Before.Judge(2) != TooThin || f.After.Judge(2) == TooThin) {
			t.Errorf("too thin: %v, then %v", f.Before.Coverage[2], f.After.Coverage[2])
		}
	}
	if got := Check(moved(150, 0.3, 3), 1); got.Judge(2) != TooWide {
		t.Errorf("too wide: %v", got.Coverage[2])
	}
	right := Check(moved(150, 1, 3), 1)
	if got := right.Judge(2); got != Holds {
		t.Errorf("right: %v", got)
	}
}

// Over many draws the band of 90 % covers 90 % of studies that it was not fitted on: no less, but for chance.
func TestRecalibrationHoldsInTheMean(t *testing.T) {
	sum, n := 0.0, 0.0
	for seed := range uint64(20) {
		f, ok := Recalibrate(moved(45, 1.6, 100+seed), seed)
		if !ok {
			t.Fatal("not fitted")
		}
		sum += f.After.Coverage[2].Value
		n++
	}
	if got := sum / n; got < 0.88 || got > 0.97 {
		t.Errorf("covers %v in the mean", got)
	}
}

func TestRecalibrateRefuses(t *testing.T) {
	if _, ok := Recalibrate(moved(LeastToRefit-1, 1, 1), 1); ok {
		t.Error("fitted on too few studies")
	}
	frames := moved(40, 1, 1)
	for i := range frames { // nearly all were taken away: no band would do
		if i%10 != 0 {
			frames[i].Accepted = mask.NewPlane(90, 90)
		}
	}
	if f, ok := Recalibrate(frames, 1); ok {
		t.Errorf("fitted on nothing: %+v", f)
	}
	few := Check(moved(LeastToJudge-1, 1, 1), 1)
	if few.Judge(2) != TooFew || math.IsNaN(few.Coverage[2].Value) {
		t.Error("judged by too few studies")
	}
}
