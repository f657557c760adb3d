package review

import (
	"image"

	"echoline/internal/study"
)

// sectorOf is where ultrasound pixels of it are.
func sectorOf(it *study.Item) image.Rectangle {
	if s, ok := any(it).(interface{ Sector() image.Rectangle }); ok {
		return s.Sector()
	}
	return image.Rect(0, 0, it.W, it.H)
}

// spacingAt is the spacing of it that covers pts.
func spacingAt(it *study.Item, frame int, pts ...[2]float64) (study.Spacing, study.Calibration) {
	if s, ok := any(it).(interface {
		SpacingAt(int, ...[2]float64) (study.Spacing, study.Calibration)
	}); ok {
		return s.SpacingAt(frame, pts...)
	}
	return study.Spacing{}, study.Uncalibrated
}
