package panel

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// Choice is one of several: its key for the program and its title for people.
type Choice struct {
	Key   string
	Title func() string
}

// segments is a choice of one among a few, side by side.
type segments struct {
	widget.BaseWidget
	focus
	choices []Choice
	chosen  int
	hovered int
	hint    func() string
	onHint  func(string)
	onPick  func(key string)
}

func newSegments(choices []Choice, chosen string, onPick func(key string)) *segments {
	s := &segments{choices: choices, hovered: -1, onPick: onPick}
	s.self = s
	s.chosen = s.index(chosen)
	s.ExtendBaseWidget(s)
	return s
}

func (s *segments) index(key string) int {
	for i, c := range s.choices {
		if c.Key == key {
			return i
		}
	}
	return 0
}

// none is the index of no choice.
const none = -1

// has tells whether a key is among the choices.
func (s *segments) has(key string) bool {
	return slices.ContainsFunc(s.choices, func(c Choice) bool { return c.Key == key })
}

// key returns the chosen one's.
func (s *segments) key() string { return s.choices[s.chosen].Key }

// set chooses without calling onPick.
func (s *segments) set(key string) {
	if i := s.index(key); i != s.chosen {
		s.chosen = i
		s.Refresh()
	}
}

func (s *segments) pick(i int) {
	if i < 0 || i >= len(s.choices) || i == s.chosen {
		return
	}
	s.chosen = i
	s.Refresh()
	if s.onPick != nil {
		s.onPick(s.key())
	}
}

// at returns which choice lies at x.
func (s *segments) at(x float32) int {
	left := float32(0)
	for i, w := range s.widths(s.Size().Width) {
		if left += w; x < left {
			return i
		}
	}
	return len(s.choices) - 1
}

// widths gives each choice the room of its text, and an equal part of what is over.
func (s *segments) widths(total float32) []float32 {
	out := make([]float32, len(s.choices))
	sum := float32(0)
	for i, c := range s.choices {
		out[i] = fyne.MeasureText(c.Title(), textSize, fyne.TextStyle{}).Width + 2*gap
		sum += out[i]
	}
	for i := range out {
		if total < sum {
			out[i] *= total / sum
		} else {
			out[i] += (total - sum) / float32(len(out))
		}
	}
	return out
}

var _ fyne.Tappable = (*segments)(nil)

// Tapped implements fyne.Tappable.
func (s *segments) Tapped(e *fyne.PointEvent) { s.pick(s.at(e.Position.X)) }

var _ fyne.Focusable = (*segments)(nil)

// TypedKey implements fyne.Focusable.
func (s *segments) TypedKey(e *fyne.KeyEvent) {
	s.choose(e, s.chosen, s.pick)
}

var _ desktop.Hoverable = (*segments)(nil)

// MouseIn implements desktop.Hoverable.
func (s *segments) MouseIn(e *desktop.MouseEvent) {
	s.setHovered(s.at(e.Position.X))
	if s.onHint != nil && s.hint != nil {
		s.onHint(s.hint())
	}
}

// MouseMoved implements desktop.Hoverable.
func (s *segments) MouseMoved(e *desktop.MouseEvent) { s.setHovered(s.at(e.Position.X)) }

// MouseOut implements desktop.Hoverable.
func (s *segments) MouseOut() {
	s.setHovered(-1)
	if s.onHint != nil && s.hint != nil {
		s.onHint("")
	}
}

func (s *segments) setHovered(i int) {
	if s.hovered != i {
		s.hovered = i
		s.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (s *segments) CreateRenderer() fyne.WidgetRenderer {
	r := &segmentsRenderer{s: s, ground: canvas.NewRectangle(color.Transparent)}
	r.ground.CornerRadius = radius
	r.objects = append(r.objects, r.ground)
	for range s.choices {
		g, t := canvas.NewRectangle(color.Transparent), canvas.NewText("", color.Transparent)
		g.CornerRadius = radius - 2
		t.Alignment = fyne.TextAlignCenter
		r.grounds, r.texts = append(r.grounds, g), append(r.texts, t)
		r.objects = append(r.objects, g, t)
	}
	r.Refresh()
	return r
}

type segmentsRenderer struct {
	s       *segments
	ground  *canvas.Rectangle
	grounds []*canvas.Rectangle
	texts   []*canvas.Text
	objects []fyne.CanvasObject
}

func (r *segmentsRenderer) MinSize() fyne.Size {
	w := float32(0)
	for _, c := range r.s.choices {
		w += fyne.MeasureText(c.Title(), textSize, fyne.TextStyle{}).Width + 2*gap
	}
	return fyne.NewSize(w, targetSize)
}

func (r *segmentsRenderer) Layout(s fyne.Size) {
	r.ground.Resize(s)
	x := float32(0)
	for i, w := range r.s.widths(s.Width) {
		place(r.grounds[i], x+2, 2, w-4, s.Height-4)
		h := r.texts[i].MinSize().Height
		place(r.texts[i], x, (s.Height-h)/2, w, h)
		x += w
	}
}

func (r *segmentsRenderer) Refresh() {
	t := theme.Current()
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = t.Ground, t.Line, 1
	if r.s.focused {
		r.ground.StrokeColor, r.ground.StrokeWidth = t.Accent, 2
	}
	for i, c := range r.s.choices {
		front, back := t.Quiet, color.NRGBA{}
		switch i {
		case r.s.chosen:
			front, back = t.Accent, selectedGround()
		case r.s.hovered:
			front, back = t.Text, t.Raised
		}
		r.grounds[i].FillColor = back
		r.texts[i].Text, r.texts[i].Color, r.texts[i].TextSize = c.Title(), front, textSize
		r.grounds[i].Refresh()
		r.texts[i].Refresh()
	}
	r.ground.Refresh()
	r.Layout(r.s.Size())
}

func (r *segmentsRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *segmentsRenderer) Destroy()                     {}
