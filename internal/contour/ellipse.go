package contour

import "math"

// Ellipse is the ellipse that has the area moments of a ring: the same centre, and as much area as far from it in every
// direction. Of an ellipse it is that ellipse.
type Ellipse struct {
	Centre Point   // image coordinates
	A, B   float64 // half axes, the longer first, in the unit of FitEllipse
	Angle  float64 // of A against x, in radians, in that unit's proportions
}

// FitEllipse fits an ellipse to the largest outer ring; sx and sy are the size of a pixel in the unit of its half axes. No
// outer ring, or one without area, gives the zero ellipse.
func FitEllipse(cs []Contour, sx, sy float64) Ellipse {
	ring := largest(cs, sx, sy)
	if len(ring) < 3 {
		return Ellipse{}
	}
	// Moments by Green's theorem, about the first point so that little is lost to rounding.
	o := ring[0]
	var area, mx, my, xx, yy, xy float64
	a := Point{ring[len(ring)-1].X - o.X, ring[len(ring)-1].Y - o.Y}
	for _, p := range ring {
		b := Point{p.X - o.X, p.Y - o.Y}
		c := a.X*b.Y - b.X*a.Y
		area += c / 2
		mx += c * (a.X + b.X) / 6
		my += c * (a.Y + b.Y) / 6
		xx += c * (a.X*a.X + a.X*b.X + b.X*b.X) / 12
		yy += c * (a.Y*a.Y + a.Y*b.Y + b.Y*b.Y) / 12
		xy += c * (a.X*b.Y + 2*a.X*a.Y + 2*b.X*b.Y + b.X*a.Y) / 24
		a = b
	}
	if area == 0 {
		return Ellipse{}
	}
	mx, my = mx/area, my/area
	xx, yy, xy = xx/area-mx*mx, yy/area-my*my, xy/area-mx*my
	mean, spread := (xx+yy)/2, math.Hypot((xx-yy)/2, xy)
	return Ellipse{
		Centre: unscale(Point{o.X + mx, o.Y + my}, sx, sy),
		A:      2 * math.Sqrt(math.Max(mean+spread, 0)), B: 2 * math.Sqrt(math.Max(mean-spread, 0)),
		Angle: math.Atan2(2*xy, xx-yy) / 2,
	}
}

// Circumference is the ellipse's, by Ramanujan's second formula: right to a millionth unless it is very flat.
func (e Ellipse) Circumference() float64 {
	sum := e.A + e.B
	if sum == 0 {
		return 0
	}
	h := (e.A - e.B) * (e.A - e.B) / (sum * sum)
	return math.Pi * sum * (1 + 3*h/(10+math.Sqrt(4-3*h)))
}

// Circularity is 4π times the area over the square of the perimeter of the largest outer ring: 1 for a circle, less for
// all else. No outer ring gives 0.
func Circularity(cs []Contour, sx, sy float64) float64 {
	ring := largest(cs, sx, sy)
	area, way := 0.0, 0.0
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		area += (p.X*q.Y - q.X*p.Y) / 2
		way += distance(p, q)
	}
	if way == 0 {
		return 0
	}
	return 4 * math.Pi * math.Abs(area) / (way * way)
}
