package viewer

import (
	"image/color"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/ui/theme"
)

// plateColour lies under words over the image: dark enough to read on white tissue, and to see that there is tissue.
var plateColour = color.NRGBA{A: 0xCA}

// margin is the distance of plates from the viewport's edge.
const margin = 3 * theme.Unit

func newPlate() *canvas.Rectangle {
	return &canvas.Rectangle{FillColor: plateColour, CornerRadius: theme.Radius}
}

func newText(c color.Color, size float32) *canvas.Text {
	return &canvas.Text{Color: c, TextSize: size}
}

// setText changes a text and redraws it only if it differs.
func setText(t *canvas.Text, s string) {
	if t.Text != s {
		t.Text = s
		t.Refresh()
	}
}

// place moves and resizes o.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(w, 0), max(h, 0)))
}

// show shows or hides objects.
func show(on bool, objects ...fyne.CanvasObject) {
	for _, o := range objects {
		switch {
		case on == o.Visible():
		case on:
			o.Show()
		default:
			o.Hide()
		}
	}
}

// width is that of s at size.
func width(s string, size float32) float32 { return fyne.MeasureText(s, size, fyne.TextStyle{}).Width }

// elide cuts the end of s so that it is at most room wide, with … for what is cut.
func elide(s string, room, size float32) string {
	if width(s, size) <= room {
		return s
	}
	for s != "" && width(s+"…", size) > room {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimRight(s, " ") + "…"
}

// wrap breaks s between words into lines at most room wide. Words wider than a line are cut.
func wrap(s string, room, size float32) []string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if next := strings.TrimPrefix(line+" "+word, " "); width(next, size) <= room {
				line = next
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			line = elide(word, room, size)
		}
		lines = append(lines, line)
	}
	return lines
}

// balance is wrap with lines of like length: no last line holds a single word.
func balance(s string, room, size float32) []string {
	lines := wrap(s, room, size)
	for narrow := room; narrow > room/2; narrow -= 2 * theme.Unit {
		next := wrap(s, narrow, size)
		if len(next) > len(lines) {
			break
		}
		lines = next
	}
	return lines
}

// corner is one line of text on a plate.
type corner struct {
	plate *canvas.Rectangle
	text  *canvas.Text
	full  string
}

func newCorner(c color.Color) *corner {
	return &corner{newPlate(), newText(c, theme.Quiet), ""}
}

func (c *corner) objects() []fyne.CanvasObject { return []fyne.CanvasObject{c.plate, c.text} }

// lay puts the plate so that its edge at the side of x is at x, and cuts the text at room.
func (c *corner) lay(x, y, room float32, right bool) {
	show(c.full != "" && room > 0, c.objects()...)
	if c.full == "" || room <= 0 {
		return
	}
	const pad = 2 * theme.Unit
	setText(c.text, elide(c.full, room-2*pad, c.text.TextSize))
	s := c.text.MinSize()
	w, h := s.Width+2*pad, s.Height+theme.Unit
	if right {
		x -= w
	}
	place(c.plate, x, y, w, h)
	place(c.text, x+pad, y+theme.Unit/2, s.Width, s.Height)
}

// height of a corner's plate.
func (c *corner) height() float32 { return c.text.MinSize().Height + theme.Unit }
