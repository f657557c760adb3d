package theme

import (
	"image/color"
	"sync/atomic"
)

// Tokens are the colours of docs/ui.md. Every token that carries words reads at 4.5:1 or better on Ground, Panel and Raised.
type Tokens struct {
	Ground, Panel, Raised, Line color.NRGBA // surfaces from back to front, and what divides them

	Text, Quiet, Accent color.NRGBA
	OnAccent            color.NRGBA // words on Accent, Good, Warn and Bad

	Sure, Middling, Weak             color.NRGBA // expected error: see ErrorColour
	Confirmed, Corrected, NotVisible color.NRGBA // what a reader did with an arc
	Good, Warn, Bad                  color.NRGBA
}

// dark is also what is drawn over images, in both themes: the viewport is black.
var dark = Tokens{
	Ground: rgb(0x0E1116), Panel: rgb(0x161B22), Raised: rgb(0x1F2630), Line: rgb(0x2D3643),
	Text: rgb(0xE6EBF2), Quiet: rgb(0x9AA7B8), Accent: rgb(0x4EA8FF), OnAccent: rgb(0x0E1116),
	Sure: rgb(0x5CC8FF), Middling: rgb(0xFFD166), Weak: rgb(0xFF4F8B),
	Confirmed: rgb(0xFFFFFF), Corrected: rgb(0x7CF29A), NotVisible: rgb(0x9AA7B8),
	Good: rgb(0x54D18C), Warn: rgb(0xFFB454), Bad: rgb(0xFF6B6B),
}

// light has the hues of dark at lightnesses that give the same contrast on light surfaces.
var light = Tokens{
	Ground: rgb(0xE4E8EE), Panel: rgb(0xF1F4F8), Raised: rgb(0xFFFFFF), Line: rgb(0xC3CBD6),
	Text: rgb(0x171D26), Quiet: rgb(0x465263), Accent: rgb(0x0A5CB8), OnAccent: rgb(0xFFFFFF),
	Sure: rgb(0x00628C), Middling: rgb(0x7D5700), Weak: rgb(0xB5125A),
	Confirmed: rgb(0x171D26), Corrected: rgb(0x146B35), NotVisible: rgb(0x465263),
	Good: rgb(0x07552E), Warn: rgb(0x6A3F00), Bad: rgb(0xA8201A),
}

// labels are the colours of labels by their number: the first is the accent, the others keep apart from it, from each other
// and from the scale of expected error's ends.
var labels = [...]color.NRGBA{
	rgb(0x4EA8FF), rgb(0xF2A65A), rgb(0xB48CFF), rgb(0x3FCFB4), rgb(0xE8D25B), rgb(0xFF8F70), rgb(0x9CCB4A), rgb(0xC9A27E), rgb(0x8FA3C8),
}

// Labels is how many colours there are for labels.
const Labels = len(labels)

// Label is a colour for a label, by its number in the palette from 1. Beyond the last they begin anew.
func Label(value int) color.NRGBA { return labels[max(value-1, 0)%len(labels)] }

// isLight is the one switch between both themes. Drawing may read it from any goroutine.
var isLight atomic.Bool

// SetLight chooses the light theme or the dark one. Install New again afterwards, so that Fyne redraws what is open.
func SetLight(on bool) { isLight.Store(on) }

// Current returns the tokens of the chosen theme. Read them when drawing; never keep them.
func Current() Tokens {
	if isLight.Load() {
		return light
	}
	return dark
}

// Dark returns the tokens for what is drawn over images, whichever theme is chosen.
func Dark() Tokens { return dark }

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xFF}
}

// Alpha returns c with the opacity a, 0 … 1.
func Alpha(c color.NRGBA, a float64) color.NRGBA {
	c.A = uint8(min(max(a, 0), 1)*255 + 0.5)
	return c
}
