package contour

import "slices"

// Area is what the contours enclose, holes taken off, in the square of the unit of sx and sy (per pixel): mm² for
// millimetres per pixel, px² for 1, 1.
func Area(cs []Contour, sx, sy float64) float64 {
	sum := 0.0
	for _, c := range cs {
		sum += signedArea(c)
	}
	return sum * sx * sy
}

// chordLines is on how many lines at most the perpendicular diameter is looked for: finer than one line per pixel for
// any lesion that fits a frame, as lines pass through vertices.
const chordLines = 256

// Diameters measures the largest outer ring: its longest diameter, and the longest chord inside the ring at a right angle
// to it, in the unit of sx and sy (per pixel). ends holds the ends of the first and of the second in image coordinates.
// No outer ring gives zeros.
func Diameters(cs []Contour, sx, sy float64) (longest, perpendicular float64, ends [4]Point) {
	ring := largest(cs, sx, sy)
	if len(ring) == 0 {
		return 0, 0, ends
	}
	a, b := farthest(hull(ring))
	longest = distance(a, b)
	if longest == 0 {
		return 0, 0, [4]Point{unscale(a, sx, sy), unscale(b, sx, sy), unscale(a, sx, sy), unscale(b, sx, sy)}
	}
	c, d := chord(ring, (b.X-a.X)/longest, (b.Y-a.Y)/longest)
	ends = [4]Point{unscale(a, sx, sy), unscale(b, sx, sy), unscale(c, sx, sy), unscale(d, sx, sy)}
	return longest, distance(c, d), ends
}

func unscale(p Point, sx, sy float64) Point { return Point{p.X / sx, p.Y / sy} }

// largest gives the points, scaled, of the outer ring with the largest area.
func largest(cs []Contour, sx, sy float64) []Point {
	best, at := 0.0, -1
	for i, c := range cs {
		if area := signedArea(c); !c.Hole && (at < 0 || area > best) {
			best, at = area, i
		}
	}
	if at < 0 {
		return nil
	}
	out := make([]Point, len(cs[at].Points))
	for i, v := range cs[at].Points {
		out[i] = Point{v.X * sx, v.Y * sy}
	}
	return out
}

// hull is the convex hull (Andrew's monotone chain).
func hull(ps []Point) []Point {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b Point) int {
		if a.X != b.X {
			if a.X < b.X {
				return -1
			}
			return 1
		}
		switch {
		case a.Y < b.Y:
			return -1
		case a.Y > b.Y:
			return 1
		}
		return 0
	})
	out := make([]Point, 0, len(ps)+1)
	half := func(floor int, p Point) {
		for len(out) >= floor+2 && turn(out[len(out)-2], out[len(out)-1], p) <= 0 {
			out = out[:len(out)-1]
		}
		out = append(out, p)
	}
	for _, p := range ps {
		half(0, p)
	}
	lower := len(out) - 1
	for i := len(ps) - 2; i >= 0; i-- {
		half(lower, ps[i])
	}
	if len(out) > 1 {
		out = out[:len(out)-1]
	}
	return out
}

// turn is positive if c lies to one side of the line a to b, negative on the other, 0 on it.
func turn(a, b, c Point) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }

// farthest is the pair of points with the greatest distance.
func farthest(ps []Point) (a, b Point) {
	a, b = ps[0], ps[0]
	best := -1.0
	for i, p := range ps {
		for _, q := range ps[i+1:] {
			if d := (p.X-q.X)*(p.X-q.X) + (p.Y-q.Y)*(p.Y-q.Y); d > best {
				best, a, b = d, p, q
			}
		}
	}
	return a, b
}

// chord is the longest way inside the ring at a right angle to the direction (dx, dy). Its length changes linearly
// between vertices, so lines through vertices find it.
func chord(ring []Point, dx, dy float64) (a, b Point) {
	// In turned coordinates the direction is x and chords run along y.
	turned := make([]Point, len(ring))
	for i, p := range ring {
		turned[i] = Point{p.X*dx + p.Y*dy, p.Y*dx - p.X*dy}
	}
	best := -1.0
	step := (len(ring) + chordLines - 1) / chordLines
	var ys []float64
	for i := 0; i < len(turned); i += step {
		x := turned[i].X
		ys = crossings(turned, x, ys[:0])
		for k := 0; k+1 < len(ys); k += 2 {
			if d := ys[k+1] - ys[k]; d > best {
				best = d
				a = Point{x*dx - ys[k]*dy, x*dy + ys[k]*dx}
				b = Point{x*dx - ys[k+1]*dy, x*dy + ys[k+1]*dx}
			}
		}
	}
	if best < 0 {
		return ring[0], ring[0]
	}
	return a, b
}

// crossings appends where the ring passes the upright line at x, sorted: even-odd pairs are inside.
func crossings(ring []Point, x float64, ys []float64) []float64 {
	a := ring[len(ring)-1]
	for _, b := range ring {
		if (a.X <= x) != (b.X <= x) {
			ys = append(ys, a.Y+(x-a.X)/(b.X-a.X)*(b.Y-a.Y))
		}
		a = b
	}
	slices.Sort(ys)
	return ys
}
