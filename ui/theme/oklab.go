package theme

import (
	"image/color"
	"math"
)

// lab is a colour in OKLab (Björn Ottosson, 2020), where equal steps look equally large: L is lightness 0 … 1, a runs from
// green to red, b from blue to yellow.
type lab struct{ L, A, B float64 }

// toLab converts an opaque sRGB colour.
func toLab(c color.NRGBA) lab {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return lab{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

// toRGB converts back to linear light; components outside 0 … 1 cannot be shown.
func (c lab) toRGB() (r, g, b float64) {
	l := cube(c.L + 0.3963377774*c.A + 0.2158037573*c.B)
	m := cube(c.L - 0.1055613458*c.A - 0.0638541728*c.B)
	s := cube(c.L - 0.0894841775*c.A - 1.2914855480*c.B)
	return 4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s
}

// colour converts to sRGB, cutting off what cannot be shown.
func (c lab) colour() color.NRGBA {
	r, g, b := c.toRGB()
	return color.NRGBA{R: encode(r), G: encode(g), B: encode(b), A: 0xFF}
}

// mix goes from a to b by t, 0 … 1.
func mix(a, b lab, t float64) lab {
	return lab{a.L + (b.L-a.L)*t, a.A + (b.A-a.A)*t, a.B + (b.B-a.B)*t}
}

func cube(v float64) float64 { return v * v * v }

// linear undoes the sRGB transfer curve.
func linear(v uint8) float64 {
	f := float64(v) / 255
	if f <= 0.04045 {
		return f / 12.92
	}
	return math.Pow((f+0.055)/1.055, 2.4)
}

// encode applies the sRGB transfer curve.
func encode(f float64) uint8 {
	f = min(max(f, 0), 1)
	if f <= 0.0031308 {
		f *= 12.92
	} else {
		f = 1.055*math.Pow(f, 1/2.4) - 0.055
	}
	return uint8(f*255 + 0.5)
}
