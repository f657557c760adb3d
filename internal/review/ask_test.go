package review

import (
	"testing"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// bulge is the frame's mask with a disc more.
func bulge(r *Review, x, y, radius float64) (before, after *mask.Plane) {
	before = r.Frame(still).Labels
	after = before.Clone()
	after.Fill(mask.Capsule(x, y, x, y, radius, radius), 1)
	return before, after
}

func TestTakeIsTheReadersEditByAModel(t *testing.T) {
	r, j := open(t)
	must(t, r.SetPrediction(still, predicted("m", 24, 24, 12)))
	before, after := bulge(r, 40, 24, 8)
	was := before.Clone()
	changed, err := r.Take(still, before, after, "m")
	must(t, err)
	f := r.Frame(still)
	if !changed || !f.Labels.Equal(after) || !before.Equal(was) {
		t.Fatal("not taken, or written into what was shown")
	}
	e := j.entries[len(j.entries)-1]
	if e.Origin != OnRequest || e.Model != "m" || e.Name != "ask" || !f.Touched || f.Model != "m" {
		t.Fatalf("%+v %+v", e, f)
	}
	for _, v := range r.Contours(still)[0].Points {
		if near := v.X > 39; near != (v.State == contour.Corrected) && (v.X < 33 || v.X > 39) {
			t.Fatalf("%v is %v", v.Point, v.State)
		}
	}
	// Another model's answer that comes by itself must not take the place of what a reader asked for.
	must(t, r.SetPrediction(still, predicted("n", 30, 24, 9)))
	if !f.Labels.Equal(after) {
		t.Fatal("a model wiped out what a reader took")
	}
	name, ok, err := r.Undo(still)
	if must(t, err); name != "ask" || !ok || !f.Labels.Equal(was) {
		t.Fatal(name, ok)
	}
	again := New(testStudy(), "kim", nil)
	must(t, again.Replay(j.entries))
	same(t, r, again)
}

func TestTakeOfAnotherMaskIsRefused(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 24, 24, 12)))
	before, after := bulge(r, 40, 24, 8)
	paint(t, r, still, 1, 24, 36, 4)
	_, err := r.Take(still, before, after, "m")
	code(t, err, CodeStale)
	_, err = r.Take(still, r.Frame(still).Labels, mask.NewPlane(3, 3), "m")
	code(t, err, CodeMisfit)
	_, err = r.Take(Key{Instance: "nowhere"}, before, after, "m")
	code(t, err, CodeFrame)
	if changed, err := r.Take(still, r.Frame(still).Labels, r.Frame(still).Labels, "m"); changed || err != nil {
		t.Fatal("nothing changed", changed, err)
	}
	if r.Locked(Key{Instance: "nowhere"}, 1) != nil {
		t.Fatal("locks of nothing")
	}
}

func TestLockedIsWhatAReaderVouchesFor(t *testing.T) {
	st := testStudy()
	st.Items[0].Regions = []study.Region{{X0: 4, Y0: 2, X1: 60, Y1: 44, SpatialFormat: 1, DataType: 1}}
	r := New(st, "kim", nil)
	stripes(r, t)
	first, _ := r.NextWeak(still, 2.5, nil, 1)
	must(t, r.ConfirmArc(still, first))
	second, _ := r.NextWeak(still, 2.5, &first.Centre, 1)
	must(t, r.MarkNotVisible(still, second))
	locked := r.Locked(still, 1)
	at := func(p contour.Point) uint8 { return locked.At(int(p.X), int(p.Y)) }
	if at(first.Centre) == 0 || at(second.Centre) != 0 || locked.At(32, 24) != 0 {
		t.Fatal("confirmed arcs are locked, others are not", at(first.Centre), at(second.Centre))
	}
	sector := st.Items[0].Sector()
	for y := range testH {
		for x := range testW {
			in := x >= sector.Min.X && x < sector.Max.X && y >= sector.Min.Y && y < sector.Max.Y
			if !in && locked.At(x, y) == 0 {
				t.Fatalf("(%d, %d) lies outside the sector %v", x, y, sector)
			}
		}
	}
}

func TestSuggestedMarksWhatMoves(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 24, 24, 12)))
	before, after := bulge(r, 40, 24, 8)
	cs := Suggested(before, after, 1)
	moved := 0
	for _, v := range cs[0].Points {
		if v.State == contour.Corrected {
			moved++
		}
		if (v.State == contour.Corrected) != (v.X > 36) && (v.X < 33 || v.X > 39) {
			t.Fatalf("%v is %v", v.Point, v.State)
		}
	}
	if moved == 0 || len(Suggested(before, mask.NewPlane(testW, testH), 1)) != 0 {
		t.Fatal(moved)
	}
}

func TestLatestGoesAcrossFrames(t *testing.T) {
	r, j := open(t)
	cine := Key{"b", 1}
	paint(t, r, still, 1, 20, 20, 5) // 1
	paint(t, r, cine, 1, 20, 20, 5)  // 2
	paint(t, r, still, 1, 40, 20, 5) // 3
	must(t, r.SetPrediction(Key{"b", 2}, predicted("m", 30, 24, 9)))

	want := func(k Key, name string, got Key, gotName string, ok bool, err error) {
		t.Helper()
		if must(t, err); !ok || got != k || gotName != name {
			t.Fatalf("%v %s %v, want %v %s", got, gotName, ok, k, name)
		}
	}
	undo := func(k Key) {
		t.Helper()
		got, name, ok, err := r.UndoLatest()
		want(k, "brush", got, name, ok, err)
	}
	redo := func(k Key) {
		t.Helper()
		got, name, ok, err := r.RedoLatest()
		want(k, "brush", got, name, ok, err)
	}
	undo(still) // not the prediction, which came later by itself
	undo(cine)
	undo(still)
	if _, _, ok, _ := r.UndoLatest(); ok {
		t.Fatal("nothing is left")
	}
	redo(still)
	redo(cine)
	undo(cine) // what was redone last is what is undone first
	redo(cine)
	redo(still)
	if _, _, ok, _ := r.RedoLatest(); ok {
		t.Fatal("nothing is left")
	}
	again := New(testStudy(), "kim", nil)
	must(t, again.Replay(j.entries))
	same(t, r, again)
	// A prediction that a reader undid and redid has become one of the reader's steps.
	_, _, err := r.Undo(Key{"b", 2})
	must(t, err)
	got, name, ok, err := r.RedoLatest()
	want(Key{"b", 2}, "prediction", got, name, ok, err)
	got, name, ok, err = r.UndoLatest()
	want(Key{"b", 2}, "prediction", got, name, ok, err)
	// A frame under a stroke is passed over.
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	undo(cine)
	s.Cancel()
}

func TestRulesLockForTheModelToo(t *testing.T) {
	r, _ := open(t)
	paint(t, r, still, 1, 20, 24, 6)
	paint(t, r, still, 2, 44, 24, 6)
	at := func(x int, label uint8) uint8 { return r.Locked(still, label).At(x, 24) }
	if at(20, 1) != 0 || at(44, 1) != 0 || at(32, 1) != 0 {
		t.Fatal("locked without a rule")
	}
	r.SetRules(Rules{Overwrite: OverwriteNone})
	if at(20, 1) != 0 || at(44, 1) == 0 || at(32, 1) != 0 || at(20, 2) == 0 {
		t.Fatal("other labels may not be overwritten")
	}
	var x Rules
	x.Locked[2] = true
	r.SetRules(x)
	if at(44, 1) == 0 || at(20, 1) != 0 {
		t.Fatal("a locked label may not change")
	}
	if at(20, 2) == 0 || at(32, 2) == 0 {
		t.Fatal("of a locked label nothing may be added either")
	}
}
