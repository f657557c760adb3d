package agree

import (
	"errors"
	"math"

	"echoline/internal/mask"
)

// The faults of callers who join masks of different frames, or in a way that there is not.
var (
	errSizes  = errors.New("masks to be joined must be of one frame, and at least one")
	errMethod = errors.New("no such way to join masks")
)

// Majority is where more than half of the masks hold label, written as label on an empty plane.
func Majority(masks []*mask.Plane, label uint8) (*mask.Plane, error) {
	if !alike(masks) {
		return nil, errSizes
	}
	out := mask.NewPlane(masks[0].W, masks[0].H)
	for i := range out.Pix {
		votes := 0
		for _, m := range masks {
			if m.Pix[i] == label {
				votes++
			}
		}
		if 2*votes > len(masks) {
			out.Pix[i] = label
		}
	}
	return out, nil
}

// MeanDistance is the mask within the mean of the masks' boundaries: where the mean over the masks of the signed distance to
// the boundary (negative inside) is below 0. Unlike the majority it gives two readers a boundary between theirs. A mask that
// does not hold label at all counts as a boundary out of reach, as far as the frame's diagonal.
func MeanDistance(masks []*mask.Plane, label uint8) (*mask.Plane, error) {
	if !alike(masks) {
		return nil, errSizes
	}
	sum := make([]float64, masks[0].W*masks[0].H)
	for _, m := range masks {
		for i, d := range signedDistance(m, label) {
			sum[i] += d
		}
	}
	out := mask.NewPlane(masks[0].W, masks[0].H)
	for i, d := range sum {
		if d < 0 {
			out.Pix[i] = label
		}
	}
	return out, nil
}

func alike(masks []*mask.Plane) bool {
	for _, m := range masks {
		if m.W != masks[0].W || m.H != masks[0].H {
			return false
		}
	}
	return len(masks) > 0
}

// signedDistance gives for each pixel the distance (px) to the nearest pixel centre of the other kind, negative within
// label. It is bounded by the plane's diagonal.
func signedDistance(p *mask.Plane, label uint8) []float64 {
	in, out := make([]bool, len(p.Pix)), make([]bool, len(p.Pix))
	for i, v := range p.Pix {
		in[i], out[i] = v == label, v != label
	}
	toLabel, toRest := squaredDistance(in, p.W, p.H), squaredDistance(out, p.W, p.H)
	diagonal := math.Hypot(float64(p.W), float64(p.H))
	d := make([]float64, len(p.Pix))
	for i := range d {
		d[i] = min(math.Sqrt(toLabel[i]), diagonal) - min(math.Sqrt(toRest[i]), diagonal)
	}
	return d
}

// squaredDistance is the squared distance of each pixel to the nearest one that is set; +Inf where none is. Two passes of
// lower envelopes of parabolas, Felzenszwalb and Huttenlocher, Theory of Computing 8, 2012.
func squaredDistance(set []bool, w, h int) []float64 {
	d := make([]float64, w*h)
	for i, s := range set {
		if !s {
			d[i] = math.Inf(1)
		}
	}
	line := make([]float64, max(w, h))
	e := newEnvelope(max(w, h))
	for x := range w {
		for y := range h {
			line[y] = d[y*w+x]
		}
		e.transform(line[:h])
		for y := range h {
			d[y*w+x] = line[y]
		}
	}
	for y := range h {
		e.transform(d[y*w : (y+1)*w])
	}
	return d
}

// envelope is the lower envelope of parabolas of one line of pixels.
type envelope struct {
	at    []int     // where the parabolas have their lowest points
	low   []float64 // and how low these are
	start []float64 // from where on each is the lowest
}

func newEnvelope(n int) *envelope {
	return &envelope{make([]int, n), make([]float64, n), make([]float64, n)}
}

// transform replaces the values f of a line by the least of f[j] + (i − j)² over all j.
func (e *envelope) transform(f []float64) {
	n := 0
	for i, v := range f {
		if math.IsInf(v, 1) {
			continue
		}
		start := math.Inf(-1)
		for ; n > 0; n-- {
			j := e.at[n-1]
			start = (v - e.low[n-1] + float64(i*i-j*j)) / float64(2*(i-j))
			if start > e.start[n-1] {
				break
			}
		}
		if n == 0 {
			start = math.Inf(-1)
		}
		e.at[n], e.low[n], e.start[n] = i, v, start
		n++
	}
	if n == 0 {
		return
	}
	k := 0
	for i := range f {
		for k+1 < n && e.start[k+1] < float64(i) {
			k++
		}
		d := float64(i - e.at[k])
		f[i] = e.low[k] + d*d
	}
}
