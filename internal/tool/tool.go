// Package tool holds what a reader draws with. A tool turns pointer positions into one stroke of the review per gesture
// and knows nothing else: not the window, not the files. Positions are image coordinates, in px.
//
// Filters change a whole mask at once, without a pointer. They too are one stroke each. What a reader confirmed stays: a
// tool changes a confirmed arc only by a gesture that begins on it, a filter never does.
package tool

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// Pointer is where the pointer is.
type Pointer struct {
	X, Y   float64
	Invert bool // the reader holds the key that turns a tool into its opposite
	Edges  bool // the reader holds the key that makes a brush stop at edges of the image
}

func (p Pointer) point() contour.Point { return contour.Point{X: p.X, Y: p.Y} }

// Tool is one way to draw. A gesture is Press, any number of Drag, then Release or Cancel; calls out of order do nothing.
type Tool interface {
	// Name is the stable name of the tool and of its edits.
	Name() string
	// Hint is the key of the sentence that says how to use the tool.
	Hint() string
	// Fit sets the size for frame k: the radius in mm where the frame is calibrated, else in px.
	Fit(k review.Key, size float64)
	// Press begins a gesture on frame k. Its faults are those of review.Begin.
	Press(k review.Key, p Pointer) error
	Drag(p Pointer)
	// Release ends the gesture as review.Stroke.Commit does, and returns what that does.
	Release() (changed bool, err error)
	Cancel()
	// Outline is the closed line around the pixels that a press at the given place would reach.
	Outline(at contour.Point) []contour.Point
}

// Path is a tool whose gesture may take several presses. Between them it is open, and holds no stroke: the frame may be
// edited, shown anew or left meanwhile.
type Path interface {
	Tool
	// Open tells whether a gesture is under way.
	Open() bool
	// Hover tells where the pointer is between presses.
	Hover(p Pointer)
	// Back takes the last piece away; with the first one the gesture is given up.
	Back()
	// Finish ends the gesture with what there is, as Release does.
	Finish() (changed bool, err error)
}

// Sketch is a tool that draws a line over the image while a gesture lasts.
type Sketch interface {
	// Sketch is the line so far, to the pointer; closed says that its ends belong together.
	Sketch() (line []contour.Point, closed bool)
}

// Sighted is a tool that looks at the image.
type Sighted interface {
	// See gives it the image of the frame that the next gesture is on; nil: it sees nothing.
	See(s *Sight)
}

// Near is a tool that needs to know what counts as near on the screen.
type Near interface {
	// SetReach sets how near a press must be to something to mean it, in px of the image.
	SetReach(px float64)
}

// firstReach is what counts as near until SetReach is called, in px.
const firstReach = 4

// near is the distance that counts as near; tools embed it.
type near struct{ reach float64 }

// SetReach implements Near.
func (n *near) SetReach(px float64) { n.reach = px }

func (n *near) to(a, b contour.Point) bool { return math.Hypot(a.X-b.X, a.Y-b.Y) <= n.reach }

// decided are the states in which a reader said that the boundary is to stay as it is.
var decided = []contour.State{contour.Confirmed, contour.NotVisible}

// respect binds a stroke to leave confirmed boundary alone, unless the gesture begins on it: then that is meant.
func (n *near) respect(s *review.Stroke, begin contour.Point) {
	s.Keep(decided...)
	r := min(max(n.reach, leastGrab), maxGrab)
	for y := int(begin.Y - r); y <= int(begin.Y+r); y++ {
		for x := int(begin.X - r); x <= int(begin.X+r); x++ {
			if s.Kept(x, y) && math.Hypot(float64(x)+0.5-begin.X, float64(y)+0.5-begin.Y) <= r {
				s.Keep()
				return
			}
		}
	}
}

// A press is on boundary that is at most so many px away: it lies between pixels, and however near the view is, no hand
// means less than one.
const (
	leastGrab = 1.5
	maxGrab   = 64
)

// wall leaves out of spans what lies behind kept boundary, seen from the way that a tip went from a to b.
func wall(s *review.Stroke, spans []mask.Span, a, b contour.Point) []mask.Span {
	if !s.Keeping(boxOf(spans)) {
		return spans
	}
	return mask.Reach(spans, pixelsAlong(a, b), s.Kept)
}

// free tells whether a tip can go from a to b without crossing kept boundary.
func free(s *review.Stroke, a, b contour.Point) bool {
	for _, p := range pixelsAlong(a, b) {
		if s.Kept(p.X, p.Y) {
			return false
		}
	}
	return true
}

// boxOf is the rectangle around spans.
func boxOf(spans []mask.Span) image.Rectangle {
	var r image.Rectangle
	for _, s := range spans {
		r = r.Union(image.Rect(s.X0, s.Y, s.X1, s.Y+1))
	}
	return r
}

// maxWay bounds how many pixels one step of the pointer walks through.
const maxWay = 1 << 16

// pixelsAlong lists the pixels that a line passes, each joined to the next by a side.
func pixelsAlong(a, b contour.Point) []image.Point {
	n := 2*math.Ceil(max(math.Abs(b.X-a.X), math.Abs(b.Y-a.Y))) + 1
	if !(n < maxWay) {
		return nil
	}
	last := pixelAt(a)
	out := []image.Point{last}
	for i := 1; i <= int(n); i++ {
		t := float64(i) / n
		p := pixelAt(contour.Point{X: a.X + t*(b.X-a.X), Y: a.Y + t*(b.Y-a.Y)})
		if p.X != last.X && p.Y != last.Y {
			out = append(out, image.Pt(p.X, last.Y))
		}
		if p != last {
			out = append(out, p)
		}
		last = p
	}
	return out
}

// pixelAt is the pixel that holds a point.
func pixelAt(p contour.Point) image.Point {
	return image.Pt(int(math.Floor(p.X)), int(math.Floor(p.Y)))
}

// only is what of the spans has the given label.
func only(labels *mask.Plane, spans []mask.Span, label uint8) []mask.Span {
	var out []mask.Span
	for _, s := range spans {
		start := -1
		for x := s.X0; x <= s.X1; x++ {
			in := x < s.X1 && x < labels.W && labels.At(x, s.Y) == label
			switch {
			case in && start < 0:
				start = x
			case !in && start >= 0:
				out = append(out, mask.Span{Y: s.Y, X0: start, X1: x})
				start = -1
			}
		}
	}
	return out
}
