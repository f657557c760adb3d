package theme

import (
	"image/color"
	"math"
	"sync"
)

// Widths of the contour line in device-independent pixels: where the model is sure, middling and weak. Error is never told
// by colour alone.
const (
	SureWidth     = 1.5
	MiddlingWidth = 2.5
	WeakWidth     = 4.0
)

// ErrorColour is the colour of expected error in the chosen theme, from 0 (sure) to 1 (weak).
func ErrorColour(t float64) color.NRGBA { return Current().ErrorColour(t) }

// ErrorColour goes from Sure over Middling to Weak in perceptually even steps. t is clamped to 0 … 1.
func (c Tokens) ErrorColour(t float64) color.NRGBA {
	t = clamp(t)
	if t < 0.5 {
		return mix(toLab(c.Sure), toLab(c.Middling), 2*t).colour()
	}
	return mix(toLab(c.Middling), toLab(c.Weak), 2*t-1).colour()
}

// ErrorWidth is the width of the contour line at expected error t, 0 … 1, in device-independent pixels.
func ErrorWidth(t float64) float64 {
	t = clamp(t)
	if t < 0.5 {
		return SureWidth + (MiddlingWidth-SureWidth)*2*t
	}
	return MiddlingWidth + (WeakWidth-MiddlingWidth)*(2*t-1)
}

// heatSteps is the size of the heatmap's table: one entry per shade that an 8-bit screen can tell apart.
const heatSteps = 256

var heat = sync.OnceValue(heatTable)

// Heat is the colour of probability p, 0 … 1, in the heatmap: from dark violet over red to pale yellow, each step as large
// as every other to the eye, and lightness rising throughout, so that it reads without colour too. NaN is taken as 0.
func Heat(p float64) color.NRGBA { return heat()[int(clamp(p)*(heatSteps-1)+0.5)] }

// heatTable walks a path through OKLab and lays the steps along it at equal distances.
func heatTable() (table [heatSteps]color.NRGBA) {
	const fine = 4096
	var path [fine + 1]lab
	var length [fine + 1]float64
	for i := range path {
		path[i] = heatPath(float64(i) / fine)
		if i > 0 {
			length[i] = length[i-1] + distance(path[i], path[i-1])
		}
	}
	at := 0
	for i := range table {
		want := length[fine] * float64(i) / (heatSteps - 1)
		for at < fine-1 && length[at+1] < want {
			at++
		}
		t := 0.0
		if d := length[at+1] - length[at]; d > 0 {
			t = clamp((want - length[at]) / d)
		}
		table[i] = mix(path[at], path[at+1], t).colour()
	}
	return table
}

// heatPath is the heatmap's way through OKLab: lightness rises evenly while the hue turns from violet over red to yellow.
// The chroma stays within what a screen shows.
func heatPath(t float64) lab {
	const fromHue, toHue = 295.0, 465.0 // degrees; 465 is 105 one turn on
	l := 0.16 + 0.80*t
	hue := (fromHue + (toHue-fromHue)*t) * math.Pi / 180
	c := 0.19 * math.Pow(math.Sin(math.Pi*(0.08+0.84*t)), 0.9)
	for !shows(lab{l, c * math.Cos(hue), c * math.Sin(hue)}) && c > 0 {
		c -= 0.0005
	}
	return lab{l, max(c, 0) * math.Cos(hue), max(c, 0) * math.Sin(hue)}
}

// shows tells whether a screen can show c.
func shows(c lab) bool {
	r, g, b := c.toRGB()
	return min(r, g, b) >= 0 && max(r, g, b) <= 1
}

// distance is how different two colours look.
func distance(a, b lab) float64 {
	return math.Sqrt((a.L-b.L)*(a.L-b.L) + (a.A-b.A)*(a.A-b.A) + (a.B-b.B)*(a.B-b.B))
}

// clamp limits t to 0 … 1; NaN becomes 0.
func clamp(t float64) float64 {
	if !(t > 0) {
		return 0
	}
	return min(t, 1)
}
