package contour

import (
	"image"
	"math"

	"echoline/internal/mask"
)

// bandSlack is how far, in px, beyond the band distances are worked out, so that its edges can be cut between pixels.
const bandSlack = 1.5

// bandStep is the distance, as a share of the band's radius, of the vertices that the band is built from: it hides smaller
// bends of the boundary.
const bandStep = 0.12

// Within gives the outlines of label between which the true boundary lies with the coverage of Levels[level], in an image
// of w×h pixels: inner is what is left without the band around the boundary, outer the whole with it. Both are cut between
// pixels; the image's edge cuts the outer one off. Where a reader settled the boundary it is the edge of both. ok is false if
// label has no boundary that is not settled, or a piece of that without a band.
func Within(cs []Contour, label uint8, level, w, h int) (inner, outer []Contour, ok bool) {
	var own []Contour
	open := false
	box := image.Rectangle{Min: image.Pt(w, h)}
	for _, c := range cs {
		if c.Label != label || len(c.Points) == 0 {
			continue
		}
		for i := range c.Points {
			v := &c.Points[i]
			r := v.Reach(level)
			open = open || !v.Settled()
			if !(r >= 0) || math.IsInf(r, 1) {
				return nil, nil, false
			}
			reach := int(math.Ceil(r)) + 3
			box = box.Union(image.Rect(int(v.X)-reach, int(v.Y)-reach, int(v.X)+reach+1, int(v.Y)+reach+1))
		}
		own = append(own, c)
	}
	if !open {
		return nil, nil, false
	}
	b := newBandField(own, label, box.Intersect(image.Rect(0, 0, w, h)))
	for i := range own {
		b.ring(own[i].Points, level)
	}
	return b.cut(b.inner(), label), b.cut(b.outer(), label), true
}

// bandField holds, for the pixels of a box, the distances to the edges of the band.
type bandField struct {
	box  image.Rectangle
	w, h int
	in   *mask.Plane // of the box: not 0 inside the boundary
	near []float32   // greatest radius minus distance, over the pieces of the boundary; -bandSlack where none is near
	far  []float32   // least radius plus distance; bandSlack where none is near
}

func newBandField(cs []Contour, label uint8, box image.Rectangle) *bandField {
	b := &bandField{box: box, w: box.Dx(), h: box.Dy()}
	n := b.w * b.h
	b.near, b.far = make([]float32, n), make([]float32, n)
	for i := range n {
		b.near[i], b.far[i] = -bandSlack, bandSlack
	}
	shifted := rings(cs, label)
	for _, ring := range shifted {
		for i := range ring {
			ring[i][0] -= float64(box.Min.X)
			ring[i][1] -= float64(box.Min.Y)
		}
	}
	b.in = mask.NewPlane(b.w, b.h)
	b.in.Fill(mask.Polygon(shifted), 1)
	return b
}

// ring takes in one ring, in pieces as long as its band allows.
func (b *bandField) ring(ps []Vertex, level int) {
	last := &ps[0]
	for i := 1; i <= len(ps); i++ {
		v := &ps[i%len(ps)]
		if i < len(ps) && distance(last.Point, v.Point) < math.Max(1, bandStep*math.Min(last.Reach(level), v.Reach(level))) {
			continue
		}
		b.piece(last.Point, v.Point, last.Reach(level), v.Reach(level))
		last = v
	}
}

// piece takes in the straight piece from p to q, along which the radius goes from rp to rq.
func (b *bandField) piece(p, q Point, rp, rq float64) {
	reach := math.Max(rp, rq) + bandSlack
	px, py := p.X-float64(b.box.Min.X)-0.5, p.Y-float64(b.box.Min.Y)-0.5 // pixel centres at integers
	dx, dy := q.X-p.X, q.Y-p.Y
	inv := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		inv = 1 / l
	}
	x0, x1 := max(0, int(math.Ceil(px+math.Min(0, dx)-reach))), min(b.w-1, int(px+math.Max(0, dx)+reach))
	y0, y1 := max(0, int(math.Ceil(py+math.Min(0, dy)-reach))), min(b.h-1, int(py+math.Max(0, dy)+reach))
	for y := y0; y <= y1; y++ {
		ey := float64(y) - py
		near, far := b.near[y*b.w:][:b.w], b.far[y*b.w:][:b.w]
		for x := x0; x <= x1; x++ {
			ex := float64(x) - px
			t := math.Min(math.Max((ex*dx+ey*dy)*inv, 0), 1)
			ux, uy := ex-t*dx, ey-t*dy
			d2 := ux*ux + uy*uy
			if d2 > reach*reach {
				continue
			}
			d, r := math.Sqrt(d2), rp+(rq-rp)*t
			near[x], far[x] = max(near[x], float32(r-d)), min(far[x], float32(r+d))
		}
	}
}

// outer is positive inside the outer outline.
func (b *bandField) outer() []float32 {
	out := make([]float32, len(b.near))
	for i := range out {
		out[i] = b.near[i]
		if b.in.Pix[i] != 0 {
			out[i] = max(b.far[i], b.near[i])
		}
	}
	return out
}

// inner is positive inside the inner outline.
func (b *bandField) inner() []float32 {
	out := make([]float32, len(b.near))
	for i := range out {
		out[i] = -b.near[i]
		if b.in.Pix[i] == 0 {
			out[i] = min(-b.far[i], -b.near[i])
		}
	}
	return out
}

// cut gives the outlines of what is above 0 in a field of the box.
func (b *bandField) cut(field []float32, label uint8) []Contour {
	cs := FromField(field, b.w, b.h, 0, label)
	for i := range cs {
		for k := range cs[i].Points {
			cs[i].Points[k].X += float64(b.box.Min.X)
			cs[i].Points[k].Y += float64(b.box.Min.Y)
		}
	}
	return cs
}
