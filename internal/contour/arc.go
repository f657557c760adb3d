package contour

import (
	"iter"
	"math"
)

// sliver is the length (px) below which an arc joins its neighbour: shorter ones cannot be seen, let alone judged.
const sliver = 6.0

// Length is the length of the ring in px.
func Length(c Contour) float64 {
	sum := 0.0
	for i := range c.Points {
		sum += distance(c.Points[i].Point, c.Points[(i+1)%len(c.Points)].Point)
	}
	return sum
}

func distance(a, b Point) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }

// Along gives the points of an open line every step px (above 0) from its first one, which is among them. line has at
// least one point and is not changed.
func Along(line []Point, step float64) []Point {
	out := line[:1:1]
	left := step // to the next point
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		for ; left <= length; left += step {
			t := left / length
			out = append(out, Point{X: a.X + t*(b.X-a.X), Y: a.Y + t*(b.Y-a.Y)})
		}
		left -= length
	}
	return out
}

// Each gives the arc's indices into c.Points in order, also across the ring's seam.
func (a Arc) Each(c Contour) iter.Seq[int] {
	return func(yield func(int) bool) {
		n := len(c.Points)
		if n == 0 {
			return
		}
		for k := 0; k < a.count(n); k++ {
			if !yield((a.From + k) % n) {
				return
			}
		}
	}
}

// count is how many of a ring's n points the arc has.
func (a Arc) count(n int) int { return (a.To-a.From+n)%n + 1 }

// Points returns a copy of the arc's vertices in order. c must be the contour that was cut.
func (a Arc) Points(c Contour) []Vertex {
	out := make([]Vertex, 0, len(c.Points))
	for i := range a.Each(c) {
		out = append(out, c.Points[i])
	}
	return out
}

// Follow finds the arc of ring, the contour that was cut, again on the boundary as it is after an edit: what lies between the
// places where its ends now are. It is gone where no ring of its label lies near its middle any more, or where that piece is
// another one, by its course or by its length.
func (a Arc) Follow(ring Contour, cs []Contour) (Arc, bool) {
	index, middle, far := -1, 0, Length(ring)/math.Pi
	for i := range cs {
		if cs[i].Label != ring.Label {
			continue
		}
		if at, d := vertexNearest(&cs[i], a.Centre); d <= far {
			index, middle, far = i, at, d
		}
	}
	if index < 0 {
		return Arc{}, false
	}
	c := &cs[index]
	n := len(c.Points)
	now := Arc{Contour: index, From: 0, To: n - 1, Weak: a.Weak, State: c.Points[middle].State}
	if a.count(len(ring.Points)) < len(ring.Points) {
		now.From, _ = vertexNearest(c, ring.Points[a.From].Point)
		now.To, _ = vertexNearest(c, ring.Points[a.To].Point)
	}
	lengths := shares(c)
	for i := range now.Each(*c) {
		now.Length += lengths[i]
	}
	if (middle-now.From+n)%n >= now.count(n) || now.Length < a.Length/2 || now.Length > 2*a.Length {
		return Arc{}, false
	}
	now.Expected, now.Centre = summarise(c, now, lengths)
	return now, true
}

// vertexNearest is the vertex of a contour nearest to p, and how far it is; +Inf for a contour without any.
func vertexNearest(c *Contour, p Point) (at int, far float64) {
	far = math.Inf(1)
	for i := range c.Points {
		if d := distance(c.Points[i].Point, p); d < far {
			at, far = i, d
		}
	}
	return at, far
}

// Cut cuts contours into arcs, in the order of the contours and along each ring. A vertex is weak if its expected error
// is above weak (px); one of unknown error is not. Arcs shorter than 6 px join a neighbour, rather one of the same state;
// a ring's lengths add up to the ring's length.
func Cut(cs []Contour, weak float64) []Arc {
	var out []Arc
	for i := range cs {
		out = append(out, cutRing(&cs[i], i, weak)...)
	}
	return out
}

// piece is a run of vertices that agree, while a ring is being cut.
type piece struct {
	from, n int
	weak    bool
	state   State
	length  float64
}

// cutRing cuts one ring.
func cutRing(c *Contour, index int, weak float64) []Arc {
	n := len(c.Points)
	if n == 0 {
		return nil
	}
	lengths := shares(c)
	pieces := dropSlivers(splitRing(c, lengths, weak))
	arcs := make([]Arc, len(pieces))
	for i, p := range pieces {
		if len(pieces) == 1 {
			p.from = 0
		}
		arcs[i] = Arc{
			Contour: index, From: p.from, To: (p.from + p.n - 1) % n,
			Weak: p.weak, State: p.state, Length: p.length,
		}
		arcs[i].Expected, arcs[i].Centre = summarise(c, arcs[i], lengths)
	}
	return arcs
}

// shares gives each vertex half of the two segments that meet in it.
func shares(c *Contour) []float64 {
	n := len(c.Points)
	out := make([]float64, n)
	for i := range out {
		next := (i + 1) % n
		half := distance(c.Points[i].Point, c.Points[next].Point) / 2
		out[i] += half
		out[next] += half
	}
	return out
}

// splitRing gives the maximal runs of vertices that agree; the run across the seam comes last.
func splitRing(c *Contour, lengths []float64, weak float64) []piece {
	n := len(c.Points)
	start := 0 // the first vertex that differs from the one before
	for start < n && same(c, start, (start+n-1)%n, weak) {
		start++
	}
	var pieces []piece
	for k := 0; k < n; k++ {
		i := (start + k) % n
		if k == 0 || !same(c, i, (i+n-1)%n, weak) {
			pieces = append(pieces, piece{from: i, weak: c.Points[i].Expected > weak, state: c.Points[i].State})
		}
		last := &pieces[len(pieces)-1]
		last.n++
		last.length += lengths[i]
	}
	return pieces
}

// same tells whether two vertices may lie on one arc.
func same(c *Contour, i, k int, weak float64) bool {
	a, b := &c.Points[i], &c.Points[k]
	return a.State == b.State && (a.Expected > weak) == (b.Expected > weak)
}

// dropSlivers lets the shortest piece join a neighbour until none is a sliver or only one is left. pieces is a ring.
func dropSlivers(pieces []piece) []piece {
	for len(pieces) > 1 {
		short := 0
		for i := range pieces {
			if pieces[i].length < pieces[short].length {
				short = i
			}
		}
		if pieces[short].length >= sliver {
			break
		}
		before, after := (short+len(pieces)-1)%len(pieces), (short+1)%len(pieces)
		host := pieces[before]
		if closer(pieces[short], pieces[after], host) {
			host = pieces[after]
		}
		pieces[short].weak, pieces[short].state = host.weak, host.state
		pieces = uniteAgreeing(pieces)
	}
	return pieces
}

// closer tells whether a sliver of kind s rather joins a than b: the one of its state, else the longer one.
func closer(s, a, b piece) bool {
	if (a.state == s.state) != (b.state == s.state) {
		return a.state == s.state
	}
	return a.length > b.length
}

// uniteAgreeing joins neighbours that agree, around the ring.
func uniteAgreeing(pieces []piece) []piece {
	out := pieces[:1]
	for _, p := range pieces[1:] {
		if last := &out[len(out)-1]; last.weak == p.weak && last.state == p.state {
			last.n += p.n
			last.length += p.length
		} else {
			out = append(out, p)
		}
	}
	if last := &out[len(out)-1]; len(out) > 1 && last.weak == out[0].weak && last.state == out[0].state {
		last.n += out[0].n
		last.length += out[0].length
		out[0] = *last
		out = out[:len(out)-1]
	}
	return out
}

// summarise gives the mean expected error along the arc, unknown where no vertex knows its own, and the point half-way.
func summarise(c *Contour, a Arc, lengths []float64) (expected float64, centre Point) {
	sum, known, way := 0.0, 0.0, 0.0
	half := -1
	for i := range a.Each(*c) {
		if v := c.Points[i].Expected; !math.IsNaN(v) {
			sum += v * lengths[i]
			known += lengths[i]
		}
		if way += lengths[i]; half < 0 && way >= a.Length/2 {
			half = i
		}
	}
	if half < 0 { // rounding
		half = a.To
	}
	if known == 0 {
		return Unknown, c.Points[half].Point
	}
	return sum / known, c.Points[half].Point
}
