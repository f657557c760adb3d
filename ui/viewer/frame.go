package viewer

import (
	"encoding/binary"
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
	halves []*image.RGBA // reduced 2, 4, 8 … times; their memory is used again
	made   int           // how many of halves show full as it is now
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
	l.made = 0
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
				l.halves = append(l.halves, nil)
			}
			if i >= l.made {
				l.halves[i], l.made = halve(src, l.halves[i]), i+1
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

// halve averages two by two pixels into dst, or into a new picture where dst has not the right size. An odd last row or
// column is averaged with itself.
func halve(src, dst *image.RGBA) *image.RGBA {
	w, h := (src.Rect.Dx()+1)/2, (src.Rect.Dy()+1)/2
	if dst == nil || dst.Rect.Dx() != w || dst.Rect.Dy() != h {
		dst = image.NewRGBA(image.Rect(0, 0, w, h))
	}
	pairs := src.Rect.Dx() / 2
	for y := range h {
		top := src.Pix[2*y*src.Stride:][:4*src.Rect.Dx()]
		bottom := src.Pix[min(2*y+1, src.Rect.Dy()-1)*src.Stride:][:4*src.Rect.Dx()]
		out := dst.Pix[y*dst.Stride : (y+1)*dst.Stride]
		for x := range pairs {
			mean := average(binary.LittleEndian.Uint64(top[8*x:8*x+8]), binary.LittleEndian.Uint64(bottom[8*x:8*x+8]))
			binary.LittleEndian.PutUint32(out[4*x:4*x+4], mean)
		}
		if pairs < w {
			a, b := uint64(binary.LittleEndian.Uint32(top[8*pairs:])), uint64(binary.LittleEndian.Uint32(bottom[8*pairs:]))
			binary.LittleEndian.PutUint32(out[4*pairs:], average(a|a<<32, b|b<<32))
		}
	}
	return dst
}

// average is the mean of two pairs of pixels, each channel by itself: all even channels at once and then all odd ones, with
// room between for the sums.
func average(a, b uint64) uint32 {
	const every = 0x00FF00FF00FF00FF
	const half = 0x00020002
	even, odd := a&every+b&every, a>>8&every+b>>8&every
	even += even>>32 + half
	odd += odd>>32 + half
	const one = 0x00FF00FF
	return uint32(even>>2&one | odd>>2&one<<8)
}

// put places o on a rectangle of screen pixels.
func put(o fyne.CanvasObject, r image.Rectangle, g *geometry) {
	s := float32(g.scale)
	o.Move(fyne.NewPos(float32(r.Min.X)/s, float32(r.Min.Y)/s))
	o.Resize(fyne.NewSize(float32(r.Dx())/s, float32(r.Dy())/s))
}
