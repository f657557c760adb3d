package ui

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"echoline/internal/deid"
	"echoline/internal/demo"
	"echoline/internal/export"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// demoFiles are some of the demo study, under names of a patient.
func demoFiles(t *testing.T, names ...string) string {
	t.Helper()
	all, dir := t.TempDir(), filepath.Join(t.TempDir(), "CANARY^MINJI")
	if err := demo.Write(all); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if err := os.Rename(filepath.Join(all, n+".dcm"), filepath.Join(dir, "CANARY "+n+".dcm")); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// typeKey types a key that nothing has the keyboard for, into what is on top.
func (b *bench) typeKey(name fyne.KeyName) {
	b.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: name})
}

// cards counts the dialogs that are open.
func (b *bench) cards() int { return len(b.win.Canvas().Overlays().List()) }

func TestDeidentifyInTheWindow(t *testing.T) {
	in := demoFiles(t, "demo-1-oval", "demo-7-cine")
	b := newBench(t, Config{Paths: []string{in}})
	b.open()
	b.set.ExportDir = filepath.Join(t.TempDir(), "exports")
	b.do(keys.Deidentify)
	if b.cards() != 1 {
		t.Fatal("nobody asks how")
	}
	b.typeKey(fyne.KeyReturn)
	for i := range 2 { // each picture is looked at
		b.wait("a picture", func() bool { return b.cards() == 2 })
		if i == 0 {
			b.typeKey(fyne.KeyRight)
		}
		b.typeKey(fyne.KeyReturn)
	}
	var files []string
	b.wait("the files", func() bool {
		files, _ = filepath.Glob(filepath.Join(b.set.ExportDir, deidFolder, "*", "*", "us-*.dcm"))
		return len(files) == 2
	})
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || strings.Contains(f+string(data), "CANARY") || strings.Contains(string(data), "Echoline^Demo") {
			t.Errorf("%s names somebody: %v", f, err)
		}
	}
	if _, err := os.Stat(filepath.Join(b.cfg.ConfigDir, deid.KeyName)); err != nil {
		t.Error(err)
	}
}

// TestLookingAtPictures: what a person switches off, draws and leaves out is what is written, and boxes are remembered for the
// next picture of that machine.
func TestLookingAtPictures(t *testing.T) {
	in := demoFiles(t, "demo-1-oval")
	b := newBench(t, Config{Paths: []string{in}})
	b.open()
	boxes, err := deid.OpenBoxes(filepath.Join(b.cfg.ConfigDir, deid.BoxesName))
	if err != nil {
		t.Fatal(err)
	}
	it := b.sess.study.Items[0]
	keep, text := image.Rect(0, 0, it.W, it.H), image.Rect(5, 5, 30, 15)
	p := &deid.Proposal{Item: it, Keep: []image.Rectangle{keep}, Text: []image.Rectangle{text}}
	l := looked{answer: deid.Write, remembering: true, boxes: []panel.VeilBox{
		{Box: keep, Kind: panel.VeilKeep, On: true},
		{Box: text, Kind: panel.VeilText},
		{Box: image.Rect(40, 40, 50, 50), Kind: panel.VeilDrawn, On: true, Own: true},
		{Box: image.Rect(60, 60, 70, 70), Kind: panel.VeilDrawn, Own: true},
	}}
	if err := l.into(p, boxes); err != nil {
		t.Fatal(err)
	}
	stays := p.Kept()
	at := func(x, y int) bool { return stays[y*it.W+x] }
	if !at(6, 6) || at(45, 45) || !at(65, 65) || len(p.Text) != 0 || len(p.Keep) != 1 {
		t.Errorf("%+v", p)
	}
	again, err := deid.OpenBoxes(filepath.Join(b.cfg.ConfigDir, deid.BoxesName))
	if err != nil {
		t.Fatal(err)
	}
	var seen *deid.Proposal
	key, err := deid.OpenKey(filepath.Join(b.cfg.ConfigDir, deid.KeyName))
	if err != nil {
		t.Fatal(err)
	}
	o := deid.Options{Key: key, Boxes: again, Dates: deid.Modified, Review: func(p *deid.Proposal) (deid.Answer, error) {
		seen = p
		return deid.Write, nil
	}}
	if _, err := o.Stand(it, "file 1", true); err != nil {
		t.Fatal(err)
	}
	if len(seen.Boxes) != 1 || seen.Boxes[0] != image.Rect(40, 40, 50, 50) {
		t.Errorf("remembered %v", seen.Boxes)
	}
}

// TestLookingEnds: stopping in a picture, or beside it, ends all, and nothing more is asked.
func TestLookingEnds(t *testing.T) {
	in := demoFiles(t, "demo-1-oval", "demo-7-cine")
	b := newBench(t, Config{Paths: []string{in}})
	b.open()
	it := b.sess.study.Items[0]
	p := &deid.Proposal{Item: it, Keep: []image.Rectangle{image.Rect(0, 0, 9, 9)}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := b.look(ctx, p, [2]int{1, 2}, nil)
		ended <- err
	}()
	b.wait("the picture", func() bool { return b.cards() == 1 })
	cancel()
	if err := <-ended; err == nil {
		t.Error("it goes on")
	}
	b.wait("the picture to go", func() bool { return b.cards() == 0 })
}

// TestExportWithoutPersonsInTheWindow: pictures are shown, and what is written names nobody.
func TestExportWithoutPersonsInTheWindow(t *testing.T) {
	in := demoFiles(t, "demo-1-oval")
	b := newBench(t, Config{Paths: []string{in}})
	b.open()
	card := panel.ShowExport(b.win, panel.ExportOptions{
		Formats: []panel.ChoiceGroup{formatGroup("files", "nifti")}, Note: func(string) string { return "" }, Includes: choices("app.export.include.", "all"),
		Dates: dateChoices(), Start: panel.ExportChoice{Format: "nifti", Include: "all", Private: true},
	})
	dir := filepath.Join(t.TempDir(), "out")
	b.wait("a mask", func() bool { return b.sess.review.Frame(b.sess.key()).Prediction != nil })
	b.export(t.Context(), card, panel.ExportChoice{Format: "nifti", Include: "all", Folder: dir, Private: true, Dates: "modified"}, b.sess, nil)
	b.wait("the picture", func() bool { return b.cards() == 2 })
	b.typeKey(fyne.KeyReturn)
	var files []string
	b.wait("the files", func() bool {
		files, _ = filepath.Glob(filepath.Join(dir, "us-*"))
		return len(files) == 3
	})
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || strings.Contains(filepath.Base(f)+string(data), "CANARY") || strings.Contains(string(data), `"R1"`) {
			t.Errorf("%s names somebody: %v", f, err)
		}
	}
	if !b.set.Private || b.set.DeidDates != "modified" {
		t.Error("the choice is not remembered")
	}
}

// TestMasksBesideImagesAreOffered: a folder that holds images and segmentations of them offers the masks, once.
func TestMasksBesideImagesAreOffered(t *testing.T) {
	in := demoFiles(t, "demo-1-oval")
	st, err := study.Open(t.Context(), []string{in}, nil)
	if err != nil {
		t.Fatal(err)
	}
	it := st.Items[0]
	r := review.New(st, "Another", nil)
	k := review.Key{Instance: it.ID}
	s, err := r.Begin(k, "brush", review.ByReader)
	if err == nil {
		err = s.SetLabels(demo.Truth("demo-1-oval", 0))
	}
	if err == nil {
		_, err = s.Commit()
	}
	if err == nil {
		_, err = export.Run(t.Context(), export.FromReview(r, export.All), export.Options{Format: "seg", Dir: in, Include: export.All, Version: "1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Config{Paths: []string{in}})
	b.open()
	b.wait("the offer", func() bool { return b.alerts[alertMasks] != nil })
	if got := b.alerts[alertMasks].words(); !strings.HasPrefix(got, "One mask") {
		t.Errorf("it says %q", got)
	}
	b.alerts[alertMasks].act()
	b.wait("the mask", func() bool { return b.sess.review.Frame(k).Imported() })
	if !b.sess.review.Frame(k).Labels.Equal(demo.Truth("demo-1-oval", 0)) || b.alerts[alertMasks] != nil {
		t.Error("it is another mask, or still offered")
	}
	found, err := export.Segmentations(t.Context(), b.sess.study)
	if err != nil || len(found) != 1 {
		t.Fatal(err, found)
	}
	b.masksFound(b.sess, found)
	if b.alerts[alertMasks] != nil {
		t.Error("it is offered again")
	}
}
