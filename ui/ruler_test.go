package ui

import (
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"echoline/internal/contour"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// draw drags the pointer from p to q with modifiers held.
func (b *bench) line(p, q contour.Point, mod fyne.KeyModifier) {
	for i, at := range []contour.Point{p, q, q} {
		b.pointer(viewer.Pointer{
			Phase: []viewer.Phase{viewer.Press, viewer.Drag, viewer.Release}[i], At: at, Button: desktop.MouseButtonPrimary, Modifiers: mod,
		})
	}
}

// TestRulerCalibrates: a reader draws the ruler along a known distance, and from then on lengths are in mm; it can be taken
// away again.
func TestRulerCalibrates(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	s := b.sess
	k := s.key()
	b.do(keys.Ruler)
	if got := b.inspector.Tool(); got.Name != text.T("app.ruler") || got.Unit != "" {
		t.Errorf("with the ruler in the hand the inspector tells of %+v", got)
	}
	b.line(contour.Point{X: 10, Y: 10}, contour.Point{X: 13, Y: 50}, fyne.KeyModifierShift)
	if got := b.rulerText(); got != "40.0 px" {
		t.Errorf("upright with Shift, the line measures %q", got)
	}
	if s.review.Frame(k).Touched {
		t.Error("the ruler painted")
	}
	b.line(contour.Point{X: -50, Y: 10}, contour.Point{X: 40, Y: 200}, 0)
	if r := b.ruler; r.a != (contour.Point{X: 0, Y: 10}) || r.b != (contour.Point{X: 40, Y: 90}) {
		t.Errorf("a ruler lies outside the picture, from %v to %v", r.a, r.b)
	}
	b.line(contour.Point{X: 10, Y: 10}, contour.Point{X: 13, Y: 50}, fyne.KeyModifierShift)
	b.do(keys.Confirm)
	field := b.win.Canvas().Focused()
	if field == nil || !panel.Modal(b.win.Canvas()) {
		t.Fatal("nobody asks for the length")
	}
	test.Type(field, "nonsense")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if !panel.Modal(b.win.Canvas()) || s.review.Calibration(k.Instance) != nil {
		t.Fatal("nonsense is a length")
	}
	for range len("nonsense") {
		field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
	}
	test.Type(field, "20,0")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	sp, cal := s.review.SpacingAt(k, [2]float64{5, 5})
	if cal != study.ByRuler || math.Abs(sp.X-0.5) > 1e-9 || panel.Modal(b.win.Canvas()) {
		t.Fatalf("%v by %v", sp, cal)
	}
	if got := b.rulerText(); got != "20.0 mm" {
		t.Errorf("the line measures %q", got)
	}
	b.do(keys.Cancel)
	if b.ruler.on {
		t.Error("Esc leaves the ruler in the hand")
	}
	b.do(keys.Ruler)
	if !b.ruler.drawn {
		t.Error("the line that calibrated the picture is not shown again")
	}
	b.calibrate()
	b.win.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if err := b.takeRuler(s, k, nil); err != nil || s.review.Calibration(k.Instance) != nil {
		t.Error("the calibration cannot be taken away")
	}
	b.do(keys.Brush)
	if b.ruler.on {
		t.Error("the brush leaves the ruler in the hand")
	}
}

// TestRulerWithoutLine: Enter means what it always does.
func TestRulerWithoutLine(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}})
	b.open()
	b.do(keys.Ruler)
	if b.calibrate() {
		t.Error("there is no line to ask about")
	}
}
