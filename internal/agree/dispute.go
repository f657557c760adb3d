package agree

import (
	"image"
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// Dispute is a piece of a frame that some readers count to a label and others do not, where their boundaries lie
// further apart than a limit.
type Dispute struct {
	Box      image.Rectangle
	Pixels   int
	Farthest float64 // how far the boundaries lie apart at most, px

	id int32
}

// Choice settles a dispute: a reader, by the place of the mask in the list that FindDisputes got, or one of the others below.
type Choice int

// The choices that are no reader's.
const (
	ChooseProposal Choice = -1 - iota // as the method proposes it
	ChooseMean                        // the mean of all boundaries
	Redrawn                           // anything else: drawn by hand
)

// taperShare is the share of the limit down to which a dispute reaches, so that it ends where boundaries come together and
// is one arc, not the crumbs at which they are just a little wider than the limit. Within reach of that it holds all that the
// readers do not agree on: no pixels of another course are left in between.
const taperShare = 0.75

// Disputes are the masks of two or more readers on one frame, taken apart: where they agree nearly enough, and where not.
type Disputes struct {
	List []Dispute // from the top down

	masks          []*mask.Plane
	mean, proposal *mask.Plane
	piece          []int32 // per pixel: id of the dispute; 0 for none
}

// FindDisputes compares the masks of one frame. What lies between boundaries that are at most limit px apart is no dispute:
// it is as the method proposes. Masks of different size, and none at all, give an error.
func FindDisputes(masks []*mask.Plane, method Method, limit float64) (*Disputes, error) {
	mean, err := Propose(masks, ByMean)
	if err != nil {
		return nil, err
	}
	d := &Disputes{masks: masks, mean: mean, proposal: mean}
	if method != ByMean {
		if d.proposal, err = Propose(masks, method); err != nil {
			return nil, err
		}
	}
	apart := make([]float64, len(mean.Pix))
	for _, label := range labelsIn(masks) {
		for i, gap := range gaps(masks, label) {
			apart[i] = max(apart[i], gap)
		}
	}
	d.collect(apart, limit)
	return d, nil
}

// gaps is, for each pixel that some hold to be label and some do not, how far the boundaries lie apart there, px; 0 for
// others. A pixel between boundaries lies so far from where all have the label and so far from where none has; where the
// readers share nothing, a piece is as wide as twice its depth.
func gaps(masks []*mask.Plane, label uint8) []float64 {
	w, h := masks[0].W, masks[0].H
	all, none := make([]bool, w*h), make([]bool, w*h)
	for i := range all {
		n := 0
		for _, m := range masks {
			if m.Pix[i] == label {
				n++
			}
		}
		all[i], none[i] = n == len(masks), n == 0
	}
	inward, outward := squaredDistance(all, w, h), squaredDistance(none, w, h)
	out := make([]float64, w*h)
	open, alone := mask.NewPlane(w, h), false
	for i := range out {
		if all[i] || none[i] {
			continue
		}
		open.Pix[i] = 1
		in, rest := math.Sqrt(inward[i]), math.Sqrt(outward[i])
		alone = alone || math.IsInf(in, 1) || math.IsInf(rest, 1)
		if math.IsInf(in, 1) {
			in = rest
		}
		if math.IsInf(rest, 1) {
			rest = in
		}
		if out[i] = in + rest - 1; math.IsInf(in, 1) { // the whole frame is disputed
			out[i] = math.Hypot(float64(w), float64(h))
		}
	}
	if alone {
		level(out, open)
	}
	return out
}

// level makes the gap of each piece of open the widest in it: where there is but one side to measure from, its rim is no
// less disputed than its middle.
func level(gap []float64, open *mask.Plane) {
	ids, sizes := mask.Components(open, 1)
	most := make([]float64, len(sizes))
	for i, id := range ids {
		most[id] = max(most[id], gap[i])
	}
	for i, id := range ids {
		if id != 0 {
			gap[i] = most[id]
		}
	}
}

// crumbReach is how near to each other, in px, pieces of a dispute lie that are one.
const crumbReach = 4

// collect takes the pieces into the list that are somewhere wider than limit.
func (d *Disputes) collect(apart []float64, limit float64) {
	wide := mask.NewPlane(d.mean.W, d.mean.H)
	for i, gap := range apart {
		if gap > taperShare*limit && gap > 0 {
			wide.Pix[i] = 1
		}
	}
	ids, sizes := mask.Components(mask.Dilate(wide, 1, crumbReach/2), 1)
	counts := make([]bool, len(sizes))
	for i, id := range ids {
		counts[id] = counts[id] || wide.Pix[i] == 1 && apart[i] > limit
	}
	place := make([]int32, len(sizes)) // in List, from 1
	for id := 1; id < len(sizes); id++ {
		if counts[id] {
			d.List = append(d.List, Dispute{id: int32(len(d.List) + 1)})
			place[id] = int32(len(d.List))
		}
	}
	d.piece = ids
	for i, id := range ids {
		id = place[id]
		if id == 0 || apart[i] == 0 {
			d.piece[i] = 0
			continue
		}
		d.piece[i] = id
		p := &d.List[id-1]
		p.Pixels++
		x, y := i%wide.W, i/wide.W
		p.Box = p.Box.Union(image.Rect(x, y, x+1, y+1))
		p.Farthest = max(p.Farthest, apart[i])
	}
}

// Proposal is the whole mask as the method proposes it. Read it only.
func (d *Disputes) Proposal() *mask.Plane { return d.proposal }

// Take is now with dispute i settled by a choice; all else stays. Redrawn changes nothing.
func (d *Disputes) Take(now *mask.Plane, i int, c Choice) *mask.Plane {
	out := now.Clone()
	if from := d.from(c); from != nil {
		d.each(i, func(at int) { out.Pix[at] = from.Pix[at] })
	}
	return out
}

// Join is the consensus: the method's proposal, and in the disputes what was chosen, by their place in List.
func (d *Disputes) Join(choices map[int]Choice) *mask.Plane {
	out := d.proposal.Clone()
	for i, c := range choices {
		if from := d.from(c); from != nil {
			d.each(i, func(at int) { out.Pix[at] = from.Pix[at] })
		}
	}
	return out
}

// Says is the choice by which dispute i looks as in now: likely if that is one, else the proposal, the first reader, the mean
// that fits, or Redrawn.
func (d *Disputes) Says(now *mask.Plane, i int, likely Choice) Choice {
	choices := []Choice{likely, ChooseProposal}
	for r := range d.masks {
		choices = append(choices, Choice(r))
	}
	for _, c := range append(choices, ChooseMean) {
		from, same := d.from(c), true
		if from == nil {
			continue
		}
		d.each(i, func(at int) { same = same && from.Pix[at] == now.Pix[at] })
		if same {
			return c
		}
	}
	return Redrawn
}

// Changed tells whether two masks differ within dispute i.
func (d *Disputes) Changed(before, after *mask.Plane, i int) bool {
	differ := false
	d.each(i, func(at int) { differ = differ || before.Pix[at] != after.Pix[at] })
	return differ
}

// Piece is where dispute i lies: 1 there, on an empty plane.
func (d *Disputes) Piece(i int) *mask.Plane {
	out := mask.NewPlane(d.mean.W, d.mean.H)
	d.each(i, func(at int) { out.Pix[at] = 1 })
	return out
}

// Outline goes around dispute i at a distance of a few px.
func (d *Disputes) Outline(i int) []contour.Contour {
	const away = 4
	return contour.FromMask(mask.Dilate(d.Piece(i), 1, away), 1)
}

// from is the mask that a choice takes from; nil for Redrawn and readers that are not there.
func (d *Disputes) from(c Choice) *mask.Plane {
	switch {
	case c == ChooseProposal:
		return d.proposal
	case c == ChooseMean:
		return d.mean
	case c >= 0 && int(c) < len(d.masks):
		return d.masks[c]
	}
	return nil
}

// each calls do with the place of each pixel of dispute i.
func (d *Disputes) each(i int, do func(at int)) {
	p := d.List[i]
	for y := p.Box.Min.Y; y < p.Box.Max.Y; y++ {
		for x := p.Box.Min.X; x < p.Box.Max.X; x++ {
			if at := y*d.mean.W + x; d.piece[at] == p.id {
				do(at)
			}
		}
	}
}
