package panel

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// flowing is an object whose height depends on its width.
type flowing interface{ heightFor(width float32) float32 }

// heightOf returns the height that o needs at width.
func heightOf(o fyne.CanvasObject, width float32) float32 {
	if f, ok := o.(flowing); ok {
		return f.heightFor(width)
	}
	return o.MinSize().Height
}

// column stacks objects from the top, each as wide as the column and as high as that width asks for.
type column struct {
	widget.BaseWidget
	items  []fyne.CanvasObject
	space  float32 // between two items
	margin float32 // round all of them
	fill   bool    // the last item gets the height that is over
}

func newColumn(space, margin float32, items ...fyne.CanvasObject) *column {
	c := &column{items: items, space: space, margin: margin}
	c.ExtendBaseWidget(c)
	return c
}

func (c *column) setItems(items ...fyne.CanvasObject) {
	c.items = items
	c.Refresh()
}

// heightFor implements flowing.
func (c *column) heightFor(width float32) float32 {
	return c.each(width, func(fyne.CanvasObject, float32, float32) {})
}

// each calls f with the place of every visible item and returns the column's height.
func (c *column) each(width float32, f func(o fyne.CanvasObject, y, h float32)) float32 {
	y, first := c.margin, true
	for _, o := range c.items {
		if !o.Visible() {
			continue
		}
		if !first {
			y += c.space
		}
		first = false
		h := heightOf(o, width-2*c.margin)
		f(o, y, h)
		y += h
	}
	return y + c.margin
}

// CreateRenderer implements fyne.Widget.
func (c *column) CreateRenderer() fyne.WidgetRenderer { return &columnRenderer{c} }

type columnRenderer struct{ c *column }

func (r *columnRenderer) Layout(s fyne.Size) {
	var last fyne.CanvasObject
	height := r.c.each(s.Width, func(o fyne.CanvasObject, y, h float32) {
		last = o
		place(o, r.c.margin, y, s.Width-2*r.c.margin, h)
	})
	if r.c.fill && last != nil && s.Height > height {
		last.Resize(last.Size().AddWidthHeight(0, s.Height-height))
	}
}

func (r *columnRenderer) MinSize() fyne.Size {
	w := float32(0)
	for _, o := range r.c.items {
		if o.Visible() {
			w = max(w, o.MinSize().Width)
		}
	}
	w += 2 * r.c.margin
	return fyne.NewSize(w, r.c.heightFor(max(w, r.c.Size().Width)))
}

func (r *columnRenderer) Refresh() {
	for _, o := range r.c.items {
		o.Refresh()
	}
	r.Layout(r.c.Size())
	canvasRefresh(r.c)
}

func (r *columnRenderer) Objects() []fyne.CanvasObject { return r.c.items }
func (r *columnRenderer) Destroy()                     {}

// row sets objects side by side, each at its smallest width but one, which gets the rest.
type row struct {
	space float32
	grow  int // index of the object that gets the rest; -1 for none
}

func newRow(space float32, grow int, items ...fyne.CanvasObject) *fyne.Container {
	return container.New(&row{space, grow}, items...)
}

// Layout implements fyne.Layout.
func (r *row) Layout(items []fyne.CanvasObject, s fyne.Size) {
	rest := s.Width - r.MinSize(items).Width
	x := float32(0)
	for i, o := range items {
		if !o.Visible() {
			continue
		}
		w := o.MinSize().Width
		if i == r.grow {
			w += max(rest, 0)
		}
		h := min(o.MinSize().Height, s.Height)
		place(o, x, (s.Height-h)/2, w, h)
		x += w + r.space
	}
}

// MinSize implements fyne.Layout.
func (r *row) MinSize(items []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	n := 0
	for _, o := range items {
		if o.Visible() {
			m := o.MinSize()
			size.Width += m.Width
			size.Height = max(size.Height, m.Height)
			n++
		}
	}
	size.Width += float32(max(n-1, 0)) * r.space
	return size
}

// newScrolled puts a flowing object into a vertical scroll: it gets the scroll's width, and the height that this width
// asks for.
func newScrolled(content fyne.CanvasObject) *container.Scroll {
	l := &scrolledLayout{}
	l.scroll = container.NewVScroll(container.New(l, content))
	return l.scroll
}

type scrolledLayout struct{ scroll *container.Scroll }

// Layout implements fyne.Layout.
func (l *scrolledLayout) Layout(items []fyne.CanvasObject, s fyne.Size) {
	place(items[0], 0, 0, s.Width, s.Height)
}

// MinSize implements fyne.Layout.
func (l *scrolledLayout) MinSize(items []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, heightOf(items[0], l.scroll.Size().Width))
}
