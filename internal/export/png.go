package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"regexp"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/review"
	"echoline/internal/study"
)

// sidecar is NAME.json beside NAME.mask.png (or NAME.f0001.mask.png and on): where the masks came from and what a
// reader did with them.
type sidecar struct {
	Program     map[string]string `json:"program"`
	Use         string            `json:"use"`
	Exported    string            `json:"exported"` // UTC
	Reader      string            `json:"reader"`
	Include     Include           `json:"include"`
	Name        string            `json:"name"`
	Instance    string            `json:"instance"` // SOP Instance UID, or sha256:… of the file
	Study       string            `json:"study"`    // Study Instance UID; "" where there is none
	Size        [2]int            `json:"size"`
	Labels      []sidecarLabel    `json:"labels"`
	Frames      []sidecarFrame    `json:"frames"`
	NotReviewed []int             `json:"not_reviewed"` // frames, from 1, that are here though no reader accepted them
	LeftOut     int               `json:"left_out"`     // frames with a mask that are not here
}

type sidecarLabel struct {
	Pixel    uint8  `json:"pixel"` // grey value in the PNG
	Value    uint8  `json:"value"` // in the program
	Name     string `json:"name"`
	Category *code  `json:"category,omitempty"`
	Type     *code  `json:"type,omitempty"`
	Region   *code  `json:"region,omitempty"`
}

type code struct {
	Value   string `json:"value"`
	Scheme  string `json:"scheme"`
	Meaning string `json:"meaning"`
}

type sidecarFrame struct {
	Frame     int                   `json:"frame"` // from 1
	File      string                `json:"file"`
	Status    string                `json:"status"`
	Algorithm string                `json:"algorithm"`
	Edited    bool                  `json:"edited"`
	Model     *sidecarModel         `json:"model"`
	SpacingMM *[2]float64           `json:"spacing_mm"`
	From      string                `json:"spacing_from"`
	LengthPx  float64               `json:"boundary_px"`
	Boundary  map[string]stateShare `json:"boundary"`
	Arcs      []sidecarArc          `json:"arcs"`
	Sizes     []sidecarSizes        `json:"measurements"`
	Consensus *review.Consensus     `json:"consensus,omitempty"` // where a mask comes from that was joined from readers'
}

type sidecarModel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Here    bool   `json:"calibrated_here,omitempty"` // its bands were fitted anew on the workspace's own corrections
}

// stateShare is how much of the boundary is in one state. Share is of the length, 0..1.
type stateShare struct {
	Arcs   int     `json:"arcs"`
	Length float64 `json:"px"`
	Share  float64 `json:"share"`
}

// stateNames are the states of arcs in files, by contour.State.
var stateNames = [4]string{
	contour.Predicted: "predicted", contour.Confirmed: "confirmed", contour.Corrected: "corrected", contour.NotVisible: "not_visible",
}

// pngOutputs makes one 8-bit grey PNG per frame, and the sidecar. With one label in the whole export a lesion is 255;
// with several, pixels are label values.
func pngOutputs(j *job, it *Item) ([]output, error) { return j.maskPictures(it, j.greys(), "mask") }

// labelOutputs is pngOutputs with label values as pixels, however many labels there are.
func labelOutputs(j *job, it *Item) ([]output, error) {
	return j.maskPictures(it, identity(), "labels")
}

func (j *job) maskPictures(it *Item, grey [256]uint8, ending string) ([]output, error) {
	name := func(f Frame) string {
		if it.Source.Frames > 1 {
			return fmt.Sprintf("%s.f%04d.%s.png", j.stem, f.Index+1, ending)
		}
		return j.stem + "." + ending + ".png"
	}
	var files []output
	for _, f := range it.Frames {
		data, err := encodeGrey(f, grey)
		if err != nil {
			return nil, err
		}
		files = append(files, output{name(f), data})
	}
	data, err := marshal(j.sidecar(it, grey, name))
	if err != nil {
		return nil, err
	}
	return append(files, output{j.stem + ".json", data}), nil
}

// sidecar says where the masks of an item came from. grey maps label values to pixels, file names a frame's file.
func (j *job) sidecar(it *Item, grey [256]uint8, file func(Frame) string) sidecar {
	s := sidecar{
		Program: map[string]string{"name": "Echoline", "version": j.Version}, Use: ResearchUse,
		Exported: j.now(it).UTC().Format(time.RFC3339), Reader: j.Reader, Include: j.Include,
		Name: it.Source.Name, Instance: it.Source.ID, Size: [2]int{it.Source.W, it.Source.H},
		NotReviewed: []int{}, LeftOut: it.LeftOut,
	}
	if h := it.Source.Header; h != nil {
		s.Study = h.Attr["StudyInstanceUID"]
	}
	for _, v := range j.values {
		l := j.label(v)
		s.Labels = append(s.Labels, sidecarLabel{grey[v], v, l.Name, newCode(l.Category), newCode(l.Type), newCode(l.Region)})
	}
	for _, f := range it.Frames {
		s.Frames = append(s.Frames, j.sidecarFrame(it, f, file(f)))
		if f.Status != review.Accepted {
			s.NotReviewed = append(s.NotReviewed, f.Index+1)
		}
	}
	return s
}

// numbers finds lists of nothing but numbers in indented JSON, of which none can stand within a string.
var numbers = regexp.MustCompile(`\[\n\s+[-+.\deE]+(,\n\s+[-+.\deE]+)*\n\s+\]`)

// encodePNG writes a picture as it was before windowing.
func encodePNG(f *study.Frame) ([]byte, error) {
	var b bytes.Buffer
	err := f.EncodePNG(&b)
	return b.Bytes(), err
}

// marshal is JSON for people: indented, with each list of numbers on one line.
func marshal(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	data = numbers.ReplaceAllFunc(data, func(list []byte) []byte {
		list = bytes.Join(bytes.Fields(list), []byte(" "))
		return append(append([]byte("["), list[2:len(list)-2]...), ']')
	})
	return append(data, '\n'), nil
}

// greys maps label values to grey values.
func (j *job) greys() [256]uint8 {
	var grey [256]uint8
	for _, v := range j.values {
		grey[v] = v
		if len(j.values) == 1 {
			grey[v] = 255
		}
	}
	return grey
}

func encodeGrey(f Frame, grey [256]uint8) ([]byte, error) {
	im := image.NewGray(f.Labels.Rect())
	for i, v := range f.Labels.Pix {
		im.Pix[i] = grey[v]
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (j *job) sidecarFrame(it *Item, f Frame, file string) sidecarFrame {
	out := sidecarFrame{
		Frame: f.Index + 1, File: file, Status: stateWord(f), Algorithm: algorithm([]Frame{f}), Edited: f.Edited,
		From: f.SpacingFrom.String(), LengthPx: round(f.Boundary.Length()), Boundary: map[string]stateShare{},
		Arcs: []sidecarArc{}, Sizes: []sidecarSizes{}, Consensus: j.consensus(it, f),
	}
	if f.Model != "" {
		m := j.Models[f.Model]
		out.Model = &sidecarModel{m.Name, m.Version, f.Model, m.CalibratedHere}
	}
	if f.Spacing != nil {
		out.SpacingMM = &[2]float64{f.Spacing.X, f.Spacing.Y}
	}
	for state, b := range f.Boundary {
		share := 0.0
		if total := f.Boundary.Length(); total > 0 {
			share = round(b.Length / total)
		}
		out.Boundary[stateNames[state]] = stateShare{b.Arcs, round(b.Length), share}
	}
	for _, a := range f.Arcs {
		out.Arcs = append(out.Arcs, newSidecarArc(a))
	}
	for _, m := range f.sizes() {
		out.Sizes = append(out.Sizes, newSidecarSizes(m))
	}
	return out
}

// round keeps three decimals.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

func newCode(c inference.Code) *code {
	if c.Value == "" {
		return nil
	}
	return &code{c.Value, c.Scheme, c.Meaning}
}
