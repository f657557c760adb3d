package agree

import (
	"math"
	"testing"

	"echoline/internal/mask"
)

func disc(w, h int, cx, cy, r float64) *mask.Plane {
	p := mask.NewPlane(w, h)
	p.Fill(mask.Capsule(cx, cy, cx, cy, r, r), 1)
	return p
}

func TestBlandAltman(t *testing.T) {
	l := BlandAltman([][2]float64{{10, 9}, {12, 12}, {8, 10}, {11, 8}})
	// differences 1, 0, −2, 3: mean 0.5, SD √(13/3)
	sd := math.Sqrt(13.0 / 3)
	if l.N != 4 || l.Bias != 0.5 || math.Abs(l.SD-sd) > 1e-12 || math.Abs(l.High-(0.5+1.96*sd)) > 1e-12 || math.Abs(l.Low-(0.5-1.96*sd)) > 1e-12 {
		t.Errorf("%+v", l)
	}
	if l := BlandAltman(nil); !math.IsNaN(l.Bias) {
		t.Errorf("of nothing: %+v", l)
	}
	if l := BlandAltman([][2]float64{{3, 1}}); l.Bias != 2 || !math.IsNaN(l.SD) {
		t.Errorf("of one pair: %+v", l)
	}
}

func TestKappaOfNothing(t *testing.T) {
	for name, k := range map[string]float64{
		"empty": Kappa(nil, nil), "lengths": Kappa([]int{1}, []int{1, 2}), "one category": Kappa([]int{1, 1}, []int{1, 1}),
	} {
		if !math.IsNaN(k) {
			t.Errorf("%s: %v", name, k)
		}
	}
}

// Cases of one patient that repeat each other tell no more than one of them: whole patients are drawn.
func TestIntervalDrawsPatients(t *testing.T) {
	var values []float64
	var single, patients []string
	g := splitMix(7)
	for i := range 40 {
		v := float64(g.below(1000))
		for range 5 {
			values = append(values, v)
			patients = append(patients, string(rune('A'+i)))
			single = append(single, string(rune(1000+len(single))))
		}
	}
	mean := func(cases []int) float64 {
		sum := 0.0
		for _, i := range cases {
			sum += values[i]
		}
		return sum / float64(len(cases))
	}
	low, high := Interval(patients, 1, mean)
	l, h := Interval(single, 1, mean)
	if ratio := (high - low) / (h - l); ratio < 1.8 || ratio > 2.8 { // √5 in the long run
		t.Errorf("%v times as wide", ratio)
	}
	if m := Mean(values); m < low || m > high {
		t.Errorf("%v outside %v … %v", m, low, high)
	}
	if again, _ := Interval(patients, 1, mean); again != low {
		t.Error("the same seed draws otherwise")
	}
	if l, _ := Interval([]string{"A", "A"}, 1, mean); !math.IsNaN(l) {
		t.Error("one patient has no interval")
	}
}

// The mean of two discs about one centre is the disc between them.
func TestMeanDistanceLiesBetween(t *testing.T) {
	p, err := MeanDistance([]*mask.Plane{disc(80, 80, 40, 40, 12), disc(80, 80, 40, 40, 24)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r := math.Sqrt(float64(mask.Count(p, 1)) / math.Pi); math.Abs(r-18) > 0.4 {
		t.Errorf("radius %v, want 18", r)
	}
}

func TestJoiningRefuses(t *testing.T) {
	odd := []*mask.Plane{mask.NewPlane(3, 4), mask.NewPlane(4, 3)}
	for _, masks := range [][]*mask.Plane{nil, odd} {
		_, a := Majority(masks, 1)
		_, b := MeanDistance(masks, 1)
		_, _, c := Consensus(masks, 1)
		if a == nil || b == nil || c == nil {
			t.Error("masks of different frames are joined")
		}
	}
	if _, err := FindDisputes(odd, ByMean, 2); err == nil {
		t.Error("masks of different frames are compared")
	}
	if f := Compare(odd[0], odd[1], 1, 2); !math.IsNaN(f.Dice) || !math.IsNaN(f.ASD) {
		t.Errorf("%+v", f)
	}
}

// Nothing to estimate: what was drawn is returned.
func TestConsensusOfNothing(t *testing.T) {
	p, readers, err := Consensus([]*mask.Plane{mask.NewPlane(5, 5), mask.NewPlane(5, 5)}, 1)
	if err != nil || mask.Count(p, 1) != 0 || readers[0] != (Reliability{1, 1}) {
		t.Errorf("%v %v %v", mask.Count(p, 1), readers, err)
	}
}

// Three readers, five patients with two cases each: every two readers are compared on what both have.
func TestSummarise(t *testing.T) {
	var cases []Case
	for i := range 10 {
		c := Case{Name: string(rune('a' + i)), Group: string(rune('A' + i/2)), MM: 0.5, Masks: map[string]*mask.Plane{
			"Kim": disc(60, 60, 30, 30, 15), "Lee": disc(60, 60, 31, 30, 15), "Model": disc(60, 60, 30, 30, 10),
		}}
		if i == 0 {
			c.Masks["Lee"] = mask.NewPlane(60, 60)
		}
		if i == 9 {
			delete(c.Masks, "Model")
		}
		cases = append(cases, c)
	}
	pairs := Pairs(cases, 2)
	if len(pairs) != 28 {
		t.Fatalf("%d pairs", len(pairs))
	}
	if w := Worst(pairs); w[0].Case != "a" || w[0].Dice != 0 || w[0].HasB == w[0].HasA {
		t.Errorf("the worst is %+v", w[0])
	}
	for _, s := range Summarise(pairs, 1) {
		switch {
		case !s.Millimetres || s.Groups != 5:
			t.Errorf("%+v", s)
		case s.A == "Kim" && s.B == "Lee":
			if s.Cases != 10 || s.Dice.Value > 0.9 || s.Dice.Low >= s.Dice.Value || s.Dice.High <= s.Dice.Value ||
				s.Area.N != 9 || s.Area.Bias != 0 || s.ASD.Value > 0.5 || s.ASD.Value < 0.2 {
				t.Errorf("%+v", s)
			}
		case s.A == "Kim" && s.B == "Model":
			if s.Cases != 9 || s.Longest.Bias < 4.5 || s.Longest.Bias > 5.5 || s.ASD.Value < 2.3 || s.ASD.Value > 2.7 {
				t.Errorf("%+v", s)
			}
		}
	}
}

// A case that nobody outlines is agreed on.
func TestPairsOfNothing(t *testing.T) {
	p := Pairs([]Case{{Masks: map[string]*mask.Plane{"A": mask.NewPlane(4, 4), "B": mask.NewPlane(4, 4)}}}, 2)
	if len(p) != 1 || p[0].Dice != 1 || p[0].HasA {
		t.Errorf("%+v", p)
	}
}

// TestSumsByClass: behind the sum over all cases come those of each class, of its own cases alone.
func TestSumsByClass(t *testing.T) {
	var cases []Case
	for i, class := range []string{"malignant", "benign", "malignant", "benign", ""} {
		c := Case{Name: class, Group: string(rune('A' + i)), Class: class, Masks: map[string]*mask.Plane{"a": disc(40, 40, 20, 20, 9), "b": disc(40, 40, 20, 20, 9)}}
		if class == "malignant" {
			c.Masks["b"] = disc(40, 40, 20, 20, 5)
		}
		cases = append(cases, c)
	}
	got := Summarise(Pairs(cases, 2), 1)
	if len(got) != 3 || got[0].Class != "" || got[0].Cases != 5 || got[1].Class != "benign" || got[2].Class != "malignant" {
		t.Fatalf("%+v", got)
	}
	if b, m := got[1], got[2]; b.Cases != 2 || m.Cases != 2 || b.Dice.Value != 1 || m.Dice.Value > 0.6 {
		t.Errorf("%+v, %+v", b, m)
	}
	if got := Summarise(Pairs(cases[1:2], 2), 1); len(got) != 1 {
		t.Errorf("one class alone gives %d sums", len(got))
	}
}
