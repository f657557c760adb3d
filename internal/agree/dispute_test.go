package agree

import (
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
)

func find(t interface{ Fatal(args ...any) }, method Method, limit float64, masks ...*mask.Plane) *Disputes {
	d, err := FindDisputes(masks, method, limit)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Two discs moved apart dispute two crescents; a bump on one of them is one more; what lies between boundaries that are
// near is no dispute.
func TestDisputes(t *testing.T) {
	a, b := disc(100, 100, 48, 50, 20), disc(100, 100, 50, 50, 20)
	if d := find(t, ByMean, 4, a, b); len(d.List) != 0 {
		t.Fatalf("2 px apart: %v", d.List)
	}
	if d := find(t, ByMean, 1.5, a, b); len(d.List) != 2 {
		t.Fatalf("two crescents: %v", d.List)
	}
	b.Fill(mask.Capsule(70, 50, 84, 50, 5, 5), 1)
	d := find(t, ByMean, 4, a, b)
	if len(d.List) != 1 {
		t.Fatalf("%v", d.List)
	}
	bump := d.List[0]
	if bump.Box.Min.X < 60 || bump.Box.Max.X != 89 || bump.Farthest < 15 {
		t.Errorf("%+v", bump)
	}
	with, without := d.Join(map[int]Choice{0: 1}), d.Join(map[int]Choice{0: 0})
	if with.At(80, 50) != 1 || without.At(80, 50) != 0 {
		t.Error("the choice does not count")
	}
	if with.At(29, 50) != without.At(29, 50) || with.At(50, 50) != 1 {
		t.Error("the choice counts elsewhere")
	}
	if d.Says(with, 0, Redrawn) != 1 || d.Says(without, 0, Redrawn) != 0 || d.Says(d.Proposal(), 0, ChooseMean) != ChooseMean {
		t.Error("what the mask says of the dispute is another choice")
	}
	with.Set(80, 50, 0)
	if d.Says(with, 0, 1) != Redrawn || !d.Changed(with, without, 0) || d.Changed(with, with, 0) {
		t.Error("what was drawn by hand is taken for a reader's")
	}
}

// Three readers, one of whom sees nothing: everything is disputed, in one piece. Nested outlines are one piece too.
func TestDisputesOfThree(t *testing.T) {
	a, b, none := disc(80, 80, 40, 40, 20), disc(80, 80, 40, 40, 12), mask.NewPlane(80, 80)
	if d := find(t, ByMajority, 3, a, b, none); len(d.List) != 1 || d.List[0].Pixels != mask.Count(a, 1) || !d.Proposal().Equal(b) {
		t.Errorf("%+v", d.List)
	}
	c := disc(80, 80, 40, 40, 25)
	if d := find(t, BySTAPLE, 3, a, b, c); len(d.List) != 1 || d.List[0].Farthest < 12 || d.List[0].Farthest > 14 {
		t.Errorf("%+v", d.List)
	}
}

// A second label is disputed like the first, and a choice takes a reader's labels as they are.
func TestDisputesOfLabels(t *testing.T) {
	a, b := disc(60, 60, 30, 30, 15), disc(60, 60, 30, 30, 15)
	for i, v := range b.Pix {
		if v == 1 {
			b.Pix[i] = 2
		}
	}
	d := find(t, ByMean, 2, a, b)
	if len(d.List) != 1 || !d.Join(map[int]Choice{0: 1}).Equal(b) || !d.Join(map[int]Choice{0: 0}).Equal(a) {
		t.Errorf("%+v", d.List)
	}
}

// Whatever is chosen: what all say stays; the order of choices makes no difference, nor does choosing one after the other
// from at once; and one reader's side everywhere is that reader's mask within the disputes.
func TestChoices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := splitMix(rapid.Uint64().Draw(t, "seed"))
		w, h := 2+g.below(25), 2+g.below(25)
		masks := make([]*mask.Plane, 2+g.below(3))
		for i := range masks {
			masks[i] = g.blobs(w, h)
		}
		d := find(t, Methods[g.below(len(Methods))], float64(g.below(6))-1, masks...)
		choices := map[int]Choice{}
		for i, p := range d.List {
			choices[i] = Choice(g.below(len(masks)+2)) - 2
			if p.Box.Empty() || p.Farthest <= 0 {
				t.Fatalf("%+v", p)
			}
		}
		joined := d.Join(choices)
		step := d.Proposal()
		order := rapid.Permutation(indices(len(d.List))).Draw(t, "order")
		for _, i := range order {
			step = d.Take(step, i, Choice(g.below(len(masks)))) // thought better of
			step = d.Take(step, i, choices[i])
		}
		if !step.Equal(joined) {
			t.Fatal("one after the other is not what all at once is")
		}
		for i := range joined.Pix {
			if agreed(masks, i) && joined.Pix[i] != masks[0].Pix[i] {
				t.Fatal("what all say is not kept")
			}
		}
		for r := range masks {
			every := map[int]Choice{}
			for i := range d.List {
				every[i] = Choice(r)
			}
			got := d.Join(every)
			for i, id := range d.piece {
				switch {
				case id != 0 && got.Pix[i] != masks[r].Pix[i]:
					t.Fatal("one reader's side everywhere is not that reader's mask in the disputes")
				case id == 0 && got.Pix[i] != d.Proposal().Pix[i]:
					t.Fatal("a choice changes what is no dispute")
				}
			}
		}
	})
}

func agreed(masks []*mask.Plane, i int) bool {
	for _, m := range masks {
		if m.Pix[i] != masks[0].Pix[i] {
			return false
		}
	}
	return true
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
