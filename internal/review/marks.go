package review

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// correctedReach is how near, in px, a changed pixel's centre must be to a boundary vertex for it to count as corrected:
// the pixels on both sides of the boundary and their neighbours.
const correctedReach = 1.5

// markReach is how far from the boundary marks lie, in px: wide enough that a contour drawn a little differently, from
// the mask instead of the model's field, still finds them.
const markReach = 2.0

// nearby says, for the pixels of a box, which boundary vertex is the nearest, if one is within reach.
type nearby struct {
	box   image.Rectangle
	owner []int32 // index of the vertex, counted through all contours; -1: none
	far   []float64
}

// findNearby looks up the nearest vertices of cs.
func findNearby(cs []contour.Contour, box image.Rectangle, reach float64) *nearby {
	n := &nearby{box: box, owner: make([]int32, box.Dx()*box.Dy()), far: make([]float64, box.Dx()*box.Dy())}
	for i := range n.owner {
		n.owner[i], n.far[i] = -1, reach*reach
	}
	id := int32(0)
	for i := range cs {
		for k := range cs[i].Points {
			n.offer(cs[i].Points[k].Point, id, reach)
			id++
		}
	}
	return n
}

// offer makes vertex id at p the owner of the pixels to which it is the nearest.
func (n *nearby) offer(p contour.Point, id int32, reach float64) {
	around := reachOf(p, reach).Intersect(n.box)
	for y := around.Min.Y; y < around.Max.Y; y++ {
		dy := float64(y) + 0.5 - p.Y
		for x := around.Min.X; x < around.Max.X; x++ {
			dx := float64(x) + 0.5 - p.X
			at := (y-n.box.Min.Y)*n.box.Dx() + x - n.box.Min.X
			if d := dx*dx + dy*dy; d <= n.far[at] && (d < n.far[at] || n.owner[at] < 0) {
				n.owner[at], n.far[at] = id, d
			}
		}
	}
}

// reachOf is the rectangle of pixels whose centres may be within reach of p.
func reachOf(p contour.Point, reach float64) image.Rectangle {
	return image.Rect(
		int(math.Floor(p.X-reach)), int(math.Floor(p.Y-reach)),
		int(math.Ceil(p.X+reach)), int(math.Ceil(p.Y+reach)),
	)
}

// each calls do for every pixel of the box with the vertex that owns it, or -1.
func (n *nearby) each(do func(x, y int, owner int32)) {
	i := 0
	for y := n.box.Min.Y; y < n.box.Max.Y; y++ {
		for x := n.box.Min.X; x < n.box.Max.X; x++ {
			do(x, y, n.owner[i])
			i++
		}
	}
}

// correct marks the boundary that the stroke moved as corrected, or as predicted where it swept over all, and wipes marks
// that it left behind. changed holds every pixel whose label differs. Outside its surroundings neither boundary nor marks can have changed.
func (s *Stroke) correct(changed image.Rectangle) {
	margin := int(math.Ceil(correctedReach + markReach))
	box := changed.Inset(-margin).Intersect(s.labels.Rect())
	cs := outlines(s.labels, s.holds, s.extent())
	var moved []bool
	eachVertex(cs, func(v *contour.Vertex) {
		moved = append(moved, s.movedAt(v.Point, changed))
	})
	state := contour.Corrected
	if s.sweeping {
		state = contour.Predicted
	}
	marks := s.writableMarks()
	findNearby(cs, box, markReach).each(func(x, y int, owner int32) {
		switch {
		case s.Kept(x, y):
		case owner < 0:
			marks.Set(x, y, uint8(contour.Predicted))
		case moved[owner]:
			marks.Set(x, y, uint8(state))
		}
	})
	s.marked = s.marked.Union(box)
}

// movedAt tells whether the stroke changed a pixel near p; changed holds every pixel that differs.
func (s *Stroke) movedAt(p contour.Point, changed image.Rectangle) bool {
	return moved(s.frame.Labels, s.labels, p, changed)
}

// moved tells whether two masks of one size differ in a pixel near p; changed holds every pixel that does.
func moved(before, after *mask.Plane, p contour.Point, changed image.Rectangle) bool {
	around := reachOf(p, correctedReach).Intersect(changed)
	for y := around.Min.Y; y < around.Max.Y; y++ {
		for x := around.Min.X; x < around.Max.X; x++ {
			at := y*after.W + x
			if after.Pix[at] != before.Pix[at] && math.Hypot(float64(x)+0.5-p.X, float64(y)+0.5-p.Y) <= correctedReach {
				return true
			}
		}
	}
	return false
}

// mark writes state around those vertices of cs that are among pts.
func (s *Stroke) mark(cs []contour.Contour, pts []contour.Point, radius float64, state contour.State) {
	var box image.Rectangle
	own := make(map[contour.Point]bool, len(pts))
	for _, p := range pts {
		own[p] = true
		box = box.Union(reachOf(p, radius))
	}
	var chosen []bool
	eachVertex(cs, func(v *contour.Vertex) { chosen = append(chosen, own[v.Point]) })
	marks := s.writableMarks()
	box = box.Intersect(marks.Rect())
	findNearby(cs, box, radius).each(func(x, y int, owner int32) {
		if owner >= 0 && chosen[owner] {
			marks.Set(x, y, uint8(state))
		}
	})
	s.marked = s.marked.Union(box)
}

// eachVertex calls do for the vertices of all contours in order.
func eachVertex(cs []contour.Contour, do func(v *contour.Vertex)) {
	for i := range cs {
		for k := range cs[i].Points {
			do(&cs[i].Points[k])
		}
	}
}

// outlines gives the contours of the given labels of p, which lie inside within.
func outlines(p *mask.Plane, labels []uint8, within image.Rectangle) []contour.Contour {
	var cs []contour.Contour
	for _, label := range labels {
		cs = append(cs, contour.FromMaskIn(p, label, within)...)
	}
	return cs
}

// labelsIn lists the labels that p holds inside within, in order.
func labelsIn(p *mask.Plane, within image.Rectangle) []uint8 {
	within = within.Intersect(p.Rect())
	var seen [256]bool
	last := uint8(0)
	run := make([]byte, 64) // of the last label, to compare many pixels at a time
	for y := within.Min.Y; y < within.Max.Y; y++ {
		row := p.Pix[y*p.W+within.Min.X : y*p.W+within.Max.X]
		for len(row) > 0 {
			some := row[:min(len(run), len(row))]
			row = row[len(some):]
			if string(some) == string(run[:len(some)]) {
				continue
			}
			for _, v := range some {
				if v != last {
					seen[v], last = true, v
				}
			}
			for i := range run {
				run[i] = last
			}
		}
	}
	return mask.Labels(&seen)
}
