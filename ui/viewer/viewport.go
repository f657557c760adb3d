// Package viewer is the viewport: it shows an image with the outline of what was found in it, and tells what the pointer
// does there. It presents and calls OnXxx; it decides nothing and holds no document.
//
// Everything lies in layers, each an object of its own on the canvas, so that what changes often is small: image, mask,
// heatmap, outlines, tool, words. Outlines are drawn in screen pixels and stay crisp at any zoom. Points are image
// coordinates, in which the image's top left corner is (0, 0) and pixel centres are at integers + 0.5.
//
// All methods belong to the goroutine of the window. The viewport is dark in both themes: the image is the brightest thing.
package viewer

import (
	"image"
	"image/color"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/ui/theme"
)

// glideTime is how long a change of view takes that the reader did not make by hand.
const glideTime = 120 * time.Millisecond

// defaultHeat is the opacity of the heatmap.
const defaultHeat = 0.4

// Corners are the words in the corners of the image. The bottom left one is the scale's.
type Corners struct{ TopLeft, TopRight, BottomRight string }

// Viewport is the widget. Set its callbacks before it is shown; each may be nil.
type Viewport struct {
	widget.BaseWidget

	// OnPointer gets what the first button does in the image.
	OnPointer func(Pointer)
	// OnScroll gets turns of the wheel in notches, positive away from the reader, and where in the image.
	OnScroll func(notches float64, at contour.Point, m fyne.KeyModifier)
	// OnWindowLevel gets each step of a drag with the second button, in device-independent pixels right and down.
	OnWindowLevel func(dx, dy float64)
	// OnWeak gets what the reader chose to count as weak, as a share of the scale of expected error, above 0 up to 1.
	OnWeak func(share float64)
	// OnHover gets where the pointer is, and whether that is in the image.
	OnHover func(at contour.Point, inside bool)
	// OnHint gets what is to be said of what the pointer is over in the legend; "" when it has gone.
	OnHint func(string)
	// OnViewChanged is called after each change of zoom or position.
	OnViewChanged func()

	modifiers func() fyne.KeyModifier // replaced by tests

	geo      geometry
	hand     hand
	panKey   bool
	glide    *fyne.Animation
	goal     View // of the glide
	contours []contour.Contour
	look     look
	overlay  bool
	heatOn   bool
	heatGlow float64 // opacity of the heatmap
	noted    bool    // the pointer is over the legend's note
	measure  measure
	laid     fyne.Size // of the viewport, when it was last laid out

	ground  *canvas.Rectangle
	frame   *frameLayer
	tint    *tintLayer
	heat    *heatLayer
	lines   *outlines
	drawn   *canvas.Raster // shows lines
	ring    *cursorRing
	line    *lineLayer
	legend  *legend
	names   *nameList
	corners [3]*corner
	message *message
	busy    *busyLine
}

// New returns an empty viewport.
func New() *Viewport {
	t := theme.Dark()
	v := &Viewport{
		modifiers: currentModifiers,
		geo:       geometry{aspect: 1, scale: 1, view: View{Fitted: true}},
		look:      look{band: -1},
		overlay:   true, heatGlow: defaultHeat,
		ground: canvas.NewRectangle(color.Black),
		frame:  newFrameLayer(), tint: newTintLayer(), heat: newHeatLayer(), lines: newOutlines(),
		ring: newCursorRing(), line: newLineLayer(), legend: newLegend(), names: newNameList(), message: newMessage(), busy: newBusyLine(),
		corners: [3]*corner{newCorner(t.Text), newCorner(t.Text), newCorner(t.Warn)},
	}
	v.geo.settle()
	v.drawn = canvas.NewRaster(v.draw)
	v.drawn.ScaleMode = canvas.ImageScaleFastest
	v.ExtendBaseWidget(v)
	return v
}

// SetImage shows img; nil shows none. img must be tight with its corner at (0, 0), and belongs to the viewport until the
// next call: call again after changing its pixels. The view stays, except that an image of another size is fitted.
func (v *Viewport) SetImage(img *image.RGBA) {
	w, h := 0.0, 0.0
	if img == nil {
		v.finish()
	} else {
		w, h = float64(img.Rect.Dx()), float64(img.Rect.Dy())
	}
	changed := w != v.geo.iw || h != v.geo.ih
	v.frame.set(img)
	if !changed {
		v.frame.lay(&v.geo)
		return
	}
	v.stopGlide()
	v.geo.iw, v.geo.ih = w, h
	v.geo.view = View{Fitted: true}
	if img == nil {
		v.contours, v.look.active, v.look.draft = nil, nil, Draft{}
		v.look.traces, v.look.focus = nil, nil
		v.tint.set(nil, 0, &v.look.colour)
		v.heat.set(0, 0, nil)
	}
	v.viewChanged()
}

// SetSpacing says how large a pixel is, in mm, and whether lengths may be told in mm; otherwise they are in pixels. Pixels
// that are not square are shown in true proportion either way.
func (v *Viewport) SetSpacing(x, y float64, calibrated bool) {
	m := measure{x: x, y: y, mm: calibrated && x > 0 && y > 0}
	aspect := 1.0
	if r := y / x; x > 0 && y > 0 && r > 0.1 && r < 10 {
		aspect = r
	}
	if m == v.measure && aspect == v.geo.aspect {
		return
	}
	v.measure = m
	v.geo.aspect = aspect
	v.viewChanged()
}

// SetContours shows outlines; active, which may be nil, is the arc to emphasise. It is cheap enough for every move of the
// pointer. The contours must not change until the next call.
func (v *Viewport) SetContours(cs []contour.Contour, active *contour.Arc) {
	known := v.known()
	v.contours, v.look.active = cs, active
	v.layOutlines()
	if v.known() != known {
		v.layWords()
	}
}

// SetLabelColours says by label which colour of the palette outlines and masks have; 0 is the label's own. Masks take it with
// the next SetMask.
func (v *Viewport) SetLabelColours(colour [256]uint8) {
	if v.look.colour != colour {
		v.look.colour = colour
		v.layOutlines()
	}
}

// SetMask tints the mask with the opacity 0 … 1; 0 or nil shows none. The mask is copied.
func (v *Viewport) SetMask(p *mask.Plane, opacity float64) {
	v.tint.set(p, opacity, &v.look.colour)
	v.tint.lay(&v.geo, v.overlay)
}

// SetHeatmap takes the map of w×h probabilities, row by row, that ShowHeatmap shows over the whole image. It must not
// change. Without values there is none.
func (v *Viewport) SetHeatmap(w, h int, p []float32) {
	v.heat.set(w, h, p)
	v.layHeat()
}

// ShowHeatmap shows or hides the heatmap.
func (v *Viewport) ShowHeatmap(on bool) {
	v.heatOn = on
	v.layHeat()
}

// SetHeatmapOpacity makes the heatmap as opaque as told, 0 … 1. At first it is 0.4.
func (v *Viewport) SetHeatmapOpacity(opacity float64) {
	v.heatGlow = min(max(opacity, 0), 1)
	v.layHeat()
}

// SetBand shows the band of one of contour.Levels, in per cent, around the outlines; any other level shows none.
func (v *Viewport) SetBand(level int) {
	v.look.band = slices.Index(contour.Levels[:], level)
	v.layOutlines()
}

// SetErrorScale sets the end of the scale of expected error and what counts as weak on it, both in image pixels, and
// whether the model's error was calibrated; if not, the legend says so.
func (v *Viewport) SetErrorScale(limit, weak float64, calibrated bool) {
	v.legend.limit, v.legend.bound, v.legend.calibrated = limit, weak, calibrated
	v.look.limit = limit
	v.layOutlines()
	v.layWords()
}

// SetErrorNote writes a short note under the scale of expected error; an empty one takes it away.
func (v *Viewport) SetErrorNote(n Note) {
	if v.legend.note != n {
		v.legend.note = n
		v.layWords()
	}
}

// SetOverlay shows or hides everything that was found in the image: outlines, bands, mask and legend.
func (v *Viewport) SetOverlay(on bool) {
	if v.overlay == on {
		return
	}
	v.overlay = on
	v.tint.lay(&v.geo, on)
	v.layOutlines()
	v.layWords()
}

// SetCorners writes the words in the corners.
func (v *Viewport) SetCorners(c Corners) {
	changed := false
	for i, t := range [3]string{c.TopLeft, c.TopRight, c.BottomRight} {
		changed = changed || v.corners[i].full != t
		v.corners[i].full = t
	}
	if changed {
		v.layWords()
	}
}

// SetMessage says something in words, in place of what was said before.
func (v *Viewport) SetMessage(kind MessageKind, words string) {
	if v.message.kind == kind && v.message.text == words {
		return
	}
	v.message.kind, v.message.text = kind, words
	v.layWords()
}

// SetBusy shows or hides the line that says that work on this image is going on.
func (v *Viewport) SetBusy(on bool) { v.busy.set(on) }

// SetCursor shows the outline of a tool under the pointer: an ellipse with radii in image pixels. Without radii, and where
// it would be too small to see, the pointer is a cross.
func (v *Viewport) SetCursor(rx, ry float64) {
	v.ring.rx, v.ring.ry = rx, ry
	v.layCursor()
}

// SetPanning makes the first button move the view, as long as a key is held for it.
func (v *Viewport) SetPanning(on bool) {
	v.panKey = on
	v.layCursor()
}

// Fit shows the whole image, and keeps it whole when the viewport's size changes.
func (v *Viewport) Fit() {
	v.stopGlide()
	v.geo.view = View{Fitted: true}
	v.viewChanged()
}

// ZoomBy zooms by factor around the middle of the viewport.
func (v *Viewport) ZoomBy(factor float64) { v.ZoomAt(v.geo.view.Centre, factor) }

// ZoomAt zooms by factor and keeps the image point at where it is on the screen.
func (v *Viewport) ZoomAt(at contour.Point, factor float64) {
	if !(factor > 0) || v.frame.full == nil {
		return
	}
	v.stopGlide()
	v.geo.zoomAt(at, factor)
	v.viewChanged()
}

// Reveal glides to a rectangle of image pixels, so that it fills the viewport as far as that helps the reader. While a
// gesture is under way it goes there at once.
func (v *Viewport) Reveal(r image.Rectangle) {
	if r.Empty() || v.frame.full == nil {
		return
	}
	v.stopGlide()
	v.goal = v.geo.revealing(r)
	from := v.geo.view
	if v.hand.doing != idle || !fyne.CurrentApp().Settings().ShowAnimations() {
		v.show(v.goal)
		return
	}
	v.glide = fyne.NewAnimation(glideTime, func(done float32) {
		if v.glide == nil { // stopped by the reader's hand
			return
		}
		if done >= 1 {
			v.glide = nil
		}
		v.show(between(from, v.goal, float64(done)))
	})
	v.glide.Curve = fyne.AnimationEaseInOut
	v.glide.Start()
}

// stopGlide leaves the view where a glide has brought it.
func (v *Viewport) stopGlide() {
	if a := v.glide; a != nil {
		v.glide = nil
		a.Stop()
	}
}

// View is what the viewport shows, or will show when it has glided there.
func (v *Viewport) View() View {
	if v.glide != nil {
		return v.goal
	}
	return v.geo.view
}

// SetView shows what View returned earlier.
func (v *Viewport) SetView(w View) {
	v.stopGlide()
	v.show(w)
}

func (v *Viewport) show(w View) {
	v.geo.view = w
	v.viewChanged()
}

// Zoom is how many screen pixels an image pixel takes.
func (v *Viewport) Zoom() float64 { return v.View().Zoom }

// ScreenAt is where in the window an image point lies, or will lie when the viewport has glided there.
func (v *Viewport) ScreenAt(p contour.Point) fyne.Position {
	g := v.geo
	g.view = v.View()
	x, y := g.screen(p)
	origin := fyne.CurrentApp().Driver().AbsolutePositionForObject(v)
	return origin.AddXY(float32(x/g.scale), float32(y/g.scale))
}

// ImageAt is the image point under a position of the window.
func (v *Viewport) ImageAt(p fyne.Position) contour.Point {
	return v.imageAt(p.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(v)))
}

// chooseWeak follows the legend's handle.
func (v *Viewport) chooseWeak(p fyne.Position) {
	if v.OnWeak != nil {
		v.OnWeak(v.legend.share(p))
	}
}
