package review

import (
	"image"
	"math"
	"slices"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// boundary is what is known of a frame's outline; the zero value knows nothing yet.
type boundary struct {
	known    bool
	contours []contour.Contour
	cut      bool
	weak     float64 // with which arcs were cut
	arcs     []contour.Arc
	progress Progress
}

// Mask is the frame's mask. Like Contours it follows a stroke under way. Read it only; it is nil for a
// frame that does not exist.
func (r *Review) Mask(k Key) *mask.Plane {
	f := r.Frame(k)
	if f == nil {
		return nil
	}
	if f.stroke != nil {
		return f.stroke.Labels()
	}
	return f.Labels
}

// Contours returns the frame's boundary with expected error and states, sub-pixel from the model's field as long as the
// mask is the model's, else from the mask. While a stroke is under way it follows that. Read it only; it is nil for a
// frame without mask.
func (r *Review) Contours(k Key) []contour.Contour {
	f := r.Frame(k)
	if f == nil {
		return nil
	}
	if s := f.stroke; s != nil && s.writes > 0 {
		return s.contours()
	}
	if !f.boundary.known {
		f.boundary = boundary{known: true, contours: f.outline()}
	}
	return f.boundary.contours
}

// outline works the contours out.
func (f *Frame) outline() []contour.Contour {
	if f.Labels.W*f.Labels.H == 0 {
		return nil
	}
	var cs []contour.Contour
	if p := f.Prediction; p != nil && f.Labels.Equal(p.Mask) {
		cs = f.ofModel()
	} else {
		cs = f.fromMask(f.Labels, labelsIn(f.Labels, f.labelled), f.labelled)
	}
	contour.ReadStates(cs, f.Marks)
	return cs
}

// ofModel gives the contours of the frame's prediction, whose mask is the frame's. They are worked out once: much is
// undone to them.
func (f *Frame) ofModel() []contour.Contour {
	if f.modelled == nil {
		for _, label := range labelsIn(f.Labels, f.labelled) {
			f.modelled = append(f.modelled, f.Prediction.Contours(label)...)
		}
	}
	out := slices.Clone(f.modelled)
	for i := range out {
		out[i].Points = slices.Clone(out[i].Points) // they take the states of the frame
	}
	return out
}

// fromMask gives the contours of a mask, whose labels lie inside within, with the model's expected error.
func (f *Frame) fromMask(p *mask.Plane, labels []uint8, within image.Rectangle) []contour.Contour {
	cs := outlines(p, labels, within)
	if f.Prediction != nil {
		f.Prediction.Annotate(cs)
	}
	return cs
}

// contours is the boundary as the stroke has made it so far: what it moved already counts as corrected.
func (s *Stroke) contours() []contour.Contour {
	if s.live != nil && s.liveAt == s.writes {
		return s.live
	}
	cs := s.frame.fromMask(s.labels, s.holds, s.extent())
	contour.ReadStates(cs, s.Marks())
	if s.origin != ByModel && !s.sweeping {
		eachVertex(cs, func(v *contour.Vertex) {
			if s.movedAt(v.Point, s.dirty) {
				v.State = contour.Corrected
			}
		})
	}
	s.live, s.liveAt = cs, s.writes
	return cs
}

// Marks is the plane of states as the stroke has made it so far. Read it only.
func (s *Stroke) Marks() *mask.Plane {
	if s.marks != nil {
		return s.marks
	}
	return s.frame.Marks
}

// Arcs returns the boundary cut into arcs. weak is the expected error, in px, above which a point counts as weak. They
// belong to what Contours gives at the same time. Read them only.
func (r *Review) Arcs(k Key, weak float64) []contour.Arc {
	cs := r.Contours(k)
	f := r.frames[k]
	if f == nil {
		return nil
	}
	if f.stroke != nil && f.stroke.writes > 0 {
		return contour.Cut(cs, weak)
	}
	b := &f.boundary
	if !b.cut || b.weak != weak {
		b.arcs = contour.Cut(cs, weak)
		b.cut, b.weak, b.progress = true, weak, progressOf(b.arcs)
	}
	return b.arcs
}

// NextWeak finds a weak arc that nobody reviewed. Without from it is the weakest of the frame; with from, usually the
// centre of the arc before, the next one along the boundary, or with a negative dir the previous one, around the end.
// weak is as for Arcs.
func (r *Review) NextWeak(k Key, weak float64, from *contour.Point, dir int) (contour.Arc, bool) {
	cs := r.Contours(k)
	var open []contour.Arc
	for _, a := range r.Arcs(k, weak) {
		if a.Weak && a.State == contour.Predicted {
			open = append(open, a)
		}
	}
	if len(open) == 0 {
		return contour.Arc{}, false
	}
	if from == nil {
		return slices.MaxFunc(open, func(a, b contour.Arc) int { return int(math.Copysign(1, a.Expected-b.Expected)) }), true
	}
	start := placeOf(cs, *from)
	total := vertexCount(cs)
	way := func(a contour.Arc) int { // vertices to go in the direction; all the way round for the arc at start
		d := placeOf(cs, a.Centre) - start
		if dir < 0 {
			d = -d
		}
		return (d+total-1)%total + 1
	}
	return slices.MinFunc(open, func(a, b contour.Arc) int { return way(a) - way(b) }), true
}

// placeOf is the number, through all contours, of the vertex nearest to p.
func placeOf(cs []contour.Contour, p contour.Point) int {
	best, place, i := math.Inf(1), 0, 0
	eachVertex(cs, func(v *contour.Vertex) {
		if d := math.Hypot(v.X-p.X, v.Y-p.Y); d < best {
			best, place = d, i
		}
		i++
	})
	return place
}

func vertexCount(cs []contour.Contour) int {
	n := 0
	for i := range cs {
		n += len(cs[i].Points)
	}
	return n
}

// The names of the edits that this package makes itself.
const (
	nameConfirm    = "confirm"
	nameNotVisible = "not_visible"
	namePrediction = "prediction"
	nameImport     = "import"
)

// ConfirmArc records that the reader found an arc right. What of it was reviewed already, as a piece that was corrected, stays
// so. The arc must be one that Arcs or NextWeak gave, or that was followed, for the frame's mask as it is; the fault CodeStale
// otherwise.
func (r *Review) ConfirmArc(k Key, a contour.Arc) error {
	return r.markArc(k, a, nameConfirm, contour.Confirmed, func(s contour.State) bool { return s == contour.Predicted })
}

// MarkNotVisible records that the boundary cannot be seen along an arc, which must be as for ConfirmArc.
func (r *Review) MarkNotVisible(k Key, a contour.Arc) error {
	return r.markArc(k, a, nameNotVisible, contour.NotVisible, func(contour.State) bool { return true })
}

// markArc gives the points of an arc whose state is one of those a new one.
func (r *Review) markArc(k Key, a contour.Arc, name string, state contour.State, of func(contour.State) bool) error {
	cs := r.Contours(k)
	if !lies(a, cs) {
		return fault.New(CodeStale, r.nameOf(k.Instance), nil, nil)
	}
	var pts []contour.Point
	for _, v := range a.Points(cs[a.Contour]) {
		if of(v.State) {
			pts = append(pts, v.Point)
		}
	}
	return r.markPoints(k, pts, name, state)
}

// How much, in px, an arc's length and centre may differ from those of the piece of contour that it names. The contour
// can be drawn anew without any change to the mask, when the model's maps come back from the workspace.
const (
	lengthSlack = 3.0
	centreSlack = 2.0
)

// lies tells whether a is a piece of cs: its indices name a piece of its length around its centre.
func lies(a contour.Arc, cs []contour.Contour) bool {
	if a.Contour < 0 || a.Contour >= len(cs) {
		return false
	}
	c := cs[a.Contour]
	if min(a.From, a.To) < 0 || max(a.From, a.To) >= len(c.Points) {
		return false
	}
	pts := a.Points(c)
	way := make([]float64, len(pts)) // along the piece to each of its points
	for i := 1; i < len(pts); i++ {
		way[i] = way[i-1] + math.Hypot(pts[i].X-pts[i-1].X, pts[i].Y-pts[i-1].Y)
	}
	length := way[len(way)-1]
	half, _ := slices.BinarySearch(way, length/2)
	middle := pts[min(half, len(pts)-1)]
	return math.Abs(length-a.Length) <= lengthSlack && math.Hypot(middle.X-a.Centre.X, middle.Y-a.Centre.Y) <= centreSlack
}

func (r *Review) markPoints(k Key, pts []contour.Point, name string, state contour.State) error {
	s, err := r.Begin(k, name, ByReader)
	if err != nil {
		return err
	}
	s.Mark(pts, markReach, state)
	_, err = s.Commit()
	return err
}

// ConfirmAll confirms every piece of the frame's boundary that nobody reviewed yet.
func (r *Review) ConfirmAll(k Key) error {
	if _, err := r.mustFrame(k); err != nil {
		return err
	}
	var pts []contour.Point
	eachVertex(r.Contours(k), func(v *contour.Vertex) {
		if v.State == contour.Predicted {
			pts = append(pts, v.Point)
		}
	})
	if len(pts) == 0 {
		return nil
	}
	return r.markPoints(k, pts, nameConfirm, contour.Confirmed)
}
