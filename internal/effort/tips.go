package effort

import (
	"math"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/tool"
)

const (
	// leastLayer is how thick a wrong layer must be to be seen, px of the view.
	leastLayer = 0.75
	// mostRuns is at how many wrong places a reader looks for one gesture.
	mostRuns = 3
	// mostPasses is how often a brush goes along a layer in one gesture.
	mostPasses = 4
	// leastTip is the smallest radius of a tip that a reader takes, px of the view.
	leastTip = 1.5
	// tipRoom is the share of its radius that a tip must have between its middle and the true boundary to go there.
	tipRoom = 0.8
)

// layer is a stretch along which the mask is wrong to one side.
type layer struct {
	stretch
	missing bool    // else too much
	pixels  float64 // wrong
	deep    float64 // how far they reach from the true boundary, px
	peak    int     // site in the middle of what is wrong
}

// layers finds the largest stretches that are wrong to one side.
func (d *desk) layers(e *misses) []layer {
	var out []layer
	for _, missing := range []bool{true, false} {
		weight, deep := e.missing, e.missingDepth
		if !missing {
			weight, deep = e.extra, e.extraFar
		}
		for _, r := range d.rings {
			out = append(out, d.layersOf(r, missing, weight, deep)...)
		}
	}
	slices.SortFunc(out, func(a, b layer) int { return int(math.Copysign(1, b.pixels-a.pixels)) })
	return out[:min(len(out), mostRuns)]
}

// layersOf cuts one ring into wrong layers. Gaps shorter than a few px of the view do not part them.
func (d *desk) layersOf(r stretch, missing bool, weight, deep []float64) []layer {
	thick := func(k int) bool { return deep[r.base+(k%r.size+r.size)%r.size] > leastLayer*d.unit }
	gap := max(1, int(3*d.unit/siteStep))
	start := -1 // behind a long enough gap
	run := 0
	for k := 0; k < 2*r.size && start < 0; k++ {
		if thick(k) {
			run = 0
		} else if run++; run > gap {
			start = k % r.size
		}
	}
	var out []layer
	if start < 0 {
		return append(out, finished(layer{stretch: stretch{r.base, r.size, 0, r.size, r.hole}, missing: missing}, weight, deep))
	}
	first, last := -1, -1
	flush := func() {
		if first >= 0 {
			l := layer{stretch: stretch{r.base, r.size, first % r.size, last - first + 1, r.hole}, missing: missing}
			out = append(out, finished(l, weight, deep))
		}
		first = -1
	}
	for k := start; k < start+r.size; k++ {
		if !thick(k) {
			if first >= 0 && k-last > gap {
				flush()
			}
			continue
		}
		if first < 0 {
			first = k
		}
		last = k
	}
	flush()
	return out
}

// finished sums a layer up.
func finished(l layer, weight, deep []float64) layer {
	for k := range l.n {
		l.pixels += weight[l.site(k)]
		l.deep = math.Max(l.deep, deep[l.site(k)])
	}
	sum := 0.0
	for k := range l.n {
		if sum += weight[l.site(k)]; sum >= l.pixels/2 {
			l.peak = l.site(k)
			break
		}
	}
	return l
}

// side is on which side of the true boundary a layer lies: -1 within, 1 without.
func (l layer) side() float64 {
	if l.missing {
		return -1
	}
	return 1
}

// lane is the way of a tip's middle along a layer, at a distance to the true boundary on the layer's side, without the
// places where the tip would reach beyond.
func (d *desk) lane(l layer, distance, radius float64) []contour.Point {
	var out []contour.Point
	step := max(1, int(d.unit/siteStep))
	for k := 0; k < l.n; k += step {
		p := d.beside(l.site(k), l.side()*distance)
		if -l.side()*d.depthAt(p) >= tipRoom*radius {
			out = append(out, p)
		}
	}
	return out
}

// planBrush plans strokes of brush and eraser along wrong layers, in one or more lanes.
func (d *desk) planBrush(e *misses) []*plan {
	var out []*plan
	for _, l := range d.layers(e) {
		t := toolBrush
		if !l.missing {
			t = toolEraser
		}
		sizes := []float64{d.size}
		for _, passes := range []float64{1, 1.5, 2.5} {
			sizes = append(sizes, math.Max(leastTip*d.unit, l.deep/2/passes))
		}
		for _, r := range sizes {
			var line []contour.Point
			for pass := range min(mostPasses, int(math.Ceil(l.deep/(2*r)))) {
				lane := d.lane(l, (1+1.8*float64(pass))*r, r)
				if pass%2 == 1 {
					slices.Reverse(lane)
				}
				line = append(line, lane...)
			}
			if len(line) == 0 {
				continue
			}
			p := &plan{tool: t, size: r, line: line, ring: -1, notches: d.notchesTo(r), anew: l.missing && l.most()}
			if p = d.try(p); p != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// sizeStep is how much a notch changes a tool's size in the window.
const sizeStep = 1.15

// notchesTo is how many notches lead from the brush's size to another.
func (d *desk) notchesTo(r float64) int {
	return int(math.Round(math.Abs(math.Log(r/d.size)) / math.Log(sizeStep)))
}

// planPush plans pushes: straight across the boundary, and along it.
func (d *desk) planPush(e *misses) []*plan {
	var out []*plan
	for _, l := range d.layers(e) {
		long := float64(l.n) * siteStep
		for _, r := range []float64{0.3 * long, 0.5 * long, 0.8 * long, d.size} {
			out = append(out, d.pushAcross(l, math.Max(r, leastTip*d.unit)))
		}
		for _, r := range []float64{0.5 * l.deep, l.deep, 2 * l.deep, d.size} {
			out = append(out, d.pushAlong(l, math.Max(r, leastTip*d.unit)))
		}
	}
	return slices.DeleteFunc(out, func(p *plan) bool { return p == nil })
}

// pushAcross moves a tip of about radius r against the middle of the layer until it touches the true boundary.
func (d *desk) pushAcross(l layer, r float64) *plan {
	from := d.beside(l.peak, l.side()*(l.deep+r))
	p := d.pressed(l, from, r)
	if p == nil {
		return nil
	}
	p.line = []contour.Point{from, d.beside(l.peak, l.side()*d.grip(p, from))}
	return d.try(p)
}

// pushAlong takes a tip of about radius r along the layer. Where nothing is there to be pushed it begins a new region.
func (d *desk) pushAlong(l layer, r float64) *plan {
	from := d.beside(l.site(0), l.side()*(l.deep+r))
	p := d.pressed(l, from, r)
	if p == nil {
		if lane := d.lane(l, r, r); len(lane) > 1 && l.missing {
			return d.try(&plan{tool: toolPush, size: r, notches: d.notchesTo(r), invert: true, line: lane, ring: -1, anew: l.most()})
		}
		return nil
	}
	r = d.grip(p, from)
	p.line = append([]contour.Point{from}, d.lane(l, r, r)...)
	if len(p.line) < 2 {
		return nil
	}
	p.anew = l.most()
	return d.try(p)
}

// pressed is a push that begins at from with a tip of radius r: it shrinks to that by itself, so it need only be as large.
// It is nil where a press would move the boundary the wrong way.
func (d *desk) pressed(l layer, from contour.Point, r float64) *plan {
	if (d.review.Mask(d.key).At(int(math.Floor(from.X)), int(math.Floor(from.Y))) == Label) != l.missing {
		return nil
	}
	p := &plan{tool: toolPush, size: math.Max(r, d.size), ring: -1}
	p.notches = d.notchesTo(p.size)
	return p
}

// grip is the radius that push has once pressed.
func (d *desk) grip(p *plan, at contour.Point) float64 {
	t := d.instrument(p)
	if err := t.Press(d.key, tool.Pointer{X: at.X, Y: at.Y}); err != nil {
		return p.size
	}
	defer t.Cancel()
	o := t.Outline(at)[0]
	return math.Hypot(o.X-at.X, o.Y-at.Y)
}
