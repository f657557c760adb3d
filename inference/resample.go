package inference

import "math"

// axis resamples one direction by a triangle filter with half-pixel centres, widened when shrinking so that it does not
// alias. The weights are those of PyTorch's antialiased bilinear interpolation.
type axis struct {
	in, out int
	first   []int     // the first source of each target
	taps    int       // sources per target, the same for all; surplus weights are 0
	weights []float32 // out*taps
}

// newAxis plans the way from in samples to out.
func newAxis(in, out int) *axis {
	scale := float64(in) / float64(out)
	support := math.Max(scale, 1)
	window := func(i int) (centre float64, lo, hi int) {
		centre = scale * (float64(i) + 0.5)
		return centre, max(int(centre-support+0.5), 0), min(int(centre+support+0.5), in)
	}
	a := &axis{in: in, out: out, first: make([]int, out)}
	for i := range a.first {
		_, lo, hi := window(i)
		a.taps = max(a.taps, hi-lo)
	}
	a.weights = make([]float32, out*a.taps)
	for i := range a.first {
		centre, lo, hi := window(i)
		a.first[i] = min(lo, in-a.taps) // so that surplus weights do not reach beyond the last source
		row := a.weights[i*a.taps:][lo-a.first[i] : hi-a.first[i]]
		sum := 0.0
		for k := range row {
			sum += triangle((float64(lo+k) + 0.5 - centre) / support)
		}
		for k := range row {
			row[k] = float32(triangle((float64(lo+k)+0.5-centre)/support) / sum)
		}
	}
	return a
}

func triangle(x float64) float64 { return math.Max(0, 1-math.Abs(x)) }

// picture is a rectangle in a buffer of float32 rows.
type picture struct {
	pix    []float32 // from the rectangle's first value
	stride int
	w, h   int
}

func (p picture) row(y int) []float32 { return p.pix[y*p.stride:][:p.w] }

// resample writes src to dst, whose sizes the axes connect. The direction that leaves less to do comes first; temp is
// scratch memory, which is returned for the next call.
func resample(dst, src picture, x, y *axis, temp []float32) []float32 {
	if x.out*src.h*x.taps+x.out*y.out*y.taps <= src.w*y.out*y.taps+x.out*y.out*x.taps {
		temp = grow(temp, x.out*src.h)
		mid := picture{temp, x.out, x.out, src.h}
		x.along(mid, src)
		y.across(dst, mid)
		return temp
	}
	temp = grow(temp, src.w*y.out)
	mid := picture{temp, src.w, src.w, y.out}
	y.across(mid, src)
	x.along(dst, mid)
	return temp
}

func grow(buf []float32, n int) []float32 {
	if cap(buf) < n {
		return make([]float32, n)
	}
	return buf[:n]
}

// along resamples each row.
func (a *axis) along(dst, src picture) {
	for r := 0; r < src.h; r++ {
		from, to := src.row(r), dst.row(r)
		for i := range to {
			weights := a.weights[i*a.taps:][:a.taps]
			part := from[a.first[i]:][:len(weights)]
			var sum float32
			for k, w := range weights {
				sum += w * part[k]
			}
			to[i] = sum
		}
	}
}

// across resamples each column, a whole row at a time.
func (a *axis) across(dst, src picture) {
	for r := 0; r < dst.h; r++ {
		to, first := dst.row(r), a.first[r]
		weights := a.weights[r*a.taps : (r+1)*a.taps]
		if len(weights) == 1 {
			copy(to, src.row(first))
			continue
		}
		blend(to, src.row(first), src.row(first+1), weights[0], weights[1])
		for k := 2; k < len(weights); k++ {
			add(to, src.row(first+k), weights[k])
		}
	}
}

// blend sets to = v*a + w*b.
func blend(to, a, b []float32, v, w float32) {
	a, b = a[:len(to)], b[:len(to)]
	for i := range to {
		to[i] = v*a[i] + w*b[i]
	}
}

// add adds w*a to to.
func add(to, a []float32, w float32) {
	a = a[:len(to)]
	for i := range to {
		to[i] += w * a[i]
	}
}

// Letterbox fits pictures of one size into the input of a model: scaled to touch two sides, centred, rest 0. It keeps
// scratch memory, so it serves one call at a time.
type Letterbox struct {
	w, h           int // of the picture
	inW, inH       int // of the input
	nw, nh, ox, oy int // where the picture lies in the input
	downX, downY   *axis
	upX, upY       *axis
	temp           []float32
}

// NewLetterbox plans the way of pictures of w×h pixels to an input of inW×inH and back. All sizes must be positive.
func NewLetterbox(w, h, inW, inH int) *Letterbox {
	s := math.Min(float64(inW)/float64(w), float64(inH)/float64(h))
	fit := func(side, limit int) int {
		return min(limit, max(1, int(math.Floor(float64(side)*s+0.5))))
	}
	l := &Letterbox{w: w, h: h, inW: inW, inH: inH, nw: fit(w, inW), nh: fit(h, inH)}
	l.ox, l.oy = (inW-l.nw)/2, (inH-l.nh)/2
	l.downX, l.downY = newAxis(w, l.nw), newAxis(h, l.nh)
	l.upX, l.upY = newAxis(l.nw, w), newAxis(l.nh, h)
	return l
}

// Factor is how many pixels of the picture one pixel of the input spans, averaged over both directions.
func (l *Letterbox) Factor() float64 {
	return (float64(l.w)/float64(l.nw) + float64(l.h)/float64(l.nh)) / 2
}

// Fill writes the picture (w*h values) into the input (inW*inH values).
func (l *Letterbox) Fill(input, pic []float32) {
	clear(input[:l.oy*l.inW])
	clear(input[(l.oy+l.nh)*l.inW : l.inH*l.inW])
	for y := l.oy; y < l.oy+l.nh; y++ {
		row := input[y*l.inW : (y+1)*l.inW]
		clear(row[:l.ox])
		clear(row[l.ox+l.nw:])
	}
	l.temp = resample(l.inside(input), picture{pic, l.w, l.w, l.h}, l.downX, l.downY, l.temp)
}

// Restore writes what lies over the picture in a field of the input's size (inW*inH values) at the picture's own size
// (w*h values).
func (l *Letterbox) Restore(pic, field []float32) {
	l.temp = resample(picture{pic, l.w, l.w, l.h}, l.inside(field), l.upX, l.upY, l.temp)
}

// inside is where the picture lies in a field of the input's size.
func (l *Letterbox) inside(field []float32) picture {
	return picture{field[l.oy*l.inW+l.ox:], l.inW, l.nw, l.nh}
}
