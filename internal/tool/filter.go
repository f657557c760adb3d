package tool

import (
	"echoline/internal/mask"
	"echoline/internal/review"
)

// The names of the filters.
const (
	nameHoles  = "holes"
	nameSmooth = "smooth"
	nameGrow   = "grow"
	nameShrink = "shrink"
	nameCopy   = "copy"
)

// filter makes one stroke of what do does, and leaves alone what the reader confirmed.
func filter(r *review.Review, k review.Key, name string, do func(s *review.Stroke)) (changed bool, err error) {
	s, err := r.Begin(k, name, review.ByReader)
	if err != nil {
		return false, err
	}
	s.Keep(decided...)
	do(s)
	return s.Commit()
}

// FillHoles fills the holes of a label with it, as far as they are background. It returns what review.Stroke.Commit does,
// as all filters do.
func FillHoles(r *review.Review, k review.Key, label uint8) (changed bool, err error) {
	return filter(r, k, nameHoles, func(s *review.Stroke) {
		now := s.Labels()
		box := mask.Bounds(now, label)
		for _, g := range mask.Regions(now, box, false, func(v uint8) bool { return v != label }) {
			if g.Box.In(box.Inset(1)) && !bound(s, &g) {
				s.Fill(only(now, g.Spans, 0), label)
			}
		}
	})
}

// KeepLargest removes all regions of a label but the largest.
func KeepLargest(r *review.Review, k review.Key, label uint8) (changed bool, err error) {
	return filter(r, k, nameKeep, func(s *review.Stroke) {
		most := 0
		now := s.Labels()
		for _, g := range mask.Regions(now, mask.Bounds(now, label), true, func(v uint8) bool { return v == label }) {
			most = max(most, g.Size)
		}
		kept := false
		removeRegions(s, label, func(g *mask.Region) bool {
			if g.Size == most && !kept {
				kept = true
				return false
			}
			return true
		})
	})
}

// Copy gives frame to the mask of frame from. Nobody reviewed that for it, so all of its boundary counts as predicted; what
// the reader decided on it before stays.
func Copy(r *review.Review, from, to review.Key) (changed bool, err error) {
	if err := probe(r, from, nameCopy); err != nil {
		return false, err
	}
	source := r.Mask(from)
	var misfit error
	changed, err = filter(r, to, nameCopy, func(s *review.Stroke) {
		if misfit = s.SetLabels(sparing(s, source)); misfit == nil {
			s.Unreviewed()
		}
	})
	if misfit != nil {
		return false, misfit
	}
	return changed, err
}

// sparing is source, except where the difference to the stroke's mask would move kept boundary: there it is that mask.
func sparing(s *review.Stroke, source *mask.Plane) *mask.Plane {
	now := s.Labels()
	if !s.Keeping(now.Rect()) || source.W != now.W || source.H != now.H {
		return source
	}
	out := source.Clone()
	differs := mask.NewPlane(now.W, now.H)
	for i, v := range now.Pix {
		if v != source.Pix[i] {
			differs.Pix[i] = 1
		}
	}
	for _, g := range mask.Regions(differs, differs.Rect(), true, func(v uint8) bool { return v == 1 }) {
		if !bound(s, &g) {
			continue
		}
		for _, p := range g.Spans {
			copy(out.Pix[p.Y*out.W+p.X0:p.Y*out.W+p.X1], now.Pix[p.Y*out.W+p.X0:])
		}
	}
	return out
}
