package project

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
)

// logbook keeps events in memory, as a workspace does.
type logbook struct{ events []store.Event }

func (l *logbook) Events(kinds ...string) ([]store.Event, error) {
	var out []store.Event
	for _, e := range l.events {
		if slices.Contains(kinds, e.Kind) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (l *logbook) AddEvent(e store.Event) (store.Event, error) {
	e.At = time.Unix(int64(len(l.events)), 0).UTC()
	e.ID = fmt.Sprintf("%04d", len(l.events))
	l.events = append(l.events, e)
	return e, nil
}

func must(t interface{ Fatalf(string, ...any) }, err error) {
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Fatalf("error %v, want %s", err, want)
	}
}

func casesOf(n int) []Case {
	out := make([]Case, n)
	for i := range out {
		out[i] = Case{Item: fmt.Sprint("item ", i), Name: fmt.Sprint("case ", i), Frames: 1}
	}
	return out
}

// begin makes a project with cases and readers.
func begin(t interface{ Fatalf(string, ...any) }, cases int, readers ...string) (*logbook, *State) {
	l := &logbook{}
	s, err := Create(l, "boss", " breast ")
	must(t, err)
	_, err = s.AddCases(l, "boss", casesOf(cases))
	must(t, err)
	for _, r := range readers {
		must(t, s.SetMember(l, "boss", r, Reads, false))
	}
	s, err = Load(l)
	must(t, err)
	return l, s
}

func TestProjectIsWhatWasSaidLast(t *testing.T) {
	l, s := begin(t, 3, "kim", "lee")
	if s.Name != "breast" || !s.Blinded || s.Blind || len(s.Cases) != 3 || len(s.Readers) != 2 || s.Readers[0].Person == s.Readers[1].Person {
		t.Fatalf("%+v", s)
	}
	_, err := Create(l, "boss", "another")
	wantCode(t, err, CodeThere)
	n, err := s.AddCases(l, "boss", append(casesOf(5), casesOf(5)...))
	if n != 2 || err != nil {
		t.Fatal(n, err)
	}
	yes, share := true, 0.5
	must(t, s.Set(l, "boss", Settings{Blind: &yes, Share: &share}))
	must(t, s.SetGuideline(l, "boss", Guideline{Text: "one"}))
	must(t, s.SetGuideline(l, "boss", Guideline{Text: "two", Pictures: []Picture{{Hash: "00", Name: "a.png"}}}))
	must(t, s.SetLabels(l, "boss", []Label{{Value: 1, Name: "mass"}}))
	must(t, s.SetMember(l, "boss", "kim", Advises, false))
	must(t, s.SetMember(l, "boss", "lee", Reads, true))
	person := s.Readers[0].Person
	if _, err := l.AddEvent(store.Event{Kind: KindReader, Body: json.RawMessage(`{"project":"other","member":{"name":"eve"}}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddEvent(store.Event{Kind: KindReader, Body: json.RawMessage(`[1]`)}); err != nil {
		t.Fatal(err)
	}
	s, err = Load(l)
	must(t, err)
	kim, _ := s.Member("kim")
	if len(s.Cases) != 5 || !s.Blind || s.Share != 0.5 || s.By != 2 || s.Guideline.Text != "two" || len(s.Guideline.Pictures) != 1 || len(s.Labels) != 1 ||
		kim.Role != Advises || kim.Person != person || len(s.Active(Reads)) != 0 || len(s.Active("")) != 1 || len(s.Readers) != 2 || s.Unread != 1 {
		t.Fatalf("%+v", s)
	}
	if s.Hides("kim") || !s.Hides("lee") || s.Hides("boss") || (*State)(nil).Hides("kim") {
		t.Fatal("who is blinded")
	}
	if none, err := Load(&logbook{}); none != nil || err != nil {
		t.Fatal(none, err)
	}
}

// TestAssignmentIsFair: each case goes to as many as it should, loads differ by one at most, the same seed gives the same,
// whatever the order of cases; a second time changes nothing, and what comes later does not touch what was given out.
func TestAssignmentIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"kim", "lee", "park", "choi", "jung", "han"}[:rapid.IntRange(1, 6).Draw(t, "readers")]
		l, s := begin(t, rapid.IntRange(1, 90).Draw(t, "cases"), names...)
		share, by, seed := rapid.Float64Range(0, 1).Draw(t, "share"), rapid.IntRange(1, len(names)).Draw(t, "by"), rapid.Uint64().Draw(t, "seed")
		must(t, s.Set(l, "", Settings{Share: &share, By: &by, Seed: &seed}))
		s, _ = Load(l)
		plan, err := s.Plan(false)
		must(t, err)
		fair(t, s, plan)
		other := *s
		other.Cases = slices.Clone(s.Cases)
		rand.Shuffle(len(other.Cases), func(i, j int) { other.Cases[i], other.Cases[j] = other.Cases[j], other.Cases[i] })
		if again, err := other.Plan(false); err != nil || !reflect.DeepEqual(plan, again) {
			t.Fatalf("another plan for another order: %v", err)
		}
		if n, err := s.Assign(l, "", false); err != nil || n != len(s.Cases) {
			t.Fatalf("%d %v", n, err)
		}
		s, _ = Load(l)
		if n, err := s.Assign(l, "", false); err != nil || n != 0 {
			t.Fatalf("given out twice: %d %v", n, err)
		}
		total := 0
		for _, name := range names {
			total += len(s.Part(name))
		}
		want := 0
		for _, r := range plan {
			want += len(r)
		}
		if total != want {
			t.Fatalf("%d parts, %d planned", total, want)
		}
		more := rapid.IntRange(0, 40).Draw(t, "more")
		if _, err := s.AddCases(l, "", casesOf(len(s.Cases)+more)); err != nil {
			t.Fatalf("%v", err)
		}
		s, _ = Load(l)
		if n, err := s.Assign(l, "", false); err != nil || n != more {
			t.Fatalf("%d of %d new cases: %v", n, more, err)
		}
		s, _ = Load(l)
		all := map[string][]string{}
		for _, c := range s.Cases {
			all[c.Item] = s.ReadersOf(c.Item)
			if old, ok := plan[c.Item]; ok && !slices.Equal(old, all[c.Item]) {
				t.Fatalf("%s was taken away", c.Item)
			}
		}
		fair(t, s, all)
	})
}

// fair checks a plan for all cases.
func fair(t *rapid.T, s *State, plan map[string][]string) {
	load, several := map[string]int{}, 0
	for _, m := range s.Active(Reads) {
		load[m.Name] = 0
	}
	for item, names := range plan {
		if len(names) != 1 && len(names) != s.By || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Fatalf("%s goes to %v", item, names)
		}
		if len(names) > 1 {
			several++
		}
		for _, n := range names {
			load[n]++
		}
	}
	want := int(s.Share*float64(len(s.Cases)) + 0.5)
	if s.By == 1 {
		want = 0
	}
	if several != want {
		t.Fatalf("%d of %d cases go to several, want %d", several, len(s.Cases), want)
	}
	least, most := len(plan)+1, 0
	for _, n := range load {
		least, most = min(least, n), max(most, n)
	}
	if most-least > 1 {
		t.Fatalf("loads %v", load)
	}
}

func TestReadersMeetEvenly(t *testing.T) {
	l, s := begin(t, 300, "kim", "lee", "park", "choi")
	share := 1.0
	must(t, s.Set(l, "", Settings{Share: &share}))
	s, _ = Load(l)
	plan, err := s.Plan(false)
	must(t, err)
	met := map[[2]string]int{}
	for _, names := range plan {
		met[pairOf(names[0], names[1])]++
	}
	for pair, n := range met {
		if len(met) != 6 || n < 45 || n > 55 {
			t.Fatal(len(met), "pairs;", pair, "meet on", n, "of 300")
		}
	}
}

func TestAssignmentNeedsReaders(t *testing.T) {
	l, s := begin(t, 3)
	_, err := s.Plan(false)
	wantCode(t, err, CodeOverlap)
	must(t, s.SetMember(l, "", "kim", Reads, false))
	s, _ = Load(l)
	_, err = s.Plan(false)
	wantCode(t, err, CodeOverlap) // one cannot read twice
	_, s = begin(t, 0, "kim", "lee")
	_, err = s.Plan(false)
	wantCode(t, err, CodeEmpty)
}

func TestProgress(t *testing.T) {
	l, s := begin(t, 4, "kim", "lee")
	cine := Case{Item: "cine", Name: "cine", Frames: 2}
	_, err := s.AddCases(l, "", []Case{cine})
	must(t, err)
	zero := 0.0
	must(t, s.Set(l, "", Settings{Share: &zero}))
	s, _ = Load(l)
	all := map[string][]string{}
	for _, c := range s.Cases {
		all[c.Item] = []string{"kim"}
	}
	must(t, add(l, "", KindAssign, &body{Project: s.ID, Assign: all}))
	s, _ = Load(l)
	day := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	frame := func(item string, i int, st review.Status, edits int) store.Decision {
		return store.Decision{Reader: "kim", Key: review.Key{Instance: item, Frame: i}, Status: st, Edits: edits, At: day.Add(time.Duration(i) * time.Hour)}
	}
	w := Sum([]store.Decision{
		frame("item 0", 0, review.Accepted, 3), frame("item 1", 0, review.Open, 2), frame("item 2", 0, review.Open, 0),
		frame("cine", 0, review.Accepted, 1), frame("cine", 1, review.Rejected, 1),
		{Reader: "lee", Key: review.Key{Instance: "item 3"}, Status: review.Accepted, Edits: 1},
	})
	got := s.Progress(w)
	if len(got) != 2 || got[0] != (Progress{Name: "kim", Assigned: 5, Done: 2, Begun: 1, Unseen: 2, Last: day.Add(time.Hour)}) || got[1].Assigned != 0 {
		t.Fatalf("%+v", got)
	}
	if st, rejected := w.Stage(Case{Item: "item 3", Frames: 1}, "lee"); st != Done || rejected {
		t.Fatal(st, rejected)
	}
	p := Progress{Assigned: 10, Done: 4, Active: 2 * time.Minute, Timed: 4}
	if p.Pace() != 30*time.Second || p.Left() != 3*time.Minute || (Progress{Assigned: 3}).Left() != 0 {
		t.Fatal(p.Pace(), p.Left())
	}
}

// BenchmarkFold folds a project of ten thousand cases, all given out.
func BenchmarkFold(b *testing.B) {
	l, s := begin(b, 10_000, "kim", "lee", "park")
	if _, err := s.Assign(l, "", false); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got := Fold(l.events); len(got.Part("kim")) == 0 {
			b.Fatal("no part")
		}
	}
}
