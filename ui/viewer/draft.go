package viewer

import (
	"math"

	"echoline/internal/contour"
)

// Draft is what the model was asked and what it answered, drawn over the outlines until the reader takes it or not.
type Draft struct {
	// Outline is the boundary as it would be. Only its corrected pieces are drawn, dashed: the rest is there already.
	Outline []contour.Contour
	// Positive and Negative are clicks, Stroke a line along the true boundary, all in image coordinates.
	Positive, Negative, Stroke []contour.Point
}

func (d *Draft) empty() bool {
	return len(d.Outline)+len(d.Positive)+len(d.Negative)+len(d.Stroke) == 0
}

// Sizes of a draft, in device-independent pixels.
const (
	draftWidth  = 3.0 // of the dashes
	strokeWidth = 2.0
	clickArm    = 6.0 // half the length of a click's plus or minus
	clickWidth  = 2.5
)

// SetDraft shows a draft; the zero value shows none. It must not change until the next call.
func (v *Viewport) SetDraft(d Draft) {
	v.look.draft = d
	v.layOutlines()
}

// layDraft puts the draft where g shows it.
func (o *outlines) layDraft(d *Draft, g *geometry) {
	o.dashes, o.marks = o.dashes[:0], o.marks[:0]
	for i := range d.Outline {
		o.layMoved(&d.Outline[i], g)
	}
	if len(d.Stroke) == 1 {
		o.layClick(d.Stroke[0], g, false)
	} else if len(d.Stroke) > 1 {
		o.marks = append(o.marks, o.layLine(d.Stroke, g, accentInk, strokeWidth))
	}
	for _, p := range d.Positive {
		o.layClick(p, g, true)
	}
	for _, p := range d.Negative {
		o.layClick(p, g, false)
	}
}

// layMoved takes in the pieces of a ring that would move, each with the points at which it leaves what stays.
func (o *outlines) layMoved(c *contour.Contour, g *geometry) {
	n := len(c.Points)
	moved := func(i int) bool { return c.Points[(i+n)%n].State == contour.Corrected }
	start := 0
	for start < n && moved(start) {
		start++
	}
	if start == n { // all of it
		start = 0
	}
	var run []contour.Point
	flush := func() {
		if len(run) > 1 {
			o.dashes = append(o.dashes, o.layLine(run, g, correctedInk, draftWidth))
		}
		run = nil
	}
	for k := range n + 1 {
		i := (start + k) % n
		if moved(i) || moved(i+1) || moved(i-1) {
			run = append(run, c.Points[i].Point)
		} else {
			flush()
		}
	}
	flush()
}

// layLine is an open line on the screen.
func (o *outlines) layLine(ps []contour.Point, g *geometry, ink uint8, width float64) ring {
	first := len(o.nodes)
	for _, p := range ps {
		x, y := g.screen(p)
		o.nodes = append(o.nodes, node{x: float32(x), y: float32(y), half: float32(width) / 2 * o.scale, ink: ink})
	}
	return o.nodes[first:len(o.nodes):len(o.nodes)]
}

// layClick is a plus where the reader said inside, and a minus where outside.
func (o *outlines) layClick(p contour.Point, g *geometry, plus bool) {
	zx, zy := g.zooms()
	arm := func(dx, dy float64) {
		dx, dy = dx*clickArm*g.scale/zx, dy*clickArm*g.scale/zy
		o.marks = append(o.marks, o.layLine([]contour.Point{{X: p.X - dx, Y: p.Y - dy}, {X: p.X + dx, Y: p.Y + dy}}, g, accentInk, clickWidth))
	}
	arm(1, 0)
	if plus {
		arm(0, 1)
	}
}

// draft notes the draft's lines.
func (o *outlines) draft() {
	for _, line := range o.dashes {
		phase := float32(0)
		for i := 1; i < len(line); i++ {
			phase = o.dash(&line[i-1], &line[i], phase)
		}
	}
	for _, line := range o.marks {
		for i := 1; i < len(line); i++ {
			o.add(&line[i-1], &line[i], (casingWidth+1)*o.scale)
		}
	}
}

// dash notes the dashed line from a to b; phase is how far along a dash and its gap it begins, in px. It returns the next
// piece's.
func (o *outlines) dash(a, b *node, phase float32) float32 {
	on, period := dashOn*o.scale, (dashOn+dashOff)*o.scale
	length := span(a, b)
	for at := float32(0); at < length; {
		in := float32(math.Mod(float64(phase+at), float64(period)))
		if in < on {
			end := min(at+on-in, length)
			p, q := along(a, b, at/length), along(a, b, end/length)
			o.add(&p, &q, (casingWidth+1)*o.scale)
			at = end + 1e-3
		} else {
			at += period - in + 1e-3
		}
	}
	return phase + length
}
