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
	Labels        []Label
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

// Guidance is what the reader gave the model. The zero value means automatic.
type Guidance struct {
	Positive, Negative []contour.Point
	Stroke             []contour.Point
	Mask               *mask.Plane
}

// Prediction is the model's answer for one frame, at native size. It is immutable once returned.
type Prediction struct {
	Model       Info
	W, H        int
	Probability []float32 // after temperature, 0..1
	Scale       []float32 // Laplace scale b of the boundary's displacement in native pixels; nil where the model has none
	Present     float64   // probability that a lesion is there at all; NaN where the model does not say
	Threshold   float64
	Fit         Fit
	Mask        *mask.Plane // cleaned label plane
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
