package export

import (
	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/review"
)

// Applied is what became of the masks of one file.
type Applied struct {
	Taken  int      // frames whose mask is the file's now
	left   []string // names of images on which a reader worked
	frames map[string]int
}

// Apply gives a review one mask, as a prediction: it can be undone, and a frame on which a reader worked stays as it is. A
// mask that was taken is handed to keep, so that its provenance outlasts the session. Errors are the journal's and keep's.
func (im *Imported) Apply(r *review.Review, f Found, keep func(review.Key, *inference.Prediction) error, a *Applied) error {
	p := im.Prediction(f)
	fr := r.Frame(f.Key)
	if fr == nil {
		return nil
	}
	if !fr.Labels.Equal(p.Mask) {
		if err := r.SetPrediction(f.Key, p); err != nil {
			return err
		}
		r.DropPrediction(f.Key) // of a model there is more to show, and it comes again
		if !fr.Labels.Equal(p.Mask) {
			a.leave(r, f.Key)
			return nil
		}
	}
	a.Taken++
	return keep(f.Key, p)
}

// leave notes a frame that stays as it is.
func (a *Applied) leave(r *review.Review, k review.Key) {
	if a.frames == nil {
		a.frames = map[string]int{}
	}
	name := k.Instance
	for _, it := range r.Study().Items {
		if it.ID == k.Instance {
			name = it.Name
		}
	}
	if a.frames[name]++; a.frames[name] == 1 {
		a.left = append(a.left, name)
	}
}

// Notes say which images a reader's work was left on.
func (a *Applied) Notes(path string) []*fault.Error {
	var out []*fault.Error
	for _, name := range a.left {
		out = append(out, fault.New(CodeNoteReviewed, path, nil, fault.Args{"Name": name, "Frames": a.frames[name]}))
	}
	return out
}

// CommonLabels are what every review knows: the lesion.
func CommonLabels() []inference.Label {
	return []inference.Label{{
		Value: 1, Name: "lesion",
		Category: inference.Code{Value: "49755003", Scheme: "SCT", Meaning: "Morphologically Altered Structure"},
		Type:     inference.Code{Value: "4147007", Scheme: "SCT", Meaning: "Mass"},
	}}
}
