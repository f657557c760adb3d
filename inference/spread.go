package inference

import (
	"echoline/internal/contour"
	"echoline/internal/mask"
)

// spread takes pixels of a plane that hang together. open is not 0 where a pixel may be taken, and becomes 0 where it is.
type spread struct {
	open    *mask.Plane
	corners bool                // pixels that touch at a corner hang together
	near    func(x, y int) bool // where else a pixel may not be taken; nil: nowhere
	take    func(y, x0, x1 int) // is told each run of pixels, x1 excluded
	runs    []mask.Span         // taken, with neighbours yet to be looked at
}

// from takes all that hangs together with the pixel (x, y), if that may be taken.
func (s *spread) from(x, y int) {
	s.at(x, y)
	reach := 0
	if s.corners {
		reach = 1
	}
	for len(s.runs) > 0 {
		r := s.runs[len(s.runs)-1]
		s.runs = s.runs[:len(s.runs)-1]
		for _, y := range [2]int{r.Y - 1, r.Y + 1} {
			if y < 0 || y >= s.open.H {
				continue
			}
			for x := max(0, r.X0-reach); x < min(s.open.W, r.X1+reach); x++ {
				x = s.at(x, y)
			}
		}
	}
}

// at takes the run around (x, y), if that pixel may be taken, and returns the first place on the right that was not.
func (s *spread) at(x, y int) int {
	row := s.open.Pix[y*s.open.W : (y+1)*s.open.W]
	may := func(x int) bool { return row[x] != 0 && (s.near == nil || s.near(x, y)) }
	if !may(x) {
		return x
	}
	x0, x1 := x, x+1
	for x0 > 0 && may(x0-1) {
		x0--
	}
	for x1 < len(row) && may(x1) {
		x1++
	}
	clear(row[x0:x1])
	s.take(y, x0, x1)
	s.runs = append(s.runs, mask.Span{Y: y, X0: x0, X1: x1})
	return x1
}

// swept are the runs of a plane's pixels whose centres lie within radius of the line; a line of one point is a disc. Runs
// of neighbouring pieces of the line overlap.
func swept(p *mask.Plane, line []contour.Point, radius float64) []mask.Span {
	var out []mask.Span
	for i, b := range line {
		a := line[max(i-1, 0)]
		if i == 0 && len(line) > 1 {
			continue
		}
		for _, s := range mask.Capsule(a.X, a.Y, b.X, b.Y, radius, radius) {
			if s.X1 = min(s.X1, p.W); s.Y < p.H && s.X0 < s.X1 {
				out = append(out, s)
			}
		}
	}
	return out
}

// under is the pixel under a point; false beside the image.
func under(p *mask.Plane, at contour.Point) (x, y int, ok bool) {
	if !(at.X >= 0 && at.Y >= 0 && at.X < float64(p.W) && at.Y < float64(p.H)) {
		return 0, 0, false
	}
	return int(at.X), int(at.Y), true
}
