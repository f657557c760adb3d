package viewer

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// leastRing is the least radius, in device-independent pixels, at which the tool's outline serves as the pointer. Smaller
// ones would be lost on the image.
const leastRing = 3

// ringWidth is the width of the ring in device-independent pixels.
const ringWidth = 1.25

// cursorRing is the outline of a round tool under the pointer: light with a dark rim, to be seen on any tissue. It is drawn
// by the graphics card, so that following the pointer costs nothing.
type cursorRing struct {
	dark, light *canvas.Ellipse
	rx, ry      float64 // radii in image pixels; 0 for none
}

func newCursorRing() *cursorRing {
	return &cursorRing{
		dark:  &canvas.Ellipse{FillColor: color.Transparent, StrokeColor: color.NRGBA{A: 0x8C}},
		light: &canvas.Ellipse{FillColor: color.Transparent, StrokeColor: color.NRGBA{0xFF, 0xFF, 0xFF, 0xF2}},
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
	// Fyne rounds radii and strokes to whole pixels. Whole ones from the start keep both rings in line.
	thick := max(math.Round(ringWidth*g.scale), 1)
	c.put(c.light, g, p, 0, thick)
	c.put(c.dark, g, p, thick, 3*thick)
}

// put places one ellipse around p, larger by over screen pixels, with a stroke of so many.
func (c *cursorRing) put(e *canvas.Ellipse, g *geometry, p fyne.Position, over, stroke float64) {
	zx, zy := g.zooms()
	rx, ry := math.Round(c.rx*zx)+over, math.Round(c.ry*zy)+over
	x, y := math.Floor(float64(p.X)*g.scale+0.5)-rx, math.Floor(float64(p.Y)*g.scale+0.5)-ry
	e.StrokeWidth = float32(stroke / g.scale)
	e.Resize(fyne.NewSize(float32(2*rx/g.scale), float32(2*ry/g.scale)))
	e.Move(fyne.NewPos(float32(x/g.scale), float32(y/g.scale)))
	e.Show()
}
