package panel

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// veilPicture shows a frame with what becomes black tinted, and boxes; or as it will be written. Boxes are drawn on it.
type veilPicture struct {
	widget.BaseWidget
	w, h   int
	pix    *image.RGBA
	boxes  []VeilBox
	result bool
	from   *image.Point // where a drag began, px
	to     image.Point
	onDraw func(image.Rectangle)
	onTap  func(image.Point)
	image  *canvas.Image
}

func newVeilPicture(w, h int, onDraw func(image.Rectangle), onTap func(image.Point)) *veilPicture {
	p := &veilPicture{w: w, h: h, onDraw: onDraw, onTap: onTap, image: &canvas.Image{ScaleMode: canvas.ImageScaleFastest, FillMode: canvas.ImageFillStretch}}
	p.ExtendBaseWidget(p)
	return p
}

func (p *veilPicture) setPixels(pix *image.RGBA) { p.pix = pix; p.draw() }
func (p *veilPicture) setBoxes(b []VeilBox)      { p.boxes = b; p.draw() }
func (p *veilPicture) setResult(on bool)         { p.result = on; p.draw() }

// veilHeight is how high the picture is at most.
const veilHeight = 440

// heightFor implements flowing: as high as the width asks for.
func (p *veilPicture) heightFor(width float32) float32 {
	return min(width*float32(p.h)/float32(p.w), veilHeight)
}

// scale is how large a pixel is shown, and where the picture begins.
func (p *veilPicture) scale() (k, x float32) {
	s := p.Size()
	k = min(s.Width/float32(p.w), s.Height/float32(p.h))
	return k, (s.Width - k*float32(p.w)) / 2
}

// at is the pixel under a place of the widget, within the picture.
func (p *veilPicture) at(pos fyne.Position) image.Point {
	k, x := p.scale()
	if k <= 0 {
		return image.Point{}
	}
	return image.Pt(min(max(int((pos.X-x)/k), 0), p.w), min(max(int(pos.Y/k), 0), p.h))
}

// stays tells for each pixel whether it stays.
func stays(w, h int, boxes []VeilBox) []bool {
	out := make([]bool, w*h)
	for _, kind := range []VeilKind{VeilKeep, VeilText, VeilDrawn} {
		for _, b := range boxes {
			if b.Kind != kind || !b.On {
				continue
			}
			r := b.Box.Intersect(image.Rect(0, 0, w, h))
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					out[y*w+x] = kind == VeilKeep
				}
			}
		}
	}
	return out
}

// draw composes the picture.
func (p *veilPicture) draw() {
	if p.pix == nil {
		return
	}
	out := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	bad := theme.Current().Bad
	for i, stay := range stays(p.w, p.h, p.boxes) {
		c := p.pix.Pix[4*i : 4*i+4]
		to := out.Pix[4*i : 4*i+4]
		copy(to, c)
		switch {
		case stay:
		case p.result:
			to[0], to[1], to[2] = 0, 0, 0
		default: // dim, and in the colour of what is bad
			to[0] = uint8(int(bad.R)*2/5 + int(c[0])*3/5)
			to[1] = uint8(int(bad.G)/5 + int(c[1])*2/5)
			to[2] = uint8(int(bad.B)/5 + int(c[2])*2/5)
		}
	}
	if !p.result {
		for _, b := range p.boxes {
			outline(out, b.Box, veilColour(b.Kind), b.On, max(1, p.w/500))
		}
	}
	if p.from != nil {
		outline(out, p.box(), theme.Current().Accent, true, max(1, p.w/500))
	}
	p.image.Image = out
	p.image.Refresh()
}

func veilColour(k VeilKind) color.NRGBA {
	t := theme.Current()
	switch k {
	case VeilKeep:
		return t.Good
	case VeilText:
		return t.Warn
	}
	return t.Accent
}

// outline draws the edge of a box, dashed where it is off.
func outline(on *image.RGBA, r image.Rectangle, c color.Color, solid bool, thick int) {
	const dash = 6
	dot := func(x, y, along int) {
		if solid || along/dash%2 == 0 {
			on.Set(x, y, c)
		}
	}
	for n := range thick {
		for x := r.Min.X; x < r.Max.X; x++ {
			dot(x, r.Min.Y+n, x)
			dot(x, r.Max.Y-1-n, x)
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			dot(r.Min.X+n, y, y)
			dot(r.Max.X-1-n, y, y)
		}
	}
}

// box is what is being drawn.
func (p *veilPicture) box() image.Rectangle {
	return image.Rectangle{*p.from, p.to}.Canon()
}

var (
	_ fyne.Draggable     = (*veilPicture)(nil)
	_ fyne.Tappable      = (*veilPicture)(nil)
	_ desktop.Cursorable = (*veilPicture)(nil)
)

// Dragged implements fyne.Draggable.
func (p *veilPicture) Dragged(e *fyne.DragEvent) {
	if p.from == nil {
		from := p.at(e.Position.SubtractXY(e.Dragged.DX, e.Dragged.DY))
		p.from = &from
	}
	p.to = p.at(e.Position)
	p.draw()
}

// DragEnd implements fyne.Draggable.
func (p *veilPicture) DragEnd() {
	if p.from == nil {
		return
	}
	r := p.box()
	p.from = nil
	const least = 3 // px; less is a hand that shook
	if r.Dx() >= least && r.Dy() >= least && p.onDraw != nil {
		p.onDraw(r)
		return
	}
	p.draw()
}

// Tapped implements fyne.Tappable.
func (p *veilPicture) Tapped(e *fyne.PointEvent) {
	if p.onTap != nil {
		p.onTap(p.at(e.Position))
	}
}

// Cursor implements desktop.Cursorable.
func (p *veilPicture) Cursor() desktop.Cursor { return desktop.CrosshairCursor }

// CreateRenderer implements fyne.Widget.
func (p *veilPicture) CreateRenderer() fyne.WidgetRenderer { return &veilRenderer{p} }

type veilRenderer struct{ p *veilPicture }

func (r *veilRenderer) Layout(fyne.Size) {
	k, x := r.p.scale()
	place(r.p.image, x, 0, k*float32(r.p.w), k*float32(r.p.h))
}

func (r *veilRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 0) }
func (r *veilRenderer) Refresh() {
	r.Layout(r.p.Size())
	r.p.image.Refresh()
}
func (r *veilRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.p.image} }
func (r *veilRenderer) Destroy()                     {}

// toggle is a line that is on or off.
func newToggle(line func() string, on bool, onChange func(on bool)) *button {
	b := newButton("", line, flat, nil)
	b.left = true
	show := func() {
		if b.icon = "circle-dashed"; on {
			b.icon = "circle-check"
		}
		b.Refresh()
	}
	b.onTap = func() {
		on = !on
		show()
		onChange(on)
	}
	show()
	return b
}

// veilColumns sets the picture beside what is said of it, or above it where there is no room.
type veilColumns struct {
	widget.BaseWidget
	picture, side fyne.CanvasObject
}

func newVeilColumns(picture, side fyne.CanvasObject) *veilColumns {
	c := &veilColumns{picture: picture, side: side}
	c.ExtendBaseWidget(c)
	return c
}

// veilSide is the width of the right column.
const veilSide = 340

// widths of the two columns; with the second 0 they stand one above the other.
func (c *veilColumns) widths(width float32) (picture, side float32) {
	if width < 2*veilSide {
		return width, 0
	}
	return width - veilSide - 4*unit, veilSide
}

// heightFor implements flowing.
func (c *veilColumns) heightFor(width float32) float32 {
	w, side := c.widths(width)
	if side == 0 {
		return heightOf(c.picture, w) + 3*unit + heightOf(c.side, w)
	}
	return max(heightOf(c.picture, w), heightOf(c.side, side))
}

// CreateRenderer implements fyne.Widget.
func (c *veilColumns) CreateRenderer() fyne.WidgetRenderer { return &veilColumnsRenderer{c} }

type veilColumnsRenderer struct{ c *veilColumns }

func (r *veilColumnsRenderer) Layout(s fyne.Size) {
	w, side := r.c.widths(s.Width)
	high := heightOf(r.c.picture, w)
	place(r.c.picture, 0, 0, w, high)
	if side == 0 {
		place(r.c.side, 0, high+3*unit, w, heightOf(r.c.side, w))
		return
	}
	place(r.c.side, s.Width-side, 0, side, heightOf(r.c.side, side))
}

func (r *veilColumnsRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, r.c.heightFor(r.c.Size().Width))
}

func (r *veilColumnsRenderer) Refresh() {
	r.c.picture.Refresh()
	r.c.side.Refresh()
	r.Layout(r.c.Size())
}

func (r *veilColumnsRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.picture, r.c.side}
}
func (r *veilColumnsRenderer) Destroy() {}
