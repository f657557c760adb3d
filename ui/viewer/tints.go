package viewer

import (
	"image"

	"fyne.io/fyne/v2/canvas"

	"echoline/internal/mask"
	"echoline/ui/theme"
)

// heatPixels is how fine the heatmap is drawn at most: it is smooth by nature, and finer only costs.
const heatPixels = 1 << 20

// tintPixels is how fine the tint of a mask is drawn at most: the outline tells where it ends, and it is drawn at each move of
// the pointer.
const tintPixels = 1 << 19

// heatFrom is the probability from which the heatmap covers the image fully; below, it fades out, so that tissue that the
// model is certain about is not tinted.
const heatFrom = 0.2

// heatLayer shows a probability map. Its picture is made when it is first seen.
type heatLayer struct {
	object *canvas.Image
	w, h   int
	p      []float32
	made   bool
}

func newHeatLayer() *heatLayer {
	return &heatLayer{object: &canvas.Image{ScaleMode: canvas.ImageScaleFastest, FillMode: canvas.ImageFillStretch}}
}

// set takes a map of w×h probabilities, row by row; none where its size does not agree.
func (l *heatLayer) set(w, h int, p []float32) {
	if w <= 0 || h <= 0 || len(p) != w*h {
		w, h, p = 0, 0, nil
	}
	if w == l.w && h == l.h && len(p) > 0 && len(l.p) > 0 && &p[0] == &l.p[0] {
		return
	}
	l.w, l.h, l.p, l.made = w, h, p, false
}

// lay shows the map over the whole image, or hides it.
func (l *heatLayer) lay(g *geometry, on bool, opacity float64) {
	if !on || l.p == nil || g.iw == 0 {
		l.object.Hide()
		return
	}
	if !l.made {
		l.made = true
		l.object.Image = heatPicture(l.w, l.h, l.p)
		l.object.Refresh()
	}
	if t := 1 - opacity; l.object.Translucency != t {
		l.object.Translucency = t
		l.object.Refresh()
	}
	put(l.object, g.frame(), g)
	l.object.Show()
}

// heatPicture colours a map.
func heatPicture(w, h int, p []float32) *image.RGBA {
	var table [256][4]uint8
	for i := range table {
		v := float64(i) / 255
		c := theme.Heat(v)
		a := min(v/heatFrom, 1)
		table[i] = [4]uint8{uint8(float64(c.R) * a), uint8(float64(c.G) * a), uint8(float64(c.B) * a), uint8(255 * a)}
	}
	step := 1
	for (w/step)*(h/step) > heatPixels {
		step++
	}
	img := image.NewRGBA(image.Rect(0, 0, (w+step-1)/step, (h+step-1)/step))
	for y := range img.Rect.Dy() {
		row := p[y*step*w:]
		for x := range img.Rect.Dx() {
			v := row[x*step]
			i := 0
			if v > 0 { // not for NaN
				i = int(min(v, 1)*255 + 0.5)
			}
			copy(img.Pix[y*img.Stride+4*x:], table[i][:])
		}
	}
	return img
}

// tintLayer fills the mask with a colour, cut to where there is any.
type tintLayer struct {
	object *canvas.Image
	part   image.Rectangle
	pix    []uint8 // reused
}

func newTintLayer() *tintLayer {
	return &tintLayer{object: &canvas.Image{ScaleMode: canvas.ImageScalePixels, FillMode: canvas.ImageFillStretch}}
}

// set draws the mask with the opacity 0 … 1; colour says by label which of the palette it has, 0: its own.
func (l *tintLayer) set(p *mask.Plane, opacity float64, colour *[256]uint8) {
	l.part = image.Rectangle{}
	if p == nil || opacity <= 0 {
		return
	}
	l.part = covered(p)
	if l.part.Empty() {
		return
	}
	var tints [256][4]uint8
	a := min(opacity, 1)
	for v := 1; v < len(tints); v++ {
		c := theme.Label(v)
		if n := int(colour[v]); n > 0 {
			c = theme.Label(n)
		}
		tints[v] = [4]uint8{uint8(float64(c.R) * a), uint8(float64(c.G) * a), uint8(float64(c.B) * a), uint8(255 * a)}
	}
	step := 1
	for (l.part.Dx()/step)*(l.part.Dy()/step) > tintPixels {
		step++
	}
	l.part.Max = l.part.Min.Add(image.Pt((l.part.Dx()+step-1)/step*step, (l.part.Dy()+step-1)/step*step))
	img := l.picture(l.part.Dx()/step, l.part.Dy()/step)
	for y := range img.Rect.Dy() {
		row := p.Pix[(l.part.Min.Y+y*step)*p.W+l.part.Min.X:]
		for x := range img.Rect.Dx() {
			if v := row[x*step]; v != 0 {
				copy(img.Pix[y*img.Stride+4*x:], tints[v][:])
			}
		}
	}
	l.object.Image = img
	l.object.Refresh()
}

// picture returns an empty picture in memory that is used again.
func (l *tintLayer) picture(w, h int) *image.RGBA {
	if n := 4 * w * h; cap(l.pix) < n {
		l.pix = make([]uint8, n)
	}
	l.pix = l.pix[:4*w*h]
	clear(l.pix)
	return &image.RGBA{Pix: l.pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
}

// lay shows the tint over its part of the image.
func (l *tintLayer) lay(g *geometry, on bool) {
	if !on || l.part.Empty() || g.iw == 0 {
		l.object.Hide()
		return
	}
	put(l.object, g.place(l.part), g)
	l.object.Show()
}

// covered is the smallest rectangle around all labels.
func covered(p *mask.Plane) image.Rectangle {
	r := image.Rectangle{Min: image.Pt(p.W, p.H)}
	for y := range p.H {
		row := p.Pix[y*p.W : (y+1)*p.W]
		first := clearFor(row)
		if first == len(row) {
			continue
		}
		last := len(row) - 1
		for row[last] == 0 {
			last--
		}
		r.Min.X, r.Max.X = min(r.Min.X, first), max(r.Max.X, last+1)
		r.Min.Y, r.Max.Y = min(r.Min.Y, y), y+1
	}
	if r.Empty() {
		return image.Rectangle{}
	}
	return r
}

// nothing is a piece of row that holds no label, to look at many pixels at a time.
var nothing [512]uint8

// clearFor is how many pixels at the beginning of a row hold nothing.
func clearFor(row []uint8) int {
	n := 0
	for _, step := range [...]int{len(nothing), 8} {
		for n+step <= len(row) && string(row[n:n+step]) == string(nothing[:step]) {
			n += step
		}
	}
	for n < len(row) && row[n] == 0 {
		n++
	}
	return n
}
