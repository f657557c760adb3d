package inference

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

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
	Label            Label
	Threshold        float64 // on the probability
	Temperature      float64 // probability = sigmoid(logit / Temperature)
	PresentThreshold float64 // a lesion that is less probable than this gives an empty mask
	Calibrated       bool
	Fit              Fit
}

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
	if err := c.bindInput(inputs); err != nil {
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

// bindInput checks the graph's input against the contract and settles what either leaves open.
func (c *Contract) bindInput(inputs []Tensor) error {
	want := "image float32[1,1,H,W]"
	if c.W > 0 {
		want = fmt.Sprintf("image float32[1,1,%d,%d]", c.H, c.W)
	}
	wrong := fault.New(CodeInput, "", nil, fault.Args{"Found": names(inputs), "Want": want})
	if len(inputs) != 1 || !inputs[0].Float || len(inputs[0].Shape) != 4 {
		return wrong
	}
	shape := inputs[0].Shape
	if shape[0] > 1 || (shape[1] != 1 && shape[1] != 3) {
		return wrong
	}
	c.Input, c.Channels = inputs[0].Name, int(shape[1])
	for i, side := range [2]*int{&c.H, &c.W} {
		fixed := shape[2+i]
		switch {
		case fixed > maxInputSide || (fixed > 0 && *side > 0 && int64(*side) != fixed):
			return wrong
		case fixed > 0:
			*side = int(fixed)
		case *side == 0:
			*side = PlainSide
		}
	}
	return nil
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
	if i := at("scale"); i >= 0 && i != logits {
		c.Scale = "scale"
		if err := checkShape(outputs[i], field); err != nil {
			return err
		}
	}
	if i := at("present"); i >= 0 && i != logits {
		c.Present = "present"
		return checkShape(outputs[i], []int64{1, 1})
	}
	return nil
}

// checkShape tells whether an output can have the wanted shape.
func checkShape(t Tensor, want []int64) error {
	ok := t.Float && len(t.Shape) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = t.Shape[i] < 1 || t.Shape[i] == want[i]
	}
	if ok {
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
