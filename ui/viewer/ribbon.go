package viewer

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// bandEdge is the width of the band's edge in device-independent pixels, and the opacities are those of the band and of
// its edge: the tissue under it must stay to be judged. Its colour lies between dark and bright tissue, to show on both.
const (
	bandEdge        = 1.25
	bandOpacity     = 0.2
	bandEdgeOpacity = 0.85
)

// ribbon fills the area within a radius of a line, where the radius changes along it: the band.
type ribbon struct {
	raster       vector.Rasterizer
	outer, inner []uint8 // coverage with and without the edge, reused
}

// discError is how far, in px, the disc around a node may deviate from a circle.
const discError = 0.2

// minStep and stepShare say how far apart the nodes are that a band is built from, in px and as a share of its radius: a
// wide band hides small bends of the line within it.
const (
	minStep   = 3.0
	stepShare = 0.12
)

// paint fills the bands of all rings in one colour, over dst, whose top left corner is at origin. The scale is that of the
// screen.
func (b *ribbon) paint(dst *image.RGBA, rings []ring, origin image.Point, c color.NRGBA, scale float32) {
	b.outer = b.cover(b.outer, rings, dst.Rect.Add(origin), 0)
	b.inner = b.cover(b.inner, rings, dst.Rect.Add(origin), bandEdge*scale)
	for i, o := range b.outer {
		if o == 0 {
			continue
		}
		in := b.inner[i]
		a := (bandEdgeOpacity*float32(o-min(in, o)) + bandOpacity*float32(in)) / 255
		over(dst.Pix[4*i:4*i+4:4*i+4], float32(c.R)*a, float32(c.G)*a, float32(c.B)*a, a)
	}
}

// cover returns how much of each pixel of view the bands cover, with their radii less by the given px.
func (b *ribbon) cover(pix []uint8, rings []ring, view image.Rectangle, less float32) []uint8 {
	n := view.Dx() * view.Dy()
	if cap(pix) < n {
		pix = make([]uint8, n)
	}
	b.raster.Reset(view.Dx(), view.Dy())
	b.raster.DrawOp = draw.Src
	for _, r := range rings {
		b.addRing(r, view, less)
	}
	dst := &image.Alpha{Pix: pix[:n], Stride: view.Dx(), Rect: image.Rect(0, 0, view.Dx(), view.Dy())}
	b.raster.Draw(dst, dst.Rect, image.Opaque, image.Point{})
	return dst.Pix
}

func (b *ribbon) addRing(r ring, view image.Rectangle, less float32) {
	if len(r) < 2 {
		return
	}
	last := &r[0]
	for i := 1; i <= len(r); i++ {
		n := &r[i%len(r)]
		if i < len(r) && n.band > 0 && last.band > 0 && span(last, n) < max(minStep, stepShare*n.band) {
			continue
		}
		if (n.band > 0 || last.band > 0) && near(last, n, view) {
			b.addPiece(last, n, view.Min, less)
		}
		last = n
	}
}

// near tells whether the piece from a to c comes into view.
func near(a, c *node, view image.Rectangle) bool {
	m := max(a.band, c.band)
	return max(a.x, c.x)+m >= float32(view.Min.X) && min(a.x, c.x)-m <= float32(view.Max.X) &&
		max(a.y, c.y)+m >= float32(view.Min.Y) && min(a.y, c.y)-m <= float32(view.Max.Y)
}

// addPiece adds the disc around c and the two triangles between it and the disc around a. All have the same orientation,
// so that what overlaps adds up instead of cancelling.
func (b *ribbon) addPiece(a, c *node, origin image.Point, less float32) {
	ra, rc := max(a.band-less, 0), max(c.band-less, 0)
	ax, ay := a.x-float32(origin.X), a.y-float32(origin.Y)
	cx, cy := c.x-float32(origin.X), c.y-float32(origin.Y)
	if length := span(a, c); length > 0 {
		nx, ny := -(c.y-a.y)/length, (c.x-a.x)/length
		b.triangle(ax+nx*ra, ay+ny*ra, ax-nx*ra, ay-ny*ra, cx+nx*rc, cy+ny*rc)
		b.triangle(ax-nx*ra, ay-ny*ra, cx-nx*rc, cy-ny*rc, cx+nx*rc, cy+ny*rc)
	}
	if rc <= 0 {
		return
	}
	corners := 8 + int(math.Pi*math.Sqrt(float64(rc)/(2*discError)))
	for i := range corners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(corners))
		x, y := cx+rc*float32(cos), cy+rc*float32(sin)
		if i == 0 {
			b.raster.MoveTo(x, y)
		} else {
			b.raster.LineTo(x, y)
		}
	}
	b.raster.ClosePath()
}

// triangle adds a triangle, turned clockwise on the screen.
func (b *ribbon) triangle(x0, y0, x1, y1, x2, y2 float32) {
	if (x1-x0)*(y2-y0)-(x2-x0)*(y1-y0) < 0 {
		x1, y1, x2, y2 = x2, y2, x1, y1
	}
	b.raster.MoveTo(x0, y0)
	b.raster.LineTo(x1, y1)
	b.raster.LineTo(x2, y2)
	b.raster.ClosePath()
}
