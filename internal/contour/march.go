package contour

import (
	"image"
	"math"

	"echoline/internal/mask"
)

// margin keeps crossings this far (px) from pixel centres. So no two points of a ring coincide, and filling the ring
// gives back exactly the pixels at or above the level.
const margin = 1.0 / 1024

// The edges of a cell, and no edge.
const (
	top int8 = iota
	right
	bottom
	left
	none
)

// exits leads from a cell's kind and the edge through which a contour enters to the edge through which it leaves, with
// the inside on the right hand. The kind has a bit for each corner inside: 1 top left, 2 top right, 4 bottom right,
// 8 bottom left. Kinds 16 and 17 are the saddles 5 and 10 with their inside corners joined.
var exits = [18][4]int8{
	0:  {none, none, none, none},
	1:  {left, none, none, none},
	2:  {none, top, none, none},
	3:  {none, left, none, none},
	4:  {none, none, right, none},
	5:  {left, none, right, none},
	6:  {none, none, top, none},
	7:  {none, none, left, none},
	8:  {none, none, none, bottom},
	9:  {bottom, none, none, none},
	10: {none, top, none, bottom},
	11: {none, bottom, none, none},
	12: {none, none, none, right},
	13: {right, none, none, none},
	14: {none, none, none, top},
	15: {none, none, none, none},
	16: {right, none, left, none},
	17: {none, bottom, none, top},
}

// FromField returns the rings along which the field crosses level, by marching squares between pixel centres with linear
// interpolation; pixels at or above level are inside. field has w*h values by rows, in any unit. Rings are closed along
// the image's edge where the inside reaches it. Where two inside pixels touch at a corner only, the mean of the four
// around decides whether they are joined. Expected error and bands are unknown.
func FromField(field []float32, w, h int, level float32, label uint8) []Contour {
	if w <= 0 || h <= 0 || len(field) < w*h {
		return nil
	}
	box := image.Rectangle{Min: image.Pt(w, h)}
	for y := 0; y < h; y++ {
		row := field[y*w : (y+1)*w]
		first := 0
		for first < w && !(row[first] >= level) {
			first++
		}
		if first == w {
			continue
		}
		last := w - 1
		for !(row[last] >= level) {
			last--
		}
		box.Min.X, box.Min.Y = min(box.Min.X, first), min(box.Min.Y, y)
		box.Max.X, box.Max.Y = max(box.Max.X, last+1), y+1
	}
	m := marcher{field: field, w: w, h: h, level: level, box: box, label: label}
	return m.rings()
}

// marcher traces the rings of one field, or of a label of a mask, whose blurred values it works out where it needs them.
type marcher struct {
	field []float32   // w*h values
	plane *mask.Plane // where there is no field
	w, h  int
	level float32
	box   image.Rectangle // holds every pixel inside
	label uint8

	// Cells lie between four pixel centres; cell (0, 0) has its bottom right corner at box.Min. A cell holds its kind in
	// the low five bits, and above them which of its up to two pieces of contour were traced.
	cells  []uint8
	cw, ch int
	busy   []int32 // cells through which a contour passes, in order
}

const (
	kindBits    = 0x1f
	tracedFirst = 0x20 // the piece that enters at the top or, where none does, the only one
	tracedOther = 0x40 // the piece that enters at the bottom or left of a saddle
)

// rings traces every ring, in the order of their topmost cells.
func (m *marcher) rings() []Contour {
	if m.box.Empty() {
		return nil
	}
	m.cw, m.ch = m.box.Dx()+1, m.box.Dy()+1
	m.cells = make([]uint8, m.cw*m.ch)
	if m.field != nil {
		m.classify()
	} else {
		m.classifyMask()
	}
	var out []Contour
	for _, i := range m.busy {
		kind := m.cells[i] & kindBits
		for entry, exit := range exits[kind] {
			if exit != none && m.cells[i]&traced(kind, int8(entry)) == 0 {
				out = append(out, m.trace(int(i)%m.cw, int(i)/m.cw, int8(entry)))
			}
		}
	}
	return out
}

// value is that of pixel (x, y).
func (m *marcher) value(x, y int) float32 {
	if m.field != nil {
		return m.field[y*m.w+x]
	}
	return blurredAt(m.plane, m.label, x, y)
}

// classify gives every cell its kind.
func (m *marcher) classify() {
	above := make([]uint8, m.cw+1) // whether the pixels of a row of cell corners are inside
	below := make([]uint8, m.cw+1)
	for cy := 0; cy < m.ch; cy++ {
		above, below = below, above
		m.inside(below, m.box.Min.Y+cy)
		cells := m.cells[cy*m.cw : (cy+1)*m.cw]
		a, b := above[0], below[0]
		for cx := range cells {
			a1, b1 := above[cx+1], below[cx+1]
			kind := a | a1<<1 | b1<<2 | b<<3
			if (kind == 5 || kind == 10) && m.joined(m.box.Min.X+cx, m.box.Min.Y+cy) {
				kind = 16 + kind/10
			}
			if kind != 0 && kind != 15 {
				cells[cx] = kind
				m.busy = append(m.busy, int32(cy*m.cw+cx))
			}
			a, b = a1, b1
		}
	}
}

// inside sets row[1+i] to 1 where pixel (box.Min.X+i, y) is inside; the ends of the row lie outside the box.
func (m *marcher) inside(row []uint8, y int) {
	clear(row)
	if y >= m.box.Max.Y {
		return
	}
	for i, v := range m.field[y*m.w+m.box.Min.X : y*m.w+m.box.Max.X] {
		if v >= m.level {
			row[1+i] = 1
		}
	}
}

// joined tells whether the inside corners of the saddle above and left of pixel (x, y) belong together.
func (m *marcher) joined(x, y int) bool {
	return (m.value(x, y)+m.value(x-1, y)+m.value(x, y-1)+m.value(x-1, y-1))/4 >= m.level
}

// traced is the mark of the piece of contour that enters a cell of the given kind through entry.
func traced(kind uint8, entry int8) uint8 {
	saddle := kind == 5 || kind == 10 || kind >= 16
	if saddle && (entry == bottom || entry == left) {
		return tracedOther
	}
	return tracedFirst
}

// trace follows a ring from cell (x, y), entered through entry, until it comes back.
func (m *marcher) trace(x, y int, entry int8) Contour {
	var points []Vertex
	for {
		cell := &m.cells[y*m.cw+x]
		kind := *cell & kindBits
		mark := traced(kind, entry)
		if *cell&mark != 0 {
			break
		}
		*cell |= mark
		exit := exits[kind][entry]
		points = append(points, m.crossing(x, y, exit))
		switch exit {
		case top:
			y, entry = y-1, bottom
		case right:
			x, entry = x+1, left
		case bottom:
			y, entry = y+1, top
		case left:
			x, entry = x-1, right
		}
	}
	c := Contour{Label: m.label, Points: points}
	c.Hole = signedArea(c) < 0
	return c
}

// crossing is the point where the contour passes the given edge of cell (x, y).
func (m *marcher) crossing(x, y int, edge int8) Vertex {
	x, y = x+m.box.Min.X, y+m.box.Min.Y // of the pixel at the cell's bottom right
	switch edge {
	case top:
		y--
	case left:
		x--
	}
	// The edge now leads from the pixel left of or above (x, y) to (x, y).
	px, py := float64(x)+0.5, float64(y)+0.5
	if edge == top || edge == bottom {
		return unknown(px-1+m.share(x-1, y, x, y), py)
	}
	return unknown(px, py-1+m.share(x, y-1, x, y))
}

// share is how much of the way from pixel a to its neighbour b lies before the crossing. At the image's edge it is half
// of the way: the edge itself.
func (m *marcher) share(ax, ay, bx, by int) float64 {
	if ax < 0 || ay < 0 || bx >= m.w || by >= m.h {
		return 0.5
	}
	a, b := float64(m.value(ax, ay)), float64(m.value(bx, by))
	t := (float64(m.level) - a) / (b - a)
	if math.IsNaN(t) {
		return 0.5
	}
	return math.Max(margin, math.Min(1-margin, t))
}

// signedArea is the area in px² that c encloses: positive if it runs clockwise on the screen.
func signedArea(c Contour) float64 {
	if len(c.Points) == 0 {
		return 0
	}
	sum := 0.0
	a := c.Points[len(c.Points)-1].Point
	for i := range c.Points {
		b := c.Points[i].Point
		sum += a.X*b.Y - b.X*a.Y
		a = b
	}
	return sum / 2
}
