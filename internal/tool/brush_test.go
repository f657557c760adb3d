package tool_test

import (
	"math"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

var key = reviewtest.Key

func at(x, y float64) tool.Pointer { return tool.Pointer{X: x, Y: y} }

// gesture presses, drags through and releases, and wants a change.
func gesture(t *testing.T, b tool.Tool, ps ...tool.Pointer) {
	t.Helper()
	if err := b.Press(key, ps[0]); err != nil {
		t.Fatal(err)
	}
	for _, p := range ps[1:] {
		b.Drag(p)
	}
	if changed, err := b.Release(); !changed || err != nil {
		t.Fatal(changed, err)
	}
}

func TestBrushPaintsOneStrokePerGesture(t *testing.T) {
	r := reviewtest.New(100, 60, nil, nil)
	b := tool.NewBrush(r, 2)
	b.Fit(key, 5)
	gesture(t, b, at(20, 30), at(60, 30), at(60, 40))
	want := mask.NewPlane(100, 60)
	want.Fill(mask.Capsule(20, 30, 60, 30, 5, 5), 2)
	want.Fill(mask.Capsule(60, 30, 60, 40, 5, 5), 2)
	if !r.Frame(key).Labels.Equal(want) {
		t.Fatal("wrong pixels")
	}
	if h := r.History(key); len(h) != 1 || h[0].Name != "brush" {
		t.Fatal(h)
	}
	b.Drag(at(90, 50)) // the button is up
	if changed, err := b.Release(); changed || err != nil {
		t.Fatal(changed, err)
	}
	if !r.Frame(key).Labels.Equal(want) {
		t.Fatal("painted after the release")
	}
}

func TestInvertIsSettledAtPress(t *testing.T) {
	r := reviewtest.New(100, 60, nil, nil)
	brush, eraser := tool.NewBrush(r, 1), tool.NewEraser(r, 1)
	for _, b := range []tool.Tool{brush, eraser} {
		b.Fit(key, 8)
	}
	gesture(t, eraser, tool.Pointer{X: 30, Y: 30, Invert: true}, at(60, 30))
	if mask.Count(r.Frame(key).Labels, 1) == 0 {
		t.Fatal("an inverted eraser paints")
	}
	gesture(t, brush, tool.Pointer{X: 30, Y: 30, Invert: true}, at(45, 30))
	gesture(t, eraser, at(45, 30), tool.Pointer{X: 60, Y: 30, Invert: true})
	if mask.Count(r.Frame(key).Labels, 0) != 6000 {
		t.Fatal("not all erased")
	}
	var names []string
	for _, s := range r.History(key) {
		names = append(names, s.Name)
	}
	if len(names) != 3 || names[0] != "brush" || names[1] != "eraser" || names[2] != "eraser" {
		t.Fatal(names)
	}
}

func TestCancelAndBusy(t *testing.T) {
	r := reviewtest.New(100, 60, nil, nil)
	b := tool.NewBrush(r, 1)
	if err := b.Press(key, at(30, 30)); err != nil {
		t.Fatal(err)
	}
	if err := tool.NewEraser(r, 1).Press(key, at(30, 30)); fault.CodeOf(err) != review.CodeBusy {
		t.Fatal(err)
	}
	if err := b.Press(key, at(50, 30)); err != nil { // a release that never came
		t.Fatal(err)
	}
	b.Cancel()
	b.Cancel()
	if r.CanUndo(key) || mask.Count(r.Frame(key).Labels, 1) != 0 {
		t.Fatal("cancelled, yet there")
	}
	if err := b.Press(review.Key{Instance: "b"}, at(0, 0)); fault.CodeOf(err) != review.CodeFrame {
		t.Fatal(err)
	}
}

func TestNamesAndHints(t *testing.T) {
	r := reviewtest.New(10, 10, nil, nil)
	for _, b := range []tool.Tool{tool.NewBrush(r, 1), tool.NewEraser(r, 1)} {
		if b.Hint() != "tool."+b.Name()+".hint" {
			t.Fatal(b.Hint())
		}
	}
}

// BenchmarkBrushStep is one step of the pointer on a frame of 1024×768 with a lesion of 300 px: paint, and the outline
// anew.
func BenchmarkBrushStep(b *testing.B) {
	r := reviewtest.New(1024, 768, nil, nil)
	s, err := r.Begin(key, "import", review.ByModel)
	if err != nil {
		b.Fatal(err)
	}
	s.Fill(mask.Capsule(500, 384, 520, 384, 140, 130), 1)
	if _, err := s.Commit(); err != nil {
		b.Fatal(err)
	}
	brush := tool.NewBrush(r, 1)
	brush.Fit(key, 20)
	if err := brush.Press(key, at(660, 384)); err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		a := float64(i) / 40
		brush.Drag(at(510+155*math.Cos(a), 384+140*math.Sin(a)))
		if len(r.Contours(key)) == 0 {
			b.Fatal("no outline")
		}
		i++
	}
}
