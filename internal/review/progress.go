package review

import "echoline/internal/contour"

// Progress says how much boundary there is and how much a reader has looked at. Lengths are in px.
type Progress struct {
	Weak     float64 // weak boundary that nobody reviewed
	Reviewed float64 // confirmed, corrected, or marked as not visible
	Total    float64
	WeakArcs int // weak arcs that nobody reviewed
}

// Add takes o in.
func (p *Progress) Add(o Progress) {
	p.Weak += o.Weak
	p.Reviewed += o.Reviewed
	p.Total += o.Total
	p.WeakArcs += o.WeakArcs
}

// progressOf adds arcs up.
func progressOf(arcs []contour.Arc) Progress {
	var p Progress
	for _, a := range arcs {
		p.Total += a.Length
		switch {
		case a.State != contour.Predicted:
			p.Reviewed += a.Length
		case a.Weak:
			p.Weak += a.Length
			p.WeakArcs++
		}
	}
	return p
}

// Progress is that of one frame; weak is as for Arcs.
func (r *Review) Progress(k Key, weak float64) Progress {
	arcs := r.Arcs(k, weak)
	f := r.frames[k]
	if f == nil || f.stroke != nil && f.stroke.writes > 0 {
		return progressOf(arcs)
	}
	return f.boundary.progress
}

// ItemProgress is that of all frames of an item together; weak is as for Arcs.
func (r *Review) ItemProgress(id string, weak float64) Progress {
	var p Progress
	it := r.items[id]
	if it == nil {
		return p
	}
	for i := range it.Frames {
		if k := (Key{Instance: id, Frame: i}); r.frames[k] != nil {
			p.Add(r.Progress(k, weak))
		}
	}
	return p
}
