package ui

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// strike is a key as the toolkit sends it: to what has the keyboard, else to the window.
func (b *bench) strike(name fyne.KeyName) {
	e, c := &fyne.KeyEvent{Name: name}, b.win.Canvas()
	b.keys.KeyDown(e) // the toolkit of tests has no such hook; e2e/pages_test.go goes the whole way
	if w := c.Focused(); w != nil {
		w.TypedKey(e)
	} else {
		c.OnTypedKey()(e)
	}
}

// While a study is being read every page opens by its key, and what is read then arrives behind it; the page that tells of the
// study on show tells of the new one.
func TestPagesOpenWhileAStudyIsRead(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.do(keys.ModelsPage)
	if b.page != nil {
		t.Fatal("a page without a workspace")
	}
	b.open()
	next, err := study.Open(context.Background(), []string{pictures(t, 3)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []keys.ID{keys.ProjectPage, keys.QuestionsPage, keys.AgreementPage, keys.ModelsPage, keys.TrainingPage, keys.TimePage} {
		come := make(chan struct{})
		b.read("reading", func(context.Context, func(int, int)) (*study.Study, error) { <-come; return next, nil })
		b.do(id)
		if b.page == nil || b.pageID != id {
			t.Fatalf("%s is silent while a study is read", id)
		}
		before, page := b.sess, b.page
		close(come)
		b.wait("the study", func() bool { return b.sess != nil && b.sess != before && b.sess.frame != nil })
		if b.page == nil || b.pageID != id || b.room.Visible() {
			t.Fatalf("%s closed by itself", id)
		}
		if anew := b.page != page; anew != (id == keys.AgreementPage) {
			t.Errorf("%s was made anew: %v", id, anew)
		}
		if got := b.restingHint(); !strings.Contains(got, text.T("project.page.hint")) {
			t.Error(got)
		}
		b.strike(fyne.KeyEscape)
		if b.page != nil {
			t.Fatalf("%s does not close", id)
		}
	}
}

// The page of agreement waits for the first study of a start, and goes when none comes.
func TestAgreementWaitsForTheFirstStudy(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.start()
	b.wait("the workspace", func() bool { return b.ws != nil })
	if b.sess != nil {
		t.Skip("it was quicker")
	}
	b.do(keys.AgreementPage)
	if b.page == nil || b.page.Empty() {
		t.Fatal("no page that waits")
	}
	b.reading.cancel()
	b.wait("the end of reading", func() bool { return b.reading == nil })
	if b.page != nil {
		t.Error("it waits for nothing")
	}
}

// A click beside all controls takes the keyboard away from a page; the next arrow brings it back, and does what it says.
func TestArrowsFindThePageAgain(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.do(keys.TrainingPage)
	c := b.win.Canvas()
	b.wait("the page", func() bool { return c.Focused() != nil && b.page.First() == c.Focused() })
	b.strike(fyne.KeyRight)
	choice := c.Focused()
	if choice == b.page.Focus() && choice == nil {
		t.Fatal("nothing has the keyboard")
	}
	b.strike(fyne.KeyDown)
	below := c.Focused()
	if below == choice || below == nil {
		t.Fatal("Down does not move on the training page")
	}
	c.Unfocus()
	b.strike(fyne.KeyUp)
	if c.Focused() != choice {
		t.Error("the keyboard is not where it was, and one up")
	}
	c.Unfocus()
	b.strike(fyne.KeyReturn)
	if c.Focused() != nil {
		t.Error("Enter pressed something that had no keyboard")
	}
	b.page.SetEmpty(func() string { return "nothing" }, func() string { return "do" }, panel.NewAction("", func() string { return "make" }, true, func() {}))
	if b.page.Focus() == fyne.Focusable(nil) || b.page.Focus() == choice {
		t.Error("an empty page leaves the keyboard on what is hidden")
	}
	b.page.SetEmpty(nil, nil)
	b.strike(fyne.KeyEscape)
	if b.page != nil {
		t.Error("Esc without the keyboard anywhere does not lead back")
	}
}
