package agree

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// Kept is a frame of which a model said something and a reader accepted a mask, corrected or not.
type Kept struct {
	Group     string            // of the patient or study
	MM        float64           // millimetres per pixel; 0 where the picture has no scale
	Predicted []contour.Contour // the model's, with expected errors and bands
	Accepted  *mask.Plane
	Marks     *mask.Plane // contour.State of the accepted mask's boundary; nil where nothing was marked
	Weak      float64     // expected error, px, from which a point counts as weak
}

// Trust says whether what a model expects of its own boundary came true on frames that readers accepted.
type Trust struct {
	Frames, Groups int // with a predicted boundary
	Missed         int // frames in which the model outlined nothing and the reader did
	// Coverage is, for each of contour.Levels, the share of the model's boundary that has the accepted boundary within its
	// band: the mean over frames. What the band promises is the level.
	Coverage [4]Estimate
	// Weak and Sure are how far the accepted boundary lies from weak points of the model's and from the others, the mean over
	// frames: in mm where every frame has a scale, else px.
	Weak, Sure  Estimate
	Millimetres bool
}

// Check compares predictions with what became of them. Points next to an accepted boundary that a reader marked as not
// visible do not count: nobody knows better there. Where a reader accepted an empty mask no point is covered, and nothing
// is said of distances. Labels are those of the predicted contours. seed makes the intervals repeatable.
func Check(frames []Kept, seed uint64) Trust {
	t := Trust{Millimetres: true}
	var all []checked
	var groups []string
	known := map[string]bool{}
	for i := range frames {
		c, ok := check(&frames[i])
		if !ok {
			if len(frames[i].Predicted) == 0 && anything(frames[i].Accepted) {
				t.Missed++
			}
			continue
		}
		all = append(all, c)
		groups = append(groups, frames[i].Group)
		known[frames[i].Group] = true
		t.Millimetres = t.Millimetres && frames[i].MM > 0
	}
	t.Frames, t.Groups = len(all), len(known)
	mean := func(value func(c *checked) float64) Estimate {
		return estimate(groups, seed, func(cases []int) float64 {
			values := make([]float64, len(cases))
			for i, c := range cases {
				values[i] = value(&all[c])
			}
			return Mean(values)
		})
	}
	for level := range t.Coverage {
		t.Coverage[level] = mean(func(c *checked) float64 { return c.covered[level] })
	}
	t.Weak = mean(func(c *checked) float64 { return c.weak * c.scale(t.Millimetres) })
	t.Sure = mean(func(c *checked) float64 { return c.sure * c.scale(t.Millimetres) })
	return t
}

// checked is what one frame says. Distances are means in px; NaN where there is no such point.
type checked struct {
	covered    [4]float64
	weak, sure float64
	mm         float64
}

func (c *checked) scale(mm bool) float64 {
	if mm {
		return c.mm
	}
	return 1
}

// check compares one frame. It fails where no point of a predicted boundary counts.
func check(k *Kept) (checked, bool) {
	var covered [4]float64
	var weak, sure []float64
	points := 0.0
	eachPoint(k, func(v *contour.Vertex, d float64) {
		points++
		for level, r := range v.Band {
			covered[level] += apart(d <= r)
		}
		if v.Expected >= k.Weak {
			weak = append(weak, d)
		} else {
			sure = append(sure, d)
		}
	})
	if points == 0 {
		return checked{}, false
	}
	for level := range covered {
		covered[level] /= points
	}
	return checked{covered, Mean(weak), Mean(sure), k.MM}, true
}

// eachPoint goes through the points of a predicted boundary that count, each with how far the accepted boundary lies from it,
// px; +Inf where there is none.
func eachPoint(k *Kept, do func(v *contour.Vertex, d float64)) {
	truth := boundaries{}
	for i := range k.Predicted {
		c := &k.Predicted[i]
		lines := truth.of(c.Label, k)
		for n := range c.Points {
			v := &c.Points[n]
			if math.IsNaN(v.Band[0]) {
				continue
			}
			if d, state := nearestOn(lines, v.Point); state != contour.NotVisible {
				do(v, d)
			}
		}
	}
}

// boundaries are the accepted boundaries of a frame by label.
type boundaries map[uint8][]contour.Contour

func (b boundaries) of(label uint8, k *Kept) []contour.Contour {
	cs, ok := b[label]
	if !ok {
		cs = contour.FromMask(k.Accepted, label)
		if k.Marks != nil {
			contour.ReadStates(cs, k.Marks)
		}
		b[label] = cs
	}
	return cs
}

// nearestOn is how far p lies from the lines, px, and the state of the nearest point; +Inf without lines.
func nearestOn(lines []contour.Contour, p contour.Point) (float64, contour.State) {
	best, state := math.Inf(1), contour.Predicted
	for i := range lines {
		pts := lines[i].Points
		for k := range pts {
			if d := toSegment(p, pts[k].Point, pts[(k+1)%len(pts)].Point); d < best {
				best, state = d, pts[k].State
			}
		}
	}
	return best, state
}

// toSegment is the distance of p from the segment a–b.
func toSegment(p, a, b contour.Point) float64 {
	dx, dy := b.X-a.X, b.Y-a.Y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((p.X-a.X)*dx+(p.Y-a.Y)*dy)/l, 0), 1)
	}
	return math.Hypot(p.X-a.X-t*dx, p.Y-a.Y-t*dy)
}

// anything tells whether a mask holds any label.
func anything(p *mask.Plane) bool {
	for _, v := range p.Pix {
		if v != 0 {
			return true
		}
	}
	return false
}

// WeakFrom is the expected error, px, that the given share of all points of the predicted boundaries exceeds; NaN where no
// point has one.
func WeakFrom(frames []Kept, share float64) float64 {
	var all []float64
	for i := range frames {
		for k := range frames[i].Predicted {
			for _, v := range frames[i].Predicted[k].Points {
				if !math.IsNaN(v.Expected) {
					all = append(all, v.Expected)
				}
			}
		}
	}
	if len(all) == 0 {
		return math.NaN()
	}
	return contour.Percentile(all, 1-share)
}
