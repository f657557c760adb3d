package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// onProjectPage opens the page and waits until it stands.
func (b *bench) onProjectPage() {
	b.t.Helper()
	b.do(keys.ProjectPage)
	b.wait("the page", func() bool { return b.page != nil && (b.page.Empty() || b.page.OnRefresh != nil) })
}

// changed waits until the project is as done says, and the page tells of it.
func (b *bench) changed(what string, done func(s *project.State) bool) *project.State {
	b.t.Helper()
	b.wait(what, func() bool {
		return b.proj.state != nil && done(b.proj.state) && b.page != nil && b.page.OnRefresh != nil
	})
	return b.proj.state
}

// fill types into the card's fields, from the first on; "" leaves one as it is.
func (b *bench) fill(values ...string) {
	b.t.Helper()
	c := b.win.Canvas()
	for i, v := range values {
		if i > 0 {
			c.FocusNext()
		}
		if v != "" {
			c.Focused().(fyne.Shortcutable).TypedShortcut(&fyne.ShortcutSelectAll{})
			test.Type(c.Focused(), v)
		}
	}
}

// TestProjectFromTheWindow makes a project, changes it, adds a guideline, and gives its cases out, by the keyboard.
func TestProjectFromTheWindow(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 10)}})
	b.open()
	b.onProjectPage()
	if !b.page.Empty() {
		t.Fatal("a project where there is none")
	}
	b.makeProject()
	b.fill("Breast", "R1, Kim ,Lee", "Park", "20", "2")
	b.say("", 0)
	s := b.changed("the project", func(s *project.State) bool { return len(s.Cases) == 10 })
	if s.Name != "Breast" || s.Share != 0.2 || s.By != 2 || !s.Blinded || s.Blind || len(s.Active(project.Reads)) != 3 || len(s.Active(project.Advises)) != 1 {
		t.Fatalf("%+v", s)
	}
	plan, err := s.Plan(false)
	if err != nil {
		t.Fatal(err)
	}
	if words := planWords(s, plan); !strings.Contains(words, "10 cases") || !strings.Contains(words, "2 of them") || !strings.Contains(words, "Kim 4") {
		t.Fatal(words)
	}
	b.giveOut(s)
	b.say("", 0)
	s = b.changed("the parts", func(s *project.State) bool { return len(s.Part("Kim")) == 4 })
	if got := len(s.Part("R1")) + len(s.Part("Lee")); got != 8 {
		t.Fatal(got)
	}
	b.giveOut(s) // nothing is left: no card
	if b.cards() != 0 {
		t.Fatal("a card that would do nothing")
	}
	b.editProject(s)
	b.fill("", "R1, Kim, Choi", "Park", "50")
	b.say("", 0)
	s = b.changed("the change", func(s *project.State) bool { return s.Share == 0.5 })
	if m, ok := s.Member("Lee"); !ok || !m.Out || len(s.Part("Lee")) == 0 {
		t.Fatal("Lee does not retire with the work left", m)
	}
	if m, ok := s.Member("Choi"); !ok || m.Out || m.Role != project.Reads || s.Name != "Breast" {
		t.Fatal(m, s.Name)
	}
	b.addCases(s)
	if b.cards() != 0 {
		t.Fatal("cases that are there are offered")
	}
}

func TestCasesAndGuidelineFromTheWindow(t *testing.T) {
	more := pictures(t, 5)
	b := inProject(t, pictures(t, 2), project.Settings{}, nil)
	b.App.open([]string{more})
	b.wait("the other study", func() bool { return b.sess != nil && len(b.sess.items) == 5 && b.sess.frame != nil })
	b.onProjectPage()
	b.addCases(b.proj.state)
	b.say("", 0)
	s := b.changed("the cases", func(s *project.State) bool { return len(s.Cases) == 5 })
	b.editGuideline(s)
	b.say("Draw the outer edge.\nNot the shadow.", 0)
	s = b.changed("the guideline", func(s *project.State) bool { return s.Guideline.Text != "" })
	if s.Guideline.Text != "Draw the outer edge.\nNot the shadow." {
		t.Fatalf("%q", s.Guideline.Text)
	}
	// A picture of the guideline is one; a text is none, and the card says so and stays.
	names, err := filepath.Glob(filepath.Join(more, "*.png"))
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	g := &guideEdit{a: b.App, s: s}
	g.show()
	bad := filepath.Join(t.TempDir(), "none.png")
	if err := os.WriteFile(bad, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.add(bad)
	b.wait("the refusal", func() bool { return b.cards() == 2 })
	b.say("", 0)
	g.add(names[0])
	b.wait("the picture", func() bool { return len(g.fresh) == 1 })
	b.say("", 0)
	s = b.changed("the picture in the project", func(s *project.State) bool { return len(s.Guideline.Pictures) == 1 })
	if data, err := b.ws.Blob(s.Guideline.Pictures[0].Hash); err != nil || len(data) == 0 || s.Guideline.Pictures[0].Name != filepath.Base(names[0]) {
		t.Fatal(err, s.Guideline)
	}
}

func TestProjectFormsThatAreRefused(t *testing.T) {
	good := panel.ProjectForm{Name: "Breast", Readers: "Kim, Lee", Experts: "Park", Share: "20", By: "2"}
	if c, err := changeOf(nil, good); err != nil || !slices.Equal(c.Readers, []string{"Kim", "Lee"}) || *c.Settings.Share != 0.2 {
		t.Fatal(c, err)
	}
	for want, spoil := range map[fault.Code]func(f *panel.ProjectForm){
		project.CodeName:     func(f *panel.ProjectForm) { f.Name = "  " },
		project.CodeNobody:   func(f *panel.ProjectForm) { f.Readers = " , " },
		project.CodeOverlap:  func(f *panel.ProjectForm) { f.By = "3" },
		project.CodeRoles:    func(f *panel.ProjectForm) { f.Experts = "Lee" },
		project.CodeReserved: func(f *panel.ProjectForm) { f.Readers += ", consensus" },
	} {
		f := good
		spoil(&f)
		if _, err := changeOf(nil, f); fault.CodeOf(err) != want {
			t.Errorf("%+v: %v, want %s", f, err, want)
		}
	}
	for _, bad := range [][2]string{{"120", "2"}, {"-1", "2"}, {"a few", "2"}, {"NaN", "2"}, {"20", "0"}, {"20", "two"}, {"", "2"}} {
		f := good
		f.Share, f.By = bad[0], bad[1]
		if _, err := changeOf(nil, f); fault.CodeOf(err) != project.CodeShareOf {
			t.Errorf("%q: %v", bad, err)
		}
	}
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.onProjectPage()
	b.makeProject()
	b.say("", 0) // no name: the card says so and stays
	if b.cards() != 1 || b.proj.state != nil {
		t.Fatal("taken without a name")
	}
}
