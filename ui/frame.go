package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// Widths of the side panels in device-independent pixels: where they start, and how far they can be dragged.
const (
	workListWidth  = 260
	inspectorWidth = 300
	minPanelWidth  = 200
	maxPanelWidth  = 480
	dividerWidth   = 4
)

// leastHeight is that of the room between the bars: the whole window still fits a screen of 1280×720 at 200 %.
const leastHeight = 240

// frame lays out the reading room: work list, centre, inspector. The side panels keep their width when the window grows,
// so that the image gets all the room; both can be dragged and folded away.
type frame struct {
	left, centre, right fyne.CanvasObject
	leftBar, rightBar   *divider
	leftW, rightW       float32
	box                 *fyne.Container
}

// newFrame returns the frame around its three parts.
func newFrame(left, centre, right fyne.CanvasObject) *frame {
	f := &frame{left: left, centre: centre, right: right, leftW: workListWidth, rightW: inspectorWidth}
	f.leftBar = newDivider(func(dx float32) { f.leftW = clampWidth(f.leftW + dx); f.box.Refresh() })
	f.rightBar = newDivider(func(dx float32) { f.rightW = clampWidth(f.rightW - dx); f.box.Refresh() })
	f.box = container.NewWithoutLayout(left, f.leftBar, centre, f.rightBar, right)
	f.box.Layout = f
	return f
}

func clampWidth(w float32) float32 { return min(max(w, minPanelWidth), maxPanelWidth) }

// toggle folds a side panel away or brings it back.
func (f *frame) toggle(panel fyne.CanvasObject, bar *divider) {
	f.show(panel, bar, !panel.Visible())
}

func (f *frame) show(panel fyne.CanvasObject, bar *divider, on bool) {
	if on {
		panel.Show()
		bar.Show()
	} else {
		panel.Hide()
		bar.Hide()
	}
	f.box.Refresh()
}

func (f *frame) toggleLeft()  { f.toggle(f.left, f.leftBar) }
func (f *frame) toggleRight() { f.toggle(f.right, f.rightBar) }

// Layout implements fyne.Layout.
func (f *frame) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	x, rest := float32(0), size.Width
	if f.left.Visible() {
		w := min(f.leftW, size.Width/3)
		place(f.left, 0, w, size.Height)
		place(f.leftBar, w, dividerWidth, size.Height)
		x = w + dividerWidth
		rest -= x
	}
	if f.right.Visible() {
		w := min(f.rightW, size.Width/3)
		place(f.right, size.Width-w, w, size.Height)
		place(f.rightBar, size.Width-w-dividerWidth, dividerWidth, size.Height)
		rest -= w + dividerWidth
	}
	place(f.centre, x, rest, size.Height)
}

// MinSize implements fyne.Layout. The side panels shrink before the window refuses to.
func (f *frame) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(640, max(f.centre.MinSize().Height, leastHeight))
}

func place(o fyne.CanvasObject, x, w, h float32) {
	o.Move(fyne.NewPos(x, 0))
	o.Resize(fyne.NewSize(w, h))
}

// divider is the draggable line between a side panel and the centre.
type divider struct {
	widget.BaseWidget
	onDrag func(dx float32)
	hot    bool
	line   *canvas.Rectangle
}

func newDivider(onDrag func(dx float32)) *divider {
	d := &divider{onDrag: onDrag, line: canvas.NewRectangle(color.Transparent)}
	d.ExtendBaseWidget(d)
	return d
}

// CreateRenderer implements fyne.Widget.
func (d *divider) CreateRenderer() fyne.WidgetRenderer { return &dividerRenderer{d: d} }

var _ desktop.Hoverable = (*divider)(nil)

// MouseIn implements desktop.Hoverable.
func (d *divider) MouseIn(*desktop.MouseEvent) { d.setHot(true) }

// MouseMoved implements desktop.Hoverable.
func (d *divider) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (d *divider) MouseOut() { d.setHot(false) }

func (d *divider) setHot(on bool) { d.hot = on; d.Refresh() }

var _ desktop.Cursorable = (*divider)(nil)

// Cursor implements desktop.Cursorable.
func (d *divider) Cursor() desktop.Cursor { return desktop.HResizeCursor }

var _ fyne.Draggable = (*divider)(nil)

// Dragged implements fyne.Draggable.
func (d *divider) Dragged(e *fyne.DragEvent) { d.onDrag(e.Dragged.DX) }

// DragEnd implements fyne.Draggable.
func (d *divider) DragEnd() {}

type dividerRenderer struct{ d *divider }

func (r *dividerRenderer) Layout(s fyne.Size) {
	r.d.line.Resize(fyne.NewSize(1, s.Height))
	r.d.line.Move(fyne.NewPos((s.Width-1)/2, 0))
}
func (r *dividerRenderer) MinSize() fyne.Size           { return fyne.NewSize(dividerWidth, 0) }
func (r *dividerRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.d.line} }
func (r *dividerRenderer) Destroy()                     {}
func (r *dividerRenderer) Refresh() {
	t := theme.Current()
	r.d.line.FillColor = t.Line
	if r.d.hot {
		r.d.line.FillColor = t.Accent
	}
	r.d.line.Refresh()
}
