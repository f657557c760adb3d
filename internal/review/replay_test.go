package review

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// robot works on a review as a restless reader would.
type robot struct {
	r *Review
	t *rapid.T
}

func (b robot) key() Key {
	return rapid.SampledFrom([]Key{still, {"b", 0}, {"b", 2}}).Draw(b.t, "key")
}

func (b robot) stroke() {
	k := b.key()
	s, err := b.r.Begin(k, rapid.SampledFrom([]string{"brush", "eraser"}).Draw(b.t, "tool"), ByReader)
	if err != nil {
		b.t.Fatal(err)
	}
	at := rapid.Float64Range(-5, 70)
	for range rapid.IntRange(0, 3).Draw(b.t, "dabs") {
		radius := rapid.Float64Range(0.5, 12).Draw(b.t, "radius")
		s.Fill(mask.Capsule(at.Draw(b.t, "ax"), at.Draw(b.t, "ay"), at.Draw(b.t, "bx"), at.Draw(b.t, "by"), radius, radius),
			rapid.SampledFrom([]uint8{0, 1, 1, 2}).Draw(b.t, "label"))
		b.r.Contours(k)
	}
	if rapid.IntRange(0, 5).Draw(b.t, "cancel") == 0 {
		s.Cancel()
		return
	}
	if _, err := s.Commit(); err != nil {
		b.okay(err)
	}
}

// okay accepts the journal's errors: they must not matter.
func (b robot) okay(err error) {
	if err != nil && err.Error() != errFull.Error() {
		b.t.Fatal(err)
	}
}

func (b robot) travel() {
	k := b.key()
	for range rapid.IntRange(1, 4).Draw(b.t, "times") {
		if rapid.Bool().Draw(b.t, "undo") {
			_, _, err := b.r.Undo(k)
			b.okay(err)
		} else {
			_, _, err := b.r.Redo(k)
			b.okay(err)
		}
	}
}

func (b robot) arc() {
	k := b.key()
	arcs := b.r.Arcs(k, 2)
	if len(arcs) == 0 {
		return
	}
	a := rapid.SampledFrom(arcs).Draw(b.t, "arc")
	if rapid.Bool().Draw(b.t, "confirm") {
		b.okay(b.r.ConfirmArc(k, a))
	} else {
		b.okay(b.r.MarkNotVisible(k, a))
	}
}

func (b robot) decide() {
	b.okay(b.r.SetStatus(b.key(), rapid.SampledFrom([]Status{Open, Accepted, Rejected}).Draw(b.t, "status")))
}

func (b robot) predict() {
	sha := rapid.SampledFrom([]string{"m", "n"}).Draw(b.t, "model")
	b.okay(b.r.SetPrediction(b.key(), predicted(sha, 30, 24, 10+float64(sha[0]-'m'))))
}

// ask takes what a model answers to a click: a disc that comes in or goes out, and nothing that is locked.
func (b robot) ask() {
	k := b.key()
	locked, before := b.r.Locked(k, 1), b.r.Frame(k).Labels
	after := before.Clone()
	at := rapid.Float64Range(0, 48)
	radius := rapid.Float64Range(1, 9).Draw(b.t, "radius")
	x, y := at.Draw(b.t, "x"), at.Draw(b.t, "y")
	after.Fill(mask.Capsule(x, y, x, y, radius, radius), uint8(rapid.IntRange(0, 1).Draw(b.t, "in")))
	for i, v := range locked.Pix {
		if v != 0 {
			after.Pix[i] = before.Pix[i]
		}
	}
	_, err := b.r.Take(k, before, after, "m")
	b.okay(err)
}

func (b robot) travelAll() {
	var err error
	if rapid.Bool().Draw(b.t, "undo") {
		_, _, _, err = b.r.UndoLatest()
	} else {
		_, _, _, err = b.r.RedoLatest()
	}
	b.okay(err)
}

func (b robot) confirmAll() { b.okay(b.r.ConfirmAll(b.key())) }

func (b robot) work(steps int) {
	for range steps {
		rapid.SampledFrom([]func(robot){
			robot.stroke, robot.stroke, robot.stroke, robot.travel, robot.travel, robot.arc, robot.decide, robot.predict, robot.confirmAll,
			robot.ask, robot.travelAll,
		}).Draw(b.t, "act")(b)
	}
}

// same fails unless both reviews are in the same state, history included.
func same(t interface{ Fatalf(string, ...any) }, a, b *Review) {
	for k, f := range a.frames {
		g := b.Frame(k)
		switch {
		case !f.Labels.Equal(g.Labels) || !f.Marks.Equal(g.Marks):
			t.Fatalf("%v: planes differ", k)
		case f.Status != g.Status || f.Model != g.Model || f.Touched != g.Touched || f.n != g.n:
			t.Fatalf("%v: %+v and %+v", k, f, g)
		case len(f.done) != len(g.done) || len(f.undone) != len(g.undone):
			t.Fatalf("%v: %d+%d and %d+%d steps", k, len(f.done), len(f.undone), len(g.done), len(g.undone))
		case f.floor != g.floor || f.decision != g.decision || f.edits != g.edits:
			t.Fatalf("%v: %+v and %+v", k, f.history, g.history)
		}
		for i := range f.done {
			if !reflect.DeepEqual(f.done[i], g.done[i]) {
				t.Fatalf("%v: step %d: %+v and %+v", k, i, f.done[i], g.done[i])
			}
		}
		for i := range f.undone {
			if !reflect.DeepEqual(f.undone[i], g.undone[i]) {
				t.Fatalf("%v: undone step %d differs", k, i)
			}
		}
	}
	if a.held != b.held {
		t.Fatalf("history of %d and %d bytes", a.held, b.held)
	}
}

func TestReplayGivesTheReviewBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flaky := rapid.Bool().Draw(t, "flaky")
		j := &memory{}
		if flaky {
			j.fail = func() bool { return rapid.IntRange(0, 3).Draw(t, "fail") == 0 }
		}
		r := New(testStudy(), "kim", j)
		robot{r, t}.work(rapid.IntRange(1, 25).Draw(t, "steps"))
		j.fail = nil
		if err := r.Flush(); err != nil || r.Unsaved() != 0 {
			t.Fatal(err, r.Unsaved())
		}
		again := New(testStudy(), "kim", &memory{entries: j.entries})
		if err := again.Replay(j.entries); err != nil {
			t.Fatal(err)
		}
		same(t, r, again)
		checkUndo(t, again)
		// And it goes on from there.
		robot{again, t}.work(5)
		third := New(testStudy(), "kim", nil)
		if err := third.Replay(again.journal.(*memory).entries); err != nil {
			t.Fatal(err)
		}
		same(t, again, third)
	})
}

// checkUndo goes to the beginning of each history, where the frame must be empty, and back.
func checkUndo(t *rapid.T, r *Review) {
	for k, f := range r.frames {
		before, marks, redo := f.Labels, f.Marks, len(f.undone)
		status := f.Status
		for r.CanUndo(k) {
			if _, ok, err := r.Undo(k); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if mask.Count(f.Labels, 0) != len(f.Labels.Pix) || mask.Count(f.Marks, uint8(contour.Predicted)) != len(f.Marks.Pix) {
			t.Fatal("everything undone is not nothing")
		}
		for len(f.undone) > redo {
			if _, ok, err := r.Redo(k); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if !f.Labels.Equal(before) || !f.Marks.Equal(marks) || f.Status != status {
			t.Fatal("undone and redone is not the same")
		}
	}
}

func TestDamageStopsOneFrameOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := &memory{}
		r := New(testStudy(), "kim", j)
		robot{r, t}.work(20)
		if len(j.entries) == 0 {
			return
		}
		at := rapid.IntRange(0, len(j.entries)-1).Draw(t, "at")
		hurt := j.entries[at].Key
		entries := damage(t, j.entries, at)
		again := New(testStudy(), "kim", &memory{entries: entries})
		err := again.Replay(entries)
		f := again.Frame(hurt)
		if !f.broken { // the last entry of the frame is missing without a trace: nothing tells
			if err != nil || f.n != r.frames[hurt].n-1 {
				t.Fatal(err)
			}
			return
		}
		if err == nil {
			t.Fatal("damage went unnoticed")
		}
		for k, g := range r.frames {
			if k != hurt && (!g.Labels.Equal(again.Frame(k).Labels) || len(g.done) != len(again.Frame(k).done)) {
				t.Fatalf("%v suffered", k)
			}
		}
		if again.CanUndo(hurt) || again.CanRedo(hurt) {
			t.Fatal("history beyond the damage")
		}
		// Work goes on, and is there after the next start.
		b := robot{again, t}
		b.work(10)
		if f.broken {
			return // nothing was done on this frame
		}
		third := New(testStudy(), "kim", nil)
		if err := third.Replay(again.journal.(*memory).entries); err != nil {
			t.Fatal(err)
		}
		g := third.Frame(hurt)
		if !f.Labels.Equal(g.Labels) || !f.Marks.Equal(g.Marks) || f.Status != g.Status || f.Touched != g.Touched ||
			f.Model != g.Model || len(f.done) != len(g.done) || len(f.undone) != len(g.undone) || f.floor != g.floor {
			t.Fatalf("work after the damage was lost: %+v and %+v", f, g)
		}
	})
}

// damage returns the entries with the one at index at made useless in one of the ways in which that happens.
func damage(t *rapid.T, entries []Entry, at int) []Entry {
	out := append([]Entry(nil), entries...)
	switch e := &out[at]; rapid.SampledFrom([]string{"unread", "gone", "size", "patch", "kind"}).Draw(t, "damage") {
	case "unread":
		*e = Entry{Seq: e.Seq, Key: e.Key, N: e.N}
	case "gone":
		return append(out[:at:at], out[at+1:]...)
	case "size":
		e.W++
	case "patch":
		e.Kind, e.Labels.Runs = KindEdit, []byte{1, 2, 3}
		e.Labels.Rect = entries[at].Labels.Rect
		if e.Labels.Empty() {
			e.Marks = mask.Patch{}
		}
	case "kind":
		e.Kind = 77
	}
	return out
}

func TestReplayNamesFramesOfOtherStudies(t *testing.T) {
	r, _ := open(t)
	err := r.Replay([]Entry{{Seq: 1, N: 1, Key: Key{"gone", 0}, Kind: KindEdit}, {Seq: 2, N: 2, Key: Key{"gone", 0}, Kind: KindEdit}})
	code(t, err, CodeDamaged)
}
