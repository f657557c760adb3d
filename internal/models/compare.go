package models

import (
	"context"
	"math"
	"slices"
	"sync"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// Case is an image with the mask that counts as its truth: all labels are lesion.
type Case struct {
	Name, Group string
	MM          float64 // millimetres per pixel; 0 where the picture has no scale
	Learned     bool    // models that were trained on masks from the program may have learned from it
	Truth       *mask.Plane
	Load        func() (inference.Image, error)
}

// Result is what two models make of a case. Masks are binary.
type Result struct {
	*Case
	Dice [2]float64 // against the truth; 1 where both are empty
	HD95 [2]float64 // px; +Inf where one is empty
	NSD  [2]float64 // at Tolerance px

	masks [2]mask.Patch // on an empty plane: there may be thousands of results
}

// Mask is what a model (0 or 1) made of the case; every label is 1.
func (r *Result) Mask(model int) *mask.Plane {
	p := mask.NewPlane(r.Truth.W, r.Truth.H)
	_ = r.masks[model].Apply(p) // it was made of a plane of this size
	return p
}

// Gain is by how much the second model's Dice is better.
func (r *Result) Gain() float64 { return r.Dice[1] - r.Dice[0] }

// Tolerance is within which boundaries count as the same for NSD, px.
const Tolerance = 2.0

// Clear is how far Dice must differ for a case to count as better or worse.
const Clear = 0.02

// Comparison is two models on the same cases.
type Comparison struct {
	Models  [2]Model
	Results []Result // the largest gain first
	LeftOut int      // cases that one of the models may have learned from
	Groups  int
	// Mean Dice, NSD and HD95 of each model, and the second's less the first's on the same cases; intervals by a bootstrap over
	// groups. HD95 is over the cases that both outlined.
	Dice, NSD, HD95             [2]float64
	DiceGain, NSDGain, HD95Gain agree.Estimate
	Better, Worse               int // cases whose Dice differs by more than Clear
}

// Settled tells whether the difference of Dice is more than chance, and which way: 1 better, -1 worse, 0 cannot be told.
func (c *Comparison) Settled() int {
	switch {
	case c.DiceGain.Low > 0:
		return 1
	case c.DiceGain.High < 0:
		return -1
	}
	return 0
}

// Compare asks two models about the same cases and holds their masks against the truth. Cases from which one of them may
// have learned are left out. Predictors serve one call at a time. Faults: CodeNoCases, CodeSeen, and what predictors say.
func Compare(ctx context.Context, models [2]Model, predictors [2]inference.Predictor, cases []Case, progress func(done, total int)) (*Comparison, error) {
	c := &Comparison{Models: models}
	fair := cases
	if models[0].OwnCases || models[1].OwnCases {
		fair = slices.DeleteFunc(slices.Clone(cases), func(one Case) bool { return one.Learned })
		c.LeftOut = len(cases) - len(fair)
	}
	switch {
	case len(cases) == 0:
		return nil, fault.New(CodeNoCases, "", nil, nil)
	case len(fair) == 0:
		return nil, fault.New(CodeSeen, "", nil, fault.Args{"Cases": len(cases)})
	}
	for i := range fair {
		r, err := compareOne(ctx, predictors, &fair[i])
		if err != nil {
			return nil, err
		}
		c.Results = append(c.Results, *r)
		if progress != nil {
			progress(i+1, len(fair))
		}
	}
	c.sum()
	return c, nil
}

// compareOne asks both models about a case, side by side.
func compareOne(ctx context.Context, predictors [2]inference.Predictor, one *Case) (*Result, error) {
	im, err := one.Load()
	if err != nil {
		return nil, err
	}
	r := &Result{Case: one}
	truth := flat(one.Truth)
	var errs [2]error
	var both sync.WaitGroup
	for i, p := range predictors {
		both.Go(func() {
			pr, err := p.Predict(ctx, im, inference.Guidance{})
			if err != nil {
				errs[i] = err
				return
			}
			m := flat(pr.Mask)
			r.masks[i], r.Dice[i] = mask.Diff(mask.NewPlane(m.W, m.H), m, m.Rect()), contour.Dice(m, truth, 1)
			r.HD95[i], r.NSD[i] = contour.HD95(m, truth, 1), contour.NSD(m, truth, 1, Tolerance)
		})
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// flat is a mask of which every label is 1.
func flat(p *mask.Plane) *mask.Plane {
	out := p.Clone()
	for i, v := range out.Pix {
		out.Pix[i] = min(v, 1)
	}
	return out
}

// seed makes intervals of the same cases the same each time.
const seed = 1

// sum works out the means, and orders the results.
func (c *Comparison) sum() {
	slices.SortStableFunc(c.Results, func(a, b Result) int {
		switch d := b.Gain() - a.Gain(); {
		case d > 0:
			return 1
		case d < 0:
			return -1
		}
		return 0
	})
	known := map[string]bool{}
	groups := make([]string, len(c.Results))
	for i := range c.Results {
		r := &c.Results[i]
		groups[i] = r.Group
		known[r.Group] = true
		switch g := r.Gain(); {
		case g > Clear:
			c.Better++
		case g < -Clear:
			c.Worse++
		}
	}
	c.Groups = len(known)
	c.Dice, c.DiceGain = c.paired(groups, func(r *Result) [2]float64 { return r.Dice })
	c.NSD, c.NSDGain = c.paired(groups, func(r *Result) [2]float64 { return r.NSD })
	c.HD95, c.HD95Gain = c.paired(groups, func(r *Result) [2]float64 { return r.HD95 })
}

// paired is the mean of a measure for each model, and of its difference. Cases in which either is no number do not count.
func (c *Comparison) paired(groups []string, value func(r *Result) [2]float64) (means [2]float64, gain agree.Estimate) {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	mean := func(cases []int, of func(v [2]float64) float64) float64 {
		var all []float64
		for _, i := range cases {
			if v := value(&c.Results[i]); finite(v[0]) && finite(v[1]) {
				all = append(all, of(v))
			}
		}
		return agree.Mean(all)
	}
	every := make([]int, len(c.Results))
	for i := range every {
		every[i] = i
	}
	for k := range means {
		means[k] = mean(every, func(v [2]float64) float64 { return v[k] })
	}
	difference := func(cases []int) float64 { return mean(cases, func(v [2]float64) float64 { return v[1] - v[0] }) }
	gain.Value = difference(every)
	gain.Low, gain.High = agree.Interval(groups, seed, difference)
	return means, gain
}
