package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// sliderSteps is how many key presses take a slider from one end to the other.
const sliderSteps = 50

// slider chooses a number between two. onChange runs while it moves, onEnd once when the pointer lets go or after a key.
type slider struct {
	widget.BaseWidget
	focus
	low, high, value float64
	scale            bool // draw the colours of expected error along the track
	hovered, dragged bool
	onChange, onEnd  func(float64)
}

func newSlider(onChange, onEnd func(float64)) *slider {
	s := &slider{high: 1, onChange: onChange, onEnd: onEnd}
	s.self = s
	s.ExtendBaseWidget(s)
	return s
}

// set shows a value without calling back. While a person drags the thumb, that person decides.
func (s *slider) set(low, high, value float64) {
	if s.dragged || (s.low == low && s.high == high && s.value == value) {
		return
	}
	s.low, s.high, s.value = low, max(high, low+1e-9), value
	s.Refresh()
}

// share returns where the thumb is, in 0..1.
func (s *slider) share() float64 { return min(max((s.value-s.low)/(s.high-s.low), 0), 1) }

func (s *slider) move(v float64) {
	v = min(max(v, s.low), s.high)
	if v == s.value {
		return
	}
	s.value = v
	s.Refresh()
	if s.onChange != nil {
		s.onChange(v)
	}
}

func (s *slider) end() {
	if s.onEnd != nil {
		s.onEnd(s.value)
	}
}

// thumb is its diameter; the track starts and ends half a thumb inside the widget.
const thumb float32 = 14

func (s *slider) moveTo(x float32) {
	share := float64((x - thumb/2) / max(s.Size().Width-thumb, 1))
	s.move(s.low + min(max(share, 0), 1)*(s.high-s.low))
}

var _ fyne.Draggable = (*slider)(nil)

// Dragged implements fyne.Draggable.
func (s *slider) Dragged(e *fyne.DragEvent) { s.dragged = true; s.moveTo(e.Position.X) }

// DragEnd implements fyne.Draggable.
func (s *slider) DragEnd() { s.dragged = false; s.end(); s.Refresh() }

var _ fyne.Tappable = (*slider)(nil)

// Tapped implements fyne.Tappable.
func (s *slider) Tapped(e *fyne.PointEvent) { s.moveTo(e.Position.X); s.end() }

var _ fyne.Focusable = (*slider)(nil)

// TypedKey implements fyne.Focusable.
func (s *slider) TypedKey(e *fyne.KeyEvent) {
	step := (s.high - s.low) / sliderSteps
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyDown:
		s.move(s.value - step)
	case fyne.KeyRight, fyne.KeyUp:
		s.move(s.value + step)
	case fyne.KeyHome:
		s.move(s.low)
	case fyne.KeyEnd:
		s.move(s.high)
	default:
		s.focus.TypedKey(e)
		return
	}
	s.end()
}

var _ desktop.Hoverable = (*slider)(nil)

// MouseIn implements desktop.Hoverable.
func (s *slider) MouseIn(*desktop.MouseEvent) { s.hovered = true; s.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (s *slider) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (s *slider) MouseOut() { s.hovered = false; s.Refresh() }

// CreateRenderer implements fyne.Widget.
func (s *slider) CreateRenderer() fyne.WidgetRenderer {
	r := &sliderRenderer{
		s: s, track: canvas.NewRectangle(color.Transparent), fill: canvas.NewRectangle(color.Transparent),
		low: canvas.NewHorizontalGradient(color.Transparent, color.Transparent),
		top: canvas.NewHorizontalGradient(color.Transparent, color.Transparent), thumb: canvas.NewCircle(color.Transparent),
	}
	r.track.CornerRadius, r.fill.CornerRadius = 2, 2
	r.Refresh()
	return r
}

type sliderRenderer struct {
	s           *slider
	track, fill *canvas.Rectangle
	low, top    *canvas.LinearGradient
	thumb       *canvas.Circle
}

func (r *sliderRenderer) MinSize() fyne.Size { return fyne.NewSize(80, targetSize) }

func (r *sliderRenderer) Layout(s fyne.Size) {
	w, y := s.Width-thumb, (s.Height-unit)/2
	x := thumb/2 + w*float32(r.s.share())
	place(r.track, thumb/2, y, w, unit)
	place(r.fill, thumb/2, y, x-thumb/2, unit)
	place(r.low, thumb/2, y, w/2, unit)
	place(r.top, thumb/2+w/2, y, w/2, unit)
	place(r.thumb, x-thumb/2, (s.Height-thumb)/2, thumb, thumb)
}

func (r *sliderRenderer) Refresh() {
	t := theme.Current()
	r.track.FillColor, r.fill.FillColor = t.Line, t.Accent
	r.low.StartColor, r.low.EndColor, r.top.StartColor, r.top.EndColor = t.Sure, t.Middling, t.Middling, t.Weak
	setVisible(r.fill, !r.s.scale)
	setVisible(r.low, r.s.scale)
	setVisible(r.top, r.s.scale)
	r.thumb.FillColor, r.thumb.StrokeColor, r.thumb.StrokeWidth = t.Text, t.Panel, 2
	switch {
	case r.s.focused:
		r.thumb.StrokeColor, r.thumb.StrokeWidth = t.Accent, 3
	case r.s.hovered || r.s.dragged:
		r.thumb.StrokeColor = t.Accent
	}
	r.Layout(r.s.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *sliderRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.track, r.fill, r.low, r.top, r.thumb}
}
func (r *sliderRenderer) Destroy() {}
