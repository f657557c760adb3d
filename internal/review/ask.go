package review

import (
	"sync"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// nameAsk is the edit that takes over what a model answered to a reader.
const nameAsk = "ask"

// Locked says where a model that is asked again about label may not change frame k: not 0 within reach of boundary that a
// reader confirmed or corrected, where the rules keep the reader's own hand away, and outside the ultrasound sector unless
// they release it. The plane is the caller's own; nil for a frame that does not exist.
func (r *Review) Locked(k Key, label uint8) *mask.Plane { return r.Locking(k, label)() }

// Locking takes what Locked needs to know of the frame as it is now, and returns what works it out once, on any goroutine,
// and gives it to all who ask.
func (r *Review) Locking(k Key, label uint8) func() *mask.Plane {
	f := r.Frame(k)
	if f == nil {
		return func() *mask.Plane { return nil }
	}
	labels, marks, p := f.Labels, f.Marks, r.permitOf(f, ByReader)
	return sync.OnceValue(func() *mask.Plane { return p.locks(labels, marks, label) })
}

// locks makes the plane of Locked.
func (p *permit) locks(labels, marks *mask.Plane, label uint8) *mask.Plane {
	out := mask.NewPlane(marks.W, marks.H)
	var fixed [256]bool // labels that stay
	for v := range fixed {
		other := uint8(v) != 0 && uint8(v) != label
		fixed[v] = p.rules.Locked[v] || p.rules.Locked[label] || other && p.rules.Overwrite == OverwriteNone
	}
	for y := range out.H {
		row := out.Pix[y*out.W : (y+1)*out.W]
		for x, v := range marks.Pix[y*out.W : (y+1)*out.W] {
			if s := contour.State(v); s == contour.Confirmed || s == contour.Corrected {
				row[x] = 1
			}
		}
		for x, v := range labels.Pix[y*out.W : (y+1)*out.W] {
			if fixed[v] {
				row[x] = 1
			}
		}
		from := 0
		for _, s := range p.within.clip([]mask.Span{{Y: y, X0: 0, X1: out.W}}) {
			lock(row[from:s.X0])
			from = s.X1
		}
		lock(row[from:])
	}
	return out
}

func lock(pixels []uint8) {
	for i := range pixels {
		pixels[i] = 1
	}
}

// Suggested gives the boundary of label as it would be if after took the place of before: vertices that the change moved
// are Corrected, all others Predicted. It may be called on any goroutine.
func Suggested(before, after *mask.Plane, label uint8) []contour.Contour {
	cs := contour.FromMask(after, label)
	changed := mask.Diff(before, after, after.Rect()).Rect
	eachVertex(cs, func(v *contour.Vertex) {
		if moved(before, after, v.Point, changed) {
			v.State = contour.Corrected
		}
	})
	return cs
}

// Take makes a model's answer to the reader, as it was shown, the mask of frame k: one edit that can be undone. before is
// the mask that it was shown over; if that is not the frame's any more the fault is CodeStale. Boundary that it moves
// becomes corrected, for a reader asked for it, saw it and took it. model is the model's SHA-256. changed and err are as of
// Stroke.Commit.
func (r *Review) Take(k Key, before, after *mask.Plane, model string) (changed bool, err error) {
	f, err := r.mustFrame(k)
	if err != nil {
		return false, err
	}
	if f.Labels != before && !f.Labels.Equal(before) {
		return false, fault.New(CodeStale, r.nameOf(k.Instance), nil, nil)
	}
	s, err := r.relabel(k, nameAsk, OnRequest, after, model)
	if err != nil {
		return false, err
	}
	return s.Commit()
}

// relabel begins an edit that gives frame k a whole mask, which came of a model. Commit ends it.
func (r *Review) relabel(k Key, name string, o Origin, labels *mask.Plane, model string) (*Stroke, error) {
	s, err := r.Begin(k, name, o)
	if err != nil {
		return nil, err
	}
	s.model = model
	if err := s.SetLabels(labels); err != nil {
		s.Cancel()
		return nil, err
	}
	return s, nil
}
