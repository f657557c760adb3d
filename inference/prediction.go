package inference

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// Contours returns the boundary of label in the prediction's mask, to a fraction of a pixel: where the logit crosses the
// threshold's between the pixels of the mask and those outside. Expected error and bands are set as Annotate does.
func (p *Prediction) Contours(label uint8) []contour.Contour {
	box := mask.Bounds(p.Mask, label)
	if box.Empty() {
		return nil
	}
	box = box.Inset(-1).Intersect(p.Mask.Rect())
	w, h := box.Dx(), box.Dy()
	field := make([]float32, w*h)
	level := logit(p.Threshold)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		row := field[(y-box.Min.Y)*w:][:w]
		for i := range row {
			row[i] = float32(p.side(box.Min.X+i, y, label, level))
		}
	}
	cs := contour.FromField(field, w, h, 0, label)
	for i := range cs {
		for k := range cs[i].Points {
			v := &cs[i].Points[k]
			v.X += float64(box.Min.X)
			v.Y += float64(box.Min.Y)
		}
	}
	p.Annotate(cs)
	return cs
}

// inner stands for the logit of pixels whose value no crossing depends on.
const inner = 1.0

// least keeps a pixel on its side of the threshold where rounding or cleaning put it on the other side.
const least = 1e-6

// side is how far the logit of pixel (x, y) lies above the level, positive exactly where the mask has label. Logits are
// only worked out beside the boundary: elsewhere no crossing depends on them.
func (p *Prediction) side(x, y int, label uint8, level float64) float64 {
	m := p.Mask
	in := m.Pix[y*m.W+x] == label
	if y > 0 && y < m.H-1 && x > 0 && x < m.W-1 {
		same := true
		for k := (y-1)*m.W + x; k <= (y+1)*m.W+x; k += m.W {
			same = same && (m.Pix[k-1] == label) == in && (m.Pix[k] == label) == in && (m.Pix[k+1] == label) == in
		}
		if same && in {
			return inner
		}
		if same {
			return -inner
		}
	}
	v := logit(float64(p.Probability[y*p.W+x])) - level
	if in {
		return math.Max(v, least)
	}
	return math.Min(v, -least)
}

// logit is the inverse of the sigmoid; probabilities of 0 and 1 give what the nearest other float32 would.
func logit(p float64) float64 {
	p = math.Max(math.SmallestNonzeroFloat32, math.Min(1-1.0/(1<<25), p))
	return math.Log(p / (1 - p))
}

// Annotate sets expected error and bands (px) of every vertex from the scale at its place, sampled bilinearly; unknown
// where the model gave no scale.
func (p *Prediction) Annotate(cs []contour.Contour) {
	for i := range cs {
		for k := range cs[i].Points {
			v := &cs[i].Points[k]
			b := p.scaleAt(v.X, v.Y)
			v.Expected = p.Fit.Factor * b
			for q, r := range p.Fit.Band {
				v.Band[q] = r * b
			}
		}
	}
}

// scaleAt samples the scale between the centres of the four pixels around (x, y); beyond the outermost centres it stays
// as it is there.
func (p *Prediction) scaleAt(x, y float64) float64 {
	if p.Scale == nil {
		return contour.Unknown
	}
	x0, x1, fx := between(x, p.W)
	y0, y1, fy := between(y, p.H)
	at := func(x, y int) float64 { return float64(p.Scale[y*p.W+x]) }
	upper := at(x0, y0) + fx*(at(x1, y0)-at(x0, y0))
	lower := at(x0, y1) + fx*(at(x1, y1)-at(x0, y1))
	return upper + fy*(lower-upper)
}

// between gives the pixels of a row of n whose centres lie around v, and how far v is from the first to the second.
func between(v float64, n int) (i, k int, share float64) {
	v = math.Min(v-0.5, float64(n-1))
	if !(v > 0) {
		v = 0
	}
	i = int(v)
	return i, min(i+1, n-1), v - float64(i)
}
