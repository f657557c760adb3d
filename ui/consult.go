package ui

import (
	"fmt"
	"math"
	"slices"

	"echoline/internal/agree"
	"echoline/internal/contour"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// talk is what readers and experts say to each other, as far as the reader may know of it.
type talk struct {
	questions []review.Question // the oldest first
	at        string            // ID of the question at hand; "" for none
	told      bool              // what waits was told at this start
}

// loadTalk reads the questions beside the window, and then does something.
func (a *App) loadTalk(then func()) {
	ws, me := a.ws, a.set.Reader
	if ws == nil {
		return
	}
	go func() {
		all, err := agree.Questions(ws)
		hides := false
		if p, perr := project.Load(ws); perr == nil {
			hides = p.Hides(me)
		}
		a.post(func() {
			if a.ws != ws || a.set.Reader != me {
				return
			}
			if err != nil {
				a.log.Warn("questions", "err", err)
			}
			if hides {
				all = slices.DeleteFunc(all, func(q review.Question) bool { return q.By != me })
			}
			a.talk.questions = all
			if answers, questions := a.waiting(); answers+questions == 0 {
				a.lower(alertTalk)
			}
			a.showTalk()
			if then != nil {
				then()
			}
		})
	}()
}

// tellTalkOnce says at the start of a session what waits for this reader: answers, and questions of others.
func (a *App) tellTalkOnce() {
	if a.talk.told {
		return
	}
	a.talk.told = true
	answers, questions := a.waiting()
	if answers+questions == 0 {
		return
	}
	words := func() string {
		answers, questions := a.waiting()
		switch {
		case questions == 0:
			return text.N("consult.news.answers", answers)
		case answers == 0:
			return text.N("consult.news.questions", questions)
		}
		return text.N("consult.news.answers", answers) + " " + text.N("consult.news.questions", questions)
	}
	a.raise(alertTalk, words, "consult.news.look", func() {
		a.lower(alertTalk)
		a.togglePage(page{pageQuestions, a.questionsPage})
	})
	a.alerts[alertTalk].news = true
	a.showAlert()
	a.log.Debug("window", "event", "talk-waits", "answers", answers, "questions", questions)
}

// waiting counts the answers that the reader has neither taken nor left, and the open questions of others.
func (a *App) waiting() (answers, questions int) {
	for i := range a.talk.questions {
		q := &a.talk.questions[i]
		switch {
		case q.By == a.set.Reader:
			for _, x := range q.Answers {
				if x.Outcome == "" {
					answers++
				}
			}
		case q.State() == review.QuestionOpen:
			questions++
		}
	}
	return answers, questions
}

// question is the one at hand, if it is about the frame on show.
func (a *App) questionAtHand() *review.Question {
	s := a.sess
	if s == nil || s.item == nil || a.talk.at == "" {
		return nil
	}
	for i := range a.talk.questions {
		if q := &a.talk.questions[i]; q.ID == a.talk.at && q.Key() == s.key() {
			return q
		}
	}
	return nil
}

// showTalk draws where questions about the frame on show lie, and what answers say of the boundary.
func (a *App) showTalk() {
	s := a.sess
	if s == nil || s.item == nil || s.docket != nil {
		return
	}
	var traces []viewer.Trace
	for i := range a.talk.questions {
		q := &a.talk.questions[i]
		if q.Key() != s.key() || q.State() == review.QuestionClosed && q.ID != a.talk.at {
			continue
		}
		line := review.Line(q.Points)
		if q.Region {
			line = append(line, line[0])
		}
		traces = append(traces, viewer.Trace{Name: text.T("consult.trace", text.Args{"By": q.By, "Words": q.Words}), Lines: [][]contour.Point{line}})
		for _, x := range q.Answers {
			if x.Kind == review.AnswerRedrawn && x.Outcome == "" {
				traces = append(traces, viewer.Trace{
					Name: text.T("consult.trace.answer", text.Args{"By": x.By}), Lines: [][]contour.Point{review.Line(x.Points)},
				})
			}
		}
	}
	a.view.SetTraces(text.T("consult.legend"), traces, nil)
}

// consult is the key for all of it: answer or take what is at hand, and else ask.
func (a *App) consult() {
	s := a.editing()
	if s == nil || a.ws == nil {
		return
	}
	if s.docket != nil {
		a.status.SetHint(text.T("judge.not"))
		return
	}
	q := a.questionAtHand()
	if q == nil { // an answer on this frame needs no looking up
		for i := range a.talk.questions {
			if o := &a.talk.questions[i]; o.Key() == s.key() && o.By == a.set.Reader && o.State() == review.QuestionAnswered {
				q = o
			}
		}
	}
	at := review.Question{}
	if q != nil {
		at = *q
	}
	a.post(func() { // not at once: the letter of the key would be typed into the card
		switch {
		case a.sess != s || a.editing() != s:
		case at.ID == "" || at.State() == review.QuestionClosed:
			a.askExpert(s)
		case at.By == a.set.Reader:
			a.takeOrLeave(s, at)
		default:
			a.answerQuestion(s, at)
		}
	})
}

// regionRadius is that of a region around the pointer, in screen pixels.
const regionRadius = 40.0

// askExpert asks about the arc that the reader is at, or else about the place under the pointer, or where that is elsewhere
// about what lies in the middle of the view.
func (a *App) askExpert(s *session) {
	k := s.key()
	q := review.Question{Instance: k.Instance, Frame: k.Frame, By: a.set.Reader, Label: s.label}
	what := "consult.ask.arc"
	cs := s.review.Contours(k)
	if arc := s.active; arc != nil && arc.Contour < len(cs) {
		q.Label = cs[arc.Contour].Label
		for _, v := range arc.Points(cs[arc.Contour]) {
			q.Points = append(q.Points, [2]float64{round2(v.X), round2(v.Y)})
		}
	} else {
		what = "consult.ask.region"
		q.Region = true
		const corners = 24
		at, r := a.pointed, regionRadius/a.view.Zoom()
		if !a.pointing || !s.onFrame(at) { // by keyboard alone, or by the button beside the image
			what, at = "consult.ask.centre", a.view.View().Centre
		}
		for i := range corners {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
			q.Points = append(q.Points, [2]float64{round2(at.X + r*cos), round2(at.Y + r*sin)})
		}
	}
	panel.ShowAsk(a.win, panel.AskCard{What: text.T(what), OnDone: func(words string) {
		q.Words = words
		q, err := agree.Ask(a.ws, q)
		a.edited(err)
		a.log.Debug("window", "event", "asked-expert", "region", q.Region, "points", len(q.Points))
		a.status.SetHint(text.T("consult.asked"))
		a.loadTalk(nil)
	}})
}

// round2 keeps hundredths of a pixel.
func round2(v float64) float64 { return math.Round(v*100) / 100 }

// answerQuestion lets an expert answer the question at hand.
func (a *App) answerQuestion(s *session, q review.Question) {
	card := panel.AnswerCard{Asked: a.askedWords(&q)}
	for i := range q.Answers {
		card.Earlier = append(card.Earlier, answerWords(&q.Answers[i]))
	}
	send := func(x review.Answer, words string) {
		x.By, x.Words = a.set.Reader, words
		x, err := agree.Answer(a.ws, q.ID, x)
		a.edited(err)
		if x.ID != "" {
			a.status.SetHint(text.T("consult.answered", text.Args{"By": q.By}))
			a.log.Debug("window", "event", "answered-question", "kind", x.Kind)
		}
		a.talk.at = ""
		a.loadTalk(nil)
	}
	card.OnCourse = func(words string) {
		if a.sess != s || !s.shows(q.Key()) {
			return
		}
		x, err := agree.CourseOf(s.review, &q)
		if err != nil {
			a.fault(err)
			return
		}
		send(x, words)
	}
	card.OnHidden = func(words string) { send(review.Answer{Kind: review.AnswerNotVisible}, words) }
	card.OnWords = func(words string) { send(review.Answer{Kind: review.AnswerWords}, words) }
	panel.ShowAnswer(a.win, card)
}

// takeOrLeave shows the oldest answer that waits, to who asked.
func (a *App) takeOrLeave(s *session, q review.Question) {
	i := slices.IndexFunc(q.Answers, func(x review.Answer) bool { return x.Outcome == "" })
	if i < 0 {
		a.status.SetHint(text.T("consult.waits"))
		return
	}
	x := q.Answers[i]
	conclude := func(outcome string) {
		a.edited(agree.Conclude(a.ws, a.set.Reader, x.ID, outcome))
		a.log.Debug("window", "event", "answer-concluded", "outcome", outcome)
		a.loadTalk(nil)
	}
	panel.ShowTake(a.win, panel.TakeCard{
		Asked: a.askedWords(&q), Answer: answerWords(&x), Takeable: x.Kind != review.AnswerWords,
		OnTake: func() {
			if a.sess != s || !s.shows(q.Key()) || a.editing() != s {
				return
			}
			s.active = nil
			changed, err := agree.Take(s.review, &q, &x)
			a.edited(err)
			if err == nil {
				conclude(review.OutcomeTaken)
				hint := "consult.read"
				if changed {
					hint = "consult.taken"
				}
				a.status.SetHint(text.T(hint))
				a.log.Debug("window", "event", "question-taken", "changed", changed)
			}
			a.refreshFrame()
		},
		OnLeave: func() { conclude(review.OutcomeLeft) },
	})
}

// askedWords tell who asked what.
func (a *App) askedWords(q *review.Question) string {
	return text.T("consult.asked.words", text.Args{"By": q.By, "Words": q.Words, "Time": q.At.Local().Format("2006-01-02 15:04")})
}

// answerWords tell who answered what.
func answerWords(x *review.Answer) string {
	return text.T("consult.answer.line", text.Args{"By": x.By, "Kind": text.T("consult.kind." + x.Kind), "Words": x.Words})
}

// bringQuestion follows a frame that came on the screen: what is asked about it is drawn, and the question at hand told.
func (a *App) bringQuestion() {
	a.showTalk()
	q := a.questionAtHand()
	if q == nil {
		return
	}
	box := withMargin(boxOf(q.Points))
	a.view.Reveal(box)
	key := "consult.hint.answer"
	switch {
	case q.By == a.set.Reader && q.State() == review.QuestionAnswered:
		key = "consult.hint.take"
	case q.By == a.set.Reader:
		key = "consult.hint.own"
	}
	hint := text.T(key, text.Args{"By": q.By, "Words": q.Words})
	a.status.SetHint(hint)
	a.sess.news = ""
	at := a.view.ScreenAt(contour.Point{X: q.Points[len(q.Points)/2][0], Y: q.Points[len(q.Points)/2][1]})
	a.log.Debug("window", "event", "question-shown", "state", q.State(), "x", int(at.X), "y", int(at.Y), "at", fmt.Sprint(len(q.Points)))
}
