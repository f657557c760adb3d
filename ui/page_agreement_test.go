package ui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/concord"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// The page compares readers with each other and with the model, the worst first; a line and a dot open the case; the files
// can be saved.
func TestAgreementPage(t *testing.T) {
	dir := pictures(t, 3)
	b := newBench(t, Config{Paths: []string{dir}, Workspace: read(t, dir, 3, []string{"Kim", "Lee"}, spur)})
	b.open()
	b.wait("the predictions in the workspace", func() bool {
		n := 0
		for _, it := range b.sess.study.Items {
			if p, err := b.ws.LastPrediction(review.Key{Instance: it.ID}); err == nil && p != nil {
				n++
			}
		}
		return n == 3
	})
	b.do(keys.AgreementPage)
	var view *panel.AgreementView
	b.wait("the figures", func() bool {
		if b.page != nil {
			view, _ = b.page.Body.(*panel.AgreementView)
		}
		return view != nil && view.Plots() > 0
	})
	pairs, cases := view.Lines()
	if rows := pairs.Shown(); len(rows) != 3 || rows[0].Cells[0] != "Kim – Lee" || rows[0].Cells[1] != "3" {
		t.Fatalf("%+v", rows)
	}
	if pairs.Marked() != 0 {
		t.Error("the pair on show is not marked")
	}
	if view.Plots() != 5 || len(cases.Shown()) != 3 {
		t.Errorf("%d plots, %d cases", view.Plots(), len(cases.Shown()))
	}
	pairs.Choose(2)
	if pairs.Marked() != 2 {
		t.Error("another pair is marked than is on show")
	}
	if got := cases.Shown(); len(got) != 3 || !strings.HasPrefix(got[0].Cells[0], "im0") {
		t.Errorf("%+v", got)
	}
	want := cases.Shown()[2].Cells[0]
	cases.Choose(2)
	b.wait("the case", func() bool { return b.page == nil && b.sess.item.Name == want })
}

// In a project that keeps readers apart a reader sees nothing of it, and an expert does.
func TestAgreementIsHiddenFromReaders(t *testing.T) {
	dir := pictures(t, 1)
	b := newBench(t, Config{Paths: []string{dir}, Workspace: read(t, dir, 1, []string{"Kim", "Lee"}, spur)})
	b.open()
	b.made()
	b.do(keys.AgreementPage)
	b.wait("the refusal", func() bool { return b.page != nil && b.page.Empty() })
	if v, _ := b.page.Body.(*panel.AgreementView); v.Plots() != 0 {
		t.Error("figures are shown to a reader")
	}
	b.closePage()
	s, err := project.Load(b.ws)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetMember(b.ws, "", "R1", project.Advises, false); err != nil {
		t.Fatal(err)
	}
	b.do(keys.AgreementPage)
	b.wait("the figures", func() bool {
		v, _ := b.page.Body.(*panel.AgreementView)
		return v.Plots() > 0
	})
}

func TestAgreementFiles(t *testing.T) {
	dir := pictures(t, 2)
	b := newBench(t, Config{Paths: []string{dir}, Workspace: read(t, dir, 2, []string{"Kim", "Lee"}, spur)})
	b.open()
	pairs, err := agreementOf(b.ws, b.sess.study, "R1", "Model")
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	b.writeAgreement(b.report(pairs), out)
	for _, name := range []string{concord.Page, concord.Paper, concord.CasesName, concord.SummaryName} {
		if fi, err := os.Stat(filepath.Join(out, name)); err != nil || fi.Size() < 100 {
			t.Error(name, err)
		}
	}
}

// TestAgreementOfTheWholeProject: the page takes in the project's cases that are not on show, and leads to them.
func TestAgreementOfTheWholeProject(t *testing.T) {
	dir := pictures(t, 3)
	b := newBench(t, Config{Paths: []string{filepath.Join(dir, "im00.png")}, Workspace: read(t, dir, 3, []string{"Kim", "Lee"}, spur)})
	b.open()
	all, err := study.Open(t.Context(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := b.made()
	if _, err := s.AddCases(b.ws, "", project.CasesOf(all)); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMember(b.ws, "", "R1", project.Advises, false); err != nil {
		t.Fatal(err)
	}
	b.beginProject()
	frames := func() string {
		if b.page == nil {
			return ""
		}
		view, _ := b.page.Body.(*panel.AgreementView)
		if view == nil || view.Plots() == 0 {
			return ""
		}
		pairs, _ := view.Lines()
		return pairs.Shown()[0].Cells[1]
	}
	b.do(keys.AgreementPage)
	b.wait("the study's figures", func() bool { return frames() == "1" })
	b.wide = true
	b.studyChanged()
	b.wait("the project's figures", func() bool { return frames() == "3" })
	view, _ := b.page.Body.(*panel.AgreementView)
	_, cases := view.Lines()
	at := slices.IndexFunc(cases.Shown(), func(l panel.Line) bool { return l.Cells[0] == "im02" })
	cases.Choose(at)
	b.wait("the case", func() bool { return b.page == nil && b.sess != nil && b.sess.item != nil && b.sess.item.Name == "im02" })
}
