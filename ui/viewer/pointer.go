package viewer

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
)

// Phase is a step of what a pointer does.
type Phase int

// The phases. A gesture is Press, any number of Drag, Release; Release comes exactly once for every Press, however the
// gesture ends. Between gestures there are Hover and Leave.
const (
	Press Phase = iota
	Drag
	Release
	Hover
	Leave
)

// Pointer is what the pointer does to the image.
type Pointer struct {
	Phase     Phase
	At        contour.Point       // image coordinates; may lie outside the image
	Button    desktop.MouseButton // of the gesture; 0 for Hover and Leave
	Modifiers fyne.KeyModifier
}

// gesture is what a pressed button does.
type gesture int

const (
	idle      gesture = iota
	drawing           // reported as Pointer
	panning           // moves the view
	windowing         // reported as OnWindowLevel
	choosing          // drags the legend's handle
)

// hand follows the buttons of the pointer through every order in which Fyne may tell of them: it suppresses moves of what
// is dragged, tells of the end of a drag once or twice, and not at all if a button other than the first goes up outside.
// The end is therefore idempotent, and an end that was lost is noticed at the next move without the button.
type hand struct {
	doing   gesture
	button  desktop.MouseButton
	last    fyne.Position // where the gesture is
	at      fyne.Position // where the pointer is
	inside  bool          // the pointer is over the viewport
	foreign bool          // another button went up: the end of drag that follows is not this gesture's
}

var (
	_ desktop.Mouseable  = (*Viewport)(nil)
	_ desktop.Hoverable  = (*Viewport)(nil)
	_ desktop.Cursorable = (*Viewport)(nil)
	_ fyne.Draggable     = (*Viewport)(nil)
	_ fyne.Scrollable    = (*Viewport)(nil)
)

// MouseDown implements desktop.Mouseable.
func (v *Viewport) MouseDown(e *desktop.MouseEvent) {
	if v.hand.doing != idle && e.Button != v.hand.button {
		return
	}
	v.finish() // the last one, should its end have been lost
	v.stopGlide()
	v.hand.foreign, v.hand.inside = false, true
	v.hand.button, v.hand.last, v.hand.at = e.Button, e.Position, e.Position
	switch v.hand.doing = v.meaning(e); v.hand.doing {
	case drawing:
		v.point(Press, e.Position, e.Modifier)
	case choosing:
		v.chooseWeak(e.Position)
	case idle, panning, windowing:
	}
	v.layCursor()
}

// meaning is what a button begins.
func (v *Viewport) meaning(e *desktop.MouseEvent) gesture {
	switch {
	case e.Button == desktop.MouseButtonPrimary && !v.panKey && v.legend.hit(e.Position):
		return choosing
	case v.frame.full == nil:
		return idle
	case e.Button == desktop.MouseButtonTertiary, e.Button == desktop.MouseButtonPrimary && v.panKey:
		return panning
	case e.Button == desktop.MouseButtonSecondary:
		return windowing
	case e.Button == desktop.MouseButtonPrimary:
		return drawing
	}
	return idle
}

// MouseUp implements desktop.Mouseable.
func (v *Viewport) MouseUp(e *desktop.MouseEvent) {
	if v.hand.doing == idle {
		return
	}
	if e.Button != v.hand.button {
		v.hand.foreign = true
		return
	}
	v.follow(e.Position)
	v.finish()
}

// MouseIn implements desktop.Hoverable.
func (v *Viewport) MouseIn(e *desktop.MouseEvent) { v.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (v *Viewport) MouseMoved(e *desktop.MouseEvent) {
	v.hand.inside = true
	if v.hand.doing != idle && e.Button&v.hand.button == 0 {
		v.finish()
	}
	if v.hand.doing != idle {
		v.follow(e.Position)
		return
	}
	v.hover(e.Position)
}

// MouseOut implements desktop.Hoverable. A gesture goes on outside.
func (v *Viewport) MouseOut() {
	v.hand.inside = false
	if v.hand.doing == idle {
		v.leave()
	}
}

// Dragged implements fyne.Draggable.
func (v *Viewport) Dragged(e *fyne.DragEvent) {
	if v.hand.doing != idle {
		v.follow(e.Position)
	}
}

// DragEnd implements fyne.Draggable.
func (v *Viewport) DragEnd() {
	if v.hand.foreign {
		v.hand.foreign = false
		return
	}
	v.finish()
}

// follow moves the gesture on to p.
func (v *Viewport) follow(p fyne.Position) {
	if p == v.hand.last {
		return
	}
	dx, dy := float64(p.X-v.hand.last.X), float64(p.Y-v.hand.last.Y)
	v.hand.last, v.hand.at = p, p
	switch v.hand.doing {
	case drawing:
		v.point(Drag, p, v.modifiers())
		v.tellHover(p)
	case panning:
		v.geo.pan(dx*v.geo.scale, dy*v.geo.scale)
		v.viewChanged()
	case windowing:
		if v.OnWindowLevel != nil {
			v.OnWindowLevel(dx, dy)
		}
	case choosing:
		v.chooseWeak(p)
	case idle:
	}
	v.layCursor()
}

// finish ends the gesture, if there is one.
func (v *Viewport) finish() {
	was := v.hand.doing
	v.hand.doing = idle
	if was == drawing {
		v.point(Release, v.hand.last, v.modifiers())
	}
	if was != idle && !v.hand.inside {
		v.leave()
	}
	v.layCursor()
}

// hover follows the pointer between gestures.
func (v *Viewport) hover(p fyne.Position) {
	v.hand.at = p
	v.layCursor()
	v.tellNote(v.legend.noted(p))
	if v.frame.full == nil {
		return
	}
	if v.legend.hit(p) || v.legend.noted(p) {
		v.leave()
		return
	}
	v.point(Hover, p, v.modifiers())
	v.tellHover(p)
}

// tellNote has what the legend's note means said while the pointer is over it.
func (v *Viewport) tellNote(over bool) {
	if v.noted == over || v.OnHint == nil {
		return
	}
	v.noted = over
	hint := ""
	if over {
		hint = v.legend.note.Hint
	}
	v.OnHint(hint)
}

// leave tells that the pointer is no longer over the image.
func (v *Viewport) leave() {
	v.layCursor()
	if v.frame.full == nil {
		return
	}
	v.point(Leave, v.hand.at, v.modifiers())
	if v.OnHover != nil {
		v.OnHover(v.imageAt(v.hand.at), false)
	}
}

func (v *Viewport) tellHover(p fyne.Position) {
	if v.OnHover != nil {
		at := v.imageAt(p)
		v.OnHover(at, v.geo.inside(at))
	}
}

// point reports a pointer event.
func (v *Viewport) point(phase Phase, p fyne.Position, m fyne.KeyModifier) {
	if v.OnPointer == nil {
		return
	}
	button := v.hand.button
	if phase == Hover || phase == Leave {
		button = 0
	}
	v.OnPointer(Pointer{Phase: phase, At: v.imageAt(p), Button: button, Modifiers: m})
}

// imageAt is the image point under p. Fyne gives the corner of the screen pixel under the pointer; its centre is meant.
func (v *Viewport) imageAt(p fyne.Position) contour.Point {
	return v.geo.image(float64(p.X)*v.geo.scale+0.5, float64(p.Y)*v.geo.scale+0.5)
}

// Scrolled implements fyne.Scrollable.
func (v *Viewport) Scrolled(e *fyne.ScrollEvent) {
	d := e.Scrolled.DY
	if d == 0 { // some systems turn a wheel sideways while Shift is held
		d = e.Scrolled.DX
	}
	if d == 0 || v.frame.full == nil || v.OnScroll == nil {
		return
	}
	v.OnScroll(float64(d)/notch, v.imageAt(e.Position), v.modifiers())
}

// currentModifiers are the modifier keys that are down now: Fyne tells of them only with clicks.
func currentModifiers() fyne.KeyModifier {
	if d, ok := fyne.CurrentApp().Driver().(desktop.Driver); ok {
		return d.CurrentKeyModifiers()
	}
	return 0
}

// Cursor implements desktop.Cursorable. Fyne asks before it tells where the pointer is, so this follows one event behind.
func (v *Viewport) Cursor() desktop.Cursor {
	switch {
	case v.hand.doing == panning || v.panKey:
		return desktop.PointerCursor
	case v.hand.doing == choosing || v.hand.doing == idle && v.legend.hit(v.hand.at):
		return desktop.HResizeCursor
	case v.frame.full == nil || v.hand.doing == windowing:
		return desktop.DefaultCursor
	case v.ring.large(&v.geo):
		return desktop.HiddenCursor
	}
	return desktop.CrosshairCursor
}
