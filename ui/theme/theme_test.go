package theme

import (
	"image/color"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"echoline/assets"
)

// luminance is that of WCAG 2.
func luminance(c color.NRGBA) float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// words are the tokens that text is set in.
func words(t Tokens) map[string]color.NRGBA {
	return map[string]color.NRGBA{
		"text": t.Text, "quiet": t.Quiet, "accent": t.Accent, "sure": t.Sure, "middling": t.Middling, "weak": t.Weak,
		"good": t.Good, "warn": t.Warn, "bad": t.Bad, "corrected": t.Corrected, "not visible": t.NotVisible,
	}
}

func surfaces(t Tokens) map[string]color.NRGBA {
	return map[string]color.NRGBA{"ground": t.Ground, "panel": t.Panel, "raised": t.Raised}
}

func TestWordsCanBeRead(t *testing.T) {
	for theme, tokens := range map[string]Tokens{"dark": dark, "light": light} {
		for word, c := range words(tokens) {
			for surface, s := range surfaces(tokens) {
				if got := contrast(c, s); got < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f", theme, word, surface, got)
				}
			}
		}
		for name, c := range map[string]color.NRGBA{"accent": tokens.Accent, "good": tokens.Good, "warn": tokens.Warn, "bad": tokens.Bad} {
			if got := contrast(tokens.OnAccent, c); got < 4.5 {
				t.Errorf("%s: words on %s have a contrast of %.2f", theme, name, got)
			}
		}
	}
}

// The light theme mirrors the dark one: nothing is much fainter or louder in one of them.
func TestBothThemesHaveLikeContrast(t *testing.T) {
	d, l := words(dark), words(light)
	for _, name := range []string{"text", "quiet", "accent", "good", "warn", "bad"} {
		a, b := contrast(d[name], dark.Panel), contrast(l[name], light.Panel)
		if r := math.Max(a, b) / math.Min(a, b); r > 1.35 {
			t.Errorf("%s: %.1f in dark and %.1f in light", name, a, b)
		}
	}
}

func TestErrorColourMeetsItsTokens(t *testing.T) {
	for _, tokens := range []Tokens{dark, light} {
		for v, want := range map[float64]color.NRGBA{
			-1: tokens.Sure, 0: tokens.Sure, 0.5: tokens.Middling, 1: tokens.Weak, 7: tokens.Weak, math.NaN(): tokens.Sure,
		} {
			if got := tokens.ErrorColour(v); got != want {
				t.Errorf("ErrorColour(%v) = %v, want %v", v, got, want)
			}
		}
	}
	for v, want := range map[float64]float64{0: 1.5, 0.5: 2.5, 1: 4, 2: 4, -1: 1.5} {
		if got := ErrorWidth(v); got != want {
			t.Errorf("ErrorWidth(%v) = %v, want %v", v, got, want)
		}
	}
}

// Dichromacy at full strength, in linear light (Machado, Oliveira and Fernandes, 2009).
var blindness = map[string][9]float64{
	"protanopia":   {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
	"deuteranopia": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	"tritanopia":   {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900},
}

func seenWith(m [9]float64, c color.NRGBA) lab {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	return toLab(color.NRGBA{
		encode(m[0]*r + m[1]*g + m[2]*b), encode(m[3]*r + m[4]*g + m[5]*b), encode(m[6]*r + m[7]*g + m[8]*b), 0xFF,
	})
}

// tellApart is how far two colours must lie apart in OKLab to be told apart at a glance in a thin line: about five times
// what is just noticeable side by side.
const tellApart = 0.1

func TestErrorColoursAreToldApartByAll(t *testing.T) {
	stops := []color.NRGBA{dark.ErrorColour(0), dark.ErrorColour(0.5), dark.ErrorColour(1)}
	for name, m := range blindness {
		for i := range stops {
			for j := range i {
				if d := distance(seenWith(m, stops[i]), seenWith(m, stops[j])); d < tellApart {
					t.Errorf("%s: stops %d and %d are only %.3f apart", name, j, i, d)
				}
			}
		}
	}
}

func TestHeatmapIsPerceptuallyUniform(t *testing.T) {
	var steps []float64
	total := 0.0
	for i := 8; i < heatSteps; i += 8 {
		a, b := toLab(heat()[i-8]), toLab(heat()[i])
		if b.L <= a.L {
			t.Errorf("lightness falls at %d: %.3f after %.3f", i, b.L, a.L)
		}
		steps = append(steps, distance(a, b))
		total += distance(a, b)
	}
	mean := total / float64(len(steps))
	for i, s := range steps {
		if math.Abs(s-mean) > 0.2*mean {
			t.Errorf("step %d is %.4f, the mean %.4f", i, s, mean)
		}
	}
	if Heat(math.NaN()) != heat()[0] || Heat(2) != heat()[heatSteps-1] {
		t.Error("values outside 0 … 1 are not clamped")
	}
}

func TestLabRoundTrip(t *testing.T) {
	for v := uint32(0); v < 0x1000000; v += 7919 {
		if c := rgb(v); toLab(c).colour() != c {
			t.Fatalf("%v becomes %v", c, toLab(c).colour())
		}
	}
}

// A changed switch must reach widgets that are on the screen already.
func TestSwitchIsLive(t *testing.T) {
	t.Cleanup(func() { SetLight(false) })
	app := test.NewTempApp(t)
	for _, on := range []bool{false, true, false} {
		SetLight(on)
		app.Settings().SetTheme(New())
		want := dark.Ground
		if on {
			want = light.Ground
		}
		if got := theme.Color(theme.ColorNameBackground); got != want {
			t.Errorf("light %v: background is %v, want %v", on, got, want)
		}
		if Current().Ground != want {
			t.Errorf("light %v: tokens have not followed", on)
		}
	}
}

func TestFamilyIsOurs(t *testing.T) {
	l := New()
	if string(l.Font(fyne.TextStyle{}).Content()) != string(assets.FontRegular) {
		t.Error("regular is not ours")
	}
	if string(l.Font(fyne.TextStyle{Bold: true, Italic: true}).Content()) != string(assets.FontBold) {
		t.Error("bold is not ours")
	}
	if l.Font(fyne.TextStyle{Monospace: true}) == nil || l.Font(fyne.TextStyle{Symbol: true}) == nil {
		t.Error("no font for fixed width or symbols")
	}
}

func TestIconTakesItsColour(t *testing.T) {
	a, b := Icon("brush", dark.Accent), Icon("brush", light.Accent)
	if a.Name() == b.Name() {
		t.Error("two colours share a name, and so a place in Fyne's cache")
	}
	if svg := string(a.Content()); !strings.Contains(svg, "#4ea8ff") || strings.Contains(svg, "currentColor") {
		t.Errorf("it is not drawn in its colour: %s", svg)
	}
}

func TestEveryThemeColourIsSet(t *testing.T) {
	for _, l := range []look{{dark}, {light}} {
		for _, name := range []fyne.ThemeColorName{
			theme.ColorNameBackground, theme.ColorNameButton, theme.ColorNameDisabled, theme.ColorNameDisabledButton,
			theme.ColorNameError, theme.ColorNameFocus, theme.ColorNameForeground, theme.ColorNameForegroundOnError,
			theme.ColorNameForegroundOnPrimary, theme.ColorNameForegroundOnSuccess, theme.ColorNameForegroundOnWarning,
			theme.ColorNameHeaderBackground, theme.ColorNameHover, theme.ColorNameHyperlink, theme.ColorNameInnerWindowBorder,
			theme.ColorNameInnerWindowBorderInactive, theme.ColorNameInputBackground, theme.ColorNameInputBorder,
			theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground, theme.ColorNamePlaceHolder, theme.ColorNamePressed,
			theme.ColorNamePrimary, theme.ColorNameScrollBar, theme.ColorNameScrollBarBackground, theme.ColorNameSelection,
			theme.ColorNameSeparator, theme.ColorNameShadow, theme.ColorNameSuccess, theme.ColorNameWarning,
		} {
			if _, ok := l.Color(name, 0).(color.NRGBA); !ok {
				t.Errorf("%s has no token", name)
			}
		}
		if c := l.Color("unheard of", 0); c == nil {
			t.Error("an unknown name has no colour at all")
		}
	}
}

func TestSizesStandOnTheGrid(t *testing.T) {
	for name, s := range sizes {
		switch name {
		case theme.SizeNameText, theme.SizeNameSubHeadingText, theme.SizeNameCaptionText, theme.SizeNameInputBorder:
			continue // type and hairlines have sizes of their own
		}
		if s != Radius && math.Mod(float64(s), float64(Unit/2)) != 0 {
			t.Errorf("%s is %v", name, s)
		}
	}
	if New().Size(theme.SizeNameText) != 13 || New().Size(theme.SizeNameHeadingText) != 16 || New().Size(theme.SizeNameCaptionText) != 11 {
		t.Error("type sizes are not those of docs/ui.md")
	}
	if New().Size(theme.SizeNameModalBlurRadius) != theme.DefaultTheme().Size(theme.SizeNameModalBlurRadius) {
		t.Error("a size without an entry is not Fyne's")
	}
}
