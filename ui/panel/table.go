package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// Table is a few lines of words and numbers under a head, with a note below.
type Table struct {
	widget.BaseWidget

	lines *column
	note  *paragraph
	all   *column
	body  fyne.CanvasObject
}

// NewTable makes an empty one.
func NewTable() *Table {
	t := &Table{lines: newColumn(0, 0), note: newParagraph(fixed(""), roleQuiet, quietSize+1)}
	t.all = newColumn(pad, 4*unit, t.lines, t.note)
	t.body = newScrolled(t.all)
	t.ExtendBaseWidget(t)
	return t
}

// Set fills the table. The first column holds names, all others are as wide as each other.
func (t *Table) Set(head []string, rows [][]string, note string) {
	items := []fyne.CanvasObject{newTableLine(head, true)}
	for _, r := range rows {
		items = append(items, newTableLine(r, false))
	}
	t.lines.setItems(items...)
	t.note.set(note)
	t.all.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (t *Table) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.body) }

// tableLine is one line of a table.
type tableLine struct {
	widget.BaseWidget
	cells []*label
	line  *canvas.Rectangle
}

func newTableLine(words []string, head bool) *tableLine {
	l := &tableLine{line: canvas.NewRectangle(color.Transparent)}
	for i, w := range words {
		c := newLabel(fixed(w), roleText, textSize)
		if head {
			c.role, c.size = roleQuiet, quietSize+1
		}
		if i > 1 {
			c.align = fyne.TextAlignTrailing
		}
		l.cells = append(l.cells, c)
	}
	l.ExtendBaseWidget(l)
	return l
}

// tableRow is the height of a line.
const tableRow = 8 * unit

// CreateRenderer implements fyne.Widget.
func (l *tableLine) CreateRenderer() fyne.WidgetRenderer {
	r := &tableLineRenderer{l}
	r.Refresh()
	return r
}

type tableLineRenderer struct{ l *tableLine }

func (r *tableLineRenderer) Layout(s fyne.Size) {
	w := (s.Width - gap*float32(len(r.l.cells)-1)) / float32(max(len(r.l.cells), 1))
	for i, c := range r.l.cells {
		place(c, float32(i)*(w+gap), 0, w, s.Height)
	}
	place(r.l.line, 0, s.Height-1, s.Width, 1)
}

func (r *tableLineRenderer) MinSize() fyne.Size { return fyne.NewSize(0, tableRow) }

func (r *tableLineRenderer) Refresh() {
	r.l.line.FillColor = theme.Current().Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.l.Size())
}

func (r *tableLineRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{r.l.line}
	for _, c := range r.l.cells {
		out = append(out, c)
	}
	return out
}
func (r *tableLineRenderer) Destroy() {}
