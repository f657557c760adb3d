package models

import (
	"context"
	"time"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
)

// Calibration scales the bands of one model so that they hold in this workspace: fitted on its accepted corrections.
type Calibration struct {
	Band     [4]float64 `json:"band"`     // what the radius of each band is multiplied by
	Expected float64    `json:"expected"` // what the expected error is multiplied by
	Fitted   int        `json:"fitted"`   // studies that it was fitted on
	Checked  int        `json:"checked"`  // studies that it was checked on, which are others
	Before   [4]float64 `json:"before"`   // what the bands covered there, as the model has them
	After    [4]float64 `json:"after"`    // and with the factors
	By       string     `json:"by"`
	At       time.Time  `json:"at"`
}

// NewCalibration is what a reader takes over of a fit.
func NewCalibration(f agree.Refit, by string, now time.Time) Calibration {
	c := Calibration{Band: f.Band, Expected: f.Expected, Fitted: f.Fitted, Checked: f.After.Groups, By: by, At: now.UTC()}
	for i := range c.Band {
		c.Before[i], c.After[i] = f.Before.Coverage[i].Value, f.After.Coverage[i].Value
	}
	return c
}

// Recalibrated fits a calibration to frames that readers accepted. Faults: CodeRefit with too few of them, CodeNearer where the
// fit does no better on those that it was not fitted on.
func Recalibrated(kept []agree.Kept, by string, now time.Time) (Calibration, error) {
	f, ok := agree.Recalibrate(kept, seed)
	if !ok {
		return Calibration{}, fault.New(CodeRefit, "", nil, fault.Args{
			"Need": agree.LeastToRefit, "Have": agree.Check(kept, seed).Groups,
		})
	}
	if !f.Nearer() {
		return Calibration{}, fault.New(CodeNearer, "", nil, nil)
	}
	return NewCalibration(f, by, now), nil
}

// Apply gives a prediction the calibration: the same maps, with bands and expected error scaled, and marked as calibrated
// here. The prediction that is given stays as it is, and what the workspace keeps is always that.
func (c *Calibration) Apply(p *inference.Prediction) *inference.Prediction {
	if c == nil || p == nil || p.Model.CalibratedHere {
		return p
	}
	q := *p
	q.Model.Calibrated, q.Model.CalibratedHere = true, true
	q.Fit.Factor *= c.Expected
	least := 0.0
	for i := range q.Fit.Band {
		q.Fit.Band[i] = max(q.Fit.Band[i]*c.Band[i], least) // a band of more per cent is never the thinner
		least = q.Fit.Band[i]
	}
	return &q
}

// Calibration is what a model, by its SHA-256, got here; nil for none.
func (s *Shelf) Calibration(sha string) (*Calibration, error) {
	st, err := s.state()
	if err != nil {
		return nil, err
	}
	kept := st.Calibrations[sha]
	if len(kept) == 0 {
		return nil, nil
	}
	c := kept[len(kept)-1]
	return &c, nil
}

// Calibrate gives a model a calibration.
func (s *Shelf) Calibrate(ctx context.Context, sha string, c Calibration) error {
	return s.change(ctx, func(st *state) (bool, error) {
		st.Calibrations[sha] = append(st.Calibrations[sha], c)
		return true, nil
	})
}

// Uncalibrate takes the last calibration of a model back: what was before it holds again. The fault CodeFirst says that there
// is none.
func (s *Shelf) Uncalibrate(ctx context.Context, sha string) error {
	return s.change(ctx, func(st *state) (bool, error) {
		kept := st.Calibrations[sha]
		if len(kept) == 0 {
			return false, errFirst()
		}
		st.Calibrations[sha] = kept[:len(kept)-1]
		return true, nil
	})
}

// Recall is ws.Recall, with what was calibrated here applied. Where the calibrations cannot be read the model's own bands stand.
func Recall(ws *store.Workspace) func(k review.Key, sha string) *inference.Prediction {
	st, err := Of(ws.Dir()).state()
	if err != nil {
		return ws.Recall
	}
	return func(k review.Key, sha string) *inference.Prediction {
		p := ws.Recall(k, sha)
		if p == nil || len(st.Calibrations[p.Model.SHA256]) == 0 {
			return p
		}
		kept := st.Calibrations[p.Model.SHA256]
		return kept[len(kept)-1].Apply(p)
	}
}
