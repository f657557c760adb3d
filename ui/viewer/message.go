package viewer

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/ui/theme"
)

// MessageKind says what a message is about, and so where and how it is shown.
type MessageKind int

// The kinds of messages.
const (
	MessageNone    MessageKind = iota
	MessageEmpty               // nothing is open: in the middle
	MessageRefused             // this file cannot be shown: in the middle, as a fault
	MessageNote                // about the image on show: below it, out of the way
)

// Sizes of messages in device-independent pixels.
const (
	messageWidth = 440
	messageIcon  = 32
	messageLines = 6
)

// message is what the viewport says in words.
type message struct {
	kind  MessageKind
	text  string
	icon  *canvas.Image
	plate *canvas.Rectangle
	lines [messageLines]*canvas.Text
}

func newMessage() *message {
	m := &message{icon: &canvas.Image{FillMode: canvas.ImageFillContain}, plate: newPlate()}
	for i := range m.lines {
		m.lines[i] = newText(theme.Dark().Text, theme.Text)
	}
	return m
}

func (m *message) objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{m.plate, m.icon}
	for _, l := range m.lines {
		out = append(out, l)
	}
	return out
}

// lay shows the message in a viewport of the given size. Notes stay clear of the legend at the bottom left, whose extent is
// given, and of what is at the bottom right, whose width is.
func (m *message) lay(size, legend fyne.Size, right float32) {
	room := min(messageWidth, size.Width-2*margin-4*theme.Unit)
	if m.kind == MessageNone || m.text == "" || room < 80 {
		show(false, m.objects()...)
		return
	}
	lines := balance(m.text, room, theme.Text)
	if len(lines) > messageLines {
		lines = lines[:messageLines]
		lines[messageLines-1] = elide(lines[messageLines-1]+" …", room, theme.Text)
	}
	widest := float32(0)
	for i, l := range m.lines {
		show(i < len(lines), l)
		if i < len(lines) {
			l.Color = m.ink()
			l.Text = lines[i]
			l.Refresh()
			widest = max(widest, width(lines[i], theme.Text))
		}
	}
	line := m.lines[0].MinSize().Height
	if m.kind == MessageNote {
		m.layNote(size, legend, right, widest, line, len(lines))
		return
	}
	m.layMiddle(size, line, len(lines))
}

func (m *message) ink() color.Color {
	if m.kind == MessageEmpty {
		return theme.Dark().Quiet
	}
	return theme.Dark().Text
}

// layNote puts a note at the bottom: as near to the middle as there is room between what is in the corners, or above them.
func (m *message) layNote(size, legend fyne.Size, right, widest, line float32, n int) {
	const padX, padY = 3 * theme.Unit, 2 * theme.Unit
	show(true, m.plate)
	show(false, m.icon)
	w, h := widest+2*padX, float32(n)*line+2*padY
	x, y := (size.Width-w)/2, size.Height-margin-h
	from, to := beside(legend.Width), size.Width-beside(right)
	if w <= to-from {
		x = min(max(x, from), to-w)
	} else {
		y -= margin + legend.Height
	}
	place(m.plate, x, y, w, h)
	for i := range n {
		place(m.lines[i], x+(w-width(m.lines[i].Text, theme.Text))/2, y+padY+float32(i)*line, widest, line)
	}
}

// beside is how far from the viewport's edge there is room beside something of the given width in the corner.
func beside(width float32) float32 {
	if width == 0 {
		return margin
	}
	return 2*margin + width
}

// layMiddle puts the message into the middle, under its icon.
func (m *message) layMiddle(size fyne.Size, line float32, n int) {
	show(false, m.plate)
	show(true, m.icon)
	name, c := "folder-open", theme.Dark().Quiet
	if m.kind == MessageRefused {
		name, c = "triangle-alert", theme.Dark().Warn
	}
	if r := theme.Icon(name, c); m.icon.Resource == nil || m.icon.Resource.Name() != r.Name() {
		m.icon.Resource = r
		m.icon.Refresh()
	}
	h := messageIcon + 4*theme.Unit + float32(n)*line
	y := (size.Height - h) / 2
	place(m.icon, (size.Width-messageIcon)/2, y, messageIcon, messageIcon)
	y += messageIcon + 4*theme.Unit
	for i := range n {
		w := width(m.lines[i].Text, theme.Text)
		place(m.lines[i], (size.Width-w)/2, y+float32(i)*line, w, line)
	}
}
