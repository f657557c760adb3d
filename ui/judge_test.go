package ui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/agree"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// read prepares a workspace in which readers accepted masks of the first n pictures in dir, each drawn by draw.
func read(t *testing.T, dir string, n int, readers []string, draw func(reader int) *mask.Plane) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := study.Open(context.Background(), []string{dir}, nil)
	must(err)
	workspace := t.TempDir()
	ws, err := store.Open(workspace)
	must(err)
	for i, name := range readers {
		r, err := ws.Review(st, name)
		must(err)
		for _, it := range st.Items[:n] {
			k := review.Key{Instance: it.ID}
			s, err := r.Begin(k, "brush", review.ByReader)
			must(err)
			must(s.SetLabels(draw(i)))
			_, err = s.Commit()
			must(err)
			must(r.SetStatus(k, review.Accepted))
		}
	}
	must(ws.Close())
	return workspace
}

// spur is a disc with a spur to the right for the first reader, to the left for the second, and to both sides for the third.
func spur(reader int) *mask.Plane {
	p := mask.NewPlane(120, 90)
	p.Fill(mask.Capsule(60, 45, 60, 45, 20, 20), 1)
	if reader != 1 {
		p.Fill(mask.Capsule(60, 45, 95, 45, 8, 8), 1)
	}
	if reader != 0 {
		p.Fill(mask.Capsule(60, 45, 25, 45, 8, 8), 1)
	}
	return p
}

func TestJudging(t *testing.T) {
	dir := pictures(t, 3)
	readers := []string{"Kim", "Lee"}
	b := newBench(t, Config{Paths: []string{dir}, Workspace: read(t, dir, 2, readers, spur)})
	b.open()
	b.do(keys.Judge)
	b.say("", 0)
	b.wait("the disputes", func() bool { return b.sess.judged() != nil })
	s, d := b.sess, b.sess.judged()
	if s.review.Reader() != review.ConsensusReader || len(s.order) != 2 || len(d.List) != 2 || d.at != 0 {
		t.Fatalf("%s: %d images, %d places, at %d", s.review.Reader(), len(s.order), len(d.List), d.at)
	}
	if row := s.rows[s.item.ID]; row.State != panel.Predicted {
		t.Errorf("a proposal is %v", row.State)
	}
	k := s.key()
	now := func() *mask.Plane { return s.review.Frame(k).Labels }
	left := 0 // which of the two is the spur to the left
	if d.List[0].Box.Min.X > 60 {
		left = 1
	}
	if left == 1 {
		b.do(keys.NextWeak)
	}
	b.do(keys.Label(2)) // Lee's
	if now().At(25, 45) != 1 || d.decided()[left] != 1 || d.at != 1-left {
		t.Fatalf("Lee's course is not taken: %v, at %d", d.decided(), d.at)
	}
	b.do(keys.Undo)
	if len(d.decided()) != 0 {
		t.Error("an undone decision holds")
	}
	b.do(keys.Redo)
	if len(d.decided()) != 1 || now().At(25, 45) != 1 {
		t.Error("a redone decision does not hold")
	}
	b.do(keys.Accept)
	if s.review.Frame(k).Status != review.Open || d.at != 1-left {
		t.Error("accepted with a place to decide")
	}
	// What is redrawn by hand within the place decides it.
	b.do(keys.Redraw)
	b.drag(contour.Point{X: 78, Y: 37}, contour.Point{X: 84, Y: 40}, contour.Point{X: 86, Y: 45}, contour.Point{X: 84, Y: 50}, contour.Point{X: 78, Y: 53})
	if got := d.decided(); got[1-left] != agree.Redrawn {
		t.Fatalf("%v", got)
	}
	b.do(keys.Undo)
	b.do(keys.Ruler) // M: the mean
	if got := d.decided(); got[1-left] != agree.ChooseMean {
		t.Fatalf("%v", got)
	}
	b.do(keys.Confirm)
	b.wait("the next image", func() bool { return s.key() != k && s.judged() != nil })
	if s.review.Frame(k).Status != review.Accepted {
		t.Fatal("Enter does not accept")
	}
	origins, err := agree.OriginsOf(b.ws)
	if err != nil {
		t.Fatal(err)
	}
	c := origins.Of(k, now())
	if c == nil || c.By != "R1" || c.Changed || c.Arcs[left].Reader != "Lee" || c.Arcs[1-left].Choice != "mean" || !c.Arcs[0].Reviewed {
		t.Errorf("%+v", c)
	}
	// The readers' own masks, and the reader's own work, are as they were.
	b.do(keys.Judge)
	b.wait("the reader's work", func() bool { return b.sess != nil && b.sess.docket == nil && b.sess.frame != nil })
	if b.sess.review.Reader() != "R1" || len(b.sess.order) != 3 {
		t.Errorf("%s, %d images", b.sess.review.Reader(), len(b.sess.order))
	}
	for i, name := range readers {
		r, err := b.ws.Review(b.sess.study, name)
		if err != nil || !r.Frame(k).Labels.Equal(spur(i)) {
			t.Errorf("%s's mask changed: %v", name, err)
		}
	}
	if got := b.sess.review.Frame(k).Labels; got.Equal(c0(b, k)) {
		t.Error("the consensus is in the reader's work")
	}
}

// c0 is the consensus of a frame.
func c0(b *bench, k review.Key) *mask.Plane {
	r, err := b.ws.Review(b.sess.study, review.ConsensusReader)
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Frame(k).Labels
}

// Who comes back to a frame finds what was decided; nobody is called consensus.
func TestJudgingAgain(t *testing.T) {
	dir := pictures(t, 2)
	workspace := read(t, dir, 2, []string{"Kim", "Lee", "Park"}, spur)
	b := newBench(t, Config{Paths: []string{dir}, Workspace: workspace})
	b.open()
	b.do(keys.Judge)
	b.say("", 0)
	b.wait("the disputes", func() bool { return b.sess.judged() != nil })
	b.do(keys.Label(3))
	k := b.sess.key()
	b.do(keys.Judge)
	b.wait("the reader's work", func() bool { return b.sess != nil && b.sess.docket == nil && b.sess.frame != nil })
	b.do(keys.Judge)
	b.say("", 0)
	b.wait("the disputes", func() bool { return b.sess.judged() != nil && b.sess.key() == k })
	if d := b.sess.judged(); len(d.decided()) != 1 || len(d.Readings) != 3 {
		t.Errorf("%v of %d readers", d.decided(), len(d.Readings))
	}
	b.do(keys.ConfirmAll)
	if d := b.sess.judged(); len(d.decided()) != len(d.List) || b.sess.review.Frame(k).Status != review.Open {
		t.Errorf("%v", d.decided())
	}
	b.changeReader("consensus")
	if b.set.Reader != "R1" {
		t.Error("a person is called consensus")
	}
	b.changeReader("Choi")
	b.wait("the other reader's work", func() bool { return b.sess != nil && b.sess.docket == nil && b.sess.frame != nil })
	if b.sess.review.Reader() != "Choi" || len(b.sess.study.Items) != 2 {
		t.Error(b.sess.review.Reader())
	}
}

// TestConsensusExportHasNames: what both readers call a label is what the window's export of their consensus calls it.
func TestConsensusExportHasNames(t *testing.T) {
	dir := pictures(t, 2)
	readers := []string{"Kim", "Lee"}
	workspace := read(t, dir, 1, readers, spur)
	ws, err := store.Open(workspace)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range readers {
		if err := ws.SaveLabels(name, review.LabelSet{}, review.LabelSet{Labels: []review.Label{{Value: 1, Name: "Duct of Kim"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Config{Paths: []string{dir}, Workspace: workspace})
	b.open()
	b.do(keys.Judge)
	b.say("", 0)
	b.wait("the disputes", func() bool { return b.sess.judged() != nil })
	card := panel.ShowExport(b.win, panel.ExportOptions{
		Formats: []panel.ChoiceGroup{formatGroup("train", "coco")}, Note: func(string) string { return "" }, Includes: choices("app.export.include.", "all"),
		Start: panel.ExportChoice{Format: "coco", Include: "all"},
	})
	out := filepath.Join(t.TempDir(), "out")
	b.export(t.Context(), card, panel.ExportChoice{Format: "coco", Include: "all", Folder: out}, b.sess, b.sess.item)
	var data []byte
	b.wait("the file", func() bool {
		found, _ := filepath.Glob(filepath.Join(out, "*.coco.json"))
		if len(found) == 1 {
			data, _ = os.ReadFile(found[0])
		}
		_, err := os.Stat(filepath.Join(out, "manifest.sha256")) // the last file: nothing is under way any more
		return len(data) > 0 && err == nil
	})
	if text := string(data); !strings.Contains(text, "Duct of Kim") || strings.Contains(text, "label 1") {
		t.Errorf("%.900s", text)
	}
}
