package export

import (
	"image"
	"slices"

	"echoline/internal/mask"
)

// pixelRings gives the outlines of one label along the edges of its pixels: exactly what is inside, in whole numbers.
// Outer rings run clockwise on the screen, rings around holes the other way. Pixels that only touch at a corner are apart.
func pixelRings(p *mask.Plane, label uint8) [][]image.Point {
	box := mask.Bounds(p, label)
	if box.Empty() {
		return nil
	}
	t := ringTracer{p: p, label: label, w: p.W + 1, used: make([]bool, (p.W+1)*(p.H+1))}
	var out [][]image.Point
	// Every ring has an upper edge, along which an outer ring goes to the right, or a lower edge of the mask, which is the
	// upper edge of a hole: both begin where the pixels above and below differ.
	for y := box.Min.Y; y <= box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			if t.in(x, y) && !t.in(x, y-1) && !t.used[y*t.w+x] {
				out = append(out, t.trace(image.Pt(x, y)))
			}
		}
	}
	return out
}

// ringTracer walks along the edges of a label with the label on its right.
type ringTracer struct {
	p     *mask.Plane
	label uint8
	w     int
	used  []bool // edges to the right that were walked, by their start
}

func (t *ringTracer) in(x, y int) bool {
	return t.p.At(x, y) == t.label && image.Pt(x, y).In(t.p.Rect())
}

// Directions, clockwise: right, down, left, up.
var ringSteps = [4]image.Point{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}

// trace walks from a corner to the right until it is back, and returns the corners.
func (t *ringTracer) trace(start image.Point) []image.Point {
	at, dir := start, 0
	ring := []image.Point{}
	for {
		if dir == 0 {
			t.used[at.Y*t.w+at.X] = true
		}
		at = at.Add(ringSteps[dir])
		next := t.turn(at, dir)
		if next != dir {
			ring = append(ring, at)
		}
		dir = next
		if at == start && dir == 0 {
			return ring
		}
	}
}

// turn is the way on from a corner that was reached in a direction: as far to the right as the label lies on the right.
func (t *ringTracer) turn(at image.Point, dir int) int {
	// The pixels ahead, to the right and to the left.
	var right, left bool
	switch dir {
	case 0:
		right, left = t.in(at.X, at.Y), t.in(at.X, at.Y-1)
	case 1:
		right, left = t.in(at.X-1, at.Y), t.in(at.X, at.Y)
	case 2:
		right, left = t.in(at.X-1, at.Y-1), t.in(at.X-1, at.Y)
	default:
		right, left = t.in(at.X, at.Y-1), t.in(at.X-1, at.Y-1)
	}
	switch {
	case !right: // also where only the left one is there: pixels that touch at a corner are apart
		return (dir + 1) % 4
	case left:
		return (dir + 3) % 4
	default:
		return dir
	}
}

// polygons are the outlines of one label without rings of their own for holes: each hole is joined to what lies left of it
// by a cut of no width. Formats whose polygons know no holes, and whoever counts crossings, get exactly the mask.
func polygons(p *mask.Plane, label uint8) [][]image.Point {
	var outer, holes [][]image.Point
	for _, r := range pixelRings(p, label) {
		if ringArea(r) > 0 {
			outer = append(outer, r)
		} else {
			holes = append(holes, startLeft(r))
		}
	}
	slices.SortFunc(holes, func(a, b []image.Point) int {
		if a[0].X != b[0].X {
			return a[0].X - b[0].X
		}
		return a[0].Y - b[0].Y
	})
	for _, h := range holes {
		ring, at := leftOf(outer, h[0])
		r := outer[ring]
		joint := image.Pt(r[at].X, h[0].Y)
		joined := append(slices.Clone(r[:at+1]), joint)
		joined = append(joined, h...)
		joined = append(joined, h[0], joint)
		outer[ring] = append(joined, r[at+1:]...)
	}
	return outer
}

// startLeft turns a ring so that it begins with its leftmost corner, the upper one of several.
func startLeft(r []image.Point) []image.Point {
	first := 0
	for i, p := range r {
		if p.X < r[first].X || p.X == r[first].X && p.Y < r[first].Y {
			first = i
		}
	}
	return append(slices.Clone(r[first:]), r[:first]...)
}

// leftOf finds the nearest upright edge to the left of the row of pixels below p, as ring and index of where it begins.
func leftOf(rings [][]image.Point, p image.Point) (ring, at int) {
	best := -1
	for i, r := range rings {
		for k, a := range r {
			b := r[(k+1)%len(r)]
			if a.X != b.X || a.X >= p.X || a.X <= best {
				continue
			}
			if min(a.Y, b.Y) <= p.Y && p.Y < max(a.Y, b.Y) {
				best, ring, at = a.X, i, k
			}
		}
	}
	return ring, at
}

// ringArea is positive for rings that run clockwise on the screen.
func ringArea(r []image.Point) int {
	sum := 0
	for i, a := range r {
		b := r[(i+1)%len(r)]
		sum += a.X*b.Y - b.X*a.Y
	}
	return sum
}
