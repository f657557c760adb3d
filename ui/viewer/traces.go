package viewer

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/internal/contour"
	"echoline/ui/theme"
)

// MaxTraces is how many traces have a colour of their own.
const MaxTraces = 8

// Trace is an outline beside the one that is worked on: another reader's, an answer's.
type Trace struct {
	Name     string // what the legend calls it
	Contours []contour.Contour
	Lines    [][]contour.Point // open lines, in image coordinates
}

// Sizes of traces, in device-independent pixels.
const (
	traceWidth  = 2.0
	lineTrace   = 6.0 // of an open line: it lies along a boundary, and shows on both sides of it
	focusWidth  = 1.5
	swatchWidth = 22.0
)

// SetTraces shows up to MaxTraces outlines in colours of their own, every other one dashed so that colour does not tell alone,
// and a legend that names them; title stands above the names. focus, which may be empty, is the edge of the place that matters
// now. Nothing of it must change until the next call.
func (v *Viewport) SetTraces(title string, traces []Trace, focus []contour.Contour) {
	v.look.traces, v.look.focus = traces[:min(len(traces), MaxTraces)], focus
	v.names.title = title
	v.layOutlines()
	v.layWords()
}

// layTraces puts the traces where g shows them.
func (o *outlines) layTraces(l *look, g *geometry) {
	o.trails, o.dotted = o.trails[:0], o.dotted[:0]
	keep := func(i int, r ring) {
		if i%2 == 0 {
			o.trails = append(o.trails, r)
		} else {
			o.dotted = append(o.dotted, r)
		}
	}
	for i, t := range l.traces {
		for c := range t.Contours {
			keep(i, o.layLine(closed(t.Contours[c].Points), g, uint8(firstTraceInk+i), traceWidth))
		}
		for _, line := range t.Lines {
			keep(i, o.layLine(line, g, uint8(firstTraceInk+i), lineTrace))
		}
	}
	for i := range l.focus {
		o.dotted = append(o.dotted, o.layLine(closed(l.focus[i].Points), g, accentInk, focusWidth))
	}
}

// closed are the points of a ring with the first one again at the end.
func closed(vs []contour.Vertex) []contour.Point {
	out := make([]contour.Point, 0, len(vs)+1)
	for _, v := range vs {
		out = append(out, v.Point)
	}
	if len(out) > 0 {
		out = append(out, out[0])
	}
	return out
}

// traced notes the traces' lines.
func (o *outlines) traced() {
	for _, line := range o.trails {
		for i := 1; i < len(line); i++ {
			o.add(&line[i-1], &line[i], (casingWidth+1)*o.scale)
		}
	}
	for _, line := range o.dotted {
		phase := float32(0)
		for i := 1; i < len(line); i++ {
			phase = o.dash(&line[i-1], &line[i], phase)
		}
	}
}

// nameList is the legend of the traces.
type nameList struct {
	title string
	plate *canvas.Rectangle
	head  *canvas.Text
	rows  [MaxTraces]struct {
		name   *canvas.Text
		swatch [3]*canvas.Rectangle
	}
}

func newNameList() *nameList {
	t := theme.Dark()
	n := &nameList{plate: newPlate(), head: newText(t.Quiet, theme.Quiet)}
	for i := range n.rows {
		n.rows[i].name = newText(t.Text, theme.Quiet)
		for k := range n.rows[i].swatch {
			n.rows[i].swatch[k] = canvas.NewRectangle(theme.Label(i + 2))
		}
	}
	show(false, n.objects()...)
	return n
}

func (n *nameList) objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{n.plate, n.head}
	for i := range n.rows {
		out = append(out, n.rows[i].name)
		for _, s := range n.rows[i].swatch {
			out = append(out, s)
		}
	}
	return out
}

// lay puts the legend at the left edge, from y down.
func (n *nameList) lay(traces []Trace, on bool, y, room float32) {
	if on = on && len(traces) > 0 && room > 2*swatchWidth; !on {
		show(false, n.objects()...)
		return
	}
	const padX, gap = 2 * theme.Unit, 2 * theme.Unit
	line := n.head.MinSize().Height
	setText(n.head, elide(n.title, room, theme.Quiet))
	widest := width(n.head.Text, theme.Quiet)
	x, at := margin+padX, y+theme.Unit
	show(n.title != "", n.head)
	if n.title != "" {
		place(n.head, x, at, widest, line)
		at += line
	}
	for i := range n.rows {
		r := &n.rows[i]
		shown := i < len(traces)
		show(shown, r.name, r.swatch[0])
		show(shown && i%2 == 1, r.swatch[1], r.swatch[2])
		if !shown {
			continue
		}
		setText(r.name, elide(traces[i].Name, room-swatchWidth-gap, theme.Quiet))
		w := width(r.name.Text, theme.Quiet)
		place(r.name, x+swatchWidth+gap, at, w, line)
		widest = max(widest, swatchWidth+gap+w)
		middle := at + line/2 - traceWidth/2
		if i%2 == 0 {
			place(r.swatch[0], x, middle, swatchWidth, traceWidth)
		} else {
			const dash = swatchWidth / 5
			for k := range r.swatch {
				place(r.swatch[k], x+2*float32(k)*dash, middle, dash, traceWidth)
			}
		}
		at += line
	}
	show(true, n.plate)
	place(n.plate, margin, y, widest+2*padX, at-y+theme.Unit)
}
