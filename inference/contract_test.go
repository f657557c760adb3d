package inference

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"echoline/internal/fault"
)

func tensor(name string, shape ...int64) Tensor { return Tensor{Name: name, Shape: shape, Float: true} }

const whole = `{"contract":1,"name":"m","version":"2.0","input":{"width":64,"height":48},"resize":"letterbox",
	"labels":[{"value":3,"name":"lesion","category":{"value":"49755003","scheme":"SCT","meaning":"Morphologically Altered Structure"}}],
	"threshold":0.4,"temperature":1.5,"present_threshold":0.3,"calibrated":true,"expected_factor":1.2,
	"band":{"50":0.7,"80":1.6,"90":2.3,"95":3.0},"metrics":{"anything":[1]}}`

var (
	wholeIn  = []Tensor{tensor("image", 1, 1, 48, 64)}
	wholeOut = []Tensor{tensor("scale", 1, 1, 48, 64), tensor("logits", 1, 1, 48, 64), tensor("present", 1, 1)}
)

func TestParseContract(t *testing.T) {
	c, err := ParseContract([]byte(whole), wholeIn, wholeOut)
	if err != nil {
		t.Fatal(err)
	}
	want := Contract{
		Name: "m", Version: "2.0", W: 64, H: 48, Channels: 1, Input: "image", Logits: "logits", Scale: "scale", Present: "present",
		Label:     Label{Value: 3, Name: "lesion", Category: Code{"49755003", "SCT", "Morphologically Altered Structure"}},
		Threshold: 0.4, Temperature: 1.5, PresentThreshold: 0.3, Calibrated: true,
		Fit: Fit{Factor: 1.2, Band: [4]float64{0.7, 1.6, 2.3, 3}},
	}
	if *c != want {
		t.Fatalf("%+v", *c)
	}
}

func TestParseContractSaysWhatIsMissing(t *testing.T) {
	for _, test := range []struct {
		from, to string // replaced in the whole contract
		code     fault.Code
		field    string
	}{
		{whole, `[]`, CodeContractSyntax, ""},
		{whole, `{`, CodeContractSyntax, ""},
		{`"contract":1,`, ``, CodeContractMissing, "contract"},
		{`"contract":1`, `"contract":2`, CodeContractVersion, ""},
		{`"name":"m",`, ``, CodeContractMissing, "name"},
		{`"version":"2.0",`, ``, CodeContractMissing, "version"},
		{`"resize":"letterbox",`, ``, CodeContractMissing, "resize"},
		{`letterbox`, `stretch`, CodeContractValue, "resize"},
		{`"input":{"width":64,"height":48},`, ``, CodeContractMissing, "input"},
		{`"width":64`, `"width":0`, CodeContractValue, "input"},
		{`"width":64`, `"width":99999`, CodeContractValue, "input"},
		{`"labels":[{`, `"unknown":[{`, CodeContractMissing, "labels"},
		{`"labels":[{`, `"labels":[{},{`, CodeContractValue, "labels"},
		{`"value":3`, `"value":256`, CodeContractValue, "labels.value"},
		{`"name":"lesion"`, `"name":""`, CodeContractMissing, "labels.name"},
		{`"threshold":0.4,`, ``, CodeContractMissing, "threshold"},
		{`"threshold":0.4`, `"threshold":1`, CodeContractValue, "threshold"},
		{`"temperature":1.5,`, ``, CodeContractMissing, "temperature"},
		{`"temperature":1.5`, `"temperature":0`, CodeContractValue, "temperature"},
		{`"present_threshold":0.3`, `"present_threshold":-1`, CodeContractValue, "present_threshold"},
		{`"expected_factor":1.2,`, ``, CodeContractMissing, "expected_factor"},
		{`"expected_factor":1.2`, `"expected_factor":-1`, CodeContractValue, "expected_factor"},
		{`"90":2.3,`, ``, CodeContractMissing, "band.90"},
		{`"90":2.3`, `"90":1.5`, CodeContractValue, "band.90"},
	} {
		text := strings.Replace(whole, test.from, test.to, 1)
		if text == whole {
			t.Fatalf("%s changes nothing", test.from)
		}
		_, err := ParseContract([]byte(text), wholeIn, wholeOut)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != test.code || (test.field != "" && f.Args["Field"] != test.field) {
			t.Errorf("%s instead of %s: %v %v", test.to, test.from, err, f)
		}
	}
}

func TestParseContractChecksTheGraph(t *testing.T) {
	integer := Tensor{Name: "image", Shape: []int64{1, 1, 48, 64}}
	for name, test := range map[string]struct {
		in, out []Tensor
		code    fault.Code
		name    string
	}{
		"no input":        {nil, wholeOut, CodeInput, ""},
		"two inputs":      {append(wholeIn, tensor("more", 1, 4, 48, 64)), wholeOut, CodeInput, ""},
		"unsaid guidance": {guidedIn, wholeOut, CodeContractMissing, ""},
		"other size":      {[]Tensor{tensor("image", 1, 1, 64, 64)}, wholeOut, CodeInput, ""},
		"integers":        {[]Tensor{integer}, wholeOut, CodeInput, ""},
		"three dims":      {[]Tensor{tensor("image", 1, 48, 64)}, wholeOut, CodeInput, ""},
		"two channels":    {[]Tensor{tensor("image", 1, 2, 48, 64)}, wholeOut, CodeInput, ""},
		"batch of two":    {[]Tensor{tensor("image", 2, 1, 48, 64)}, wholeOut, CodeInput, ""},
		"no logits":       {wholeIn, []Tensor{tensor("a", 1, 1, 48, 64), tensor("b", 1, 1)}, CodeOutputMissing, "logits"},
		"no output":       {wholeIn, nil, CodeOutputMissing, "logits"},
		"no scale":        {wholeIn, wholeOut[1:2], CodeOutputMissing, "scale"},
		"small logits":    {wholeIn, []Tensor{wholeOut[0], tensor("logits", 1, 1, 24, 32)}, CodeOutput, "logits"},
		"two labels":      {wholeIn, []Tensor{wholeOut[0], tensor("logits", 1, 2, 48, 64)}, CodeOutput, "logits"},
		"scale of 3 dims": {wholeIn, []Tensor{wholeOut[1], tensor("scale", 1, 48, 64)}, CodeOutput, "scale"},
		"present vector":  {wholeIn, []Tensor{wholeOut[0], wholeOut[1], tensor("present", 1, 2)}, CodeOutput, "present"},
		"quality map":     {wholeIn, append(wholeOut[:3:3], tensor("quality", 1, 1, 48, 64)), CodeOutput, "quality"},
	} {
		_, err := ParseContract([]byte(whole), test.in, test.out)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != test.code || (test.name != "" && f.Args["Name"] != test.name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const guiding = `"guidance":{"channels":["mask","positive","negative","stroke"],"disk_radius":4.0,"stroke_radius":1.5},"threshold"`

var guidedIn = []Tensor{tensor("guidance", 1, 4, -1, 64), wholeIn[0]}

// guidedContract is the whole contract of a model that takes guidance.
func guidedContract() string { return strings.Replace(whole, `"threshold"`, guiding, 1) }

func TestParseContractWithGuidance(t *testing.T) {
	c, err := ParseContract([]byte(guidedContract()), guidedIn, append(wholeOut[:3:3], tensor("quality", -1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Input != "image" || c.Quality != "quality" || c.Guidance != (Guide{Input: "guidance", DiskRadius: 4, StrokeRadius: 1.5}) {
		t.Fatalf("%+v", *c)
	}
	c, err = ParseContract([]byte(strings.Replace(guidedContract(), guiding, `"guidance":null,"threshold"`, 1)), wholeIn, wholeOut)
	if err != nil || c.Guidance != (Guide{}) || c.Quality != "" {
		t.Fatalf("%+v %v", c, err)
	}
}

func TestParseContractSaysWhatGuidanceLacks(t *testing.T) {
	open := tensor("guidance", -1, 4, -1, -1)
	for _, test := range []struct {
		from, to string
		in       []Tensor
		code     fault.Code
		arg      string // Field, or a part of Want
	}{
		{guiding, `"threshold"`, guidedIn, CodeContractMissing, "guidance"},
		{`"channels":["mask","positive","negative","stroke"],`, ``, guidedIn, CodeContractMissing, "guidance.channels"},
		{`"mask","positive"`, `"positive","mask"`, guidedIn, CodeContractValue, "guidance.channels"},
		{`,"stroke"]`, `]`, guidedIn, CodeContractValue, "guidance.channels"},
		{`"disk_radius":4.0,`, ``, guidedIn, CodeContractMissing, "guidance.disk_radius"},
		{`"disk_radius":4.0`, `"disk_radius":0`, guidedIn, CodeContractValue, "guidance.disk_radius"},
		{`,"stroke_radius":1.5`, ``, guidedIn, CodeContractMissing, "guidance.stroke_radius"},
		{`"stroke_radius":1.5`, `"stroke_radius":-1`, guidedIn, CodeContractValue, "guidance.stroke_radius"},
		{``, ``, wholeIn, CodeInput, "guidance float32[1,4,48,64]"},
		{``, ``, []Tensor{open}, CodeInput, "image float32[1,1,48,64]"},
		{``, ``, []Tensor{wholeIn[0], open, open}, CodeInput, "guidance float32[1,4,48,64]"},
		{``, ``, []Tensor{wholeIn[0], tensor("guidance", 1, 3, 48, 64)}, CodeInput, "guidance float32[1,4,48,64]"},
		{``, ``, []Tensor{wholeIn[0], tensor("guidance", 1, 4, 64, 64)}, CodeInput, "guidance float32[1,4,48,64]"},
		{``, ``, []Tensor{wholeIn[0], {Name: "guidance", Shape: []int64{1, 4, 48, 64}}}, CodeInput, "guidance float32[1,4,48,64]"},
	} {
		text := strings.Replace(guidedContract(), test.from, test.to, 1)
		if test.from != "" && text == guidedContract() {
			t.Fatalf("%s changes nothing", test.from)
		}
		_, err := ParseContract([]byte(text), test.in, wholeOut)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != test.code {
			t.Errorf("%s instead of %s, %v: %v", test.to, test.from, test.in, err)
			continue
		}
		want, _ := f.Args["Want"].(string)
		if f.Args["Field"] != test.arg && (f.Code != CodeInput || !strings.Contains(want, test.arg)) {
			t.Errorf("%s instead of %s, %v: %+v", test.to, test.from, test.in, f.Args)
		}
	}
	if _, err := ParseContract(nil, guidedIn, wholeOut[1:2]); fault.CodeOf(err) != CodeContractMissing {
		t.Error("a plain network that takes guidance:", err)
	}
}

func TestPlainNetworksAreUncalibrated(t *testing.T) {
	for name, test := range map[string]struct {
		in       Tensor
		w, h, ch int
	}{
		"open":  {tensor("x", -1, 3, -1, -1), PlainSide, PlainSide, 3},
		"fixed": {tensor("x", 1, 1, 100, 120), 120, 100, 1},
	} {
		c, err := ParseContract(nil, []Tensor{test.in}, []Tensor{tensor("y", -1, 1, -1, -1)})
		if err != nil {
			t.Fatal(name, err)
		}
		if c.W != test.w || c.H != test.h || c.Channels != test.ch || c.Logits != "y" || c.Calibrated || c.Scale != "" {
			t.Errorf("%s: %+v", name, *c)
		}
	}
	c, err := ParseContract([]byte(strings.Replace(whole, `"calibrated":true`, `"calibrated":false`, 1)),
		[]Tensor{tensor("image", -1, 1, -1, -1)}, wholeOut[1:2])
	if err != nil || c.W != 64 || c.H != 48 || c.Calibrated {
		t.Fatal(c, err)
	}
}

func FuzzParseContract(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(guidedContract()))
	f.Add([]byte(`{"contract":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		in := wholeIn
		c, err := ParseContract(text, in, wholeOut)
		if fault.CodeOf(err) == CodeInput {
			in = guidedIn
			c, err = ParseContract(text, in, wholeOut)
		}
		if err != nil {
			if fault.CodeOf(err) == "" {
				t.Fatalf("no fault: %v", err)
			}
			return
		}
		if (len(in) == 2) != (c.Guidance.DiskRadius > 0 && c.Guidance.StrokeRadius > 0) || c.W < 1 || c.H < 1 || !(c.Threshold > 0 && c.Threshold < 1) || !(c.Temperature > 0) || !json.Valid(text) {
			t.Fatalf("%+v", c)
		}
	})
}
