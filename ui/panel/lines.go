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

// Tone is how much a line of a list calls for attention.
type Tone int

// The tones.
const (
	ToneQuiet Tone = iota // done with
	TonePlain
	ToneWait // waits for somebody
	ToneGood
	ToneWarn
	ToneNone // only tells: it has no sign
)

// tones are each tone's icon and colour.
var tones = [...]struct {
	icon string
	role role
}{
	ToneQuiet: {"check-check", roleQuiet},
	TonePlain: {"circle-dashed", roleText},
	ToneWait:  {"circle-question-mark", roleAccent},
	ToneGood:  {"circle-check", roleGood},
	ToneWarn:  {"triangle-alert", roleWarn},
	ToneNone:  {"circle-dashed", roleText}, // never seen
}

// Line is a row of Lines: a word for each column.
type Line struct {
	Tone  Tone
	Cells []string
}

// LineColumn is a column of Lines.
type LineColumn struct {
	Title func() string
	Share float32 // of the width, among all shares
	Right bool    // numbers stand at its right edge
}

// Lines is a table of which a line can be chosen, by click or Enter. It makes widgets only for those that can be seen.
type Lines struct {
	widget.BaseWidget

	OnChosen func(i int)
	OnHint   func(string)
	Hint     func() string // what choosing does

	columns []LineColumn
	heads   []*label
	lines   []Line
	list    *rows
	rule    *canvas.Rectangle
	note    *paragraph // below the lines; "" for none
	noted   bool
}

// lineHeight is that of a line, and of the columns' titles.
const lineHeight = 8 * unit

// NewLines makes an empty table.
func NewLines(hint func() string, columns ...LineColumn) *Lines {
	l := &Lines{Hint: hint, columns: columns, rule: canvas.NewRectangle(color.Transparent), note: newParagraph(fixed(""), roleQuiet, quietSize+1)}
	for _, c := range columns {
		h := newLabel(c.Title, roleQuiet, quietSize+1)
		if c.Right {
			h.align = fyne.TextAlignTrailing
		}
		l.heads = append(l.heads, h)
	}
	l.list = newRows(lineHeight, func() int { return len(l.lines) }, func() rowWidget { return newLineRow(l) })
	l.list.onKey = func(e *fyne.KeyEvent) bool {
		if !isActivation(e) || l.list.cursor < 0 {
			return false
		}
		l.choose(l.list.cursor)
		return true
	}
	l.ExtendBaseWidget(l)
	return l
}

// First is what gets the keyboard.
func (l *Lines) First() fyne.Focusable { return l.list }

// Set shows lines.
func (l *Lines) Set(lines []Line) {
	l.lines = slices.Clone(lines)
	l.list.cursor = min(l.list.cursor, len(lines)-1)
	l.list.changed()
	l.Refresh()
}

// SetNote writes how the lines are meant below them; "" for nothing.
func (l *Lines) SetNote(words string) {
	l.noted = words != ""
	l.note.set(words)
	l.Refresh()
}

// Shown are the lines on show.
func (l *Lines) Shown() []Line { return l.lines }

// Choose is what a click on line i does.
func (l *Lines) Choose(i int) { l.choose(i) }

// Mark marks line i as the one of which more stands beside the table, until another is chosen.
func (l *Lines) Mark(i int) { l.list.mark(i) }

// Marked is that line; -1 for a table whose lines only lead somewhere.
func (l *Lines) Marked() int { return l.list.marked }

func (l *Lines) choose(i int) {
	if l.list.marked >= 0 {
		l.list.mark(i)
	} else {
		l.list.setCursor(i)
	}
	call(l.OnChosen, i)
}

// spread calls put with the place of each column in a row so wide.
func (l *Lines) spread(width float32, put func(i int, x, w float32)) {
	total := float32(0)
	for _, c := range l.columns {
		total += c.Share
	}
	x := pad + smallIcon + gap
	room := width - x - pad
	for i, c := range l.columns {
		w := room * c.Share / total
		put(i, x, w-gap)
		x += w
	}
}

// CreateRenderer implements fyne.Widget.
func (l *Lines) CreateRenderer() fyne.WidgetRenderer {
	r := &linesRenderer{l}
	r.Refresh()
	return r
}

type linesRenderer struct{ l *Lines }

func (r *linesRenderer) Layout(s fyne.Size) {
	l := r.l
	l.spread(s.Width, func(i int, x, w float32) { place(l.heads[i], x, 0, w, lineHeight) })
	place(l.rule, 0, lineHeight-1, s.Width, 1)
	room, width := max(s.Height-lineHeight, 0), max(s.Width-2*pad, 0)
	setVisible(l.note, l.noted)
	if l.noted {
		h := l.note.heightFor(width)
		room = min(max(room-h-2*gap, 0), float32(len(l.lines))*lineHeight)
		place(l.note, pad, lineHeight+room+gap, width, h)
	}
	place(l.list, 0, lineHeight, s.Width, room)
}

func (r *linesRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 3*lineHeight) }

func (r *linesRenderer) Refresh() {
	r.l.rule.FillColor = theme.Current().Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.l.Size())
}

func (r *linesRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{r.l.rule, r.l.list, r.l.note}
	for _, h := range r.l.heads {
		out = append(out, h)
	}
	return out
}
func (r *linesRenderer) Destroy() {}

// lineRow shows one line after another as the list scrolls.
type lineRow struct {
	widget.BaseWidget
	l       *Lines
	i       int
	hovered bool
	ground  *canvas.Rectangle
	icon    *icon
	cells   []*label
}

func newLineRow(l *Lines) *lineRow {
	r := &lineRow{l: l, i: -1, ground: canvas.NewRectangle(color.Transparent), icon: newIcon("circle-dashed")}
	for _, c := range l.columns {
		t := newLabel(fixed(""), roleText, textSize)
		if c.Right {
			t.align = fyne.TextAlignTrailing
		}
		r.cells = append(r.cells, t)
	}
	r.ground.CornerRadius = radius
	r.ExtendBaseWidget(r)
	return r
}

// bind implements rowWidget.
func (r *lineRow) bind(i int) {
	r.i = i
	r.Refresh()
}

var _ fyne.Tappable = (*lineRow)(nil)

// Tapped implements fyne.Tappable.
func (r *lineRow) Tapped(*fyne.PointEvent) {
	if r.i >= 0 && r.i < len(r.l.lines) {
		r.l.choose(r.i)
	}
}

var _ desktop.Hoverable = (*lineRow)(nil)

// MouseIn implements desktop.Hoverable.
func (r *lineRow) MouseIn(*desktop.MouseEvent) {
	r.hovered = true
	r.paint()
	if r.l.Hint != nil {
		call(r.l.OnHint, r.l.Hint())
	}
}

// MouseMoved implements desktop.Hoverable.
func (r *lineRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *lineRow) MouseOut() { r.hovered = false; r.paint(); call(r.l.OnHint, "") }

func (r *lineRow) paint() { r.l.list.paint(r.ground, r.i, r.hovered) }

// CreateRenderer implements fyne.Widget.
func (r *lineRow) CreateRenderer() fyne.WidgetRenderer {
	d := &lineRowRenderer{r}
	d.Refresh()
	return d
}

type lineRowRenderer struct{ r *lineRow }

func (d *lineRowRenderer) MinSize() fyne.Size { return fyne.NewSize(0, lineHeight) }

func (d *lineRowRenderer) Layout(s fyne.Size) {
	r := d.r
	place(r.ground, unit, 1, s.Width-2*unit, s.Height-2)
	place(r.icon.Image, pad, (s.Height-smallIcon)/2, smallIcon, smallIcon)
	r.l.spread(s.Width, func(i int, x, w float32) { place(r.cells[i], x, 0, w, s.Height) })
}

func (d *lineRowRenderer) Refresh() {
	r := d.r
	if r.i < 0 || r.i >= len(r.l.lines) {
		return
	}
	line := r.l.lines[r.i]
	look := tones[line.Tone]
	r.paint()
	setVisible(r.icon.Image, line.Tone != ToneNone)
	r.icon.set(look.icon, look.role.colour())
	for i, c := range r.cells {
		c.set("")
		if i < len(line.Cells) {
			c.set(line.Cells[i])
		}
		c.Refresh()
	}
	d.Layout(r.Size())
}

func (d *lineRowRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{d.r.ground, d.r.icon.Image}
	for _, c := range d.r.cells {
		out = append(out, c)
	}
	return out
}
func (d *lineRowRenderer) Destroy() {}
