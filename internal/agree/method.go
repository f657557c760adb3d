package agree

import "echoline/internal/mask"

// Method is a way to propose a consensus of several masks.
type Method string

// The methods.
const (
	BySTAPLE   Method = "staple"
	ByMajority Method = "majority"
	ByMean     Method = "mean" // MeanDistance
)

// Methods are all of them; the first is the usual one.
var Methods = []Method{ByMean, BySTAPLE, ByMajority}

// Propose joins the masks of one frame by a method, with all labels that any of them holds. A pixel that several labels
// claim goes to the one that more readers gave it, then to the smaller number; what all say stays, whatever STAPLE makes of
// readers who contradict each other throughout. Masks of different size, none at all and an
// unknown method give an error.
func Propose(masks []*mask.Plane, method Method) (*mask.Plane, error) {
	if !alike(masks) {
		return nil, errSizes
	}
	out := mask.NewPlane(masks[0].W, masks[0].H)
	for _, label := range labelsIn(masks) {
		one, err := method.join(masks, label)
		if err != nil {
			return nil, err
		}
		for i, v := range one.Pix {
			if v == label && (out.Pix[i] == 0 || holders(masks, i, label) > holders(masks, i, out.Pix[i])) {
				out.Pix[i] = label
			}
		}
	}
	for i, v := range masks[0].Pix {
		if holders(masks, i, v) == len(masks) {
			out.Pix[i] = v
		}
	}
	return out, nil
}

// join joins one label.
func (m Method) join(masks []*mask.Plane, label uint8) (*mask.Plane, error) {
	switch m {
	case BySTAPLE:
		p, _, err := Consensus(masks, label)
		return p, err
	case ByMajority:
		return Majority(masks, label)
	case ByMean:
		return MeanDistance(masks, label)
	}
	return nil, errMethod
}

// holders is how many masks hold label at pixel i.
func holders(masks []*mask.Plane, i int, label uint8) int {
	n := 0
	for _, m := range masks {
		if m.Pix[i] == label {
			n++
		}
	}
	return n
}

// labelsIn are those that any of the masks holds, in order.
func labelsIn(masks []*mask.Plane) []uint8 {
	var seen [256]bool
	for _, m := range masks {
		for _, v := range m.Pix {
			seen[v] = true
		}
	}
	return mask.Labels(&seen)
}
