package agree

import (
	"image"
	"math"

	"echoline/internal/mask"
)

// Dispute is a connected piece of a frame that one reader counts to the label and the other does not, where their boundaries
// lie further apart than a limit.
type Dispute struct {
	Box      image.Rectangle
	Pixels   int
	Farthest float64 // how far the boundaries lie apart at most, px
	ByA      bool    // reader a holds it to be the label; else b

	id int32
}

// Choice settles a dispute.
type Choice uint8

// The choices: as reader A or B has it, or the mean of both boundaries.
const (
	ChooseMean Choice = iota
	ChooseA
	ChooseB
)

// Disputes are two readers' masks of a label on one frame, taken apart: where they agree nearly enough, and where not.
type Disputes struct {
	List []Dispute // a's from the top left, then b's

	a, b, mean *mask.Plane
	label      uint8
	piece      []int32 // per pixel: id of the dispute; 0 for none
}

// FindDisputes compares masks a and b of one frame. What lies between their boundaries where these are at most limit px
// apart is no dispute. Masks of different size give an error.
func FindDisputes(a, b *mask.Plane, label uint8, limit float64) (*Disputes, error) {
	mean, err := MeanDistance([]*mask.Plane{a, b}, label)
	if err != nil {
		return nil, err
	}
	d := &Disputes{a: a, b: b, mean: mean, label: label, piece: make([]int32, len(a.Pix))}
	apart := gaps(a, b, label)
	for _, byA := range []bool{true, false} {
		wide := mask.NewPlane(a.W, a.H)
		for i, gap := range apart {
			if gap > limit && (a.Pix[i] == label) == byA {
				wide.Pix[i] = 1
			}
		}
		d.collect(wide, byA, apart)
	}
	return d, nil
}

// gaps is, for each pixel that one reader holds to be label and the other does not, how far their boundaries lie apart
// there, px; 0 for others. A pixel between two boundaries lies so far from where both have the label and so far from where
// neither has; where the readers share nothing, a piece is as wide as twice its depth.
func gaps(a, b *mask.Plane, label uint8) []float64 {
	both, neither := make([]bool, len(a.Pix)), make([]bool, len(a.Pix))
	for i := range a.Pix {
		inA, inB := a.Pix[i] == label, b.Pix[i] == label
		both[i], neither[i] = inA && inB, !inA && !inB
	}
	inward, outward := squaredDistance(both, a.W, a.H), squaredDistance(neither, a.W, a.H)
	out := make([]float64, len(a.Pix))
	for i := range out {
		if both[i] || neither[i] {
			continue
		}
		in, rest := math.Sqrt(inward[i]), math.Sqrt(outward[i])
		if math.IsInf(in, 1) {
			in = rest
		}
		if math.IsInf(rest, 1) {
			rest = in
		}
		if out[i] = in + rest - 1; math.IsInf(in, 1) { // the whole frame is disputed
			out[i] = math.Hypot(float64(a.W), float64(a.H))
		}
	}
	return out
}

// collect takes the connected pieces of wide into the list.
func (d *Disputes) collect(wide *mask.Plane, byA bool, apart []float64) {
	ids, sizes := mask.Components(wide, 1)
	first := len(d.List)
	for id := 1; id < len(sizes); id++ {
		d.List = append(d.List, Dispute{Pixels: sizes[id], ByA: byA, id: int32(first + id)})
	}
	for i, id := range ids {
		if id == 0 {
			continue
		}
		p := &d.List[first+int(id)-1]
		x, y := i%wide.W, i/wide.W
		p.Box = p.Box.Union(image.Rect(x, y, x+1, y+1))
		p.Farthest = max(p.Farthest, apart[i])
		d.piece[i] = p.id
	}
}

// Join is the consensus: what both agree on, the mean of both boundaries where they differ, and in the disputes what was
// chosen, by their place in List. Disputes without a choice get the mean.
func (d *Disputes) Join(choices map[int]Choice) *mask.Plane {
	out := d.mean.Clone()
	for i, id := range d.piece {
		if id == 0 {
			continue
		}
		from := d.mean
		switch choices[int(id)-1] {
		case ChooseA:
			from = d.a
		case ChooseB:
			from = d.b
		case ChooseMean:
		}
		out.Pix[i] = 0
		if from.Pix[i] == d.label {
			out.Pix[i] = d.label
		}
	}
	return out
}
