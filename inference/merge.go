package inference

import (
	"bytes"
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// What a hint may change lies within localRadii of its own radii and localOff times the distance by which it says that the
// boundary is off. A click amid a crescent so takes most of a crescent several times as long as wide, one amid a lobe the
// lobe; of a rim around the whole lesion, a pixel wide, a click takes the part that is near it.
const (
	localRadii = 6
	localOff   = 3
)

// Merging says what Merge may change.
type Merging struct {
	Label  uint8
	Radius float64     // of a click's disk, and how near a change must be to belong to a hint, native px; at least 1
	Locked *mask.Plane // not 0 where nothing may change, of the masks' size; nil: nothing is locked
}

// Merge takes from a guided prediction's mask what belongs to the reader's newest hint, and returns before with that
// change; before and after have the same size and stay as they are. What changes is told by label alone: a pixel of
// another label counts as outside, and becomes label where it is taken over.
//
// First every click that after does not obey is put right in it, by a disk of Radius; of two that contradict each other
// the newest wins. Then the connected regions (over corners) in which after differs from before are taken over if they
// come near the newest hint: for a click those that, within Radius of it, change what the click asks for; for a stroke
// all within Radius of it. Of a region only what hangs together within 6 Radius + 3 d of the hint is taken, where d is how
// far the hint lies from the boundary that it corrects: for a click that before obeys 0, else from the click to where
// before is as the click says; for a stroke the greatest distance from before's boundary. Where before has no such
// pixel at all there is nothing to protect, and the whole region is taken.
//
// So all pixels but these stay bit by bit; locked pixels stay; the pixel under the newest click is as the click says, if
// it is not locked; and merging the same again changes nothing.
func Merge(before, after *mask.Plane, g Guidance, m Merging) *mask.Plane {
	if !(m.Radius >= 1) {
		m.Radius = 1
	}
	out, want := before.Clone(), m.obeyed(after, g)
	open := m.changes(before, want)
	for _, h := range g.newest() {
		s := spread{open: open, corners: true, near: m.local(before, h), take: func(y, x0, x1 int) {
			for i := y*out.W + x0; i < y*out.W+x1; i++ {
				out.Pix[i] = m.value(want.Pix[i] == m.Label)
			}
		}}
		s.fromHint(h, m.Radius)
	}
	return out
}

// way is what a hint asks for.
type way uint8

const (
	shape   way = iota // the boundary lies here
	inside             // in planes of changes, a pixel that comes in
	outside            // in planes of changes, a pixel that goes out
)

// hint is a click or a stroke.
type hint struct {
	line []contour.Point
	way  way
}

// newest are the hints that the reader gave last.
func (g Guidance) newest() []hint {
	clicks := g.clicks()
	var stroke []hint
	if len(g.Stroke) > 0 {
		stroke = []hint{{g.Stroke, shape}}
	}
	n := len(clicks) - 1
	switch {
	case g.Newest == Everything:
		return append(clicks, stroke...)
	case g.Newest == ContourStroke:
		return stroke
	case n >= 0 && (clicks[n].way == inside) == (g.Newest == PositiveClick):
		return clicks[n:]
	}
	return nil
}

// clicks are all clicks, the newest last.
func (g Guidance) clicks() []hint {
	var hints []hint
	add := func(clicks []contour.Point, w way) {
		for i := range clicks {
			hints = append(hints, hint{clicks[i : i+1], w})
		}
	}
	if g.Newest == PositiveClick {
		add(g.Negative, outside)
		add(g.Positive, inside)
	} else {
		add(g.Positive, inside)
		add(g.Negative, outside)
	}
	return hints
}

// obeyed is after with a disk around each click that it does not obey; after itself where it obeys all.
func (m Merging) obeyed(after *mask.Plane, g Guidance) *mask.Plane {
	out := after
	for _, h := range g.clicks() {
		x, y, ok := under(after, h.line[0])
		if !ok || m.obeys(out.At(x, y), h.way) {
			continue
		}
		if out == after {
			out = after.Clone()
		}
		out.Fill(swept(out, h.line, m.Radius), m.value(h.way == inside))
	}
	return out
}

// obeys tells whether a pixel is as a click there says.
func (m Merging) obeys(v uint8, w way) bool { return (v == m.Label) == (w == inside) }

// value is what a pixel becomes.
func (m Merging) value(in bool) uint8 {
	if in {
		return m.Label
	}
	return 0
}

// changes tells which pixels come in and which go out on the way from one mask to the other, of those that are not locked.
func (m Merging) changes(from, to *mask.Plane) *mask.Plane {
	out := mask.NewPlane(from.W, from.H)
	for i := 0; i < len(out.Pix); i += out.W {
		a, b, row := from.Pix[i:i+out.W], to.Pix[i:i+out.W], out.Pix[i:i+out.W]
		if bytes.Equal(a, b) {
			continue
		}
		for x, v := range b {
			switch {
			case (v == m.Label) == (a[x] == m.Label) || m.Locked != nil && m.Locked.Pix[i+x] != 0:
			case v == m.Label:
				row[x] = uint8(inside)
			default:
				row[x] = uint8(outside)
			}
		}
	}
	return out
}

// fromHint takes what belongs to h: all that hangs together with a change of its way within radius of it.
func (s *spread) fromHint(h hint, radius float64) {
	for _, r := range swept(s.open, h.line, radius) {
		for x := r.X0; x < r.X1; x++ {
			if v := way(s.open.At(x, r.Y)); v != 0 && (h.way == shape || h.way == v) {
				s.from(x, r.Y)
			}
		}
	}
}

// local tells of pixels whether they are near enough to h to change for it; nil where all are.
func (m Merging) local(before *mask.Plane, h hint) func(x, y int) bool {
	near := m.anchors(h.line)
	limit := localRadii*m.Radius + localOff*m.off(before, h, near)
	if math.IsInf(limit, 1) {
		return nil
	}
	last := 0
	return func(x, y int) bool {
		for range near {
			dx, dy := float64(x)+0.5-near[last].X, float64(y)+0.5-near[last].Y
			if dx*dx+dy*dy <= limit*limit {
				return true
			}
			last = (last + 1) % len(near) // neighbours mostly lie near the same anchor: it stays the first to be asked
		}
		return false
	}
}

// anchors stand for a line: points on it, the first and then one every Radius; few on a line of wild length.
func (m Merging) anchors(line []contour.Point) []contour.Point {
	whole := 0.0
	for i := 1; i < len(line); i++ {
		whole += math.Hypot(line[i].X-line[i-1].X, line[i].Y-line[i-1].Y)
	}
	step := math.Max(m.Radius, whole/1000)
	if !(step < math.Inf(1)) {
		return line[:1:1]
	}
	return contour.Along(line, step)
}

// off is how far (px) a hint lies from the boundary that it corrects; +Inf where it is so far that the whole image is
// local to it, or where there is no boundary.
func (m Merging) off(before *mask.Plane, h hint, near []contour.Point) float64 {
	most := math.Hypot(float64(before.W), float64(before.H)) / localOff
	farthest := 0.0
	for _, at := range near {
		x, y, ok := under(before, at)
		if !ok || h.way != shape && m.obeys(before.At(x, y), h.way) {
			continue
		}
		d := toOther(before, x, y, m.Label, most)
		if d > most {
			return math.Inf(1)
		}
		farthest = math.Max(farthest, d)
	}
	return farthest
}

// toOther is the distance (px) from pixel (x0, y0) to the nearest that differs from it in being of label; +Inf if none is
// within most.
func toOther(p *mask.Plane, x0, y0 int, label uint8, most float64) float64 {
	in := p.At(x0, y0) == label
	best, found := most*most, false // squared
	for dy := 0; float64(dy*dy) <= best && (dy <= y0 || y0+dy < p.H); dy++ {
		for _, y := range [2]int{y0 - dy, y0 + dy} {
			if y < 0 || y >= p.H {
				continue
			}
			row := p.Pix[y*p.W : (y+1)*p.W]
			for dx := 0; float64(dx*dx+dy*dy) <= best && (dx <= x0 || x0+dx < p.W); dx++ {
				if dx <= x0 && (row[x0-dx] == label) != in || x0+dx < p.W && (row[x0+dx] == label) != in {
					best, found = float64(dx*dx+dy*dy), true
					break
				}
			}
		}
	}
	if !found {
		return math.Inf(1)
	}
	return math.Sqrt(best)
}
