// Package contour turns masks and probability maps into sub-pixel contours and back, cuts contours into arcs, and measures
// distances between contours (Dice, HD95, NSD).
//
// Points are in image coordinates: the image's top left corner is (0, 0), so pixel centres are at integers + 0.5.
package contour

import "math"

// Point is a place in image coordinates, in pixels.
type Point struct{ X, Y float64 }

// Levels are the nominal coverages of the bands, in per cent, in the order of Vertex.Band.
var Levels = [4]int{50, 80, 90, 95}

// State says what a reader did with a piece of boundary. The values are stored in planes and journals: never renumber.
type State uint8

// The states of an arc.
const (
	Predicted  State = 0 // nobody looked at it yet
	Confirmed  State = 1 // a reader said it is right
	Corrected  State = 2 // a reader moved it
	NotVisible State = 3 // a reader said the boundary cannot be seen here
)

// Vertex is one contour point with what is known about it. Expected and Band are in pixels; NaN where unknown.
type Vertex struct {
	Point
	Expected float64    // expected distance to the true boundary
	Band     [4]float64 // radius within which the true boundary passes at Levels[i] per cent
	State    State
}

// Settled tells whether a reader vouches for the line here: said that it is right, or drew it.
func (v *Vertex) Settled() bool { return v.State == Confirmed || v.State == Corrected }

// Reach is the radius of the band of Levels[level] at the vertex. It is 0 where the line is settled: models learn the error
// of their own outlines, and what they would say of a reader's is how far that lies from theirs.
func (v *Vertex) Reach(level int) float64 {
	if v.Settled() {
		return 0
	}
	return v.Band[level]
}

// Contour is one closed ring of one label, clockwise on the screen for outer rings and counter-clockwise for holes. The
// last point connects to the first and is not repeated.
type Contour struct {
	Label  uint8
	Hole   bool
	Points []Vertex
}

// Arc is a maximal piece of a contour whose points agree on being weak and on their state. From and To are indices into
// Points, To inclusive; an arc may wrap around (To < From). A whole ring is From 0, To len-1.
type Arc struct {
	Contour  int // index of the contour in the slice that was cut
	From, To int
	Weak     bool
	State    State
	Length   float64 // px
	Expected float64 // mean expected error along the arc, px; NaN where unknown
	Centre   Point   // the point half-way along the arc
}

// Unknown is the expected error of a point about which no model said anything.
var Unknown = math.NaN()

// unknown is a vertex at (x, y) about which no model said anything.
func unknown(x, y float64) Vertex {
	return Vertex{Point: Point{x, y}, Expected: Unknown, Band: [4]float64{Unknown, Unknown, Unknown, Unknown}}
}
