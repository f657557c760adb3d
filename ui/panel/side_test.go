package panel

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"echoline/internal/text"
)

func fullConfidence() Confidence {
	return Confidence{
		Model: "echoline-breast 1.0", Calibrated: true, Probability: 0.97, Expected: 0.84, Reviewed: 0.4, WeakArcs: 3, Unit: "mm",
		Weak: 1.2, WeakMax: 4,
	}
}

func TestInspectorShowsConfidence(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		p := NewInspector()
		p.SetConfidence(fullConfidence())
		p.SetLabels([]Label{{Name: "Lesion", Colour: color.NRGBA{1, 2, 3, 255}}}, 0, OverAll)
		p.SetTool(ToolOptions{Name: "Brush", Size: 3.2, Min: 1, Max: 20, Unit: "mm"})
		p.SetMeasures([]Measure{{"Area", "108 mm²"}}, "a note")
		for _, width := range []float32{200, 213, 300, 480} {
			show(t, p, width, 900)
			expectWhole(t, p)
		}
		got := texts(p)
		for _, want := range []string{"echoline-breast 1.0", "0.84 mm", percent(0.97), "3", "1.20 mm", "108 mm²", "a note", "Lesion"} {
			if !contains(got, want) {
				t.Errorf("%q is not shown in %q", want, got)
			}
		}
	})
}

func TestInspectorIsHonest(t *testing.T) {
	p := NewInspector()
	show(t, p, 300, 900)
	if !contains(texts(p), text.T("panel.confidence.no_model")) {
		t.Errorf("no model is not said in %q", texts(p))
	}
	p.SetConfidence(Confidence{Loading: true})
	if got := texts(p); contains(got, text.T("panel.confidence.no_model")) || !contains(got, text.T("panel.confidence.loading")) {
		t.Errorf("while the model is loaded: %q", got)
	}
	c := fullConfidence()
	c.Calibrated, c.Expected, c.Probability, c.Reviewed, c.WeakArcs = false, math.NaN(), math.NaN(), math.NaN(), -1
	c.Note = "No lesion found"
	p.SetConfidence(c)
	got := texts(p)
	if !contains(got, "not calibrated") || !contains(got, "No lesion found") || contains(got, "NaN") || contains(got, "-1") {
		t.Errorf("shown: %q", got)
	}
}

// TestInspectorTellsNothingOfOneFrameWhileACinePlays: what is told of one would be taken for that of the frame on show. Nothing
// moves for it, and all comes back.
func TestInspectorTellsNothingOfOneFrameWhileACinePlays(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		p := NewInspector()
		c := fullConfidence()
		c.Dice, c.Study, c.Note = 0.83, 0.62, "No lesion here."
		p.SetConfidence(c)
		p.SetMeasures([]Measure{{"Area", "108 mm²"}}, "")
		p.SetHistory([]Step{{Title: "Brush", Done: true}})
		show(t, p, 213, 900)
		places := func() map[string]fyne.Position {
			at := map[string]fyne.Position{}
			walk(p, fyne.Position{}, func(o fyne.CanvasObject, pos fyne.Position) {
				if x, ok := o.(*canvas.Text); ok && x.Text != "" && !strings.ContainsAny(x.Text, "0123456789…") {
					at[x.Text] = pos
				}
			})
			return at
		}
		before, still := texts(p), places()
		p.SetPlaying(true)
		got := seen(p)
		for _, never := range []string{percent(0.97), "0.83", "0.84 mm", percent(0.4), "108 mm²", "No lesion here.", "Brush"} {
			if contains(got, never) {
				t.Errorf("%q is shown while the cine plays: %q", never, got)
			}
		}
		for _, want := range []string{"echoline-breast 1.0", percent(0.62), text.T("panel.confidence.probability"), "Area", "1.20 mm"} {
			if !contains(got, want) {
				t.Errorf("%q is not shown in %q", want, got)
			}
		}
		for name, pos := range places() {
			if was, ok := still[name]; ok && was != pos {
				t.Errorf("%q moved from %v to %v", name, was, pos)
			}
		}
		p.SetMeasures([]Measure{{"Area", "97 mm²"}}, "") // of a frame in between
		if contains(seen(p), "97 mm²") {
			t.Error("measurements of a frame in between are shown")
		}
		p.SetMeasures([]Measure{{"Area", "108 mm²"}}, "")
		p.SetPlaying(false)
		if after := seen(p); !slices.Equal(after, before) {
			t.Errorf("%q came back of %q", after, before)
		}
	})
}

// seen are the texts that have a colour.
func seen(o fyne.CanvasObject) []string {
	var out []string
	walk(o, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			if _, _, _, a := t.Color.RGBA(); a > 0 {
				out = append(out, t.Text)
			}
		}
	})
	return out
}

func TestInspectorCallsBack(t *testing.T) {
	p := NewInspector()
	var weak, size, opacity float64
	label := -1
	p.OnWeak = func(v float64) { weak = v }
	p.OnSize = func(v float64) { size = v }
	p.OnOpacity = func(v float64) { opacity = v }
	p.OnLabel = func(i int) { label = i }
	p.SetConfidence(fullConfidence())
	p.SetTool(ToolOptions{Name: "Brush", Size: 3, Min: 1, Max: 20, Unit: "mm"})
	p.SetLabels([]Label{{Name: "a"}, {Name: "b", Locked: true}}, 0, OverAll)
	show(t, p, 300, 900)
	p.weak.TypedKey(key(fyne.KeyEnd))
	p.size.TypedKey(key(fyne.KeyEnd))
	p.opacity.TypedKey(key(fyne.KeyHome))
	test.Tap(p.labels.items[1].(*labelRow))
	if weak != 4 || size != 20 || opacity != 0 || label != 1 {
		t.Errorf("weak %v, size %v, opacity %v, label %v", weak, size, opacity, label)
	}
	if got := texts(p); !contains(got, "4.00 mm") || !contains(got, "20.0 mm") {
		t.Errorf("the values beside the sliders stayed: %q", got)
	}
}

func TestToolWithoutASizeHasNoSlider(t *testing.T) {
	p := NewInspector()
	p.SetTool(ToolOptions{Name: "Pan"})
	show(t, p, 300, 900)
	if contains(texts(p), text.T("panel.tool.size")) {
		t.Error("a size is offered")
	}
}

func TestHistoryJumps(t *testing.T) {
	p := NewInspector()
	var got []int
	p.OnJump = func(i int) { got = append(got, i) }
	p.SetHistory([]Step{{"Prediction", "", true}, {"Brush", "", true}, {"Eraser", "", false}})
	show(t, p, 300, 900)
	if p.current() != 2 {
		t.Errorf("current row is %d, want 2", p.current())
	}
	test.Tap(p.history.pool[0].(*stepRow))
	test.Tap(p.history.pool[3].(*stepRow))
	p.history.setCursor(1)
	p.history.TypedKey(key(fyne.KeyReturn))
	if fmt.Sprint(got) != "[-1 2 0]" {
		t.Errorf("jumped to %v", got)
	}
	steps := make([]Step, 3000)
	for i := range steps {
		steps[i] = Step{Title: fmt.Sprint("step ", i), Done: i < 1500}
	}
	p.SetHistory(steps)
	if !contains(texts(p), "step 1499") {
		t.Errorf("the present state is out of sight: %q", texts(p))
	}
}

func TestCineSeeks(t *testing.T) {
	c := NewCineStrip()
	var got []int
	played, speed := 0, 0.0
	c.OnSeek = func(i int) { got = append(got, i); c.SetFrame(i) }
	c.OnPlay = func() { played++ }
	c.OnSpeed = func(s float64) { speed = s }
	show(t, c, 900, 72)
	frames := make([]FrameState, 40)
	c.SetFrames(frames, 0)
	end := c.strip.Size().Width
	at := func(x float32) fyne.PointEvent { return fyne.PointEvent{Position: fyne.NewPos(x, 5)} }
	c.strip.MouseDown(&desktop.MouseEvent{PointEvent: at(end / 2)})
	c.strip.Dragged(&fyne.DragEvent{PointEvent: at(end * 2)})
	c.strip.Dragged(&fyne.DragEvent{PointEvent: at(end * 3)})
	c.strip.Dragged(&fyne.DragEvent{PointEvent: at(-9)})
	c.strip.DragEnd()
	if fmt.Sprint(got) != "[20 39 0]" {
		t.Errorf("went to %v", got)
	}
	test.Tap(c.play)
	c.speed.TypedKey(key(fyne.KeyRight))
	if played != 1 || speed != 2 {
		t.Errorf("played %d, speed %v", played, speed)
	}
	if !contains(texts(c), "Frame 1 / 40") {
		t.Errorf("shown: %q", texts(c))
	}
}

func TestCineWithoutFramesIgnoresThePointer(t *testing.T) {
	c := NewCineStrip()
	c.OnSeek = func(int) { t.Error("went somewhere") }
	show(t, c, 900, 72)
	c.strip.MouseDown(&desktop.MouseEvent{})
	c.SetFrameState(3, FrameState{})
	c.strip.draw(0, 0)
}

func TestCineBars(t *testing.T) {
	test.NewTempApp(t)
	c := NewCineStrip()
	c.SetFrames([]FrameState{{Predicted, 1}, {Predicted, 0}, {Waiting, math.NaN()}, {Accepted, 0}}, 0)
	img := c.strip.draw(80, 40)
	height := func(x int) int {
		n := 0
		for y := range 40 {
			if _, _, _, a := img.At(x, y).RGBA(); a > 0 {
				n++
			}
		}
		return n
	}
	if !(height(10) == 40 && height(30) < 40 && height(50) < height(30) && height(70) > 0) {
		t.Errorf("heights %d, %d, %d, %d", height(10), height(30), height(50), height(70))
	}
}

// TestInspectorWithoutImageOffersNothingThatNeedsOne: no tool, label or question, and all of it again with the next image.
func TestInspectorWithoutImageOffersNothingThatNeedsOne(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		p := NewInspector()
		show(t, p, 300, 700)
		p.SetConfidence(fullConfidence())
		sections := []string{
			text.T("panel.confidence.title"), text.T("panel.labels.title"), text.T("panel.tool.title"), text.T("panel.measure.title"),
			text.T("panel.history.title"), text.T("consult.button"), text.T("panel.tool.opacity"),
		}
		back := 0
		p.SetUnshown(&Unshown{Name: "김영희 2.dcm", Why: "The file is empty. Copy it again.", Action: "Back", Icon: "image", Do: func() { back++ }})
		got := texts(p)
		for _, s := range sections {
			if slices.Contains(got, s) {
				t.Errorf("%q is offered where there is no image", s)
			}
		}
		for _, want := range []string{text.T("panel.unshown.file"), "김영희 2.dcm", "The file is empty.", "Back"} {
			if !contains(got, want) {
				t.Errorf("%q is not said: %q", want, got)
			}
		}
		expectWhole(t, p)
		test.Tap(p.unshown.action)
		if back != 1 {
			t.Error("the button leads nowhere")
		}
		p.SetUnshown(nil)
		for _, s := range sections {
			if !contains(texts(p), s) {
				t.Errorf("%q is missing beside an image", s)
			}
		}
		if p.Unshown() != nil || contains(texts(p), "Back") {
			t.Error("beside an image it says that there is none")
		}
	})
}

func TestStatusBar(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		s := NewStatusBar()
		for _, width := range []float32{640, 1280} {
			w := show(t, s, width, statusHeight)
			s.Set(Status{Position: "x 412, y 203", Value: "118", Zoom: "140 %", Calibration: "0.08 mm/px", Calibrated: true, Reader: "김판독"})
			s.SetHint("short")
			w.Resize(fyne.NewSize(width, statusHeight))
			expectWhole(t, s)
			if !contains(texts(s), text.T("panel.status.saved")) || !contains(texts(s), "140 %") {
				t.Errorf("at %v: %q", width, texts(s))
			}
		}
		s.SetHover("Undo (Ctrl+Z)")
		if got := texts(s); contains(got, "short") || !contains(got, "Undo (Ctrl+Z)") {
			t.Errorf("hover: %q", got)
		}
		s.SetHover("")
		s.Set(Status{Saved: NotSaved})
		if got := texts(s); !contains(got, "short") || !contains(got, text.T("panel.status.not_saved")) {
			t.Errorf("after hover: %q", got)
		}
	})
}

func TestAlertStaysUntilSolved(t *testing.T) {
	s := NewStatusBar()
	w := show(t, s, 700, 200)
	tried := 0
	s.SetAlert("The disk is full.", "Try again", func() { tried++ })
	low := s.MinSize().Height
	test.Tap(s.action)
	if tried != 1 || !contains(texts(s), "The disk is full.") {
		t.Error("the alert went, or its button does nothing")
	}
	s.SetAlert("The disk is full, and this sentence goes on for so long that it cannot possibly stand on one line of this window, which is narrow.", "", nil)
	w.Resize(fyne.NewSize(700, 200))
	if s.MinSize().Height <= low {
		t.Error("a long alert gets no second line")
	}
	expectWhole(t, s)
	s.SetAlert("", "", nil)
	if s.MinSize().Height != statusHeight || contains(texts(s), "disk") {
		t.Error("the alert stayed")
	}
}

func TestStatusProgress(t *testing.T) {
	s := NewStatusBar()
	w := show(t, s, 1000, statusHeight)
	s.SetHint("a hint")
	cancelled := false
	before := s.MinSize().Height
	s.SetProgress(1, 2, "Reading 1 of 2", func() { cancelled = true })
	if got := texts(s); !contains(got, "Reading 1 of 2") || contains(got, "a hint") {
		t.Errorf("shown: %q", got)
	}
	if h := s.MinSize().Height; h != before {
		t.Errorf("the bar is %v high while reading, and %v else: all above it jumps", h, before)
	}
	w.Resize(fyne.NewSize(1000, before))
	if b := s.progress.cancel; b.Size().Height < targetSize || b.Position().Y < 0 || b.Position().Y+b.Size().Height > before {
		t.Errorf("the button stands at %v, %v high, in a bar of %v", b.Position().Y, b.Size().Height, before)
	}
	test.Tap(s.progress.cancel)
	s.SetProgress(0, 0, "", nil)
	if got := texts(s); !cancelled || contains(got, "Reading") || !contains(got, "a hint") {
		t.Errorf("shown: %q", got)
	}
}

func BenchmarkSetConfidence(b *testing.B) {
	test.NewTempApp(b)
	p := NewInspector()
	w := test.NewTempWindow(b, p)
	w.Resize(fyne.NewSize(300, 700))
	c := fullConfidence()
	for b.Loop() {
		c.Reviewed = math.Mod(c.Reviewed+0.01, 1)
		p.SetConfidence(c)
	}
}

func BenchmarkStatusBarUnderThePointer(b *testing.B) {
	test.NewTempApp(b)
	s := NewStatusBar()
	w := test.NewTempWindow(b, s)
	w.Resize(fyne.NewSize(1280, statusHeight))
	st := Status{Zoom: "140 %", Reader: "Dr. Kim"}
	for i := 0; b.Loop(); i++ {
		st.Position = fmt.Sprintf("x %d, y 203", i%640)
		s.Set(st)
	}
}
