package ui

import (
	"errors"
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/demo"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

func TestCine(t *testing.T) {
	dir := t.TempDir()
	if err := demo.Write(dir); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(*testing.T, *bench){
		"painting while playing keeps the frame on show": paintWhilePlaying,
		"playing ends with its study":                    playToTheEnd,
		"view and brightness stay":                       lookAround,
		"accept goes through all frames":                 acceptAll,
		"a range of it is played":                        loopARange,
		"what is known of one frame is not shown":        veilWhilePlaying,
	} {
		t.Run(name, func(t *testing.T) { test(t, openCine(t, dir)) })
	}
}

// openCine opens the demo study at its cine, without a model.
func openCine(t *testing.T, dir string) *bench {
	t.Helper()
	missing := fault.New("model.missing", "m.onnx", nil, nil)
	b := newBench(t, Config{
		Paths:     []string{dir},
		Predictor: func() (inference.Predictor, error) { return nil, missing },
	})
	b.start()
	b.wait("the study", func() bool { return b.sess != nil && b.modelErr != nil })
	for _, it := range b.sess.study.Items {
		if it.Frames > 1 {
			b.showItem(it.ID)
		}
	}
	b.wait("the cine", func() bool { return b.sess.shown && b.sess.item.Frames > 1 })
	return b
}

func paintWhilePlaying(t *testing.T, b *bench) {
	s := b.sess
	b.do(keys.Play)
	b.wait("a few frames", func() bool { return s.index >= 3 })
	b.showFrame(20) // on its way while the button goes down
	at := s.key()
	b.pointer(press)
	if b.playing() || !s.stroke {
		t.Fatal("the button stops the cine and draws")
	}
	b.wait("the late frame", func() bool { return !s.loading })
	if s.key() != at || !s.stroke {
		t.Fatalf("the frame changed under the brush from %v to %v", at.Frame, s.index)
	}
	b.pointer(viewer.Pointer{Phase: viewer.Drag, At: contour.Point{X: 120, Y: 40}})
	b.pointer(viewer.Pointer{Phase: viewer.Release, At: contour.Point{X: 120, Y: 40}})
	if !s.review.Frame(at).Touched {
		t.Fatal("the stroke is not on the frame that was shown")
	}
}

func playToTheEnd(t *testing.T, b *bench) {
	b.do(keys.Play)
	old := b.sess
	b.wait("a frame", func() bool { return old.index >= 1 })
	st, err := study.Open(t.Context(), []string{pictures(t, 1)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.replace(st)
	if b.playing() || b.sess != nil || old.ctx.Err() == nil || !old.gone {
		t.Fatal("it plays on")
	}
	b.wait("the still", func() bool { return b.sess != nil && b.sess.shown })
}

func lookAround(t *testing.T, b *bench) {
	s := b.sess
	b.dragWindow(40, 0)
	b.view.SetView(viewer.View{Centre: contour.Point{X: 200, Y: 150}, Zoom: 5})
	window, view := s.window, b.view.View()
	b.do(keys.NextFrame)
	b.do(keys.NextFrame)
	b.wait("two frames on", func() bool { return s.shown && s.index == 2 })
	if s.window != window || b.view.View() != view {
		t.Fatal("brightness or view jumped")
	}
	b.do(keys.LastFrame)
	b.do(keys.PreviousFrame) // from the last one, which is still on its way
	b.wait("the last but one", func() bool { return s.shown })
	if s.index != s.item.Frames-2 {
		t.Fatalf("at frame %d", s.index)
	}
}

func acceptAll(t *testing.T, b *bench) {
	s := b.sess
	it := s.item
	s.unreadable[review.Key{Instance: it.ID, Frame: 5}] = errors.New("torn")
	for n := range it.Frames - 1 {
		b.do(keys.Accept)
		b.do(keys.Accept) // a second press before the next frame is there decides nothing
		if n < it.Frames-2 {
			b.wait("the next frame", func() bool { return s.shown })
		}
	}
	b.wait("the next image", func() bool { return s.shown && s.item != it })
	if at := s.undecided(it); at >= 0 {
		t.Fatalf("frame %d was passed over", at)
	}
}

// loopARange: a cine plays the chosen frames round and round, from the range's beginning where it stood outside.
func loopARange(t *testing.T, b *bench) {
	s := b.sess
	b.seek(5)
	b.wait("frame 6", func() bool { return s.index == 5 })
	b.do(keys.LoopFrom)
	b.seek(8)
	b.wait("frame 9", func() bool { return s.index == 8 })
	b.do(keys.LoopTo)
	if from, to := s.loopOf(s.item); from != 5 || to != 8 {
		t.Fatalf("plays %d to %d", from, to)
	}
	b.seek(0)
	b.wait("the first frame", func() bool { return s.index == 0 })
	b.setSpeed(2)
	b.do(keys.Play)
	seen := map[int]bool{}
	b.wait("the range", func() bool {
		if s.index != 0 {
			seen[s.index] = true
		}
		return len(seen) == 4 && s.index == 5
	})
	for i := range seen {
		if i < 5 || i > 8 {
			t.Errorf("frame %d was played", i)
		}
	}
	b.do(keys.LoopAll)
	if from, to := s.loopOf(s.item); from != 0 || to != s.item.Frames-1 {
		t.Errorf("plays %d to %d", from, to)
	}
}

// veilWhilePlaying: the inspector hides what is known of one frame while a cine plays, and shows it again when it stops.
func veilWhilePlaying(t *testing.T, b *bench) {
	told := func() bool {
		b.inspector.SetMeasures([]panel.Measure{{Label: "Area", Value: "108 mm²"}}, "")
		return slices.Contains(wordsIn(b.inspector), "108 mm²")
	}
	b.inspector.Resize(fyne.NewSize(300, 900))
	if !told() {
		t.Fatal("measurements are not shown")
	}
	b.do(keys.Play)
	b.wait("a few frames", func() bool { return b.sess.index >= 2 })
	if told() {
		t.Error("the measurements of a frame are shown while others go by")
	}
	b.do(keys.Play)
	if b.playing() || !told() {
		t.Error("they did not come back")
	}
}
