package panel

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/ui/theme"
)

// contrast is the ratio that WCAG defines.
func contrast(a, b color.NRGBA) float64 {
	lum := func(c color.NRGBA) float64 {
		f := func(v uint8) float64 {
			x := float64(v) / 255
			if x <= 0.03928 {
				return x / 12.92
			}
			return math.Pow((x+0.055)/1.055, 2.4)
		}
		return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
	}
	x, y := lum(a)+0.05, lum(b)+0.05
	return max(x, y) / min(x, y)
}

// eachTheme runs f in the dark theme and in the light one.
func eachTheme(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Cleanup(func() { theme.SetLight(false) })
	for name, light := range map[string]bool{"dark": false, "light": true} {
		theme.SetLight(light)
		t.Run(name, f)
	}
}

func TestWordsReadOnTheirGround(t *testing.T) {
	eachTheme(t, func(t *testing.T) {
		for _, k := range []kind{flat, plain, primary} {
			for _, b := range []*button{{kind: k}, {kind: k, selected: true}, {kind: k, hovered: true}} {
				front, back, _ := (&buttonRenderer{b: b}).colours()
				if back.A == 0 {
					back = theme.Current().Panel
				}
				if c := contrast(front, back); c < 4.5 {
					t.Errorf("button of kind %d, selected %v, hovered %v: %.2f", k, b.selected, b.hovered, c)
				}
			}
		}
		cur := theme.Current()
		for name, pair := range map[string][2]color.NRGBA{
			"segment":               {cur.Accent, selectedGround()},
			"text of selected row":  {cur.Text, selectedGround()},
			"quiet of selected row": {cur.Quiet, selectedGround()},
			"other segment":         {cur.Quiet, cur.Ground},
			"alert":                 {cur.Text, alertGround()},
			"news":                  {cur.Text, newsGround()},
			"not saved":             {cur.Bad, cur.Panel},
			"weak arcs":             {cur.Weak, cur.Panel},
		} {
			if c := contrast(pair[0], pair[1]); c < 4.5 {
				t.Errorf("%s: %.2f", name, c)
			}
		}
	})
}

// What is open must follow a change of theme.
func TestPanelsFollowTheTheme(t *testing.T) {
	t.Cleanup(func() { theme.SetLight(false) })
	w := NewWorkList()
	w.SetRows(manyRows(3))
	p := NewInspector()
	p.SetConfidence(fullConfidence())
	p.SetHistory([]Step{{"Brush", "", true}})
	for _, o := range []fyne.Widget{NewToolbar(), w, p, NewCineStrip(), NewStatusBar()} {
		theme.SetLight(false)
		show(t, o, 900, 700)
		theme.SetLight(true)
		o.Refresh()
		for _, c := range textColours(o) {
			// The number of frames stands on a dark mark in both themes.
			if contrast(c, theme.Current().Panel) < 3 && c != (color.NRGBA{255, 255, 255, 255}) && !disabled(c) {
				t.Errorf("%T still writes in %v", o, c)
			}
		}
	}
}

func disabled(c color.NRGBA) bool {
	front, _, _ := (&buttonRenderer{b: &button{disabled: true}}).colours()
	return c == front
}

func textColours(o fyne.CanvasObject) []color.NRGBA {
	var out []color.NRGBA
	walk(o, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		if t, ok := o.(*canvas.Text); ok && t.Text != "" {
			out = append(out, color.NRGBAModel.Convert(t.Color).(color.NRGBA))
		}
	})
	return out
}
