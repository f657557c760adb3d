package export

import (
	"image"
	"math"
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

// inset is how far polygons lie within the edges of pixels, px. Pixels whose middle is inside are the same as along the edges, and
// programs that cut corners to whole pixels and fill up to and including them (OpenCV) fill the same pixels too, where along the
// edges they would fill a row and a column more. pycocotools, which rounds to fifths of a pixel, sees no difference.
const inset = 0.03

// corner is a corner of a polygon: of pixels, and how many insets it is off to the right and down.
type corner struct {
	image.Point
	dx, dy int
}

// xy is where the corner is, px.
func (c corner) xy() (x, y float64) {
	at := func(whole, off int) float64 { return math.Round((float64(whole)+float64(off)*inset)*100) / 100 }
	return at(c.X, c.dx), at(c.Y, c.dy)
}

// polygons are the outlines of one label, a little within the edges of its pixels, without rings of their own for holes: each hole
// is joined to what lies left of it by a cut of one inset. No polygon touches itself or another. Formats whose polygons know no
// holes get exactly the mask, from whoever fills pixels whose middle is inside, or all that corners and edges come upon.
func polygons(p *mask.Plane, label uint8) [][]corner {
	var outer, holes [][]corner
	for _, r := range pixelRings(p, label) {
		if ringArea(r) > 0 {
			outer = append(outer, drawnIn(r))
		} else {
			holes = append(holes, drawnIn(startLeft(r)))
		}
	}
	slices.SortFunc(holes, func(a, b []corner) int {
		if a[0].X != b[0].X {
			return a[0].X - b[0].X
		}
		return a[0].Y - b[0].Y
	})
	for _, h := range holes {
		ring, at := leftOf(outer, h[0].Point)
		r := outer[ring]
		// The edge on the left goes up, with the label on its right. The cut lies in the row of pixels below the hole's corner,
		// below what may bound that row.
		joint, start := image.Pt(r[at].X, h[0].Y), h[0].Point
		joined := append(slices.Clone(r[:at+1]), corner{joint, 1, 3}, corner{start, -1, 3})
		joined = append(append(joined, h[1:]...), h[0])
		joined = append(joined, corner{start, -1, 2}, corner{joint, 1, 2})
		outer[ring] = append(joined, r[at+1:]...)
	}
	return outer
}

// drawnIn moves the corners of a ring to the side where its label is, the right one.
func drawnIn(r []image.Point) []corner {
	out := make([]corner, len(r))
	for i, p := range r {
		before, after := r[(i+len(r)-1)%len(r)], r[(i+1)%len(r)]
		in, on := toRight(before, p), toRight(p, after)
		out[i] = corner{p, in.X + on.X, in.Y + on.Y}
	}
	return out
}

// toRight is the direction to the right of an edge, as one step.
func toRight(a, b image.Point) image.Point {
	d := b.Sub(a)
	return image.Pt(-sign(d.Y), sign(d.X))
}

func sign(v int) int { return min(1, max(-1, v)) }

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
func leftOf(rings [][]corner, p image.Point) (ring, at int) {
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
