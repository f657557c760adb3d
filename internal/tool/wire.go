package tool

import (
	"image"
	"math"

	"echoline/internal/contour"
)

// wireReach is how far from its start the live-wire looks for ways, in cells: what it can search between two moves of the
// pointer.
const wireReach = 112

// ease makes ways along edges cheap: what a cell costs by its steepness. A cell of plain tissue costs some thirty times one
// on a clear edge, so the line takes a detour to an edge and does not cut corners of it.
var ease = weigh(func(t float64) float64 { return 2 + 58*math.Exp(-t/1.2) })

// wire finds ways along edges. Where it sees no image, they are straight.
type wire struct {
	sight *Sight
	flow  flow
	start contour.Point // of the search in flow
	ready bool
}

// forget lets the last search go.
func (w *wire) forget() { w.ready = false }

// from makes a the start of the search, and returns the grid.
func (w *wire) from(a contour.Point) *grid {
	g := w.sight.at(1)
	if g == nil {
		return nil
	}
	if !w.ready || w.start != a || w.flow.g != g {
		c := g.cellOf(a)
		r := image.Rectangle{Min: c, Max: c.Add(image.Pt(1, 1))}.Inset(-wireReach)
		w.flow.begin(g, r, g.ridge, ease)
		w.flow.seed(c)
		w.start, w.ready = a, true
	}
	return g
}

// clamp is b, or where the line from a leaves the reach of the search.
func clamp(g *grid, a, b contour.Point) (at contour.Point, whole bool) {
	most := max(math.Abs(b.X-a.X), math.Abs(b.Y-a.Y)) / float64(g.step)
	if most <= wireReach-1 {
		return b, true
	}
	t := (wireReach - 1) / most
	return contour.Point{X: a.X + t*(b.X-a.X), Y: a.Y + t*(b.Y-a.Y)}, false
}

// some is the way from a to b without a, for a line that follows the pointer: what lies beyond the search's reach is
// straight.
func (w *wire) some(a, b contour.Point) []contour.Point {
	g := w.from(a)
	if g == nil {
		return []contour.Point{b}
	}
	at, whole := clamp(g, a, b)
	line := smoothed(g, a, w.flow.way(g.cellOf(at)), at)
	if !whole {
		line = append(line, b)
	}
	return line
}

// all is the way from a to b without a, in as many searches as it takes. Of one that does not reach b, the first half stays:
// the rest leads to a place that only lies in the direction of b.
func (w *wire) all(a, b contour.Point) []contour.Point {
	var out []contour.Point
	for range maxHops {
		g := w.from(a)
		if g == nil {
			break
		}
		at, whole := clamp(g, a, b)
		way := w.flow.way(g.cellOf(at))
		if whole {
			return append(out, smoothed(g, a, way, b)...)
		}
		if len(way) < 4 {
			break
		}
		way = way[:len(way)/2]
		at = g.centre(way[len(way)-1])
		out = append(out, smoothed(g, a, way, at)...)
		a = at
	}
	return append(out, b)
}

// maxHops bounds how many searches one press may cost.
const maxHops = 64

// far tells whether the pointer at b has gone so far from a that the line should be kept up to a point half-way.
func (w *wire) far(a, b contour.Point) (mid contour.Point, ok bool) {
	g := w.from(a)
	if g == nil || max(math.Abs(b.X-a.X), math.Abs(b.Y-a.Y)) < 0.6*wireReach*float64(g.step) {
		return mid, false
	}
	at, _ := clamp(g, a, b)
	way := w.flow.way(g.cellOf(at))
	if len(way) < 4 {
		return mid, false
	}
	return g.centre(way[len(way)/2]), true
}

// smoothed makes a way over cells a line from a to b in px, without a: its corners are rounded off.
func smoothed(g *grid, a contour.Point, way []image.Point, b contour.Point) []contour.Point {
	if len(way) < 3 {
		return []contour.Point{b}
	}
	line := make([]contour.Point, len(way))
	for i, c := range way {
		line[i] = g.centre(c)
	}
	line[0], line[len(line)-1] = a, b
	next := make([]contour.Point, len(line))
	for range 3 {
		copy(next, line)
		for i := 1; i+1 < len(line); i++ {
			next[i].X = (line[i-1].X + 2*line[i].X + line[i+1].X) / 4
			next[i].Y = (line[i-1].Y + 2*line[i].Y + line[i+1].Y) / 4
		}
		line, next = next, line
	}
	return line[1:]
}
