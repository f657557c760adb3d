package contour

import "math"

// DistanceTo is how far, in px, p lies from an open line; +Inf from a line without points.
func DistanceTo(line []Point, p Point) float64 {
	best := math.Inf(1)
	if len(line) == 1 {
		return distance(line[0], p)
	}
	for i := 1; i < len(line); i++ {
		best = min(best, toPiece(line[i-1], line[i], p))
	}
	return best
}

// toPiece is how far p lies from the straight piece between a and b.
func toPiece(a, b, p Point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((p.X-a.X)*dx+(p.Y-a.Y)*dy)/l, 0), 1)
	}
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}

// Course is the piece of a boundary that leads the same way as a line: from the vertex nearest to the line's beginning to the
// one nearest to its end, on the side of the ring that lies nearer to the line. Where the line closes, it is the whole ring.
// It is nil where there is no boundary.
func Course(cs []Contour, line []Point) []Point {
	ring := nearestRing(cs, line)
	if ring == nil || len(line) == 0 {
		return nil
	}
	n := len(ring)
	from, to := nearestVertex(ring, line[0]), nearestVertex(ring, line[len(line)-1])
	if from == to {
		out := make([]Point, 0, n+1)
		for i := range n + 1 {
			out = append(out, ring[(from+i)%n].Point)
		}
		if len(line) == 1 {
			return out[:1]
		}
		return out
	}
	forth, back := walk(ring, from, to, 1), walk(ring, from, to, -1)
	if meanDistance(forth, line) <= meanDistance(back, line) {
		return forth
	}
	return back
}

// nearestRing is the ring whose vertices come nearest to the line's middle.
func nearestRing(cs []Contour, line []Point) []Vertex {
	var ring []Vertex
	best := math.Inf(1)
	for i := range cs {
		for _, v := range cs[i].Points {
			if d := DistanceTo(line, v.Point); d < best {
				best, ring = d, cs[i].Points
			}
		}
	}
	return ring
}

func nearestVertex(ring []Vertex, p Point) int {
	best, at := math.Inf(1), 0
	for i, v := range ring {
		if d := distance(v.Point, p); d < best {
			best, at = d, i
		}
	}
	return at
}

// walk goes along a ring from one vertex to another, step by step.
func walk(ring []Vertex, from, to, step int) []Point {
	n := len(ring)
	out := []Point{ring[from].Point}
	for i := from; i != to; {
		i = (i + step + n) % n
		out = append(out, ring[i].Point)
	}
	return out
}

func meanDistance(ps, line []Point) float64 {
	sum := 0.0
	for _, p := range ps {
		sum += DistanceTo(line, p)
	}
	return sum / float64(len(ps))
}
