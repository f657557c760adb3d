package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// Modal reports whether something lies over the window and has the keyboard: a dialog or a menu.
func Modal(c fyne.Canvas) bool { return c.Overlays().Top() != nil }

// Card is a dialog over the window. While it is there the window below gets neither the pointer nor the keys.
type Card struct {
	widget.BaseWidget

	// OnClosed runs when the card has gone, however that came about. May be nil.
	OnClosed func()

	window        fyne.Window
	title         func() string
	body          *container.Scroll
	content       fyne.CanvasObject
	buttons       []*button // from left to right; the last one is what Enter presses
	width, height float32   // height 0: as high as the content
	stays         bool      // only its own buttons close it
	open          bool
	onKey         func(*fyne.KeyEvent) bool // takes a key before the card does, and says so; nil: none
	below         keyHandlers
	head          *label
}

// keyHandlers are those of the window, kept while a card has its keys.
type keyHandlers struct {
	typed func(*fyne.KeyEvent)
	char  func(rune)
	down  func(*fyne.KeyEvent) // releases still go to the window: what is held there must end
}

func newCard(w fyne.Window, title func() string, width float32, content fyne.CanvasObject, buttons ...*button) *Card {
	c := &Card{window: w, title: title, content: content, width: width, buttons: buttons}
	c.head = newBold(title, headingSize)
	c.body = newScrolled(content)
	c.ExtendBaseWidget(c)
	return c
}

// show puts the card over the window and gives the keyboard to first, or to its last button.
func (c *Card) show(first fyne.Focusable) *Card {
	below := c.window.Canvas()
	below.Unfocus()
	c.open = true
	c.below = keyHandlers{typed: below.OnTypedKey(), char: below.OnTypedRune()}
	below.SetOnTypedKey(c.typedKey)
	below.SetOnTypedRune(nil)
	if d, ok := below.(desktop.Canvas); ok {
		c.below.down = d.OnKeyDown()
		d.SetOnKeyDown(nil)
	}
	below.Overlays().Add(c)
	c.Resize(below.Size())
	if first == nil && len(c.buttons) > 0 {
		first = c.buttons[len(c.buttons)-1]
	}
	if first != nil {
		below.Focus(first)
	}
	if f, ok := first.(*field); ok {
		f.TypedShortcut(&fyne.ShortcutSelectAll{}) // what is typed takes the place of what stands there
	}
	return c
}

// Close takes the card away.
func (c *Card) Close() {
	if !c.open {
		return
	}
	c.open = false
	below := c.window.Canvas()
	below.Overlays().Remove(c)
	below.SetOnTypedKey(c.below.typed)
	below.SetOnTypedRune(c.below.char)
	if d, ok := below.(desktop.Canvas); ok {
		d.SetOnKeyDown(c.below.down)
	}
	if c.OnClosed != nil {
		c.OnClosed()
	}
}

func (c *Card) typedKey(e *fyne.KeyEvent) {
	if c.onKey != nil && c.onKey(e) {
		return
	}
	switch e.Name {
	case fyne.KeyEscape:
		if !c.stays {
			c.Close()
		}
	case fyne.KeyReturn, fyne.KeyEnter:
		if n := len(c.buttons); n > 0 {
			c.buttons[n-1].Tapped(nil)
		}
	case fyne.KeyUp:
		c.scrollBy(-cardLine)
	case fyne.KeyDown:
		c.scrollBy(cardLine)
	case fyne.KeyPageUp:
		c.scrollBy(cardLine - c.body.Size().Height)
	case fyne.KeyPageDown:
		c.scrollBy(c.body.Size().Height - cardLine)
	}
}

// cardLine is how far an arrow key scrolls.
const cardLine = 10 * unit

// scrollBy moves the content up or down, as far as there is any.
func (c *Card) scrollBy(dy float32) {
	c.body.Offset.Y += dy
	c.body.Refresh() // keeps the offset inside
}

// setButtons replaces the buttons.
func (c *Card) setButtons(buttons ...*button) {
	c.buttons = buttons
	c.Refresh()
	if len(buttons) > 0 && c.open {
		c.window.Canvas().Focus(buttons[len(buttons)-1])
	}
}

// closeButton is the plain way out.
func (c *Card) closeButton(say func() string) *button { return newButton("", say, plain, c.Close) }

func sayCancel() string { return text.T("panel.cancel") }
func sayClose() string  { return text.T("panel.close") }

// Tapped implements fyne.Tappable: a tap beside the card does nothing, least of all to what lies below.
func (c *Card) Tapped(*fyne.PointEvent) {}

// CreateRenderer implements fyne.Widget.
func (c *Card) CreateRenderer() fyne.WidgetRenderer {
	r := &cardRenderer{c, canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)}
	r.ground.CornerRadius = radius
	r.Refresh()
	return r
}

type cardRenderer struct {
	c                   *Card
	shade, ground, line *canvas.Rectangle
}

// The card's measures.
const (
	cardMargin = 4 * unit // round the card at least
	cardPad    = 5 * unit
	cardHead   = 7 * unit
	cardFoot   = 10 * unit
)

func (r *cardRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 0) }

func (r *cardRenderer) Layout(s fyne.Size) {
	c := r.c
	r.shade.Resize(s)
	w := min(c.width, s.Width-2*cardMargin)
	inner := w - 2*cardPad
	fixed := 2*cardPad + cardHead
	if len(c.buttons) > 0 {
		fixed += cardFoot
	}
	h := c.height
	if h == 0 {
		h = fixed + heightOf(c.content, inner)
	}
	h = min(h, s.Height-2*cardMargin)
	x, y := (s.Width-w)/2, (s.Height-h)/2
	place(r.ground, x, y, w, h)
	place(c.head, x+cardPad, y+cardPad-unit, inner, cardHead)
	place(c.body, x+cardPad, y+cardPad+cardHead, inner, h-fixed)
	c.body.Refresh()
	right := x + w - cardPad
	for i := len(c.buttons) - 1; i >= 0; i-- {
		b := c.buttons[i]
		bw := max(b.MinSize().Width, 20*unit)
		right -= bw
		place(b, right, y+h-cardPad-targetSize-unit, bw, targetSize+unit)
		right -= gap
	}
}

func (r *cardRenderer) Refresh() {
	t := theme.Current()
	r.shade.FillColor = color.NRGBA{A: 0x99}
	r.ground.FillColor, r.ground.StrokeColor, r.ground.StrokeWidth = t.Panel, t.Line, 1
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.c.Size())
}

func (r *cardRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.shade, r.ground, r.c.head, r.c.body}
	for _, b := range r.c.buttons {
		o = append(o, b)
	}
	return o
}
func (r *cardRenderer) Destroy() {}

// field is a line to type into that passes on the keys which close a card.
type field struct {
	widget.Entry
	onEnter func()
	away    func(e *fyne.KeyEvent) (used bool) // takes keys that lead to another widget; may be nil
	gained  func()                             // the keyboard came; may be nil
}

var _ stopper = (*field)(nil)

// lead implements stopper.
func (f *field) lead(away func(*fyne.KeyEvent) bool, gained func()) { f.away, f.gained = away, gained }

// FocusGained implements fyne.Focusable.
func (f *field) FocusGained() {
	f.Entry.FocusGained()
	if f.gained != nil {
		f.gained()
	}
}

func newField(value string) *field {
	f := &field{}
	f.Text = value
	f.ExtendBaseWidget(f)
	return f
}

// TypedKey implements fyne.Focusable.
func (f *field) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		if f.onEnter != nil {
			f.onEnter()
			return
		}
	case fyne.KeyEscape:
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown:
		f.leave(e)
		return
	case fyne.KeyLeft:
		if f.CursorColumn > 0 || f.SelectedText() != "" {
			f.Entry.TypedKey(e)
		} else {
			f.leave(e)
		}
		return
	default:
		if !isFunctionKey(e) {
			f.Entry.TypedKey(e)
			return
		}
	}
	if c := canvasOf(f); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
	}
}

// KeyDown implements desktop.Keyable: of what goes on to the canvas, that it is pressed anew goes too.
func (f *field) KeyDown(e *fyne.KeyEvent) {
	f.Entry.KeyDown(e)
	if e.Name != fyne.KeyEscape && !isFunctionKey(e) {
		return
	}
	if c, ok := canvasOf(f).(desktop.Canvas); ok && c.OnKeyDown() != nil {
		c.OnKeyDown()(e)
	}
}

// leave hands a key on that leads to another widget, if there is one.
func (f *field) leave(e *fyne.KeyEvent) {
	if f.away == nil || !f.away(e) {
		f.Entry.TypedKey(e)
	}
}

// isFunctionKey tells F1 to F12 from the letter F.
func isFunctionKey(e *fyne.KeyEvent) bool { return len(e.Name) > 1 && e.Name[0] == 'F' }
