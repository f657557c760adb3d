package panel

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// focus is the part of a widget that can have the keyboard. Keys that the widget does not use go on to the canvas, so
// that N is the next weak arc wherever the keyboard is.
type focus struct {
	self    fyne.Widget
	focused bool
	away    func(e *fyne.KeyEvent) (used bool) // takes keys before the canvas does, to lead to another widget; may be nil
	gained  func()                             // the keyboard came; may be nil
}

var _ stopper = (*button)(nil)

// lead implements stopper.
func (f *focus) lead(away func(*fyne.KeyEvent) bool, gained func()) { f.away, f.gained = away, gained }

// came tells that the keyboard came.
func (f *focus) came() {
	f.focused = true
	if f.gained != nil {
		f.gained()
	}
}

// FocusGained implements fyne.Focusable.
func (f *focus) FocusGained() { f.came(); f.self.Refresh() }

// FocusLost implements fyne.Focusable.
func (f *focus) FocusLost() { f.focused = false; f.self.Refresh() }

// TypedRune implements fyne.Focusable.
func (f *focus) TypedRune(rune) {}

// TypedKey implements fyne.Focusable: the widget has no use for the key.
func (f *focus) TypedKey(e *fyne.KeyEvent) {
	if f.away != nil && f.away(e) {
		return
	}
	if c := canvasOf(f.self); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
	}
}

// choose is TypedKey of a choice of one among several side by side: Left and Right pick the one beside the chosen one.
func (f *focus) choose(e *fyne.KeyEvent, chosen int, pick func(i int)) {
	switch e.Name {
	case fyne.KeyLeft:
		pick(chosen - 1)
	case fyne.KeyRight:
		pick(chosen + 1)
	default:
		f.TypedKey(e)
	}
}

// KeyDown implements desktop.Keyable.
func (f *focus) KeyDown(e *fyne.KeyEvent) {
	if c, ok := canvasOf(f.self).(desktop.Canvas); ok && c.OnKeyDown() != nil {
		c.OnKeyDown()(e)
	}
}

// KeyUp implements desktop.Keyable.
func (f *focus) KeyUp(e *fyne.KeyEvent) {
	if c, ok := canvasOf(f.self).(desktop.Canvas); ok && c.OnKeyUp() != nil {
		c.OnKeyUp()(e)
	}
}

// focusOn gives the keyboard to a widget on the canvas of another, once that has been drawn.
func focusOn(from fyne.CanvasObject, to fyne.Focusable) {
	if c := canvasOf(from); c != nil {
		c.Focus(to)
	}
}

// canvasOf returns the canvas that o is on, or nil. Fyne knows only of what it has drawn; what was given the keyboard before
// that is found by having it, or its keys would be lost.
func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	d := fyne.CurrentApp().Driver()
	if c := d.CanvasForObject(o); c != nil {
		return c
	}
	for _, w := range d.AllWindows() {
		if any(w.Canvas().Focused()) == any(o) {
			return w.Canvas()
		}
	}
	return nil
}

// isActivation reports whether e presses the focused button.
func isActivation(e *fyne.KeyEvent) bool {
	return e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter
}
