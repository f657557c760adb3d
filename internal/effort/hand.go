package effort

import (
	"math"

	"echoline/internal/contour"
)

// Hand is how a hand strays from what it means, in pixels of a view of 256. All tools share it.
type Hand struct {
	Lateral float64 // standard deviation across the line, a first-order autoregressive process along it
	Along   float64 // length over which that forgets itself, to 1/e
	Over    float64 // standard deviation by which a line begins early and ends late
	Aim     float64 // standard deviation of a click, each way
}

// Steady is the hand of the figures in docs/effort.md.
func Steady() Hand { return Hand{Lateral: 1, Along: 8, Over: 1.5, Aim: 1.5} }

// draw is the line that the hand makes of a meant one.
func (d *desk) draw(line []contour.Point) []contour.Point {
	h := d.o.Hand
	if len(line) < 2 {
		out := make([]contour.Point, len(line))
		for i, p := range line {
			out[i] = contour.Point{X: p.X + h.Aim*d.unit*d.chance.NormFloat64(), Y: p.Y + h.Aim*d.unit*d.chance.NormFloat64()}
		}
		return out
	}
	before := math.Abs(d.chance.NormFloat64()) * h.Over * d.unit
	after := math.Abs(d.chance.NormFloat64()) * h.Over * d.unit
	line = evenly(extended(line, before, after), d.unit)
	keep := math.Exp(-1 / h.Along)
	fresh := math.Sqrt(1 - keep*keep)
	off := d.chance.NormFloat64()
	out := make([]contour.Point, len(line))
	for i, p := range line {
		a, b := line[max(i-1, 0)], line[min(i+1, len(line)-1)]
		n := math.Max(math.Hypot(b.X-a.X, b.Y-a.Y), 1e-9)
		s := off * h.Lateral * d.unit
		out[i] = contour.Point{X: p.X + s*(b.Y-a.Y)/n, Y: p.Y - s*(b.X-a.X)/n}
		off = keep*off + fresh*d.chance.NormFloat64()
	}
	return out
}

// extended is a line that begins so many px earlier and ends so many later, straight on.
func extended(line []contour.Point, before, after float64) []contour.Point {
	on := func(p, from contour.Point, px float64) contour.Point {
		n := math.Max(math.Hypot(p.X-from.X, p.Y-from.Y), 1e-9)
		return contour.Point{X: p.X + px*(p.X-from.X)/n, Y: p.Y + px*(p.Y-from.Y)/n}
	}
	n := len(line)
	out := make([]contour.Point, 0, n+2)
	out = append(out, on(line[0], line[1], before))
	out = append(out, line...)
	return append(out, on(line[n-1], line[n-2], after))
}

// evenly gives a line corners every step px, both ends among them.
func evenly(line []contour.Point, step float64) []contour.Point {
	return append(contour.Along(line, step), line[len(line)-1])
}

func lengthOf(line []contour.Point) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += math.Hypot(line[i].X-line[i-1].X, line[i].Y-line[i-1].Y)
	}
	return sum
}
