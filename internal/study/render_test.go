package study

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func greyFrame(top int, values ...uint16) *Frame {
	return &Frame{W: len(values), H: 1, Grey: values, Max: top, Window: fullWindow(top)}
}

func render(f *Frame, w Window, invert bool) []uint8 {
	dst := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	f.Render(dst, w, invert)
	return dst.Pix
}

func TestFullWindowShowsBytesAsTheyAre(t *testing.T) {
	var all []uint16
	for v := range 256 {
		all = append(all, uint16(v))
	}
	f := greyFrame(255, all...)
	pix, inverted, luma := render(f, f.Window, false), render(f, f.Window, true), f.Luma()
	for v := range 256 {
		p := pix[4*v : 4*v+4]
		if int(p[0]) != v || p[0] != p[1] || p[1] != p[2] || p[3] != 255 {
			t.Errorf("%d is drawn as %v", v, p)
		}
		if int(inverted[4*v]) != 255-v {
			t.Errorf("%d is drawn inverted as %d", v, inverted[4*v])
		}
		if luma[v] != float32(v)/255 {
			t.Errorf("luma of %d is %v", v, luma[v])
		}
	}
}

func TestColourFrame(t *testing.T) {
	f := &Frame{W: 3, H: 1, RGB: []uint8{7, 7, 7, 255, 0, 0, 255, 255, 255}, Max: 255, Window: fullWindow(255)}
	equalBytes(t, render(f, f.Window, false), []uint8{7, 7, 7, 255, 255, 0, 0, 255, 255, 255, 255, 255})
	l := f.Luma()
	if l[0] != float32(7)/255 || l[2] != 1 || math.Abs(float64(l[1])-0.299) > 1e-6 {
		t.Errorf("luma %v", l)
	}
}

func TestMonochrome1AndInvertCancel(t *testing.T) {
	f := greyFrame(255, 0, 100, 255)
	want := render(f, f.Window, false)
	f.inverse = true
	equalBytes(t, render(f, f.Window, true), want)
}

// A window maps its lower end to black, its upper end to white, and never turns brighter into darker.
func TestWindowsAreMonotonic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Window{Center: rapid.Float64Range(-100, 5000).Draw(t, "center"), Width: rapid.Float64Range(1, 5000).Draw(t, "width")}
		a, b := rapid.Float64Range(-100, 5000).Draw(t, "a"), rapid.Float64Range(-100, 5000).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		va, vb := w.at(a), w.at(b)
		if va > vb || va < 0 || vb > 1 || math.IsNaN(va) {
			t.Fatalf("%v: %v → %v, %v → %v", w, a, va, b, vb)
		}
		lo, hi := w.Center-0.5-(w.Width-1)/2, w.Center-0.5+(w.Width-1)/2
		const rounding = 1e-9 // of values near zero, where the ends themselves are rounded
		if w.at(lo) > rounding || w.at(math.Nextafter(hi, math.Inf(1))) < 1-rounding {
			t.Fatalf("%v: ends are %v and %v", w, w.at(lo), w.at(hi))
		}
	})
}

func TestPresets(t *testing.T) {
	f := greyFrame(255, 0, 0, 0, 40, 60, 80, 100, 120)
	f16 := greyFrame(65535, 1000, 1500, 2000)
	f16.Window = f16.extent()
	black := greyFrame(255, 0, 0)
	colour := &Frame{W: 2, H: 1, RGB: []uint8{0, 0, 0, 10, 10, 10}, Max: 255, Window: fullWindow(255)}
	seen := map[string]bool{}
	for _, p := range Presets() {
		for _, f := range []*Frame{f, f16, black, colour} {
			if w := p.Window(f); w.Width < 1 || math.IsNaN(w.Center) {
				t.Errorf("%s: %v", p.Key, w)
			}
		}
		seen[p.Key] = true
	}
	for _, k := range []string{"auto", "full", "soft", "contrast"} {
		if !seen[k] {
			t.Errorf("no preset %q", k)
		}
	}
	w := f.auto()
	if w.at(40) != 0 || w.at(120) != 1 {
		t.Errorf("automatic window %v", w)
	}
	if w := f16.Window; w.at(1000) != 0 || w.at(2000) != 1 {
		t.Errorf("window of 16 bits without one: %v", w)
	}
}
