package review

import (
	"testing"

	"pgregory.net/rapid"
)

func TestReaderNamesOfOnePersonAreOne(t *testing.T) {
	for _, name := range []string{"김 미나", " 김  미나\t", "\u1100\u1175\u11b7 \u1106\u1175\u1102\u1161"} {
		if got := ReaderName(name); got != "김 미나" {
			t.Fatalf("%q gives %q", name, got)
		}
	}
	if ReaderName(" \n") != "" {
		t.Fatal("a name of nothing")
	}
}

// TestVersionsAreWhatWasAccepted: whatever was done before and after, and each can be taken back and undone.
func TestVersionsAreWhatWasAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := &memory{}
		r := New(testStudy(), "kim", j)
		b := robot{r, t}
		want := map[Key][]*Frame{}
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			b.work(rapid.IntRange(0, 4).Draw(t, "steps"))
			k := b.key()
			if f := r.Frame(k); f.Status != Accepted {
				if err := r.SetStatus(k, Accepted); err != nil {
					t.Fatal(err)
				}
			}
		}
		again := New(testStudy(), "kim", nil)
		for i := range j.entries {
			e := &j.entries[i]
			if err := again.Replay([]Entry{*e}); err != nil {
				t.Fatal(err)
			}
			if e.Kind == KindStatus && e.Status == Accepted {
				f := *again.Frame(e.Key)
				f.Labels, f.Marks = f.Labels.Clone(), f.Marks.Clone()
				want[e.Key] = append(want[e.Key], &f)
			}
		}
		for k, frames := range want {
			var line []Entry
			for _, e := range j.entries {
				if e.Key == k {
					line = append(line, e)
				}
			}
			vs := Versions(r.Study(), line, false)
			if len(vs) != len(frames) {
				t.Fatalf("%d versions of %d", len(vs), len(frames))
			}
			for i, v := range vs {
				if !v.Labels.Equal(frames[i].Labels) || !v.Marks.Equal(frames[i].Marks) || v.Model != frames[i].Model {
					t.Fatalf("version %d differs", i)
				}
			}
			now, marks, status := r.Frame(k).Labels, r.Frame(k).Marks, r.Frame(k).Status
			if err := r.Restore(k, vs[0]); err != nil {
				t.Fatal(err)
			}
			if f := r.Frame(k); !f.Labels.Equal(vs[0].Labels) || !f.Marks.Equal(vs[0].Marks) {
				t.Fatal("not restored")
			}
			if now.Equal(vs[0].Labels) && marks.Equal(vs[0].Marks) {
				continue
			}
			if name, ok, err := r.Undo(k); name != "restore" || !ok || err != nil {
				t.Fatal(name, ok, err)
			}
			if f := r.Frame(k); !f.Labels.Equal(now) || !f.Marks.Equal(marks) || f.Status != status {
				t.Fatal("the undone restoring left something")
			}
		}
	})
}
