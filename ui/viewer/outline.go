package viewer

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/ui/theme"
)

// Indices of the palette. Up to lastError runs the scale of expected error.
const (
	lastError = 240 + iota
	plainInk
	correctedInk
	notVisibleInk
	tickInk
	accentInk
	bandInk
	firstTraceInk // of MaxTraces
)

// Sizes of what is drawn, in device-independent pixels.
const (
	plainWidth     = 2.0 // a line about whose error nothing is known
	correctedWidth = 2.5
	hiddenWidth    = 2.0 // a boundary that cannot be seen
	casingWidth    = 1.0
	rimWidth       = 1.75 // of the label's colour along both sides of a line, beyond its casing
	haloWidth      = 9.0  // of the glow around the active arc
	tickSpacing    = 12.0
	tickOver       = 3.0 // how far a tick mark stands out from the line on both sides
	tickWidth      = 1.5
	dashOn         = 6.0
	dashOff        = 6.0
)

// casingDarkness is the opacity of the dark casing: enough on white tissue, no more than needed on grey.
const casingDarkness = 0.6

// smoothFrom is the distance of neighbouring points on the screen, in device-independent pixels, from which the line
// between them is drawn as a curve: closer points look smooth as they are.
const smoothFrom = 5.0

// node is a contour point on the screen, ready to be drawn.
type node struct {
	x, y   float32
	half   float32 // half width of the line, px
	ink    uint8
	state  contour.State
	active bool    // the piece from here to the next node belongs to the active arc
	band   float32 // radius of the band, px; 0 where unknown
}

// ring is one closed contour on the screen.
type ring []node

// outlines is everything that is drawn along contours, in screen pixels relative to the viewport.
type outlines struct {
	rings  []ring
	rims   []uint8         // by ring, the ink of its label
	rimmed bool            // rims are drawn: there are several labels to be told apart
	dashes []ring          // open lines of the draft, dashed
	marks  []ring          // and solid
	trails []ring          // of the traces, solid
	dotted []ring          // and dashed
	scale  float32         // screen pixels per device-independent pixel
	bounds image.Rectangle // what the drawing touches within the viewport
	band   bool
	halo   bool
	colour palette
	ink    ink
	hull   ribbon
	pix    []uint8 // of the last picture, reused
	nodes  []node  // of all rings, reused
	rim    ring    // of one label, reused
}

// look says how contours are to be drawn.
type look struct {
	limit  float64 // expected error at the scale's end, px of the image
	band   int     // index into contour.Levels, or -1
	active *contour.Arc
	colour [256]uint8 // by label, its number in the palette; 0: its own
	draft  Draft
	traces []Trace
	focus  []contour.Contour
}

// newOutlines returns outlines without contours.
func newOutlines() *outlines {
	o := &outlines{}
	t := theme.Dark()
	for i := range lastError + 1 {
		o.colour[i] = t.ErrorColour(float64(i) / lastError)
	}
	o.colour[plainInk] = pale(t.Accent)
	o.colour[correctedInk] = t.Corrected
	o.colour[notVisibleInk] = t.NotVisible
	o.colour[tickInk] = t.Confirmed
	o.colour[accentInk] = t.Accent
	o.colour[bandInk] = t.Text
	for i := range MaxTraces {
		o.colour[firstTraceInk+i] = theme.Label(i + 2)
	}
	return o
}

// lay puts contours where g shows them. It is cheap; the drawing follows in paint, when the screen needs it.
func (o *outlines) lay(cs []contour.Contour, g *geometry, l look) {
	o.scale = float32(g.scale)
	o.band, o.halo = l.band >= 0, false
	o.rings, o.nodes, o.rims, o.rimmed = o.rings[:0], o.nodes[:0], o.rims[:0], false
	for i := range cs {
		from := len(o.nodes)
		o.layRing(&cs[i], g, l, l.active != nil && l.active.Contour == i)
		if n := len(o.nodes); n > from {
			o.rings = append(o.rings, o.nodes[from:n:n])
			o.rims = append(o.rims, l.labelInk(cs[i].Label))
			o.rimmed = o.rimmed || cs[i].Label > 1 || l.colour[cs[i].Label] > 1
		}
	}
	o.layTraces(&l, g)
	o.layDraft(&l.draft, g)
	o.bounds = o.extent().Intersect(image.Rect(0, 0, round(g.w), round(g.h)))
}

// labelInk is the ink of a label's colour: the first has the accent's, the others those of traces.
func (l *look) labelInk(label uint8) uint8 {
	n := int(l.colour[label])
	if n == 0 {
		n = max(int(label), 1)
	}
	if n = (n - 1) % theme.Labels; n > 0 {
		return uint8(firstTraceInk + n - 1)
	}
	return accentInk
}

// layRing appends the nodes of one contour. Points closer than a screen pixel to the one before are left out, unless
// something changes there.
func (o *outlines) layRing(c *contour.Contour, g *geometry, l look, active bool) {
	first := len(o.nodes)
	for i := range c.Points {
		v := &c.Points[i]
		x, y := g.screen(v.Point)
		n := o.node(v, float32(x), float32(y), g, l)
		n.active = active && inArc(l.active, i, len(c.Points))
		o.halo = o.halo || n.active
		if len(o.nodes) > first {
			last := &o.nodes[len(o.nodes)-1]
			dx, dy := n.x-last.x, n.y-last.y
			if dx*dx+dy*dy < 1 && last.state == n.state && last.active == n.active {
				continue
			}
		}
		o.nodes = append(o.nodes, n)
	}
	if len(o.nodes)-first < 2 {
		o.nodes = o.nodes[:first]
	}
}

// node is the vertex v at (x, y) of the screen.
func (o *outlines) node(v *contour.Vertex, x, y float32, g *geometry, l look) node {
	n := node{x: x, y: y, state: v.State}
	width := float64(plainWidth)
	switch {
	case v.State == contour.Corrected:
		n.ink, width = correctedInk, correctedWidth
	case v.State == contour.NotVisible:
		n.ink, width = notVisibleInk, hiddenWidth
	case math.IsNaN(v.Expected) || !(l.limit > 0):
		n.ink = plainInk
	default:
		t := min(max(v.Expected/l.limit, 0), 1)
		n.ink, width = uint8(t*lastError+0.5), theme.ErrorWidth(t)
	}
	n.half = float32(width) / 2 * o.scale
	if l.band >= 0 && v.Reach(l.band) > 0 {
		zx, zy := g.zooms()
		n.band = float32(min(v.Reach(l.band)*math.Sqrt(zx*zy), g.w+g.h))
	}
	return n
}

// inArc tells whether the piece from point i to the next of a ring of n belongs to a.
func inArc(a *contour.Arc, i, n int) bool {
	if (a.To-a.From+n)%n == n-1 { // the whole ring
		return true
	}
	return (i-a.From+n)%n < (a.To-a.From+n)%n
}

// extent is the rectangle that the drawing touches.
func (o *outlines) extent() image.Rectangle {
	if len(o.nodes) == 0 {
		return image.Rectangle{}
	}
	x0, y0, x1, y1 := float32(far), float32(far), float32(-far), float32(-far)
	for i := range o.nodes {
		n := &o.nodes[i]
		r := max(n.half+o.reach(), n.band)
		x0, y0, x1, y1 = min(x0, n.x-r), min(y0, n.y-r), max(x1, n.x+r), max(y1, n.y+r)
	}
	limit := func(v float32) int { return int(min(max(v, -1e6), 1e6)) }
	return image.Rect(limit(x0)-2, limit(y0)-2, limit(x1)+2, limit(y1)+2)
}

// reach is how far beyond the edge of a line something is drawn, in screen pixels.
func (o *outlines) reach() float32 { return (haloWidth + tickOver) * o.scale }

// paint draws the outlines into a picture of bounds. The picture is overwritten by the next paint.
func (o *outlines) paint() *image.RGBA {
	w, h := o.bounds.Dx(), o.bounds.Dy()
	if n := 4 * w * h; cap(o.pix) < n {
		o.pix = make([]uint8, n)
	}
	o.pix = o.pix[:4*w*h]
	clear(o.pix)
	dst := &image.RGBA{Pix: o.pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
	if w == 0 || h == 0 {
		return dst
	}
	o.ink.resize(w, h)
	if o.band {
		o.hull.paint(dst, o.rings, o.bounds.Min, o.colour[bandInk], o.scale)
	}
	if o.halo {
		o.each(o.glow)
		o.ink.flush(dst, &o.colour, glow(haloWidth*o.scale, 0.85))
	}
	o.traced()
	o.ink.flush(dst, &o.colour, cased(casingWidth*o.scale, casingDarkness))
	if o.rimmed {
		o.paintRims(dst)
	}
	o.each(o.lines)
	o.ink.flush(dst, &o.colour, cased(casingWidth*o.scale, casingDarkness))
	o.each(o.ticks)
	o.ink.flush(dst, &o.colour, cased(casingWidth*o.scale, casingDarkness))
	o.draft()
	o.ink.flush(dst, &o.colour, cased(casingWidth*o.scale, casingDarkness))
	return dst
}

// each calls draw for every ring.
func (o *outlines) each(draw func(ring)) {
	for _, r := range o.rings {
		draw(r)
	}
}

// add notes the line from a to b with its own half widths and colours.
func (o *outlines) add(a, b *node, reach float32) {
	from, to := a.ink, b.ink
	ra, rb := a.half, b.half
	if from > lastError || to > lastError { // colours that are no scale do not blend
		to, rb = from, ra
	}
	ox, oy := float32(o.bounds.Min.X), float32(o.bounds.Min.Y)
	o.ink.line(segment{a.x - ox, a.y - oy, b.x - ox, b.y - oy, ra, rb, from, to}, reach)
}

// glow notes the active arc.
func (o *outlines) glow(r ring) {
	r.walk(o.scale, func(a, b *node) {
		if a.active {
			p, q := *a, *b
			p.ink, q.ink = accentInk, accentInk
			o.add(&p, &q, haloWidth*o.scale)
		}
	})
}

// lines notes the line of a ring: solid, and dashed where the boundary cannot be seen.
func (o *outlines) lines(r ring) {
	reach := (casingWidth + 1) * o.scale
	phase := float32(0)
	r.walk(o.scale, func(a, b *node) {
		if a.state != contour.NotVisible {
			phase = 0
			o.add(a, b, reach)
			return
		}
		phase = o.dash(a, b, phase)
	})
}

// paintRims draws the colour of its label along both sides of each ring, dashed where that is: what a line says by its own
// colour and width stays as it is.
func (o *outlines) paintRims(dst *image.RGBA) {
	for i, r := range o.rings {
		o.rim = append(o.rim[:0], r...)
		for k := range o.rim {
			o.rim[k].ink = o.rims[i]
			o.rim[k].half += (casingWidth + rimWidth) * o.scale
		}
		o.lines(o.rim)
	}
	o.ink.flush(dst, &o.colour, cased(0, 0))
}

// ticks notes the marks across confirmed pieces: evenly spaced, and at least one on each.
func (o *outlines) ticks(r ring) {
	spacing := tickSpacing * o.scale
	left := float32(0) // until the next mark
	confirmed := false
	r.walk(o.scale, func(a, b *node) {
		if a.state != contour.Confirmed {
			confirmed = false
			return
		}
		if !confirmed {
			confirmed, left = true, spacing/4
		}
		length := span(a, b)
		for ; left < length; left += spacing {
			o.tick(a, b, left/length)
		}
		left -= length
	})
}

// tick notes one mark across the line from a to b at t.
func (o *outlines) tick(a, b *node, t float32) {
	p := along(a, b, t)
	length := span(a, b)
	nx, ny := -(b.y-a.y)/length, (b.x-a.x)/length
	reach := p.half + tickOver*o.scale
	from, to := p, p
	from.x, from.y = p.x-nx*reach, p.y-ny*reach
	to.x, to.y = p.x+nx*reach, p.y+ny*reach
	from.ink, from.half = tickInk, tickWidth/2*o.scale
	o.add(&from, &to, (casingWidth+1)*o.scale)
}
