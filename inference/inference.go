// Package inference holds the model contract: what a model promises, how a frame becomes its input, and how its output
// becomes a prediction with expected error. It is pure but for the Worker; running a graph is the Engine's work, which
// inference/ort implements.
package inference

import (
	"context"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// Info describes a loaded model.
type Info struct {
	Name, Version string
	SHA256        string // of the model file, hex
	Path          string
	Calibrated    bool // bands and expected error were fitted
	Guided        bool // takes clicks and strokes
	// CalibratedHere says that the bands were fitted anew on a workspace's own corrections. It is of a prediction as it is shown,
	// never of one that is kept.
	CalibratedHere bool `json:"-"`
	Labels         []Label
}

// Label is one thing that a model outlines, with its codes.
type Label struct {
	Value                  uint8
	Name                   string
	Category, Type, Region Code
}

// Code is a coded concept: value, scheme ("SCT"), meaning.
type Code struct{ Value, Scheme, Meaning string }

// Image is the grey picture that readers see, 0..1, row by row from the top.
type Image struct {
	W, H int
	Grey []float32
}

// Guidance is what the reader gave the model, in image coordinates. The zero value means automatic, and so does a mask
// without the model's label and nothing else.
type Guidance struct {
	Positive, Negative []contour.Point // clicks on what belongs inside and outside
	Stroke             []contour.Point // along the true boundary; one point is a dab
	Mask               *mask.Plane     // the mask so far, of the image's size; nil where there is none
	Newest             Hint            // for Merge, which changes only what belongs to it
}

// Hint is a part of guidance.
type Hint uint8

// The parts that a reader can have given last.
const (
	Everything    Hint = iota // all clicks and the stroke, at once
	PositiveClick             // the last of Positive
	NegativeClick             // the last of Negative
	ContourStroke             // Stroke
)

// Prediction is the model's answer for one frame, at native size. It is immutable once returned.
type Prediction struct {
	Model       Info
	W, H        int
	Probability []float32 // after temperature, 0..1
	Scale       []float32 // Laplace scale b of the boundary's displacement in native pixels; nil where the model has none
	Present     float64   // probability that a lesion is there at all; NaN where the model does not say
	// ExpectedDice is what the Dice of the mask against the truth is expected to be, 0..1. It is of automatic masks: NaN
	// with guidance, where the mask is empty (Present says how sure that is), and where the model does not say.
	ExpectedDice float64
	ClickRadius  float64 // within which pixels belong to a click, native px; 0 where the model takes no guidance
	Threshold    float64
	Fit          Fit
	Mask         *mask.Plane // cleaned label plane
}

// Fit turns b into expected error and bands (pixels): expected = Factor*b, r = Band[i]*b for contour.Levels[i].
type Fit struct {
	Factor float64
	Band   [4]float64
}

// Predictor predicts frames. Implementations honour ctx and are safe for one call at a time.
type Predictor interface {
	Info() Info
	Predict(ctx context.Context, im Image, g Guidance) (*Prediction, error)
}
