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
	it := &study.Item{ID: Key.Instance, Name: "still", W: w, H: h, Frames: 1, PixelSpacing: spacing}
	return review.New(&study.Study{Items: []*study.Item{it}}, "reader", j)
}
