package viewer

import (
	"image/color"
	"math"
	"testing"

	"echoline/internal/contour"
	"echoline/ui/theme"
)

// ringed are two discs, the second of another label; the state of all points is the same.
func ringed(state contour.State) []contour.Contour {
	cs := []contour.Contour{disc(26, 48, 8, 0), disc(70, 48, 8, 0)}
	for i := range cs {
		cs[i].Label = uint8(i + 1)
		for k := range cs[i].Points {
			cs[i].Points[k].State = state
		}
	}
	return cs
}

// ringColours takes the colours that lie at a distance from the middle of a ring.
func ringColours(cs []contour.Contour, colour [256]uint8, centre contour.Point, far float64) []color.RGBA {
	o := newOutlines()
	o.lay(cs, still(1, 3), look{limit: 4, band: -1, colour: colour})
	img := o.paint()
	var out []color.RGBA
	for a := 0.0; a < 2*math.Pi; a += 0.05 {
		x, y := still(1, 3).screen(contour.Point{X: centre.X + far*math.Cos(a), Y: centre.Y + far*math.Sin(a)})
		out = append(out, img.RGBAAt(int(x)-o.bounds.Min.X, int(y)-o.bounds.Min.Y))
	}
	return out
}

func near8(a, b color.RGBA) bool {
	return absDiff(a.R, b.R) <= 12 && absDiff(a.G, b.G) <= 12 && absDiff(a.B, b.B) <= 12
}

func shareOf(all []color.RGBA, c color.NRGBA) float64 {
	n := 0
	for _, p := range all {
		if near8(p, color.RGBA{c.R, c.G, c.B, 255}) {
			n++
		}
	}
	return float64(n) / float64(len(all))
}

// TestLabelsDifferInColour: along both sides of its line each label has its own colour, while the line itself says of every
// state what it says where there is one label.
func TestLabelsDifferInColour(t *testing.T) {
	for _, state := range []contour.State{contour.Predicted, contour.Corrected, contour.NotVisible, contour.Confirmed} {
		cs := ringed(state)
		middle := [2]contour.Point{{X: 26, Y: 48}, {X: 70, Y: 48}}
		half := map[contour.State]float64{contour.Corrected: correctedWidth / 2, contour.NotVisible: hiddenWidth / 2}[state]
		if half == 0 {
			half = theme.SureWidth / 2
		}
		for i, c := range middle {
			rim := 8 + 3*(half+casingWidth+rimWidth/2)
			share := shareOf(ringColours(cs, [256]uint8{}, c, rim), theme.Label(i+1))
			if least := map[bool]float64{true: 0.3, false: 0.7}[state == contour.NotVisible]; share < least {
				t.Errorf("state %v, label %d: its colour on %.2f of its rim", state, i+1, share)
			}
			if other := shareOf(ringColours(cs, [256]uint8{}, c, rim), theme.Label(2-i)); other > 0.05 {
				t.Errorf("state %v, label %d has the other's colour on %.2f", state, i+1, other)
			}
			if share := shareOf(ringColours(cs, [256]uint8{2: 7, 1: 8}, c, rim), theme.Label(8-i)); share < 0.3 {
				t.Errorf("state %v, label %d: the colour that the reader chose on %.2f", state, i+1, share)
			}
		}
		alone := []contour.Contour{cs[0]}
		line, both := ringColours(alone, [256]uint8{}, middle[0], 8), ringColours(cs, [256]uint8{}, middle[0], 8)
		same := 0
		for i := range line {
			if near8(line[i], both[i]) {
				same++
			}
		}
		if state != contour.NotVisible && float64(same) < 0.95*float64(len(line)) {
			t.Errorf("state %v: the line reads otherwise on %d of %d", state, len(line)-same, len(line))
		}
	}
	if share := shareOf(ringColours([]contour.Contour{ringed(contour.Predicted)[0]}, [256]uint8{}, contour.Point{X: 26, Y: 48}, 8+3*(theme.SureWidth/2+casingWidth+rimWidth/2)), theme.Label(1)); share > 0.05 {
		t.Error("one label alone has a rim")
	}
}
