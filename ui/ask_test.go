package ui

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/viewer"
)

// guided is disk that takes clicks: discs of 10 px around the positive ones come in, around the negative ones they go out.
// Along a stroke it draws a line of 6 px. It waits for hold, if there is one.
type guided struct {
	disk
	hold chan struct{}
	seen *[]inference.Guidance
}

func (g guided) Info() inference.Info {
	m := g.disk.Info()
	m.Guided, m.Labels = true, []inference.Label{{Value: 1, Name: "lesion"}}
	return m
}

func (g guided) Predict(ctx context.Context, im inference.Image, x inference.Guidance) (*inference.Prediction, error) {
	p, err := g.disk.Predict(ctx, im, x)
	if err != nil {
		return nil, err
	}
	p.Model, p.ClickRadius = g.Info(), 4
	if len(x.Positive)+len(x.Negative)+len(x.Stroke) == 0 {
		return p, nil
	}
	if g.seen != nil {
		*g.seen = append(*g.seen, x)
	}
	if g.hold != nil {
		select {
		case <-g.hold:
			if err := ctx.Err(); err != nil {
				g.hold <- struct{}{} // it was meant for the next one
				return nil, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for i, at := range x.Stroke {
		from := x.Stroke[max(0, i-1)]
		p.Mask.Fill(mask.Capsule(from.X, from.Y, at.X, at.Y, 3, 3), 1)
	}
	for _, c := range x.Positive {
		p.Mask.Fill(mask.Capsule(c.X, c.Y, c.X, c.Y, 10, 10), 1)
	}
	for _, c := range x.Negative {
		p.Mask.Fill(mask.Capsule(c.X, c.Y, c.X, c.Y, 10, 10), 0)
	}
	return p, nil
}

// asking is a window with one picture and a model that takes clicks.
func asking(t testing.TB, g guided) (*bench, *review.Frame) {
	t.Helper()
	b := newBench(t, Config{
		Paths:     []string{pictures(t, 1)},
		Predictor: func() (inference.Predictor, error) { return g, nil },
	})
	b.open()
	b.do(keys.Ask)
	if b.sess.tool.Name() != toolAsk {
		t.Fatal("the tool is not chosen")
	}
	return b, b.sess.review.Frame(b.sess.key())
}

// click clicks with modifiers.
func (b *bench) click(x, y float64, mod fyne.KeyModifier) {
	at := contour.Point{X: x, Y: y}
	for _, ph := range []viewer.Phase{viewer.Press, viewer.Release} {
		b.pointer(viewer.Pointer{Phase: ph, At: at, Button: desktop.MouseButtonPrimary, Modifiers: mod})
	}
}

// answers waits until a question has n answers.
func (b *bench) answers(n int) {
	b.t.Helper()
	b.wait("the answer", func() bool { q := b.sess.asked; return q != nil && !q.waiting && len(q.turns) == n })
}

func TestAskTakesAndLeaves(t *testing.T) {
	b, f := asking(t, guided{})
	before, marks := f.Labels, f.Marks
	kept := before.Clone()
	steps := len(b.sess.review.History(f.Key))

	b.click(88, 45, 0) // outside, at the right
	b.answers(1)
	if f.Labels != before || !before.Equal(kept) || f.Marks != marks || len(b.sess.review.History(f.Key)) != steps {
		t.Fatal("the answer is in the mask before it is taken")
	}
	b.do(keys.Cancel)
	if b.sess.asked != nil || f.Labels != before || !before.Equal(kept) || f.Marks != marks || len(b.sess.review.History(f.Key)) != steps {
		t.Fatal("Esc left a trace")
	}
	b.click(88, 45, 0)
	b.answers(1)
	want := b.sess.asked.turns[0].mask
	b.do(keys.Confirm)
	h := b.sess.review.History(f.Key)
	if last := h[len(h)-1]; len(h) != steps+1 || last.Name != "ask" || last.Origin != review.OnRequest || !f.Labels.Equal(want) || f.Labels.At(88, 45) != 1 {
		t.Fatalf("%+v", h)
	}
	if f.Status != review.Open {
		t.Fatal("the Enter that takes the answer must not accept too")
	}
	b.do(keys.Undo)
	if !f.Labels.Equal(kept) || !f.Marks.Equal(marks) {
		t.Fatal("undo does not bring the mask back")
	}
	b.do(keys.Redo)
	if !f.Labels.Equal(want) {
		t.Fatal("redo does not bring the answer again")
	}
}

func TestAskRefinesClickByClick(t *testing.T) {
	var seen []inference.Guidance
	b, f := asking(t, guided{seen: &seen})
	before := f.Labels
	b.click(88, 45, 0)
	b.answers(1)
	first := b.sess.asked.turns[0].mask
	b.click(45, 45, fyne.KeyModifierControl) // inside, at the left: must go out
	b.answers(2)
	second := b.sess.asked.turns[1].mask
	if first.At(88, 45) != 1 || second.At(88, 45) != 1 || second.At(45, 45) != 0 || first.At(45, 45) != 1 {
		t.Fatal("the clicks are not obeyed, one after the other")
	}
	if len(seen) != 2 || seen[0].Newest != inference.PositiveClick || seen[1].Newest != inference.NegativeClick ||
		len(seen[1].Positive) != 1 || len(seen[1].Negative) != 1 || seen[0].Mask != before || seen[1].Mask != first {
		t.Fatalf("the model was told %+v", seen)
	}
	b.do(keys.Undo) // the last click back
	if q := b.sess.asked; q == nil || len(q.turns) != 1 || len(q.guide.Negative) != 0 || len(q.guide.Positive) != 1 {
		t.Fatal("the last click is not back")
	}
	b.do(keys.Undo)
	if b.sess.asked != nil || f.Labels != before {
		t.Fatal("all clicks back is the mask as it was")
	}
}

func TestAskTheBoundaryByAStroke(t *testing.T) {
	var seen []inference.Guidance
	b, f := asking(t, guided{seen: &seen})
	b.drag(contour.Point{X: 82, Y: 30}, contour.Point{X: 86, Y: 45}, contour.Point{X: 82, Y: 60})
	b.answers(1)
	if len(seen) != 1 || len(seen[0].Stroke) != 3 || seen[0].Newest != inference.ContourStroke {
		t.Fatalf("%+v", seen)
	}
	b.do(keys.Confirm)
	if f.Labels.At(85, 45) != 1 {
		t.Fatal("the stroke's change is not taken")
	}
}

func TestAskLeavesConfirmedBoundaryAlone(t *testing.T) {
	b, f := asking(t, guided{})
	s := b.sess
	b.do(keys.NextWeak) // the right half
	b.do(keys.Confirm)
	locked := s.review.Locked(f.Key, 1)
	before := f.Labels
	b.click(80, 45, 0) // on the confirmed boundary
	b.answers(1)
	m := s.asked.turns[0].mask
	for i, v := range locked.Pix {
		if v != 0 && m.Pix[i] != before.Pix[i] {
			t.Fatalf("locked pixel %d changed", i)
		}
	}
	b.do(keys.Cancel)
	b.click(45, 45, fyne.KeyModifierControl) // the left half is open
	b.answers(1)
	b.do(keys.Confirm)
	if f.Labels.At(45, 45) != 0 {
		t.Fatal("what is open did not change")
	}
	// What the model moved can be asked about again at once, although it counts as corrected.
	if st := s.review.Locked(f.Key, 1).At(51, 45) + s.review.Locked(f.Key, 1).At(52, 45) + s.review.Locked(f.Key, 1).At(53, 45); st == 0 {
		t.Fatal("the moved boundary is not corrected")
	}
	b.click(45, 45, 0)
	b.answers(1)
	refined := 0
	for i, v := range s.review.Locked(f.Key, 1).Pix {
		if v != 0 && s.asked.turns[0].mask.Pix[i] != f.Labels.Pix[i] {
			refined++
		}
		if locked.Pix[i] != 0 && s.asked.turns[0].mask.Pix[i] != before.Pix[i] {
			t.Fatal("what the reader confirmed is locked no more")
		}
	}
	if refined == 0 || s.asked.turns[0].mask.At(45, 45) != 1 {
		t.Fatal("the answer just taken cannot be refined")
	}
	b.do(keys.Cancel)
	// Once something else was done, it is locked.
	b.do(keys.Brush)
	b.drag(contour.Point{X: 20, Y: 20}, contour.Point{X: 22, Y: 20})
	now := f.Labels.Clone()
	b.do(keys.Ask)
	b.click(52, 45, 0)
	b.answers(1)
	locked = s.review.Locked(f.Key, 1)
	for i, v := range locked.Pix {
		if v != 0 && s.asked.turns[0].mask.Pix[i] != now.Pix[i] {
			t.Fatal("a corrected arc changed")
		}
	}
}

func TestClicksWhileTheModelThinks(t *testing.T) {
	hold := make(chan struct{}, 4)
	var seen []inference.Guidance
	b, f := asking(t, guided{hold: hold, seen: &seen})
	b.click(88, 45, 0)
	b.click(60, 12, 0)
	b.do(keys.Confirm) // nothing to take yet, nothing to accept either
	if f.Status != review.Open || b.sess.asked == nil {
		t.Fatal("Enter did not wait for the answer")
	}
	hold <- struct{}{}
	hold <- struct{}{}
	b.answers(1)
	last := seen[len(seen)-1]
	if len(last.Positive) != 2 || last.Newest != inference.Everything {
		t.Fatalf("%+v", last)
	}
	if m := b.sess.asked.turns[0].mask; m.At(88, 45) != 1 || m.At(60, 12) != 1 {
		t.Fatal("a click was lost")
	}
	b.click(30, 45, 0)
	b.do(keys.Undo) // before its answer
	if q := b.sess.asked; q == nil || q.waiting || len(q.guide.Positive) != 2 {
		t.Fatal("the click under way is not back")
	}
	b.click(30, 45, 0)
	b.do(keys.Cancel)
	if b.sess.asked != nil || b.sess.review.Frame(f.Key).Labels != f.Labels {
		t.Fatal("Esc while the model thinks")
	}
}

func TestAnswersToWhatIsGoneAreDropped(t *testing.T) {
	hold := make(chan struct{}, 9)
	b, f := asking(t, guided{hold: hold})
	for name, change := range map[string]func(){
		"a stroke": func() {
			b.do(keys.Brush)
			b.drag(contour.Point{X: 20, Y: 20}, contour.Point{X: 24, Y: 20})
			b.do(keys.Ask)
		},
		"another tool": func() { b.do(keys.Push); b.do(keys.Ask) },
		"confirm all":  func() { b.do(keys.ConfirmAll) },
	} {
		b.click(88, 45, 0)
		change()
		if b.sess.asked != nil {
			t.Errorf("%s leaves the question standing", name)
		}
	}
	before := f.Labels
	hold <- struct{}{}
	b.click(30, 40, 0)
	b.answers(1)
	if f.Labels != before {
		t.Error("a late answer changed the mask")
	}
}

func TestAskWithoutAPointer(t *testing.T) {
	var seen []inference.Guidance
	b, f := asking(t, guided{seen: &seen})
	b.do(keys.AskOut) // goes to the weakest arc by itself
	b.answers(1)
	b.do(keys.AskOut)
	b.answers(2)
	ps := seen[1].Positive
	if len(ps) != 2 || math.Hypot(ps[0].X-60, ps[0].Y-45) < 22 || math.Hypot(ps[1].X-60, ps[1].Y-45) < math.Hypot(ps[0].X-60, ps[0].Y-45)+3 {
		t.Fatalf("clicks at %v", ps)
	}
	b.do(keys.Cancel)
	b.do(keys.AskIn)
	b.answers(1)
	if ns := seen[2].Negative; len(ns) != 1 || math.Hypot(ns[0].X-60, ns[0].Y-45) > 18 {
		t.Fatalf("clicks at %v", ns)
	}
	b.do(keys.Confirm)
	if h := b.sess.review.History(f.Key); h[len(h)-1].Name != "ask" {
		t.Fatal("not taken")
	}
}

func TestAModelWithoutGuidanceSaysSo(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.do(keys.Ask)
	if b.sess.tool.Name() == toolAsk || b.win.Canvas().Overlays().Top() == nil {
		t.Fatal("the reader is not told that the model takes no clicks")
	}
}

func TestNoLesionOffersAClick(t *testing.T) {
	b := newBench(t, Config{
		Paths:     []string{pictures(t, 1, 0)},
		Predictor: func() (inference.Predictor, error) { return guided{}, nil },
	})
	b.open()
	s := b.sess
	if msg := b.noLesion(s.review.Frame(s.key())); msg != text.T("ask.nolesion", text.Args{"Percent": "4"}) {
		t.Fatal(msg)
	}
	b.do(keys.Ask)
	b.click(40, 40, 0)
	b.answers(1)
	b.do(keys.Confirm)
	if f := s.review.Frame(s.key()); f.Labels.At(40, 40) != 1 || !f.Touched {
		t.Fatal("a click does not begin a lesion")
	}
}

func TestTakenAnswersSurviveARestart(t *testing.T) {
	ws := filepath.Join(t.TempDir(), "ws")
	dir := pictures(t, 1)
	cfg := func() Config {
		return Config{
			Paths: []string{dir}, Workspace: ws,
			Predictor: func() (inference.Predictor, error) { return guided{}, nil },
		}
	}
	b := newBench(t, cfg())
	b.open()
	before := b.sess.review.Frame(b.sess.key()).Labels.Clone()
	b.do(keys.Ask)
	b.click(88, 45, 0)
	b.answers(1)
	b.do(keys.Confirm)
	want := b.sess.review.Frame(b.sess.key()).Labels.Clone()
	b.endSession()
	if err := b.ws.Close(); err != nil {
		t.Fatal(err)
	}
	b.ws = nil
	again := newBench(t, cfg())
	again.open()
	f := again.sess.review.Frame(again.sess.key())
	if !f.Labels.Equal(want) {
		t.Fatal("the answer is not there")
	}
	again.do(keys.Undo)
	if !f.Labels.Equal(before) {
		t.Fatal("the answer cannot be undone after a restart")
	}
	again.do(keys.Redo)
	if h := again.sess.review.History(f.Key); h[len(h)-1].Name != "ask" || h[len(h)-1].Origin != review.OnRequest || !f.Labels.Equal(want) {
		t.Fatalf("%+v", h)
	}
}
