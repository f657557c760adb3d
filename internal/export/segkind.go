package export

import (
	"math"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/study/dcmwrite"
)

// segKind is what tells BINARY, FRACTIONAL and label map segmentations apart.
type segKind interface {
	plan(it *Item) (segPlan, error)             // the frames to write; none: nothing to show
	pixels(it *Item, p segPlan) []dcmwrite.Elem // the pixels, how they are laid out, and the class
	words(j *job) string                        // for people: what masks these are
	describe(frames []Frame) string             // for people: how they came about
	algorithm(frames []Frame) string            // as function algorithm
	number(i int, value uint8) int              // Segment Number of the plan's label i
	background() []dcmwrite.Set                 // segments that are no label's
	comment(f Frame) string                     // on one frame
}

// binarySEG is one bit per pixel, a frame for each label in each source frame.
type binarySEG struct{}

// plan finds which labels occur in which frames.
func (binarySEG) plan(it *Item) (segPlan, error) {
	var p segPlan
	where := labelOrders(it)
	used := map[int]bool{}
	for v := 1; v < len(where); v++ {
		if len(where[v]) == 0 {
			continue
		}
		p.values = append(p.values, uint8(v))
		for _, order := range where[v] {
			p.frames = append(p.frames, segFrame{len(p.values), order})
			used[order] = true
		}
	}
	p.orders = inOrder(it, used)
	return p, nil
}

// labelOrders lists by label the frames in which it occurs, as indices into Item.Frames.
func labelOrders(it *Item) (where [256][]int) {
	for order, f := range it.Frames {
		var seen [256]bool
		for _, v := range f.Labels.Pix {
			seen[v] = true
		}
		for v := range seen {
			if seen[v] {
				where[v] = append(where[v], order)
			}
		}
	}
	return where
}

// inOrder lists the used indices into Item.Frames.
func inOrder(it *Item, used map[int]bool) []int {
	var out []int
	for order := range it.Frames {
		if used[order] {
			out = append(out, order)
		}
	}
	return out
}

func (binarySEG) pixels(it *Item, p segPlan) []dcmwrite.Elem {
	return append(layout(1, segStorage, "BINARY"),
		dcmwrite.Text("SegmentsOverlap", "NO"), dcmwrite.Pixels(1, p.pack(it)))
}

// layout says how pixels of some bits are stored.
func layout(bits int, class, kind string) []dcmwrite.Elem {
	return []dcmwrite.Elem{
		dcmwrite.Text("SOPClassUID", class), dcmwrite.Text("SegmentationType", kind),
		dcmwrite.Ints("BitsAllocated", bits), dcmwrite.Ints("BitsStored", bits), dcmwrite.Ints("HighBit", bits-1),
	}
}

// pack lays the plan's frames out as single bits, the first pixel in the lowest bit, frame after frame without gaps.
func (p segPlan) pack(it *Item) []byte {
	size := it.Source.W * it.Source.H
	out := make([]byte, (size*len(p.frames)+7)/8)
	bit := 0
	for _, f := range p.frames {
		value := p.values[f.segment-1]
		for i, v := range it.Frames[f.order].Labels.Pix {
			if v == value {
				out[(bit+i)/8] |= 1 << ((bit + i) % 8)
			}
		}
		bit += size
	}
	return out
}

func (binarySEG) words(j *job) string             { return j.includeWords() }
func (binarySEG) describe(frames []Frame) string  { return stateCounts(frames) }
func (binarySEG) algorithm(frames []Frame) string { return algorithm(frames) }
func (binarySEG) number(i int, _ uint8) int       { return i + 1 }
func (binarySEG) background() []dcmwrite.Set      { return nil }

// comment is what a frame of the SEG says about its review.
func (binarySEG) comment(f Frame) string {
	s := stateWord(f)
	if f.Status != review.Accepted {
		s += ": not accepted by a reader"
	}
	return s
}

// labelMapSEG is label values as pixels: one frame for each source frame, empty ones too.
type labelMapSEG struct{ binarySEG }

func (labelMapSEG) plan(it *Item) (segPlan, error) {
	var p segPlan
	where := labelOrders(it)
	for v := 1; v < len(where); v++ {
		if len(where[v]) > 0 {
			p.values = append(p.values, uint8(v))
		}
	}
	if len(p.values) == 0 {
		return p, nil
	}
	for order := range it.Frames {
		p.frames = append(p.frames, segFrame{order: order})
		p.orders = append(p.orders, order)
	}
	return p, nil
}

func (labelMapSEG) pixels(it *Item, p segPlan) []dcmwrite.Elem {
	out := make([]byte, 0, it.Source.W*it.Source.H*len(p.frames))
	for _, f := range p.frames {
		out = append(out, it.Frames[f.order].Labels.Pix...)
	}
	return append(layout(8, labelMapStorage, "LABELMAP"), dcmwrite.Ints("PixelPaddingValue", 0), dcmwrite.Pixels(8, out))
}

func (labelMapSEG) number(_ int, value uint8) int { return int(value) }

// background describes the pixels that belong to no label, which a label map has to.
func (labelMapSEG) background() []dcmwrite.Set {
	code := inference.Code{Value: "125040", Scheme: "DCM", Meaning: "Background"}
	return []dcmwrite.Set{{
		dcmwrite.Ints("SegmentNumber", 0), dcmwrite.Text("SegmentLabel", "Background"),
		dcmwrite.Text("SegmentAlgorithmType", manual),
		coded("SegmentedPropertyCategoryCodeSequence", code), coded("SegmentedPropertyTypeCodeSequence", code),
	}}
}

// fractionalMax is the stored value of probability 1.
const fractionalMax = 255

// fractionalSEG is the probability of the model that each mask started from, in steps of 1/255.
type fractionalSEG struct {
	binarySEG
	job  *job
	maps map[int][]float32 // by index into Item.Frames
}

// plan asks for the maps. Frames of which no model said anything are left out, and those that it was sure of.
func (s *fractionalSEG) plan(it *Item) (segPlan, error) {
	p := segPlan{}
	s.maps = map[int][]float32{}
	used := map[int]bool{}
	for order, f := range it.Frames {
		m := s.job.prediction(it, f)
		if m == nil || len(m.Probability) != it.Source.W*it.Source.H {
			continue
		}
		if p.values == nil {
			p.values = []uint8{modelValue(m)}
		}
		for _, v := range m.Probability {
			if scaled(v) > 0 {
				s.maps[order], used[order] = m.Probability, true
				p.frames = append(p.frames, segFrame{1, order})
				break
			}
		}
	}
	p.orders = inOrder(it, used)
	if len(p.values) == 0 {
		return p, fault.New(CodeNoProbability, it.called(), nil, nil)
	}
	return p, nil
}

// modelValue is the label that a prediction is about.
func modelValue(p *inference.Prediction) uint8 {
	if len(p.Model.Labels) > 0 {
		return p.Model.Labels[0].Value
	}
	return 1
}

// scaled is a probability as it is stored.
func scaled(p float32) byte {
	return byte(math.Round(float64(max(0, min(1, p))) * fractionalMax))
}

func (s *fractionalSEG) pixels(it *Item, p segPlan) []dcmwrite.Elem {
	out := make([]byte, 0, it.Source.W*it.Source.H*len(p.frames))
	for _, f := range p.frames {
		for _, v := range s.maps[f.order] {
			out = append(out, scaled(v))
		}
	}
	return append(layout(8, segStorage, "FRACTIONAL"),
		dcmwrite.Text("SegmentationFractionalType", "PROBABILITY"), dcmwrite.Ints("MaximumFractionalValue", fractionalMax),
		dcmwrite.Text("SegmentsOverlap", "NO"), dcmwrite.Pixels(8, out))
}

func (*fractionalSEG) words(*job) string { return "probability of the model" }

func (*fractionalSEG) describe(frames []Frame) string {
	return "probability as the model gave it, not corrected; of the masks " + stateCounts(frames)
}

func (*fractionalSEG) algorithm([]Frame) string { return automatic }
func (*fractionalSEG) comment(Frame) string     { return "probability as the model gave it" }
