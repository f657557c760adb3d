package ui

import (
	"testing"

	"fyne.io/fyne/v2"

	"echoline/internal/contour"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
)

// made makes a project of all images of the study on show, for R1 and two others.
func (b *bench) made() *project.State {
	b.t.Helper()
	s, err := project.Create(b.ws, "", "breast")
	if err != nil {
		b.t.Fatal(err)
	}
	var cases []project.Case
	for _, it := range b.sess.study.Items {
		cases = append(cases, project.Case{Item: it.ID, Name: it.Name, Frames: it.Frames})
	}
	if _, err := s.AddCases(b.ws, "", cases); err != nil {
		b.t.Fatal(err)
	}
	for _, name := range []string{"R1", "lee", "kim"} {
		if err := s.SetMember(b.ws, "", name, project.Reads, false); err != nil {
			b.t.Fatal(err)
		}
	}
	b.refold(&s)
	if _, err := s.Assign(b.ws, "", false); err != nil {
		b.t.Fatal(err)
	}
	b.refold(&s)
	return s
}

func (b *bench) refold(s **project.State) {
	b.t.Helper()
	got, err := project.Load(b.ws)
	if err != nil {
		b.t.Fatal(err)
	}
	*s = got
}

func TestPageTakesTheImagesPlace(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	at := b.sess.key()
	b.hovered(contour.Point{X: 3, Y: 2}, true)
	if b.App.line.Position == "" {
		t.Fatal("the pointer is not told")
	}
	b.do(keys.ProjectPage)
	if b.App.line.Position != "" || b.App.line.Value != "" {
		t.Error("the hidden image's pixel is still told", b.App.line)
	}
	if b.page == nil || b.room.Visible() || !b.pageRoom.Visible() {
		t.Fatal("no page")
	}
	b.wait("the project", func() bool { return b.page.Focus() == b.win.Canvas().Focused() })
	for _, id := range []keys.ID{keys.Accept, keys.NextImage, keys.Brush, keys.Undo} {
		b.do(id)
	}
	if b.sess.key() != at || b.sess.review.Frame(at).Status != review.Open {
		t.Fatal("keys reached the image behind the page")
	}
	b.do(keys.Language)
	b.keys.KeyDown(&fyne.KeyEvent{Name: fyne.KeyEscape})
	b.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if b.page != nil || !b.room.Visible() || b.pageRoom.Visible() {
		t.Fatal("Esc does not lead back")
	}
	b.do(keys.ProjectPage)
	b.do(keys.ProjectPage)
	if b.page != nil {
		t.Fatal("its key does not close it")
	}
	b.do(keys.NextImage)
	b.wait("the second image", func() bool { return b.sess.key() != at })
}

func TestProjectPageOpensMyCases(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 6)}})
	b.open()
	s := b.made()
	st, err := stand(b.ws)
	if err != nil || st.state == nil {
		t.Fatal(err)
	}
	part := s.Part("R1")
	if len(part) < 2 || len(part) > 3 {
		t.Fatalf("%d of 6 cases are mine", len(part))
	}
	for _, c := range s.Cases {
		line := caseLine(st, c, "R1", true)
		if line.Who != "" && line.Who != "R1" {
			t.Fatal("a blinded reader sees", line.Who)
		}
	}
	b.do(keys.ProjectPage)
	b.wait("the project", func() bool {
		return b.page.Focus() != nil && b.page.Focus() == b.win.Canvas().Focused() && b.page.First() == b.page.Focus()
	})
	b.openMine(st)
	b.wait("my cases", func() bool { return b.page == nil && b.sess != nil && len(b.sess.items) == len(part) })
	b.do(keys.ProjectPage)
	b.openCase(s.Cases[0].Item, 0)
	b.wait("a case", func() bool {
		return b.page == nil && b.sess != nil && b.sess.item != nil && b.sess.item.ID == s.Cases[0].Item
	})
	if got := aboutProject(s, 3, 6); got == "" || text.Language() == "" {
		t.Fatal(got)
	}
}
