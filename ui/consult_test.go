package ui

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// say types into the card on show and presses its nth button from the right.
func (b *bench) say(words string, button int) {
	b.t.Helper()
	var card *panel.Card
	b.wait("a card", func() bool {
		card, _ = b.win.Canvas().Overlays().Top().(*panel.Card)
		return card != nil
	})
	if f := b.win.Canvas().Focused(); f != nil && words != "" {
		test.Type(f, words)
	}
	var buttons []fyne.Tappable
	for _, o := range test.WidgetRenderer(card).Objects()[4:] {
		if t, ok := o.(fyne.Tappable); ok {
			buttons = append(buttons, t)
		}
	}
	buttons[len(buttons)-1-button].Tapped(&fyne.PointEvent{})
}

// A reader asks about an arc, an expert finds the question, redraws on a mask of the expert's own and answers; the reader is
// told, takes the answer in one gesture, and can undo it.
func TestConsultation(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	k := b.sess.key()
	b.do(keys.NextWeak)
	b.do(keys.Consult)
	b.say("Shadow or spur?", 0)
	b.wait("the question", func() bool { return len(b.talk.questions) == 1 })
	q := b.talk.questions[0]
	if q.By != "R1" || q.Region || len(q.Points) < 10 || q.Points[0][0] < 55 || q.Key() != k {
		t.Fatalf("%+v", q)
	}
	b.changeReader("Park")
	b.wait("the expert's work", func() bool { return b.sess != nil && b.sess.review.Reader() == "Park" && b.sess.frame != nil })
	b.wait("the news", func() bool { return b.alerts[alertTalk] != nil })
	b.wait("the predictions", func() bool { return len(b.sess.predicted) == b.sess.total })
	b.do(keys.NextImage)
	b.wait("the other image", func() bool { return !b.sess.shows(k) && b.sess.shown })
	b.do(keys.QuestionsPage)
	var lines *panel.Lines
	b.wait("the page", func() bool {
		if b.page != nil {
			lines, _ = b.page.Body.(*panel.Lines)
		}
		return lines != nil && len(lines.Shown()) == 1
	})
	if row := lines.Shown()[0]; row.Tone != panel.ToneWait || row.Cells[3] != "Shadow or spur?" || row.Cells[1] != "im00" {
		t.Errorf("%+v", row)
	}
	lines.Choose(0)
	b.wait("the place", func() bool { return b.page == nil && b.sess.shows(k) && b.questionAtHand() != nil })
	b.do(keys.Redraw)
	b.drag(contour.Point{X: 74, Y: 31}, contour.Point{X: 84, Y: 36}, contour.Point{X: 90, Y: 45}, contour.Point{X: 84, Y: 54}, contour.Point{X: 74, Y: 59})
	b.do(keys.Consult)
	b.say("It ends here", 0) // my boundary
	b.wait("the answer", func() bool { return len(b.talk.questions[0].Answers) == 1 })
	if x := b.talk.questions[0].Answers[0]; x.By != "Park" || x.Kind != review.AnswerRedrawn || x.Words != "It ends here" || len(x.Points) < 10 {
		t.Fatalf("%+v", x)
	}
	theirs := b.sess.review.Frame(k).Labels

	b.changeReader("R1")
	b.wait("the asker's work", func() bool { return b.sess != nil && b.sess.review.Reader() == "R1" && b.sess.frame != nil })
	b.wait("the news", func() bool { return b.alerts[alertTalk] != nil })
	if answers, questions := b.waiting(); answers != 1 || questions != 0 {
		t.Errorf("%d answers, %d questions wait", answers, questions)
	}
	b.wait("the image", func() bool { return b.sess.shows(k) && b.sess.shown })
	before := b.sess.review.Frame(k).Labels
	b.do(keys.Consult)
	b.say("", 0) // take it
	b.wait("the outcome", func() bool { return b.talk.questions[0].State() == review.QuestionClosed })
	if now := b.sess.review.Frame(k).Labels; now.At(86, 45) != 1 || contour.Dice(now, theirs, 1) < 0.99 {
		t.Error("the answer is not in the mask", contour.Dice(now, theirs, 1))
	}
	b.do(keys.Undo)
	if !b.sess.review.Frame(k).Labels.Equal(before) {
		t.Error("it cannot be undone in one step")
	}
	if b.talk.questions[0].Answers[0].Outcome != review.OutcomeTaken {
		t.Error("the outcome is not kept")
	}
}

// Without an arc at hand the question is about the place under the pointer; it may be answered in words, and left.
func TestConsultationInWords(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	k := b.sess.key()
	b.pointer(viewer.Pointer{Phase: viewer.Hover, At: contour.Point{X: 30, Y: 20}})
	b.do(keys.Consult)
	b.say("What is this?", 0)
	b.wait("the question", func() bool { return len(b.talk.questions) == 1 })
	if q := b.talk.questions[0]; !q.Region || len(q.Points) != 24 || math.Hypot(middle(q).X-30, middle(q).Y-20) > 0.1 {
		t.Fatalf("%+v", q)
	}
	b.changeReader("Park")
	b.wait("the expert's work", func() bool {
		return b.sess != nil && b.sess.review.Reader() == "Park" && b.sess.frame != nil && b.sess.shows(k)
	})
	b.wait("the news", func() bool { return b.alerts[alertTalk] != nil })
	b.talk.at = b.talk.questions[0].ID
	b.do(keys.Consult)
	b.say("A reverberation.", 2) // words only
	b.wait("the answer", func() bool { return len(b.talk.questions[0].Answers) == 1 })
	if x := b.talk.questions[0].Answers[0]; x.Kind != review.AnswerWords || x.Words != "A reverberation." {
		t.Errorf("%+v", x)
	}
}

// middle is the mean of a question's points.
func middle(q review.Question) contour.Point {
	var c contour.Point
	for _, p := range q.Points {
		c.X += p[0] / float64(len(q.Points))
		c.Y += p[1] / float64(len(q.Points))
	}
	return c
}

// With the pointer elsewhere, or never moved, the question is about the middle of the view, not about a corner of the image.
func TestConsultationByKeyboardAlone(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	ask := func(words string, n int) {
		b.do(keys.Consult)
		b.say(words, 0)
		b.wait("the question", func() bool { return len(b.talk.questions) == n })
		for _, q := range b.talk.questions {
			if at, want := middle(q), b.view.View().Centre; math.Hypot(at.X-want.X, at.Y-want.Y) > 0.1 {
				t.Errorf("%q asks about %v, not %v", q.Words, at, want)
			}
		}
	}
	ask("What is this?", 1)
	b.pointer(viewer.Pointer{Phase: viewer.Hover, At: contour.Point{X: 118, Y: 40}})
	b.pointer(viewer.Pointer{Phase: viewer.Leave, At: contour.Point{X: 119, Y: 40}})
	b.talk.at = ""
	ask("And this?", 2)
}
