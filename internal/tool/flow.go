package tool

import (
	"image"
	"math"
)

// maxWeight is the largest weight of a cell, and buckets how many costs lie at most between two that wait: a step over a
// corner of the heaviest cell.
const (
	maxWeight = 90
	buckets   = 128
)

// never is the cost of a cell that was not reached.
const never = math.MaxInt32

// flow finds the cheapest ways from seeds through the cells of a rectangle (Dijkstra with a queue of buckets). It goes only
// as far as it is asked, and goes on from there when asked for more.
type flow struct {
	g      *grid
	box    image.Rectangle
	values []uint8 // of the grid's cells
	weight *[256]uint8
	cost   []int32
	from   []int8 // index into around of the step that led here; -1 at a seed
	done   []bool
	queue  [buckets][]int32
	now    int32
	left   int // in the queue
}

// around are the steps to the neighbours of a cell; those over corners come last.
var around = [8]image.Point{{X: 1}, {X: -1}, {Y: 1}, {Y: -1}, {X: 1, Y: 1}, {X: -1, Y: 1}, {X: 1, Y: -1}, {X: -1, Y: -1}}

// begin forgets everything and looks at a rectangle of cells of g, which weigh by the values that g has of them.
func (f *flow) begin(g *grid, box image.Rectangle, values []uint8, weight *[256]uint8) {
	f.g, f.values, f.weight = g, values, weight
	f.box = box.Intersect(image.Rect(0, 0, g.w, g.h))
	g.see(f.box)
	n := f.box.Dx() * f.box.Dy()
	if cap(f.cost) < n {
		f.cost, f.from, f.done = make([]int32, n), make([]int8, n), make([]bool, n)
	}
	f.cost, f.from, f.done = f.cost[:n], f.from[:n], f.done[:n]
	for i := range f.cost {
		f.cost[i] = never
	}
	clear(f.done)
	for i := range f.queue {
		f.queue[i] = f.queue[i][:0]
	}
	f.now, f.left = 0, 0
}

// seed makes a cell one where ways begin. Cells outside are left out.
func (f *flow) seed(c image.Point) {
	if !c.In(f.box) {
		return
	}
	if i := f.index(c); f.cost[i] == never {
		f.offer(i, 0, -1)
	}
}

func (f *flow) index(c image.Point) int32 {
	return int32((c.Y-f.box.Min.Y)*f.box.Dx() + c.X - f.box.Min.X)
}

func (f *flow) place(i int32) image.Point {
	w := int32(f.box.Dx())
	return image.Pt(int(i%w), int(i/w)).Add(f.box.Min)
}

// offer notes a way to cell i.
func (f *flow) offer(i, cost int32, step int8) {
	f.cost[i], f.from[i] = cost, step
	b := &f.queue[cost%buckets]
	*b = append(*b, i)
	f.left++
}

// run settles cells in the order of their costs as long as more says so. It is asked before each, and that cell waits if it
// says no.
func (f *flow) run(more func(c image.Point, cost int32) bool) {
	for f.left > 0 {
		b := &f.queue[f.now%buckets]
		if len(*b) == 0 {
			f.now++
			continue
		}
		i := (*b)[len(*b)-1]
		if !f.done[i] && f.cost[i] == f.now {
			c := f.place(i)
			if !more(c, f.now) {
				return
			}
			f.settle(i, c)
		}
		*b = (*b)[:len(*b)-1] // settle never adds to this bucket: weights are above 0 and below the number of buckets
		f.left--
	}
}

// settle offers the ways on from cell i at c.
func (f *flow) settle(i int32, c image.Point) {
	f.done[i] = true
	for k, d := range around {
		n := c.Add(d)
		if !n.In(f.box) {
			continue
		}
		j := f.index(n)
		if f.done[j] {
			continue
		}
		w := int32(f.weight[f.values[n.Y*f.g.w+n.X]])
		if k >= 4 {
			w = w * 7 / 5
		}
		if w = max(w, 1); f.cost[i]+w < f.cost[j] {
			f.offer(j, f.cost[i]+w, int8(k))
		}
	}
}

// reached tells whether a way to c that costs no more than limit was found.
func (f *flow) reached(c image.Point, limit int32) bool {
	return c.In(f.box) && f.cost[f.index(c)] <= limit
}

// way is the cheapest way from the seed to c, which must lie in the rectangle; both ends belong to it.
func (f *flow) way(c image.Point) []image.Point {
	i := f.index(c)
	f.run(func(image.Point, int32) bool { return !f.done[i] })
	if f.cost[i] == never {
		return nil
	}
	out := []image.Point{c}
	for step := f.from[i]; step >= 0; step = f.from[f.index(c)] {
		c = c.Sub(around[step])
		out = append(out, c)
	}
	for a, b := 0, len(out)-1; a < b; a, b = a+1, b-1 {
		out[a], out[b] = out[b], out[a]
	}
	return out
}
