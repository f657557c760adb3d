package ui

import (
	"context"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

func TestAcceptingWithWeakArcsAsksOnce(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	k := s.key()
	card := func() *panel.Card {
		c, _ := b.win.Canvas().Overlays().Top().(*panel.Card)
		return c
	}
	b.do(keys.Accept)
	if card() == nil || s.review.Frame(k).Status != review.Open {
		t.Fatal("accepted without a word about the weak arc")
	}
	b.win.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyN})
	if card() != nil || s.active == nil || s.active.Centre.X < 60 {
		t.Fatal("N does not go to the weakest arc")
	}
	b.do(keys.Accept)
	if card() != nil || s.review.Frame(k).Status != review.Accepted {
		t.Fatal("the second time it accepts")
	}
	b.wait("the second image", func() bool { return s.key() != k })
	k = s.key()
	b.do(keys.NextWeak)
	b.do(keys.Confirm)
	b.do(keys.Accept)
	if card() != nil && s.review.Frame(k).Status != review.Accepted {
		t.Fatal("with nothing weak left there is nothing to ask")
	}
}

// TestNothingIsAcceptedBeforeTheModelAnswered: N and Enter, pressed too early, must not pass an outline that nobody saw.
func TestNothingIsAcceptedBeforeTheModelAnswered(t *testing.T) {
	may := make(chan struct{})
	b := newBench(t, Config{
		Paths:     []string{pictures(t, 1)},
		Predictor: func() (inference.Predictor, error) { return tardy{may}, nil },
	})
	b.start()
	b.wait("the image", func() bool { return b.sess != nil && b.sess.frame != nil && b.sess.shown })
	s := b.sess
	for _, early := range []keys.ID{keys.NextWeak, keys.Confirm, keys.Accept} {
		b.do(keys.Brush) // says something else in between
		b.do(early)
		if got := b.status.Hint(); got != text.T("app.hint.awaited") || s.review.Frame(s.key()).Status != review.Open {
			t.Fatalf("%v before the answer: %q, %v", early, got, s.review.Frame(s.key()).Status)
		}
	}
	close(may)
	b.wait("the answer", func() bool { return s.predicted[s.key()] })
	if got := b.status.Hint(); got == text.T("app.hint.awaited") {
		t.Fatal("still told to wait")
	}
	b.do(keys.NextWeak)
	if s.active == nil {
		t.Fatal("N finds no arc after the answer")
	}
	b.do(keys.Confirm)
	b.updateRow(s.item.ID)
	if st := s.rows[s.item.ID].State; st != panel.InReview {
		t.Fatalf("an arc is confirmed, and the row says %v", st)
	}
}

// TestWhatWasDrawnBeforeTheModelAnsweredCanBeAccepted: a reader who draws need not wait.
func TestWhatWasDrawnBeforeTheModelAnsweredCanBeAccepted(t *testing.T) {
	may := make(chan struct{})
	b := newBench(t, Config{
		Paths:     []string{pictures(t, 1)},
		Predictor: func() (inference.Predictor, error) { return tardy{may}, nil },
	})
	defer close(may)
	b.start()
	b.wait("the image", func() bool { return b.sess != nil && b.sess.frame != nil && b.sess.shown && b.sess.tool != nil })
	b.drag(contour.Point{X: 40, Y: 40}, contour.Point{X: 60, Y: 40})
	b.do(keys.Accept)
	if b.sess.review.Frame(b.sess.key()).Status != review.Accepted {
		t.Fatal("not accepted")
	}
}

// TestTheMeanErrorIsOfWhatIsLeft: what the reader vouches for has no expected error.
func TestTheMeanErrorIsOfWhatIsLeft(t *testing.T) {
	cs := []contour.Contour{{Points: []contour.Vertex{{Expected: 2}, {Expected: 9, State: contour.Corrected}, {Expected: 4, State: contour.NotVisible}}}}
	if got := meanExpected(cs); got != 3 {
		t.Fatal(got)
	}
	cs[0].Points[0].State, cs[0].Points[2].State = contour.Confirmed, contour.Confirmed
	if got := meanExpected(cs); !math.IsNaN(got) {
		t.Fatal("all is settled", got)
	}
}

// tardy is a predictor that answers once it may.
type tardy struct{ may chan struct{} }

func (tardy) Info() inference.Info { return disk{}.Info() }

func (p tardy) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	<-p.may
	return disk{}.Predict(ctx, im, g)
}

func TestWeakArcsAreListedTheWeakestFirst(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	s := b.sess
	// Two more lesions at the right, where the model is unsure.
	b.setToolSize(8)
	b.drag(contour.Point{X: 105, Y: 15}, contour.Point{X: 106, Y: 15})
	b.drag(contour.Point{X: 105, Y: 75}, contour.Point{X: 106, Y: 75})
	arcs := s.weakArcs(s.key())
	for i := 1; i < len(arcs); i++ {
		if arcs[i].Expected > arcs[0].Expected {
			t.Fatal("not the weakest first")
		}
	}
	seen := map[contour.Point]bool{}
	for _, a := range arcs {
		if seen[a.Centre] || !a.Weak || a.State != contour.Predicted {
			t.Fatalf("%+v", a)
		}
		seen[a.Centre] = true
	}
	if p := s.review.Progress(s.key(), s.scale.weakPx(s.item)); p.WeakArcs != len(arcs) {
		t.Fatalf("%d of %d listed", len(arcs), p.WeakArcs)
	}
}

func TestUndoAnywhereGoesThere(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 3)}})
	b.open()
	s := b.sess
	there := func(k review.Key) {
		t.Helper()
		b.wait("the image", func() bool { return s.shown && s.shows(k) })
	}
	first := s.key()
	b.drag(contour.Point{X: 20, Y: 20}, contour.Point{X: 30, Y: 20})
	drawn := s.review.Frame(first).Labels.Clone()
	b.do(keys.NextImage)
	b.wait("the second image", func() bool { return s.shown && s.key() != first })
	second := s.key()
	b.drag(contour.Point{X: 20, Y: 20}, contour.Point{X: 30, Y: 20})
	b.do(keys.NextImage)
	b.wait("the third image", func() bool { return s.shown && s.key() != second })

	b.do(keys.Undo) // this frame: its prediction, nothing of the others
	b.do(keys.Redo)
	b.do(keys.UndoAnywhere)
	there(s.key())
	b.do(keys.RedoAnywhere)
	b.do(keys.Undo)
	b.do(keys.UndoAnywhere)
	there(second)
	b.do(keys.UndoAnywhere)
	there(first)
	if s.review.Frame(first).Labels.Equal(drawn) {
		t.Fatal("not undone")
	}
	b.do(keys.RedoAnywhere)
	if !s.review.Frame(first).Labels.Equal(drawn) {
		t.Fatal("not redone")
	}
	b.do(keys.RedoAnywhere)
	there(second)
}

func TestMeasurementsAreLiveWithTheirInterval(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	settled := func() { b.wait("measuring", func() bool { return !b.measuring.running && !b.measuring.again }) }
	settled()
	rows, note := b.inspector.Measures()
	if len(rows) != 6 || !strings.HasPrefix(rows[0].Value, "40.") || !strings.Contains(rows[0].Value, " px (") || !strings.Contains(note, "90 %") {
		t.Fatalf("%v %q", rows, note)
	}
	b.do(keys.Brush)
	b.setToolSize(5)
	p := press
	p.At = contour.Point{X: 80, Y: 45}
	b.pointer(p)
	b.measuring.last = b.measuring.last.Add(-liveMeasures)
	p.Phase, p.At.X = 1, 100
	b.pointer(p)
	settled()
	if rows, _ = b.inspector.Measures(); !strings.HasPrefix(rows[0].Value, "6") {
		t.Fatalf("not live: %v", rows)
	}
	b.do(keys.Cancel)
	settled()
	if rows, _ = b.inspector.Measures(); !strings.HasPrefix(rows[0].Value, "40.") {
		t.Fatalf("after the stroke was given up: %v", rows)
	}
}

// TestMeasurementsOfAnotherImageAreNotShown: until an image is measured, it has none.
func TestMeasurementsOfAnotherImageAreNotShown(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2, 1)}})
	b.open()
	s := b.sess
	b.wait("measuring", func() bool { return !b.measuring.running && !b.measuring.again })
	first := s.key()
	b.do(keys.NextImage)
	b.wait("the second image", func() bool { return s.shown && s.key() != first })
	rows, _ := b.inspector.Measures()
	for _, r := range rows {
		if r.Value != "…" {
			t.Fatalf("beside the second image stands %v", r)
		}
	}
	b.wait("measuring", func() bool { return !b.measuring.running && !b.measuring.again })
	if rows, _ := b.inspector.Measures(); len(rows) != 0 {
		t.Fatalf("measurements of an image without lesion: %v", rows)
	}
}

func TestStudyProgressFollows(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	s := b.sess
	if p := s.reviewed(); p.Total == 0 || p.Reviewed != 0 {
		t.Fatalf("%+v", p)
	}
	b.do(keys.ConfirmAll)
	p := s.reviewed()
	if share := p.Reviewed / p.Total; share < 0.49 || share > 0.51 {
		t.Fatalf("one of two alike is %v of the study", share)
	}
}
