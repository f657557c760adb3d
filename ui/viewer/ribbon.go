package viewer

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// ribbon fills the area within a radius of a line, where the radius changes along it: the band.
type ribbon struct{ raster vector.Rasterizer }

// discCorners is how many corners the disc around a node has. The discs only fill the gaps between neighbouring pieces, so
// that their corners hardly show.
const discCorners = 20

// minStep and stepShare say how far apart the nodes are that a band is built from, in px and as a share of its radius: a
// wide band hides small bends of the line within it.
const (
	minStep   = 3.0
	stepShare = 0.2
)

// paint fills the bands of all rings in one colour, over dst, whose top left corner is at origin.
func (b *ribbon) paint(dst *image.RGBA, rings []ring, origin image.Point, c color.NRGBA) {
	b.raster.Reset(dst.Rect.Dx(), dst.Rect.Dy())
	view := dst.Rect.Add(origin)
	for _, r := range rings {
		b.addRing(r, view)
	}
	b.raster.Draw(dst, dst.Rect, image.NewUniform(c), image.Point{})
}

func (b *ribbon) addRing(r ring, view image.Rectangle) {
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
			b.addPiece(last, n, view.Min)
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
func (b *ribbon) addPiece(a, c *node, origin image.Point) {
	ax, ay := a.x-float32(origin.X), a.y-float32(origin.Y)
	cx, cy := c.x-float32(origin.X), c.y-float32(origin.Y)
	if length := span(a, c); length > 0 {
		nx, ny := -(c.y-a.y)/length, (c.x-a.x)/length
		b.triangle(ax+nx*a.band, ay+ny*a.band, ax-nx*a.band, ay-ny*a.band, cx+nx*c.band, cy+ny*c.band)
		b.triangle(ax-nx*a.band, ay-ny*a.band, cx-nx*c.band, cy-ny*c.band, cx+nx*c.band, cy+ny*c.band)
	}
	if c.band <= 0 {
		return
	}
	for i := range discCorners {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / discCorners)
		x, y := cx+c.band*float32(cos), cy+c.band*float32(sin)
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
