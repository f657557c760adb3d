package tool

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// nameRedraw is the name of the tool.
const nameRedraw = "redraw"

const (
	// leastStroke is the length in px below which a stroke says nothing.
	leastStroke = 3.0
	// closeShare is the share of its length up to which the gap between a stroke's ends counts as closed.
	closeShare = 0.15
	// wholeShare is the share of a ring from which a stroke along it replaces it all: what is left is no longer than a gap
	// that hands leave.
	wholeShare = 0.9
	// overlapShare is the share of the smaller of two regions, the one drawn and one that was there, from which the drawing
	// takes the other's place. One that overlaps less is added.
	overlapShare = 0.25
	// leastAnew is the share of a region that a closed stroke must enclose to take its place: a hand that trembles on the
	// spot does not.
	leastAnew = 0.02
	// snapLeast and snapShare say how near to its ends, px and as a share of the ring, a stroke that crosses the ring is
	// cut there: what overshoots is no part of the new line. Up to tailShare of the stroke is cut where it leads straight
	// away from the ring: where the distance that it gains is awayShare of its length.
	snapLeast, snapShare = 4.0, 1.0 / 40
	tailShare, awayShare = 1.0 / 3, 0.6
	// steadyStep and steadyPasses say how a stroke is steadied: corners every so many px, each drawn to the middle of its
	// neighbours so many times. What a hand trembles within about 3 px goes, what it draws stays.
	steadyStep, steadyPasses = 1.0, 6
)

// Redraw draws a piece of boundary anew: the line replaces the arc between its ends, and which of the two arcs is meant is
// found by itself: the one nearer to the line, between which and the line the smaller area lies. A line that closes, or that
// goes along nearly all of the outline, takes the place of all of it; where there is no outline, or none near, it draws a new
// region. Other labels stay as they are. Inverted it replaces the other arc, and a line that closes all that there is.
type Redraw struct {
	near
	review *review.Review
	label  uint8
	stroke *review.Stroke
	rings  []ring
	line   []contour.Point
	invert bool
	shown  draft
}

var (
	_ Tool   = (*Redraw)(nil)
	_ Sketch = (*Redraw)(nil)
)

// NewRedraw returns a tool that redraws the boundary of a label.
func NewRedraw(r *review.Review, label uint8) *Redraw {
	return &Redraw{near: near{firstReach}, review: r, label: label}
}

// Name implements Tool.
func (t *Redraw) Name() string { return nameRedraw }

// Hint implements Tool.
func (t *Redraw) Hint() string { return "tool.redraw.hint" }

// Fit implements Tool. A line has no size.
func (t *Redraw) Fit(review.Key, float64) {}

// Press implements Tool. Whether the tool is inverted is settled here.
func (t *Redraw) Press(k review.Key, p Pointer) error {
	t.Cancel()
	rings := ringsOf(t.review, k, t.label)
	s, err := t.review.Begin(k, nameRedraw, review.ByReader)
	if err != nil {
		return err
	}
	t.respect(s, p.point())
	t.stroke, t.rings, t.invert, t.shown = s, rings, p.Invert, draft{}
	t.line = append(t.line[:0], contour.Point{X: p.X, Y: p.Y})
	return nil
}

// Drag implements Tool. The mask at once becomes what a release here would leave.
func (t *Redraw) Drag(p Pointer) {
	at := contour.Point{X: p.X, Y: p.Y}
	if t.stroke == nil || at == t.line[len(t.line)-1] || math.IsNaN(p.X+p.Y) || math.IsInf(p.X+p.Y, 0) {
		return
	}
	t.line = append(t.line, at)
	if lengthOf(t.line) >= leastStroke {
		t.draw(steady(t.line))
	}
}

// Release implements Tool.
func (t *Redraw) Release() (changed bool, err error) {
	if t.stroke == nil {
		return false, nil
	}
	s := t.stroke
	t.stroke = nil
	return s.Commit()
}

// Cancel implements Tool.
func (t *Redraw) Cancel() {
	if t.stroke != nil {
		t.stroke.Cancel()
		t.stroke = nil
	}
}

// Outline implements Tool. A press reaches no pixels.
func (t *Redraw) Outline(contour.Point) []contour.Point { return nil }

// Sketch implements Sketch. Read the line only.
func (t *Redraw) Sketch() (line []contour.Point, closed bool) {
	if t.stroke == nil {
		return nil, false
	}
	return t.line, false
}

// steady takes the trembling out of a line; its ends stay.
func steady(line []contour.Point) []contour.Point {
	out := evenly(line, steadyStep)
	for range steadyPasses {
		before := out[0]
		for i := 1; i+1 < len(out); i++ {
			p := out[i]
			out[i] = contour.Point{X: (before.X + 2*p.X + out[i+1].X) / 4, Y: (before.Y + 2*p.Y + out[i+1].Y) / 4}
			before = p
		}
	}
	return out
}

// draw shows what the line means.
func (t *Redraw) draw(line []contour.Point) {
	if apart(line[0], line[len(line)-1]) <= closeShare*lengthOf(line) && t.anew(line) {
		return
	}
	if r := t.ringFor(line); r != nil {
		t.shown.become(t.stroke, r, mask.Wound(corners(r.redrawn(line, t.invert))), t.label)
		return
	}
	if !t.anew(line) {
		t.shown.wipe(t.stroke)
	}
}

// ringFor is the ring to which a line's ends are nearest; nil where they are farther from every one than the line is long.
func (t *Redraw) ringFor(line []contour.Point) *ring {
	var best *ring
	least := lengthOf(line)
	for i := range t.rings {
		r := &t.rings[i]
		if d := r.nearest(line[0]).far + r.nearest(line[len(line)-1]).far; d <= least {
			best, least = r, d
		}
	}
	return best
}

// redrawn is the ring with the line in the place of one of the arcs between its ends.
func (r *ring) redrawn(line []contour.Point, other bool) []contour.Point {
	line = r.cut(line)
	line = reversed(r.cut(reversed(line)))
	a, b := r.nearest(line[0]), r.nearest(line[len(line)-1])
	forth, back := r.between(a, b), r.between(b, a) // the two arcs: one is replaced, the other kept
	onto, gone := line, forth
	kept := back
	if (math.Abs(loop(forth, line)) > math.Abs(loop(back, reversed(line)))) != other {
		onto, gone, kept = reversed(line), back, forth
	}
	if !other && lengthOf(gone) >= wholeShare*r.length() {
		return line
	}
	return append(append([]contour.Point{}, kept...), onto...)
}

// loop is the area between an arc and a line that leads the same way.
func loop(arc, line []contour.Point) float64 {
	return areaOf(append(append([]contour.Point{}, arc...), reversed(line)...))
}

// cut takes off what a line overshoots at its beginning: it begins where it last crosses the ring while still near to its
// end, or while leading straight to the ring.
func (r *ring) cut(line []contour.Point) []contour.Point {
	length := lengthOf(line)
	near := math.Min(math.Max(snapLeast, snapShare*r.length()), length/4)
	tail := r.crossed(line, math.Max(near, tailShare*length))
	far := r.nearest(line[0]).far
	for i := len(tail) - 1; i >= 0; i-- {
		if c := tail[i]; c.way <= near || far >= awayShare*c.way {
			return append([]contour.Point{c.point}, line[c.after:]...)
		}
	}
	return line
}

// crossing is where a line crosses a ring: so many px from its beginning, before its corner after.
type crossing struct {
	point contour.Point
	way   float64
	after int
}

// crossed are the crossings of the line's beginning, so many px long, with the ring, in order.
func (r *ring) crossed(line []contour.Point, px float64) []crossing {
	n, way := 1, 0.0
	lo, hi := line[0], line[0] // the box around the beginning
	for ; n < len(line) && way <= px; n++ {
		way += apart(line[n-1], line[n])
		lo = contour.Point{X: math.Min(lo.X, line[n].X), Y: math.Min(lo.Y, line[n].Y)}
		hi = contour.Point{X: math.Max(hi.X, line[n].X), Y: math.Max(hi.Y, line[n].Y)}
	}
	var sides [][2]contour.Point
	a := r.pts[len(r.pts)-1]
	for _, b := range r.pts {
		if math.Max(a.X, b.X) >= lo.X && math.Min(a.X, b.X) <= hi.X && math.Max(a.Y, b.Y) >= lo.Y && math.Min(a.Y, b.Y) <= hi.Y {
			sides = append(sides, [2]contour.Point{a, b})
		}
		a = b
	}
	var out []crossing
	way = 0
	for i := 1; i < n && len(sides) > 0; i++ {
		for _, s := range sides {
			if p, ok := meet(line[i-1], line[i], s[0], s[1]); ok {
				out = append(out, crossing{p, way + apart(line[i-1], p), i})
				break
			}
		}
		way += apart(line[i-1], line[i])
	}
	return out
}

// meet is where the way from p to q crosses that from a to b.
func meet(p, q, a, b contour.Point) (contour.Point, bool) {
	dx, dy := q.X-p.X, q.Y-p.Y
	before, after := dx*(a.Y-p.Y)-dy*(a.X-p.X), dx*(b.Y-p.Y)-dy*(b.X-p.X)
	if (before > 0) == (after > 0) {
		return contour.Point{}, false
	}
	s := before / (before - after)
	x := contour.Point{X: a.X + s*(b.X-a.X), Y: a.Y + s*(b.Y-a.Y)}
	along := (x.X-p.X)*dx + (x.Y-p.Y)*dy
	return x, along >= 0 && along <= dx*dx+dy*dy
}

// anew shows the closed line as a region: in the place of those that it overlaps, beside all others; inverted in the place of
// all. It returns false for a line that encloses too little to be meant so.
func (t *Redraw) anew(line []contour.Point) bool {
	spans := mask.Wound(corners(line))
	drawn := mask.Pixels(spans)
	if drawn == 0 {
		return false
	}
	var gone []mask.Span
	for i := range t.rings {
		r := &t.rings[i]
		if r.hole {
			continue
		}
		own := mask.Pixels(r.spans)
		shared := drawn - mask.Pixels(mask.Without(spans, r.spans))
		if float64(shared) < overlapShare*float64(min(own, drawn)) && !t.invert {
			continue
		}
		if float64(drawn) < leastAnew*float64(own) {
			return false
		}
		gone = append(gone, mask.Without(r.spans, spans)...)
	}
	t.shown.wipe(t.stroke)
	t.shown.box = exchange(t.stroke, gone, t.label, 0).Union(exchange(t.stroke, spans, 0, t.label))
	return true
}
