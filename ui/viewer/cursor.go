package viewer

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// leastRing is the least radius, in device-independent pixels, at which the tool's outline serves as the pointer. Smaller
// ones would be lost on the image.
const leastRing = 3

// cursorRing is the outline of a round tool under the pointer: light with a dark rim, to be seen on any tissue. It is drawn
// by the graphics card, so that following the pointer costs nothing.
type cursorRing struct {
	dark, light *canvas.Ellipse
	rx, ry      float64 // radii in image pixels; 0 for none
}

func newCursorRing() *cursorRing {
	return &cursorRing{
		dark:  &canvas.Ellipse{FillColor: color.Transparent, StrokeColor: color.NRGBA{A: 0x99}, StrokeWidth: 3},
		light: &canvas.Ellipse{FillColor: color.Transparent, StrokeColor: color.NRGBA{0xFF, 0xFF, 0xFF, 0xE6}, StrokeWidth: 1.25},
	}
}

// size is the extent of the ring in device-independent pixels.
func (c *cursorRing) size(g *geometry) fyne.Size {
	zx, zy := g.zooms()
	return fyne.NewSize(float32(2*c.rx*zx/g.scale), float32(2*c.ry*zy/g.scale))
}

// large tells whether the ring can serve as the pointer.
func (c *cursorRing) large(g *geometry) bool {
	s := c.size(g)
	return min(s.Width, s.Height) >= 2*leastRing
}

// lay puts the ring around p, or hides it.
func (c *cursorRing) lay(g *geometry, p fyne.Position, on bool) {
	if !on || c.rx <= 0 || c.ry <= 0 {
		c.dark.Hide()
		c.light.Hide()
		return
	}
	s := c.size(g)
	for _, e := range []*canvas.Ellipse{c.dark, c.light} {
		outer := s.AddWidthHeight(e.StrokeWidth, e.StrokeWidth) // Fyne draws the stroke within
		e.Resize(outer)
		half := float32(0.5 / g.scale) // to the centre of the pixel under the pointer
		e.Move(fyne.NewPos(p.X+half-outer.Width/2, p.Y+half-outer.Height/2))
		e.Show()
	}
}
