package panel

import (
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// eachLanguage runs f once per language.
func eachLanguage(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	for _, lang := range text.Languages {
		t.Run(lang, func(t *testing.T) {
			text.SetLanguage(lang)
			t.Cleanup(func() { text.SetLanguage("en") })
			f(t)
		})
	}
}

// show puts o into a window of the given size.
func show(t *testing.T, o fyne.CanvasObject, w, h float32) fyne.Window {
	t.Helper()
	test.NewTempApp(t)
	win := test.NewTempWindow(t, o)
	win.SetPadded(false)
	win.Resize(fyne.NewSize(w, h))
	return win
}

// texts returns what is written in o, for the objects that can be seen.
func texts(o fyne.CanvasObject) []string {
	var out []string
	walk(o, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			out = append(out, t.Text)
		}
	})
	return out
}

// walk visits every visible object with its place relative to the first.
func walk(o fyne.CanvasObject, at fyne.Position, f func(fyne.CanvasObject, fyne.Position)) {
	if !o.Visible() {
		return
	}
	f(o, at)
	var children []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		children = o.Objects
	case fyne.Widget:
		children = test.WidgetRenderer(o).Objects()
	}
	for _, c := range children {
		walk(c, at.Add(c.Position()), f)
	}
}

// spoken are the sentences that end in … by themselves.
func spoken() []string {
	return []string{
		text.T("panel.summary.export"), text.T("panel.worklist.open"), text.T("panel.export.browse"), text.T("panel.browser.reading"), text.T("project.guide.add"),
	}
}

// expectWhole fails for every text that is cut, or wider than the room it has.
func expectWhole(t *testing.T, o fyne.CanvasObject) {
	t.Helper()
	walk(o, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		x, ok := o.(*canvas.Text)
		if !ok {
			return
		}
		if strings.Contains(x.Text, "…") && !slices.Contains(spoken(), x.Text) {
			t.Errorf("%q is cut", x.Text)
		}
		if x.Text != "" && x.Size().Width > 0 && x.MinSize().Width > x.Size().Width+1 {
			t.Errorf("%q needs %v, has %v", x.Text, x.MinSize().Width, x.Size().Width)
		}
	})
}

func contains(all []string, want string) bool {
	for _, s := range all {
		if strings.Contains(s, want) {
			return true
		}
	}
	return false
}

func key(name fyne.KeyName) *fyne.KeyEvent { return &fyne.KeyEvent{Name: name} }

func TestEveryIconExists(t *testing.T) {
	names := []string{
		"x", "arrow-up", "folder", "file", "house", "hard-drive", "history", "folder-open", "play", "pause", "chevron-down",
		"ellipsis", "sun", "triangle-alert", "arrow-left",
	}
	for _, d := range tools {
		names = append(names, d.icon)
	}
	for _, l := range stateLooks {
		names = append(names, l.icon)
	}
	for _, n := range names {
		r := theme.Icon(n, color.NRGBA{1, 2, 3, 255})
		if len(r.Content()) == 0 {
			t.Errorf("there is no icon %q", n)
		}
		if strings.Contains(string(r.Content()), "currentColor") || !strings.Contains(string(r.Content()), "#010203") {
			t.Errorf("icon %q is not coloured", n)
		}
	}
}

// Fyne keeps drawings by their name, so one name must never stand for two colours.
func TestIconsOfTwoColoursHaveTwoNames(t *testing.T) {
	if theme.Icon("x", color.NRGBA{A: 255}).Name() == theme.Icon("x", color.NRGBA{R: 1, A: 255}).Name() {
		t.Error("two colours share a name")
	}
}

func TestElideFits(t *testing.T) {
	test.NewTempApp(t)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-z가-힣 ]{0,40}`).Draw(t, "s")
		width := rapid.Float32Range(20, 400).Draw(t, "width")
		for _, cut := range []func(string, float32, float32, fyne.TextStyle) string{elide, elideHead} {
			got := cut(s, width, textSize, fyne.TextStyle{})
			if w := fyne.MeasureText(got, textSize, fyne.TextStyle{}).Width; w > width+0.5 {
				t.Fatalf("%q is %v wide, not %v", got, w, width)
			}
			if got != s && !strings.Contains(got, "…") {
				t.Fatalf("%q was cut to %q without saying so", s, got)
			}
		}
	})
}

func TestWrapKeepsEveryWord(t *testing.T) {
	test.NewTempApp(t)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-z가-힣]{1,30}( [a-z가-힣]{1,12}){0,12}`).Draw(t, "s")
		width := rapid.Float32Range(30, 300).Draw(t, "width")
		lines := wrap(s, width, textSize)
		if a, b := strings.Join(strings.Fields(s), ""), strings.ReplaceAll(strings.Join(lines, ""), " ", ""); a != b {
			t.Fatalf("%q became %q", s, lines)
		}
		for _, l := range lines {
			if !fits(l, width, textSize) {
				t.Fatalf("line %q is wider than %v", l, width)
			}
		}
	})
}

func TestWrapKeepsNumbersWithTheirUnits(t *testing.T) {
	test.NewTempApp(t)
	width := fyne.MeasureText("reviewed 3", textSize, fyne.TextStyle{}).Width + 1
	if got := wrap("reviewed 3 %. 12 mm² of it", width, textSize); !slices.Equal(got, []string{"reviewed", "3 %.", "12 mm² of", "it"}) {
		t.Errorf("wrapped to %q", got)
	}
}

func TestButtonByPointerAndKeyboard(t *testing.T) {
	n := 0
	var hints []string
	b := newButton("check", fixed("Confirm"), plain, func() { n++ })
	b.hint, b.onHint = fixed("Confirm (Enter)"), func(s string) { hints = append(hints, s) }
	w := show(t, b, 200, 40)
	test.Tap(b)
	w.Canvas().Focus(b)
	b.TypedKey(key(fyne.KeySpace))
	b.TypedKey(key(fyne.KeyReturn))
	if n != 3 {
		t.Errorf("pressed %d times, want 3", n)
	}
	b.Disable()
	test.Tap(b)
	b.TypedKey(key(fyne.KeySpace))
	if n != 3 {
		t.Error("a greyed button still works")
	}
	b.MouseIn(&desktop.MouseEvent{})
	b.MouseOut()
	if len(hints) < 2 || hints[len(hints)-2] != "Confirm (Enter)" || hints[len(hints)-1] != "" {
		t.Errorf("hints were %q", hints)
	}
}

// N must be the next weak arc wherever the keyboard is.
func TestKeysWithoutUseGoOnToTheWindow(t *testing.T) {
	b := newButton("check", nil, flat, nil)
	w := show(t, b, 100, 40)
	var got []fyne.KeyName
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { got = append(got, e.Name) })
	w.Canvas().Focus(b)
	b.TypedKey(key(fyne.KeyN))
	if len(got) != 1 || got[0] != fyne.KeyN {
		t.Errorf("the window saw %v", got)
	}
}

func TestSegments(t *testing.T) {
	var picked []string
	s := newSegments([]Choice{{"a", fixed("Aaa")}, {"b", fixed("Bbb")}, {"c", fixed("Ccc")}}, "b", func(k string) { picked = append(picked, k) })
	show(t, s, 300, 28)
	s.TypedKey(key(fyne.KeyRight))
	s.TypedKey(key(fyne.KeyRight))
	s.Tapped(&fyne.PointEvent{Position: fyne.NewPos(10, 10)})
	s.Tapped(&fyne.PointEvent{Position: fyne.NewPos(12, 10)})
	if strings.Join(picked, "") != "ca" {
		t.Errorf("picked %q", picked)
	}
	s.set("b")
	if len(picked) != 2 || s.key() != "b" {
		t.Error("set must choose without calling back")
	}
}

func TestSlider(t *testing.T) {
	var moved, ended []float64
	s := newSlider(func(v float64) { moved = append(moved, v) }, func(v float64) { ended = append(ended, v) })
	show(t, s, 200, 28)
	s.set(0, 10, 5)
	if len(moved) != 0 {
		t.Error("set must not call back")
	}
	s.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(1000, 5)}})
	s.set(0, 10, 3)
	if s.value != 10 {
		t.Error("a value from outside moved the thumb under the finger")
	}
	s.DragEnd()
	s.TypedKey(key(fyne.KeyHome))
	s.TypedKey(key(fyne.KeyRight))
	if moved[0] != 10 || moved[1] != 0 || math.Abs(moved[2]-10.0/sliderSteps) > 1e-9 || len(ended) != 3 {
		t.Errorf("moved %v, ended %v", moved, ended)
	}
}

func TestSliderStaysInItsRange(t *testing.T) {
	test.NewTempApp(t)
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-10, 10).Draw(t, "low")
		high := rapid.Float64Range(-10, 10).Draw(t, "high")
		s := newSlider(nil, nil)
		s.set(low, high, rapid.Float64Range(-20, 20).Draw(t, "value"))
		s.Resize(fyne.NewSize(rapid.Float32Range(0, 300).Draw(t, "width"), 28))
		if share := s.share(); !(share >= 0 && share <= 1) {
			t.Fatalf("share %v", share)
		}
		s.moveTo(rapid.Float32Range(-50, 400).Draw(t, "x"))
		if s.value < s.low || s.value > s.high {
			t.Fatalf("%v is not in %v..%v", s.value, s.low, s.high)
		}
	})
}

func TestQuantity(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{{0.84, "mm", "0.84 mm"}, {14.23, "mm", "14.2 mm"}, {142.3, "mm", "142 mm"}, {3.25, "px", "3.2 px"}, {31.4, "px", "31 px"}} {
		if got := quantity(c.v, c.unit); got != c.want {
			t.Errorf("%v is written %q, want %q", c.v, got, c.want)
		}
	}
}

func TestFrameLook(t *testing.T) {
	_, strong := frameLook(FrameState{Predicted, 0.9})
	_, slight := frameLook(FrameState{Predicted, 0.1})
	grey, unknown := frameLook(FrameState{Predicted, math.NaN()})
	if sure, _ := frameLook(FrameState{Predicted, 0}); grey == sure {
		t.Error("what nobody knows yet looks sure")
	}
	if !(strong > slight && slight > unknown) {
		t.Errorf("heights %v, %v, %v do not fall with the weak share", strong, slight, unknown)
	}
	for s := Waiting; s <= Refused; s++ {
		if c, h := frameLook(FrameState{s, 2}); c.A != 255 || h <= 0 || h > 1 {
			t.Errorf("state %d: %v, %v", s, c, h)
		}
	}
}

func pixels(n int) image.Image { return image.NewRGBA(image.Rect(0, 0, n, n)) }
