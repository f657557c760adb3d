package review

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
)

// planes are copies of what every frame holds.
func planes(r *Review) map[Key][2]*mask.Plane {
	out := map[Key][2]*mask.Plane{}
	for k, f := range r.frames {
		out[k] = [2]*mask.Plane{f.Labels.Clone(), f.Marks.Clone()}
	}
	return out
}

func equal(t *rapid.T, what string, r *Review, want map[Key][2]*mask.Plane) {
	for k, f := range r.frames {
		w, ok := want[k]
		if !ok {
			w = [2]*mask.Plane{mask.NewPlane(f.W, f.H), mask.NewPlane(f.W, f.H)}
		}
		if !f.Labels.Equal(w[0]) || !f.Marks.Equal(w[1]) {
			t.Fatalf("%s: frame %v is another", what, k)
		}
	}
}

// TestAllUndoneIsTheFirstAllRedoneTheLast: frame by frame, whatever was done, models' answers included.
func TestAllUndoneIsTheFirstAllRedoneTheLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := New(testStudy(), "kim", nil)
		robot{r, t}.work(20)
		for k := range r.frames {
			for r.CanRedo(k) { // from the end of the history
				if _, _, err := r.Redo(k); err != nil {
					t.Fatal(err)
				}
			}
		}
		last := planes(r)
		each := func(move func(Key) (string, bool, error)) {
			for k := range r.frames {
				for ok := true; ok; {
					var err error
					if _, ok, err = move(k); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		each(r.Undo)
		equal(t, "all undone", r, nil)
		each(r.Redo)
		equal(t, "all redone", r, last)
	})
}

// TestNothingLiesOutsideWhatIsKnown: copies and outlines leave out what lies beyond it.
func TestNothingLiesOutsideWhatIsKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := New(testStudy(), "kim", nil)
		robot{r, t}.work(20)
		for k, f := range r.frames {
			if !f.Labels.CloneIn(f.labelled).Equal(f.Labels) || !f.Marks.CloneIn(f.marked).Equal(f.Marks) {
				t.Fatalf("frame %v holds more than %v and %v", k, f.labelled, f.marked)
			}
			var known []uint8
			for label := 1; label < 256; label++ {
				if mask.Count(f.Labels, uint8(label)) > 0 {
					known = append(known, uint8(label))
				}
			}
			if got := labelsIn(f.Labels, f.labelled); !slices.Equal(got, known) {
				t.Fatalf("frame %v holds labels %v, not %v", k, known, got)
			}
		}
	})
}

// TestTheWayAcrossFramesLeadsBack: every step of the way back is undone by one step forward, in the same order.
func TestTheWayAcrossFramesLeadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := New(testStudy(), "kim", nil)
		robot{r, t}.work(20)
		for {
			if _, _, ok, err := r.RedoLatest(); err != nil {
				t.Fatal(err)
			} else if !ok {
				break
			}
		}
		states := []map[Key][2]*mask.Plane{planes(r)}
		var way []Key
		for {
			k, _, ok, err := r.UndoLatest()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			way, states = append(way, k), append(states, planes(r))
		}
		for i := len(way) - 1; i >= 0; i-- {
			k, _, ok, err := r.RedoLatest()
			if err != nil || !ok || k != way[i] {
				t.Fatalf("forward to %v %v %v, not to %v", k, ok, err, way[i])
			}
			equal(t, "on the way forward", r, states[i])
		}
	})
}

// BenchmarkUndo is an undo or redo of a stroke without window and disk.
func BenchmarkUndo(b *testing.B) {
	st := testStudy()
	st.Items[0].W, st.Items[0].H = 1024, 768
	r := New(st, "kim", nil)
	for i := range 20 {
		s, err := r.Begin(still, "brush", ByReader)
		if err != nil {
			b.Fatal(err)
		}
		x := 200 + 20*float64(i)
		s.Fill(mask.Capsule(x, 300, x, 400, 80, 80), 1)
		if _, err := s.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ {
		move := r.Undo
		if i%40 >= 20 {
			move = r.Redo
		}
		if _, ok, err := move(still); !ok || err != nil {
			b.Fatal(ok, err)
		}
		r.Contours(still)
	}
}
