package review

import (
	"strings"

	"echoline/inference"
)

// SetPrediction gives the frame a model's result. The maps are attached in any case. The mask becomes the model's, as one
// edit that can be undone, only where no reader has done, undone or decided anything, and only once per model; nor does a model
// take the place of an import (ImportPrefix). The reader's edits win: nothing else changes pixels. A prediction of another size gives the fault CodeMisfit; other errors are the
// journal's.
func (r *Review) SetPrediction(k Key, p *inference.Prediction) error {
	f, err := r.mustFrame(k)
	if err != nil {
		return err
	}
	if p.Mask == nil || p.W != f.W || p.H != f.H || p.Mask.W != f.W || p.Mask.H != f.H {
		return misfit(r.nameOf(k.Instance), p.W, p.H, f)
	}
	f.Prediction, f.modelled, f.boundary = p, nil, boundary{}
	if f.stroke != nil {
		f.pending = p
		f.stroke.live = nil
		return nil
	}
	return r.takeOver(f, p)
}

// takeOver makes the mask the model's where that is allowed.
func (r *Review) takeOver(f *Frame, p *inference.Prediction) error {
	if !f.givesWay(p.Model.SHA256) || f.Labels.Equal(p.Mask) {
		return nil
	}
	name := namePrediction
	if strings.HasPrefix(p.Model.SHA256, ImportPrefix) {
		name = nameImport
	}
	s, err := r.Begin(f.Key, name, ByModel)
	if err != nil {
		return err
	}
	s.model = p.Model.SHA256
	if err := s.SetLabels(p.Mask); err != nil {
		s.Cancel()
		return err
	}
	_, err = s.Commit()
	return err
}

// catchUp takes over a prediction that came while a stroke was under way.
func (r *Review) catchUp(f *Frame) error {
	p := f.pending
	f.pending = nil
	if p == nil {
		return nil
	}
	return r.takeOver(f, p)
}

// DropPrediction lets the maps of a frame go, which take most of the memory. Its contours keep their expected error until
// the mask changes.
func (r *Review) DropPrediction(k Key) {
	f := r.frames[k]
	if f == nil || f.Prediction == nil || f.stroke != nil {
		return
	}
	r.Contours(k)
	f.Prediction, f.modelled = nil, nil
}

// WithMaps runs do while frame k has the maps of p, as if they had not been let go: its contours are the model's own as long as the
// mask is the model's, and have expected error and bands. Afterwards the frame is as it was. Where maps are there, or p is nil or
// of another size, do runs as it is.
func (r *Review) WithMaps(k Key, p *inference.Prediction, do func()) {
	f := r.Frame(k)
	if f == nil || f.Prediction != nil || f.stroke != nil || p == nil || p.Mask == nil || p.W != f.W || p.H != f.H {
		do()
		return
	}
	before := f.boundary
	f.Prediction, f.modelled, f.boundary = p, nil, boundary{}
	do()
	f.Prediction, f.modelled, f.boundary = nil, nil, before
}
