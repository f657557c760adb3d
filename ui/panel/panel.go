// Package panel holds the widgets around the image: toolbar, work list, inspector, cine strip, status bar and dialogs.
// They present what they are given and call OnXxx when a person wants something; they hold no document state, know neither
// review nor store, and decide nothing. All their methods belong to the goroutine of the window.
//
// Sentences are read from package text at each Refresh, so refreshing a panel is all that a change of language takes.
package panel

import (
	"image/color"

	"fyne.io/fyne/v2"

	"echoline/ui/theme"
)

// The grid of docs/ui.md, in device-independent pixels.
const (
	unit   = theme.Unit
	gap    = 2 * unit
	pad    = 3 * unit
	radius = theme.Radius

	textSize    = theme.Text
	quietSize   = theme.Quiet
	headingSize = theme.Heading
	targetSize  = theme.Target

	iconSize  float32 = 18
	smallIcon float32 = 14
)

// role says what a text or mark stands for; the theme gives it a colour.
type role int

const (
	roleText role = iota
	roleQuiet
	roleAccent
	roleGood
	roleWarn
	roleBad
	roleWeak
	roleOnAccent
	roleNone // has its room, and is not seen
)

func (r role) colour() color.NRGBA {
	t := theme.Current()
	switch r {
	case roleQuiet:
		return t.Quiet
	case roleAccent:
		return t.Accent
	case roleGood:
		return t.Good
	case roleWarn:
		return t.Warn
	case roleBad:
		return t.Bad
	case roleWeak:
		return t.Weak
	case roleOnAccent:
		return t.OnAccent
	case roleNone:
		return color.NRGBA{}
	}
	return t.Text
}

// selectedGround is the ground of what is selected: the accent, so thin that words in the accent's colour still read on it.
func selectedGround() color.NRGBA { return mix(theme.Current().Panel, theme.Current().Accent, 0.13) }

// mix blends b over a by share.
func mix(a, b color.NRGBA, share float64) color.NRGBA {
	f := func(x, y uint8) uint8 { return uint8(float64(x)*(1-share) + float64(y)*share + 0.5) }
	return color.NRGBA{f(a.R, b.R), f(a.G, b.G), f(a.B, b.B), 0xff}
}

// place moves and resizes o.
func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(max(w, 0), max(h, 0)))
}

// setVisible shows or hides o, and reports whether that changed anything.
func setVisible(o fyne.CanvasObject, on bool) bool {
	if o.Visible() == on {
		return false
	}
	if on {
		o.Show()
	} else {
		o.Hide()
	}
	return true
}
