package panel

import (
	"strings"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// AskCard is the card in which a reader says what is unsure.
type AskCard struct {
	What   string // where
	OnDone func(words string)
}

// ShowAsk asks what the question is. It is not sent without words.
func ShowAsk(w fyne.Window, a AskCard) *Card {
	words := newField("")
	send := newButton("", say("consult.ask.send"), primary, nil)
	c := newCard(w, say("consult.ask.title"), 480, newColumn(pad, 0,
		newParagraph(fixed(a.What), roleText, textSize), caption("consult.ask.words", words)))
	send.onTap = func() {
		c.Close()
		call(a.OnDone, strings.TrimSpace(words.Text))
	}
	check := func(s string) { send.setDisabled(strings.TrimSpace(s) == "") }
	words.OnChanged = check
	check("")
	words.onEnter = func() { send.Tapped(nil) }
	c.buttons = []*button{c.closeButton(sayCancel), send}
	return c.show(words)
}

// AnswerCard is the card in which an expert answers.
type AnswerCard struct {
	Asked    string   // who asked what
	Earlier  []string // what was answered already
	OnCourse func(words string)
	OnHidden func(words string)
	OnWords  func(words string)
}

// ShowAnswer shows a question and takes an answer: the expert's own boundary there, "not visible", or words, which may also go
// with the other two.
func ShowAnswer(w fyne.Window, a AnswerCard) *Card {
	words := newField("")
	items := []fyne.CanvasObject{notice(fixed(a.Asked), roleAccent)}
	for _, e := range a.Earlier {
		items = append(items, newParagraph(fixed(e), roleQuiet, textSize))
	}
	items = append(items, newParagraph(say("consult.answer.what"), roleText, textSize), caption("consult.answer.words", words))
	c := newCard(w, say("consult.answer.title"), 560, newColumn(pad, 0, items...))
	done := func(f func(string)) func() {
		return func() {
			c.Close()
			call(f, strings.TrimSpace(words.Text))
		}
	}
	send := newButton("", say("consult.answer.send"), plain, done(a.OnWords))
	words.OnChanged = func(s string) { send.setDisabled(strings.TrimSpace(s) == "") }
	send.setDisabled(true)
	words.onEnter = func() {
		if strings.TrimSpace(words.Text) != "" {
			send.onTap()
		}
	}
	c.buttons = []*button{
		c.closeButton(sayCancel), send, newButton("", say("consult.answer.hidden"), plain, done(a.OnHidden)),
		newButton("", say("consult.answer.course"), primary, done(a.OnCourse)),
	}
	return c.show(words)
}

// TakeCard is the card in which who asked takes an answer or leaves it.
type TakeCard struct {
	Asked    string
	Answer   string
	Takeable bool // it changes the boundary
	OnTake   func()
	OnLeave  func()
}

// ShowTake shows an answer.
func ShowTake(w fyne.Window, t TakeCard) *Card {
	items := []fyne.CanvasObject{newParagraph(fixed(t.Asked), roleQuiet, textSize), notice(fixed(t.Answer), roleAccent)}
	key := "consult.take.read"
	if t.Takeable {
		key = "consult.take.take"
		items = append(items, newParagraph(say("consult.take.what"), roleText, textSize))
	}
	c := newCard(w, say("consult.take.title"), 480, newColumn(pad, 0, items...))
	then := func(f func()) func() {
		return func() {
			c.Close()
			f()
		}
	}
	c.buttons = []*button{c.closeButton(sayCancel)}
	if t.Takeable {
		c.buttons = append(c.buttons, newButton("", say("consult.take.leave"), plain, then(t.OnLeave)))
	}
	c.buttons = append(c.buttons, newButton("", say(key), primary, then(t.OnTake)))
	return c.show(nil)
}

// JudgeCard is the card with which adjudicating begins.
type JudgeCard struct {
	Frames  int      // how many there are to adjudicate
	Methods []Choice // how the mask is proposed
	Method  string   // key of the one chosen at first
	Limit   string   // in mm, as it stands at first
	OnStart func(method, limit string)
}

// ShowJudge asks how the consensus is proposed, and from how far apart a place is to be decided. Enter begins.
func ShowJudge(w fyne.Window, j JudgeCard) *Card {
	limit := newField(j.Limit)
	method := newSegments(j.Methods, j.Method, nil)
	start := newButton("", say("judge.card.start"), primary, nil)
	c := newCard(w, say("judge.card.title"), 480, newColumn(pad, 0,
		newParagraph(say("judge.card.what", text.Args{"Frames": j.Frames}), roleText, textSize),
		caption("judge.card.method", method), caption("judge.card.limit", limit)))
	start.onTap = func() {
		c.Close()
		if j.OnStart != nil {
			j.OnStart(method.key(), strings.TrimSpace(limit.Text))
		}
	}
	limit.onEnter = func() { start.Tapped(nil) }
	c.buttons = []*button{c.closeButton(sayCancel), start}
	return c.show(limit)
}
