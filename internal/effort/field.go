package effort

import "math"

// nearest finds for each of w×h pixels the nearest of those that are sites, by distance between centres: its index, -1 if
// there are none, and the distance's square (Felzenszwalb and Huttenlocher: along the columns, then along the rows).
func nearest(w, h int, site func(i int) bool) (index []int32, squared []float32) {
	index, squared = make([]int32, w*h), make([]float32, w*h)
	for i := range index {
		index[i], squared[i] = -1, math.MaxFloat32
		if site(i) {
			index[i], squared[i] = int32(i), 0
		}
	}
	n := max(w, h)
	e := envelope{at: make([]int, n), from: make([]float64, n+1), f: make([]float64, n), index: make([]int32, n)}
	for x := range w {
		e.line(index[x:], squared[x:], h, w)
	}
	for y := range h {
		e.line(index[y*w:], squared[y*w:], w, 1)
	}
	return index, squared
}

// envelope is scratch memory for the lower envelope of the parabolas of one line.
type envelope struct {
	at    []int     // where the parabolas of the envelope stand
	from  []float64 // from where on each is the lowest
	f     []float64
	index []int32
}

// line brings n values, stride apart, up to date with each other.
func (e *envelope) line(index []int32, squared []float32, n, stride int) {
	k := -1
	for q := range n {
		e.f[q], e.index[q] = float64(squared[q*stride]), index[q*stride]
		if e.index[q] < 0 {
			continue
		}
		s := math.Inf(-1)
		for k >= 0 {
			p := e.at[k]
			s = (e.f[q] + float64(q*q) - e.f[p] - float64(p*p)) / float64(2*(q-p))
			if s > e.from[k] {
				break
			}
			k--
			s = math.Inf(-1)
		}
		k++
		e.at[k], e.from[k] = q, s
	}
	if k < 0 {
		return
	}
	last := k
	k = 0
	for q := range n {
		for k < last && e.from[k+1] < float64(q) {
			k++
		}
		p := e.at[k]
		index[q*stride], squared[q*stride] = e.index[p], float32(float64((q-p)*(q-p))+e.f[p])
	}
}
