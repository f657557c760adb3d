package panel

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// PlotData is what a plot shows. Places are shares of its width from the left and of its height from the top.
type PlotData struct {
	Title               string
	Dots                []PlotDot
	Lines               []PlotLine
	From, To, Low, High string // at the edges
}

// PlotDot is a case.
type PlotDot struct {
	X, Y float64
	Name string
}

// PlotLine goes across a plot.
type PlotLine struct {
	Y      float64
	Strong bool
	Dashed bool
}

// plot shows cases as dots. A click on one chooses it.
type plot struct {
	widget.BaseWidget
	data   PlotData
	onPick func(i int)
	onHint func(string)

	title, low, high, from, to *label
	ground                     *canvas.Rectangle
	picture                    *canvas.Raster
}

// Sizes of a plot, in device-independent pixels.
const (
	plotHeight = 40 * unit
	plotEdge   = 13 * unit // room for the words at the left
	plotInset  = 2 * unit  // between the frame and the dots
	dotRadius  = 3.0
	dotReach   = 9.0 // how near a click must be
)

func newPlot(d PlotData, onPick func(i int), onHint func(string)) *plot {
	quiet := func(s string, a fyne.TextAlign) *label {
		l := newLabel(fixed(s), roleQuiet, quietSize)
		l.align = a
		return l
	}
	p := &plot{
		data: d, onPick: onPick, onHint: onHint, title: newLabel(fixed(d.Title), roleText, quietSize+1),
		low: quiet(d.Low, fyne.TextAlignTrailing), high: quiet(d.High, fyne.TextAlignTrailing),
		from: quiet(d.From, fyne.TextAlignLeading), to: quiet(d.To, fyne.TextAlignTrailing),
		ground: canvas.NewRectangle(color.Transparent),
	}
	p.picture = canvas.NewRaster(p.draw)
	p.ground.CornerRadius = radius
	p.ExtendBaseWidget(p)
	return p
}

// place of a dot within the picture, in device-independent pixels.
func (p *plot) place(x, y float64, s fyne.Size) (px, py float64) {
	return float64(plotInset) + x*float64(s.Width-2*plotInset), float64(plotInset) + y*float64(s.Height-2*plotInset)
}

// draw makes the picture of w×h screen pixels.
func (p *plot) draw(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	size := p.picture.Size()
	if size.Width <= 0 {
		return img
	}
	t, scale := theme.Current(), float64(w)/float64(size.Width)
	for _, l := range p.data.Lines {
		c, dash := t.Line, 0
		if l.Strong || l.Dashed {
			c = t.Accent
		}
		if l.Dashed {
			dash = int(5 * scale)
		}
		_, y := p.place(0, l.Y, size)
		across(img, int(y*scale), max(1, int(scale+0.5)), dash, c)
	}
	ink := theme.Alpha(t.Weak, 0.7)
	for _, d := range p.data.Dots {
		x, y := p.place(d.X, d.Y, size)
		spot(img, x*scale, y*scale, dotRadius*scale, ink)
	}
	return img
}

// across draws a horizontal line, dashed where dash is above 0.
func across(img *image.RGBA, y, thick, dash int, c color.NRGBA) {
	for dy := range thick {
		for x := range img.Rect.Dx() {
			if dash == 0 || x/dash%2 == 0 {
				over(img, x, y+dy, c, 1)
			}
		}
	}
}

// spot draws a disc.
func spot(img *image.RGBA, x, y, r float64, c color.NRGBA) {
	for py := int(y - r - 1); py <= int(y+r+1); py++ {
		for px := int(x - r - 1); px <= int(x+r+1); px++ {
			over(img, px, py, c, min(max(r+0.5-math.Hypot(float64(px)+0.5-x, float64(py)+0.5-y), 0), 1))
		}
	}
}

// over lays a colour over a pixel, by a share.
func over(img *image.RGBA, x, y int, c color.NRGBA, share float64) {
	if !(image.Point{X: x, Y: y}).In(img.Rect) || share <= 0 {
		return
	}
	a := share * float64(c.A) / 255
	at := img.PixOffset(x, y)
	for i, v := range [4]uint8{c.R, c.G, c.B, 255} {
		img.Pix[at+i] = uint8(float64(v)*a + float64(img.Pix[at+i])*(1-a) + 0.5)
	}
}

// nearest is the dot under a position of the widget; -1 where there is none.
func (p *plot) nearest(at fyne.Position) int {
	origin, size := p.picture.Position(), p.picture.Size()
	best, found := dotReach, -1
	for i, d := range p.data.Dots {
		x, y := p.place(d.X, d.Y, size)
		if far := math.Hypot(x-float64(at.X-origin.X), y-float64(at.Y-origin.Y)); far < best {
			best, found = far, i
		}
	}
	return found
}

var _ fyne.Tappable = (*plot)(nil)

// Tapped implements fyne.Tappable.
func (p *plot) Tapped(e *fyne.PointEvent) {
	if i := p.nearest(e.Position); i >= 0 {
		call(p.onPick, i)
	}
}

var _ desktop.Hoverable = (*plot)(nil)

// MouseIn implements desktop.Hoverable.
func (p *plot) MouseIn(e *desktop.MouseEvent) { p.MouseMoved(e) }

// MouseMoved implements desktop.Hoverable.
func (p *plot) MouseMoved(e *desktop.MouseEvent) {
	name := ""
	if i := p.nearest(e.Position); i >= 0 {
		name = p.data.Dots[i].Name
	}
	call(p.onHint, name)
}

// MouseOut implements desktop.Hoverable.
func (p *plot) MouseOut() { call(p.onHint, "") }

// CreateRenderer implements fyne.Widget.
func (p *plot) CreateRenderer() fyne.WidgetRenderer {
	r := &plotRenderer{p}
	r.Refresh()
	return r
}

type plotRenderer struct{ p *plot }

func (r *plotRenderer) Layout(s fyne.Size) {
	p := r.p
	line := p.title.MinSize().Height
	place(p.ground, 0, 0, s.Width, s.Height)
	place(p.title, gap, unit, s.Width-2*gap, line)
	top, bottom := line+2*unit, s.Height-line-unit
	place(p.picture, plotEdge, top, s.Width-plotEdge-gap, bottom-top)
	place(p.high, 0, top, plotEdge-unit, line)
	place(p.low, 0, bottom-line, plotEdge-unit, line)
	place(p.from, plotEdge, bottom, (s.Width-plotEdge)/2, line)
	place(p.to, s.Width-gap-(s.Width-plotEdge)/2, bottom, (s.Width-plotEdge)/2, line)
}

func (r *plotRenderer) MinSize() fyne.Size { return fyne.NewSize(0, plotHeight) }

func (r *plotRenderer) Refresh() {
	r.p.ground.FillColor = theme.Current().Panel
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.p.Size())
}

func (r *plotRenderer) Objects() []fyne.CanvasObject {
	p := r.p
	return []fyne.CanvasObject{p.ground, p.title, p.picture, p.low, p.high, p.from, p.to}
}
func (r *plotRenderer) Destroy() {}
