package ui

import (
	"cmp"
	"image"
	"math"
	"slices"
	"strconv"

	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// pageQuestions is the action of the page.
const pageQuestions = keys.QuestionsPage

// questionsPage lists what was asked and answered: what waits for this reader first.
func (a *App) questionsPage() *panel.Page {
	title := func(key string) func() string { return func() string { return text.T("consult.column." + key) } }
	lines := panel.NewLines(func() string { return text.T("consult.row.hint") },
		panel.LineColumn{Title: title("state"), Share: 2}, panel.LineColumn{Title: title("image"), Share: 3},
		panel.LineColumn{Title: title("by"), Share: 2}, panel.LineColumn{Title: title("words"), Share: 6},
		panel.LineColumn{Title: title("answers"), Share: 5}, panel.LineColumn{Title: title("at"), Share: 2})
	lines.OnHint = a.status.SetHover
	a.lower(alertTalk)
	p := panel.NewPage(func() string { return text.T("consult.page.title") }, lines)
	p.First, p.Keys = lines.First, func() string { return text.T("project.keys.lines") }
	p.SetBusy(func() string { return text.T("project.reading") })
	names := map[string]string{}
	if items, err := a.ws.Items(); err == nil {
		for _, it := range items {
			names[it.ID] = it.Name
		}
	}
	var order []review.Question
	present := func() {
		rows := make([]panel.Line, len(order))
		for i := range order {
			rows[i] = a.questionLine(&order[i], names)
		}
		lines.Set(rows)
	}
	lines.OnChosen = func(i int) {
		a.talk.at = order[i].ID
		shown := a.sess != nil && a.sess.item != nil && a.sess.shows(order[i].Key())
		a.openCase(order[i].Instance, order[i].Frame)
		if shown && a.page == nil {
			a.bringQuestion()
		}
	}
	a.loadTalk(func() {
		if a.page != p {
			return
		}
		p.SetBusy(nil)
		if len(a.talk.questions) == 0 {
			p.SetEmpty(func() string { return text.T("consult.page.none") }, func() string { return text.T("consult.page.none.what") })
			return
		}
		order = slices.Clone(a.talk.questions)
		slices.SortStableFunc(order, func(x, y review.Question) int {
			return cmp.Or(cmp.Compare(a.urgency(&x), a.urgency(&y)), y.At.Compare(x.At))
		})
		present()
		p.OnRefresh = present
		p.Refresh()
		a.win.Canvas().Focus(p.Focus())
		a.log.Debug("window", "event", "questions-shown", "count", len(order))
	})
	return p
}

// urgency orders questions: answers to one's own, open questions of others, one's own open ones, the rest.
func (a *App) urgency(q *review.Question) int {
	mine, state := q.By == a.set.Reader, q.State()
	switch {
	case mine && state == review.QuestionAnswered:
		return 0
	case !mine && state == review.QuestionOpen:
		return 1
	case state == review.QuestionOpen:
		return 2
	case state == review.QuestionAnswered:
		return 3
	}
	return 4
}

// questionLine is a question as a line.
func (a *App) questionLine(q *review.Question, names map[string]string) panel.Line {
	name := names[q.Instance]
	if name == "" {
		name = q.Instance
	}
	if q.Frame > 0 {
		name += " #" + strconv.Itoa(q.Frame+1)
	}
	tone := panel.ToneQuiet
	switch a.urgency(q) {
	case 0:
		tone = panel.ToneGood
	case 1:
		tone = panel.ToneWait
	case 2, 3:
		tone = panel.TonePlain
	}
	answers := ""
	for i := range q.Answers {
		if i > 0 {
			answers += " · "
		}
		answers += answerWords(&q.Answers[i])
		if o := q.Answers[i].Outcome; o != "" {
			answers += " " + text.T("consult.outcome."+o)
		}
	}
	return panel.Line{Tone: tone, Cells: []string{
		text.T("consult.state." + q.State()), name, q.By, q.Words, answers, q.At.Local().Format("2006-01-02 15:04"),
	}}
}

// boxOf is the rectangle around points.
func boxOf(points [][2]float64) image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range points {
		x0, y0 = math.Min(x0, p[0]), math.Min(y0, p[1])
		x1, y1 = math.Max(x1, p[0]), math.Max(y1, p[1])
	}
	return image.Rect(int(x0), int(y0), int(math.Ceil(x1)), int(math.Ceil(y1)))
}
