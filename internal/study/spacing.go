package study

import (
	"image"
	"math"
)

// Values of Region fields that measuring needs (PS3.3 C.8.5.5.1).
const (
	format2D     = 1
	tissue       = 1
	colourFlow   = 2
	centimetres  = 3
	highPriority = 1 // bit 0 of the flags
)

// FrameScale is what a file says of the sizes in one frame.
type FrameScale struct {
	Regions []Region
	Spacing *[2]float64 // mm per pixel x, y
	Nominal bool        // Spacing is that of a scan or a detector, not of what is shown
}

// scaleOf is what holds in a frame: its own, where a file tells frames apart.
func (it *Item) scaleOf(frame int) *FrameScale {
	if frame >= 0 && frame < len(it.PerFrame) {
		return &it.PerFrame[frame]
	}
	return &FrameScale{it.Regions, it.PixelSpacing, it.SpacingNominal}
}

// aspect is how much higher than wide a pixel is.
func (it *Item) aspect() float64 {
	if positive(it.Aspect) {
		return it.Aspect
	}
	return 1
}

// SpacingAt returns the millimetres per pixel that hold at all the points (image coordinates) of a frame, or Uncalibrated
// where no single spacing does: points outside every calibrated region, in two regions that disagree, or where a region
// of another kind (M-mode, spectrum) lies too. Without points it is the spacing on which all calibrated regions agree.
// An uncalibrated spacing is in widths of a pixel: it only tells its shape.
func (it *Item) SpacingAt(frame int, pts ...[2]float64) (Spacing, Calibration) {
	none := Spacing{1, it.aspect()}
	sc := it.scaleOf(frame)
	if sc.anyCalibrated() {
		if s, ok := sc.regionSpacing(pts); ok {
			return s, ByRegion
		}
		return none, Uncalibrated
	}
	if p := sc.Spacing; p != nil && positive(p[0]) && positive(p[1]) && !sc.inOtherRegion(pts) {
		if sc.Nominal {
			return Spacing{p[0], p[1]}, ByNominalSpacing
		}
		return Spacing{p[0], p[1]}, ByPixelSpacing
	}
	return none, Uncalibrated
}

// Sector is the part of the image that shows ultrasound: what the 2D regions cover, or all of it where none is known.
func (it *Item) Sector() image.Rectangle {
	if r := it.scaleOf(-1).sector(); !r.Empty() {
		return r
	}
	return image.Rect(0, 0, it.W, it.H)
}

// sector is what the 2D regions cover; empty where there is none.
func (s *FrameScale) sector() image.Rectangle {
	var r image.Rectangle
	for i := range s.Regions {
		if g := &s.Regions[i]; g.SpatialFormat == format2D && (g.DataType == tissue || g.DataType == colourFlow) {
			r = r.Union(g.bounds())
		}
	}
	return r
}

func (s *FrameScale) anyCalibrated() bool {
	for i := range s.Regions {
		if s.Regions[i].calibrated() {
			return true
		}
	}
	return false
}

// inOtherRegion tells whether any point lies in a region that is not a 2D picture.
func (s *FrameScale) inOtherRegion(pts [][2]float64) bool {
	for i := range s.Regions {
		if g := &s.Regions[i]; g.SpatialFormat > format2D && g.holdsAny(pts) {
			return true
		}
	}
	return false
}

// regionSpacing is the spacing of the region that holds all points. Where others hold some of them too, they must agree
// or the region must be the one that is drawn on top.
func (s *FrameScale) regionSpacing(pts [][2]float64) (Spacing, bool) {
	var found []*Region
	for i := range s.Regions {
		if g := &s.Regions[i]; g.calibrated() && g.holdsAll(pts) {
			found = append(found, g)
		}
	}
	if len(found) == 0 {
		return Spacing{}, false
	}
	best, tops := found[0], 0
	for _, g := range found {
		if g.Flags&highPriority != 0 {
			best = g
			tops++
		}
	}
	for i := range s.Regions {
		g := &s.Regions[i]
		if g == best || !g.disturbs(pts) || (g.calibrated() && g.spacing() == best.spacing()) {
			continue
		}
		if tops != 1 || g.Flags&highPriority != 0 {
			return Spacing{}, false
		}
	}
	return best.spacing(), true
}

// disturbs tells whether the region has a say at the points. Without points only calibrated regions have one.
func (g *Region) disturbs(pts [][2]float64) bool {
	if len(pts) == 0 {
		return g.calibrated()
	}
	return g.SpatialFormat != 0 && g.holdsAny(pts)
}

// calibrated tells whether the region is a 2D picture with true lengths along both axes.
func (g *Region) calibrated() bool {
	return g.SpatialFormat == format2D && (g.DataType == tissue || g.DataType == colourFlow) &&
		g.UnitsX == centimetres && g.UnitsY == centimetres &&
		positive(math.Abs(g.DeltaX)) && positive(math.Abs(g.DeltaY)) && !g.bounds().Empty()
}

// spacing is in mm; DICOM gives cm here, and a sign for the direction.
func (g *Region) spacing() Spacing { return Spacing{10 * math.Abs(g.DeltaX), 10 * math.Abs(g.DeltaY)} }

func (g *Region) bounds() image.Rectangle {
	return image.Rectangle{Min: image.Point{X: g.X0, Y: g.Y0}, Max: image.Point{X: g.X1, Y: g.Y1}}
}

func (g *Region) holds(p [2]float64) bool {
	return p[0] >= float64(g.X0) && p[0] <= float64(g.X1) && p[1] >= float64(g.Y0) && p[1] <= float64(g.Y1)
}

func (g *Region) holdsAll(pts [][2]float64) bool {
	for _, p := range pts {
		if !g.holds(p) {
			return false
		}
	}
	return true
}

func (g *Region) holdsAny(pts [][2]float64) bool {
	for _, p := range pts {
		if g.holds(p) {
			return true
		}
	}
	return false
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
