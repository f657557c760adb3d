package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"echoline/inference"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/models"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/internal/trainer"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// wider is the disc of another model.
type wider struct{ disk }

func (wider) Info() inference.Info {
	i := disk{}.Info()
	i.Name, i.SHA256 = "wider", strings.Repeat("b", 64)
	return i
}

func (w wider) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	p, err := w.disk.Predict(ctx, im, g)
	if err == nil {
		p.Model, p.Mask = w.Info(), p.Mask.Clone()
		p.Mask.Fill(mask.Capsule(60, 45, 60, 45, 40, 40), 1)
	}
	return p, err
}

// The page lists models; what is promoted outlines the study on show anew, and keeps what readers did; going back brings the
// other one back.
func TestModelsPage(t *testing.T) {
	ships := filepath.Join("..", "assets", "models", "echoline-breast.onnx")
	other := false
	b := newBench(t, Config{
		Paths: []string{pictures(t, 2)}, Ships: func() string { return ships },
		Predictor: func() (inference.Predictor, error) {
			if other {
				return wider{}, nil
			}
			return disk{}, nil
		},
	})
	b.open()
	data, err := os.ReadFile(ships)
	if err != nil {
		t.Skip("no model ships with this build")
	}
	file := filepath.Join(t.TempDir(), "own.onnx")
	if err := os.WriteFile(file, append(data, 8, 9), 0o644); err != nil { // says its version twice: another file of the same graph
		t.Fatal(err)
	}
	own, err := models.Of(b.cfg.Workspace).Add(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	b.do(keys.ModelsPage)
	b.wait("the list", func() bool { return b.page.Focus() == b.win.Canvas().Focused() })
	page := newModelsView(b.App, "")
	b.showPage(page.p)
	b.wait("its models", func() bool { return page.inUse() != nil && len(page.list) == 2 })
	key := b.sess.key()
	if got := b.sess.review.Frame(key).Model; got != (disk{}).Info().SHA256 {
		t.Fatal(got)
	}
	other = true
	b.reloadModel()
	b.wait("the other model", func() bool {
		return b.predictor != nil && len(b.sess.predicted) == b.sess.total && b.sess.review.Frame(key).Model == wider{}.Info().SHA256
	})
	if p, err := b.ws.Prediction(key, (disk{}).Info().SHA256); p == nil || err != nil {
		t.Error("the prediction of the model before is gone", err)
	}
	page.choose(own.SHA256)
	page.promote()
	b.wait("the promotion", func() bool { return page.busy == "" })
	if !models.Of(b.cfg.Workspace).CanGoBack() {
		t.Error("what was promoted cannot be taken back")
	}
	if file, err := models.Of(b.cfg.Workspace).Current(); err != nil || file != own.File {
		t.Fatal(file, err)
	}
	page.back()
	b.wait("the way back", func() bool { return page.busy == "" })
	if models.Of(b.cfg.Workspace).CanGoBack() {
		t.Error("there is more to take back")
	}
	if file, err := models.Of(b.cfg.Workspace).Current(); err != nil || file != "" {
		t.Fatal(file, err)
	}
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		b.page.Refresh()
	}
	b.closePage()
}

// A model that serves in another's place is used, and the window says why.
func TestFallbackIsSaid(t *testing.T) {
	why := models.Fallback(fault.New(models.CodeMissing, "x.onnx", errors.New("gone"), fault.Args{"Name": "own"}))
	b := newBench(t, Config{
		Paths: []string{pictures(t, 1)}, Predictor: func() (inference.Predictor, error) { return disk{}, why },
	})
	b.open()
	if b.predictor == nil || b.modelErr != nil || b.alerts[alertModel] == nil {
		t.Error("not said, or not used")
	}
}

// TestAModelThatComesBackIsUsed: where the list of models cannot be read, the model that ships stands in and the window says so, until
// the next look at the models, or the next study, finds the list whole again.
func TestAModelThatComesBackIsUsed(t *testing.T) {
	for _, look := range []string{"models", "study"} {
		dir := pictures(t, 2)
		workspace := filepath.Join(t.TempDir(), "workspace")
		state := filepath.Join(workspace, "models", "models.json")
		if err := os.MkdirAll(filepath.Dir(state), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(state, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		loads := 0
		b := newBench(t, Config{Paths: []string{dir}, Workspace: workspace, Predictor: func() (inference.Predictor, error) {
			loads++
			if _, err := models.Of(workspace).Current(); err != nil {
				return disk{}, models.Fallback(err)
			}
			return wider{}, nil
		}})
		b.open()
		again := func() {
			if look == "study" {
				s := b.sess
				b.App.open([]string{dir})
				b.wait("the study", func() bool { return b.sess != nil && b.sess != s && b.sess.settled })
				return
			}
			b.do(keys.ModelsPage)
			b.wait("the page", func() bool { return b.page != nil })
		}
		again()
		b.wait("the look", func() bool { return !b.lookingAgain })
		if loads != 1 || b.alerts[alertModel] == nil {
			t.Errorf("%s: loaded %d times, said %v", look, loads, b.alerts[alertModel] != nil)
		}
		if look == "models" { // the page says it too
			b.wait("the card", func() bool { return b.cards() > 0 })
			b.typeKey(fyne.KeyReturn)
			b.closePage()
		}
		if err := os.Remove(state); err != nil {
			t.Fatal(err)
		}
		again()
		b.wait("the model", func() bool {
			return b.predictor != nil && b.predictor.Info().Name == "wider" && b.sess.settled && b.sess.item != nil
		})
		if b.alerts[alertModel] != nil || b.sess.review.Frame(b.sess.key()).Prediction.Model.Name != "wider" {
			t.Errorf("%s: it is still said, or the other model's outline is on show", look)
		}
		if look == "models" {
			b.closePage()
		}
		again()
		b.wait("the look", func() bool { return !b.lookingAgain })
		if loads != 2 {
			t.Errorf("%s: loaded %d times", look, loads)
		}
	}
}

// TestAModelThatCannotRunIsNotTriedAgain: to read it changes nothing.
func TestAModelThatCannotRunIsNotTriedAgain(t *testing.T) {
	for why, want := range map[error]bool{
		models.Fallback(fault.New(models.CodeState, "models.json", errors.New("gone"), nil)): true,
		models.Fallback(fault.New(models.CodeMissing, "x.onnx", errors.New("gone"), nil)):    true,
		models.Fallback(errors.New("no such operator")):                                      false,
		fault.New(models.CodeState, "models.json", nil, nil):                                 false,
		nil: false,
	} {
		if standsInFor(why) != want {
			t.Error(why)
		}
	}
}

// TestAModelGoesAfterItsLastFrame: a study that was closed may still be at it.
func TestAModelGoesAfterItsLastFrame(t *testing.T) {
	h := halting{left: new(atomic.Int32), on: make(chan struct{})}
	h.left.Store(1)
	p := &oneByOne{Predictor: h}
	im := inference.Image{W: 60, H: 60, Grey: make([]float32, 3600)}
	ends := make(chan string, 2)
	go func() {
		if _, err := p.Predict(t.Context(), im, inference.Guidance{}); err != nil {
			t.Error(err)
		}
		ends <- "frame"
	}()
	for h.left.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	go func() { p.close(); ends <- "model" }()
	close(h.on)
	<-ends
	<-ends
	if _, err := p.Predict(t.Context(), im, inference.Guidance{}); !errors.Is(err, context.Canceled) {
		t.Error("it is used after it was let go", err)
	}
}

// What was calibrated here scales the bands on show, is said, and leaves what the workspace keeps as the model gave it.
func TestCalibratedHere(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	sha := (disk{}).Info().SHA256
	if err := models.Of(b.cfg.Workspace).Calibrate(t.Context(), sha, models.Calibration{Band: [4]float64{2, 2, 2, 2}, Expected: 2, Fitted: 20, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	b.open()
	k := b.sess.key()
	shown := b.sess.review.Frame(k).Prediction
	kept, err := b.ws.Prediction(k, sha)
	b.wait("the prediction to be kept", func() bool {
		if kept == nil {
			kept, err = b.ws.Prediction(k, sha)
			b.post(func() {})
		}
		return kept != nil || err != nil
	})
	if err != nil || shown.Fit.Band[2] != 2*kept.Fit.Band[2] || !shown.Model.CalibratedHere || kept.Model.CalibratedHere {
		t.Fatal(shown.Fit, kept.Fit, err)
	}
	b.wait("trust", func() bool { return b.trust.model == sha })
	if n := b.trustNote(); !strings.Contains(n.Words, text.T("trust.here")) {
		t.Error(n)
	}
	if b.modelInfo().CalibratedHere != true {
		t.Error("exports would not say so")
	}
}

// A training is written and told in the window; what is missing is said, and nothing is left running.
func TestTrainingPage(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 40)}})
	t.Setenv(trainer.PythonVariable, filepath.Join(t.TempDir(), "none"))
	b.open()
	for _, it := range b.sess.study.Items {
		k := review.Key{Instance: it.ID}
		s, err := b.sess.review.Begin(k, "brush", review.ByReader)
		if err != nil {
			t.Fatal(err)
		}
		p := mask.NewPlane(it.W, it.H)
		p.Fill(mask.Capsule(50, 40, 60, 40, 15, 15), 1)
		if err := s.SetLabels(p); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := b.sess.review.SetStatus(k, review.Accepted); err != nil {
			t.Fatal(err)
		}
	}
	b.do(keys.TrainingPage)
	b.wait("the page", func() bool { return b.page.Focus() == b.win.Canvas().Focused() })
	v := newTrainingView(b.App)
	b.showPage(v.p)
	v.order = order{string(export.Accepted), everybody, trainer.Small, scratch}
	v.prepare()
	b.wait("the training to be written", func() bool { return v.busy == "" && v.run() != nil })
	r := v.run()
	if r.Recipe.Counts.Frames != 40 || v.status.State != trainer.Ready || b.page != v.p {
		t.Fatalf("%+v", r.Recipe.Counts)
	}
	if !said(b, text.T("fault.train.python.what")) {
		t.Error("nothing says that Python is missing")
	}
	v.elsewhere(r, trainer.Machine{Processes: 2, GPU: true, Cores: 2})
	if len(v.commands) != 3 || !strings.Contains(v.commands[1], "nproc-per-node=2") {
		t.Error(v.commands)
	}
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		b.page.Refresh()
	}
	if _, err := trainer.Open(r.Dir); err != nil || r.Working() {
		t.Error(err)
	}
	b.closePage()
}

// said tells whether a dialog says something.
func said(b *bench, words string) bool {
	for _, o := range b.win.Canvas().Overlays().List() {
		if strings.Contains(strings.Join(wordsIn(o), " "), strings.Fields(words)[0]) {
			return true
		}
	}
	return false
}

// wordsIn are all texts of an object.
func wordsIn(o fyne.CanvasObject) []string {
	var out []string
	switch x := o.(type) {
	case *canvas.Text:
		out = append(out, x.Text)
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(x).Objects() {
			out = append(out, wordsIn(c)...)
		}
	case *fyne.Container:
		for _, c := range x.Objects {
			out = append(out, wordsIn(c)...)
		}
	}
	return out
}

// At random the list has another order for every reader, the same each time, and what is decided last.
func TestOrderAtRandom(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 12)}})
	b.open()
	order := func(reader string) string {
		b.set.Reader = reader
		b.chooseSort(panel.SortRandom)
		return strings.Join(b.sess.order, " ")
	}
	byName := strings.Join(b.sess.order, " ")
	kim, lee := order("Kim"), order("Lee")
	if kim == lee || kim == byName || kim != order("Kim") {
		t.Fatal("not at random, or not the same each time")
	}
	first := b.sess.order[0]
	if err := b.sess.review.SetStatus(review.Key{Instance: first}, review.Accepted); err != nil {
		t.Fatal(err)
	}
	b.updateRow(first)
	order("Kim")
	if got := b.sess.order[len(b.sess.order)-1]; got != first {
		t.Error("what is decided is not last")
	}
	if s := b.written(); !s.SortAtRandom || s.SortByName {
		t.Error("not kept")
	}
}

// What goes wrong in work beside the window is said, unless the person stopped it; without anything accepted the page says so,
// and not that it still reckons.
func TestWorkFailureIsSaid(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.wait("trust", func() bool { return b.trust.model != "" })
	if w := b.trustBlocks(false, nil, nil)[0].Words; w == text.T("trust.reckoning") {
		t.Error("it goes on reckoning")
	}
	modal := func() bool { return panel.Modal(b.win.Canvas()) }
	closeAll := func() {
		for _, o := range b.win.Canvas().Overlays().List() {
			b.win.Canvas().Overlays().Remove(o)
		}
	}
	m := newModelsView(b.App, "")
	b.showPage(m.p)
	b.wait("the list", func() bool { return m.first })
	fail := func(ctx context.Context) error { return errors.New("it failed") }
	m.beside("work", func(ctx context.Context, _ func(int, int)) error { return fail(ctx) }, func() { t.Error("it is taken for done") })
	b.wait("what went wrong with a model", modal)
	closeAll()
	v := newTrainingView(b.App)
	b.showPage(v.p)
	v.prepare() // nothing was accepted
	b.wait("what went wrong with a training", modal)
	closeAll()
	v.beside("work", func(ctx context.Context, _ func(int, int)) error { <-ctx.Done(); return ctx.Err() }, func() { t.Error("it is taken for done") })
	v.stop()
	b.wait("the end of it", func() bool { return v.busy == "" })
	if modal() {
		t.Error("it complains of what the person stopped")
	}
	b.closePage()
}
