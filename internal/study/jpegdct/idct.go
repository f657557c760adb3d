package jpegdct

import (
	"math"

	"echoline/internal/study/jpegparts"
)

const blockSize = 64

// fraction is how many bits the factors have behind the point. Nothing is rounded before the end: a coefficient has up to
// 17 bits, each of the two passes adds at most 3 and the fraction, which stays below 63.
const fraction = 19

// wave is the cosine of k/16 of half a turn, halved: the orthonormal transform's factor for all but the zeroth.
func wave(k int) int64 {
	return int64(math.Round(math.Cos(float64(k)*math.Pi/16) / 2 * (1 << fraction)))
}

var (
	w1, w2, w3, w4 = wave(1), wave(2), wave(3), wave(4)
	w5, w6, w7     = wave(5), wave(6), wave(7)
)

// inverse8 is the inverse DCT of eight values. Samples n and 7-n share the even coefficients and differ in the sign of the
// odd ones.
func inverse8(c0, c1, c2, c3, c4, c5, c6, c7 int64) (out [8]int64) {
	sum, difference := w4*(c0+c4), w4*(c0-c4)
	outer, inner := w2*c2+w6*c6, w6*c2-w2*c6
	e0, e1, e2, e3 := sum+outer, difference+inner, difference-inner, sum-outer
	o0 := w1*c1 + w3*c3 + w5*c5 + w7*c7
	o1 := w3*c1 - w7*c3 - w1*c5 - w5*c7
	o2 := w5*c1 - w1*c3 + w7*c5 + w3*c7
	o3 := w7*c1 - w5*c3 + w3*c5 - w1*c7
	return [8]int64{e0 + o0, e1 + o1, e2 + o2, e3 + o3, e3 - o3, e2 - o2, e1 - o1, e0 - o0}
}

// put transforms a block and writes it at (x, y), cut to the plane. flat says that only the first coefficient is not 0.
func put(p jpegparts.Plane, x, y int, c *[blockSize]int32, flat bool, precision int) {
	w, h := min(8, p.W-x), min(8, p.H-y)
	centre, top := int64(1)<<(precision-1), int64(1)<<precision-1
	if flat {
		v := uint16(min(max((int64(c[0])+4)>>3+centre, 0), top))
		for j := range h {
			row := p.Row(y + j)[x : x+w]
			for i := range row {
				row[i] = v
			}
		}
		return
	}
	var columns [8][8]int64
	for i := range 8 {
		columns[i] = inverse8(int64(c[i]), int64(c[8+i]), int64(c[16+i]), int64(c[24+i]),
			int64(c[32+i]), int64(c[40+i]), int64(c[48+i]), int64(c[56+i]))
	}
	const half = 1 << (2*fraction - 1)
	for j := range h {
		values := inverse8(columns[0][j], columns[1][j], columns[2][j], columns[3][j],
			columns[4][j], columns[5][j], columns[6][j], columns[7][j])
		row := p.Row(y + j)[x : x+w]
		for i := range row {
			row[i] = uint16(min(max((values[i]+half)>>(2*fraction)+centre, 0), top))
		}
	}
}
