package ui

import (
	"math"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

func point(x, y float64) contour.Point { return contour.Point{X: x, Y: y} }

// click presses and releases the first button.
func (b *bench) press(p contour.Point, mod fyne.KeyModifier) {
	for _, phase := range []viewer.Phase{viewer.Hover, viewer.Press, viewer.Release} {
		b.pointer(viewer.Pointer{Phase: phase, At: p, Button: desktop.MouseButtonPrimary, Modifiers: mod})
	}
}

// openedBench is a window with one picture from which the model's outline was erased.
func openedBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.do(keys.Eraser)
	size := b.sizePx
	b.setToolSize(300)
	b.drag(point(50, 30), point(51, 30))
	b.setToolSize(size)
	b.do(keys.Brush)
	if b.count(1) != 0 {
		t.Fatal("not empty")
	}
	return b
}

func (b *bench) count(label uint8) int {
	return mask.Count(b.sess.review.Frame(b.sess.key()).Labels, label)
}

func (b *bench) lastEdit() string {
	h := b.sess.review.History(b.sess.key())
	if len(h) == 0 {
		return ""
	}
	return h[len(h)-1].Name
}

func TestPolygonByKeys(t *testing.T) {
	b := openedBench(t)
	b.do(keys.Lasso)
	b.view.ZoomBy(8)
	for _, p := range []contour.Point{point(20, 10), point(60, 10), point(60, 40), point(90, 50)} {
		b.press(p, 0)
	}
	if !b.sess.sketched || b.count(1) != 0 {
		t.Fatal("no line, or too early")
	}
	b.do(keys.Reject) // Backspace: the last corner goes, the image is not rejected
	b.do(keys.Undo)
	b.press(point(60, 40), 0)
	b.press(point(20, 40), 0)
	b.do(keys.Confirm) // Enter closes
	if b.count(1) != 1200 || b.lastEdit() != "lasso" || b.sess.sketched {
		t.Fatal(b.count(1), b.lastEdit())
	}
	if s := b.sess.review.Frame(b.sess.key()).Status; s != review.Open {
		t.Fatal(s)
	}
	b.press(point(20, 10), 0)
	b.do(keys.Cancel)
	if b.path() != nil || b.sess.sketched {
		t.Fatal("Esc left the line")
	}
	b.press(point(20, 10), 0)
	b.do(keys.Brush)
	if b.sess.sketched {
		t.Fatal("another tool left the line")
	}
}

func TestEllipseAndFiltersByKeys(t *testing.T) {
	b := openedBench(t)
	b.view.ZoomBy(8)
	b.do(keys.Ellipse)
	b.drag(point(20, 30), point(60, 30))
	b.do(keys.Confirm)
	n := b.count(1)
	if n == 0 || b.lastEdit() != "ellipse" {
		t.Fatal(n, b.lastEdit())
	}
	b.do(keys.Grow)
	if b.count(1) <= n || b.lastEdit() != "grow" {
		t.Fatal("not grown")
	}
	b.do(keys.Shrink)
	b.do(keys.Bucket)
	b.drag(point(40, 5), point(40, 50)) // cut in two
	if b.lastEdit() != "cut" || b.count(1) > 2*n/3 {
		t.Fatal(b.lastEdit(), b.count(1), n)
	}
	b.do(keys.Undo)
	b.do(keys.Eraser)
	b.setToolSize(2)
	b.press(point(40, 30), 0)
	b.do(keys.FillHoles)
	if b.lastEdit() != "holes" {
		t.Fatal(b.lastEdit())
	}
	b.do(keys.FillHoles)
	if h := b.sess.review.History(b.sess.key()); h[len(h)-2].Name == "holes" {
		t.Fatal("filled twice")
	}
	b.do(keys.Fresh)
	b.drag(point(70, 40), point(90, 40), point(90, 55), point(70, 55))
	if b.lastEdit() != "fresh" || b.count(1) != 300 {
		t.Fatal(b.lastEdit(), b.count(1))
	}
	b.do(keys.CopyPrevious) // a still has none
	if b.lastEdit() != "fresh" {
		t.Fatal(b.lastEdit())
	}
}

func TestLabelsAndLocks(t *testing.T) {
	b := openedBench(t)
	b.do(keys.Label(3)) // two are none yet
	b.do(keys.Lock(2))
	if b.sess.label != 1 {
		t.Fatal(b.sess.label)
	}
	b.drag(point(30, 30), point(40, 30))
	one := b.count(1)
	b.do(keys.Label(2)) // comes to be
	if b.sess.label != 2 || b.sess.tool.Name() != toolBrush {
		t.Fatal(b.sess.label, b.sess.tool.Name())
	}
	b.do(keys.Lock(1))
	b.drag(point(35, 30), point(60, 30))
	if b.count(1) != one || b.count(2) == 0 {
		t.Fatal("a locked label changed, or the other was not drawn")
	}
	b.lockLabel(0)
	b.chooseOverwrite(panel.OverNone)
	b.drag(point(30, 30), point(40, 30))
	if b.count(1) != one {
		t.Fatal("painted over another label")
	}
	b.chooseOverwrite(panel.OverAll)
	b.drag(point(30, 30), point(40, 30))
	if b.count(1) == one {
		t.Fatal("not painted over another label")
	}
	b.do(keys.Label(1))
	if b.sess.label != 1 || len(b.inspector.Labels()) != 2 {
		t.Fatal(b.sess.label)
	}
}

func TestSlideByWheelAndKeys(t *testing.T) {
	b := openedBench(t)
	b.setToolSize(15)
	b.drag(point(50, 30), point(52, 30))
	n, steps := b.count(1), len(b.sess.review.History(b.sess.key()))
	b.do(keys.Slide)
	zoom := b.view.Zoom()
	b.scrolled(2, point(67, 30), 0)
	b.scrolled(1, point(67, 30), 0)
	if !b.sess.stroke || b.view.Zoom() != zoom {
		t.Fatal("the wheel over an arc does not slide it")
	}
	b.wait("the slide to finish", func() bool { return !b.sess.stroke })
	if b.count(1) <= n || b.lastEdit() != "slide" || len(b.sess.review.History(b.sess.key())) != steps+1 {
		t.Fatal(b.count(1), n, b.lastEdit())
	}
	b.scrolled(1, point(500, 500), 0)
	if b.view.Zoom() == zoom {
		t.Fatal("away from the boundary the wheel zooms")
	}
	b.do(keys.SlideOut) // without an arc it only says so
	if b.sess.stroke {
		t.Fatal("slides nothing")
	}
}

func TestConfirmedBoundaryIsKeptUnlessAStrokeBeginsOnIt(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.view.ZoomBy(8)
	b.do(keys.ConfirmAll)
	n := b.count(1)
	left := point(1000, 0)
	for _, v := range b.sess.review.Contours(b.sess.key())[0].Points {
		if v.X < left.X {
			left = v.Point
		}
	}
	b.setToolSize(2)
	b.do(keys.Eraser)
	b.drag(point(left.X-8, left.Y), point(left.X+1, left.Y)) // stops at the boundary from outside
	if b.count(1) != n || !b.nearKept(left) {
		t.Fatal("a confirmed boundary changed", n, b.count(1), b.nearKept(left))
	}
	b.drag(left, point(left.X+5, left.Y)) // begins on it
	if b.count(1) == n {
		t.Fatal("a stroke that begins on it changes nothing")
	}
}

// BenchmarkPointerMoveOfTools is one move of the pointer on an image of 4096² with a lesion of a quarter of its width, from
// the viewport's report to the new outline, tint and sketch.
func BenchmarkPointerMoveOfTools(b *testing.B) {
	dir := b.TempDir()
	writeGrey(b, filepath.Join(dir, "large.png"), 4096, 4096)
	for _, id := range []keys.ID{keys.Brush, keys.Push, keys.Redraw, keys.Lasso, keys.Wire} {
		b.Run(string(id), func(b *testing.B) {
			w := newBench(b, Config{Paths: []string{dir}})
			w.open()
			w.setToolSize(500)
			w.drag(point(2048, 2048), point(2100, 2048))
			w.setToolSize(60)
			w.do(id)
			w.pointer(viewer.Pointer{Phase: viewer.Press, At: point(2560, 2048), Button: desktop.MouseButtonPrimary})
			i := 0
			for b.Loop() {
				sin, cos := math.Sincos(float64(i) / 200)
				w.pointer(viewer.Pointer{Phase: viewer.Drag, At: point(2060+500*cos, 2048+500*sin)})
				i++
			}
			w.do(keys.Cancel)
		})
	}
}
