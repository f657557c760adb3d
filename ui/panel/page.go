package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// Page takes the window's place while something other than the image is looked at: the project, for one. It has a head with
// the way back, a title and controls of its own at the right, and a body below. While it is busy, or has nothing to show, a
// word about that stands in place of the body and its controls.
//
// A page's widgets present and call OnXxx, as all do. Sentences come from functions, so that Refresh puts them into the
// language chosen now.
type Page struct {
	widget.BaseWidget

	Title func() string
	Body  fyne.CanvasObject
	First func() fyne.Focusable // gets the keyboard when the page is shown; nil, or nil from it: the way back
	Keys  func() string         // what the keyboard does in the body, for the status bar; nil: nothing

	OnClose   func()       // the way back was pressed, or Esc
	OnRefresh func()       // language or theme changed: for what is not written anew by Refresh; may be nil
	OnHint    func(string) // what the control under the pointer does; "" when it has gone

	back         *button
	head         *label
	tools        []fyne.CanvasObject
	ground, line *canvas.Rectangle
	busy         *label
	empty        *column
	busyNow      bool
	emptyNow     bool
	todo         fyne.Focusable // the first thing to do on an empty page; nil for none
}

// pageWidth is the most that an empty page's words are wide.
const pageWidth = 110 * unit

// NewPage makes a page. tools stand at the right of its head, in the order in which the keyboard comes to them.
func NewPage(title func() string, body fyne.CanvasObject, tools ...fyne.CanvasObject) *Page {
	p := &Page{
		Title: title, Body: body, tools: tools, head: newBold(title, headingSize), busy: newLabel(fixed(""), roleQuiet, textSize),
		ground: canvas.NewRectangle(color.Transparent), line: canvas.NewRectangle(color.Transparent), empty: newColumn(pad, 0),
	}
	p.back = newButton("arrow-left", say("project.page.back"), flat, func() {
		if p.OnClose != nil {
			p.OnClose()
		}
	})
	p.back.hint = say("project.page.back.hint")
	p.back.onHint = p.tell
	p.back.lead(func(e *fyne.KeyEvent) bool {
		if e.Name == fyne.KeyDown {
			focusOn(p, p.Focus())
		}
		return e.Name == fyne.KeyDown
	}, nil)
	p.busy.align = fyne.TextAlignCenter
	p.ExtendBaseWidget(p)
	return p
}

// NewAction makes a button for the head of a page, or for its empty state.
func NewAction(icon string, say func() string, first bool, act func()) fyne.CanvasObject {
	k := plain
	if first {
		k = primary
	}
	return newButton(icon, say, k, act)
}

func (p *Page) tell(s string) {
	if p.OnHint != nil {
		p.OnHint(s)
	}
}

// Focus is what gets the keyboard when the page is shown: something in the body, or the first thing to do where there is no body.
func (p *Page) Focus() fyne.Focusable {
	var first fyne.Focusable
	switch {
	case p.busyNow:
	case p.emptyNow:
		first = p.todo
	case p.First != nil:
		first = p.First()
	}
	if first == nil {
		return p.back
	}
	return first
}

// Steer gives the keyboard back to the page where nothing has it: a click beside all controls took it away, or a card. The key
// then means what it would have meant; it is false for keys that do not lead anywhere, and while something has the keyboard.
func (p *Page) Steer(e *fyne.KeyEvent) bool {
	c := canvasOf(p)
	if c == nil || c.Focused() != nil {
		return false
	}
	switch e.Name {
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight, fyne.KeyHome, fyne.KeyEnd, fyne.KeyPageUp, fyne.KeyPageDown:
	default:
		return false
	}
	to := p.Focus()
	c.Focus(to)
	to.TypedKey(e)
	return true
}

// SetBusy says that the page waits for something; nil ends that.
func (p *Page) SetBusy(words func() string) {
	p.busyNow = words != nil
	if p.busyNow {
		p.busy.say = words
	}
	p.Refresh()
}

// SetEmpty says that there is nothing to show and what to do about it, with buttons if any; a nil title ends that.
func (p *Page) SetEmpty(title, what func() string, actions ...fyne.CanvasObject) {
	p.emptyNow, p.todo = title != nil, nil
	if p.emptyNow {
		items := []fyne.CanvasObject{newBold(title, headingSize), newParagraph(what, roleQuiet, textSize)}
		if len(actions) > 0 {
			p.todo, _ = actions[0].(fyne.Focusable)
			items = append(items, newRow(gap, none, actions...))
		}
		p.empty.setItems(items...)
	}
	p.Refresh()
}

// Empty tells whether the page says that there is nothing to show.
func (p *Page) Empty() bool { return p.emptyNow && !p.busyNow }

// Refresh implements fyne.Widget.
func (p *Page) Refresh() {
	if p.OnRefresh != nil {
		p.OnRefresh()
	}
	p.BaseWidget.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (p *Page) CreateRenderer() fyne.WidgetRenderer {
	r := &pageRenderer{p}
	r.Refresh()
	return r
}

type pageRenderer struct{ p *Page }

func (r *pageRenderer) Layout(s fyne.Size) {
	p := r.p
	p.ground.Resize(s)
	place(p.line, 0, toolbarHeight-1, s.Width, 1)
	y := (toolbarHeight - toolHeight) / 2
	back := p.back.MinSize().Width
	place(p.back, gap, y, back, toolHeight)
	x := s.Width - gap
	for i := len(p.tools) - 1; i >= 0; i-- {
		m := p.tools[i].MinSize()
		x -= m.Width
		place(p.tools[i], x, (toolbarHeight-m.Height)/2, m.Width, m.Height)
		x -= gap
	}
	left := gap + back + groupGap
	place(p.head, left, y, x-left, toolHeight)
	height := s.Height - toolbarHeight
	place(p.Body, 0, toolbarHeight, s.Width, height)
	place(p.busy, 0, toolbarHeight, s.Width, height)
	w := min(s.Width-2*cardMargin, pageWidth)
	h := p.empty.heightFor(w)
	place(p.empty, (s.Width-w)/2, toolbarHeight+max((height-h)*0.4, gap), w, h)
	for _, t := range p.tools { // they are for what the body shows
		setVisible(t, !p.busyNow && !p.emptyNow)
	}
	setVisible(p.busy, p.busyNow)
	setVisible(p.empty, p.emptyNow && !p.busyNow)
	setVisible(p.Body, !p.busyNow && !p.emptyNow)
}

func (r *pageRenderer) MinSize() fyne.Size { return fyne.NewSize(0, toolbarHeight) }

func (r *pageRenderer) Refresh() {
	t := theme.Current()
	r.p.ground.FillColor, r.p.line.FillColor = t.Ground, t.Line
	r.p.head.say = r.p.Title
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.p.Size())
}

func (r *pageRenderer) Objects() []fyne.CanvasObject {
	p := r.p
	out := append([]fyne.CanvasObject{p.ground, p.line, p.back, p.head}, p.tools...)
	return append(out, p.Body, p.busy, p.empty)
}
func (r *pageRenderer) Destroy() {}
