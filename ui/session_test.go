package ui

import (
	"testing"

	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/ui/keys"
	"echoline/ui/viewer"
)

var press = viewer.Pointer{Phase: viewer.Press, At: contour.Point{X: 90, Y: 20}, Button: desktop.MouseButtonPrimary}

// fragile is a journal that refuses everything while full.
type fragile struct {
	full    bool
	entries []*review.Entry
}

func (j *fragile) Append(e *review.Entry) error {
	if j.full {
		return fault.New("store.full", "ws", nil, nil)
	}
	j.entries = append(j.entries, e)
	return nil
}

// cut gives the session a journal that can be cut off, with the study's frames as they are.
func (b *bench) cut() *fragile {
	j := &fragile{}
	s := b.sess
	s.review = review.New(s.study, "R1", j)
	s.review.OnChange = func(k review.Key) { b.frameChanged(s, k) }
	b.makeTools()
	return j
}

func TestTheFrameOnTheScreenIsTheOneEdited(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	first := s.key()
	b.do(keys.NextImage)
	b.pointer(press) // the second image is not decoded yet
	b.do(keys.Accept)
	if s.stroke || s.review.Frame(first).Status != review.Open {
		t.Fatal("an image that the reader has left was edited")
	}
	b.wait("the second image", func() bool { return s.key() != first })
	if s.frame == nil || s.key().Instance != s.want.ID {
		t.Fatal("the frame on show is not the wanted one")
	}
	b.pointer(press)
	if !s.stroke {
		t.Fatal("no stroke on the image on show")
	}
}

func TestFastSeekingDecodesTheNewestWish(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 9)}})
	b.open()
	s := b.sess
	for range 8 {
		b.do(keys.NextImage)
	}
	if got := s.position(); got != 8 {
		t.Fatalf("eight images on is place %d", got)
	}
	shown := 0
	at := s.item
	b.wait("the last image", func() bool {
		if s.item != at {
			at = s.item
			shown++
		}
		return s.shown
	})
	if shown != 1 || s.item.ID != s.order[8] {
		t.Fatalf("%d images were put on the screen on the way", shown)
	}
}

func TestLeavingAnItemFinishesTheStroke(t *testing.T) {
	dir := picturesAndRefused(t, 2)
	b := newBench(t, Config{Paths: []string{dir}})
	b.open()
	s := b.sess
	for name, leave := range map[string]func(){
		"undo":         func() { b.do(keys.Undo); b.do(keys.Redo) },
		"another tool": func() { b.do(keys.Eraser); b.do(keys.Brush) },
		"a refused file": func() {
			b.showItem(s.study.Refused[0].Where)
			b.recall(s, review.Key{Instance: s.order[0]}) // maps that come now belong to no frame on show
			b.do(keys.NextImage)
			b.wait("the image", func() bool { return s.shown })
		},
	} {
		before := s.review.Frame(s.key()).Labels.Clone()
		k := s.key()
		b.pointer(press)
		press.At.X -= 15
		leave()
		if s.stroke || s.review.Frame(k).Labels.Equal(before) {
			t.Errorf("%s lost the stroke", name)
		}
	}
}

func TestAnotherStudyWaitsForUnsavedWork(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	j := b.cut()
	first := b.sess
	j.full = true
	b.pointer(press) // under way when the other study comes
	other, err := study.Open(t.Context(), []string{pictures(t, 2)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.replace(other)
	if b.sess != first || first.review.Unsaved() == 0 || b.win.Canvas().Overlays().Top() == nil {
		t.Fatal("unsaved work was thrown away without a question")
	}
	j.full = false
	b.replace(other)
	b.wait("the other study", func() bool { return b.sess != nil })
	if b.sess == first || len(j.entries) == 0 || b.alerts[alertNotSaved] != nil {
		t.Fatal("the study was not opened once everything was saved")
	}
}

func TestClosingWithUnsavedWorkAsks(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.cut().full = true
	b.pointer(press)
	b.close()
	if b.sess == nil || b.win.Canvas().Overlays().Top() == nil {
		t.Fatal("closed without a question")
	}
}

func TestAlertsDoNotReplaceEachOther(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.raise(alertModel, func() string { return "model" }, "app.understood", func() { b.lower(alertModel) })
	j := b.cut()
	j.full = true
	b.drag(contour.Point{X: 20, Y: 20}, contour.Point{X: 30, Y: 20})
	if b.alerts[alertNotSaved] == nil {
		t.Fatal("not said")
	}
	j.full = false
	b.drag(contour.Point{X: 20, Y: 70}, contour.Point{X: 30, Y: 70})
	if b.alerts[alertNotSaved] != nil || b.alerts[alertModel] == nil || b.retry != nil {
		t.Fatal("once saved, the model's alert is what is left")
	}
}

func TestAFaultOfAnEditIsNotTheDisks(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.do(keys.NextWeak)
	b.sess.active.Centre = contour.Point{X: 3, Y: 3}
	b.sess.active.Contour = 7
	b.do(keys.Confirm)
	if b.alerts[alertNotSaved] != nil || b.retry != nil {
		t.Fatal("an arc that is gone was told as work that is not saved")
	}
}

func TestMapsAreBoundedInBytes(t *testing.T) {
	s := &session{item: &study.Item{ID: "a"}}
	s.want = s.item
	if drop := s.touchMap(s.key(), keptMaps/2); drop != nil {
		t.Fatal(drop)
	}
	b, c := review.Key{Instance: "b"}, review.Key{Instance: "c"}
	if drop := s.touchMap(b, keptMaps/2); drop != nil {
		t.Fatal(drop)
	}
	if drop := s.touchMap(c, keptMaps/2); len(drop) != 1 || drop[0] != b {
		t.Fatalf("dropped %v: the shown frame's maps stay", drop)
	}
	if drop := s.touchMap(c, keptMaps/4); drop != nil || s.mapBytes != keptMaps*3/4 {
		t.Fatal(drop, s.mapBytes)
	}
}

func TestMapsComeBackFromTheWorkspace(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	k := review.Key{Instance: s.order[1]}
	b.wait("the storing", func() bool {
		p, err := b.ws.Prediction(k, disk{}.Info().SHA256)
		return p != nil && err == nil
	})
	s.review.DropPrediction(k)
	b.do(keys.NextImage)
	b.wait("the maps", func() bool { return s.shows(k) && s.review.Frame(k).Prediction != nil })
}

func TestBrightnessAndViewStayWithTheirItem(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	b.dragWindow(30, 10)
	b.view.SetView(viewer.View{Centre: contour.Point{X: 60, Y: 40}, Zoom: 12})
	window, view := s.window, b.view.View()
	there := func() bool { return s.shown }
	b.do(keys.NextImage)
	b.wait("the second image", there)
	if s.window == window || b.view.View() == view {
		t.Fatal("an image that was not seen yet starts as it is, and fitted")
	}
	b.do(keys.PreviousImage)
	b.wait("the first image", there)
	if s.window != window || b.view.View() != view {
		t.Fatalf("%v %v, not %v %v", s.window, b.view.View(), window, view)
	}
}

func TestJumpThroughTheHistory(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	s := b.sess
	for x := range 5 {
		b.drag(contour.Point{X: float64(10 * x), Y: 10}, contour.Point{X: float64(10*x + 3), Y: 10})
	}
	all := mask.Count(s.review.Frame(s.key()).Labels, 1)
	b.jump(0)
	if h := s.review.History(s.key()); !h[0].Done || h[1].Done {
		t.Fatalf("%+v", h)
	}
	b.jump(5)
	if mask.Count(s.review.Frame(s.key()).Labels, 1) != all {
		t.Fatal("not all back")
	}
}

func TestFilesDroppedTooEarlyOpenLater(t *testing.T) {
	b := newBench(t, Config{})
	b.App.open([]string{pictures(t, 3)})
	b.open()
	if n := len(b.sess.study.Items); n != 3 {
		t.Fatalf("%d images", n)
	}
}

func TestALateAnswerSettlesNothingAgain(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 3)}})
	b.open()
	s := b.sess
	s.order[0], s.order[2] = s.order[2], s.order[0]
	order := append([]string(nil), s.order...)
	p := s.review.Frame(s.key()).Prediction
	b.predictionCame(s, s.key(), p, nil)
	for i := range order {
		if s.order[i] != order[i] {
			t.Fatal("the work list jumped")
		}
	}
}

func TestAreasOfVersionsHaveAUnit(t *testing.T) {
	p := mask.NewPlane(20, 20)
	for i := range 50 {
		p.Pix[i] = uint8(1 + i%2)
	}
	if got := areaOf(p, 0); got != "50 px²" {
		t.Error(got)
	}
	if got := areaOf(p, 0.2); got != "2.0 mm²" {
		t.Error(got)
	}
}
