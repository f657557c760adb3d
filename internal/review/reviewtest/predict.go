package reviewtest

import (
	"math"

	"echoline/inference"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// Predict gives the frame of a review a prediction: label 1 where logit, of a pixel's centre in px, is not below zero; scale
// is the expected error there, in px, and may be nil.
func Predict(r *review.Review, logit, scale func(x, y float64) float64) error {
	f := r.Frame(Key)
	p := &inference.Prediction{
		Model: inference.Info{SHA256: "reviewtest"}, W: f.W, H: f.H, Threshold: 0.5, Present: 1, Mask: mask.NewPlane(f.W, f.H),
		Probability: make([]float32, f.W*f.H), Fit: inference.Fit{Factor: 1},
	}
	if scale != nil {
		p.Scale = make([]float32, f.W*f.H)
	}
	for i := range p.Probability {
		x, y := float64(i%f.W)+0.5, float64(i/f.W)+0.5
		l := logit(x, y)
		p.Probability[i] = float32(1 / (1 + math.Exp(-l)))
		if l >= 0 {
			p.Mask.Pix[i] = 1
		}
		if scale != nil {
			p.Scale[i] = float32(scale(x, y))
		}
	}
	return r.SetPrediction(Key, p)
}
