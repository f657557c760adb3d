package mask

import (
	"bytes"
	"image"
	"math"
)

// Count is the number of pixels that hold label.
func Count(p *Plane, label uint8) int { return bytes.Count(p.Pix, []byte{label}) }

// Bounds is the smallest rectangle that holds every pixel of label; empty if there is none.
func Bounds(p *Plane, label uint8) image.Rectangle { return BoundsIn(p, label, p.Rect()) }

// BoundsIn is Bounds of what lies inside within.
func BoundsIn(p *Plane, label uint8, within image.Rectangle) image.Rectangle {
	within = within.Intersect(p.Rect())
	r := image.Rectangle{Min: image.Pt(p.W, p.H)}
	for y := within.Min.Y; y < within.Max.Y; y++ {
		row := p.Pix[y*p.W+within.Min.X : y*p.W+within.Max.X]
		first := bytes.IndexByte(row, label)
		if first < 0 {
			continue
		}
		last := len(row) - 1 // LastIndexByte goes byte by byte
		for row[last] != label {
			last--
		}
		r.Min.X, r.Min.Y = min(r.Min.X, within.Min.X+first), min(r.Min.Y, y)
		r.Max.X, r.Max.Y = max(r.Max.X, within.Min.X+last+1), y+1
	}
	if r.Max.Y == 0 {
		return image.Rectangle{}
	}
	return r
}

// Components numbers the connected regions of label, from 1 in the order of their first pixel. Pixels that touch by side
// or corner belong together. ids has one number per pixel of the plane, 0 where the label is not; sizes[id] is the
// region's number of pixels, and sizes[0] is 0.
func Components(p *Plane, label uint8) (ids []int32, sizes []int) {
	ids = make([]int32, len(p.Pix))
	runs := collectRuns(p, Bounds(p, label), func(v uint8) bool { return v == label })
	join(runs, 1)
	sizes = []int{0}
	number := make([]int32, len(runs))
	for i := range runs {
		root := find(runs, int32(i))
		if number[root] == 0 {
			number[root] = int32(len(sizes))
			sizes = append(sizes, 0)
		}
		id, r := number[root], runs[i]
		sizes[id] += r.x1 - r.x0
		row := ids[r.y*p.W+r.x0 : r.y*p.W+r.x1]
		for k := range row {
			row[k] = id
		}
	}
	return ids, sizes
}

// Clean clears regions of label that have fewer than minPixels pixels or less than minShare of the largest region's.
func Clean(p *Plane, label uint8, minPixels int, minShare float64) {
	runs := collectRuns(p, Bounds(p, label), func(v uint8) bool { return v == label })
	join(runs, 1)
	sizes, largest := make([]int, len(runs)), 0
	for i, r := range runs {
		root := find(runs, int32(i))
		sizes[root] += r.x1 - r.x0
		largest = max(largest, sizes[root])
	}
	for i, r := range runs {
		n := sizes[find(runs, int32(i))]
		if n < minPixels || float64(n) < minShare*float64(largest) {
			clear(p.Pix[r.y*p.W+r.x0 : r.y*p.W+r.x1])
		}
	}
}

// FillHoles gives label to the background (0) inside its regions: to what cannot reach the edge of the plane by steps
// over pixel sides without crossing label. Other labels inside stay as they are.
func FillHoles(p *Plane, label uint8) {
	b := Bounds(p, label)
	runs := collectRuns(p, b, func(v uint8) bool { return v != label })
	join(runs, 0)
	open := make([]bool, len(runs))
	for i, r := range runs {
		if r.y == b.Min.Y || r.y == b.Max.Y-1 || r.x0 == b.Min.X || r.x1 == b.Max.X {
			open[find(runs, int32(i))] = true
		}
	}
	for i, r := range runs {
		if open[find(runs, int32(i))] {
			continue
		}
		row := p.Pix[r.y*p.W+r.x0 : r.y*p.W+r.x1]
		for k, v := range row {
			if v == 0 {
				row[k] = label
			}
		}
	}
}

// run is a row's piece of a region. parent leads to the region's first run (union-find).
type run struct {
	y, x0, x1 int
	parent    int32
}

// collectRuns lists the runs of pixels in r for which in holds, by rows.
func collectRuns(p *Plane, r image.Rectangle, in func(uint8) bool) []run {
	var want [256]bool
	for v := range want {
		want[v] = in(uint8(v))
	}
	var runs []run
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := p.Pix[y*p.W : y*p.W+r.Max.X]
		for x := r.Min.X; x < r.Max.X; x++ {
			if !want[row[x]] {
				continue
			}
			x0 := x
			for x < r.Max.X && want[row[x]] {
				x++
			}
			runs = append(runs, run{y, x0, x, int32(len(runs))})
		}
	}
	return runs
}

// join unites runs of neighbouring rows that overlap, or with reach 1 also those that touch at a corner.
func join(runs []run, reach int) {
	above, rowStart := 0, 0
	for i := range runs {
		if i > 0 && runs[i].y != runs[i-1].y {
			above, rowStart = rowStart, i
		}
		r := runs[i]
		for above < rowStart && (runs[above].y < r.y-1 || runs[above].x1+reach <= r.x0) {
			above++
		}
		for k := above; k < rowStart && runs[k].x0 < r.x1+reach; k++ {
			unite(runs, int32(k), int32(i))
		}
	}
}

func find(runs []run, i int32) int32 {
	for runs[i].parent != i {
		runs[i].parent = runs[runs[i].parent].parent
		i = runs[i].parent
	}
	return i
}

func unite(runs []run, a, b int32) {
	a, b = find(runs, a), find(runs, b)
	runs[max(a, b)].parent = min(a, b)
}

// Dilate returns a plane that holds label wherever a pixel centre lies within radius (px) of the centre of a pixel of
// label in p, and nothing else. A radius below 1 copies the label.
func Dilate(p *Plane, label uint8, radius float64) *Plane {
	out := NewPlane(p.W, p.H)
	reach := 0
	if radius >= 1 {
		reach = int(math.Min(radius, maxSide))
	}
	for _, r := range collectRuns(p, Bounds(p, label), func(v uint8) bool { return v == label }) {
		for dy := -min(reach, r.y); dy <= reach && r.y+dy < p.H; dy++ {
			dx := 0
			if reach > 0 {
				dx = int(math.Sqrt(math.Max(0, radius*radius-float64(dy*dy))))
			}
			row := out.Pix[(r.y+dy)*p.W:]
			for x := max(0, r.x0-dx); x < min(p.W, r.x1+dx); x++ {
				row[x] = label
			}
		}
	}
	return out
}
