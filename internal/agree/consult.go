package agree

import (
	"encoding/json"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/tool"
)

// The kinds of store.Event by which readers and experts talk.
const (
	KindQuestion = "question"         // body: review.Question without answers
	KindAnswer   = "question.answer"  // body: answerBody
	KindOutcome  = "question.outcome" // body: outcomeBody
)

// The faults of a consultation.
const (
	CodeQuestion fault.Code = "consult.question" // a question without a place or words
	CodeUnknown  fault.Code = "consult.unknown"  // no such question or answer here. Args: ID
	CodeAnswer   fault.Code = "consult.answer"   // an answer that says nothing
	CodeCourse   fault.Code = "consult.course"   // the expert has no boundary there
	CodeAsker    fault.Code = "consult.asker"    // only who asked takes an answer. Args: Reader
)

// answerBody is an answer, and to which question.
type answerBody struct {
	Question string `json:"question"`
	review.Answer
}

// outcomeBody says what became of an answer.
type outcomeBody struct {
	Answer  string `json:"answer"`
	Outcome string `json:"outcome"`
}

// Ask keeps a question for the experts. It gets its ID and time.
func Ask(ws *store.Workspace, q review.Question) (review.Question, error) {
	if !q.Sound() || q.Words == "" {
		return q, fault.New(CodeQuestion, "", nil, nil)
	}
	q.Answers = nil
	body, err := json.Marshal(q)
	if err != nil {
		return q, err
	}
	e, err := ws.AddEvent(store.Event{Kind: KindQuestion, Study: q.Instance, Frame: q.Frame, Reader: q.By, Body: body})
	q.ID, q.At = e.ID, e.At
	return q, err
}

// Answer keeps what an expert says to a question. It gets its ID and time.
func Answer(ws *store.Workspace, question string, a review.Answer) (review.Answer, error) {
	if !a.Sound() {
		return a, fault.New(CodeAnswer, "", nil, nil)
	}
	q, err := Question(ws, question)
	if err != nil {
		return a, err
	}
	a.Outcome = ""
	body, err := json.Marshal(answerBody{question, a})
	if err != nil {
		return a, err
	}
	e, err := ws.AddEvent(store.Event{Kind: KindAnswer, Study: q.Instance, Frame: q.Frame, Reader: a.By, Body: body})
	a.ID, a.At = e.ID, e.At
	return a, err
}

// Conclude keeps what the asker did with an answer: review.OutcomeTaken or OutcomeLeft. The fault CodeAsker says that reader
// is not who asked.
func Conclude(ws *store.Workspace, reader, answer, outcome string) error {
	q, _, err := FindAnswer(ws, answer)
	if err != nil {
		return err
	}
	if q.By != reader {
		return fault.New(CodeAsker, "", nil, fault.Args{"Reader": q.By})
	}
	body, err := json.Marshal(outcomeBody{answer, outcome})
	if err != nil {
		return err
	}
	_, err = ws.AddEvent(store.Event{Kind: KindOutcome, Study: q.Instance, Frame: q.Frame, Reader: reader, Body: body})
	return err
}

// Questions are all that were asked in a workspace, the oldest first, with their answers. They follow from the events alone,
// in whatever order these came here; answers to questions that are not here yet wait for them. Where an error comes with
// questions, these can be used.
func Questions(ws *store.Workspace) ([]review.Question, error) {
	events, err := ws.Events(KindQuestion, KindAnswer, KindOutcome)
	return threads(events), err
}

// threads folds events: first all questions, then their answers, then what became of these.
func threads(events []store.Event) []review.Question {
	f := folding{questions: map[string]int{}, answers: map[string]spot{}}
	for _, take := range []func(*store.Event){f.question, f.answer, f.outcome} {
		for i := range events {
			take(&events[i])
		}
	}
	return f.all
}

// folding are questions in the making.
type folding struct {
	all       []review.Question
	questions map[string]int  // their places in all, by ID
	answers   map[string]spot // by ID
}

// spot is the place of an answer.
type spot struct{ question, answer int }

func (f *folding) question(e *store.Event) {
	var q review.Question
	if e.Kind != KindQuestion || json.Unmarshal(e.Body, &q) != nil {
		return
	}
	q.ID, q.At, q.By, q.Instance, q.Frame, q.Answers = e.ID, e.At, e.Reader, e.Study, e.Frame, nil
	if q.Sound() {
		f.questions[q.ID] = len(f.all)
		f.all = append(f.all, q)
	}
}

func (f *folding) answer(e *store.Event) {
	var b answerBody
	if e.Kind != KindAnswer || json.Unmarshal(e.Body, &b) != nil {
		return
	}
	at, ok := f.questions[b.Question]
	b.ID, b.At, b.By, b.Outcome = e.ID, e.At, e.Reader, ""
	if ok && b.Sound() {
		f.answers[b.ID] = spot{at, len(f.all[at].Answers)}
		f.all[at].Answers = append(f.all[at].Answers, b.Answer)
	}
}

func (f *folding) outcome(e *store.Event) {
	var b outcomeBody
	if e.Kind != KindOutcome || json.Unmarshal(e.Body, &b) != nil {
		return
	}
	at, ok := f.answers[b.Answer]
	if ok && f.all[at.question].By == e.Reader && (b.Outcome == review.OutcomeTaken || b.Outcome == review.OutcomeLeft) {
		f.all[at.question].Answers[at.answer].Outcome = b.Outcome
	}
}

// Question finds a question by its ID.
func Question(ws *store.Workspace, id string) (review.Question, error) {
	all, err := Questions(ws)
	if i := slices.IndexFunc(all, func(q review.Question) bool { return q.ID == id }); i >= 0 {
		return all[i], nil
	}
	if err != nil {
		return review.Question{}, err
	}
	return review.Question{}, fault.New(CodeUnknown, "", nil, fault.Args{"ID": id})
}

// FindAnswer finds an answer by its ID, with its question.
func FindAnswer(ws *store.Workspace, id string) (review.Question, review.Answer, error) {
	all, err := Questions(ws)
	for _, q := range all {
		for _, a := range q.Answers {
			if a.ID == id {
				return q, a, nil
			}
		}
	}
	if err != nil {
		return review.Question{}, review.Answer{}, err
	}
	return review.Question{}, review.Answer{}, fault.New(CodeUnknown, "", nil, fault.Args{"ID": id})
}

// CourseOf is the answer that an expert's own mask gives to a question: where the boundary runs there. The fault CodeCourse
// says that the expert drew none.
func CourseOf(r *review.Review, q *review.Question) (review.Answer, error) {
	var cs []contour.Contour
	for _, c := range r.Contours(q.Key()) {
		if c.Label == q.Label {
			cs = append(cs, c)
		}
	}
	line := review.Line(q.Points)
	if q.Region {
		line = append(line, line[0])
	}
	course := contour.Course(cs, line)
	if len(course) < 2 {
		return review.Answer{}, fault.New(CodeCourse, "", nil, nil)
	}
	a := review.Answer{By: r.Reader(), Kind: review.AnswerRedrawn}
	for _, p := range course {
		a.Points = append(a.Points, [2]float64{p.X, p.Y})
	}
	return a, nil
}

// markReach is how far, in px, the asker's boundary may have gone from where the question was asked and still be meant by "not
// visible".
const markReach = 4.0

// Take makes an answer part of the asker's work, as one edit that can be undone: the boundary redrawn along the expert's
// course, or marked as not visible. Words change nothing. What the asker confirmed or corrected meanwhile stays where the
// redraw tool leaves it.
func Take(r *review.Review, q *review.Question, a *review.Answer) (changed bool, err error) {
	switch a.Kind {
	case review.AnswerNotVisible:
		return r.MarkAlong(q.Key(), review.Line(q.Points), markReach, contour.NotVisible)
	case review.AnswerRedrawn:
		t := tool.NewRedraw(r, q.Label)
		line := review.Line(a.Points)
		if err := t.Press(q.Key(), tool.Pointer{X: line[0].X, Y: line[0].Y}); err != nil {
			return false, err
		}
		for _, p := range line[1:] {
			t.Drag(tool.Pointer{X: p.X, Y: p.Y})
		}
		return t.Release()
	}
	return false, nil
}
