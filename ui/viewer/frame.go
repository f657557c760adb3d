package viewer

import (
	"image"
	"math/bits"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// pixelsFrom is the zoom from which single pixels are shown as squares: they are what the reader corrects then. Below, the
// graphics card smooths.
const pixelsFrom = 3

// wholeUpTo is how many pixels an image may have to lie on the graphics card as a whole. Every step of zooming uploads
// what is shown, so of larger images only the surroundings of the visible part are.
const wholeUpTo = 4 << 20

// surroundings is how many pixels around the visible part are uploaded with it, so that panning does not upload at each
// step.
const surroundings = 384

// frameLayer shows the image. Zooming and panning only move and resize what the graphics card has, except for images so
// large that the card gets a part of them, or one reduced by halves.
type frameLayer struct {
	object *canvas.Image
	full   *image.RGBA
	halves []*image.RGBA // reduced 2, 4, 8 … times; made when needed
	level  int           // of halving that is shown: 0 is full
	part   image.Rectangle
	crop   *image.RGBA // reused
	fresh  bool        // full holds new pixels that the card has not got
}

func newFrameLayer() *frameLayer {
	return &frameLayer{object: &canvas.Image{ScaleMode: canvas.ImageScaleFastest, FillMode: canvas.ImageFillStretch}}
}

// set takes a new image, or new pixels in the same one.
func (l *frameLayer) set(img *image.RGBA) {
	l.full, l.fresh = img, true
	l.halves = l.halves[:0]
}

// lay brings the layer to where g shows the image.
func (l *frameLayer) lay(g *geometry) {
	if l.full == nil {
		l.object.Hide()
		return
	}
	level := halvings(g.view.Zoom, l.full.Rect)
	part := l.full.Rect
	if level == 0 && part.Dx()*part.Dy() > wholeUpTo {
		part = l.wanted(g.visible())
	}
	mode := canvas.ImageScaleFastest
	if g.view.Zoom >= pixelsFrom {
		mode = canvas.ImageScalePixels
	}
	if l.fresh || level != l.level || part != l.part || mode != l.object.ScaleMode {
		l.level, l.part, l.fresh = level, part, false
		l.object.Image, l.object.ScaleMode = l.pixels(), mode
		l.object.Refresh()
	}
	put(l.object, g.place(l.part), g)
	l.object.Show()
}

// wanted is the part of a large image that the card should have: what it has, as long as that covers what is visible.
func (l *frameLayer) wanted(visible image.Rectangle) image.Rectangle {
	if l.level == 0 && visible.In(l.part) && l.part.Dx()*l.part.Dy() <= 4*max(visible.Dx()*visible.Dy(), wholeUpTo) {
		return l.part
	}
	return visible.Inset(-surroundings).Intersect(l.full.Rect)
}

// pixels is what the card gets.
func (l *frameLayer) pixels() *image.RGBA {
	if l.level > 0 {
		src := l.full
		for i := range l.level {
			if i == len(l.halves) {
				l.halves = append(l.halves, halve(src))
			}
			src = l.halves[i]
		}
		return src
	}
	if l.part == l.full.Rect {
		return l.full
	}
	if l.crop == nil || l.crop.Rect.Size() != l.part.Size() {
		l.crop = image.NewRGBA(image.Rect(0, 0, l.part.Dx(), l.part.Dy()))
	}
	for y := range l.part.Dy() {
		from := l.full.PixOffset(l.part.Min.X, l.part.Min.Y+y)
		copy(l.crop.Pix[y*l.crop.Stride:(y+1)*l.crop.Stride], l.full.Pix[from:from+4*l.part.Dx()])
	}
	return l.crop
}

// halvings is how many times an image shown at zoom is halved first. The graphics card looks at four pixels for each one
// that it draws: from half size down it would skip pixels, and speckle would flicker.
func halvings(zoom float64, r image.Rectangle) int {
	n := 0
	for zoom < 0.6 && n < bits.Len(uint(min(r.Dx(), r.Dy())))-1 {
		zoom *= 2
		n++
	}
	return n
}

// halve averages two by two pixels. An odd last row or column is averaged with itself.
func halve(src *image.RGBA) *image.RGBA {
	w, h := (src.Rect.Dx()+1)/2, (src.Rect.Dy()+1)/2
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		top := src.Pix[2*y*src.Stride:]
		bottom := src.Pix[min(2*y+1, src.Rect.Dy()-1)*src.Stride:]
		out := dst.Pix[y*dst.Stride : (y+1)*dst.Stride]
		for x := range w {
			a, b := 8*x, 4*min(2*x+1, src.Rect.Dx()-1)
			for c := range 4 {
				out[4*x+c] = uint8((int(top[a+c]) + int(top[b+c]) + int(bottom[a+c]) + int(bottom[b+c]) + 2) / 4)
			}
		}
	}
	return dst
}

// put places o on a rectangle of screen pixels.
func put(o fyne.CanvasObject, r image.Rectangle, g *geometry) {
	s := float32(g.scale)
	o.Move(fyne.NewPos(float32(r.Min.X)/s, float32(r.Min.Y)/s))
	o.Resize(fyne.NewSize(float32(r.Dx())/s, float32(r.Dy())/s))
}
