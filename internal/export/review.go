package export

import (
	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/study"
)

// FromReview takes out of a review what include asks for. Models are known besides those of the loaded predictions. The
// input shares nothing with the review that changes later.
func FromReview(r *review.Review, include Include, models ...inference.Info) Input {
	return take(r, include, models, func(*review.Frame) *inference.Prediction { return nil })
}

// FromStored is FromReview for a review whose predictions are not loaded: stored is asked for those that matter, and may
// answer nil.
func FromStored(r *review.Review, include Include, stored func(*review.Frame) *inference.Prediction) Input {
	return take(r, include, nil, stored)
}

func take(r *review.Review, include Include, models []inference.Info, stored func(*review.Frame) *inference.Prediction) Input {
	in := Input{Reader: r.Reader(), Models: map[string]inference.Info{}}
	for _, m := range models {
		in.learn(m)
	}
	for _, it := range r.Study().Items {
		item := Item{Source: it}
		for i := range it.Frames {
			f := r.Frame(review.Key{Instance: it.ID, Frame: i})
			cs := r.Contours(f.Key)
			b := NewBoundary(cs)
			if !include.Takes(f.Status, f.Touched, b) {
				if answered(f) {
					item.LeftOut++
				}
				continue
			}
			p := f.Prediction
			if p == nil {
				p = stored(f)
			}
			if p == nil && !answered(f) {
				continue
			}
			if p != nil {
				in.learn(p.Model)
			}
			frame := Frame{
				Index: i, Labels: f.Labels.Clone(), Boundary: b, Arcs: NewArcs(cs), Status: f.Status, Model: origin(f, p),
				Touched: f.Touched, Edited: edited(f, p),
			}
			frame.Spacing, frame.SpacingFrom = spacing(r, f.Key, cs)
			item.Frames = append(item.Frames, frame)
		}
		in.Items = append(in.Items, item)
	}
	return in
}

// learn remembers a model and what its labels mean.
func (in *Input) learn(m inference.Info) {
	if _, known := in.Models[m.SHA256]; known || m.SHA256 == "" {
		return
	}
	in.Models[m.SHA256] = m
	for _, l := range m.Labels {
		if !in.declared(l.Value) {
			in.Labels = append(in.Labels, l)
		}
	}
}

// answered tells whether anybody, a reader or a model, said something about a frame.
func answered(f *review.Frame) bool {
	return f.Status != review.Open || f.Touched || f.Model != "" || f.Prediction != nil
}

// origin is the model that a mask started from. A model that found nothing leaves no edit behind.
func origin(f *review.Frame, p *inference.Prediction) string {
	if f.Model == "" && !f.Touched && p != nil {
		return p.Model.SHA256
	}
	return f.Model
}

// edited tells whether the mask differs from what the model gave. Without the model's answer at hand, whatever the
// reader touched counts.
func edited(f *review.Frame, p *inference.Prediction) bool {
	return f.Touched && (p == nil || p.Model.SHA256 != f.Model || !p.Mask.Equal(f.Labels))
}

// spacing is the one that covers all of the boundary, or nil, and where it is from.
func spacing(r *review.Review, k review.Key, cs []contour.Contour) (*study.Spacing, study.Calibration) {
	var points [][2]float64
	for _, c := range cs {
		for _, v := range c.Points {
			points = append(points, [2]float64{v.X, v.Y})
		}
	}
	s, from := r.SpacingAt(k, points...)
	if from == study.Uncalibrated {
		return nil, from
	}
	return &s, from
}
