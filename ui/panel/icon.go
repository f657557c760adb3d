package panel

import (
	"image/color"

	"fyne.io/fyne/v2/canvas"

	"echoline/ui/theme"
)

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
		i.Resource = theme.Icon(name, c)
	}
	i.Image.Refresh()
}
