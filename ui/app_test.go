package ui

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// disk is a predictor that sees one round lesion in the middle, weak on its right half, except in pictures that are all
// black.
type disk struct{}

func (disk) Info() inference.Info {
	return inference.Info{Name: "disk", Version: "1", SHA256: "d15c", Calibrated: true}
}

func (disk) Predict(_ context.Context, im inference.Image, _ inference.Guidance) (*inference.Prediction, error) {
	p := &inference.Prediction{
		Model: disk{}.Info(), W: im.W, H: im.H, Threshold: 0.5, Mask: mask.NewPlane(im.W, im.H), Present: 0.9,
		ExpectedDice: math.NaN(),
		Probability:  make([]float32, im.W*im.H), Scale: make([]float32, im.W*im.H),
		Fit: inference.Fit{Factor: 1, Band: [4]float64{1, 2, 3, 4}},
	}
	if im.Grey[0] == 0 {
		p.Present = 0.04
		return p, nil
	}
	for y := range im.H {
		for x := range im.W {
			i := y*im.W + x
			d := math.Hypot(float64(x)+0.5-float64(im.W)/2, float64(y)+0.5-float64(im.H)/2)
			p.Probability[i] = float32(1 / (1 + math.Exp(d-20)))
			if p.Probability[i] >= 0.5 {
				p.Mask.Pix[i] = 1
			}
			p.Scale[i] = 0.2
			if x > im.W/2 {
				p.Scale[i] = 8
			}
		}
	}
	return p, nil
}

// bench is the window on a toolkit without a screen. Work for the window's goroutine waits until wait runs it.
type bench struct {
	*App
	t     testing.TB
	queue chan func()
}

func newBench(t testing.TB, cfg Config) *bench {
	t.Helper()
	dir := t.TempDir()
	if cfg.Workspace == "" {
		cfg.Workspace = filepath.Join(dir, "workspace")
	}
	if cfg.ConfigDir == "" {
		cfg.ConfigDir = filepath.Join(dir, "config")
	}
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	if cfg.Patience == 0 {
		cfg.Patience = 30 * time.Second // a busy machine is no hung drive
	}
	if cfg.Predictor == nil {
		cfg.Predictor = func() (inference.Predictor, error) { return disk{}, nil }
	}
	s := LoadSettings(cfg.ConfigDir)
	s.Acknowledged, s.Reader, s.Language, s.SortByName = true, "R1", "en", true
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, queue: make(chan func(), 4096)}
	b.App = newApp(cfg, test.NewTempApp(t), func(f func()) { b.queue <- f })
	t.Cleanup(func() {
		b.endSession()
		b.noting.Wait()
		b.settings.wait(time.Minute)
		if b.ws != nil {
			if err := b.ws.Close(); err != nil {
				t.Error(err)
			}
		}
		text.SetLanguage("en")
	})
	return b
}

// written are the settings as they are on the disk, once all of them are.
func (b *bench) written() *Settings {
	b.settings.wait(time.Minute)
	return LoadSettings(b.cfg.ConfigDir)
}

// wait runs the window's work until done says so.
func (b *bench) wait(what string, done func() bool) {
	b.t.Helper()
	limit := time.After(time.Minute)
	for !done() {
		select {
		case f := <-b.queue:
			f()
		case <-limit:
			b.t.Fatal("waited in vain for ", what)
		}
	}
}

// open starts the window and waits until the study is there and predicted.
func (b *bench) open() {
	b.t.Helper()
	b.start()
	b.wait("the predictions", func() bool {
		return b.sess != nil && b.sess.frame != nil && len(b.sess.predicted) == b.sess.total
	})
}

// picturesAndRefused are pictures beside a file that cannot be read, empty.dcm.
func picturesAndRefused(t testing.TB, n int) string {
	t.Helper()
	dir := pictures(t, n)
	if err := os.WriteFile(filepath.Join(dir, "empty.dcm"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// pictures writes n grey pictures of 120×90 px; those numbered in black are all black.
func pictures(t testing.TB, n int, black ...int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		im := image.NewGray(image.Rect(0, 0, 120, 90))
		for k := range im.Pix {
			im.Pix[k] = uint8(60 + k%40)
		}
		for _, b := range black {
			if b == i {
				clear(im.Pix)
				im.SetGray(5, 5, color.Gray{Y: 9})
			}
		}
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("im%02d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		// Two pixels of its own make each an instance of its own.
		im.SetGray(119, 89, color.Gray{Y: uint8(i)})
		im.SetGray(118, 89, color.Gray{Y: uint8(i >> 8)})
		if err := png.Encode(f, im); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (b *bench) drag(points ...contour.Point) {
	for i, at := range points {
		e := viewer.Pointer{Phase: viewer.Drag, At: at, Button: desktop.MouseButtonPrimary}
		if i == 0 {
			e.Phase = viewer.Press
		}
		b.pointer(e)
	}
	b.pointer(viewer.Pointer{Phase: viewer.Release, At: points[len(points)-1], Button: desktop.MouseButtonPrimary})
}

func TestReviewOfOneImage(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	if got := len(s.review.Contours(s.key())); got != 1 {
		t.Fatalf("%d contours", got)
	}
	b.do(keys.NextWeak)
	if s.active == nil || s.active.Centre.X < 60 {
		t.Fatalf("the weak arc is at the right, not %+v", s.active)
	}
	b.do(keys.Confirm)
	if p := s.review.Progress(s.key(), s.scale.weakPx(s.item)); p.WeakArcs != 0 || p.Reviewed == 0 {
		t.Fatalf("after confirming: %+v", p)
	}
	first := s.key()
	b.do(keys.Confirm)
	if s.review.Frame(first).Status != review.Accepted {
		t.Fatal("the second Enter accepts")
	}
	b.wait("the second image", func() bool { return s.key() != first })
	if row := s.rows[first.Instance]; row.State != panel.Accepted {
		t.Fatalf("row says %v", row.State)
	}
}

func TestStrokeUndoRedo(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	s := b.sess
	before := s.review.Frame(s.key()).Labels.Clone()
	b.do(keys.Brush)
	b.drag(contour.Point{X: 85, Y: 45}, contour.Point{X: 95, Y: 45})
	after := s.review.Frame(s.key()).Labels.Clone()
	if before.Equal(after) {
		t.Fatal("the brush drew nothing")
	}
	b.do(keys.Undo)
	if !s.review.Frame(s.key()).Labels.Equal(before) {
		t.Fatal("undo does not give the mask back")
	}
	b.do(keys.Redo)
	if !s.review.Frame(s.key()).Labels.Equal(after) {
		t.Fatal("redo does not bring the stroke again")
	}
	b.jump(-1)
	if n := mask.Count(s.review.Frame(s.key()).Labels, 1); n != 0 {
		t.Fatalf("%d pixels before the first edit", n)
	}
}

// After a stroke the panels tell of the mask as it now is, not as it was before.
func TestPanelsFollowAStroke(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	b.do(keys.Brush)
	b.drag(contour.Point{X: 85, Y: 45}, contour.Point{X: 95, Y: 45})
	if h := b.inspector.History(); len(h) != 2 || !h[1].Done {
		t.Fatalf("the history shows %+v", h)
	}
	if c := b.inspector.Confidence(); !(c.Reviewed > 0) || !(c.Study > 0) {
		t.Fatalf("the inspector says that %v of the boundary and %v of the study are reviewed", c.Reviewed, c.Study)
	}
	b.do(keys.Undo)
	b.drag(contour.Point{X: 85, Y: 45}, contour.Point{X: 92, Y: 50})
	if h := b.inspector.History(); len(h) != 2 || !h[1].Done {
		t.Fatalf("after undo and another stroke the history shows %+v", h)
	}
}

func TestEscapeGivesTheStrokeUp(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	s := b.sess
	before := s.review.Frame(s.key()).Labels.Clone()
	b.pointer(viewer.Pointer{Phase: viewer.Press, At: contour.Point{X: 90, Y: 20}, Button: desktop.MouseButtonPrimary})
	b.do(keys.Cancel)
	b.pointer(viewer.Pointer{Phase: viewer.Release, At: contour.Point{X: 90, Y: 20}, Button: desktop.MouseButtonPrimary})
	if !s.review.Frame(s.key()).Labels.Equal(before) || s.review.CanRedo(s.key()) {
		t.Fatal("a stroke that was given up left a trace")
	}
}

func TestWorkIsThereAfterTheNextStart(t *testing.T) {
	ws := filepath.Join(t.TempDir(), "ws")
	dir := pictures(t, 1)
	b := newBench(t, Config{Paths: []string{dir}, Workspace: ws})
	b.open()
	b.do(keys.Eraser)
	b.drag(contour.Point{X: 45, Y: 45}, contour.Point{X: 60, Y: 45})
	want := b.sess.review.Frame(b.sess.key()).Labels.Clone()
	b.endSession()
	if err := b.ws.Close(); err != nil {
		t.Fatal(err)
	}
	b.ws = nil

	again := newBench(t, Config{Paths: []string{dir}, Workspace: ws})
	again.open()
	if !again.sess.review.Frame(again.sess.key()).Labels.Equal(want) {
		t.Fatal("the stroke is not there")
	}
}

// The next start goes on where the last one ended: in the same study, at the first image that waits for a decision.
func TestTheNextStartOpensTheLastStudy(t *testing.T) {
	ws, dir, conf := filepath.Join(t.TempDir(), "ws"), pictures(t, 3), t.TempDir()
	b := newBench(t, Config{Paths: []string{dir}, Workspace: ws, ConfigDir: conf})
	b.open()
	first := b.sess.item
	b.do(keys.Accept)
	b.do(keys.Accept) // weak arcs are asked about once
	b.wait("the second image", func() bool { return b.sess.item != first })
	second := b.sess.item.ID
	if !b.settings.wait(time.Minute) {
		t.Fatal("the settings are not written")
	}
	b.endSession()
	if err := b.ws.Close(); err != nil {
		t.Fatal(err)
	}
	b.ws = nil

	again := newBench(t, Config{Workspace: ws, ConfigDir: conf, DemoDir: t.TempDir()})
	again.open()
	if got := again.sess.item.ID; got != second || len(again.sess.items) != 3 {
		t.Fatalf("%d images, of them %s is shown, not %s", len(again.sess.items), again.sess.item.Name, second)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	again.endSession()
	again.openLast()
	again.wait("the demo study, the last one being gone", func() bool { return again.sess != nil && again.sess.study.Title == text.T("app.demo") })
	again.App.open([]string{t.TempDir()})
	again.wait("the folder without images", func() bool { return again.sess != nil && len(again.sess.items) == 0 })
	if again.set.Last.Paths[0] != dir {
		t.Fatalf("after a folder without images the next start would open %v", again.set.Last.Paths)
	}
	again.endSession()
	again.set.Last.Workspace += "-other" // its work is elsewhere
	again.openLast()
	again.wait("the demo study in another workspace", func() bool { return again.sess != nil && again.sess.study.Title == text.T("app.demo") })
}

// TestTheDemoStudyCanBeOpenedAgain: the first start shows it, and whoever opened own files may want it back.
func TestTheDemoStudyCanBeOpenedAgain(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}, DemoDir: filepath.Join(t.TempDir(), "demo")})
	b.open()
	b.do(keys.Demo)
	b.wait("the demo study", func() bool { return b.sess != nil && b.sess.study.Title == text.T("app.demo") })
	if got := b.written().Last.Paths; len(got) != 0 {
		t.Fatal("the next start would open", got)
	}
}

func TestTheModelIsNamedWithoutAnImage(t *testing.T) {
	b := newBench(t, Config{Paths: []string{t.TempDir()}})
	b.start()
	b.wait("the folder and the model", func() bool { return b.sess != nil && b.predictor != nil })
	if c := b.inspector.Confidence(); c.Loading || c.Model == "" {
		t.Fatalf("the inspector says %+v", c)
	}
}

func TestNoLesionIsSaid(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1, 0)}})
	b.open()
	msg := b.noLesion(b.sess.review.Frame(b.sess.key()))
	if msg != text.T("app.nolesion", text.Args{"Percent": "4"}) {
		t.Fatalf("says %q", msg)
	}
	b.do(keys.Confirm) // an image without lesion can be accepted
	if b.sess.review.Frame(b.sess.key()).Status != review.Accepted {
		t.Fatal("not accepted")
	}
}

func TestSortByWork(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 3, 0)}})
	b.open()
	b.chooseSort(panel.SortByWork)
	last := b.sess.items[b.sess.order[2]]
	if last.Name != "im00" {
		t.Fatalf("the image without boundary comes last, not %s", last.Name)
	}
}

// sure is a disk that expects a lower Dice of every further one of pictures.
type sure struct{ disk }

func (s sure) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	p, err := s.disk.Predict(ctx, im, g)
	p.ExpectedDice = 1 - float64(im.Grey[len(im.Grey)-1])
	return p, err
}

func TestTheLeastCertainOutlineComesFirst(t *testing.T) {
	b := newBench(t, Config{
		Paths:     []string{pictures(t, 3)},
		Predictor: func() (inference.Predictor, error) { return sure{}, nil },
	})
	b.open()
	b.chooseSort(panel.SortByWork)
	var names []string
	for _, id := range b.sess.order {
		names = append(names, b.sess.items[id].Name)
	}
	if want := []string{"im02", "im01", "im00"}; !slices.Equal(names, want) {
		t.Errorf("order %v, want %v", names, want)
	}
}

func TestWithoutModelDrawingWorks(t *testing.T) {
	missing := fault.New("model.missing", "m.onnx", nil, nil)
	b := newBench(t, Config{
		Paths:     []string{pictures(t, 1)},
		Predictor: func() (inference.Predictor, error) { return nil, missing },
	})
	b.start()
	b.wait("the image", func() bool { return b.sess != nil && b.sess.frame != nil })
	if st := b.sess.rows[b.sess.item.ID].State; st != panel.Unpredicted {
		t.Errorf("without a model the row says %v", st)
	}
	b.drag(contour.Point{X: 40, Y: 40}, contour.Point{X: 60, Y: 40})
	if mask.Count(b.sess.review.Frame(b.sess.key()).Labels, 1) == 0 {
		t.Fatal("nothing drawn")
	}
}

func TestRefusedFileIsListedWithItsReason(t *testing.T) {
	dir := picturesAndRefused(t, 1)
	b := newBench(t, Config{Paths: []string{dir}})
	b.open()
	rows := b.listRows()
	if len(rows) != 2 || rows[1].State != panel.Refused || rows[1].Reason == "" {
		t.Fatalf("rows: %+v", rows)
	}
	b.showItem(rows[1].ID)
	b.do(keys.NextWeak) // with nothing on show keys do nothing
	b.do(keys.Confirm)
	b.do(keys.Undo)
	b.do(keys.NextImage)
}

func TestKeysBeforeAnyStudy(t *testing.T) {
	b := newBench(t, Config{})
	for id := range b.actions {
		if id != keys.Quit && id != keys.ImageAlone {
			b.do(id)
		}
	}
	if top := b.win.Canvas().Overlays().Top(); top == nil {
		t.Fatal("the list of keys is open")
	}
}

func TestLanguageAndThemeSwitchLive(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.do(keys.Language)
	if text.Language() != "ko" || b.written().Language != "ko" {
		t.Fatal("not Korean")
	}
	b.do(keys.Theme)
	if !b.written().Light {
		t.Fatal("not light")
	}
	b.do(keys.Theme)
}

func TestFrameKeepsPanelWidths(t *testing.T) {
	b := newBench(t, Config{})
	b.frame.Layout(nil, fyne.NewSize(1600, 800))
	if w := b.list.Size().Width; w != workListWidth {
		t.Fatalf("work list %v wide", w)
	}
	b.frame.toggleLeft()
	b.frame.Layout(nil, fyne.NewSize(1600, 800))
	if x := b.frame.centre.Position().X; x != 0 {
		t.Fatalf("the centre starts at %v", x)
	}
}
