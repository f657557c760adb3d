package review

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/study"
)

// Measurement is the size of one label on one frame. Lengths are in mm and areas in mm² if Millimetres, else in px and
// px², in widths of a pixel: millimetres are only given where one calibration covers the whole contour.
type Measurement struct {
	Label                  uint8
	Longest, Perpendicular float64 // diameters of the largest region
	Area, Perimeter        float64 // of all regions; holes taken off the area and added to the perimeter
	Millimetres            bool
	Source                 study.Calibration
	Ends                   [4]contour.Point // of both diameters, in image coordinates
}

// Measurements measures every label of frame k.
func (r *Review) Measurements(k Key) []Measurement {
	byLabel := map[uint8][]contour.Contour{}
	var order []uint8
	for _, c := range r.Contours(k) {
		if byLabel[c.Label] == nil {
			order = append(order, c.Label)
		}
		byLabel[c.Label] = append(byLabel[c.Label], c)
	}
	var out []Measurement
	for _, label := range order {
		out = append(out, r.measure(k, label, byLabel[label]))
	}
	return out
}

func (r *Review) measure(k Key, label uint8, cs []contour.Contour) Measurement {
	var pts [][2]float64
	eachVertex(cs, func(v *contour.Vertex) { pts = append(pts, [2]float64{v.X, v.Y}) })
	sp, source := r.SpacingAt(k, pts...)
	m := Measurement{Label: label, Millimetres: source != study.Uncalibrated, Source: source}
	m.Longest, m.Perpendicular, m.Ends = contour.Diameters(cs, sp.X, sp.Y)
	m.Area = contour.Area(cs, sp.X, sp.Y)
	for _, c := range cs {
		for i, v := range c.Points {
			w := c.Points[(i+1)%len(c.Points)]
			m.Perimeter += math.Hypot((w.X-v.X)*sp.X, (w.Y-v.Y)*sp.Y)
		}
	}
	return m
}

// Radius turns the size of a round tool, a radius in mm where frame k is calibrated and else in px, into the radii in px
// along x and y: a round tool on the patient is an ellipse on pixels that are not square.
func (r *Review) Radius(k Key, size float64) (rx, ry float64) {
	sp, _ := r.SpacingAt(k)
	return size / sp.X, size / sp.Y
}
