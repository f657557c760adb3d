package contour

import (
	"encoding/binary"
	"image"

	"echoline/internal/mask"
)

// floor is how far, of 128, a smoothed pixel keeps at least from the level: so a pixel never changes sides, and single
// pixels and thin parts keep a ring around them.
const floor = 26

// FromMask returns smooth rings around the pixels of label: the mask is blurred a little and cut half-way, while every
// pixel centre stays on its side, so Fill gives back the very mask. Rings are closed along the image's edge; pixels that
// touch at a corner are joined where the pixels around speak for it. Expected error and bands are unknown. It blurs along
// the boundary alone, fast enough for each step of a pointer.
func FromMask(p *mask.Plane, label uint8) []Contour { return FromMaskIn(p, label, p.Rect()) }

// FromMaskIn is FromMask where it is known that all pixels of label lie inside within.
func FromMaskIn(p *mask.Plane, label uint8, within image.Rectangle) []Contour {
	m := marcher{plane: p, w: p.W, h: p.H, level: 128, box: mask.BoundsIn(p, label, within), label: label}
	return m.rings()
}

// blurredAt is how much of the surroundings of pixel (x, y) is label, 0 to 256 with the level at 128, by a binomial filter
// of five pixels each way, kept at least floor away from the level on the pixel's own side. The pixels of the image's edge
// go on for ever.
func blurredAt(p *mask.Plane, label uint8, x, y int) float32 {
	v := 0
	if x >= 2 && y >= 2 && x < p.W-2 && y < p.H-2 {
		at := (y-2)*p.W + x - 2
		for _, weight := range [5]int{1, 4, 6, 4, 1} {
			v += weight * blurRow(p.Pix[at:at+5:at+5], label)
			at += p.W
		}
	} else {
		v = blurredAtEdge(p, label, x, y)
	}
	if p.Pix[y*p.W+x] == label {
		return float32(max(v, 128+floor))
	}
	return float32(min(v, 128-floor))
}

// blurRow filters five pixels into 0 to 16.
func blurRow(q []uint8, label uint8) int {
	return one(q[0] == label) + one(q[4] == label) + 4*(one(q[1] == label)+one(q[3] == label)) + 6*one(q[2] == label)
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// blurredAtEdge is the filter where it reaches beyond the image.
func blurredAtEdge(p *mask.Plane, label uint8, x, y int) int {
	v := 0
	for i, weight := range [5]int{1, 4, 6, 4, 1} {
		row := p.Pix[min(max(y+i-2, 0), p.H-1)*p.W:]
		var q [5]uint8
		for k := range q {
			q[k] = row[min(max(x+k-2, 0), p.W-1)]
		}
		v += weight * blurRow(q[:], label)
	}
	return v
}

// classifyMask is classify for a mask: eight cells at a time where nothing happens.
func (m *marcher) classifyMask() {
	row := func(y int) []uint8 { // the pixels of the box in a row of the image
		if y < m.box.Min.Y || y >= m.box.Max.Y {
			return make([]uint8, m.box.Dx()) // outside is none of the label, which is not 0
		}
		return m.plane.Pix[y*m.w+m.box.Min.X : y*m.w+m.box.Max.X]
	}
	above := row(m.box.Min.Y - 1)
	for cy := range m.ch {
		below := row(m.box.Min.Y + cy)
		m.classifyRow(above, below, cy)
		above = below
	}
}

// classifyRow gives the cells between two rows of pixels their kinds. Cells in which nothing happens keep 0.
func (m *marcher) classifyRow(above, below []uint8, cy int) {
	pattern := 0x0101010101010101 * uint64(m.label)
	var a, b uint8 // whether the pixels left of the cell are inside
	for cx := 0; cx < m.cw; cx++ {
		if a == b && cx+8 <= len(above) {
			x, y := binary.LittleEndian.Uint64(above[cx:])^pattern, binary.LittleEndian.Uint64(below[cx:])^pattern
			if a == 1 && x|y == 0 || a == 0 && !anyZero(x) && !anyZero(y) {
				cx += 7
				continue
			}
		}
		var a1, b1 uint8
		if cx < len(above) {
			a1, b1 = uint8(one(above[cx] == m.label)), uint8(one(below[cx] == m.label))
		}
		kind := a | a1<<1 | b1<<2 | b<<3
		if (kind == 5 || kind == 10) && m.joined(m.box.Min.X+cx, m.box.Min.Y+cy) {
			kind = 16 + kind/10
		}
		if kind != 0 && kind != 15 {
			m.cells[cy*m.cw+cx] = kind
			m.busy = append(m.busy, int32(cy*m.cw+cx))
		}
		a, b = a1, b1
	}
}

// anyZero tells whether a byte of v is 0.
func anyZero(v uint64) bool { return (v-0x0101010101010101)&^v&0x8080808080808080 != 0 }
