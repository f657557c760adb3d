package panel

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/assets"
)

// Icon returns the icon called name, drawn in c. Fyne caches drawings by the resource's name, so that holds the colour.
func Icon(name string, c color.NRGBA) fyne.Resource {
	paint := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	svg := bytes.ReplaceAll(assets.Icon(name), []byte("currentColor"), []byte(paint))
	return fyne.NewStaticResource(name+paint[1:]+".svg", svg)
}

// icon is an icon on the canvas that follows its role's colour.
type icon struct {
	*canvas.Image
	name string
	c    color.NRGBA
}

func newIcon(name string) *icon {
	i := &icon{Image: &canvas.Image{FillMode: canvas.ImageFillContain}}
	i.set(name, roleText.colour())
	return i
}

// set changes the drawing or its colour, and redraws only if either differs.
func (i *icon) set(name string, c color.NRGBA) {
	if i.name == name && i.c == c {
		return
	}
	i.name, i.c = name, c
	i.Resource = nil
	if name != "" {
		i.Resource = Icon(name, c)
	}
	i.Image.Refresh()
}
