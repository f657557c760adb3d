package agree

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

var still = review.Key{Instance: "a"}

// oneStill is a study of one picture of 80×80 px, calibrated at 0.5 mm per px.
func oneStill() *study.Study {
	return &study.Study{Items: []*study.Item{{ID: still.Instance, Name: "still", W: 80, H: 80, Frames: 1, PixelSpacing: &[2]float64{0.5, 0.5}}}}
}

func workspace(t testing.TB) *store.Workspace {
	ws, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ws.Close(); err != nil {
			t.Error(err)
		}
	})
	return ws
}

// draw makes p what a reader accepted.
func draw(t testing.TB, ws *store.Workspace, reader string, p *mask.Plane) *review.Review {
	r, err := ws.Review(oneStill(), reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Begin(still, "brush", review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetLabels(p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := r.SetStatus(still, review.Accepted); err != nil {
		t.Fatal(err)
	}
	return r
}

// Two readers become one: proposed, then decided arc by arc, with a record of all of it; the readers' own masks stay.
func TestConsensusInAWorkspace(t *testing.T) {
	ws := workspace(t)
	kim, lee := disc(80, 80, 40, 40, 20), disc(80, 80, 40, 40, 20)
	lee.Fill(mask.Capsule(60, 40, 70, 40, 5, 5), 1)
	draw(t, ws, "Kim", kim)
	readings, err := Readings(ws, oneStill(), still)
	if err != nil || len(readings) != 1 || readings[0].MM != 0.5 {
		t.Fatal(readings, err)
	}
	if _, err := Adjudicate(still, readings, ByMean, DefaultLimit); fault.CodeOf(err) != CodeFew {
		t.Error(err)
	}
	if e, err := Eligible(ws, oneStill()); err != nil || len(e) != 0 {
		t.Error(e, err)
	}
	draw(t, ws, "Lee", lee)
	if e, err := Eligible(ws, oneStill()); err != nil || e[still] != 2 {
		t.Error(e, err)
	}
	if readings, err = Readings(ws, oneStill(), still); err != nil || len(readings) != 2 {
		t.Fatal(readings, err)
	}
	a, err := Adjudicate(still, readings, ByMean, Limit{MM: 2})
	if err != nil || len(a.List) != 1 || a.LimitPx() != 4 {
		t.Fatal(a, err)
	}
	r, err := ws.Review(oneStill(), review.ConsensusReader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Propose(still, a.Proposal(), a.Model); err != nil {
		t.Fatal(err)
	}
	proposed := a.Record(r, "", nil)
	if proposed.By != "" || proposed.Arcs[0].Choice != "proposal" || proposed.Arcs[0].Reviewed {
		t.Errorf("%+v", proposed)
	}
	if err := Keep(ws, proposed); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Adjudicate(still, a.Take(r.Frame(still).Labels, 0, 1), a.Piece(0), a.Model); err != nil {
		t.Fatal(err)
	}
	done := a.Record(r, "Park", map[int]Choice{0: 1})
	if err := Keep(ws, done); err != nil {
		t.Fatal(err)
	}
	origins, err := OriginsOf(ws)
	if err != nil {
		t.Fatal(err)
	}
	got := origins.Of(still, r.Frame(still).Labels)
	if got == nil || got.By != "Park" || got.Arcs[0].Reader != "Lee" || got.Changed || got.Sources[0].Reader != "Kim" || len(got.Sources[0].Entry) != 32 {
		t.Fatalf("%+v", got)
	}
	if c := origins.Of(still, a.Proposal()); c == nil || c.By != "" || c.Changed {
		t.Errorf("the proposal's record: %+v", c)
	}
	if c := origins.Of(still, kim); c == nil || !c.Changed {
		t.Errorf("a mask that is neither: %+v", c)
	}
	if again, err := Readings(ws, oneStill(), still); err != nil || len(again) != 2 || !again[0].Labels.Equal(kim) || !again[1].Labels.Equal(lee) {
		t.Error("a reader's mask is not what it was", err)
	}
}

// Choices made by strokes of the review in any order give one mask, and undo takes all back.
func TestChoicesThroughTheReview(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := splitMix(rapid.Uint64().Draw(t, "seed"))
		readings := make([]Reading, 2+g.below(2))
		for i := range readings {
			readings[i] = Reading{Reader: string(rune('A' + i)), Labels: g.blobs(80, 80)}
		}
		a, err := Adjudicate(still, readings, ByMean, Limit{Px: 2})
		if err != nil {
			t.Fatal(err)
		}
		choices := map[int]Choice{}
		for i := range a.List {
			choices[i] = Choice(g.below(len(readings)+2)) - 2
		}
		r := review.New(oneStill(), review.ConsensusReader, nil)
		if _, err := r.Propose(still, a.Proposal(), a.Model); err != nil {
			t.Fatal(err)
		}
		before := len(r.History(still))
		for _, i := range rapid.Permutation(indices(len(a.List))).Draw(t, "order") {
			if _, err := r.Adjudicate(still, a.Take(r.Frame(still).Labels, i, choices[i]), a.Piece(i), a.Model); err != nil {
				t.Fatal(err)
			}
		}
		if !r.Frame(still).Labels.Equal(a.Join(choices)) {
			t.Fatal("the order counts")
		}
		for range len(r.History(still)) - before {
			if _, ok, err := r.Undo(still); !ok || err != nil {
				t.Fatal("nothing to undo", err)
			}
		}
		if !r.Frame(still).Labels.Equal(a.Proposal()) {
			t.Fatal("undo does not restore the proposal")
		}
	})
}

// A question goes to an expert on another machine and the answer comes back, in whatever order and how often the workspaces
// are merged.
func TestConsultAcrossMerges(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir()}
	in := func(i int, do func(ws *store.Workspace)) {
		ws, err := store.Open(dirs[i])
		if err != nil {
			t.Fatal(err)
		}
		do(ws)
		if err := ws.Close(); err != nil {
			t.Fatal(err)
		}
	}
	merge := func(into, from int) {
		in(into, func(ws *store.Workspace) {
			if _, err := ws.Merge(dirs[from]); err != nil {
				t.Fatal(err)
			}
		})
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wrong, right := disc(80, 80, 40, 40, 20), disc(80, 80, 40, 40, 20)
	right.Fill(mask.Capsule(60, 40, 66, 40, 6, 6), 1)
	place := [][2]float64{{58, 32}, {60, 36}, {60.5, 40}, {60, 44}, {58, 48}}
	var q review.Question
	in(0, func(ws *store.Workspace) {
		draw(t, ws, "Kim", wrong)
		if _, err := Ask(ws, review.Question{Instance: "a", By: "Kim", Points: place, Label: 1}); fault.CodeOf(err) != CodeQuestion {
			t.Error("a question without words:", err)
		}
		var err error
		q, err = Ask(ws, review.Question{Instance: "a", By: "Kim", Points: place, Label: 1, Words: "Where does it end?"})
		must(err)
	})
	merge(1, 0)
	var answers []review.Answer
	in(1, func(ws *store.Workspace) {
		all, err := Questions(ws)
		if err != nil || len(all) != 1 || all[0].State() != review.QuestionOpen || all[0].By != "Kim" || len(all[0].Points) != 5 {
			t.Fatal(all, err)
		}
		_, err = CourseOf(review.New(oneStill(), "Park", nil), &q)
		if fault.CodeOf(err) != CodeCourse {
			t.Error("a course of nothing:", err)
		}
		a, err := CourseOf(draw(t, ws, "Park", right), &q)
		must(err)
		for _, x := range []review.Answer{a, {By: "Park", Kind: review.AnswerWords, Words: "There is a spur."}} {
			x, err := Answer(ws, q.ID, x)
			must(err)
			answers = append(answers, x)
		}
		if _, err := Answer(ws, "none", a); fault.CodeOf(err) != CodeUnknown {
			t.Error(err)
		}
		if _, err := Answer(ws, q.ID, review.Answer{By: "Park", Kind: review.AnswerWords}); fault.CodeOf(err) != CodeAnswer {
			t.Error(err)
		}
	})
	merge(0, 1)
	merge(0, 1)
	in(0, func(ws *store.Workspace) {
		got, err := Question(ws, q.ID)
		must(err)
		if got.State() != review.QuestionAnswered || len(got.Answers) != 2 || got.Answers[0].ID != answers[0].ID {
			t.Fatalf("%+v", got)
		}
		r, err := ws.Review(oneStill(), "Kim")
		must(err)
		changed, err := Take(r, &got, &got.Answers[0])
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
		if now := r.Frame(still).Labels; now.At(64, 40) != 1 || contour.Dice(now, right, 1) < 0.99 {
			t.Error("the expert's course is not taken", contour.Dice(now, right, 1))
		}
		must(Conclude(ws, "Kim", answers[0].ID, review.OutcomeTaken))
		if err := Conclude(ws, "Lee", answers[0].ID, review.OutcomeLeft); fault.CodeOf(err) != CodeAsker {
			t.Error("somebody else takes it:", err)
		}
		must(Conclude(ws, "Kim", answers[1].ID, review.OutcomeLeft))
		if _, ok, err := r.Undo(still); !ok || err != nil || !r.Frame(still).Labels.Equal(wrong) {
			t.Error("undo does not restore", err)
		}
		if changed, err := Take(r, &got, &review.Answer{Kind: review.AnswerNotVisible}); err != nil || !changed {
			t.Error(changed, err)
		}
		marked := 0.0
		for _, arc := range r.Arcs(still, math.Inf(1)) {
			if arc.State == contour.NotVisible {
				marked += arc.Length
			}
		}
		if marked < 12 || marked > 30 {
			t.Errorf("%v px of boundary are marked", marked)
		}
	})
	merge(1, 0)
	for i := range dirs {
		in(i, func(ws *store.Workspace) {
			got, err := Question(ws, q.ID)
			must(err)
			if got.State() != review.QuestionClosed || got.Answers[0].Outcome != review.OutcomeTaken || got.Answers[1].Outcome != review.OutcomeLeft {
				t.Errorf("workspace %d: %+v", i, got)
			}
		})
	}
}

// Whatever the order in which events came, and whatever else is among them, the questions are the same.
func TestThreadsOfAnyOrder(t *testing.T) {
	body := func(v any) json.RawMessage {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	at := func(i int) time.Time { return time.Unix(int64(i), 0).UTC() }
	q := review.Question{Points: [][2]float64{{1, 2}}, Label: 1, Words: "?"}
	events := []store.Event{
		{ID: "q", Kind: KindQuestion, Study: "a", Reader: "Kim", At: at(1), Body: body(q)},
		{ID: "x", Kind: KindAnswer, Study: "a", Reader: "Park", At: at(2), Body: body(answerBody{"q", review.Answer{Kind: "not_visible", By: "Forger"}})},
		{ID: "o", Kind: KindOutcome, Study: "a", Reader: "Kim", At: at(3), Body: body(outcomeBody{"x", "taken"})},
		{ID: "p", Kind: KindOutcome, Study: "a", Reader: "Lee", At: at(4), Body: body(outcomeBody{"x", "left"})},
		{ID: "y", Kind: KindAnswer, Study: "a", Reader: "Park", At: at(5), Body: body(answerBody{"gone", review.Answer{Kind: "not_visible"}})},
		{ID: "z", Kind: KindAnswer, Study: "a", Reader: "Park", At: at(5), Body: body(answerBody{"q", review.Answer{Kind: "nonsense"}})},
		{ID: "w", Kind: KindQuestion, Study: "a", Reader: "Kim", At: at(6), Body: json.RawMessage(`{"points":"none"}`)},
	}
	got := threads(events)
	if len(got) != 1 || len(got[0].Answers) != 1 || got[0].Answers[0].By != "Park" || got[0].State() != review.QuestionClosed ||
		got[0].Answers[0].Outcome != review.OutcomeTaken {
		t.Fatalf("%+v", got)
	}
	want := string(body(got))
	for i := range events { // questions and answers come in the order of Events within their kind: kinds may be mixed in any way
		if turned := append(append([]store.Event{}, events[i:]...), events[:i]...); string(body(threads(turned))) != want {
			t.Errorf("turned by %d: %s", i, body(threads(turned)))
		}
	}
}

// A reader who accepted another mask half a day later is compared with the first one; one who corrected at once is not.
func TestRepeats(t *testing.T) {
	ws := workspace(t)
	first, second := disc(80, 80, 40, 40, 20), disc(80, 80, 40, 40, 17)
	draw(t, ws, "Kim", first)
	r := draw(t, ws, "Kim", second)
	entries, err := ws.Entries("Kim", []string{still.Instance})
	if err != nil {
		t.Fatal(err)
	}
	var g Gathering
	g.Add(r)
	g.AddRepeats(r, entries, RepeatAfter, "Kim, first")
	if len(g.Repeats) != 0 {
		t.Error("a correction counts as a repeat")
	}
	g.AddRepeats(r, entries, time.Nanosecond, "Kim, first")
	pairs := g.Pairs(2)
	if len(pairs) != 1 || pairs[0].A != "Kim" || pairs[0].B != "Kim, first" || pairs[0].Dice != contour.Dice(first, second, 1) || pairs[0].At.IsZero() || pairs[0].Key != still {
		t.Errorf("%+v", pairs)
	}
}
