package viewer

import (
	"image"
	"math"

	"fyne.io/fyne/v2"

	"echoline/ui/theme"
)

// leastSize is that below which nothing useful can be shown.
const leastSize = 160

// CreateRenderer implements fyne.Widget.
func (v *Viewport) CreateRenderer() fyne.WidgetRenderer { return &renderer{v: v, objects: v.objects()} }

// objects are all layers, from back to front.
func (v *Viewport) objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{
		v.ground, v.frame.object, v.tint.object, v.heat.object, v.drawn, v.ring.dark, v.ring.light,
	}
	out = append(out, v.line.objects()...)
	out = append(out, v.legend.objects()...)
	out = append(out, v.names.objects()...)
	for _, c := range v.corners {
		out = append(out, c.objects()...)
	}
	out = append(out, v.message.objects()...)
	return append(out, v.busy.light)
}

type renderer struct {
	v       *Viewport
	objects []fyne.CanvasObject
}

// Layout implements fyne.WidgetRenderer. Fyne also calls it when a text has got another size.
func (r *renderer) Layout(size fyne.Size) {
	if size != r.v.laid || r.v.screenScale() != r.v.geo.scale {
		r.v.resized(size)
	}
}

// MinSize implements fyne.WidgetRenderer.
func (r *renderer) MinSize() fyne.Size { return fyne.NewSquareSize(leastSize) }

// Refresh implements fyne.WidgetRenderer: after a change of language, theme or screen.
func (r *renderer) Refresh() { r.v.resized(r.v.Size()) }

// Objects implements fyne.WidgetRenderer.
func (r *renderer) Objects() []fyne.CanvasObject { return r.objects }

// Destroy implements fyne.WidgetRenderer.
func (r *renderer) Destroy() {}

// resized takes the viewport's size and the scale of the screen that it is on.
func (v *Viewport) resized(size fyne.Size) {
	v.laid = size
	v.geo.scale = v.screenScale()
	v.geo.w, v.geo.h = float64(size.Width)*v.geo.scale, float64(size.Height)*v.geo.scale
	v.ground.Resize(size)
	v.busy.width = size.Width
	v.viewChanged()
}

// screenScale is how many screen pixels a device-independent pixel has, on whatever screen the window is now.
func (v *Viewport) screenScale() float64 {
	c := fyne.CurrentApp().Driver().CanvasForObject(v)
	if c == nil {
		return 1
	}
	const long = 1000
	x, _ := c.PixelCoordinateForPosition(fyne.NewPos(long, 0))
	if x <= 0 {
		return 1
	}
	return float64(x) / long
}

// viewChanged brings all layers to where the view has them.
func (v *Viewport) viewChanged() {
	v.geo.settle()
	v.frame.lay(&v.geo)
	v.tint.lay(&v.geo, v.overlay)
	v.layHeat()
	v.layOutlines()
	v.layCursor()
	v.line.lay(&v.geo, v.laid)
	v.layWords()
	if v.OnViewChanged != nil {
		v.OnViewChanged()
	}
}

func (v *Viewport) layHeat() { v.heat.lay(&v.geo, v.heatOn, v.heatGlow) }

// layOutlines puts the outlines where the image is, and has them drawn anew before the next time the window is painted:
// once, however many changes come until then.
func (v *Viewport) layOutlines() {
	if !v.overlay || v.geo.iw == 0 || len(v.contours)+len(v.look.traces) == 0 && v.look.draft.empty() {
		show(false, v.drawn)
		return
	}
	v.lines.lay(v.contours, &v.geo, v.look)
	if v.lines.bounds.Empty() {
		show(false, v.drawn)
		return
	}
	put(v.drawn, v.lines.bounds, &v.geo)
	show(true, v.drawn)
	v.drawn.Refresh()
}

// draw is called when the window is painted, for a picture of w×h screen pixels.
func (v *Viewport) draw(w, _ int) image.Image {
	if d := w - v.lines.bounds.Dx(); d > 1 || d < -1 { // the window has gone to a screen of another scale
		fyne.Do(v.Refresh)
	}
	return v.lines.paint()
}

// layCursor puts the tool's outline under the pointer, and shows whether the legend's handle can be taken.
func (v *Viewport) layCursor() {
	v.legend.light(v.hand.doing == choosing || v.hand.doing == idle && v.hand.inside && v.legend.hit(v.hand.at))
	on := v.frame.full != nil && !v.panKey && v.ring.large(&v.geo) &&
		(v.hand.doing == drawing || v.hand.doing == idle && v.hand.inside && !v.legend.hit(v.hand.at))
	v.ring.lay(&v.geo, v.hand.at, on)
}

// known tells whether any outline has an expected error, without which the scale means nothing.
func (v *Viewport) known() bool {
	for i := range v.contours {
		for j := range v.contours[i].Points {
			if !math.IsNaN(v.contours[i].Points[j].Expected) {
				return true
			}
		}
	}
	return false
}

// layWords puts everything that is told in words.
func (v *Viewport) layWords() {
	if v.laid.IsZero() {
		return
	}
	used := v.legend.lay(&v.geo, v.laid, v.measure, v.overlay && v.known())
	v.layCorners()
	v.names.lay(v.look.traces, v.overlay, 2*margin+v.corners[0].height(), v.laid.Width/3)
	right := float32(0)
	if v.corners[2].plate.Visible() {
		right = v.corners[2].plate.Size().Width
	}
	v.message.lay(v.laid, used, right)
}

// layCorners shares the upper edge between both texts there.
func (v *Viewport) layCorners() {
	w, h := v.laid.Width, v.laid.Height
	right := min(width(v.corners[1].full, theme.Quiet)+4*theme.Unit, (w-3*margin)/2)
	v.corners[0].lay(margin, margin, w-3*margin-right, false)
	v.corners[1].lay(w-margin, margin, right, true)
	v.corners[2].lay(w-margin, h-margin-v.corners[2].height(), w/3, true)
}
