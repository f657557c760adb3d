package tool

import (
	"cmp"
	"image"
	"math"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// Smooth takes bumps and dents off a label's boundary that are smaller than a round tip of the given radius, in mm where
// the frame is calibrated and else in px. The area of each ring stays the same to the pixel, as long as no rule and no other
// label is in the way. With an arc, which must be one of the frame's arcs as they are now, only that is smoothed,
// and counts as corrected; without one what is moved counts as predicted still, for nobody looked at each place.
func Smooth(r *review.Review, k review.Key, label uint8, arc *contour.Arc, radius float64) (changed bool, err error) {
	rx, ry := r.Radius(k, radius)
	rx, ry = min(rx, maxSmooth), min(ry, maxSmooth)
	cs := r.Contours(k)
	return filter(r, k, nameSmooth, func(s *review.Stroke) {
		if arc == nil {
			s.Sweeping()
		}
		seams := seamsOf(s, cs, label, arc, func(a, b contour.Point) float64 { return math.Hypot((a.X-b.X)/rx, (a.Y-b.Y)/ry) })
		smooth(s, seams, label, rx, ry)
	})
}

// maxSmooth bounds the radius of smoothing, in px.
const maxSmooth = 128

// Grow moves a label's boundary out by so many mm where the frame is calibrated, else px; a negative distance shrinks it.
// The edges of the image stay edges. What is moved counts as predicted still.
func Grow(r *review.Review, k review.Key, label uint8, by float64) (changed bool, err error) {
	sp, _ := r.SpacingAt(k)
	cs := r.Contours(k)
	name := nameGrow
	if by < 0 {
		name = nameShrink
	}
	return filter(r, k, name, func(s *review.Stroke) {
		s.Sweeping()
		taper := math.Abs(by)
		seams := seamsOf(s, cs, label, nil, func(a, b contour.Point) float64 {
			return math.Hypot((a.X-b.X)*sp.X, (a.Y-b.Y)*sp.Y) / taper
		})
		grow(s, seams, label, by, sp.X, sp.Y)
	})
}

// seam is a point of the boundary with how far it gives way: 0 where it stays, 1 where nothing holds it.
type seam struct {
	contour.Point
	ring  int
	gives float64
	rim   bool // on the image's edge, which is no boundary
}

// seamsOf lists the boundary of a label. It stays where the stroke keeps it and beyond the arc, if there is one, and gives
// way more and more up to a distance of 1 from there, so that no step is left at the end. The image's edge is no boundary.
func seamsOf(s *review.Stroke, cs []contour.Contour, label uint8, arc *contour.Arc, far func(a, b contour.Point) float64) []seam {
	var out []seam
	size := s.Labels().Rect()
	for i := range cs {
		c := &cs[i]
		if c.Label != label {
			continue
		}
		ring := make([]seam, len(c.Points))
		for k, v := range c.Points {
			ring[k] = seam{Point: v.Point, ring: i, rim: onRim(v.Point, size)}
			if arc == nil && !slices.Contains(decided, v.State) || ring[k].rim {
				ring[k].gives = 1
			}
		}
		if arc != nil && arc.Contour == i {
			for k := range arc.Each(*c) {
				if !slices.Contains(decided, c.Points[k].State) {
					ring[k].gives = 1
				}
			}
		}
		taper(ring, far)
		out = append(out, slices.DeleteFunc(ring, func(m seam) bool { return m.rim })...)
	}
	return out
}

// onRim tells whether a boundary point lies on the image's edge.
func onRim(p contour.Point, r image.Rectangle) bool {
	const slack = 0.1
	return p.X < slack || p.Y < slack || p.X > float64(r.Max.X)-slack || p.Y > float64(r.Max.Y)-slack
}

// taper lets each point of a ring give no more than its distance along the ring from the nearest one that stays.
func taper(ring []seam, far func(a, b contour.Point) float64) {
	n := len(ring)
	for _, step := range [2]int{1, n - 1} {
		for i, k := 0, 0; i < 2*n; i, k = i+1, (k+step)%n {
			next := &ring[(k+step)%n]
			next.gives = min(next.gives, ring[k].gives+far(ring[k].Point, next.Point))
		}
	}
}

// nearestSeams gives each pixel of box the nearest seam, or -1.
func nearestSeams(seams []seam, box image.Rectangle, sx, sy float64) []int32 {
	at := make([]image.Point, len(seams))
	for i, m := range seams {
		p := pixelAt(m.Point)
		at[i] = image.Pt(min(max(p.X, box.Min.X), box.Max.X-1), min(max(p.Y, box.Min.Y), box.Max.Y-1))
	}
	return mask.Nearest(at, box, sx, sy)
}

// boxAround is the rectangle of a label's pixels and those up to so many px around.
func boxAround(p *mask.Plane, label uint8, rx, ry float64) image.Rectangle {
	b := mask.Bounds(p, label)
	if b.Empty() {
		return b
	}
	dx, dy := int(math.Ceil(rx))+2, int(math.Ceil(ry))+2
	return image.Rect(b.Min.X-dx, b.Min.Y-dy, b.Max.X+dx, b.Max.Y+dy).Intersect(p.Rect())
}

// grow carries Grow out.
func grow(s *review.Stroke, seams []seam, label uint8, by, sx, sy float64) {
	now := s.Labels()
	reach := math.Max(by, 0)
	box := boxAround(now, label, reach/sx, reach/sy)
	if box.Empty() || len(seams) == 0 || by == 0 || math.IsNaN(by) {
		return
	}
	owner := nearestSeams(seams, box, sx, sy)
	to, within := label, math.Abs(by)
	if by < 0 {
		to = 0
	}
	s.Fill(chosen(box, func(x, y, i int) bool {
		if (now.Pix[y*now.W+x] == label) == (by > 0) {
			return false
		}
		if m := &seams[owner[i]]; math.Hypot((float64(x)+0.5-m.X)*sx, (float64(y)+0.5-m.Y)*sy) > within+2*max(sx, sy) {
			return false // a neighbour's is no more than a pixel nearer
		}
		best, gives := math.Inf(1), 0.0
		for _, k := range beside(i, box) { // seams lie beside the pixels that stand for them: the nearest may be a neighbour's
			m := &seams[owner[k]]
			if d := math.Hypot((float64(x)+0.5-m.X)*sx, (float64(y)+0.5-m.Y)*sy); d < best {
				best, gives = d, m.gives
			}
		}
		return best < within*gives
	}), to)
}

// beside is pixel i of box, counted by rows, and its neighbours above, below, left and right; at the rim it is itself again.
func beside(i int, box image.Rectangle) [5]int {
	w, h := box.Dx(), box.Dy()
	out := [5]int{i, i, i, i, i}
	if i%w > 0 {
		out[1] = i - 1
	}
	if i%w < w-1 {
		out[2] = i + 1
	}
	if i >= w {
		out[3] = i - w
	}
	if i < w*(h-1) {
		out[4] = i + w
	}
	return out
}

// chosen is the pixels of box for which in holds; i counts them by rows.
func chosen(box image.Rectangle, in func(x, y, i int) bool) []mask.Span {
	var out []mask.Span
	i := 0
	for y := box.Min.Y; y < box.Max.Y; y++ {
		start := -1
		for x := box.Min.X; x < box.Max.X; x++ {
			ok := in(x, y, i)
			i++
			switch {
			case ok && start < 0:
				start = x
			case !ok && start >= 0:
				out = append(out, mask.Span{Y: y, X0: start, X1: x})
				start = -1
			}
		}
		if start >= 0 {
			out = append(out, mask.Span{Y: y, X0: start, X1: box.Max.X})
		}
	}
	return out
}

// candidate is a pixel that may change sides when a boundary is smoothed.
type candidate struct {
	at    int     // in the box
	value float32 // how much of its surroundings is the label
}

// smooth carries Smooth out: near each ring the pixels are ranked by how much of their surroundings is the label, and as
// many of the first become it as there were.
func smooth(s *review.Stroke, seams []seam, label uint8, rx, ry float64) {
	now := s.Labels()
	box := boxAround(now, label, rx, ry)
	if box.Empty() || len(seams) == 0 || !(rx >= 1) || !(ry >= 1) {
		return
	}
	soft := softened(now, label, box, rx, ry)
	owner := nearestSeams(seams, box, 1/rx, 1/ry)
	zones := map[int][]candidate{} // by ring
	had := map[int]int{}
	for i, o := range owner {
		x, y := box.Min.X+i%box.Dx(), box.Min.Y+i/box.Dx()
		v := now.Pix[y*now.W+x]
		if o < 0 || v != 0 && v != label {
			continue
		}
		m := &seams[o]
		if m.gives <= 0 || math.Hypot((float64(x)+0.5-m.X)/rx, (float64(y)+0.5-m.Y)/ry) > smoothReach {
			continue
		}
		c := candidate{i, soft[i] * float32(m.gives)}
		if v == label {
			c.value += 1 - float32(m.gives)
			had[m.ring]++
		}
		zones[m.ring] = append(zones[m.ring], c)
	}
	var on, off []int
	for ring, z := range zones {
		slices.SortFunc(z, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.value, a.value), a.at-b.at) })
		for i, c := range z {
			if i < had[ring] {
				on = append(on, c.at)
			} else {
				off = append(off, c.at)
			}
		}
	}
	s.Fill(pixels(off, box), 0)
	s.Fill(pixels(on, box), label)
}

// softened is how much of the surroundings of each pixel of box is the label, 0 to 1, by rows.
func softened(p *mask.Plane, label uint8, box image.Rectangle, rx, ry float64) []float32 {
	w, h := box.Dx(), box.Dy()
	soft := make([]float32, w*h)
	for y := range h {
		for x, v := range p.Pix[(box.Min.Y+y)*p.W+box.Min.X:][:w] {
			if v == label {
				soft[y*w+x] = 1
			}
		}
	}
	for range smoothTimes {
		soft = boxBlur(soft, w, h, int(math.Round(rx/2)), int(math.Round(ry/2)))
	}
	return soft
}

// smoothTimes boxes make a filter that is nearly round; smoothReach is how far from the boundary pixels may change sides, in
// radii.
const (
	smoothTimes = 3
	smoothReach = 2.0
)

// pixels makes spans of pixels counted by the rows of box.
func pixels(at []int, box image.Rectangle) []mask.Span {
	slices.Sort(at)
	var out []mask.Span
	for _, i := range at {
		x, y := box.Min.X+i%box.Dx(), box.Min.Y+i/box.Dx()
		if n := len(out); n > 0 && out[n-1].Y == y && out[n-1].X1 == x {
			out[n-1].X1++
		} else {
			out = append(out, mask.Span{Y: y, X0: x, X1: x + 1})
		}
	}
	return out
}
