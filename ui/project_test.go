package ui

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"path/filepath"
	"testing"
	"time"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/ui/keys"
)

// inProject makes a workspace whose project has the pictures in dir, all for R1, and opens the window in it.
func inProject(t *testing.T, dir string, set project.Settings, more func(ws *store.Workspace, s *project.State)) *bench {
	t.Helper()
	st, err := study.Open(context.Background(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(t.TempDir(), "workspace")
	ws, err := store.Open(home)
	if err != nil {
		t.Fatal(err)
	}
	s, err := project.Create(ws, "", "breast")
	if err != nil {
		t.Fatal(err)
	}
	var cases []project.Case
	for _, it := range st.Items {
		cases = append(cases, project.Case{Item: it.ID, Name: it.Name, Frames: it.Frames})
	}
	_, err = s.AddCases(ws, "", cases)
	for _, step := range []func() error{
		func() error { return err },
		func() error { return s.SetMember(ws, "", "R1", project.Reads, false) },
		func() error { return s.Set(ws, "", set) },
		func() error { return ws.Register(st) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if more != nil {
		more(ws, s)
	}
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Config{Paths: []string{dir}, Workspace: home})
	b.open()
	return b
}

// taken are the notes of visits.
func (b *bench) takenVisits() []project.Taken {
	b.t.Helper()
	b.noting.Wait()
	got, err := b.proj.state.Visits(b.ws)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

func TestVisitsAreMeasured(t *testing.T) {
	b := inProject(t, pictures(t, 2), project.Settings{}, nil)
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.now = func() time.Time { return clock }
	b.visit = visit{}
	after := func(d time.Duration, id keys.ID) { clock = clock.Add(d); b.do(id) }
	k := b.sess.key()
	after(time.Second, keys.NextWeak) // the stay begins with its first sign of life
	after(3*time.Second, keys.Confirm)
	after(time.Hour, keys.Smooth) // a pause
	b.drag(contour.Point{X: 60, Y: 25}, contour.Point{X: 60, Y: 10})
	after(2*time.Second, keys.Accept)
	b.wait("the second image", func() bool { return b.sess.key() != k })
	got := b.takenVisits()
	if len(got) != 1 || got[0].Reader != "R1" || got[0].Item != k.Instance || !got[0].Accepted || got[0].Model != "d15c" {
		t.Fatalf("%+v", got)
	}
	if want := (3*time.Second + project.Idle + 2*time.Second).Seconds(); got[0].Seconds != want || got[0].Own != 0 {
		t.Fatalf("%v s, want %v", got[0].Seconds, want)
	}
	if got[0].Gestures < 2 || got[0].Moved == nil || got[0].Moved.Unit != "px" || got[0].Moved.Length < 50 {
		t.Fatalf("%+v %+v", got[0], got[0].Moved)
	}
	looks, err := b.proj.state.Looks(b.ws)
	if err != nil || len(looks) != 1 || len(looks[0].Arcs) == 0 || looks[0].Arcs[0].How != project.LookVisited {
		t.Fatalf("%+v %v", looks, err)
	}
	b.do(keys.TimePage)
	b.wait("the page", func() bool { return b.page != nil && b.page.OnRefresh != nil })
	b.do(keys.Cancel)
	// A frame that is only passed by, and one of no case, leave nothing.
	b.do(keys.PreviousImage)
	b.wait("the first image", func() bool { return b.sess.key() == k })
	b.do(keys.NextImage)
	if again := b.takenVisits(); len(again) != 1 {
		t.Fatalf("%+v", again)
	}
}

func TestArcsInViewCountAsLookedAt(t *testing.T) {
	b := inProject(t, pictures(t, 1), project.Settings{}, nil)
	clock := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.now = func() time.Time { return clock }
	b.visit = visit{}
	b.touch()
	b.beginLooking()
	if len(b.visit.looked) == 0 {
		t.Fatal("no weak arc")
	}
	look := func() string { return b.visit.look(true)[0].How }
	b.hidden = true
	clock = clock.Add(5 * time.Second)
	b.touch()
	if look() != project.LookNot {
		t.Fatal("seen while hidden")
	}
	b.hidden = false
	b.view.ZoomBy(1e-3)
	clock = clock.Add(5 * time.Second)
	b.touch()
	if b.view.Zoom() < lookZoom && look() != project.LookNot {
		t.Fatal("seen from afar")
	}
	b.view.Fit()
	for range 2 {
		clock = clock.Add(1100 * time.Millisecond)
		b.touch()
	}
	if b.view.Zoom() >= lookZoom && look() != project.LookShown {
		t.Fatal("not seen: ", look(), b.visit.looked[0].dwell, b.view.Zoom())
	}
}

func TestReadingBlind(t *testing.T) {
	blind := true
	b := inProject(t, pictures(t, 2), project.Settings{Blind: &blind}, nil)
	s := b.sess
	k := s.key()
	f := s.review.Frame(k)
	if !b.readsBlind(k) || f.Prediction != nil || mask.Count(f.Labels, 1) != 0 || len(s.review.Contours(k)) != 0 {
		t.Fatal("the prediction shows")
	}
	b.do(keys.Ask)
	if s.tool == s.tools[toolAsk] {
		t.Fatal("the model can be asked")
	}
	b.do(keys.Reveal)
	if !b.readsBlind(k) {
		t.Fatal("revealed though nothing was drawn")
	}
	b.do(keys.Brush)
	b.drag(contour.Point{X: 40, Y: 45}, contour.Point{X: 70, Y: 45}) // within the model's disk, and smaller
	own := s.review.Frame(k).Labels
	if mask.Count(own, 1) == 0 {
		t.Fatal("nothing drawn")
	}
	b.do(keys.Accept)
	b.wait("the prediction", func() bool { return s.review.Frame(k).Prediction != nil })
	if !s.shows(k) || b.readsBlind(k) || s.review.Frame(k).Status != review.Accepted || !s.review.Frame(k).Labels.Equal(own) {
		t.Fatal("the reader's own mask did not stay")
	}
	if s.compared == nil || s.asked == nil {
		t.Fatal("no difference is shown")
	}
	places := len(s.compared.disputes.List)
	b.do(keys.NextWeak) // leaves the first place
	if places > 1 && s.compared.at != 1 {
		t.Fatal("N does not go on")
	}
	if s.compared == nil {
		b.compareOwn(s, k, own, s.review.Frame(k).Prediction)
	}
	b.do(keys.Confirm)
	taken := s.review.Frame(k).Labels
	if taken.Equal(own) || s.review.Frame(k).Status != review.Open {
		t.Fatal("the model's piece was not taken")
	}
	b.do(keys.Cancel)
	vs, err := b.ws.Versions(s.study, "R1", k)
	if err != nil {
		t.Fatal(err)
	}
	v, ok, err := b.proj.state.Own(b.ws, "R1", k, vs)
	if err != nil || !ok || !v.Labels.Equal(own) {
		t.Fatal("the reader's own mask is not among the versions", len(vs), ok, err)
	}
	b.do(keys.Accept)
	b.wait("the second image", func() bool { return b.sess.key() != k })
	if got := b.takenVisits(); len(got) != 1 || !got[0].Accepted {
		t.Fatalf("%+v", got)
	}
	// It stays revealed after a restart, and the other image is still to be read blind.
	if b.beginProject(); b.readsBlind(k) || !b.readsBlind(b.sess.key()) {
		t.Fatal("forgotten")
	}
}

func TestGuidelineBesideTheImage(t *testing.T) {
	var pic bytes.Buffer
	if err := png.Encode(&pic, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	b := inProject(t, pictures(t, 1), project.Settings{}, func(ws *store.Workspace, s *project.State) {
		hash, err := ws.AddBlob(pic.Bytes())
		if err == nil {
			err = s.SetGuideline(ws, "", project.Guideline{Text: "Draw the outer edge.", Pictures: []project.Picture{{Hash: hash, Name: "edge.png", Caption: "edge"}}})
		}
		if err == nil {
			err = s.SetLabels(ws, "", []project.Label{{Value: 1, Name: "Mass"}, {Value: 2, Name: "Cyst"}})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	if b.labelName(1) != "Cyst" || b.labelCount() != 2 {
		t.Fatal("the schema's labels", b.labelName(1), b.labelCount())
	}
	b.do(keys.Guideline)
	b.wait("the picture", func() bool { return len(b.proj.guide) == 1 })
	if !b.guide.Visible() || b.inspector.Visible() || b.proj.guide[0].Image.Bounds().Dx() != 40 {
		t.Fatal("no guideline")
	}
	b.do(keys.Guideline)
	if b.guide.Visible() || !b.inspector.Visible() {
		t.Fatal("it does not go away")
	}
}

func TestAPartIsOneReaders(t *testing.T) {
	b := inProject(t, pictures(t, 4), project.Settings{}, func(ws *store.Workspace, s *project.State) {
		for _, name := range []string{"kim", "lee"} {
			if err := s.SetMember(ws, "", name, project.Reads, false); err != nil {
				t.Fatal(err)
			}
		}
		s, err := project.Load(ws)
		if err == nil {
			_, err = s.Assign(ws, "", false)
		}
		if err == nil {
			_, err = project.Share(ws, filepath.Join(filepath.Dir(ws.Dir()), "kim.echoline"), project.ShareOptions{Reader: "kim", Files: true})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	share := filepath.Join(filepath.Dir(b.ws.Dir()), "kim.echoline")
	away := newBench(t, Config{Paths: []string{pictures(t, 1, 0)}})
	away.open()
	away.do(keys.ProjectPage)
	away.wait("the page", func() bool { return away.page.Focus() == away.win.Canvas().Focused() })
	away.takeShare(share)
	away.wait("the project", func() bool { return away.proj.state != nil && away.set.Reader == "kim" })
	away.wait("the page again", func() bool { return away.page != nil && away.page.OnRefresh != nil })
	away.changeReader("lee")
	if away.set.Reader != "kim" {
		t.Fatal("another reader works in kim's part")
	}
	if !away.proj.state.Hides("kim") {
		t.Fatal("kim may see others' work")
	}
	st, err := stand(away.ws)
	if err != nil {
		t.Fatal(err)
	}
	away.openMine(st)
	away.wait("kim's cases", func() bool {
		return away.page == nil && away.sess != nil && len(away.sess.items) == len(st.state.Part("kim"))
	})
}
