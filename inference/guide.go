package inference

import (
	"crypto/subtle"
	"math"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// automatic tells whether the reader gave nothing.
func (g Guidance) automatic() bool {
	return g.Mask == nil && len(g.Positive)+len(g.Negative)+len(g.Stroke) == 0
}

// guides tells whether the model is told anything: whether its input is not all zero.
func (g Guidance) guides(label uint8) bool { return len(g.Negative) > 0 || g.claims(label) }

// claims tells whether the reader says that something of label is there.
func (g Guidance) claims(label uint8) bool {
	return len(g.Positive)+len(g.Stroke) > 0 || g.Mask != nil && mask.Count(g.Mask, label) > 0
}

// check tells whether the model can take g for the picture.
func (m *Model) check(im Image, g Guidance) error {
	if g.automatic() {
		return nil
	}
	w, h := im.W, im.H
	if g.Mask != nil {
		w, h = g.Mask.W, g.Mask.H
	}
	ok := w == im.W && h == im.H
	for _, points := range [3][]contour.Point{g.Positive, g.Negative, g.Stroke} {
		for _, p := range points {
			ok = ok && math.Abs(p.X) < math.Inf(1) && math.Abs(p.Y) < math.Inf(1)
		}
	}
	if !ok {
		return fault.New(CodeGuidanceMisfit, "", nil, fault.Args{"W": im.W, "H": im.H, "MaskW": w, "MaskH": h})
	}
	if !m.info.Guided && g.guides(m.contract.Label.Value) {
		return fault.New(CodeUnguided, "", nil, fault.Args{"Name": m.info.Name})
	}
	return nil
}

// feedGuidance writes g into the engine's input for it. Automatic runs after automatic runs find it zero already.
func (m *Model) feedGuidance(g Guidance) {
	c := &m.contract
	guides := m.info.Guided && g.guides(c.Label.Value)
	if !guides && !m.guided {
		return
	}
	m.guided = guides
	n := c.W * c.H
	channels := m.engine.Input(c.Guidance.Input)
	clear(channels)
	if !guides {
		return
	}
	if g.Mask != nil {
		m.feedMask(channels[:n], g.Mask)
	}
	m.feedClicks(channels[n:2*n], g.Positive)
	m.feedClicks(channels[2*n:3*n], g.Negative)
	stroke := channels[3*n:]
	for i := range g.Stroke {
		from := g.Stroke[max(i-1, 0)]
		sweep(stroke, c.W, c.H, m.box.place(from), m.box.place(g.Stroke[i]), c.Guidance.StrokeRadius)
	}
}

// feedMask writes how much of each pixel of the input the mask so far covers.
func (m *Model) feedMask(channel []float32, soFar *mask.Plane) {
	m.soFar = grow(m.soFar, len(soFar.Pix))
	for i, v := range soFar.Pix {
		m.soFar[i] = 0
		if v == m.contract.Label.Value {
			m.soFar[i] = 1
		}
	}
	m.box.Fill(channel, m.soFar)
}

// feedClicks draws a disk around each click.
func (m *Model) feedClicks(channel []float32, clicks []contour.Point) {
	for _, p := range clicks {
		at := m.box.place(p)
		sweep(channel, m.contract.W, m.contract.H, at, at, m.contract.Guidance.DiskRadius)
	}
}

// place is where a point of the picture lies in the input.
func (l *Letterbox) place(p contour.Point) contour.Point {
	return contour.Point{
		X: float64(l.ox) + p.X*float64(l.nw)/float64(l.w),
		Y: float64(l.oy) + p.Y*float64(l.nh)/float64(l.h),
	}
}

// sweep writes 1 into a channel of w×h pixels wherever a pixel's centre lies within radius of the way from a to b. It
// compares squares, which are exact for the halves and quarters that clicks on small pictures give.
func sweep(channel []float32, w, h int, a, b contour.Point, radius float64) {
	dx, dy := b.X-a.X, b.Y-a.Y
	length := math.Max(dx*dx+dy*dy, 1e-12)
	x0, x1 := within(a.X, b.X, radius, w)
	y0, y1 := within(a.Y, b.Y, radius, h)
	for y := y0; y < y1; y++ {
		row, py := channel[y*w:(y+1)*w], float64(y)+0.5-a.Y
		for x := x0; x < x1; x++ {
			px := float64(x) + 0.5 - a.X
			t := math.Min(math.Max((px*dx+py*dy)/length, 0), 1)
			ex, ey := px-t*dx, py-t*dy
			if ex*ex+ey*ey <= radius*radius {
				row[x] = 1
			}
		}
	}
}

// within is the range of pixels, of n in a row, whose centres may lie within radius of what spans a and b.
func within(a, b, radius float64, n int) (from, to int) {
	lo := math.Max(math.Floor(math.Min(a, b)-radius), 0)
	hi := math.Min(math.Ceil(math.Max(a, b)+radius), float64(n))
	if !(lo < hi) {
		return 0, 0
	}
	return int(lo), int(hi)
}

// tidy takes noise and holes out of a mask that the reader guided, but for what the reader points at: regions that a
// positive click lies in or a stroke passes over, and holes that a negative click lies in.
func tidy(p *mask.Plane, g Guidance, label uint8) {
	gone := p.Clone()
	mask.Clean(p, label, minRegion, minRegionShare)
	subtle.XORBytes(gone.Pix, gone.Pix, p.Pix)
	back := spread{open: gone, corners: true, take: func(y, x0, x1 int) { p.Fill([]mask.Span{{Y: y, X0: x0, X1: x1}}, label) }}
	for _, at := range g.Positive {
		if x, y, ok := under(p, at); ok {
			back.from(x, y)
		}
	}
	for _, s := range swept(p, g.Stroke, math.Sqrt2/2) {
		for x := s.X0; x < s.X1; x++ {
			back.from(x, s.Y)
		}
	}
	filled := p.Clone()
	mask.FillHoles(p, label)
	subtle.XORBytes(filled.Pix, filled.Pix, p.Pix)
	reopen := spread{open: filled, take: func(y, x0, x1 int) { p.Fill([]mask.Span{{Y: y, X0: x0, X1: x1}}, 0) }}
	for _, at := range g.Negative {
		if x, y, ok := under(p, at); ok {
			reopen.from(x, y)
		}
	}
}
