// Package reviewtest makes reviews for the tests of packages that know reviews but no studies.
package reviewtest

import (
	"echoline/internal/review"
	"echoline/internal/study"
)

// Key is the only frame of the reviews that this package makes.
var Key = review.Key{Instance: "a"}

// New returns a review of one still of w×h pixels. spacing is in mm per pixel along x and y; nil: not calibrated. The
// journal may be nil.
func New(w, h int, spacing *[2]float64, j review.Journal) *review.Review {
	return NewCine(w, h, 1, spacing, j)
}

// NewCine is New for a cine of several frames, the first of which is Key.
func NewCine(w, h, frames int, spacing *[2]float64, j review.Journal) *review.Review {
	it := &study.Item{ID: Key.Instance, Name: "still", W: w, H: h, Frames: frames, PixelSpacing: spacing}
	return review.New(&study.Study{Items: []*study.Item{it}}, "reader", j)
}
