package viewer

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// A band is a veil with a light edge and a dark one within it, which together show on any tissue. Widths are in
// device-independent pixels; the opacities leave the tissue under the band to be judged.
const (
	bandEdge = 1.25
	bandRim  = 1.0

	bandOpacity     = 0.14
	bandEdgeOpacity = 0.8
	bandRimOpacity  = 0.45
)

// ribbon fills the area within a radius of a line, where the radius changes along it: the band.
type ribbon struct {
	raster vector.Rasterizer
	cover  [3][]uint8 // of the whole, without the light edge, and without the dark one; reused
}

// discError is how far, in px, the disc around a node may deviate from a circle.
const discError = 0.25

// minStep and stepShare say how far apart the nodes are that a band is built from, in px and as a share of its radius: a
// wide band hides small bends of the line within it.
const (
	minStep   = 4.0
	stepShare = 0.12
)

// paint fills the bands of all rings in one colour, over dst, whose top left corner is at origin. The scale is that of the
// screen.
func (b *ribbon) paint(dst *image.RGBA, rings []ring, origin image.Point, c color.NRGBA, scale float32) {
	for i, less := range [3]float32{0, bandEdge, bandEdge + bandRim} {
		b.fill(i, rings, dst.Rect.Add(origin), less*scale)
	}
	for i, whole := range b.cover[0] {
		if whole == 0 {
			continue
		}
		rim, veil := min(b.cover[1][i], whole), min(b.cover[2][i], b.cover[1][i], whole)
		light := (bandEdgeOpacity*float32(whole-rim) + bandOpacity*float32(veil)) / 255
		dark := bandRimOpacity * float32(rim-veil) / 255
		over(dst.Pix[4*i:4*i+4:4*i+4], float32(c.R)*light, float32(c.G)*light, float32(c.B)*light, light+dark)
	}
}

// fill notes how much of each pixel of view the bands cover, with their radii less by the given px.
func (b *ribbon) fill(which int, rings []ring, view image.Rectangle, less float32) {
	n := view.Dx() * view.Dy()
	if cap(b.cover[which]) < n {
		b.cover[which] = make([]uint8, n)
	}
	b.cover[which] = b.cover[which][:n]
	b.raster.Reset(view.Dx(), view.Dy())
	b.raster.DrawOp = draw.Src
	for _, r := range rings {
		b.addRing(r, view, less)
	}
	dst := &image.Alpha{Pix: b.cover[which], Stride: view.Dx(), Rect: image.Rect(0, 0, view.Dx(), view.Dy())}
	b.raster.Draw(dst, dst.Rect, image.Opaque, image.Point{})
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
