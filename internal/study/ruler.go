package study

import (
	"math"

	"echoline/internal/fault"
)

// Limits of a ruler.
const (
	minRulerPixels = 10   // shorter ones say nothing: a pixel's error is a tenth
	maxRulerMM     = 1000 // longer than any picture of ultrasound is deep
)

// Ruler is a line that a reader drew along something of known length, such as the scale beside the picture, to calibrate
// an image that does not say its pixel size. Points are image coordinates.
type Ruler struct {
	A  [2]float64 `json:"a"`
	B  [2]float64 `json:"b"`
	MM float64    `json:"mm"`
}

// Check fails with CodeRuler where the ruler cannot calibrate a picture.
func (r Ruler) Check() error {
	long := math.Hypot(r.B[0]-r.A[0], r.B[1]-r.A[1])
	if !(long >= minRulerPixels) || math.IsInf(long, 0) || !positive(r.MM) || r.MM > maxRulerMM {
		return fault.New(CodeRuler, "", nil, fault.Args{"Pixels": minRulerPixels, "Longest": maxRulerMM})
	}
	return nil
}

// spacing is what the ruler says of pixels that are aspect times as high as wide.
func (r Ruler) spacing(aspect float64) Spacing {
	mm := r.MM / math.Hypot(r.B[0]-r.A[0], aspect*(r.B[1]-r.A[1]))
	return Spacing{mm, aspect * mm}
}

// SpacingBy is SpacingAt with a ruler (nil: none), which holds where no Ultrasound Region says anything. It comes before
// Pixel Spacing: who draws it has looked at this picture.
func (it *Item) SpacingBy(r *Ruler, frame int, pts ...[2]float64) (Spacing, Calibration) {
	s, from := it.SpacingAt(frame, pts...)
	if r == nil || from == ByRegion || it.scaleOf(frame).claims(pts) {
		return s, from
	}
	return r.spacing(it.aspect()), ByRuler
}

// claims tells whether a region says something of any of the points: it has a scale there, or shows time or speed. Without
// points, whether any region has a scale.
func (s *FrameScale) claims(pts [][2]float64) bool {
	if len(pts) == 0 {
		return s.anyCalibrated()
	}
	for i := range s.Regions {
		if g := &s.Regions[i]; (g.calibrated() || g.SpatialFormat > format2D) && g.holdsAny(pts) {
			return true
		}
	}
	return false
}
