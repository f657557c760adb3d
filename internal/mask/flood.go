package mask

import (
	"image"
	"slices"
)

// Region is a set of pixels that hang together.
type Region struct {
	Spans []Span // by rows from the top
	Size  int    // pixels
	Box   image.Rectangle
}

// Has tells whether pixel (x, y) belongs to the region.
func (g *Region) Has(x, y int) bool {
	if !image.Pt(x, y).In(g.Box) {
		return false
	}
	for _, s := range g.Spans {
		if s.Y == y && s.X0 <= x && x < s.X1 {
			return true
		}
	}
	return false
}

// Regions lists the connected sets of pixels inside r whose label in holds for, in the order of their first pixel. Pixels
// belong together if they touch by a side or, with corners, also by a corner.
func Regions(p *Plane, r image.Rectangle, corners bool, in func(label uint8) bool) []Region {
	runs := collectRuns(p, r.Intersect(p.Rect()), in)
	reach := 0
	if corners {
		reach = 1
	}
	join(runs, reach)
	number := make([]int, len(runs))
	var out []Region
	for i, u := range runs {
		root := find(runs, int32(i))
		if number[root] == 0 {
			out = append(out, Region{})
			number[root] = len(out)
		}
		g := &out[number[root]-1]
		g.Spans = append(g.Spans, Span{u.y, u.x0, u.x1})
		g.Size += u.x1 - u.x0
		g.Box = g.Box.Union(image.Rect(u.x0, u.y, u.x1, u.y+1))
	}
	return out
}

// Reach is what of spans can be walked to from the seeds over pixel sides without leaving the spans and without crossing
// a pixel for which wall holds. Seeds outside the spans, or on a wall, are no way in. Spans must be at most one per row,
// rows in order, as Capsule gives them.
func Reach(spans []Span, seeds []image.Point, wall func(x, y int) bool) []Span {
	var pieces []run
	starts := make([]int, len(spans)+1) // the first piece of each row
	for i, s := range spans {
		starts[i] = len(pieces)
		for x := s.X0; x < s.X1; x++ {
			if wall(x, s.Y) {
				continue
			}
			x0 := x
			for x < s.X1 && !wall(x, s.Y) {
				x++
			}
			pieces = append(pieces, run{s.Y, x0, x, int32(len(pieces))})
		}
	}
	starts[len(spans)] = len(pieces)
	join(pieces, 0)
	open := make([]bool, len(pieces))
	for _, p := range seeds {
		row, ok := slices.BinarySearchFunc(spans, p.Y, func(s Span, y int) int { return s.Y - y })
		if !ok {
			continue
		}
		for k := starts[row]; k < starts[row+1]; k++ {
			if pieces[k].x0 <= p.X && p.X < pieces[k].x1 {
				open[find(pieces, int32(k))] = true
			}
		}
	}
	out := make([]Span, 0, len(pieces))
	for i, u := range pieces {
		if open[find(pieces, int32(i))] {
			out = append(out, Span{u.y, u.x0, u.x1})
		}
	}
	return out
}
