package ui

import (
	"math"
	"time"

	"echoline/internal/contour"
	"echoline/internal/project"
)

// lookedAt is a weak arc of the frame on show, and how well the reader looked at it.
type lookedAt struct {
	arc     project.LookedArc
	box     [4]float64    // x0, y0, x1, y1
	dwell   time.Duration // so long it was whole in the viewport, large enough, with nothing hidden
	visited bool          // the view was brought to it
}

// An arc counts as looked at if the reader went to it (N, or from the list), or if all of it was in the viewport for lookTime
// of work, at lookZoom at least, with the outline shown.
const (
	lookTime = 2 * time.Second
	lookZoom = 1.0 // screen pixels an image pixel
)

// beginLooking lists the weak arcs of the frame on show as it was met, before anything is done about them.
func (a *App) beginLooking() {
	s := a.sess
	v := &a.visit
	if v.begun || a.proj.state == nil || !s.shows(v.key) || s.review.Frame(v.key).Prediction == nil || len(s.review.Contours(v.key)) == 0 {
		return
	}
	v.begun = true
	cs := s.review.Contours(v.key)
	for _, arc := range s.weakArcs(v.key) {
		l := lookedAt{box: [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}}
		l.arc = project.LookedArc{X: arc.Centre.X, Y: arc.Centre.Y, Length: arc.Length, Expected: arc.Expected}
		for _, p := range arc.Points(cs[arc.Contour]) {
			l.box[0], l.box[1] = math.Min(l.box[0], p.X), math.Min(l.box[1], p.Y)
			l.box[2], l.box[3] = math.Max(l.box[2], p.X), math.Max(l.box[3], p.Y)
		}
		v.looked = append(v.looked, l)
	}
}

// lookAround adds time to the arcs that are in the viewport.
func (a *App) lookAround(gap time.Duration) {
	a.beginLooking()
	if len(a.visit.looked) == 0 || a.hidden || a.overlayOff || a.view.Zoom() < lookZoom {
		return
	}
	size := a.view.Size()
	for i := range a.visit.looked {
		l := &a.visit.looked[i]
		p := a.view.ScreenAt(contour.Point{X: l.box[0], Y: l.box[1]})
		q := a.view.ScreenAt(contour.Point{X: l.box[2], Y: l.box[3]})
		if p.X >= 0 && p.Y >= 0 && q.X <= size.Width && q.Y <= size.Height {
			l.dwell += gap
		}
	}
}

// visitArc notes that the view was brought to an arc.
func (a *App) visitArc(at contour.Point) {
	a.beginLooking()
	best, near := -1, math.Inf(1)
	for i := range a.visit.looked {
		l := &a.visit.looked[i]
		if d := math.Hypot(l.arc.X-at.X, l.arc.Y-at.Y); d < near {
			best, near = i, d
		}
	}
	if best >= 0 && near <= math.Max(a.visit.looked[best].arc.Length, 1) {
		a.visit.looked[best].visited = true
	}
}

// look says of each weak arc how it was looked at, once the frame is accepted.
func (v *visit) look(accepted bool) []project.LookedArc {
	if !accepted {
		return nil
	}
	var out []project.LookedArc
	for i := range v.looked {
		l := v.looked[i]
		l.arc.Seconds = l.dwell.Seconds()
		switch {
		case l.visited:
			l.arc.How = project.LookVisited
		case l.dwell >= lookTime:
			l.arc.How = project.LookShown
		default:
			l.arc.How = project.LookNot
		}
		out = append(out, l.arc)
	}
	return out
}
