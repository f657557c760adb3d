package ui

import (
	"fyne.io/fyne/v2"

	"echoline/internal/contour"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/internal/tool"
	"echoline/ui/keys"
	"echoline/ui/viewer"
)

// The tools, by name.
const (
	toolBrush   = "brush"
	toolEraser  = "eraser"
	toolPush    = "push"
	toolRedraw  = "redraw"
	toolSlide   = "slide"
	toolLasso   = "lasso"
	toolWire    = "wire"
	toolEllipse = "ellipse"
	toolFill    = "fill"
	toolFresh   = "fresh"
	toolAsk     = "ask"
)

// toolKeys are the actions that take a tool up.
var toolKeys = map[keys.ID]string{
	keys.Brush: toolBrush, keys.Eraser: toolEraser, keys.Push: toolPush, keys.Redraw: toolRedraw, keys.Slide: toolSlide,
	keys.Lasso: toolLasso, keys.Wire: toolWire, keys.Ellipse: toolEllipse, keys.Bucket: toolFill, keys.Fresh: toolFresh,
}

// hidden are the tools that have no button of their own: the menu's button shows that one of them is in hand.
var hidden = map[string]bool{toolSlide: true, toolWire: true, toolEllipse: true, toolFill: true, toolFresh: true}

// sized are the tools that have a size.
var sized = map[string]bool{toolBrush: true, toolEraser: true, toolPush: true}

// bindTools adds what tools and filters do to the actions.
func (a *App) bindTools() {
	for id, name := range toolKeys {
		a.actions[id] = func() { a.chooseTool(name) }
	}
	for n := range keys.MaxLabels {
		a.actions[keys.Label(n+1)] = func() { a.pickLabel(n) }
		a.actions[keys.Lock(n+1)] = func() { a.lockLabel(n) }
	}
	a.actions[keys.SlideOut] = func() { a.slideActive(1) }
	a.actions[keys.SlideIn] = func() { a.slideActive(-1) }
	a.actions[keys.FillHoles] = func() { a.filter("", tool.FillHoles) }
	a.actions[keys.KeepLargest] = func() { a.filter("", tool.KeepLargest) }
	a.actions[keys.Smooth] = a.smooth
	a.actions[keys.Grow] = func() { a.grow(1) }
	a.actions[keys.Shrink] = func() { a.grow(-1) }
	a.actions[keys.GrowMore] = func() { a.growBy(1) }
	a.actions[keys.GrowLess] = func() { a.growBy(-1) }
	a.actions[keys.NameLabel] = a.nameChosen
	a.actions[keys.CopyPrevious] = a.copyPrevious
	a.actions[keys.Release] = a.toggleSector
	a.actions[keys.Tools] = func() { a.toolbar.ShowTools() }
}

// makeTools builds the tools for a new session.
func (a *App) makeTools() {
	a.sess.label = 1
	a.buildTools()
	a.chooseTool(toolBrush)
}

// buildTools builds the tools for the label to draw.
func (a *App) buildTools() {
	s, label := a.sess, a.sess.label
	s.tools = map[string]tool.Tool{toolAsk: &asker{app: a}}
	for _, t := range []tool.Tool{
		tool.NewBrush(s.review, label), tool.NewEraser(s.review, label), tool.NewPush(s.review, label),
		tool.NewRedraw(s.review, label), tool.NewSlide(s.review, label), tool.NewLasso(s.review, label),
		tool.NewWire(s.review, label), tool.NewEllipse(s.review, label), tool.NewBucket(s.review, label),
		tool.NewFresh(s.review, label),
	} {
		s.tools[t.Name()] = t
	}
	a.fitTools()
	a.showSight()
}

// nearPixels is how near to something on the screen a press means it, in screen pixels.
const nearPixels = 10

// fitReach tells the tools what counts as near at the present zoom.
func (a *App) fitReach() {
	s := a.sess
	if s == nil {
		return
	}
	for _, t := range s.tools {
		if n, ok := t.(tool.Near); ok {
			n.SetReach(nearPixels / a.view.Zoom())
		}
	}
}

// showSight shows the frame to the tools that look at the image. They look when they are first used on it.
func (a *App) showSight() {
	s := a.sess
	if s == nil {
		return
	}
	var sight *tool.Sight
	if f := s.frame; f != nil {
		sight = tool.NewSight(func() *tool.Picture { return greyOf(f) })
	}
	for _, t := range s.tools {
		if v, ok := t.(tool.Sighted); ok {
			v.See(sight)
		}
	}
}

// greyOf is a frame as tools look at it.
func greyOf(f *study.Frame) *tool.Picture {
	p := &tool.Picture{W: f.W, H: f.H, Pix: make([]uint8, f.W*f.H)}
	for i, v := range f.Luma() {
		p.Pix[i] = uint8(255*min(max(v, 0), 1) + 0.5)
	}
	return p
}

// path is the active tool, if its gesture takes several presses and is under way.
func (a *App) path() tool.Path {
	if s := a.sess; s != nil {
		if p, ok := s.tool.(tool.Path); ok && p.Open() {
			return p
		}
	}
	return nil
}

// hoverPath lets the line of a gesture follow the pointer between presses.
func (a *App) hoverPath(p tool.Pointer) {
	if t := a.path(); t != nil {
		t.Hover(p)
		a.showSketch()
	}
}

// showSketch shows the line that the active tool draws, or takes it away.
func (a *App) showSketch() {
	s := a.sess
	if s == nil || s.asked != nil || a.ruler.on {
		return
	}
	var line []contour.Point
	if t, ok := s.tool.(tool.Sketch); ok {
		pts, closed := t.Sketch()
		line = append(line, pts...)
		if closed && len(line) > 2 {
			line = append(line, line[0])
		}
	}
	if len(line) == 0 && !s.sketched {
		return
	}
	s.sketched = len(line) > 0
	a.view.SetDraft(viewer.Draft{Stroke: line})
}

// finishPath ends the gesture of several presses that is under way, and tells whether there was one.
func (a *App) finishPath() bool {
	t := a.path()
	if t == nil {
		return false
	}
	a.sess.stroke = false
	changed, err := t.Finish()
	a.strokeEnded(changed, err)
	return true
}

// backPath takes the last piece of the gesture under way back, and tells whether there was one.
func (a *App) backPath() bool {
	t := a.path()
	if t == nil {
		return false
	}
	t.Back()
	a.showSketch()
	return true
}

// dropPath gives the gesture of several presses up, and tells whether there was one.
func (a *App) dropPath() bool {
	t := a.path()
	if t == nil {
		return false
	}
	t.Cancel()
	a.showSketch()
	return true
}

// toggleSector lets strokes go beyond the ultrasound image, or keeps them inside.
func (a *App) toggleSector() {
	s := a.sess
	if s == nil {
		return
	}
	rules := s.review.Rules()
	rules.Released = !rules.Released
	s.review.SetRules(rules)
	hint := "app.released.off"
	if rules.Released {
		hint = "app.released.on"
	}
	a.status.SetHint(text.T(hint))
	a.refreshToolbar()
}

// warnPress says why a press will draw nothing, if it will not.
func (a *App) warnPress(p tool.Pointer) {
	s := a.sess
	rules := s.review.Rules()
	switch sector := s.review.Sector(s.key()); {
	case s.tool.Name() == toolAsk:
	case rules.Locked[s.label]:
		a.status.SetHint(text.T("app.hint.locked", text.Args{"Label": a.labelName(int(s.label) - 1)}))
	case !rules.Released && !sector.Has(int(p.X), int(p.Y)):
		a.status.SetHint(text.T("app.hint.sector"))
	}
}

// nearKept tells whether boundary that strokes leave alone lies within reach of the tool's tip at a place.
func (a *App) nearKept(at contour.Point) bool {
	s := a.sess
	size, _, _ := a.toolUnit()
	rx, ry := s.review.Radius(s.key(), *size)
	if !sized[s.tool.Name()] {
		rx, ry = 0, 0
	}
	reach := max(rx, ry) + nearPixels/a.view.Zoom()
	for _, c := range s.review.Contours(s.key()) {
		for _, v := range c.Points {
			dx, dy := v.X-at.X, v.Y-at.Y
			if (v.State == contour.Confirmed || v.State == contour.NotVisible) && dx*dx+dy*dy <= reach*reach {
				return true
			}
		}
	}
	return false
}

// toolPointer is the pointer as tools take it.
func toolPointer(at contour.Point, mod fyne.KeyModifier) tool.Pointer {
	return tool.Pointer{X: at.X, Y: at.Y, Invert: mod&fyne.KeyModifierControl != 0, Edges: mod&fyne.KeyModifierShift != 0}
}
