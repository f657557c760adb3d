package project

import (
	"math"
	"testing"
	"time"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
)

func block(x1 int) *mask.Plane {
	p := mask.NewPlane(100, 80)
	for y := 20; y < 60; y++ {
		for x := 20; x < x1; x++ {
			p.Pix[y*p.W+x] = 1
		}
	}
	return p
}

func TestMovedIsInMillimetresWhereThereAreAny(t *testing.T) {
	px, mm := MovedOf(block(60), block(70), 0), MovedOf(block(60), block(70), 0.5)
	if px.Unit != "px" || mm.Unit != "mm" || px.Moved < 50 || px.Moved > 65 {
		t.Fatalf("%+v %+v", px, mm)
	}
	for _, pair := range [][2]float64{{px.Length, mm.Length}, {px.Moved, mm.Moved}, {px.Mean, mm.Mean}, {px.Most, mm.Most}} {
		if math.Abs(pair[0]/2-pair[1]) > 1e-9 {
			t.Fatalf("%+v %+v", px, mm)
		}
	}
	if m := MovedOf(block(60), block(60), 0); m.Moved != 0 || m.Mean != 0 || m.Length < 150 {
		t.Fatalf("%+v", m)
	}
}

func TestVisitsAddUp(t *testing.T) {
	l, s := begin(t, 4, "kim", "lee")
	zero := 0.0
	must(t, s.Set(l, "", Settings{Share: &zero}))
	must(t, add(l, "", KindAssign, &body{Project: s.ID, Assign: map[string][]string{"item 0": {"kim"}, "item 1": {"kim"}, "item 2": {"kim"}}}))
	s, _ = Load(l)
	moved := &Moved{Unit: "mm", Length: 100, Moved: 20, Mean: 2, Most: 5}
	for _, v := range []struct {
		reader, item string
		v            Visit
	}{
		{"kim", "item 0", Visit{Seconds: 30, Gestures: 3, Model: "m"}},
		{"kim", "item 0", Visit{Seconds: 10, Gestures: 2, Model: "m", Accepted: true, Moved: moved}},
		{"kim", "item 1", Visit{Seconds: 20, Gestures: 1, Model: "m", Accepted: true, Moved: &Moved{Unit: "mm", Length: 100}}},
		{"kim", "item 3", Visit{Seconds: 100, Own: 60, Gestures: 9, Accepted: true}},
		{"lee", "item 3", Visit{Seconds: 7, Gestures: 1, Model: "m"}},
	} {
		must(t, s.AddVisit(l, v.reader, v.item, 0, v.v))
	}
	other := *s
	other.ID = "another"
	must(t, other.AddVisit(l, "kim", "item 0", 0, Visit{Seconds: 1000}))
	taken, err := s.Visits(l)
	must(t, err)
	if len(taken) != 4 || taken[0].Seconds != 40 || taken[0].Gestures != 5 || taken[0].Visits != 2 || !taken[0].Accepted || *taken[0].Moved != *moved || taken[2].Own != 60 {
		t.Fatalf("%+v", taken)
	}
	sums := Savings(taken)
	if len(sums) != 2 || sums[0].Model != "" || sums[0].Seconds != 100 || sums[0].Moved != -1 ||
		sums[1].Frames != 2 || sums[1].Seconds != 30 || sums[1].Gestures != 3 || sums[1].Moved != 0.1 || sums[1].Mean != 2 || sums[1].Unit != "mm" {
		t.Fatalf("%+v", sums)
	}
	w := Sum([]store.Decision{
		{Reader: "kim", Key: review.Key{Instance: "item 0"}, Status: review.Accepted}, {Reader: "kim", Key: review.Key{Instance: "item 1"}, Status: review.Accepted},
	})
	p := s.Progress(w)
	AddTimes(p, s, w, taken)
	if p[0].Timed != 2 || p[0].Pace() != 30*time.Second || p[0].Left() != 30*time.Second || p[1].Timed != 0 {
		t.Fatalf("%+v", p)
	}
}
