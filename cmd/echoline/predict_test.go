package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
	"echoline/internal/text"
)

// testModel is the small model that outlines what is bright. Its input has 64×48 pixels.
var testModel = filepath.Join("..", "..", "inference", "testdata", "contract.onnx")

// writePicture writes a grey PNG, bright in a disc around (x, y).
func writePicture(t *testing.T, path string, w, h int, x, y, r float64) *mask.Plane {
	t.Helper()
	im, truth := image.NewGray(image.Rect(0, 0, w, h)), mask.NewPlane(w, h)
	for i := range im.Pix {
		if math.Hypot(float64(i%w)+.5-x, float64(i/w)+.5-y) <= r {
			im.Pix[i], truth.Pix[i] = 255, 1
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return truth
}

// result is the JSON of one frame, by the keys that acceptance checks read.
type result struct {
	Model             struct{ Name, SHA256 string }
	LesionProbability *float64 `json:"lesion_probability"`
	ExpectedDice      *float64 `json:"expected_dice"`
	Size              []int
	SpacingMM         *[2]float64 `json:"spacing_mm"`
	Calibrated        *bool
	Contours          []struct {
		Closed bool
		Points []struct {
			X, Y     float64
			Expected *float64            `json:"expected_error_px"`
			Band     map[string]*float64 `json:"band_px"`
		}
	}
}

func readResult(t *testing.T, dir, name string) (result, *image.Gray, *image.Gray16) {
	t.Helper()
	var r result
	data, err := os.ReadFile(filepath.Join(dir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	m, ok := readPNG(t, filepath.Join(dir, name+".mask.png")).(*image.Gray)
	if !ok {
		t.Fatal("the mask is not 8-bit grey")
	}
	p, ok := readPNG(t, filepath.Join(dir, name+".prob.png")).(*image.Gray16)
	if !ok {
		t.Fatal("the probability is not 16-bit grey")
	}
	return r, m, p
}

func readPNG(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(path, err)
	}
	return im
}

func needRuntime(t *testing.T) {
	t.Helper()
	if _, err := ort.FindLibrary(); err != nil {
		t.Skip("no ONNX Runtime library here; make test provides it: ", err)
	}
}

func TestPredictWritesWhatItPromises(t *testing.T) {
	needRuntime(t)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "new", "out")
	truth := writePicture(t, filepath.Join(dir, "a.png"), 128, 96, 70, 40, 20)
	writePicture(t, filepath.Join(dir, "dark.png"), 50, 90, 0, 0, 0)
	other := filepath.Join(dir, "sub")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	writePicture(t, filepath.Join(other, "a.png"), 64, 48, 30, 20, 9)
	var log bytes.Buffer
	o := predictOptions{out: out, model: testModel}
	paths := []string{filepath.Join(dir, "a.png"), filepath.Join(dir, "dark.png"), filepath.Join(other, "a.png")}
	if err := predict(context.Background(), o, paths, &log); err != nil || log.Len() > 0 {
		t.Fatal(err, log.String())
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) != 9 {
		t.Fatal(files, err)
	}
	r, m, p := readResult(t, out, "a")
	if r.ExpectedDice != nil || r.Model.Name != "test-bright" || len(r.Model.SHA256) != 64 || *r.LesionProbability < 0.99 || r.Size[0] != 128 || r.Size[1] != 96 ||
		r.SpacingMM != nil || !*r.Calibrated || len(r.Contours) != 1 || !r.Contours[0].Closed {
		t.Fatalf("%+v", r)
	}
	got, ring := mask.NewPlane(128, 96), contour.Contour{Label: 1}
	for i, v := range m.Pix {
		if v != 0 && v != 255 {
			t.Fatal("mask value", v)
		}
		got.Pix[i] = v / 255
	}
	if d := contour.Dice(got, truth, 1); d < 0.98 {
		t.Fatal("Dice", d)
	}
	if v := p.At(70, 40).(color.Gray16).Y; math.Abs(float64(v)/65535-1/(1+math.Exp(-5))) > 1e-4 {
		t.Fatal("probability", v)
	}
	for _, v := range r.Contours[0].Points {
		ring.Points = append(ring.Points, contour.Vertex{Point: contour.Point{X: v.X, Y: v.Y}})
		// The scale is 1 + column/8 of the input, which is half as large: b = 2 (1 + (x/2 - 0.5)/8).
		b := 2 * (1 + (v.X/2-0.5)/8)
		if math.Abs(*v.Expected-1.1*b) > 0.02 || math.Abs(*v.Band["90"]-2.3*b) > 0.04 || len(v.Band) != 4 {
			t.Fatalf("at %v: expected error %v, band %v", v.X, *v.Expected, *v.Band["90"])
		}
	}
	if !contour.Fill([]contour.Contour{ring}, 128, 96).Equal(got) {
		t.Fatal("contour and mask differ")
	}
	if r, m, _ := readResult(t, out, "dark"); r.Contours == nil || len(r.Contours) != 0 || bytes.ContainsRune(m.Pix, 255) || *r.LesionProbability > 0.01 {
		t.Fatalf("%+v", r)
	}
	if r, _, _ := readResult(t, out, "a-2"); r.Size[0] != 64 {
		t.Fatalf("%+v", r)
	}
}

// TestPredictTellsTheExpectedDice: a number where the model gives one, null where it found nothing.
func TestPredictTellsTheExpectedDice(t *testing.T) {
	needRuntime(t)
	dir, out := t.TempDir(), t.TempDir()
	truth := writePicture(t, filepath.Join(dir, "a.png"), 64, 48, 30, 20, 9)
	writePicture(t, filepath.Join(dir, "dark.png"), 64, 48, 0, 0, 0)
	o := predictOptions{out: out, model: filepath.Join("..", "..", "inference", "testdata", "guided.onnx")}
	if err := predict(context.Background(), o, []string{dir}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	// The model takes the mean times 20 for the logit.
	want := 1 / (1 + math.Exp(-20*float64(mask.Count(truth, 1))/(64*48)))
	if r, _, _ := readResult(t, out, "a"); r.ExpectedDice == nil || math.Abs(*r.ExpectedDice-want) > 1e-5 {
		t.Fatal(r.ExpectedDice, want)
	}
	if r, _, _ := readResult(t, out, "dark"); r.ExpectedDice != nil {
		t.Fatal(*r.ExpectedDice)
	}
}

func TestPredictGoesOnAfterFailures(t *testing.T) {
	needRuntime(t)
	dir, out := t.TempDir(), t.TempDir()
	good, bad := filepath.Join(dir, "good.png"), filepath.Join(dir, "bad.png")
	writePicture(t, good, 64, 48, 30, 20, 9)
	if err := os.WriteFile(bad, []byte("\x89PNG\r\n\x1a\n but no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	err := predict(context.Background(), predictOptions{out: out, model: testModel}, []string{bad, good, filepath.Join(dir, "none.png")}, &log)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != codePredictFailed || f.Args["Failed"] != 2 {
		t.Fatal(err)
	}
	for _, name := range []string{"bad.png", "none.png"} {
		if !strings.Contains(log.String(), name) {
			t.Errorf("%s is not named in %q", name, log.String())
		}
	}
	readResult(t, out, "good")
}

func TestPredictNamesItsOwnFaults(t *testing.T) {
	needRuntime(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	writePicture(t, filepath.Join(dir, "a.png"), 64, 48, 30, 20, 9)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		o    predictOptions
		path string
		code fault.Code
	}{
		"out is a file":   {context.Background(), predictOptions{out: file, model: testModel}, dir, codePredictOut},
		"no model":        {context.Background(), predictOptions{out: dir, model: "none.onnx"}, dir, ort.CodeModelMissing},
		"model is no one": {context.Background(), predictOptions{out: dir, model: file}, dir, ort.CodeModelBroken},
		"nothing there":   {context.Background(), predictOptions{out: dir, model: testModel}, empty, codePredictFailed},
		"interrupted":     {ended, predictOptions{out: t.TempDir(), model: testModel}, dir, codePredictEnded},
	} {
		if err := predict(test.ctx, test.o, []string{test.path}, &bytes.Buffer{}); fault.CodeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPredictOfNoImageAtAll(t *testing.T) {
	aside := &study.Study{Skipped: []study.Skipped{{Path: "seg.dcm", Reason: study.CodeSegmentation}}}
	err := predictStudy(context.Background(), predictOptions{out: t.TempDir()}, aside, nil, newReporter(&bytes.Buffer{}, true))
	if fault.CodeOf(err) != codePredictNone {
		t.Fatal(err)
	}
}

// TestPredictNamesWhatCannotBeWritten writes into a folder that is gone.
func TestPredictNamesWhatCannotBeWritten(t *testing.T) {
	needRuntime(t)
	dir := t.TempDir()
	writePicture(t, filepath.Join(dir, "a.png"), 64, 48, 30, 20, 9)
	predictor, err := openPredictor(testModel, 1)
	if err != nil {
		t.Fatal(err)
	}
	st, err := study.Open(context.Background(), []string{dir}, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	writer := &outcomeWriter{dir: filepath.Join(dir, "gone")}
	b := batch{predictor: predictor, keep: writer.keep, report: newReporter(&log, true)}
	if err := b.run(context.Background(), frameTasks(st)); err != nil || b.kept() != 0 || b.report.failures() != 1 {
		t.Fatal(err, b.kept())
	}
	if !strings.Contains(log.String(), filepath.Join("gone", "a")+": ") {
		t.Fatal(log.String())
	}
}

func TestPredictUsage(t *testing.T) {
	for _, args := range [][]string{{"predict"}, {"predict", "a.png"}, {"predict", "--out", "x"}, {"predict", "--wrong"}} {
		if got := run(args); got != 2 {
			t.Errorf("%v: status %d", args, got)
		}
	}
}

func TestUnknownNumbersAreNull(t *testing.T) {
	nan := math.NaN()
	o := &outcome{prediction: &inference.Prediction{Present: nan, ExpectedDice: nan, W: 3, H: 2}, spacing: &study.Spacing{X: 0.1, Y: 0.25}}
	o.contours = []contour.Contour{{Points: []contour.Vertex{{Point: contour.Point{X: 1, Y: 2.0625}, Expected: nan, Band: [4]float64{nan, nan, nan, nan}}}}}
	want := `{"model":{"name":"","sha256":""},"lesion_probability":null,"expected_dice":null,"size":[3,2],"spacing_mm":[0.1,0.25],"calibrated":false,` +
		`"contours":[{"closed":true,"points":[{"x":1.000,"y":2.062,"expected_error_px":null,"band_px":null}]}]}` + "\n"
	if got := string(appendOutcome(nil, o)); got != want {
		t.Fatal(got)
	}
}

func TestEncodeGrey16(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 3}, {300, 200}} {
		w, h := size[0], size[1]
		value := func(x, y int) uint16 { return uint16(x*977 + y*31337 + x*y) }
		var b bytes.Buffer
		err := encodeGrey16(&b, w, h, func(y int, to []uint16) {
			for x := range to {
				to[x] = value(x, y)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		im, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		g, ok := im.(*image.Gray16)
		if !ok || g.Rect != image.Rect(0, 0, w, h) {
			t.Fatal(im.Bounds())
		}
		for y := range h {
			for x := range w {
				if g.Gray16At(x, y).Y != value(x, y) {
					t.Fatalf("(%d,%d) of %dx%d", x, y, w, h)
				}
			}
		}
	}
}

// TestModelFaultsHaveSentences holds for every fault of models, of the runtime and of this command, in each language.
func TestModelFaultsHaveSentences(t *testing.T) {
	defer text.SetLanguage(text.Language())
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		for _, code := range []fault.Code{
			inference.CodeContractSyntax, inference.CodeContractVersion, inference.CodeContractMissing, inference.CodeContractValue,
			inference.CodeInput, inference.CodeOutputMissing, inference.CodeOutput, inference.CodeImage, inference.CodeNumbers,
			inference.CodeUnguided, inference.CodeGuidanceMisfit,
			inference.CodePanic, ort.CodeLibraryMissing, ort.CodeLibraryBroken, ort.CodeLibraryVersion, ort.CodeModelMissing,
			ort.CodeModelBroken, ort.CodeRun, codePredictOut, codePredictFailed, codePredictNone, codePredictEnded,
		} {
			what, do := text.FaultParts(fault.New(code, "", os.ErrInvalid, nil))
			if strings.HasPrefix(what, "fault.") || strings.HasPrefix(do, "fault.") || what == "" || do == "" {
				t.Errorf("%s in %s: %q %q", code, lang, what, do)
			}
		}
	}
}
