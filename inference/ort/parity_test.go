package ort_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/contour"
	"echoline/internal/mask"
)

// How far Go and Python may differ.
const (
	logitTolerance   = 5e-4 // both sides shrink the image by themselves, and their sums differ in the last bits
	qualityTolerance = 1e-4
	contourTolerance = 0.1 // px
	errorTolerance   = 0.1 // px, of the expected error at neighbouring points
)

var (
	root     = filepath.Join("..", "..")
	fixtures = filepath.Join(root, "assets", "models", "parity")
)

// reference is what the Python implementation of the contract says of one image.
type reference struct {
	Size     [2]int
	Present  float64  `json:"lesion_probability"`
	Quality  *float64 `json:"expected_dice"` // sigmoid of the output, whatever the mask is
	MaskSize int      `json:"mask_px"`
	Contours []struct{ Points []referencePoint }
}

type referencePoint struct {
	X, Y     float64
	Expected float64            `json:"expected_error_px"`
	Band     map[string]float64 `json:"band_px"`
}

// grey reads a PNG as a model sees it.
func grey(t *testing.T, path string) inference.Image {
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
	b := im.Bounds()
	out := inference.Image{W: b.Dx(), H: b.Dy(), Grey: make([]float32, 0, b.Dx()*b.Dy())}
	g, ok := im.(*image.Gray)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			v := color.Gray{}
			if ok {
				v = g.GrayAt(x, y)
			} else {
				v = color.GrayModel.Convert(im.At(x, y)).(color.Gray)
			}
			out.Grey = append(out.Grey, float32(v.Y)/255)
		}
	}
	return out
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(path, err)
	}
}

// shipped is the model that ships.
func shipped(t *testing.T) string {
	t.Helper()
	model, err := ort.FindModel()
	if err != nil {
		t.Skip("no model here: ", err)
	}
	return model
}

// graph opens the model so that its bare logits can be seen, too.
func graph(t *testing.T, model string) (inference.Engine, *inference.Contract, *inference.Model, string) {
	t.Helper()
	engine, contract, sum, err := ort.OpenEngine(library(t), model, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := inference.NewPredictor(engine, *contract, sum, model)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine, contract, m, sum
}

// TestSyntheticImagesAsInPython compares with what the training code stored beside the model.
func TestSyntheticImagesAsInPython(t *testing.T) {
	model := shipped(t)
	if _, err := os.Stat(fixtures); err != nil {
		t.Skip("no fixtures beside the model")
	}
	compareFixtures(t, model, fixtures)
}

// TestGuidedCasesAsInPython does so for the small model, whose logits show each channel of the guidance.
func TestGuidedCasesAsInPython(t *testing.T) {
	folder := filepath.Join("..", "testdata", "guided")
	index := readIndex(t, folder)
	if len(index.Guided) != 2 {
		t.Fatalf("%+v", index)
	}
	compareGuided(t, filepath.Join("..", "testdata", "guided.onnx"), folder, index)
}

// fixtureIndex lists what Python stored beside a model.
type fixtureIndex struct {
	SHA256 string `json:"model_sha256"`
	Stride int
	Images []string
	Guided []guidedCase
}

func readIndex(t *testing.T, folder string) (index fixtureIndex) {
	t.Helper()
	readJSON(t, filepath.Join(folder, "index.json"), &index)
	return index
}

func compareFixtures(t *testing.T, model, folder string) {
	index := readIndex(t, folder)
	engine, contract, m, sum := graph(t, model)
	if sum != index.SHA256 || len(index.Images) < 3 || index.Stride < 1 {
		t.Fatalf("the fixtures are of another model: make them again (%s, %d images)", index.SHA256, len(index.Images))
	}
	for _, name := range index.Images {
		var want reference
		readJSON(t, filepath.Join(folder, name+".json"), &want)
		p := predict(t, m, grey(t, filepath.Join(folder, name+".png")), inference.Guidance{})
		logits := readFloats(t, filepath.Join(folder, name+".logits.bin"))
		compareLogits(t, name, engine.Output(contract.Logits), contract.W, contract.H, logits, index.Stride)
		compareQuality(t, name, engine, contract, want)
		compare(t, name, p, want)
	}
	if len(index.Guided) > 0 {
		compareGuided(t, model, folder, index)
	}
}

func compareGuided(t *testing.T, model, folder string, index fixtureIndex) {
	engine, contract, m, sum := graph(t, model)
	if sum != index.SHA256 || index.Stride < 1 {
		t.Fatalf("the fixtures are of another model: make them again (%s)", index.SHA256)
	}
	for i, g := range index.Guided {
		predict(t, m, grey(t, filepath.Join(folder, g.Image+".png")), g.guidance(t, folder))
		name := fmt.Sprintf("guided case %d on %s", i, g.Image)
		compareLogits(t, name, engine.Output(contract.Logits), contract.W, contract.H, readFloats(t, filepath.Join(folder, g.Logits)), index.Stride)
	}
}

// guidedCase is what a reader gave on an image, in native pixels, and the file of the logits that came of it.
type guidedCase struct {
	Image, Mask, Logits        string // Mask is a PNG of the image's size, not black where the lesion is; "" for none
	Positive, Negative, Stroke [][2]float64
}

func (c guidedCase) guidance(t *testing.T, folder string) inference.Guidance {
	t.Helper()
	place := func(xy [][2]float64) (out []contour.Point) {
		for _, p := range xy {
			out = append(out, contour.Point{X: p[0], Y: p[1]})
		}
		return out
	}
	g := inference.Guidance{Positive: place(c.Positive), Negative: place(c.Negative), Stroke: place(c.Stroke)}
	if c.Mask == "" {
		return g
	}
	soFar := grey(t, filepath.Join(folder, c.Mask))
	g.Mask = mask.NewPlane(soFar.W, soFar.H)
	for i, v := range soFar.Grey {
		if v > 0 {
			g.Mask.Pix[i] = 1
		}
	}
	return g
}

// readFloats reads little-endian float32 values.
func readFloats(t *testing.T, path string) []float32 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(data)/4)
	if err := binary.Read(bytes.NewReader(data), binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func predict(t *testing.T, m *inference.Model, im inference.Image, g inference.Guidance) *inference.Prediction {
	t.Helper()
	p, err := m.Predict(context.Background(), im, g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// compareQuality holds the expected Dice against the reference, where the model gives one.
func compareQuality(t *testing.T, name string, engine inference.Engine, c *inference.Contract, want reference) {
	t.Helper()
	if c.Quality == "" {
		return
	}
	got := 1 / (1 + math.Exp(-float64(engine.Output(c.Quality)[0])))
	if want.Quality == nil || math.Abs(got-*want.Quality) > qualityTolerance {
		t.Fatalf("%s: expected Dice %v, in Python %v", name, got, want.Quality)
	}
}

// compareLogits holds the graph's output against every stride-th value of every stride-th row.
func compareLogits(t *testing.T, name string, got []float32, w, h int, want []float32, stride int) {
	t.Helper()
	i := 0
	for y := 0; y < h; y += stride {
		for x := 0; x < w; x += stride {
			if d := math.Abs(float64(got[y*w+x] - want[i])); !(d <= logitTolerance) {
				t.Fatalf("%s: logit at (%d,%d) is %v, in Python %v", name, x, y, got[y*w+x], want[i])
			}
			i++
		}
	}
	if i != len(want) {
		t.Fatalf("%s: %d logits, in Python %d", name, i, len(want))
	}
}

// compare holds a prediction against the reference: presence, mask size, and every point of either contours near one of
// the other, with the same expected error.
func compare(t *testing.T, name string, p *inference.Prediction, want reference) {
	t.Helper()
	if [2]int{p.W, p.H} != want.Size || math.Abs(p.Present-want.Present) > 1e-4 {
		t.Fatalf("%s: size %d×%d, presence %v; in Python %v, %v", name, p.W, p.H, p.Present, want.Size, want.Present)
	}
	if d := inside(p) - want.MaskSize; d < -2 || d > 2 { // a pixel on the very threshold may fall to either side
		t.Fatalf("%s: mask of %d px, in Python %d", name, inside(p), want.MaskSize)
	}
	cs := p.Contours(p.Model.Labels[0].Value)
	if len(cs) != len(want.Contours) {
		t.Fatalf("%s: %d contours, in Python %d", name, len(cs), len(want.Contours))
	}
	var ours, theirs []referencePoint
	for _, c := range cs {
		for _, v := range c.Points {
			band := map[string]float64{"50": v.Band[0], "80": v.Band[1], "90": v.Band[2], "95": v.Band[3]}
			ours = append(ours, referencePoint{v.X, v.Y, v.Expected, band})
		}
	}
	for _, c := range want.Contours {
		theirs = append(theirs, c.Points...)
	}
	for _, pair := range [2][2][]referencePoint{{ours, theirs}, {theirs, ours}} {
		for _, a := range pair[0] {
			b, d := nearestPoint(a, pair[1])
			if d > contourTolerance {
				t.Fatalf("%s: point (%.3f, %.3f) is %.3f px from the nearest of the other", name, a.X, a.Y, d)
			}
			if math.Abs(a.Expected-b.Expected) > errorTolerance || math.Abs(a.Band["90"]-b.Band["90"]) > 3*errorTolerance {
				t.Fatalf("%s: at (%.1f, %.1f) expected errors %v and %v", name, a.X, a.Y, a.Expected, b.Expected)
			}
		}
	}
}

func nearestPoint(a referencePoint, among []referencePoint) (best referencePoint, distance float64) {
	distance = math.Inf(1)
	for _, b := range among {
		if d := math.Hypot(a.X-b.X, a.Y-b.Y); d < distance {
			best, distance = b, d
		}
	}
	return best, distance
}

// TestRealImagesAsInPython runs the Python reference on ten real images.
func TestRealImagesAsInPython(t *testing.T) {
	model := shipped(t)
	python := filepath.Join(root, "training", ".venv", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		t.Skip("no Python environment in training/.venv")
	}
	var images []string
	for _, set := range []string{"busi", "busbra"} {
		found, err := filepath.Glob(filepath.Join(root, "..", "shared", "data", set, "images", "*1*.png"))
		if err != nil || len(found) < 5 {
			t.Skip("no real images beside the repository")
		}
		for i := range 5 {
			images = append(images, found[i*len(found)/5])
		}
	}
	compareWithPython(t, model, python, images)
}

func compareWithPython(t *testing.T, model, python string, images []string) {
	absolute := func(path string) string {
		abs, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		return abs
	}
	out := t.TempDir()
	args := []string{"-m", "echoline_training", "predict-reference", "--model", absolute(model), "--out", out}
	for _, im := range images {
		args = append(args, absolute(im))
	}
	cmd := exec.Command(absolute(python), args...)
	cmd.Dir = filepath.Join(root, "training")
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	engine, contract, m, _ := graph(t, model)
	for _, path := range images {
		name := filepath.Base(path)
		name = name[:len(name)-len(filepath.Ext(name))]
		var want reference
		readJSON(t, filepath.Join(out, name+".json"), &want)
		p := predict(t, m, grey(t, path), inference.Guidance{})
		compareLogits(t, name, engine.Output(contract.Logits), contract.W, contract.H, readNPY(t, filepath.Join(out, name+".logits.npy")), 1)
		compareQuality(t, name, engine, contract, want)
		compare(t, name, p, want)
	}
}

// readNPY reads a little-endian float32 array of NumPy, version 1.
func readNPY(t *testing.T, path string) []float32 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) < 10 || string(data[:6]) != "\x93NUMPY" || !bytes.Contains(data[:min(len(data), 128)], []byte("'<f4', 'fortran_order': False")) {
		t.Fatal(path, "is not the array that is expected here")
	}
	data = data[10+int(binary.LittleEndian.Uint16(data[8:])):]
	out := make([]float32, len(data)/4)
	if err := binary.Read(bytes.NewReader(data), binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}
