package viewer

import (
	"image/color"
	"math"
)

// walk gives the pieces of a ring in order, curved where its points lie far apart. It starts where a state begins, if there
// are several, so that what is counted along a piece is not cut by the ring's seam.
func (r ring) walk(scale float32, piece func(a, b *node)) {
	n := len(r)
	start := 0
	for i := range r {
		if r[i].state != r[(i+n-1)%n].state {
			start = i
			break
		}
	}
	for k := range n {
		i := (start + k) % n
		a, b := &r[i], &r[(i+1)%n]
		length := span(a, b)
		before, behind := &r[(i+n-1)%n], &r[(i+2)%n]
		switch {
		case length == 0:
		case length > smoothFrom*scale && flows(before, a, b) && flows(a, b, behind):
			curve(before, a, b, behind, int(math.Ceil(float64(length/(smoothFrom*scale)))), piece)
		default:
			piece(a, b)
		}
	}
}

// flows tells whether a line over three points bends so gently, in steps of such like length, that it is a sampled curve.
// Sharp corners are meant and stay.
func flows(a, b, c *node) bool {
	ux, uy, vx, vy := b.x-a.x, b.y-a.y, c.x-b.x, c.y-b.y
	u, v := ux*ux+uy*uy, vx*vx+vy*vy
	dot := ux*vx + uy*vy
	return dot > 0 && 4*dot*dot > u*v && u < 16*v && v < 16*u // under 60°, at most 4 times as long
}

// curve gives the way from a to b in steps, as a Catmull-Rom spline with the neighbours before and behind: through all
// points of the contour and without corners at them.
func curve(before, a, b, behind *node, steps int, piece func(a, b *node)) {
	last := *a
	for s := 1; s <= steps; s++ {
		t := float32(s) / float32(steps)
		next := along(a, b, t)
		if s < steps {
			next.x = spline(before.x, a.x, b.x, behind.x, t)
			next.y = spline(before.y, a.y, b.y, behind.y, t)
		}
		piece(&last, &next)
		last = next
	}
}

func spline(p0, p1, p2, p3, t float32) float32 {
	return p1 + 0.5*t*(p2-p0+t*(2*p0-5*p1+4*p2-p3+t*(3*(p1-p2)+p3-p0)))
}

// along is the node at t between a and b. It belongs to a's piece.
func along(a, b *node, t float32) node {
	n := *a
	n.x, n.y = a.x+(b.x-a.x)*t, a.y+(b.y-a.y)*t
	if a.ink <= lastError && b.ink <= lastError {
		n.half = a.half + (b.half-a.half)*t
		n.ink = uint8(float32(a.ink) + (float32(b.ink)-float32(a.ink))*t + 0.5)
	}
	return n
}

// span is the distance of two nodes in px.
func span(a, b *node) float32 {
	dx, dy := b.x-a.x, b.y-a.y
	return float32(math.Sqrt(float64(dx*dx + dy*dy)))
}

// pale is c half-way to white: kin to it, and not to be taken for it.
func pale(c color.NRGBA) color.NRGBA {
	half := func(v uint8) uint8 { return uint8((int(v) + 255) / 2) }
	return color.NRGBA{R: half(c.R), G: half(c.G), B: half(c.B), A: c.A}
}
