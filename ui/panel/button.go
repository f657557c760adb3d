package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// kind is how much a button asks for attention.
type kind int

const (
	flat    kind = iota // an icon of a bar: no ground until the pointer is there
	plain               // a button beside a primary one
	primary             // what most people want next
)

// button is an icon, a text, or both, that runs an action.
type button struct {
	widget.BaseWidget
	focus
	icon     string
	say      func() string // nil for an icon alone
	hint     func() string // for the status bar; nil for none
	kind     kind
	height   float32
	compact  bool   // show the icon alone although there is a text
	trailing string // icon after the text; "" for none
	left     bool   // the text starts at the left and is cut where there is no room
	selected bool
	disabled bool
	hovered  bool
	onTap    func()
	onHint   func(string)
}

func newButton(icon string, say func() string, k kind, onTap func()) *button {
	b := &button{icon: icon, say: say, kind: k, height: targetSize, onTap: onTap}
	b.self = b
	b.ExtendBaseWidget(b)
	return b
}

func (b *button) label() string {
	if b.say == nil || (b.compact && b.icon != "") {
		return ""
	}
	return b.say()
}

func (b *button) setSelected(on bool) {
	if b.selected != on {
		b.selected = on
		b.Refresh()
	}
}

var _ fyne.Disableable = (*button)(nil)

// Enable implements fyne.Disableable.
func (b *button) Enable() { b.setDisabled(false) }

// Disable implements fyne.Disableable.
func (b *button) Disable() { b.setDisabled(true) }

// Disabled implements fyne.Disableable.
func (b *button) Disabled() bool { return b.disabled }

func (b *button) setDisabled(on bool) {
	if b.disabled != on {
		b.disabled = on
		b.Refresh()
	}
}

var _ fyne.Tappable = (*button)(nil)

// Tapped implements fyne.Tappable.
func (b *button) Tapped(*fyne.PointEvent) {
	if !b.disabled && b.onTap != nil {
		b.onTap()
	}
}

var _ fyne.Focusable = (*button)(nil)

// TypedKey implements fyne.Focusable.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	if isActivation(e) {
		b.Tapped(nil)
		return
	}
	b.focus.TypedKey(e)
}

// KeyDown implements desktop.Keyable: the key that presses the button must not pan the image too.
func (b *button) KeyDown(e *fyne.KeyEvent) {
	if !isActivation(e) {
		b.focus.KeyDown(e)
	}
}

// FocusGained implements fyne.Focusable.
func (b *button) FocusGained() { b.focus.FocusGained(); b.tell(true) }

// FocusLost implements fyne.Focusable.
func (b *button) FocusLost() { b.focus.FocusLost(); b.tell(false) }

var _ desktop.Hoverable = (*button)(nil)

// MouseIn implements desktop.Hoverable.
func (b *button) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.Refresh(); b.tell(true) }

// MouseMoved implements desktop.Hoverable.
func (b *button) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *button) MouseOut() { b.hovered = false; b.Refresh(); b.tell(false) }

// tell shows the button's hint, or takes it away.
func (b *button) tell(on bool) {
	switch {
	case b.onHint == nil || b.hint == nil:
	case on:
		b.onHint(b.hint())
	default:
		b.onHint("")
	}
}

// CreateRenderer implements fyne.Widget.
func (b *button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{
		b: b, ground: canvas.NewRectangle(color.Transparent), icon: newIcon(b.icon), text: canvas.NewText("", color.Transparent),
		trailing: newIcon(b.trailing),
	}
	r.ground.CornerRadius = radius
	r.Refresh()
	return r
}

type buttonRenderer struct {
	b              *button
	ground         *canvas.Rectangle
	icon, trailing *icon
	text           *canvas.Text
}

// padding is the room left and right of a button's text.
func (r *buttonRenderer) padding() float32 {
	if r.b.kind == flat {
		return gap
	}
	return pad
}

func (r *buttonRenderer) MinSize() fyne.Size {
	s := r.b.label()
	if s == "" && r.b.trailing == "" {
		return fyne.NewSquareSize(r.b.height)
	}
	w := 2*r.padding() + fyne.MeasureText(s, textSize, fyne.TextStyle{}).Width
	if r.b.icon != "" {
		w += iconSize
		if s != "" {
			w += gap - 2
		}
	}
	if r.b.trailing != "" {
		w += smallIcon + unit
	}
	return fyne.NewSize(w, r.b.height)
}

func (r *buttonRenderer) Layout(s fyne.Size) {
	r.ground.Resize(s)
	x := (s.Width - (r.MinSize().Width - 2*r.padding())) / 2
	if r.b.left {
		x = r.padding()
	}
	y := (s.Height - iconSize) / 2
	text := r.b.label()
	if text == "" && r.b.trailing == "" {
		place(r.icon.Image, (s.Width-iconSize)/2, y, iconSize, iconSize)
		return
	}
	if r.b.icon != "" {
		place(r.icon.Image, x, y, iconSize, iconSize)
		x += iconSize
		if text != "" {
			x += gap - 2
		}
	}
	size := r.text.MinSize()
	if r.b.left {
		r.text.Text = elide(text, s.Width-x-r.padding(), textSize, fyne.TextStyle{})
	}
	place(r.text, x, (s.Height-size.Height)/2, size.Width, size.Height)
	if r.b.trailing != "" {
		place(r.trailing.Image, s.Width-r.padding()-smallIcon+2, (s.Height-smallIcon)/2, smallIcon, smallIcon)
	}
}

func (r *buttonRenderer) Refresh() {
	front, back, edge := r.colours()
	r.icon.set(r.b.icon, front)
	r.trailing.set(r.b.trailing, front)
	r.text.Text, r.text.Color, r.text.TextSize = r.b.label(), front, textSize
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = back, edge, 1
	if r.b.focused {
		r.ground.StrokeColor, r.ground.StrokeWidth = theme.Current().Accent, 2
		if r.b.kind == primary {
			r.ground.StrokeColor = theme.Current().Text
		}
	}
	r.text.Refresh()
	r.ground.Refresh()
	r.Layout(r.b.Size())
}

// colours returns those of text, ground and edge in the button's state.
func (r *buttonRenderer) colours() (front, back, edge color.NRGBA) {
	t := theme.Current()
	front = t.Text
	switch r.b.kind {
	case plain:
		back, edge = t.Raised, t.Line
	case primary:
		front, back, edge = roleOnAccent.colour(), t.Accent, t.Accent
	}
	hot := r.b.hovered && !r.b.disabled
	switch {
	case r.b.selected:
		front, back = t.Accent, selectedGround()
	case hot && r.b.kind == primary:
		back = mix(t.Accent, t.Text, 0.15)
	case hot:
		back = mix(t.Raised, t.Text, 0.06)
	}
	if r.b.disabled {
		front = mix(t.Panel, t.Quiet, 0.45)
		if r.b.kind == primary {
			back, edge = t.Raised, t.Raised
		}
	}
	return front, back, edge
}

func (r *buttonRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.icon.Image, r.text, r.trailing.Image}
}
func (r *buttonRenderer) Destroy() {}
