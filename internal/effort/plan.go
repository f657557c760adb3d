package effort

import (
	"context"
	"fmt"
	"math"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/tool"
)

// The tools in hand.
const (
	toolBrush  = "brush"
	toolEraser = "eraser"
	toolPush   = "push"
	toolRedraw = "redraw"
	toolSlide  = "slide"
	toolClick  = "click"
	toolStroke = "stroke"
)

// plan is one gesture as a reader means it.
type plan struct {
	tool    string
	size    float64 // radius that the tools have, px; 0: as before
	keys    int     // beside the tool's and that for inverting
	notches int
	turn    float64 // slide: notches, outwards above zero
	invert  bool
	line    []contour.Point // where the pointer goes: the first point is where it presses
	inside  bool            // click: on what is missing
	anew    bool            // goes along most of a lesion's outline
	ring    int             // strategy Draw: the lesion
	less    float64         // wrong pixels that it takes away, as planned
	gain    float64         // Dice
	seconds float64
}

func (p *plan) asks() bool { return p.tool == toolClick || p.tool == toolStroke }

// choose finds the gesture with which the target is reached soonest, if what it leaves to do goes as well as it does, but for
// the next gesture's own time: far from the target the gesture that buys most Dice per second. It is nil if none buys any.
func (d *desk) choose() *plan {
	if d.run.Strategy == Draw {
		if p := d.drawNext(); p != nil {
			return p
		}
	}
	var plans []*plan
	e := d.errorsOf(d.review.Mask(d.key))
	for _, t := range d.kit() {
		plans = append(plans, t(e)...)
	}
	var best *plan
	soonest := math.Inf(1)
	for _, p := range plans {
		p.gain, p.seconds = d.gain(p.less), d.seconds(p)
		if p.gain <= 0 || d.failed[p.name()] {
			continue
		}
		if s := d.toGo(p.gain, p.seconds); s < soonest {
			best, soonest = p, s
		}
	}
	return best
}

// toGo is how long it may take to the target with a gesture that buys so much Dice in so many seconds.
func (d *desk) toGo(gain, seconds float64) float64 {
	left := math.Max(0, d.run.Target+careful-d.dice) - gain
	if left <= 0 {
		return seconds
	}
	return seconds + math.Max(d.gesture(), slower*seconds*left/gain)
}

// slower is how much slower what is left goes than what was done: the largest errors are put right first.
const slower = 1.5

// gesture is the time of a gesture without its line, s.
func (d *desk) gesture() float64 {
	c := d.o.Clock
	return c.Think + c.Point + 2*c.Button
}

// name tells plans for the same mask apart.
func (p *plan) name() string {
	return fmt.Sprint(p.tool, p.invert, len(p.line), int(p.line[0].X), int(p.line[0].Y), int(p.size), p.turn)
}

// kit is what plans gestures for the strategy.
func (d *desk) kit() []func(*misses) []*plan {
	asks := func(t string) func(e *misses) []*plan {
		return func(e *misses) []*plan { return d.planAsking(t, e) }
	}
	switch d.run.Strategy {
	case Brush:
		return []func(*misses) []*plan{d.planBrush}
	case Push:
		return []func(*misses) []*plan{d.planPush}
	case Draw, Redraw:
		return []func(*misses) []*plan{d.planRedraw}
	case Slide:
		return []func(*misses) []*plan{d.planSlide}
	case Click:
		return []func(*misses) []*plan{asks(toolClick)}
	case Stroke:
		return []func(*misses) []*plan{asks(toolStroke)}
	}
	kit := []func(*misses) []*plan{d.planRedraw, d.planPush, d.planBrush, d.planSlide}
	if d.refused == 0 {
		kit = append(kit, asks(toolClick), asks(toolStroke))
	}
	return kit
}

// drawNext draws the largest lesion that strategy Draw has not drawn yet; nil if none is left.
func (d *desk) drawNext() *plan {
	for i, r := range d.rings {
		if !d.drawn[i] && !r.hole {
			p := &plan{tool: toolRedraw, line: d.around(r), anew: true, ring: i}
			p.seconds = d.seconds(p)
			return p
		}
	}
	return nil
}

// instrument is the tool for a plan.
func (d *desk) instrument(p *plan) tool.Tool {
	switch p.tool {
	case toolBrush:
		b := tool.NewBrush(d.review, Label)
		b.Fit(d.key, p.size)
		return b
	case toolEraser:
		b := tool.NewEraser(d.review, Label)
		b.Fit(d.key, p.size)
		return b
	case toolPush:
		b := tool.NewPush(d.review, Label)
		b.Fit(d.key, p.size)
		return b
	case toolSlide:
		s := tool.NewSlide(d.review, Label)
		s.SetWeak(d.weak)
		return s
	}
	return tool.NewRedraw(d.review, Label)
}

// do makes the gesture along a line, up to its release.
func (d *desk) do(p *plan, line []contour.Point) (tool.Tool, error) {
	t := d.instrument(p)
	if err := t.Press(d.key, tool.Pointer{X: line[0].X, Y: line[0].Y, Invert: p.invert}); err != nil {
		return nil, err
	}
	for _, at := range line[1:] {
		t.Drag(tool.Pointer{X: at.X, Y: at.Y})
	}
	if s, ok := t.(*tool.Slide); ok {
		s.Turn(p.turn)
	}
	return t, nil
}

// try sees what a gesture would do if the hand were exact, and leaves the mask as it is.
func (d *desk) try(p *plan) *plan {
	line := p.line
	if p.tool == toolRedraw && len(line) > 2 { // its result does not depend on what lies between
		line = thinned(line, 4*d.unit)
	}
	t, err := d.do(p, line)
	if err != nil {
		return nil
	}
	p.less = float64(d.wrong - d.left(d.review.Mask(d.key)))
	t.Cancel()
	return p
}

// thinned is a line with corners every step px.
func thinned(line []contour.Point, step float64) []contour.Point { return evenly(line, step) }

// carryOut makes a planned gesture with the hand as it is. Where it leaves the mask worse, the reader takes it back.
func (d *desk) carryOut(ctx context.Context, p *plan) error {
	line := p.line
	if p.tool != toolSlide { // which needs no exact place
		line = d.draw(p.line)
	}
	d.run.Gestures++
	d.run.Seconds += d.seconds(p)
	d.run.Path += math.Hypot(line[0].X-d.at.X, line[0].Y-d.at.Y) + lengthOf(line)
	d.run.Tools[p.tool]++
	d.run.Anew = d.run.Anew || p.anew
	d.at, d.tool = line[len(line)-1], p.tool
	if p.size > 0 {
		d.size = p.size
	}
	if d.run.Strategy == Draw && p.ring >= 0 && p.anew {
		d.drawn[p.ring] = true
	}
	before := d.wrong
	if p.asks() {
		return d.ask(ctx, p, line)
	}
	t, err := d.do(p, line)
	if err != nil {
		return err
	}
	if _, err := t.Release(); err != nil {
		return err
	}
	d.look()
	if d.wrong > before {
		d.failed[p.name()] = true
		return d.takeBack()
	}
	clear(d.failed)
	return nil
}

// takeBack is Ctrl+Z.
func (d *desk) takeBack() error {
	d.run.Seconds += 2 * d.o.Clock.Key
	_, _, err := d.review.Undo(d.key)
	d.look()
	return err
}

// around is the line along all of a ring, from its top, a little farther than once around.
func (d *desk) around(r stretch) []contour.Point {
	top := 0
	for k := range r.size {
		if d.sites[r.base+k].Y < d.sites[r.base+top].Y {
			top = k
		}
	}
	r.from, r.n = top, r.size+1
	return d.along(r, 0)
}

// along is the line beside a stretch of the true boundary, so many px outwards.
func (d *desk) along(r stretch, out float64) []contour.Point {
	pts := make([]contour.Point, 0, r.n)
	for k := range r.n {
		pts = append(pts, d.beside(r.site(k), out))
	}
	return pts
}

// bestStretches finds for each ring the stretch whose wrong pixels are the most per second, if a line along it takes them
// all away and strays by as much as a hand does; fixed is the time of the gesture without the line.
func (d *desk) bestStretches(weight []float64) []stretch {
	c := d.o.Clock
	perSite := c.Steer * siteStep / (c.Tunnel * d.o.Hand.Lateral * d.unit)
	stray := strayShare * d.o.Hand.Lateral * d.unit * siteStep
	var out []stretch
	for _, r := range d.rings {
		sums := make([]float64, 2*r.size+1)
		for k := range 2 * r.size {
			sums[k+1] = sums[k] + weight[r.base+k%r.size]
		}
		step := max(1, r.size/ringSteps)
		best, soonest := stretch{}, math.Inf(1)
		for from := 0; from < r.size; from += step {
			for n := step; n <= r.size; n += step {
				gain := d.gain(sums[from+n] - sums[from] - stray*float64(n))
				if gain <= 0 {
					continue
				}
				if s := d.toGo(gain, d.gesture()+perSite*float64(n)); s < soonest {
					best, soonest = stretch{r.base, r.size, from, n, r.hole}, s
				}
			}
		}
		if best.n > 0 {
			out = append(out, best)
		}
	}
	return out
}

const (
	// strayShare is the mean distance from its line of a hand whose error has a standard deviation of 1.
	strayShare = 0.8
	// ringSteps is in how many steps a ring is looked over.
	ringSteps = 72
	// closeRing is the share of a ring from which a stroke goes all around.
	closeRing = 0.85
)

// planRedraw plans lines along the true boundary.
func (d *desk) planRedraw(e *misses) []*plan {
	weight := make([]float64, len(e.missing))
	for i := range weight {
		weight[i] = e.missing[i] + e.extra[i]
	}
	var out []*plan
	for _, r := range d.bestStretches(weight) {
		p := &plan{tool: toolRedraw, anew: r.most(), ring: -1}
		if float64(r.n) >= closeRing*float64(r.size) {
			p.line, p.anew = d.around(r), true
		} else {
			p.line = d.along(r, 0)
		}
		out = append(out, d.try(p))
	}
	if len(d.rings) > 0 { // in the place of all that is there
		out = append(out, d.try(&plan{tool: toolRedraw, invert: true, anew: true, ring: -1, line: d.around(d.rings[0])}))
	}
	return slices.DeleteFunc(out, func(p *plan) bool { return p == nil })
}

// planSlide plans turns of the wheel over the arcs that are wrong, and over the whole outline.
func (d *desk) planSlide(*misses) []*plan {
	cs := d.review.Contours(d.key)
	var out []*plan
	turns := func(at contour.Point, whole bool) {
		s := tool.NewSlide(d.review, Label)
		s.SetWeak(d.weak)
		if err := s.Press(d.key, tool.Pointer{X: at.X, Y: at.Y, Invert: whole}); err != nil {
			return
		}
		best := &plan{tool: toolSlide, invert: whole, line: []contour.Point{at}, ring: -1}
		for _, way := range []float64{1, -1} {
			at, worse := 0.0, 0
			for n := 1; n <= mostNotches && worse < 2; n++ {
				s.Turn(way*float64(n) - at)
				at = way * float64(n)
				less := float64(d.wrong - d.left(d.review.Mask(d.key)))
				if less > best.less {
					best.less, best.notches, best.turn = less, n, at
				} else {
					worse++
				}
			}
			s.Turn(-at)
		}
		s.Cancel()
		if best.less > 0 {
			out = append(out, best)
		}
	}
	for _, a := range d.review.Arcs(d.key, d.weak) {
		if c := cs[a.Contour]; !c.Hole {
			turns(a.Centre, false)
		}
	}
	for i := range cs {
		if !cs[i].Hole && cs[i].Label == Label {
			turns(cs[i].Points[0].Point, true)
		}
	}
	return out
}

// mostNotches is how far a reader turns the wheel over an arc before he takes another tool.
const mostNotches = 10

// deepest is the centre of the largest connected piece of what is missing or of what is too much, and its size.
func (d *desk) deepest() (at contour.Point, inside bool, pixels float64) {
	m := d.review.Mask(d.key)
	diff := mask.NewPlane(m.W, m.H)
	for i, v := range m.Pix {
		in := d.plane.Pix[i] == Label
		switch {
		case in && v != Label:
			diff.Pix[i] = 1
		case !in && v == Label:
			diff.Pix[i] = 2
		}
	}
	for label := uint8(1); label <= 2; label++ {
		ids, sizes := mask.Components(diff, label)
		largest := int32(0)
		for id, n := range sizes {
			if float64(n) > pixels {
				largest, pixels, inside = int32(id), float64(n), label == 1
			}
		}
		if largest == 0 {
			continue
		}
		_, squared := nearest(m.W, m.H, func(i int) bool { return ids[i] != largest })
		far := float32(0)
		for i, v := range squared {
			if v > far && ids[i] == largest {
				far, at = v, contour.Point{X: float64(i%m.W) + 0.5, Y: float64(i/m.W) + 0.5}
			}
		}
	}
	return at, inside, pixels
}
