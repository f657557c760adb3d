package tool

import (
	"math"
	"sort"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// nameSlide is the name of the tool.
const nameSlide = "slide"

const (
	// slideStep is how far a notch of the wheel moves an arc, as a share of the root of the outline's area, and
	// leastSlide the least, px: a lesion of 60 px across moves by about a pixel.
	slideStep, leastSlide = 1.0 / 60, 0.5
	// blendShare is the share of an arc at each end along which the movement fades.
	blendShare = 0.25
	// profileShare is how far beside the outline the probability is read, as a share of the root of its area, and
	// leastProfile the least, px.
	profileShare, leastProfile = 0.25, 8.0
	// profileSteps is how many values are read to each side, profilePlaces at how many places along an arc at most.
	profileSteps, profilePlaces = 32, 400
	// slideSlack and slideExtra, px, bound how much farther than the arc on the whole a piece of it may go: where the
	// probability leaks, the outline does not.
	slideSlack, slideExtra = 3.0, 1.0
	// flat is the change of the logit within the profile below which the model does not tell where the boundary may lie.
	flat = 0.25
	// slidePasses is how often the movement is smoothed along the arc.
	slidePasses = 4
)

// Slide moves an arc between the model's iso-contours: outwards along lower probabilities, inwards along higher ones, so
// far that on the whole it moves as the reader asks, and least where the model sees an edge. At its ends the arc stays.
// Where the model says nothing, or the same everywhere, it moves along its normal. Other labels stay as they are. Inverted it
// moves the whole outline.
//
// A press chooses the arc under the pointer; Turn moves it by notches of the wheel, Drag takes it along with the pointer.
type Slide struct {
	near
	review *review.Review
	label  uint8
	weak   float64
	stroke *review.Stroke
	ring   *ring
	places []slidePlace
	step   float64 // px per notch
	pitch  float64 // px between the values of a profile
	turned float64 // notches
	grip   contour.Point
	normal contour.Point // at the grip, outwards
	shown  draft
}

var _ Tool = (*Slide)(nil)

// slidePlace is one corner of the ring that moves.
type slidePlace struct {
	at      int           // index into the ring's points
	normal  contour.Point // outwards, of length 1
	weight  float64       // share of the movement, 0 at an arc's ends
	level   float64       // logit of the probability here
	out, in []float64     // how low the logit gets outwards, how high inwards; nil where nothing is known
}

// NewSlide returns a tool that slides arcs of a label's boundary.
func NewSlide(r *review.Review, label uint8) *Slide {
	return &Slide{near: near{firstReach}, review: r, label: label, weak: math.Inf(1)}
}

// Name implements Tool.
func (t *Slide) Name() string { return nameSlide }

// Hint implements Tool.
func (t *Slide) Hint() string { return "tool.slide.hint" }

// Fit implements Tool. Arcs have their own size.
func (t *Slide) Fit(review.Key, float64) {}

// SetWeak says how arcs are cut: by the expected error, in px, above which a point counts as weak. It is +Inf at first.
func (t *Slide) SetWeak(px float64) { t.weak = px }

// Press implements Tool. It chooses the arc nearest to p, and changes nothing.
func (t *Slide) Press(k review.Key, p Pointer) error {
	t.Cancel()
	rings := ringsOf(t.review, k, t.label)
	arcs := t.review.Arcs(k, t.weak)
	s, err := t.review.Begin(k, nameSlide, review.ByReader)
	if err != nil {
		return err
	}
	t.respect(s, p.point())
	t.stroke, t.ring, t.places, t.turned, t.shown = s, nil, nil, 0, draft{}
	if math.IsNaN(p.X + p.Y) {
		return nil
	}
	best := place{far: math.Inf(1)}
	for i := range rings {
		if at := rings[i].nearest(contour.Point{X: p.X, Y: p.Y}); at.far < best.far {
			best, t.ring = at, &rings[i]
		}
	}
	if t.ring == nil {
		return nil
	}
	size := math.Sqrt(math.Abs(areaOf(t.ring.pts)))
	t.step = math.Max(leastSlide, slideStep*size)
	t.grip, t.normal = contour.Point{X: p.X, Y: p.Y}, t.ring.normalAt(best.at)
	from, n := arcUnder(t.ring, arcs, best.at, p.Invert)
	t.pitch = math.Max(leastProfile, profileShare*size) / profileSteps
	t.read(t.review.Frame(k), from, n)
	return nil
}

// arcUnder is the first corner and the number of corners of the arc that holds corner at.
func arcUnder(r *ring, arcs []contour.Arc, at int, whole bool) (from, n int) {
	all := len(r.pts)
	for _, a := range arcs {
		n := (a.To-a.From+all)%all + 1
		if a.Contour == r.index && (at-a.From+all)%all < n && !whole {
			return a.From, n
		}
	}
	return 0, all
}

// normalReach is over how many corners to each side the direction of a ring is taken.
const normalReach = 3

// normalAt is the direction outwards, away from the label, at a corner.
func (r *ring) normalAt(i int) contour.Point {
	n := len(r.pts)
	reach := min(normalReach, (n-1)/2)
	a, b := r.pts[(i+n-reach)%n], r.pts[(i+reach)%n]
	d := apart(a, b)
	if d == 0 {
		return contour.Point{}
	}
	return contour.Point{X: (b.Y - a.Y) / d, Y: (a.X - b.X) / d} // rings have the label on their right hand
}

// read looks at the probability along the arc.
func (t *Slide) read(f *review.Frame, from, n int) {
	all := len(t.ring.pts)
	fade := blendShare * float64(n)
	stride := (n + profilePlaces - 1) / profilePlaces
	for i := 0; i < n; i += stride {
		p := slidePlace{at: (from + i) % all, weight: 1}
		if n < all {
			end := math.Min(float64(i), float64(n-1-i))
			p.weight = 0.5 - 0.5*math.Cos(math.Pi*math.Min(1, end/fade))
		}
		p.normal = t.ring.normalAt(p.at)
		if f.Prediction != nil && len(f.Prediction.Probability) == f.W*f.H {
			p.profile(t.ring.pts[p.at], f, t.pitch)
		}
		t.places = append(t.places, p)
	}
}

// profile reads the probability to both sides of a place, every pitch px.
func (p *slidePlace) profile(at contour.Point, f *review.Frame, pitch float64) {
	read := func(k float64) float64 {
		return logitAt(f.Prediction.Probability, f.W, f.H, at.X+k*pitch*p.normal.X, at.Y+k*pitch*p.normal.Y)
	}
	p.level = read(0)
	values := make([]float64, 2*profileSteps)
	p.out, p.in = values[:profileSteps], values[profileSteps:]
	low, high := p.level, p.level
	for k := range profileSteps {
		low = math.Min(low, read(float64(k+1)))
		high = math.Max(high, read(-float64(k+1)))
		p.out[k], p.in[k] = low, high
	}
}

// logitAt is the logit of the probability at a point of the picture, read bilinearly between pixel centres.
func logitAt(field []float32, w, h int, x, y float64) float64 {
	x, y = math.Max(0, math.Min(float64(w-1), x-0.5)), math.Max(0, math.Min(float64(h-1), y-0.5))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	upper := float64(field[y0*w+x0])*(1-fx) + float64(field[y0*w+x1])*fx
	lower := float64(field[y1*w+x0])*(1-fx) + float64(field[y1*w+x1])*fx
	v := math.Max(1e-6, math.Min(1-1e-6, upper*(1-fy)+lower*fy))
	return math.Log(v / (1 - v))
}

// Turn moves the arc by notches of the wheel: outwards above zero. It adds to the notches before.
func (t *Slide) Turn(notches float64) {
	if t.stroke == nil || t.ring == nil || math.IsNaN(notches) {
		return
	}
	t.turned += notches
	t.move(t.turned * t.step)
}

// Step is how far, px, a notch moves the arc chosen; 0 where there is none.
func (t *Slide) Step() float64 {
	if t.stroke == nil || t.ring == nil {
		return 0
	}
	return t.step
}

// Drag implements Tool. The arc follows the pointer across the boundary.
func (t *Slide) Drag(p Pointer) {
	if t.stroke == nil || t.ring == nil || math.IsNaN(p.X+p.Y) || math.IsInf(p.X+p.Y, 0) {
		return
	}
	t.turned = ((p.X-t.grip.X)*t.normal.X + (p.Y-t.grip.Y)*t.normal.Y) / t.step
	t.move(t.turned * t.step)
}

// move moves the arc by px on the whole from where the gesture found it.
func (t *Slide) move(px float64) {
	if px == 0 {
		t.shown.wipe(t.stroke)
		return
	}
	moves := t.moves(px)
	next := append([]contour.Point{}, t.ring.pts...)
	all := len(next)
	for i := range t.places {
		p, m := &t.places[i], moves[i]
		next[p.at].X += m * p.normal.X
		next[p.at].Y += m * p.normal.Y
		if i+1 == len(t.places) {
			break
		}
		q := &t.places[i+1]
		for gap, k := (q.at-p.at+all)%all, 1; k < gap; k++ { // corners that were not read move as their neighbours
			share := float64(k) / float64(gap)
			c := &next[(p.at+k)%all]
			c.X += (1-share)*m*p.normal.X + share*moves[i+1]*q.normal.X
			c.Y += (1-share)*m*p.normal.Y + share*moves[i+1]*q.normal.Y
		}
	}
	t.shown.become(t.stroke, t.ring, mask.Wound(corners(next)), t.label)
}

// moves is how far each place moves, px outwards, so that the arc moves by px on the whole.
func (t *Slide) moves(px float64) []float64 {
	weights := 0.0
	for i := range t.places {
		weights += t.places[i].weight
	}
	out := make([]float64, len(t.places))
	low, high := 0.0, 30.0 // by how much the logit changes: no probability is farther away
	for range 16 {
		middle, sum := (low+high)/2, 0.0
		for i := range t.places {
			out[i] = t.places[i].move(middle, px, t.pitch)
			sum += math.Abs(out[i])
		}
		if sum < math.Abs(px)*weights {
			low = middle
		} else {
			high = middle
		}
	}
	for range slidePasses {
		smoothMoves(out, len(t.places) == len(t.ring.pts))
	}
	return out
}

// move is how far the place moves if the logit changes by shift: to where the profile is that low or high, or as far as may
// be where it never is; as far as asked for where the profile is flat.
func (p *slidePlace) move(shift, px, pitch float64) float64 {
	sign, profile, asked := 1.0, p.out, math.Abs(px)
	if px < 0 {
		sign, profile = -1, p.in
	}
	limit := p.weight * (slideSlack*asked + slideExtra)
	if len(profile) == 0 || math.Abs(p.level-profile[len(profile)-1]) < flat {
		return sign * p.weight * asked
	}
	shift *= p.weight
	k := sort.Search(len(profile), func(k int) bool { return sign*(p.level-profile[k]) >= shift })
	if k == len(profile) {
		return sign * math.Min(limit, float64(k)*pitch)
	}
	before, part := p.level, 1.0
	if k > 0 {
		before = profile[k-1]
	}
	if v := profile[k]; v != before {
		part = (p.level - sign*shift - before) / (v - before)
	}
	return sign * math.Min(limit, (float64(k)+part)*pitch)
}

// smoothMoves draws each movement to the middle of its neighbours; the ends stay unless it is a ring.
func smoothMoves(m []float64, closed bool) {
	if len(m) < 3 {
		return
	}
	first, last := m[0], m[len(m)-1]
	before := first
	if closed {
		before = last
	}
	for i := range m {
		after := first
		if i+1 < len(m) {
			after = m[i+1]
		}
		v := m[i]
		if closed || i > 0 && i+1 < len(m) {
			m[i] = (before + 2*v + after) / 4
		}
		before = v
	}
}

// Release implements Tool.
func (t *Slide) Release() (changed bool, err error) {
	if t.stroke == nil {
		return false, nil
	}
	s := t.stroke
	t.stroke = nil
	return s.Commit()
}

// Cancel implements Tool.
func (t *Slide) Cancel() {
	if t.stroke != nil {
		t.stroke.Cancel()
		t.stroke = nil
	}
}

// Outline implements Tool. A press reaches no pixels.
func (t *Slide) Outline(contour.Point) []contour.Point { return nil }
