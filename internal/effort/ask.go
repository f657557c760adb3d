package effort

import (
	"context"
	"math"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
)

const (
	// clickShare and strokeShare are what of the wrong pixels that a click or a stroke is about a reader expects the model to
	// put right: what they did on val, on the mean over errors that left Dice above 0.8, where there is something to correct.
	clickShare, strokeShare = 0.2, 0.25
	// strokePart is the part of a wrong stretch along which a reader strokes to show the model the boundary.
	strokePart = 0.5
	// patience is how many answers in a row may not help before a reader asks no more.
	patience = 3
)

// asked is what is left of the question before: until something else changes the mask, what the model moved is not locked.
type asked struct {
	after  *mask.Plane
	locked *mask.Plane
}

// planAsking plans a click or a stroke for the model. What comes of it a reader cannot foresee: he expects a share of what
// is wrong.
func (d *desk) planAsking(t string, e *misses) []*plan {
	if d.o.Ask == nil || d.refused >= patience {
		return nil
	}
	if t == toolClick {
		at, inside, pixels := d.deepest()
		if pixels == 0 {
			return nil
		}
		return []*plan{{tool: t, line: []contour.Point{at}, inside: inside, ring: -1, less: clickShare * pixels}}
	}
	weight := make([]float64, len(e.missing))
	for i := range weight {
		weight[i] = e.missing[i] + e.extra[i]
	}
	var out []*plan
	for _, r := range d.bestStretches(weight) {
		wrong := 0.0
		for k := range r.n {
			wrong += weight[r.site(k)]
		}
		part := max(3, int(math.Round(strokePart*float64(r.n))))
		r.from, r.n = r.from+(r.n-part)/2, part
		out = append(out, &plan{tool: t, line: d.along(r, 0), ring: -1, anew: r.most(), less: strokeShare * wrong})
	}
	return out
}

// ask asks the model, as the window does, and takes the answer if it is better than what was there.
func (d *desk) ask(ctx context.Context, p *plan, line []contour.Point) error {
	before := d.review.Mask(d.key)
	g := inference.Guidance{}
	if mask.Count(before, Label) > 0 {
		g.Mask = before
	}
	switch {
	case p.tool == toolStroke:
		g.Stroke, g.Newest = line, inference.ContourStroke
	case p.inside:
		g.Positive, g.Newest = line, inference.PositiveClick
	default:
		g.Negative, g.Newest = line, inference.NegativeClick
	}
	answer, err := d.o.Ask.Predict(ctx, d.c.Image, g)
	if err != nil {
		return err
	}
	locked := d.review.Locked(d.key, Label)
	if d.asked.after == before {
		locked = d.asked.locked
	}
	after := inference.Merge(before, answer.Mask, g, inference.Merging{Label: Label, Radius: answer.ClickRadius, Locked: locked})
	wrong, _ := d.compare(after)
	if float64(d.wrong-wrong) < p.less/4 {
		d.refused++
	} else {
		d.refused = 0
	}
	if wrong >= d.wrong { // Esc
		return nil
	}
	if _, err := d.review.Take(d.key, before, after, answer.Model.SHA256); err != nil {
		return err
	}
	d.asked = asked{after: d.review.Mask(d.key), locked: locked}
	d.look()
	return nil
}
