// Package theme is how Echoline looks: the colours, sizes and type of docs/ui.md as a Fyne theme, and the same as Tokens
// for widgets that draw themselves. There is a dark theme and a light one, with the same contrast.
package theme

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"echoline/assets"
)

// The grid in device-independent pixels: everything stands on multiples of Unit.
const (
	Unit    float32 = 4
	Radius  float32 = 6
	Text    float32 = 13
	Quiet   float32 = 11
	Heading float32 = 16
	Target  float32 = 28 // the least size of what can be clicked
)

var (
	regular = fyne.NewStaticResource("EcholineSans-Regular.ttf", assets.FontRegular)
	bold    = fyne.NewStaticResource("EcholineSans-Bold.ttf", assets.FontBold)
)

// look implements fyne.Theme. It keeps to SetLight, not to what the system prefers: reading rooms are dark.
type look struct{ tokens Tokens }

var _ fyne.Theme = look{}

// New returns the chosen theme as a Fyne theme. A later SetLight does not change it: install a new one, which also makes
// Fyne redraw everything.
func New() fyne.Theme { return look{Current()} }

// Color implements fyne.Theme.
func (l look) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := l.surface(name); ok {
		return c
	}
	if c, ok := l.ink(name); ok {
		return c
	}
	return theme.DefaultTheme().Color(name, l.variant())
}

// surface gives the colours of areas.
func (l look) surface(name fyne.ThemeColorName) (color.NRGBA, bool) {
	t := l.tokens
	switch name {
	case theme.ColorNameBackground:
		return t.Ground, true
	case theme.ColorNameHeaderBackground, theme.ColorNameOverlayBackground, theme.ColorNameDisabledButton,
		theme.ColorNameInnerWindowBorderInactive:
		return t.Panel, true
	case theme.ColorNameButton, theme.ColorNameMenuBackground, theme.ColorNameInnerWindowBorder:
		return t.Raised, true
	case theme.ColorNameInputBackground:
		return t.Ground, true
	case theme.ColorNameInputBorder, theme.ColorNameSeparator:
		return t.Line, true
	case theme.ColorNameHover:
		return Alpha(t.Text, 0.06), true
	case theme.ColorNamePressed:
		return Alpha(t.Text, 0.12), true
	case theme.ColorNameFocus, theme.ColorNameSelection:
		return Alpha(t.Accent, 0.32), true
	case theme.ColorNameScrollBar:
		return Alpha(t.Quiet, 0.6), true
	case theme.ColorNameScrollBarBackground:
		return Alpha(t.Quiet, 0), true
	case theme.ColorNameShadow:
		return color.NRGBA{A: 0x66}, true
	}
	return color.NRGBA{}, false
}

// ink gives the colours of words and marks.
func (l look) ink(name fyne.ThemeColorName) (color.NRGBA, bool) {
	t := l.tokens
	switch name {
	case theme.ColorNameForeground:
		return t.Text, true
	case theme.ColorNamePlaceHolder:
		return t.Quiet, true
	case theme.ColorNameDisabled:
		return Alpha(t.Quiet, 0.6), true
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return t.Accent, true
	case theme.ColorNameForegroundOnPrimary, theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnSuccess,
		theme.ColorNameForegroundOnWarning:
		return t.OnAccent, true
	case theme.ColorNameSuccess:
		return t.Good, true
	case theme.ColorNameWarning:
		return t.Warn, true
	case theme.ColorNameError:
		return t.Bad, true
	}
	return color.NRGBA{}, false
}

// variant is the nearest of Fyne's own, for what it draws that has no token.
func (l look) variant() fyne.ThemeVariant {
	if l.tokens == light {
		return theme.VariantLight
	}
	return theme.VariantDark
}

// Font implements fyne.Theme: one family with Hangul. It has no italics, and symbols and fixed widths are Fyne's.
func (l look) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Monospace || s.Symbol:
		return theme.DefaultTheme().Font(s)
	case s.Bold:
		return bold
	}
	return regular
}

// Icon implements fyne.Theme.
func (l look) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// sizes are those that differ from Fyne's.
var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNamePadding:         Unit,
	theme.SizeNameInnerPadding:    2 * Unit,
	theme.SizeNameLineSpacing:     Unit,
	theme.SizeNameText:            Text,
	theme.SizeNameSubHeadingText:  Text,
	theme.SizeNameHeadingText:     Heading,
	theme.SizeNameCaptionText:     Quiet,
	theme.SizeNameInlineIcon:      4 * Unit,
	theme.SizeNameInputBorder:     1,
	theme.SizeNameInputRadius:     Radius,
	theme.SizeNameSelectionRadius: Radius,
	theme.SizeNameButtonRadius:    Radius,
	theme.SizeNameCardRadius:      Radius,
	theme.SizeNameDialogRadius:    Radius,
	theme.SizeNamePopupRadius:     Radius,
	theme.SizeNameMenuRadius:      Radius,
	theme.SizeNameScrollBar:       3 * Unit,
	theme.SizeNameScrollBarSmall:  Unit,
	theme.SizeNameScrollBarRadius: Unit / 2,
	theme.SizeNameSplitThickness:  Unit,
}

// Size implements fyne.Theme.
func (l look) Size(name fyne.ThemeSizeName) float32 {
	if s, ok := sizes[name]; ok {
		return s
	}
	return theme.DefaultTheme().Size(name)
}

// Icon returns the icon of package assets called name, drawn in c. Fyne caches drawings by the resource's name, so that
// holds the colour.
func Icon(name string, c color.NRGBA) fyne.Resource {
	paint := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	svg := bytes.ReplaceAll(assets.Icon(name), []byte("currentColor"), []byte(paint))
	return fyne.NewStaticResource(name+paint[1:]+".svg", svg)
}
