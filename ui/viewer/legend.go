package viewer

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// Sizes of the legend in device-independent pixels.
const (
	legendWidth = 208
	legendPad   = 2 * theme.Unit
	wedgeHeight = 3 * theme.Unit
	handleWidth = theme.Unit
	handleOver  = 3 // how far the handle stands out from the wedge, above and below
)

// leastWeak is the least share of the scale that can count as weak: with 0 everything would.
const leastWeak = 0.02

// The legend is left out of viewports smaller than this: the image matters more.
const (
	legendFromWidth  = 360
	legendFromHeight = 240
)

// measure is what lengths in the image are in.
type measure struct {
	x, y float64 // mm per image pixel
	mm   bool    // else px
}

// length puts a length of px image pixels into words.
func (m measure) length(px float64) string {
	v, unit, digits := px, "px", 1
	if m.mm {
		v, unit = px*math.Sqrt(m.x*m.y), "mm"
	}
	switch { // as in the inspector
	case !m.mm && v >= 10, v >= 100:
		digits = 0
	case m.mm && v < 10:
		digits = 2
	}
	return trim(v, digits) + " " + unit
}

func trim(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }

// Note is a short word beside the scale of expected error.
type Note struct {
	Words string
	Warn  bool   // the scale is not to be relied on as it stands
	Hint  string // at length, while the pointer is over it
}

// legend is the plate at the bottom left: the scale of expected error, which is also the slider of what counts as weak,
// and the scale bar.
type legend struct {
	plate        *canvas.Rectangle
	title, weak  *canvas.Text
	wedge        *canvas.Raster
	handle       *canvas.Rectangle
	from, to     *canvas.Text
	bar          [3]*canvas.Rectangle
	barText      *canvas.Text
	limit, bound float64 // px: the scale's end and what counts as weak
	calibrated   bool
	note         Note
	noteText     *canvas.Text
	slider       fyne.Position // of the wedge
	shown        bool          // the scale of expected error is on the screen
}

func newLegend() *legend {
	t := theme.Dark()
	l := &legend{
		plate: newPlate(), title: newText(t.Text, theme.Quiet), weak: newText(t.Text, theme.Quiet),
		handle:   &canvas.Rectangle{FillColor: t.Text, StrokeColor: color.NRGBA{A: 0xCC}, StrokeWidth: 1, CornerRadius: 2},
		noteText: newText(t.Quiet, theme.Quiet),
		from:     newText(t.Quiet, theme.Quiet), to: newText(t.Quiet, theme.Quiet), barText: newText(t.Text, theme.Quiet),
	}
	l.wedge = canvas.NewRaster(func(w, h int) image.Image { return wedge(w, h) })
	l.wedge.ScaleMode = canvas.ImageScaleFastest
	for i := range l.bar {
		l.bar[i] = canvas.NewRectangle(t.Text)
	}
	return l
}

func (l *legend) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{
		l.plate, l.title, l.weak, l.wedge, l.handle, l.from, l.to, l.noteText, l.bar[0], l.bar[1], l.bar[2], l.barText,
	}
}

// lay puts the legend into the bottom left corner of a viewport of the given size, and returns its extent.
func (l *legend) lay(g *geometry, size fyne.Size, m measure, scale bool) fyne.Size {
	l.shown = scale && l.limit > 0 && size.Width >= legendFromWidth && size.Height >= legendFromHeight
	if g.iw == 0 || size.Width < 120 || size.Height < 80 {
		l.shown = false
		show(false, l.objects()...)
		return fyne.Size{}
	}
	show(true, l.plate, l.bar[0], l.bar[1], l.bar[2], l.barText)
	show(l.shown, l.title, l.weak, l.wedge, l.handle, l.from, l.to)
	noted := l.shown && l.note.Words != ""
	show(noted, l.noteText)
	line := l.barText.MinSize().Height
	barLength, label := l.scaleBar(g, m)
	w, h := barLength+width(label, theme.Quiet)+3*legendPad, line+2*theme.Unit
	if l.shown {
		w, h = max(w, legendWidth+2*legendPad), h+2*line+wedgeHeight+4*theme.Unit
	}
	if noted {
		h += line
	}
	x, y := margin, size.Height-margin-h
	place(l.plate, x, y, w, h)
	if l.shown {
		l.layScale(x+legendPad, y+theme.Unit, line, m)
	}
	if noted {
		l.layNote(line)
	}
	l.layBar(x+legendPad, y+h-line-theme.Unit, line, barLength, label)
	return fyne.NewSize(w, h)
}

// layScale puts the scale of expected error at (x, y).
func (l *legend) layScale(x, y, line float32, m measure) {
	title := text.T("viewer.error")
	if !l.calibrated {
		title = text.T("viewer.error.uncalibrated")
	}
	weak := text.T("viewer.weak", text.Args{"Length": m.length(l.bound)})
	weakWidth := width(weak, theme.Quiet)
	setText(l.weak, weak)
	setText(l.title, elide(title, legendWidth-weakWidth-legendPad, theme.Quiet))
	place(l.title, x, y, legendWidth, line)
	place(l.weak, x+legendWidth-weakWidth, y, weakWidth, line)
	y += line + theme.Unit
	l.slider = fyne.NewPos(x, y)
	place(l.wedge, x, y, legendWidth, wedgeHeight)
	at := x + legendWidth*float32(min(max(l.bound/l.limit, 0), 1))
	place(l.handle, at-handleWidth/2, y-handleOver, handleWidth, wedgeHeight+2*handleOver)
	y += wedgeHeight + theme.Unit
	to := m.length(l.limit)
	setText(l.from, "0")
	setText(l.to, to)
	toWidth := width(to, theme.Quiet)
	place(l.from, x, y, legendWidth, line)
	place(l.to, x+legendWidth-toWidth, y, toWidth, line)
}

// layNote puts the note under the scale.
func (l *legend) layNote(line float32) {
	l.noteText.Color = theme.Dark().Quiet
	if l.note.Warn {
		l.noteText.Color = theme.Dark().Warn
	}
	setText(l.noteText, elide(l.note.Words, legendWidth, theme.Quiet))
	place(l.noteText, l.slider.X, l.slider.Y+wedgeHeight+theme.Unit+line, legendWidth, line)
	l.noteText.Refresh()
}

// noted tells whether p is on the note.
func (l *legend) noted(p fyne.Position) bool {
	at, size := l.noteText.Position(), l.noteText.Size()
	return l.noteText.Visible() && l.shown && p.X >= at.X && p.X <= at.X+size.Width && p.Y >= at.Y && p.Y <= at.Y+size.Height
}

// layBar puts the scale bar at (x, y): a line with an end mark on both sides, and its length.
func (l *legend) layBar(x, y, line, length float32, label string) {
	const thick, mark = 1.5, 7
	middle := y + line/2
	place(l.bar[0], x, middle-thick/2, length, thick)
	place(l.bar[1], x, middle-mark/2, thick, mark)
	place(l.bar[2], x+length-thick, middle-mark/2, thick, mark)
	setText(l.barText, label)
	place(l.barText, x+length+legendPad, y, width(label, theme.Quiet), line)
}

// scaleBar is how long the bar is, in device-independent pixels, and what it says. The length is a round number of
// millimetres, or of pixels where the image says nothing about millimetres.
func (l *legend) scaleBar(g *geometry, m measure) (length float32, label string) {
	const longest = 112 // device-independent pixels
	zx, _ := g.zooms()
	perUnit := zx / g.scale
	if m.mm {
		perUnit /= m.x
	}
	n := roundDown(longest / perUnit)
	number := strconv.FormatFloat(n, 'f', -1, 64)
	if m.mm {
		return float32(n * perUnit), number + " mm"
	}
	return float32(n * perUnit), text.T("viewer.bar.px", text.Args{"N": number})
}

// roundDown is the largest of 1, 2, 5, 10, 20, … (or 0.5, 0.2, …) that is not above v.
func roundDown(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range []float64{5, 2} {
		if n*power <= v {
			return n * power
		}
	}
	return power
}

// hit tells whether p is on the slider: as high as anything that can be clicked.
func (l *legend) hit(p fyne.Position) bool {
	const over = (theme.Target - wedgeHeight) / 2
	return l.shown && p.X >= l.slider.X-legendPad && p.X <= l.slider.X+legendWidth+legendPad &&
		p.Y >= l.slider.Y-over && p.Y <= l.slider.Y+wedgeHeight+over
}

// light shows that the handle is about to be moved, or is.
func (l *legend) light(on bool) {
	c := theme.Dark().Text
	if on {
		c = theme.Dark().Accent
	}
	if l.handle.FillColor != c {
		l.handle.FillColor = c
		l.handle.Refresh()
	}
}

// share is how far along the scale p is.
func (l *legend) share(p fyne.Position) float64 {
	return min(max(float64((p.X-l.slider.X)/legendWidth), leastWeak), 1)
}

// wedge draws the scale: coloured from sure to weak, and growing as the line along the contour does.
func wedge(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	t := theme.Dark()
	for x := range w {
		v := (float64(x) + 0.5) / float64(w)
		c := t.ErrorColour(v)
		half := theme.ErrorWidth(v) / theme.WeakWidth * float64(h) / 2
		for y := range h {
			a := min(max(half-math.Abs(float64(y)+0.5-float64(h)/2)+0.5, 0), 1)
			img.SetRGBA(x, y, color.RGBA{uint8(float64(c.R) * a), uint8(float64(c.G) * a), uint8(float64(c.B) * a), uint8(255 * a)})
		}
	}
	return img
}
