package study

import (
	"encoding/binary"
	"image"
	"math"
	"slices"
)

// fullWindow spans 0..top, so that x is shown at exactly x/top.
func fullWindow(top int) Window {
	return Window{Center: float64(top+1) / 2, Width: float64(top + 1)}
}

// spanWindow shows lo as black and hi as white.
func spanWindow(lo, hi float64) Window {
	w := math.Max(hi-lo, 1) + 1
	return Window{Center: lo + w/2, Width: w}
}

// ends are the values at which the window begins and ends.
func (w Window) ends() (lo, hi float64) {
	if w.Shape == LinearExact || w.Shape == Sigmoid {
		return w.Center - w.Width/2, w.Center + w.Width/2
	}
	width := math.Max(w.Width, 1)
	return w.Center - width/2, w.Center + width/2 - 1
}

// at is the brightness 0..1 of x (PS3.3 C.11.2.1.2 and .3). A window of shape Table is a straight line here: what its table
// makes of it, the frame knows.
func (w Window) at(x float64) float64 {
	if w.Shape == Sigmoid {
		return 1 / (1 + math.Exp(-4*(x-w.Center)/math.Max(w.Width, math.SmallestNonzeroFloat32)))
	}
	lo, hi := w.ends()
	switch {
	case x <= lo:
		return 0
	case x > hi || hi <= lo:
		return 1
	}
	return (x - lo) / (hi - lo)
}

// bright is the brightness 0..1 of the value x of the frame, before small values are taken for bright ones.
func (f *Frame) bright(w Window, x float64) float64 {
	share := w.at(x)
	if w.Shape != Table || f.curve == nil {
		return share
	}
	return float64(f.curve.at(float64(f.curve.first) + share*float64(len(f.curve.bright)-1)))
}

// Render draws the frame through the window into dst, which is at least W×H, tight (stride 4·W) with Min (0, 0). invert
// turns the grey scale round. Colour frames get the window on each channel.
func (f *Frame) Render(dst *image.RGBA, w Window, invert bool) {
	if f.RGB != nil {
		f.renderRGB(dst.Pix, w, invert)
		return
	}
	lut := make([]uint32, f.Max+1)
	for x := range lut {
		v := uint32(f.level(w, x, invert))
		lut[x] = v | v<<8 | v<<16 | 0xff000000
	}
	pix := dst.Pix[:4*len(f.Grey)]
	top := uint16(f.Max)
	for i, x := range f.Grey {
		binary.LittleEndian.PutUint32(pix[4*i:4*i+4], lut[min(x, top)])
	}
}

// level is the 8-bit brightness of x.
func (f *Frame) level(w Window, x int, invert bool) uint8 {
	v := uint8(255*f.bright(w, float64(x)) + 0.5)
	if f.inverse != invert {
		v = 255 - v
	}
	return v
}

func (f *Frame) renderRGB(pix []uint8, w Window, invert bool) {
	var lut [256]uint8
	for x := range lut {
		lut[x] = f.level(w, x, invert)
	}
	n := f.W * f.H
	pix, rgb := pix[:4*n], f.RGB[:3*n]
	for i := range n {
		s, d := rgb[3*i:3*i+3], pix[4*i:4*i+4]
		d[0], d[1], d[2], d[3] = lut[s[0]], lut[s[1]], lut[s[2]], 255
	}
}

// Luma returns W*H values 0..1: the brightness of the frame as readers see it by its own window. 8-bit grey with the full
// window gives value/255 exactly.
func (f *Frame) Luma() []float32 {
	out := make([]float32, f.W*f.H)
	if f.RGB != nil {
		for i := range out {
			s := f.RGB[3*i : 3*i+3]
			out[i] = float32(f.Window.at(float64(luma(s[0], s[1], s[2])) / 1000))
		}
		return out
	}
	lut := make([]float32, f.Max+1)
	for x := range lut {
		v := f.bright(f.Window, float64(x))
		if f.inverse {
			v = 1 - v
		}
		lut[x] = float32(v)
	}
	top := uint16(f.Max)
	for i, x := range f.Grey {
		out[i] = lut[min(x, top)]
	}
	return out
}

// luma is 1000 times the brightness of a colour (ITU-R BT.601). Equal channels give exactly that value.
func luma(r, g, b uint8) int { return 299*int(r) + 587*int(g) + 114*int(b) }

// Preset is a window that a reader can choose by name.
type Preset struct {
	Key    string // "auto", "full", "soft" or "contrast"
	Window func(*Frame) Window
}

// Presets lists the windows on offer.
func Presets() []Preset {
	return []Preset{
		{"auto", (*Frame).auto},
		{"full", func(f *Frame) Window { return fullWindow(f.Max) }},
		{"soft", func(f *Frame) Window { return f.share(0.02, 0.75) }},
		{"contrast", func(f *Frame) Window { return f.share(0.15, 0.6) }},
	}
}

// share is the window between two shares of the range in use.
func (f *Frame) share(lo, hi float64) Window {
	a, b := 0.0, float64(f.Max)
	if f.Max > 255 {
		a, b = f.Window.ends()
	}
	return spanWindow(a+lo*(b-a), a+hi*(b-a))
}

// auto spans what is in the ultrasound, but for the darkest and the brightest hundredth of its pixels. What stands around
// it does not count.
func (f *Frame) auto() Window {
	counts := make([]int, f.Max+1)
	total := 0
	add := func(v int) {
		if v > 0 {
			counts[v]++
			total++
		}
	}
	r := f.Sector()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for i := y*f.W + r.Min.X; i < y*f.W+r.Max.X; i++ {
			if f.RGB != nil {
				add(luma(f.RGB[3*i], f.RGB[3*i+1], f.RGB[3*i+2]) / 1000)
			} else {
				add(min(int(f.Grey[i]), f.Max))
			}
		}
	}
	if total == 0 {
		return f.Window
	}
	rank := func(share float64) float64 {
		left := int(share * float64(total))
		return float64(slices.IndexFunc(counts, func(n int) bool { left -= n; return left < 0 }))
	}
	return spanWindow(rank(0.01), math.Max(rank(0.99), rank(0.01)+1))
}

// extent is the window that spans the values of the frame: for files of more than 8 bits that bring no window, of whose
// range pictures often fill a small part.
func (f *Frame) extent() Window {
	if f.Max <= 255 || len(f.Grey) == 0 {
		return fullWindow(f.Max)
	}
	return spanWindow(float64(slices.Min(f.Grey)), float64(slices.Max(f.Grey)))
}
