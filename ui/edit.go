package ui

import (
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/internal/tool"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// sizes are the tools' radii: the one that they start with, the smallest, the largest, and the end of the slider.
type sizes struct{ first, least, most, slider float64 }

// Tool sizes in mm, for calibrated images, and in px.
var (
	sizesMM = sizes{1.5, 0.1, 50, 10}
	sizesPx = sizes{12, 0.75, 500, 80}
)

// sizeStep is how much one press or notch changes the tool's size.
const sizeStep = 1.15

// bindPointer sends what the pointer does in the image to the tool.
func (a *App) bindPointer() {
	a.view.OnPointer = a.pointer
	a.view.OnScroll = a.scrolled
	a.view.OnWindowLevel = a.dragWindow
	a.view.OnWeak = a.chooseWeak
	a.view.OnHover = a.hovered
	a.view.OnHint = a.status.SetHover
	a.view.OnViewChanged = a.viewChanged
}

// viewChanged follows zoom and pan.
func (a *App) viewChanged() {
	a.touch()
	a.fitReach()
	a.refreshCorners()
	a.line.Zoom = a.zoomText()
	a.status.Set(a.line)
}

// pointer follows one gesture: press, drag, release.
func (a *App) pointer(e viewer.Pointer) {
	a.touch()
	if a.ruler.on && a.sess != nil {
		a.rulerPointer(e)
		return
	}
	p := toolPointer(e.At, e.Modifiers)
	a.pointed, a.pointing = e.At, e.Phase != viewer.Leave
	switch e.Phase {
	case viewer.Press:
		a.win.Canvas().Unfocus()
		if e.Button == desktop.MouseButtonPrimary {
			a.beginStroke(p)
		}
	case viewer.Drag:
		if s := a.sess; s != nil && s.stroke && !s.sliding {
			s.tool.Drag(p)
			a.strokeMoved()
		}
	case viewer.Release:
		if s := a.sess; s != nil && !s.sliding {
			a.finishStroke()
		}
	case viewer.Hover:
		a.hoverPath(p)
	case viewer.Leave:
	}
}

// strokeMoved shows what the stroke under way has become. A line that closes later changes nothing until then.
func (a *App) strokeMoved() {
	a.showSketch()
	if a.path() != nil {
		return
	}
	a.sess.followArc()
	a.refreshContours()
	a.tintMask()
	a.measureLive()
}

// beginStroke begins a stroke of the active tool on the frame on show.
func (a *App) beginStroke(p tool.Pointer) {
	s := a.editing()
	if s == nil || s.tool == nil {
		return
	}
	a.hideGrowing()
	a.warnPress(p)
	slide, slides := s.tool.(*tool.Slide)
	if slides {
		slide.SetWeak(s.scale.weakPx(s.item))
	}
	if err := s.tool.Press(s.key(), p); err != nil {
		a.fault(err)
		return
	}
	if !slides {
		s.active = nil
	}
	s.holdArc()
	s.stroke = true
	a.refreshContours()
	a.tintMask()
	a.showSketch()
}

// finishStroke commits the stroke under way, if there is one.
func (a *App) finishStroke() {
	s := a.sess
	if s == nil || !s.stroke {
		return
	}
	changed, err := s.underHand().Release()
	s.stroke, s.sliding = false, false
	s.letArcGo()
	if p := a.path(); p != nil && err == nil {
		a.log.Debug("window", "event", "corner-set")
		a.showSketch()
		return
	}
	a.strokeEnded(changed, err)
}

// strokeEnded follows the end of a stroke.
func (a *App) strokeEnded(changed bool, err error) {
	s := a.sess
	a.edited(err)
	a.log.Debug("window", "event", "stroke-saved", "changed", changed, "unsaved", s.review.Unsaved())
	a.showSketch()
	if !changed && a.nearKept(a.pointed) {
		a.status.SetHint(text.T("app.hint.kept"))
	}
	a.refreshFrame() // the review's own notice came while the stroke was under way, and changed only the work list
}

// cancelStroke gives the stroke under way up.
func (a *App) cancelStroke() {
	s := a.sess
	s.underHand().Cancel()
	s.stroke, s.sliding = false, false
	s.letArcGo()
	a.showSketch()
	a.refreshFrame()
}

// scrolled: Shift sizes the tool, Ctrl zooms, the wheel alone goes through a cine, and zooms a still.
func (a *App) scrolled(notches float64, at contour.Point, mod fyne.KeyModifier) {
	s := a.sess
	switch {
	case s == nil || s.item == nil:
	case mod&fyne.KeyModifierShift != 0:
		a.resizeTool(notches)
	case mod&fyne.KeyModifierControl == 0 && a.turnSlide(notches, at, toolPointer(at, mod)):
	case mod&fyne.KeyModifierControl != 0 || s.item.Frames == 1:
		a.view.ZoomAt(at, math.Pow(zoomStep, notches))
	default:
		a.moveFrame(-int(math.Copysign(1, notches)))
	}
}

// chooseTool makes the named tool the active one.
func (a *App) chooseTool(name string) {
	s := a.sess
	if s == nil {
		return
	}
	a.finishStroke()
	a.dropPath()
	a.putRulerAway()
	if name != toolAsk {
		a.dropQuestion()
	}
	s.tool = s.tools[name]
	a.showTool()
	a.status.SetHint(a.restingHint())
}

// toolUnit is what tool sizes are told in on the item on show: mm where its picture is calibrated, else px.
func (a *App) toolUnit() (size *float64, limits sizes, unit string) {
	s := a.sess
	if _, cal := s.review.SpacingAt(s.key()); cal != study.Uncalibrated {
		return &a.sizeMM, sizesMM, "mm"
	}
	return &a.sizePx, sizesPx, "px"
}

// resizeTool changes the active tool's size by notches.
func (a *App) resizeTool(notches float64) {
	if s := a.sess; s != nil && s.item != nil {
		size, _, _ := a.toolUnit()
		a.setToolSize(*size * math.Pow(sizeStep, notches))
	}
}

// setToolSize sets the radius that all tools share, in the unit of the item on show.
func (a *App) setToolSize(radius float64) {
	if s := a.sess; s != nil && s.item != nil {
		size, limits, _ := a.toolUnit()
		*size = min(max(radius, limits.least), limits.most)
		a.fitTools()
	}
}

// fitTools gives the tools their radius in the pixels of the item on show.
func (a *App) fitTools() {
	s := a.sess
	if s == nil || s.item == nil {
		return
	}
	size, _, _ := a.toolUnit()
	for _, t := range s.tools {
		t.Fit(s.key(), *size)
	}
	a.fitReach()
	a.showTool()
}

// showTool shows the active tool's options and its outline under the pointer.
func (a *App) showTool() {
	s := a.sess
	if s == nil || s.tool == nil || s.item == nil {
		return
	}
	size, limits, unit := a.toolUnit()
	options := panel.ToolOptions{
		Name: text.T("edit." + s.tool.Name()), Size: 2 * *size, Min: 2 * limits.least, Max: 2 * limits.slider, Unit: unit,
	}
	rx, ry := s.review.Radius(s.key(), *size)
	if a.ruler.on {
		options.Name = text.T("app.ruler")
	}
	if a.ruler.on || !sized[s.tool.Name()] {
		options.Unit, rx, ry = "", 0, 0
	}
	a.inspector.SetTool(options)
	a.showGrow()
	if !a.ruler.on {
		a.view.SetCursor(rx, ry)
	}
	a.refreshToolbar()
}
