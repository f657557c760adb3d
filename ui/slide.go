package ui

import (
	"time"

	"echoline/internal/contour"
	"echoline/internal/text"
	"echoline/internal/tool"
)

// slidePause is how long after the last turn of the wheel, or press of a key, a slide is finished: one step of history for
// what the hand did in one go.
const slidePause = 400 * time.Millisecond

// slideReach is how near to the boundary the wheel slides it, in screen pixels; farther away it zooms.
const slideReach = 48

// turnSlide is the wheel with the slide in hand: it moves the arc under the pointer. It tells whether there is one.
func (a *App) turnSlide(notches float64, at contour.Point, p tool.Pointer) bool {
	s := a.sess
	t, ok := s.tool.(*tool.Slide)
	if !ok || a.ruler.on {
		return false
	}
	if !s.stroke && !a.nearBoundary(at) {
		return false
	}
	return a.slide(t, notches, p)
}

// nearBoundary tells whether a point of the image is near to the label's boundary on the screen.
func (a *App) nearBoundary(at contour.Point) bool {
	s := a.sess
	reach := slideReach / a.view.Zoom()
	for _, c := range s.review.Contours(s.key()) {
		for _, v := range c.Points {
			dx, dy := v.X-at.X, v.Y-at.Y
			if c.Label == s.label && dx*dx+dy*dy <= reach*reach {
				return true
			}
		}
	}
	return false
}

// slide moves an arc by notches, in the gesture under way or a new one that begins at p. It tells whether it could.
func (a *App) slide(t *tool.Slide, notches float64, p tool.Pointer) bool {
	s := a.sess
	if !s.stroke || !s.sliding {
		if s = a.editing(); s == nil {
			return false
		}
		t.SetWeak(s.scale.weakPx(s.item))
		if err := t.Press(s.key(), p); err != nil {
			a.fault(err)
			return true
		}
		s.holdArc()
		s.stroke, s.sliding, s.slider = true, true, t
	}
	t.Turn(notches)
	a.strokeMoved()
	s.slides++
	turn := s.slides
	time.AfterFunc(slidePause, func() {
		a.post(func() {
			if s.stroke && s.sliding && s.slides == turn {
				a.finishStroke()
			}
		})
	})
	return true
}

// slideActive slides the arc that the reader is at by one notch, whatever tool is in hand.
func (a *App) slideActive(notches float64) {
	s := a.sess
	if s == nil {
		return
	}
	t := s.tools[toolSlide].(*tool.Slide)
	switch {
	case s.stroke && s.sliding:
		a.slide(t, notches, tool.Pointer{})
	case s.active == nil:
		a.status.SetHint(text.T("app.slide.arc"))
	default:
		a.slide(t, notches, tool.Pointer{X: s.active.Centre.X, Y: s.active.Centre.Y})
	}
}
