package jpegls

import (
	"math/bits"

	"echoline/internal/study/jpegparts"
)

// preset are the parameters of an LSE segment, 0 for what it leaves to the standard: MAXVAL, T1, T2, T3, RESET.
type preset [5]int

// parameters are what a scan is decoded by (T.87 A.1, C.2.4.1).
type parameters struct {
	near       int    // how far a sample may be from the true one
	top        int    // MAXVAL
	thresholds [3]int // T1, T2, T3
	reset      int    // how many samples a context counts before it halves
	span       int    // RANGE: how many values a prediction error has
	spanBits   int    // qbpp
	limit      int    // LIMIT: the longest code
}

// resolve fills in the standard's defaults and checks the parameters.
func (p preset) resolve(precision, near int) (parameters, error) {
	out := parameters{near: near, top: 1<<precision - 1, reset: 64}
	if p[0] != 0 {
		if p[0] > out.top {
			return out, jpegparts.Damaged("JPEG-LS values to %d of %d bits", p[0], precision)
		}
		out.top = p[0]
	}
	if near > min(255, out.top/2) {
		return out, jpegparts.Damaged("JPEG-LS that is off by %d of %d", near, out.top)
	}
	out.thresholds = defaultThresholds(out.top, near)
	least := near + 1
	for i, t := range p[1:4] {
		if t == 0 {
			t = out.thresholds[i]
		}
		if t < least || t > out.top {
			return out, jpegparts.Damaged("JPEG-LS threshold %d", t)
		}
		out.thresholds[i], least = t, t
	}
	if p[4] != 0 {
		if p[4] < 3 || p[4] > max(255, out.top) {
			return out, jpegparts.Damaged("JPEG-LS reset after %d", p[4])
		}
		out.reset = p[4]
	}
	out.span = (out.top+2*near)/(2*near+1) + 1
	out.spanBits = bits.Len(uint(out.span - 1))
	depth := max(2, bits.Len(uint(out.top)))
	out.limit = 2 * (depth + max(8, depth))
	return out, nil
}

// defaultThresholds are those of T.87 C.2.4.1.1.1.
func defaultThresholds(top, near int) (out [3]int) {
	basic := [3]int{3, 7, 21}
	least := near + 1
	for i, b := range basic {
		t := 0
		if top >= 128 {
			factor := (min(top, 4095) + 128) / 256
			t = factor*(b-(i+2)) + (i + 2) + (2*i+3)*near
		} else {
			factor := 256 / (top + 1)
			t = max(i+2, b/factor+(2*i+3)*near)
		}
		if t > top || t < least {
			t = least
		}
		out[i], least = t, t
	}
	return out
}

// context is what is known of the samples in like surroundings (T.87 A.2.1).
type context struct {
	sum   int // A, of the errors' sizes
	bias  int // B
	fix   int // C, the correction of the prediction
	count int // N
}

// runContext is the same for the samples that end runs.
type runContext struct {
	sum      int // A
	count    int // N
	negative int // Nn, how many errors were below 0
}

const contexts = 365 // 9 kinds for each of three gradients, signs folded

// model holds the tables and the state of a scan.
type model struct {
	parameters
	step    int    // 2·NEAR+1
	kinds   []int8 // of a gradient, -4..4, by the gradient + top
	regular [contexts]context
	runs    [2]runContext
}

func newModel(p parameters) *model {
	m := &model{parameters: p, step: 2*p.near + 1, kinds: make([]int8, 2*p.top+1)}
	for i := range m.kinds {
		m.kinds[i] = m.kind(i - p.top)
	}
	return m
}

// kind quantises a gradient (T.87 A.3.3).
func (m *model) kind(gradient int) int8 {
	size, k := max(gradient, -gradient), int8(0)
	if size > m.near {
		k = 1
		for _, t := range m.thresholds {
			if size >= t {
				k++
			}
		}
	}
	if gradient < 0 {
		return -k
	}
	return k
}

// restart forgets what was learnt.
func (m *model) restart() {
	sum := max(2, (m.span+32)/64)
	for i := range m.regular {
		m.regular[i] = context{sum: sum, count: 1}
	}
	for i := range m.runs {
		m.runs[i] = runContext{sum: sum, count: 1}
	}
}

// golomb is the smallest k for which count<<k is not below sum.
func golomb(sum, count int) (k int) {
	const most = 24 // more than any valid stream comes to
	for count<<k < sum && k < most {
		k++
	}
	return k
}

// learn takes the error of a sample in (T.87 A.6).
func (c *context) learn(e int, m *model) {
	c.bias += e * m.step
	c.sum += max(e, -e)
	if c.count == m.reset {
		c.sum >>= 1
		c.bias >>= 1
		c.count >>= 1
	}
	c.count++
	switch {
	case c.bias <= -c.count:
		c.bias = max(c.bias+c.count, 1-c.count)
		if c.fix > -128 {
			c.fix--
		}
	case c.bias > 0:
		c.bias = min(c.bias-c.count, 0)
		if c.fix < 127 {
			c.fix++
		}
	}
}

// sample adds an error, in steps, to a prediction (T.87 A.4.5, A.8).
func (m *model) sample(prediction, e int) int {
	v := prediction + e*m.step
	switch {
	case v < -m.near:
		v += m.span * m.step
	case v > m.top+m.near:
		v -= m.span * m.step
	}
	return min(max(v, 0), m.top)
}
