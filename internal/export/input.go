package export

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/deid"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// Include says which frames to export.
type Include string

// The choices of Include.
const (
	Accepted Include = "accepted" // a reader accepted the frame
	Reviewed Include = "reviewed" // or a reader changed or confirmed something in it, and did not reject it
	All      Include = "all"      // everything that has a mask or a model's answer, whatever its state
)

// ParseInclude reads a choice. The error is a fault with CodeInclude.
func ParseInclude(s string) (Include, error) {
	switch i := Include(s); i {
	case Accepted, Reviewed, All:
		return i, nil
	}
	return "", fault.New(CodeInclude, s, nil, nil)
}

// Input is what to export. It shares nothing with the review that it came from, so an export may run beside it.
type Input struct {
	Reader string
	Names  map[uint8]string          // what the reader called label values; goes before everything else
	Labels []inference.Label         // what label values mean; values that are not here are named by number
	Models map[string]inference.Info // by SHA-256
	Items  []Item
	Table  LabelTable // what label values mean in the workspace; goes before Labels
	// Consensus tells where a consensus mask comes from, nil where it is none. It may be nil, and is called by the export's
	// goroutine.
	Consensus func(k review.Key, labels *mask.Plane) *review.Consensus
	Questions []review.Question // that readers asked experts, on whatever frame
	Looked    []Looked          // how readers looked at weak arcs, on whatever frame
	// Maps brings what a model said about a frame, nil where that is not known any more. It may be nil, and is called by the
	// export's goroutine.
	Maps func(k review.Key, modelSHA string) *inference.Prediction
}

// Item is one instance with its frames that are to be exported, ascending.
type Item struct {
	Source  *study.Item
	Frames  []Frame
	LeftOut int // frames with a mask that are not to be exported

	stand *deid.Stand // in the place of the image, in exports without persons; else nil
	shown string      // how messages name it then
}

// Frame is the mask of one frame and how it came about.
type Frame struct {
	Index    int // from 0
	Labels   *mask.Plane
	Boundary Boundary
	Arcs     []Arc
	Status   review.Status
	Model    string         // SHA-256 of the model that the mask started from; "" if drawn from nothing
	Began    string         // how a mask that was imported came about, as function algorithm; "" for others
	Touched  bool           // a reader did something in it
	Edited   bool           // the mask is not, or not only, what the model gave
	Spacing  *study.Spacing // mm per pixel; nil where not calibrated

	SpacingFrom study.Calibration
	Measure     func() []review.Measurement // its labels, on any goroutine; nil where nothing is measured
	Time        time.Time                   // of the last edit that is known; zero where nobody did anything
}

// sizes are the measurements.
func (f Frame) sizes() []review.Measurement {
	if f.Measure == nil {
		return nil
	}
	return f.Measure()
}

// Boundary is how much of a frame's boundary is in each state.
type Boundary [4]struct {
	Arcs   int
	Length float64 // px
}

// NewBoundary sums the arcs of contours by contour.State.
func NewBoundary(cs []contour.Contour) Boundary {
	var b Boundary
	for _, a := range contour.Cut(cs, math.Inf(1)) {
		if int(a.State) < len(b) {
			b[a.State].Arcs++
			b[a.State].Length += a.Length
		}
	}
	return b
}

// Length is that of the whole boundary, px.
func (b Boundary) Length() float64 { return b[0].Length + b[1].Length + b[2].Length + b[3].Length }

// Takes tells whether a frame in this state is to be exported.
func (i Include) Takes(s review.Status, touched bool, b Boundary) bool {
	switch i {
	case Accepted:
		return s == review.Accepted
	case Reviewed:
		return s == review.Accepted ||
			s == review.Open && (touched || b[contour.Confirmed].Arcs+b[contour.Corrected].Arcs+b[contour.NotVisible].Arcs > 0)
	default:
		return true
	}
}

// frames counts what is to be exported.
func (in *Input) frames() int {
	n := 0
	for _, it := range in.Items {
		n += len(it.Frames)
	}
	return n
}

// values are the labels declared, named or found in a mask, ascending: who names a label wants it in every export, so that
// classes have the same numbers in all of them.
func (in *Input) values() []uint8 {
	var seen [256]bool
	for _, l := range in.Labels {
		seen[l.Value] = true
	}
	for v := range in.Names {
		seen[v] = true
	}
	for _, it := range in.Items {
		for _, f := range it.Frames {
			for _, v := range f.Labels.Pix {
				seen[v] = true
			}
		}
	}
	return mask.Labels(&seen)
}

// prediction is what the model said that a frame's mask started from, or nil.
func (in *Input) prediction(it *Item, f Frame) *inference.Prediction {
	if in.Maps == nil {
		return nil
	}
	return in.Maps(review.Key{Instance: it.Source.ID, Frame: f.Index}, f.Model)
}

// consensus is where the frame's mask comes from, where that is other readers' masks; else nil.
func (in *Input) consensus(it *Item, f Frame) *review.Consensus {
	if in.Consensus == nil {
		return nil
	}
	return in.Consensus(review.Key{Instance: it.Source.ID, Frame: f.Index}, f.Labels)
}

// asked are the questions about a frame.
func (in *Input) asked(it *Item, f Frame) []review.Question {
	out := []review.Question{}
	for _, q := range in.Questions {
		if q.Instance == it.Source.ID && q.Frame == f.Index {
			out = append(out, q)
		}
	}
	return out
}

// nameConsensus gives masks that were joined from others a name where models have theirs.
func (j *job) nameConsensus() {
	j.Models = maps.Clone(j.Models)
	for i := range j.Items {
		for _, f := range j.Items[i].Frames {
			if c := j.consensus(&j.Items[i], f); c != nil && joined(f.Model) {
				j.Models[f.Model] = inference.Info{
					SHA256: f.Model, Name: "consensus of " + strings.Join(c.Readers(), ", "), Version: c.Method,
				}
			}
		}
	}
}

// Borrow gives label values the names that the readers agree on whose masks a consensus joins, where it has none of its own. To
// the export of a reader's own masks they say nothing.
func (in *Input) Borrow(names map[uint8]string) {
	if in.Reader != review.ConsensusReader {
		return
	}
	for v, name := range names {
		if in.Names[v] == "" {
			in.Names[v] = name
		}
	}
}

// joined tells whether what a mask started from are other readers' masks.
func joined(model string) bool { return strings.HasPrefix(model, review.ConsensusPrefix) }

// declared tells whether it is known what a value means.
func (in *Input) declared(v uint8) bool {
	return slices.ContainsFunc(in.Labels, func(l inference.Label) bool { return l.Value == v })
}

// Nameless are the label values that neither the reader nor the workspace's table names, ascending.
func (in *Input) Nameless() []uint8 {
	return slices.DeleteFunc(in.values(), func(v uint8) bool {
		_, known := in.Table.ByValue(v)
		return known || in.Names[v] != ""
	})
}

// label is what a value means.
func (in *Input) label(v uint8) inference.Label {
	if name := in.Names[v]; name != "" {
		return in.Table.Called(v, name)
	}
	if l, ok := in.Table.ByValue(v); ok {
		return l
	}
	if i := slices.IndexFunc(in.Labels, func(l inference.Label) bool { return l.Value == v }); i >= 0 {
		return in.Labels[i]
	}
	return unnamed(v)
}

// Meanings are what the labels of an export are, ascending by value.
func (in *Input) Meanings() []inference.Label {
	var out []inference.Label
	for _, v := range in.values() {
		out = append(out, in.label(v))
	}
	return out
}

// How masks came about, in DICOM's words.
const (
	manual        = "MANUAL"        // drawn from nothing
	automatic     = "AUTOMATIC"     // a model's alone
	semiautomatic = "SEMIAUTOMATIC" // a model's that a reader changed
)

// algorithm says how masks came about. What differs from frame to frame is the mixture of both.
func algorithm(frames []Frame) string {
	kind := ""
	for i, f := range frames {
		k := f.algorithm()
		if i > 0 && k != kind {
			return semiautomatic
		}
		kind = k
	}
	if kind == "" {
		return manual
	}
	return kind
}

// algorithm says how the frame's mask came about. What was drawn by hand stays so when a reader corrects it by hand.
func (f Frame) algorithm() string {
	switch {
	case f.Model == "" || f.Began == manual:
		return manual
	case f.Edited:
		return semiautomatic
	case f.Began != "":
		return f.Began
	default:
		return automatic
	}
}

// stateWord names the status of a frame in exports.
func stateWord(f Frame) string {
	switch f.Status {
	case review.Accepted:
		return "accepted"
	case review.Rejected:
		return "rejected"
	}
	if Reviewed.Takes(f.Status, f.Touched, f.Boundary) {
		return "reviewed in part"
	}
	return "not reviewed"
}

// stems makes a file name of each item's name: no characters that some system refuses, and none twice, also where upper
// and lower case are the same.
func stems(names []string) []string {
	out := make([]string, len(names))
	used := map[string]bool{}
	for i, n := range names {
		stem := strings.Map(func(r rune) rune {
			if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
				return '_'
			}
			return r
		}, n)
		stem = strings.Trim(stem, ". ")
		if stem == "" {
			stem = "image"
		}
		unique := stem
		for k := 2; used[strings.ToLower(unique)]; k++ {
			unique = fmt.Sprintf("%s-%d", stem, k)
		}
		used[strings.ToLower(unique)] = true
		out[i] = unique
	}
	return out
}
