package mask

import (
	"image"
	"math"
)

// Nearest gives every pixel of box the seed that is nearest to it: its index, or -1 where there is no seed at all. owner
// has box.Dx()*box.Dy() entries by rows. Seeds are pixels of the box, others are left out; of two on one pixel the first
// counts. sx and sy are the width and height of a pixel in whatever unit distances are compared in. It is exact, between
// pixel centres, and its cost does not depend on how many seeds there are.
func Nearest(seeds []image.Point, box image.Rectangle, sx, sy float64) (owner []int32) {
	w, h := box.Dx(), box.Dy()
	owner = make([]int32, w*h)
	for i := range owner {
		owner[i] = -1
	}
	for i, p := range seeds {
		if at := (p.Y-box.Min.Y)*w + p.X - box.Min.X; p.In(box) && owner[at] < 0 {
			owner[at] = int32(i)
		}
	}
	down := alongColumns(owner, w, h)
	e := envelope{at: make([]int, w), from: make([]float64, w+1)}
	row := make([]int32, w)
	for y := 0; y < h; y++ {
		copy(row, owner[y*w:])
		e.fill(row, down[y*w:(y+1)*w], owner[y*w:(y+1)*w], sy/sx)
	}
	return owner
}

// alongColumns spreads owners along each column to the nearest pixel with one, and returns how many rows that one is away.
func alongColumns(owner []int32, w, h int) (away []int32) {
	away = make([]int32, w*h)
	const never = math.MaxInt32 / 2
	for y := 0; y < h; y++ {
		for x := 0; x < w; x++ {
			at := y*w + x
			switch {
			case owner[at] >= 0:
				away[at] = 0
			case y > 0 && owner[at-w] >= 0:
				away[at], owner[at] = away[at-w]+1, owner[at-w]
			default:
				away[at] = never
			}
		}
	}
	for y := h - 2; y >= 0; y-- {
		for x := 0; x < w; x++ {
			at := y*w + x
			if owner[at+w] >= 0 && away[at+w]+1 < away[at] {
				away[at], owner[at] = away[at+w]+1, owner[at+w]
			}
		}
	}
	return away
}

// envelope is the lower envelope of parabolas along a row (Felzenszwalb and Huttenlocher), reused from row to row.
type envelope struct {
	at   []int     // columns whose parabola is the lowest somewhere
	from []float64 // from where on each is
}

// fill gives each column of out the owner of the column with the least squared distance. away is in rows, each of which is
// aspect columns high.
func (e *envelope) fill(owner, away, out []int32, aspect float64) {
	n := 0
	height := func(x int) float64 {
		d := float64(away[x]) * aspect
		return d*d + float64(x)*float64(x)
	}
	for x := range owner {
		if owner[x] < 0 {
			continue
		}
		start := math.Inf(-1)
		for n > 0 {
			last := e.at[n-1]
			start = (height(x) - height(last)) / (2 * float64(x-last))
			if start > e.from[n-1] {
				break
			}
			n--
			start = math.Inf(-1)
		}
		e.at[n], e.from[n] = x, start
		n++
	}
	if n == 0 {
		return
	}
	k := 0
	for x := range out {
		for k+1 < n && e.from[k+1] <= float64(x) {
			k++
		}
		out[x] = owner[e.at[k]]
	}
}
