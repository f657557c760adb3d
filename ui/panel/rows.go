package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// rowWidget shows one row of rows; bind fills it.
type rowWidget interface {
	fyne.Widget
	bind(i int)
}

// rows is a list of rows of one height that makes widgets only for those that can be seen, so that it stays quick with
// ten thousand. Up, Down, Page Up, Page Down, Home and End move the cursor; what a row means is its owner's affair.
type rows struct {
	widget.BaseWidget
	focus
	rowHeight float32
	count     func() int
	create    func() rowWidget
	onCursor  func(i int)                        // the keyboard moved the cursor
	onKey     func(e *fyne.KeyEvent) (used bool) // keys that the list itself has no use for; may be nil
	onRune    func(rune)                         // letters, for a list that finds names; may be nil
	cursor    int
	marked    int // the row of which more stands beside the list; -1 where that is the cursor's

	scroll *container.Scroll
	body   *fyne.Container
	pool   []rowWidget
	bound  []int // which row each widget of the pool shows
}

func newRows(rowHeight float32, count func() int, create func() rowWidget) *rows {
	r := &rows{rowHeight: rowHeight, count: count, create: create, cursor: -1, marked: -1}
	r.self = r
	r.body = container.New(&rowsLayout{r})
	r.scroll = container.NewVScroll(r.body)
	r.scroll.OnScrolled = func(fyne.Position) { r.lay() }
	r.ExtendBaseWidget(r)
	return r
}

// rowsLayout gives the scrolled body the height of all rows.
type rowsLayout struct{ r *rows }

// Layout implements fyne.Layout.
func (l *rowsLayout) Layout([]fyne.CanvasObject, fyne.Size) { l.r.lay() }

// MinSize implements fyne.Layout.
func (l *rowsLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, l.r.bodyHeight()) }

func (r *rows) bodyHeight() float32 { return float32(r.count()) * r.rowHeight }

// lay puts widgets under the part that can be seen and binds those whose row changed.
func (r *rows) lay() {
	size := r.scroll.Size()
	if size.Height <= 0 {
		return
	}
	need := int(size.Height/r.rowHeight) + 2
	if need > len(r.pool) {
		for len(r.pool) < need {
			w := r.create()
			r.pool = append(r.pool, w)
			r.body.Objects = append(r.body.Objects, w)
		}
		r.bound = make([]int, len(r.pool))
		r.forget()
	}
	first := max(int(r.scroll.Offset.Y/r.rowHeight), 0)
	for k := range r.pool {
		i := first + k
		slot := i % len(r.pool)
		w := r.pool[slot]
		if i >= r.count() {
			w.Hide()
			r.bound[slot] = -1
			continue
		}
		if r.bound[slot] != i {
			r.bound[slot] = i
			w.bind(i)
			w.Show()
		}
		place(w, 0, float32(i)*r.rowHeight, size.Width, r.rowHeight)
	}
}

func (r *rows) forget() {
	for i := range r.bound {
		r.bound[i] = -1
	}
}

// changed binds every row again, after the rows themselves changed.
func (r *rows) changed() {
	r.cursor, r.marked = min(r.cursor, r.count()-1), min(r.marked, r.count()-1)
	r.forget()
	r.body.Resize(fyne.NewSize(r.scroll.Size().Width, max(r.bodyHeight(), r.scroll.Size().Height)))
	r.scroll.Offset.Y = max(min(r.scroll.Offset.Y, r.bodyHeight()-r.scroll.Size().Height), 0)
	r.lay()
	r.scroll.Refresh()
}

// changedRow binds row i again if it can be seen.
func (r *rows) changedRow(i int) {
	if len(r.pool) == 0 || i < 0 {
		return
	}
	if slot := i % len(r.pool); r.bound[slot] == i {
		r.pool[slot].bind(i)
	}
}

// setCursor moves the cursor to row i, or away for -1, and brings it into view.
func (r *rows) setCursor(i int) {
	old := r.cursor
	r.cursor = i
	r.changedRow(old)
	r.changedRow(i)
	r.reveal(i)
}

// mark makes row i the one that is marked, wherever the cursor goes, and moves the cursor there.
func (r *rows) mark(i int) {
	old := r.marked
	r.marked = i
	r.changedRow(old)
	r.setCursor(i)
}

// reveal scrolls as little as needed to show row i whole.
func (r *rows) reveal(i int) {
	if i < 0 {
		return
	}
	top := float32(i) * r.rowHeight
	y := min(max(r.scroll.Offset.Y, top+r.rowHeight-r.scroll.Size().Height), top)
	if y = max(y, 0); y != r.scroll.Offset.Y {
		r.scroll.Offset.Y = y
		r.scroll.Refresh()
		r.lay()
	}
}

// paint gives the ground of row i the look of what is marked, and of where the keyboard and the pointer are.
func (r *rows) paint(ground *canvas.Rectangle, i int, hovered bool) {
	t := theme.Current()
	ground.FillColor, ground.StrokeWidth, ground.StrokeColor = color.Transparent, 0, color.Transparent
	if hovered {
		ground.FillColor = t.Raised
	}
	if i == r.marked || r.marked < 0 && i == r.cursor {
		ground.FillColor = selectedGround()
	}
	if i == r.cursor && r.focused {
		ground.StrokeColor, ground.StrokeWidth = t.Accent, 2
	}
	ground.Refresh()
}

var _ fyne.Focusable = (*rows)(nil)

// FocusGained implements fyne.Focusable.
func (r *rows) FocusGained() {
	r.came()
	if r.cursor < 0 && r.count() > 0 {
		r.cursor = 0
	}
	r.changedRow(r.cursor)
	r.reveal(r.cursor)
}

// FocusLost implements fyne.Focusable.
func (r *rows) FocusLost() { r.focused = false; r.changedRow(r.cursor) }

// TypedRune implements fyne.Focusable.
func (r *rows) TypedRune(c rune) {
	if r.onRune != nil {
		r.onRune(c)
	}
}

// TypedKey implements fyne.Focusable.
func (r *rows) TypedKey(e *fyne.KeyEvent) {
	page := max(int(r.scroll.Size().Height/r.rowHeight)-1, 1)
	to := r.cursor
	switch e.Name {
	case fyne.KeyUp:
		to--
	case fyne.KeyDown:
		to++
	case fyne.KeyPageUp:
		to -= page
	case fyne.KeyPageDown:
		to += page
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = r.count() - 1
	default:
		if r.onKey == nil || !r.onKey(e) {
			r.focus.TypedKey(e)
		}
		return
	}
	if to = min(max(to, 0), r.count()-1); to >= 0 && to != r.cursor {
		r.setCursor(to)
		if r.onCursor != nil {
			r.onCursor(to)
		}
	} else if r.away != nil {
		r.away(e) // from the ends on to what lies above or below
	}
}

// CreateRenderer implements fyne.Widget.
func (r *rows) CreateRenderer() fyne.WidgetRenderer { return &rowsRenderer{r} }

type rowsRenderer struct{ r *rows }

func (r *rowsRenderer) Layout(s fyne.Size) {
	r.r.scroll.Resize(s)
	r.r.lay()
}
func (r *rowsRenderer) MinSize() fyne.Size           { return fyne.NewSize(0, r.r.rowHeight) }
func (r *rowsRenderer) Refresh()                     { r.r.changed() }
func (r *rowsRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.r.scroll} }
func (r *rowsRenderer) Destroy()                     {}
