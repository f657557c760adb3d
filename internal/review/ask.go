package review

import (
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// nameAsk is the edit that takes over what a model answered to a reader.
const nameAsk = "ask"

// Locked says where a model that is asked again may not change frame k: not 0 within reach of boundary that a reader
// confirmed or corrected, on labels that the rules lock, and outside the ultrasound sector unless they release it. The plane is the caller's own; nil for a frame that does not
// exist.
func (r *Review) Locked(k Key) *mask.Plane {
	f := r.Frame(k)
	if f == nil {
		return nil
	}
	out := mask.NewPlane(f.W, f.H)
	sector := r.permitOf(f, ByReader).within.Intersect(out.Rect())
	for y := range f.H {
		row := out.Pix[y*f.W : (y+1)*f.W]
		for x, v := range f.Marks.Pix[y*f.W : (y+1)*f.W] {
			if s := contour.State(v); s == contour.Confirmed || s == contour.Corrected {
				row[x] = 1
			}
		}
		for x, v := range f.Labels.Pix[y*f.W : (y+1)*f.W] {
			if r.rules.Locked[v] {
				row[x] = 1
			}
		}
		x0, x1 := sector.Min.X, sector.Max.X
		if y < sector.Min.Y || y >= sector.Max.Y {
			x0, x1 = 0, 0
		}
		lock(row[:x0])
		lock(row[x1:])
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
	s, err := r.Begin(k, nameAsk, OnRequest)
	if err != nil {
		return false, err
	}
	s.model = model
	if err := s.SetLabels(after); err != nil {
		s.Cancel()
		return false, err
	}
	return s.Commit()
}
