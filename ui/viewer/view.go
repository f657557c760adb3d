package viewer

import (
	"image"
	"math"

	"echoline/internal/contour"
)

// View is what of the image the viewport shows. It does not depend on the viewport's size, so that it can be kept per
// image and be set again later.
type View struct {
	Centre contour.Point // the point of the image in the middle of the viewport, image coordinates
	Zoom   float64       // screen pixels per image pixel (along x, where pixels are not square)
	Fitted bool          // the whole image, whatever the viewport's size: Centre and Zoom follow
}

// Limits of zooming. In: so far that a few pixels fill the screen. Out: until the image is half as large as when fitted.
const (
	maxZoom     = 64
	minOfFitted = 0.5
)

// Revealing never zooms in so far that the surroundings, by which a reader judges a boundary, get lost: at most so many
// screen pixels per image pixel, or so many times the fitted zoom where that is more.
const (
	revealZoom   = 6
	revealFitted = 4
)

// fitMargin is the room around a fitted image, in device-independent pixels.
const fitMargin = 8

// geometry is where the image lies in the viewport. All its lengths are in screen pixels, relative to the viewport's top
// left corner, unless said otherwise.
type geometry struct {
	w, h   float64 // the viewport
	iw, ih float64 // the image, in image pixels; 0 where there is none
	aspect float64 // height of an image pixel for a width of 1
	scale  float64 // screen pixels per device-independent pixel
	view   View
}

// fitZoom is the zoom at which the whole image just fits.
func (g *geometry) fitZoom() float64 {
	if g.iw <= 0 || g.ih <= 0 {
		return 1
	}
	m := 2 * fitMargin * g.scale
	if m > g.w/4 || m > g.h/4 {
		m = 0
	}
	return max(min((g.w-m)/g.iw, (g.h-m)/(g.ih*g.aspect)), 1e-3)
}

// zooms along x and y, in screen pixels per image pixel.
func (g *geometry) zooms() (zx, zy float64) { return g.view.Zoom, g.view.Zoom * g.aspect }

// settle makes the view one that can be shown: fitted if it says so, else within the limits, with the centre in the image.
func (g *geometry) settle() {
	fit := g.fitZoom()
	if g.view.Fitted || !(g.view.Zoom > 0) {
		g.view = View{Centre: contour.Point{X: g.iw / 2, Y: g.ih / 2}, Zoom: fit, Fitted: true}
		return
	}
	g.view.Zoom = min(max(g.view.Zoom, minOfFitted*fit), max(maxZoom, fit))
	g.view.Centre.X = min(max(g.view.Centre.X, 0), g.iw)
	g.view.Centre.Y = min(max(g.view.Centre.Y, 0), g.ih)
}

// screen is where the image point p lies on the screen.
func (g *geometry) screen(p contour.Point) (x, y float64) {
	zx, zy := g.zooms()
	return g.w/2 + (p.X-g.view.Centre.X)*zx, g.h/2 + (p.Y-g.view.Centre.Y)*zy
}

// image is the image point at (x, y) of the screen: the inverse of screen.
func (g *geometry) image(x, y float64) contour.Point {
	zx, zy := g.zooms()
	return contour.Point{X: g.view.Centre.X + (x-g.w/2)/zx, Y: g.view.Centre.Y + (y-g.h/2)/zy}
}

// inside tells whether the image point p lies in the image.
func (g *geometry) inside(p contour.Point) bool {
	return p.X >= 0 && p.Y >= 0 && p.X < g.iw && p.Y < g.ih
}

// zoomAt zooms by factor so that the image point p stays where it is on the screen.
func (g *geometry) zoomAt(p contour.Point, factor float64) {
	x, y := g.screen(p)
	g.view.Fitted = false
	g.view.Zoom *= factor
	g.settle() // the limits may allow less than asked for
	zx, zy := g.zooms()
	g.view.Centre = contour.Point{X: p.X - (x-g.w/2)/zx, Y: p.Y - (y-g.h/2)/zy}
	g.settle()
}

// pan moves the image by (dx, dy) on the screen.
func (g *geometry) pan(dx, dy float64) {
	zx, zy := g.zooms()
	g.view.Fitted = false
	g.view.Centre.X -= dx / zx
	g.view.Centre.Y -= dy / zy
	g.settle()
}

// revealing is the view with r, in image pixels, in the middle and as large as it sensibly can be.
func (g *geometry) revealing(r image.Rectangle) View {
	to := *g
	to.view = View{
		Centre: contour.Point{X: float64(r.Min.X+r.Max.X) / 2, Y: float64(r.Min.Y+r.Max.Y) / 2},
		Zoom: min(
			g.w/float64(max(r.Dx(), 1)), g.h/(float64(max(r.Dy(), 1))*g.aspect),
			max(revealZoom*g.scale, revealFitted*g.fitZoom()),
		),
	}
	to.settle()
	return to.view
}

// frame is the rectangle of the image on the screen, in whole pixels as Fyne draws it.
func (g *geometry) frame() image.Rectangle { return g.place(image.Rect(0, 0, int(g.iw), int(g.ih))) }

// place is the rectangle on the screen of a rectangle of image pixels.
func (g *geometry) place(r image.Rectangle) image.Rectangle {
	x0, y0 := g.screen(contour.Point{X: float64(r.Min.X), Y: float64(r.Min.Y)})
	x1, y1 := g.screen(contour.Point{X: float64(r.Max.X), Y: float64(r.Max.Y)})
	return image.Rect(round(x0), round(y0), round(x1), round(y1))
}

// visible is the rectangle of image pixels that can be seen, whole and in part.
func (g *geometry) visible() image.Rectangle {
	a, b := g.image(0, 0), g.image(g.w, g.h)
	r := image.Rect(int(math.Floor(a.X)), int(math.Floor(a.Y)), int(math.Ceil(b.X)), int(math.Ceil(b.Y)))
	return r.Intersect(image.Rect(0, 0, int(g.iw), int(g.ih)))
}

// between is the view on the way from a to b at t, 0 … 1. Zoom grows by equal factors, and the centre moves so that the
// screen, and not the image, glides evenly.
func between(a, b View, t float64) View {
	if t >= 1 {
		return b
	}
	zoom := a.Zoom * math.Pow(b.Zoom/a.Zoom, t)
	s := t
	if math.Abs(b.Zoom-a.Zoom) > 1e-6*a.Zoom {
		s = (1/a.Zoom - 1/zoom) / (1/a.Zoom - 1/b.Zoom)
	}
	return View{
		Centre: contour.Point{X: a.Centre.X + (b.Centre.X-a.Centre.X)*s, Y: a.Centre.Y + (b.Centre.Y-a.Centre.Y)*s},
		Zoom:   zoom,
	}
}

func round(v float64) int { return int(math.Round(v)) }
