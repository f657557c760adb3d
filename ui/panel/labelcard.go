package panel

import (
	"image/color"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// LabelCard is the card that asks what a label is called and which colour it has.
type LabelCard struct {
	Name    string // that the reader gave; "" for none
	Plain   string // what it is called without
	Number  int    // its value
	Colours []color.NRGBA
	Colour  int // the chosen one
	OnDone  func(name string, colour int) error
}

// ShowLabel asks for the name and the colour of a label. It closes when OnDone takes the answer, and else says what is wrong.
func ShowLabel(w fyne.Window, q LabelCard) *Card {
	name := newField(q.Name)
	name.SetPlaceHolder(q.Plain)
	name.CursorColumn = utf8.RuneCountInString(q.Name)
	colours := newSwatches(q.Colours, q.Colour)
	note := newParagraph(say("panel.label.codes"), roleQuiet, quietSize+1)
	take := newButton("", say("panel.label.take"), primary, nil)
	c := newCard(w, say("panel.label.title", text.Args{"Number": q.Number}), 440, newColumn(pad, 0,
		caption("panel.label.name", name), caption("panel.label.colour", colours), note,
	))
	take.onTap = func() {
		if err := q.OnDone(name.Text, colours.chosen); err != nil {
			note.say, note.role = fixed(text.Fault(err)), roleBad
			c.Refresh()
			return
		}
		c.Close()
	}
	name.onEnter = func() { take.Tapped(nil) }
	c.buttons = []*button{c.closeButton(sayCancel), take}
	return c.show(name)
}

// swatches is a choice of one colour among several, side by side.
type swatches struct {
	widget.BaseWidget
	focus
	colours []color.NRGBA
	chosen  int
}

func newSwatches(colours []color.NRGBA, chosen int) *swatches {
	s := &swatches{colours: colours, chosen: chosen}
	s.self = s
	s.ExtendBaseWidget(s)
	return s
}

func (s *swatches) pick(i int) {
	if i >= 0 && i < len(s.colours) && i != s.chosen {
		s.chosen = i
		s.Refresh()
	}
}

var _ fyne.Tappable = (*swatches)(nil)

// Tapped implements fyne.Tappable.
func (s *swatches) Tapped(e *fyne.PointEvent) { s.pick(int(e.Position.X / swatchStep)) }

var _ fyne.Focusable = (*swatches)(nil)

// TypedKey implements fyne.Focusable.
func (s *swatches) TypedKey(e *fyne.KeyEvent) {
	s.choose(e, s.chosen, s.pick)
}

// swatchStep is the room of one colour.
const swatchStep = targetSize + unit

// CreateRenderer implements fyne.Widget.
func (s *swatches) CreateRenderer() fyne.WidgetRenderer {
	r := &swatchesRenderer{s: s}
	for range s.colours {
		f, c := canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)
		f.CornerRadius, c.CornerRadius = radius, radius-2
		r.frames, r.chips = append(r.frames, f), append(r.chips, c)
		r.objects = append(r.objects, f, c)
	}
	r.Refresh()
	return r
}

type swatchesRenderer struct {
	s             *swatches
	frames, chips []*canvas.Rectangle
	objects       []fyne.CanvasObject
}

func (r *swatchesRenderer) MinSize() fyne.Size {
	return fyne.NewSize(float32(len(r.s.colours))*swatchStep, targetSize)
}

func (r *swatchesRenderer) Layout(fyne.Size) {
	for i := range r.chips {
		x := float32(i) * swatchStep
		place(r.frames[i], x, 0, targetSize, targetSize)
		place(r.chips[i], x+unit, unit, targetSize-2*unit, targetSize-2*unit)
	}
}

func (r *swatchesRenderer) Refresh() {
	t := theme.Current()
	for i, c := range r.s.colours {
		r.chips[i].FillColor = c
		f := r.frames[i]
		f.StrokeColor, f.StrokeWidth = color.Transparent, 0
		if i == r.s.chosen {
			f.StrokeColor, f.StrokeWidth = t.Text, 2
			if r.s.focused {
				f.StrokeColor = t.Accent
			}
		}
		r.chips[i].Refresh()
		f.Refresh()
	}
	r.Layout(r.s.Size())
}

func (r *swatchesRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *swatchesRenderer) Destroy()                     {}
