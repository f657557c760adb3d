package inference

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"echoline/internal/contour"
	"echoline/internal/fault"
)

// Faults of models: what a contract or a graph lacks. ParseContract returns them.
const (
	CodeContractSyntax  fault.Code = "model.contract_syntax"  // the metadata is no JSON object; Cause
	CodeContractVersion fault.Code = "model.contract_version" // args Found, Want
	CodeContractMissing fault.Code = "model.contract_missing" // arg Field
	CodeContractValue   fault.Code = "model.contract_value"   // args Field, Found, Want
	CodeInput           fault.Code = "model.input"            // args Found, Want
	CodeOutputMissing   fault.Code = "model.output_missing"   // args Name, Found
	CodeOutput          fault.Code = "model.output"           // args Name, Found, Want
)

// ContractVersion is the version of the model contract that this program reads.
const ContractVersion = 1

// PlainSide is the input's width and height (px) for a network that neither fixes them nor states a contract.
const PlainSide = 256

// maxInputSide bounds the input's width and height (px): beyond it a model is broken or would take all memory.
const maxInputSide = 4096

// Tensor describes an input or output of a graph. Dimensions below 1 are open.
type Tensor struct {
	Name  string
	Shape []int64
	Float bool // elements are float32
}

// String gives name, type and shape for faults: "image float32[1,1,256,256]".
func (t Tensor) String() string {
	s := t.Name + " other["
	if t.Float {
		s = t.Name + " float32["
	}
	for i, d := range t.Shape {
		if i > 0 {
			s += ","
		}
		if d < 1 {
			s += "?"
		} else {
			s += strconv.FormatInt(d, 10)
		}
	}
	return s + "]"
}

// Contract is what a model promises: how to feed it and how to read it. Sizes are in pixels of the input.
type Contract struct {
	Name, Version    string
	W, H, Channels   int // of the input; three channels all get the grey picture
	Input            string
	Logits           string // names of the outputs; "" where the model has none
	Scale            string
	Present          string
	Quality          string
	Guidance         Guide
	Label            Label
	Threshold        float64 // on the probability
	Temperature      float64 // probability = sigmoid(logit / Temperature)
	PresentThreshold float64 // a lesion that is less probable than this gives an empty mask
	Calibrated       bool
	Fit              Fit
}

// Guide is how a model takes guidance: the input's name, "" where it takes none, and the radii (px of the input) within
// which pixels belong to a click and to a stroke. Its channels are those of GuideChannels.
type Guide struct {
	Input                    string
	DiskRadius, StrokeRadius float64
}

// GuideChannels are the channels of the guidance, in the order in which every model takes them.
var GuideChannels = [4]string{"mask", "positive", "negative", "stroke"}

// guideName is what the input for guidance is called in every graph that has one.
const guideName = "guidance"

// document is the JSON of the metadata key "echoline". Pointers tell what is missing from what is zero.
type document struct {
	Contract *int     `json:"contract"`
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Input    *sizeDoc `json:"input"`
	Resize   *string  `json:"resize"`
	Labels   []struct {
		Value    int    `json:"value"`
		Name     string `json:"name"`
		Category Code   `json:"category"`
		Type     Code   `json:"type"`
		Region   Code   `json:"region"`
	} `json:"labels"`
	Threshold        *float64           `json:"threshold"`
	Temperature      *float64           `json:"temperature"`
	PresentThreshold *float64           `json:"present_threshold"`
	Calibrated       bool               `json:"calibrated"`
	ExpectedFactor   *float64           `json:"expected_factor"`
	Band             map[string]float64 `json:"band"`
	Guidance         *guideDoc          `json:"guidance"`
}

type guideDoc struct {
	Channels     []string `json:"channels"`
	DiskRadius   *float64 `json:"disk_radius"`
	StrokeRadius *float64 `json:"stroke_radius"`
}

type sizeDoc struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// laplace is the fit of a scale that nobody calibrated: the quantiles of the Laplace distribution itself.
var laplace = Fit{Factor: 1, Band: [4]float64{math.Ln2, math.Log(5), math.Log(10), math.Log(20)}}

// ParseContract checks that a graph with these inputs and outputs keeps the model contract. text is the JSON of the
// metadata key "echoline"; nil where the model has none: then it is a plain segmentation network, read as uncalibrated,
// with its only output (or the one named logits) as logits of one label. The error is a fault that says what is missing.
func ParseContract(text []byte, inputs, outputs []Tensor) (*Contract, error) {
	c := &Contract{
		Threshold: 0.5, Temperature: 1, PresentThreshold: 0.5, Fit: laplace,
		Label: Label{
			Value: 1, Name: "lesion",
			Category: Code{"49755003", "SCT", "Morphologically Altered Structure"},
			Type:     Code{"4147007", "SCT", "Mass"},
		},
	}
	if text != nil {
		if err := c.read(text); err != nil {
			return nil, err
		}
	}
	if err := c.bindInputs(inputs); err != nil {
		return nil, err
	}
	if err := c.bindOutputs(outputs); err != nil {
		return nil, err
	}
	if c.Calibrated && c.Scale == "" {
		return nil, fault.New(CodeOutputMissing, "", nil, fault.Args{"Name": "scale", "Found": names(outputs)})
	}
	return c, nil
}

// read takes the contract's JSON.
func (c *Contract) read(text []byte) error {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return fault.New(CodeContractSyntax, "", err, nil)
	}
	switch {
	case d.Contract == nil:
		return missing("contract")
	case *d.Contract != ContractVersion:
		return fault.New(CodeContractVersion, "", nil, fault.Args{"Found": *d.Contract, "Want": ContractVersion})
	case d.Name == "":
		return missing("name")
	case d.Version == "":
		return missing("version")
	case d.Resize == nil:
		return missing("resize")
	case *d.Resize != "letterbox":
		return value("resize", *d.Resize, "letterbox")
	case d.Input == nil:
		return missing("input")
	}
	c.Name, c.Version, c.W, c.H = d.Name, d.Version, d.Input.Width, d.Input.Height
	for _, side := range [2]int{c.W, c.H} {
		if side < 1 || side > maxInputSide {
			return value("input", fmt.Sprintf("%d×%d", c.W, c.H), fmt.Sprintf("1…%d", maxInputSide))
		}
	}
	if err := c.readLabel(&d); err != nil {
		return err
	}
	if err := c.readNumbers(&d); err != nil {
		return err
	}
	if err := c.readGuidance(d.Guidance); err != nil {
		return err
	}
	return c.readFit(&d)
}

// readLabel takes the label. Predictions hold one probability per pixel, so a model of this contract has one.
func (c *Contract) readLabel(d *document) error {
	switch {
	case len(d.Labels) == 0:
		return missing("labels")
	case len(d.Labels) > 1:
		return value("labels", len(d.Labels), "1")
	}
	l := d.Labels[0]
	if l.Value < 1 || l.Value > 255 {
		return value("labels.value", l.Value, "1…255")
	}
	if l.Name == "" {
		return missing("labels.name")
	}
	c.Label = Label{Value: uint8(l.Value), Name: l.Name, Category: l.Category, Type: l.Type, Region: l.Region}
	return nil
}

// readNumbers takes threshold and temperature, which must be there, and the threshold for presence, which may be.
func (c *Contract) readNumbers(d *document) error {
	switch {
	case d.Threshold == nil:
		return missing("threshold")
	case !(*d.Threshold > 0 && *d.Threshold < 1):
		return value("threshold", *d.Threshold, "0 < … < 1")
	case d.Temperature == nil:
		return missing("temperature")
	case !(*d.Temperature > 0):
		return value("temperature", *d.Temperature, "> 0")
	}
	c.Threshold, c.Temperature = *d.Threshold, *d.Temperature
	if p := d.PresentThreshold; p != nil {
		if !(*p >= 0 && *p <= 1) {
			return value("present_threshold", *p, "0…1")
		}
		c.PresentThreshold = *p
	}
	return nil
}

// readGuidance takes how the reader's guidance is drawn, where the model says so.
func (c *Contract) readGuidance(d *guideDoc) error {
	switch {
	case d == nil:
		return nil
	case d.Channels == nil:
		return missing("guidance.channels")
	case !slices.Equal(d.Channels, GuideChannels[:]):
		return value("guidance.channels", strings.Join(d.Channels, ", "), strings.Join(GuideChannels[:], ", "))
	}
	for _, r := range [2]struct {
		field    string
		from, to *float64
	}{
		{"guidance.disk_radius", d.DiskRadius, &c.Guidance.DiskRadius},
		{"guidance.stroke_radius", d.StrokeRadius, &c.Guidance.StrokeRadius},
	} {
		if r.from == nil {
			return missing(r.field)
		}
		if !(*r.from > 0) {
			return value(r.field, *r.from, "> 0")
		}
		*r.to = *r.from
	}
	c.Guidance.Input = guideName
	return nil
}

// readFit takes the calibration.
func (c *Contract) readFit(d *document) error {
	c.Calibrated = d.Calibrated
	if !d.Calibrated {
		return nil
	}
	if d.ExpectedFactor == nil {
		return missing("expected_factor")
	}
	if !(*d.ExpectedFactor > 0) {
		return value("expected_factor", *d.ExpectedFactor, "> 0")
	}
	c.Fit.Factor = *d.ExpectedFactor
	before := 0.0
	for i, level := range contour.Levels {
		key := strconv.Itoa(level)
		r, ok := d.Band[key]
		if !ok {
			return missing("band." + key)
		}
		if !(r > before) {
			return value("band."+key, r, fmt.Sprintf("> %g", before))
		}
		c.Fit.Band[i], before = r, r
	}
	return nil
}

// bindInputs checks the graph's inputs against the contract and settles what either leaves open.
func (c *Contract) bindInputs(inputs []Tensor) error {
	var images, guides []Tensor
	for _, t := range inputs {
		if t.Name == guideName {
			guides = append(guides, t)
		} else {
			images = append(images, t)
		}
	}
	if len(guides) > 0 && c.Guidance.Input == "" {
		return missing(guideName)
	}
	if len(images) != 1 || !c.bindImage(images[0]) || !c.fitsGuides(guides) {
		return fault.New(CodeInput, "", nil, fault.Args{"Found": names(inputs), "Want": c.wantedInputs()})
	}
	return nil
}

// bindImage takes the name and the size of the picture's input; false where it is not as it must be.
func (c *Contract) bindImage(t Tensor) bool {
	if !t.Float || len(t.Shape) != 4 || t.Shape[0] > 1 || (t.Shape[1] != 1 && t.Shape[1] != 3) {
		return false
	}
	for i, side := range [2]int{c.H, c.W} {
		if fixed := t.Shape[2+i]; fixed > maxInputSide || (fixed > 0 && side > 0 && int64(side) != fixed) {
			return false
		}
	}
	for i, side := range [2]*int{&c.H, &c.W} {
		switch fixed := t.Shape[2+i]; {
		case fixed > 0:
			*side = int(fixed)
		case *side == 0:
			*side = PlainSide
		}
	}
	c.Input, c.Channels = t.Name, int(t.Shape[1])
	return true
}

// fitsGuides tells whether the graph has the input for guidance that the contract names, and no other.
func (c *Contract) fitsGuides(guides []Tensor) bool {
	if c.Guidance.Input == "" {
		return len(guides) == 0
	}
	return len(guides) == 1 && fits(guides[0], []int64{1, int64(len(GuideChannels)), int64(c.H), int64(c.W)})
}

// wantedInputs says what the graph's inputs must be.
func (c *Contract) wantedInputs() string {
	size := "H,W]"
	if c.W > 0 {
		size = fmt.Sprintf("%d,%d]", c.H, c.W)
	}
	want := "image float32[1,1," + size
	if c.Guidance.Input != "" {
		want += fmt.Sprintf(", %s float32[1,%d,%s", guideName, len(GuideChannels), size)
	}
	return want
}

// bindOutputs finds the outputs that the contract knows and checks their shapes.
func (c *Contract) bindOutputs(outputs []Tensor) error {
	at := func(name string) int {
		return slices.IndexFunc(outputs, func(t Tensor) bool { return t.Name == name })
	}
	logits := at("logits")
	if logits < 0 && len(outputs) == 1 {
		logits = 0
	}
	if logits < 0 {
		return fault.New(CodeOutputMissing, "", nil, fault.Args{"Name": "logits", "Found": names(outputs)})
	}
	c.Logits = outputs[logits].Name
	field := []int64{1, 1, int64(c.H), int64(c.W)}
	if err := checkShape(outputs[logits], field); err != nil {
		return err
	}
	for _, extra := range []struct {
		name  string
		to    *string
		shape []int64
	}{
		{"scale", &c.Scale, field}, {"present", &c.Present, []int64{1, 1}}, {"quality", &c.Quality, []int64{1, 1}},
	} {
		i := at(extra.name)
		if i < 0 || i == logits {
			continue
		}
		if err := checkShape(outputs[i], extra.shape); err != nil {
			return err
		}
		*extra.to = extra.name
	}
	return nil
}

// fits tells whether a tensor can have the wanted shape.
func fits(t Tensor, want []int64) bool {
	ok := t.Float && len(t.Shape) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = t.Shape[i] < 1 || t.Shape[i] == want[i]
	}
	return ok
}

// checkShape is the fault of an output that cannot have the wanted shape.
func checkShape(t Tensor, want []int64) error {
	if fits(t, want) {
		return nil
	}
	return fault.New(CodeOutput, "", nil, fault.Args{
		"Name": t.Name, "Found": t.String(), "Want": Tensor{Name: t.Name, Shape: want, Float: true}.String(),
	})
}

func names(ts []Tensor) string {
	s := ""
	for i, t := range ts {
		if i > 0 {
			s += ", "
		}
		s += t.String()
	}
	if s == "" {
		return "–"
	}
	return s
}

func missing(field string) error {
	return fault.New(CodeContractMissing, "", nil, fault.Args{"Field": field})
}

func value(field string, found any, want string) error {
	return fault.New(CodeContractValue, "", nil, fault.Args{"Field": field, "Found": found, "Want": want})
}
