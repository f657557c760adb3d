package viewer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
)

func mouse(x, y float32, b desktop.MouseButton) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}, Button: b}
}

func drag(x, y float32) *fyne.DragEvent {
	return &fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}}
}

// record notes pointer events in short: "press 100,50".
func record(v *Viewport) *[]string {
	var log []string
	names := map[Phase]string{Press: "press", Drag: "drag", Release: "release", Hover: "hover", Leave: "leave"}
	v.OnPointer = func(p Pointer) {
		x, y := v.geo.screen(p.At)
		log = append(log, fmt.Sprintf("%s %d,%d", names[p.Phase], int(x), int(y)))
	}
	return &log
}

const (
	first  = desktop.MouseButtonPrimary
	second = desktop.MouseButtonSecondary
	third  = desktop.MouseButtonTertiary
)

// Fyne tells the end of a gesture in many ways. However it comes, every press has one release, and no ink is lost before.
func TestGestureEndsOnceInEveryOrder(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(v *Viewport)
		want []string
	}{
		"click": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.MouseUp(mouse(300, 200, first))
		}, []string{"press 300,200", "release 300,200"}},
		"moves, drags, up, end of drag": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.MouseMoved(mouse(301, 200, first))
			v.Dragged(drag(310, 200))
			v.Dragged(drag(320, 210))
			v.MouseUp(mouse(320, 210, first))
			v.DragEnd()
			v.MouseMoved(mouse(321, 210, 0))
		}, []string{"press 300,200", "drag 301,200", "drag 310,200", "drag 320,210", "release 320,210", "hover 321,210"}},
		"end of drag alone": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.Dragged(drag(310, 200))
			v.DragEnd()
		}, []string{"press 300,200", "drag 310,200", "release 310,200"}},
		"up further on": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.Dragged(drag(310, 200))
			v.MouseUp(mouse(330, 220, first))
			v.DragEnd()
		}, []string{"press 300,200", "drag 310,200", "drag 330,220", "release 330,220"}},
		"drag goes on outside": {func(v *Viewport) {
			v.MouseDown(mouse(790, 200, first))
			v.MouseMoved(mouse(791, 200, first))
			v.MouseOut()
			v.Dragged(drag(850, 200))
			v.MouseUp(mouse(860, 200, first))
			v.DragEnd()
		}, []string{"press 790,200", "drag 791,200", "drag 850,200", "drag 860,200", "release 860,200", "leave 860,200"}},
		"up lost outside, found when back": {func(v *Viewport) {
			v.MouseDown(mouse(799, 200, first))
			v.MouseOut()
			v.MouseIn(mouse(400, 200, 0))
		}, []string{"press 799,200", "release 799,200", "hover 400,200"}},
		"up lost, next press": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.MouseDown(mouse(400, 200, first))
			v.MouseUp(mouse(400, 200, first))
		}, []string{"press 300,200", "release 300,200", "press 400,200", "release 400,200"}},
		"another button in between": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.Dragged(drag(310, 200))
			v.MouseDown(mouse(310, 200, second))
			v.MouseUp(mouse(310, 200, second))
			v.DragEnd() // of the whole drag, as Fyne tells it
			v.Dragged(drag(320, 200))
			v.MouseUp(mouse(320, 200, first))
			v.DragEnd()
		}, []string{"press 300,200", "drag 310,200", "drag 320,200", "release 320,200"}},
		"repeated events draw once": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.MouseMoved(mouse(305, 200, first))
			v.Dragged(drag(305, 200))
			v.MouseUp(mouse(305, 200, first))
			v.MouseUp(mouse(305, 200, first))
			v.DragEnd()
			v.DragEnd()
		}, []string{"press 300,200", "drag 305,200", "release 305,200"}},
		"drag that began elsewhere": {func(v *Viewport) {
			v.Dragged(drag(305, 200))
			v.DragEnd()
			v.MouseUp(mouse(305, 200, first))
		}, nil},
		"hover and leave": {func(v *Viewport) {
			v.MouseIn(mouse(300, 200, 0))
			v.MouseMoved(mouse(310, 200, 0))
			v.MouseOut()
		}, []string{"hover 300,200", "hover 310,200", "leave 310,200"}},
		"the image goes while drawing": {func(v *Viewport) {
			v.MouseDown(mouse(300, 200, first))
			v.SetImage(nil)
			v.Dragged(drag(310, 200))
			v.MouseUp(mouse(310, 200, first))
		}, []string{"press 300,200", "release 300,200"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := opened(t)
			log := record(v)
			c.do(v)
			if !slices.Equal(*log, c.want) {
				t.Errorf("got  %q\nwant %q", *log, c.want)
			}
		})
	}
}

func TestPointerIsInImageCoordinates(t *testing.T) {
	v := opened(t)
	v.SetView(View{Centre: contour.Point{X: 200, Y: 150}, Zoom: 4})
	var got Pointer
	v.OnPointer = func(p Pointer) { got = p }
	e := mouse(440, 260, first)
	e.Modifier = fyne.KeyModifierControl
	v.MouseDown(e)
	want := contour.Point{X: 200 + 40.5/4, Y: 150 - 39.5/4} // the centre of the pixel under the pointer
	if got.At != want || got.Button != first || got.Modifiers != fyne.KeyModifierControl || got.Phase != Press {
		t.Errorf("got %+v, want it at %v", got, want)
	}
	v.modifiers = func() fyne.KeyModifier { return fyne.KeyModifierShift }
	v.Dragged(drag(444, 260))
	if got.Phase != Drag || got.Modifiers != fyne.KeyModifierShift || got.At.X != want.X+1 {
		t.Errorf("a step on: %+v", got)
	}
}

func TestHoverSaysWhetherInTheImage(t *testing.T) {
	v := opened(t)
	v.SetView(View{Centre: contour.Point{X: 200, Y: 150}, Zoom: 1})
	var at contour.Point
	var inside bool
	v.OnHover = func(p contour.Point, in bool) { at, inside = p, in }
	for _, c := range []struct {
		x, y   float32
		inside bool
	}{{400, 300, true}, {200, 150, true}, {199, 150, false}, {599, 449, true}, {600, 449, false}, {20, 100, false}} {
		v.MouseMoved(mouse(c.x, c.y, 0))
		if want := (contour.Point{X: float64(c.x) - 199.5, Y: float64(c.y) - 149.5}); at != want || inside != c.inside {
			t.Errorf("(%v, %v) is told as %v, %v", c.x, c.y, at, inside)
		}
	}
	v.MouseMoved(mouse(400, 300, 0))
	v.MouseOut()
	if inside {
		t.Error("the pointer has left, and is told to be inside")
	}
}

func TestMiddleButtonAndHeldKeyPan(t *testing.T) {
	for name, button := range map[string]desktop.MouseButton{"middle": third, "key": first} {
		t.Run(name, func(t *testing.T) {
			v := opened(t)
			v.ZoomBy(4)
			log := record(v)
			changes := 0
			v.OnViewChanged = func() { changes++ }
			v.SetPanning(name == "key")
			before := v.ScreenAt(contour.Point{X: 200, Y: 150})
			v.MouseDown(mouse(300, 200, button))
			v.Dragged(drag(340, 190))
			v.MouseUp(mouse(340, 190, button))
			after := v.ScreenAt(contour.Point{X: 200, Y: 150})
			if d := after.Subtract(before); math.Abs(float64(d.X-40)) > 0.01 || math.Abs(float64(d.Y+10)) > 0.01 {
				t.Errorf("moved by %v", d)
			}
			if len(*log) != 0 || changes == 0 {
				t.Errorf("told %q, %d changes of view", *log, changes)
			}
		})
	}
}

func TestSecondButtonIsWindowAndLevel(t *testing.T) {
	v := opened(t)
	log := record(v)
	var x, y float64
	v.OnWindowLevel = func(dx, dy float64) { x, y = x+dx, y+dy }
	v.MouseDown(mouse(300, 200, second))
	v.MouseMoved(mouse(310, 190, second))
	v.MouseMoved(mouse(330, 195, second))
	v.MouseOut()
	v.MouseIn(mouse(10, 10, 0)) // let go outside
	if x != 30 || y != -5 {
		t.Errorf("got %v, %v", x, y)
	}
	if want := []string{"hover 10,10"}; !slices.Equal((*log)[len(*log)-1:], want) || strings.Contains(strings.Join(*log, " "), "press") {
		t.Errorf("told %q", *log)
	}
}

func TestScrollIsToldInNotches(t *testing.T) {
	v := opened(t)
	var notches float64
	var at contour.Point
	v.OnScroll = func(n float64, p contour.Point, _ fyne.KeyModifier) { notches, at = n, p }
	e := &fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(400, 300)}, Scrolled: fyne.NewDelta(0, -2*notch)}
	v.Scrolled(e)
	if notches != -2 || math.Hypot(at.X-200, at.Y-150) > 1 {
		t.Errorf("%v notches at %v", notches, at)
	}
	e.Scrolled = fyne.NewDelta(notch, 0)
	if v.Scrolled(e); notches != 1 {
		t.Errorf("sideways: %v notches", notches)
	}
}

func TestCursorFollowsTheTool(t *testing.T) {
	v := opened(t)
	v.MouseMoved(mouse(300, 200, 0))
	if v.Cursor() != desktop.CrosshairCursor || v.ring.light.Visible() {
		t.Error("without a tool the pointer is no cross")
	}
	v.SetCursor(10, 5)
	if v.Cursor() != desktop.HiddenCursor || !v.ring.light.Visible() {
		t.Error("the tool's outline is not shown")
	}
	if s := v.ring.light.Size(); math.Abs(float64(s.Width)-20*v.Zoom()) > 1 || math.Abs(float64(s.Height)-10*v.Zoom()) > 1 {
		t.Errorf("its size is %v at zoom %v", s, v.Zoom())
	}
	middle := v.ring.light.Position().AddXY(v.ring.light.Size().Width/2, v.ring.light.Size().Height/2)
	if math.Hypot(float64(middle.X-300), float64(middle.Y-200)) > 1 {
		t.Errorf("its middle is at %v", middle)
	}
	v.SetCursor(0.5, 0.5)
	if v.Cursor() != desktop.CrosshairCursor || v.ring.light.Visible() {
		t.Error("an outline too small to see is the pointer")
	}
	v.SetCursor(10, 10)
	v.SetPanning(true)
	if v.Cursor() != desktop.PointerCursor || v.ring.light.Visible() {
		t.Error("the tool's outline stays while the view is moved")
	}
	v.SetPanning(false)
	v.MouseOut()
	if v.ring.light.Visible() {
		t.Error("the outline stays when the pointer has gone")
	}
}
