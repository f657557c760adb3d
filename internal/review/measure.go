package review

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/study"
)

// Sizes are what is measured of a label.
type Sizes struct {
	Longest, Perpendicular float64 // diameters of the largest region
	Area, Perimeter        float64 // of all regions; holes taken off the area and added to the perimeter
	Circularity            float64 // of the largest region: 1 for a circle, less for all else
	Circumference          float64 // of the ellipse that has the largest region's area moments
}

// BandLevel is the coverage, in per cent, of the band that the intervals of measurements come from.
const BandLevel = 90

// BandIndex is that of BandLevel in contour.Levels.
const BandIndex = 2

// Measurement is the size of one label on one frame. Lengths are in mm and areas in mm² if Millimetres, else in px and
// px², in widths of a pixel: millimetres are only given where one calibration covers the whole contour.
//
// Low and High are what the band of 90 % implies: the label is measured three times, along its boundary, along the inner
// edge of the band around it and along the outer one, and the interval reaches from the least to the greatest of the three.
// So it holds the measured value, and area and longest diameter only grow with the band. Where nothing is left inside the
// band, sizes go down to 0; circularity, which says nothing of nothing, does not. What a reader confirmed or corrected has
// no band: the interval is what the rest of the boundary leaves open. Banded is false, and there is no interval, where
// nothing is left open, or a piece that is has no band.
type Measurement struct {
	Label uint8
	Sizes
	Low, High   Sizes
	Banded      bool
	Millimetres bool
	Source      study.Calibration
	Ends        [4]contour.Point // of both diameters, in image coordinates
	Ellipse     contour.Ellipse  // half axes as lengths
}

// Measurements measures every label of frame k, as a stroke under way has made it so far.
func (r *Review) Measurements(k Key) []Measurement { return r.Measuring(k)() }

// Measuring takes what measuring frame k needs, and returns what does it: on any goroutine, whatever happens to the review
// meanwhile. It takes some milliseconds, most of them for the intervals.
func (r *Review) Measuring(k Key) func() []Measurement {
	byLabel := map[uint8][]contour.Contour{}
	var order []uint8
	for _, c := range r.Contours(k) {
		if byLabel[c.Label] == nil {
			order = append(order, c.Label)
		}
		byLabel[c.Label] = append(byLabel[c.Label], c)
	}
	if len(order) == 0 {
		return func() []Measurement { return nil }
	}
	f := r.frames[k]
	w, h := f.W, f.H
	spacings := make([]study.Spacing, len(order))
	out := make([]Measurement, len(order))
	for i, label := range order {
		var pts [][2]float64
		eachVertex(byLabel[label], func(v *contour.Vertex) { pts = append(pts, [2]float64{v.X, v.Y}) })
		var source study.Calibration
		spacings[i], source = r.SpacingAt(k, pts...)
		out[i] = Measurement{Label: label, Millimetres: source != study.Uncalibrated, Source: source}
	}
	return func() []Measurement {
		for i := range out {
			out[i].measure(byLabel[out[i].Label], spacings[i], w, h)
		}
		return out
	}
}

// measure fills in what the label's contours measure, in an image of w×h pixels of the size sp.
func (m *Measurement) measure(cs []contour.Contour, sp study.Spacing, w, h int) {
	m.Sizes, m.Ends = sizesOf(cs, sp)
	m.Ellipse = contour.FitEllipse(cs, sp.X, sp.Y)
	inner, outer, ok := contour.Within(cs, m.Label, BandIndex, w, h)
	if m.Banded = ok; !ok {
		return
	}
	least, _ := sizesOf(inner, sp)
	most, _ := sizesOf(outer, sp)
	if len(inner) == 0 {
		least.Circularity = m.Circularity
	}
	m.Low = combine(combine(m.Sizes, least, math.Min), most, math.Min)
	m.High = combine(combine(m.Sizes, least, math.Max), most, math.Max)
}

// sizesOf measures contours of one label.
func sizesOf(cs []contour.Contour, sp study.Spacing) (s Sizes, ends [4]contour.Point) {
	s.Longest, s.Perpendicular, ends = contour.Diameters(cs, sp.X, sp.Y)
	s.Area = contour.Area(cs, sp.X, sp.Y)
	for _, c := range cs {
		for i, v := range c.Points {
			w := c.Points[(i+1)%len(c.Points)]
			s.Perimeter += math.Hypot((w.X-v.X)*sp.X, (w.Y-v.Y)*sp.Y)
		}
	}
	s.Circularity = contour.Circularity(cs, sp.X, sp.Y)
	s.Circumference = contour.FitEllipse(cs, sp.X, sp.Y).Circumference()
	return s, ends
}

// combine joins two sets of sizes, one by one.
func combine(a, b Sizes, by func(x, y float64) float64) Sizes {
	return Sizes{
		Longest: by(a.Longest, b.Longest), Perpendicular: by(a.Perpendicular, b.Perpendicular),
		Area: by(a.Area, b.Area), Perimeter: by(a.Perimeter, b.Perimeter),
		Circularity: by(a.Circularity, b.Circularity), Circumference: by(a.Circumference, b.Circumference),
	}
}

// Radius turns the size of a round tool, a radius in mm where frame k is calibrated and else in px, into the radii in px
// along x and y: a round tool on the patient is an ellipse on pixels that are not square.
func (r *Review) Radius(k Key, size float64) (rx, ry float64) {
	sp, _ := r.SpacingAt(k)
	return size / sp.X, size / sp.Y
}
