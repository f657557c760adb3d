package review

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

func TestConfirmArcConfirmsThatArc(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	a, ok := r.NextWeak(still, 2, nil, 1)
	if !ok || !a.Weak || a.Length < 30 {
		t.Fatal(a, ok)
	}
	before := r.Progress(still, 2)
	if before.WeakArcs != 1 || before.Reviewed != 0 || math.Abs(before.Total-2*math.Pi*14) > 1 {
		t.Fatal(before)
	}
	must(t, r.ConfirmArc(still, a))
	for _, v := range r.Contours(still)[0].Points {
		want := contour.Predicted
		if v.Expected > 2 {
			want = contour.Confirmed
		}
		if v.State != want && math.Abs(v.X-30) > 2 {
			t.Fatalf("%v is %v", v.Point, v.State)
		}
	}
	after := r.Progress(still, 2)
	if after.WeakArcs != 0 || after.Weak != 0 || math.Abs(after.Reviewed-a.Length) > 4 || math.Abs(after.Total-before.Total) > 1e-9 {
		t.Fatal(after, a.Length)
	}
	if _, ok := r.NextWeak(still, 2, &a.Centre, 1); ok {
		t.Fatal("still something to do")
	}
	if got := r.ItemProgress("a", 2); got != after {
		t.Fatal(got, after)
	}
}

// TestMarksDoNotBleed confirms one side of a strip 3 px thick: the other side, well within reach, stays as it is.
func TestMarksDoNotBleed(t *testing.T) {
	r, _ := open(t)
	s, err := r.Begin(still, "import", ByModel)
	must(t, err)
	s.Fill(mask.Capsule(10, 24.5, 54, 24.5, 1.6, 1.6), 1)
	_, err = s.Commit()
	must(t, err)
	s, err = r.Begin(still, "confirm", ByReader)
	must(t, err)
	var upper []contour.Point
	eachVertex(r.Contours(still), func(v *contour.Vertex) {
		if v.Y < 24 {
			upper = append(upper, v.Point)
		}
	})
	s.Mark(upper, markReach, contour.Confirmed)
	_, err = s.Commit()
	must(t, err)
	eachVertex(r.Contours(still), func(v *contour.Vertex) {
		if v.X > 13 && v.X < 51 && (v.State == contour.Confirmed) != (v.Y < 24) {
			t.Fatalf("%v is %v", v.Point, v.State)
		}
	})
}

// stripes predicts a disc whose expected error goes up and down along the ring, highest at the top.
func stripes(r *Review, t *testing.T) {
	t.Helper()
	p := predicted("m", 32, 24, 18)
	for i := range p.Scale {
		a := math.Atan2(float64(i/testW)+.5-24, float64(i%testW)+.5-32)
		p.Scale[i] = float32(2 + 2*math.Cos(4*a) - math.Sin(a))
	}
	must(t, r.SetPrediction(still, p))
}

func TestNextWeakGoesRound(t *testing.T) {
	r, _ := open(t)
	stripes(r, t)
	const weak = 2.5
	arcs := r.Arcs(still, weak)
	open := 0
	strongest := 0.0
	for _, a := range arcs {
		if a.Weak {
			open++
			strongest = max(strongest, a.Expected)
		}
	}
	if open < 3 {
		t.Fatal("too few weak arcs for this test", open)
	}
	first, ok := r.NextWeak(still, weak, nil, 1)
	if !ok || first.Expected != strongest {
		t.Fatal(first, strongest)
	}
	for _, dir := range []int{1, -1} {
		seen := map[contour.Point]bool{}
		at := first
		for range open {
			if seen[at.Centre] {
				t.Fatal("came back too early")
			}
			seen[at.Centre] = true
			at, ok = r.NextWeak(still, weak, &at.Centre, dir)
			if !ok {
				t.Fatal("lost the way")
			}
		}
		if at != first {
			t.Fatal("not back at the first")
		}
	}
	next, _ := r.NextWeak(still, weak, &first.Centre, 1)
	if back, _ := r.NextWeak(still, weak, &next.Centre, -1); back != first {
		t.Fatal("previous is not the way back")
	}
	// Confirming one after the other comes to an end.
	at := first
	for i := range open {
		must(t, r.ConfirmArc(still, at))
		if at, ok = r.NextWeak(still, weak, &at.Centre, 1); ok != (i < open-1) {
			t.Fatal(i, ok)
		}
	}
	if p := r.Progress(still, weak); p.WeakArcs != 0 {
		t.Fatal(p)
	}
}

func TestStaleArcsAreRefused(t *testing.T) {
	r, _ := open(t)
	stripes(r, t)
	a, _ := r.NextWeak(still, 2.5, nil, 1)
	paint(t, r, still, 0, a.Centre.X, a.Centre.Y, 6)
	code(t, r.ConfirmArc(still, a), CodeStale)
	a.Contour = 9
	code(t, r.MarkNotVisible(still, a), CodeStale)
	a.Contour, a.To = 0, 1<<20
	code(t, r.ConfirmArc(still, a), CodeStale)
}

// TestArcsOutliveTheMaps: the maps of a frame go and come back, a little rounded, while a reader is at an arc.
func TestArcsOutliveTheMaps(t *testing.T) {
	r, _ := open(t)
	p := predicted("m", 32.3, 24.1, 18.2)
	must(t, r.SetPrediction(still, p))
	a, _ := r.NextWeak(still, 2, nil, 1)
	r.DropPrediction(still)
	rounded := *p
	rounded.Probability = make([]float32, len(p.Probability))
	for i, v := range p.Probability {
		rounded.Probability[i] = float32(math.Round(float64(v)*4095) / 4095)
	}
	must(t, r.SetPrediction(still, &rounded))
	must(t, r.ConfirmArc(still, a))
	if p := r.Progress(still, 2); p.WeakArcs != 0 || math.Abs(p.Reviewed-a.Length) > 6 {
		t.Fatal(p, a.Length)
	}
}

func TestShiftedArcsAreRefused(t *testing.T) {
	r, _ := open(t)
	stripes(r, t)
	a, _ := r.NextWeak(still, 2.5, nil, 1)
	n := len(r.Contours(still)[a.Contour].Points)
	a.From, a.To = (a.From+6)%n, (a.To+6)%n
	code(t, r.ConfirmArc(still, a), CodeStale)
}

func TestConfirmAllKeepsWhatWasSaid(t *testing.T) {
	r, j := open(t)
	stripes(r, t)
	a, _ := r.NextWeak(still, 2.5, nil, 1)
	must(t, r.MarkNotVisible(still, a))
	paint(t, r, still, 1, 32, 42, 4)
	must(t, r.ConfirmAll(still))
	counts := map[contour.State]int{}
	eachVertex(r.Contours(still), func(v *contour.Vertex) { counts[v.State]++ })
	if counts[contour.Predicted] != 0 || counts[contour.NotVisible] < 5 || counts[contour.Corrected] < 5 || counts[contour.Confirmed] < 20 {
		t.Fatal(counts)
	}
	n := len(j.entries)
	must(t, r.ConfirmAll(still))
	if len(j.entries) != n {
		t.Fatal("confirmed twice")
	}
}

// TestEveryConfirmedArcIsReviewed: whatever was drawn, confirming arcs one by one comes to an end.
func TestEveryConfirmedArcIsReviewed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := New(testStudy(), "kim", nil)
		robot{r, t}.work(8)
		for k := range r.frames {
			if err := r.SetPrediction(k, predicted("m", 30, 24, 12)); err != nil {
				t.Fatal(err)
			}
			var from *contour.Point
			for i := 0; ; i++ {
				a, ok := r.NextWeak(k, 2, from, 1)
				if !ok {
					break
				}
				if i > 60 {
					t.Fatal("no end")
				}
				if err := r.ConfirmArc(k, a); err != nil {
					t.Fatal(err)
				}
				from = &a.Centre
			}
		}
	})
}

func TestMaskFollowsTheStroke(t *testing.T) {
	r, _ := open(t)
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(30, 24, 30, 24, 5, 5), 1)
	if mask.Count(r.Mask(still), 1) == 0 {
		t.Fatal("the stroke is not in the mask")
	}
	s.Cancel()
	if mask.Count(r.Mask(still), 1) != 0 {
		t.Fatal("the stroke that was given up is still in the mask")
	}
	if r.Mask(Key{Instance: "nowhere"}) != nil {
		t.Fatal("a mask of a frame that does not exist")
	}
}

// TestConfirmingAnArcKeepsItsCorrectedPiece: an arc that was slid is corrected but for its ends, which did not move; confirming
// it reviews these, and once nothing is left to review it is no edit.
func TestConfirmingAnArcKeepsItsCorrectedPiece(t *testing.T) {
	r, j := open(t)
	stripes(r, t)
	a, _ := r.NextWeak(still, 2.5, nil, 1)
	cs := r.Contours(still)
	ring := cs[a.Contour]
	s, err := r.Begin(still, "slide", ByReader)
	must(t, err)
	pts := a.Points(ring)
	for _, v := range pts[len(pts)/3 : 2*len(pts)/3] {
		s.Mark([]contour.Point{v.Point}, markReach, contour.Corrected)
	}
	_, err = s.Commit()
	must(t, err)
	states := func() (n map[contour.State]int) {
		n = map[contour.State]int{}
		for _, v := range a.Points(r.Contours(still)[a.Contour]) {
			n[v.State]++
		}
		return n
	}
	before := states()
	if before[contour.Corrected] == 0 || before[contour.Predicted] == 0 {
		t.Fatal(before)
	}
	must(t, r.ConfirmArc(still, a))
	if now := states(); now[contour.Corrected] != before[contour.Corrected] || now[contour.Predicted] != 0 {
		t.Fatalf("%v became %v", before, now)
	}
	edits := len(j.entries)
	must(t, r.ConfirmArc(still, a))
	if len(j.entries) != edits {
		t.Fatal("confirming what is reviewed is an edit")
	}
}
