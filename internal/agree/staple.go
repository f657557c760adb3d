package agree

import (
	"math"

	"echoline/internal/mask"
)

// Reliability is how well a reader matches the consensus that STAPLE finds.
type Reliability struct{ Sensitivity, Specificity float64 }

// stapleEnd is the squared change of every reader's figures under which STAPLE has converged.
const stapleEnd = 1e-14

// stapleMost is how many rounds STAPLE makes at most; it converges in some tens.
const stapleMost = 10000

// STAPLE estimates, from the masks of several readers, for each pixel the probability that label is truly there, and how
// reliable each reader is, by expectation-maximisation (Warfield, Zou, Wells, IEEE Transactions on Medical Imaging 23, 2004).
// The prior is the share of label over all masks, the same for all pixels. Masks that are all empty or all full leave
// nothing to estimate: what the readers drew is returned as it is, with figures of 1.
func STAPLE(masks []*mask.Plane, label uint8) (probability []float64, readers []Reliability, err error) {
	if !alike(masks) {
		return nil, nil, errSizes
	}
	p := patterns(masks, label)
	readers = make([]Reliability, len(masks))
	if p.prior == 0 || p.prior == 1 {
		for i := range readers {
			readers[i] = Reliability{1, 1}
		}
		return p.spread(), readers, nil
	}
	for range stapleMost {
		before := append([]Reliability(nil), readers...)
		p.judge(readers)
		p.weigh(readers)
		if settled(before, readers) {
			break
		}
	}
	return p.spread(), readers, nil
}

// Consensus is where STAPLE finds label more likely than not, written as label on an empty plane.
func Consensus(masks []*mask.Plane, label uint8) (*mask.Plane, []Reliability, error) {
	probability, readers, err := STAPLE(masks, label)
	if err != nil {
		return nil, nil, err
	}
	out := mask.NewPlane(masks[0].W, masks[0].H)
	for i, w := range probability {
		if w > 0.5 {
			out.Pix[i] = label
		}
	}
	return out, readers, nil
}

// pattern is what the readers say of a pixel, and how many pixels they say it of. All of a pattern have one probability.
type pattern struct {
	says   []bool
	pixels float64
	weight float64 // the probability
}

// votes are all patterns of a set of masks.
type votes struct {
	of    []int // per pixel: index of its pattern
	all   []pattern
	prior float64
}

// patterns sorts pixels by what the readers say of them: there are few different answers, and the rounds go over these.
func patterns(masks []*mask.Plane, label uint8) *votes {
	v := &votes{of: make([]int, len(masks[0].Pix))}
	known := map[string]int{}
	key := make([]byte, len(masks))
	for i := range v.of {
		n := 0
		for r, m := range masks {
			key[r] = 0
			if m.Pix[i] == label {
				key[r] = 1
				n++
			}
		}
		at, ok := known[string(key)]
		if !ok {
			at = len(v.all)
			known[string(key)] = at
			says := make([]bool, len(masks))
			for r := range says {
				says[r] = key[r] == 1
			}
			v.all = append(v.all, pattern{says: says, weight: float64(n) / float64(len(masks))})
		}
		v.all[at].pixels++
		v.of[i] = at
	}
	sum := 0.0
	for _, p := range v.all {
		sum += p.weight * p.pixels
	}
	v.prior = sum / float64(len(v.of))
	return v
}

// judge estimates the readers' figures from the probabilities.
func (v *votes) judge(readers []Reliability) {
	for r := range readers {
		var hit, in, free, out float64
		for _, p := range v.all {
			in += p.pixels * p.weight
			out += p.pixels * (1 - p.weight)
			if p.says[r] {
				hit += p.pixels * p.weight
			} else {
				free += p.pixels * (1 - p.weight)
			}
		}
		readers[r] = Reliability{hit / in, free / out}
	}
}

// weigh estimates the probabilities from the readers' figures.
func (v *votes) weigh(readers []Reliability) {
	for i := range v.all {
		p := &v.all[i]
		yes, no := v.prior, 1-v.prior
		for r, f := range readers {
			if p.says[r] {
				yes, no = yes*f.Sensitivity, no*(1-f.Specificity)
			} else {
				yes, no = yes*(1-f.Sensitivity), no*f.Specificity
			}
		}
		if p.weight = yes / (yes + no); math.IsNaN(p.weight) {
			p.weight = 0
		}
	}
}

// spread gives each pixel the probability of its pattern.
func (v *votes) spread() []float64 {
	out := make([]float64, len(v.of))
	for i, p := range v.of {
		out[i] = v.all[p].weight
	}
	return out
}

// settled tells whether no figure has changed by more than counts.
func settled(a, b []Reliability) bool {
	for i := range a {
		p, q := a[i].Sensitivity-b[i].Sensitivity, a[i].Specificity-b[i].Specificity
		if p*p > stapleEnd || q*q > stapleEnd {
			return false
		}
	}
	return true
}
