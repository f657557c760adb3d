package ui

import (
	"math"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/study"
)

// The scale of expected error before the study's own is known, as shares of the longer side of an image. Shares make one
// scale serve images of different sizes.
const (
	firstLimit = 0.03
	minLimit   = 0.008
	weakShare  = 0.4 // what counts as weak, as a share of the limit, until the reader says otherwise
)

// errorScale is what the colours along the contour mean: from 0 to limit, and weak above weak. All values are shares of
// the longer side of the image.
type errorScale struct {
	limit, weak float64
	chosen      bool      // the reader moved the slider: weak stays
	seen        []float64 // expected errors met so far
}

func newErrorScale() errorScale { return errorScale{limit: firstLimit, weak: weakShare * firstLimit} }

// add takes in the expected errors of one frame's contours.
func (e *errorScale) add(cs []contour.Contour, it *study.Item) {
	side := longSide(it)
	for _, c := range cs {
		for i := 0; i < len(c.Points); i += 4 {
			if v := c.Points[i].Expected; !math.IsNaN(v) {
				e.seen = append(e.seen, v/side)
			}
		}
	}
}

// settle sets the limit to the 95th percentile of what was seen. It is called once all predictions are in, so that colours
// do not drift while a person looks.
func (e *errorScale) settle() {
	if len(e.seen) < 50 {
		return
	}
	slices.Sort(e.seen)
	e.limit = max(minLimit, e.seen[len(e.seen)*95/100])
	e.seen = nil
	if !e.chosen {
		e.weak = weakShare * e.limit
	}
}

// choose sets what counts as weak, as a share of the limit.
func (e *errorScale) choose(share float64) {
	e.weak = min(max(share, 0.02), 1) * e.limit
	e.chosen = true
}

// limitPx and weakPx give the scale in pixels of an item.
func (e *errorScale) limitPx(it *study.Item) float64 { return e.limit * longSide(it) }
func (e *errorScale) weakPx(it *study.Item) float64  { return e.weak * longSide(it) }

func longSide(it *study.Item) float64 { return float64(max(it.W, it.H, 1)) }
