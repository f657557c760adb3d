package viewer

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/internal/contour"
	"echoline/ui/theme"
)

// Sizes of a measuring line, in device-independent pixels.
const (
	lineWidth  = 1.5
	lineCasing = 3.5
	lineTick   = 6 // how far the marks at both ends stand out to each side
	linePlate  = 3 * theme.Unit
)

// lineLayer is a straight line with marks at its ends and words beside it: light with a dark casing, to be seen on any
// tissue.
type lineLayer struct {
	on     bool
	a, b   contour.Point
	strips [3][2]*canvas.Line // the line and both marks, each with its casing before it
	label  *corner
}

func newLineLayer() *lineLayer {
	t := theme.Dark()
	l := &lineLayer{label: newCorner(t.Text)}
	for i := range l.strips {
		l.strips[i][0] = &canvas.Line{StrokeColor: color.NRGBA{A: 0x8C}, StrokeWidth: lineCasing}
		l.strips[i][1] = &canvas.Line{StrokeColor: t.Accent, StrokeWidth: lineWidth}
	}
	show(false, l.objects()...)
	return l
}

func (l *lineLayer) objects() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for layer := range 2 {
		for i := range l.strips {
			out = append(out, l.strips[i][layer])
		}
	}
	return append(out, l.label.objects()...)
}

// lay puts the line where the view has its ends.
func (l *lineLayer) lay(g *geometry, size fyne.Size) {
	if !l.on || g.iw == 0 {
		show(false, l.objects()...)
		return
	}
	a, b := l.at(g, l.a), l.at(g, l.b)
	dx, dy := b.X-a.X, b.Y-a.Y
	if long := float32(math.Hypot(float64(dx), float64(dy))); long > 0 {
		dx, dy = lineTick*dx/long, lineTick*dy/long
	}
	across := func(p fyne.Position) [2]fyne.Position { return [2]fyne.Position{p.AddXY(-dy, dx), p.AddXY(dy, -dx)} }
	for i, ends := range [][2]fyne.Position{{a, b}, across(a), across(b)} {
		for _, strip := range l.strips[i] {
			strip.Position1, strip.Position2 = ends[0], ends[1]
			show(true, strip)
			strip.Refresh()
		}
	}
	l.layLabel(a, b, size)
}

func (l *lineLayer) at(g *geometry, p contour.Point) fyne.Position {
	x, y := g.screen(p)
	return fyne.NewPos(float32(x/g.scale), float32(y/g.scale))
}

// layLabel puts the words beyond the line's right end, or where there is room for them in the viewport.
func (l *lineLayer) layLabel(a, b fyne.Position, size fyne.Size) {
	end := b
	if a.X > b.X {
		end = a
	}
	w := width(l.label.full, theme.Quiet) + 4*theme.Unit
	x := min(max(end.X+linePlate, margin), size.Width-margin-w)
	y := min(max(end.Y-l.label.height()/2, margin), size.Height-margin-l.label.height())
	l.label.lay(x, y, w+theme.Unit, false)
}

// SetLine shows a measuring line from a to b, in image coordinates, with words beside it.
func (v *Viewport) SetLine(a, b contour.Point, words string) {
	v.line.on, v.line.a, v.line.b, v.line.label.full = true, a, b, words
	v.line.lay(&v.geo, v.laid)
}

// ClearLine takes the measuring line away.
func (v *Viewport) ClearLine() {
	v.line.on = false
	v.line.lay(&v.geo, v.laid)
}
