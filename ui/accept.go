package ui

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// warnOfWeak tells, the first time that a frame is to be accepted, which weak arcs nobody reviewed. It returns whether
// there was something to tell: accepting then waits for the reader.
func (a *App) warnOfWeak() bool {
	s := a.editing()
	if s == nil || s.warned[s.key()] {
		return false
	}
	k := s.key()
	arcs := s.weakArcs(k)
	if len(arcs) == 0 {
		return false
	}
	s.warned[k] = true
	a.dropQuestion()
	per, unit := a.unit()
	rows := make([]string, len(arcs))
	for i, arc := range arcs {
		key := "arcs.weak.row"
		band := meanBand(s.review.Contours(k), arc)
		if math.IsNaN(band) {
			key = "arcs.weak.row.noband"
		}
		rows[i] = text.T(key, text.Args{
			"Length": panel.Quantity(per*arc.Length, unit), "Expected": panel.Quantity(per*arc.Expected, unit),
			"Band": panel.Quantity(per*band, unit), "Level": review.BandLevel,
		})
	}
	a.log.Debug("window", "event", "weak-left", "arcs", len(arcs))
	panel.ShowWeak(a.win, panel.Weak{
		Arcs: rows,
		OnGo: func(i int) {
			if a.sess == s && s.shows(k) && s.shown {
				a.activate(arcs[i])
			}
		},
		OnAccept: func() {
			if a.sess == s && s.shows(k) {
				a.decide(review.Accepted)
			}
		},
	})
	return true
}

// weakArcs are the weak arcs of a frame that nobody reviewed, the weakest first.
func (s *session) weakArcs(k review.Key) []contour.Arc {
	weak := s.scale.weakPx(s.items[k.Instance])
	first, ok := s.review.NextWeak(k, weak, nil, 1)
	if !ok {
		return nil
	}
	out := []contour.Arc{first}
	for {
		next, _ := s.review.NextWeak(k, weak, &out[len(out)-1].Centre, 1)
		if next == first || len(out) > maxWeak {
			break
		}
		out = append(out, next)
	}
	return out
}

// maxWeak bounds the list: more is a boundary to draw anew.
const maxWeak = 200

// meanBand is the mean radius of the band along an arc, in px; NaN where it has none.
func meanBand(cs []contour.Contour, arc contour.Arc) float64 {
	sum, n := 0.0, 0
	for i := range arc.Each(cs[arc.Contour]) {
		sum += cs[arc.Contour].Points[i].Band[review.BandIndex]
		n++
	}
	return sum / float64(n)
}

// reviewed sums the study up, as its rows show it.
func (s *session) reviewed() review.Progress {
	var p review.Progress
	for _, o := range s.done {
		p.Add(o)
	}
	return p
}
