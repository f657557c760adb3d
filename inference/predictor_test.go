package inference

import (
	"context"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// fakeEngine answers with what outputs makes of the input.
type fakeEngine struct {
	input    []float32
	guidance []float32
	make     func(input []float32) map[string][]float32
	result   map[string][]float32
	err      error
	closed   bool
}

func (e *fakeEngine) Input(name string) []float32 {
	if name == "guidance" {
		return e.guidance
	}
	return e.input
}

func (e *fakeEngine) Run(context.Context) error {
	e.result = e.make(e.input)
	return e.err
}

func (e *fakeEngine) Output(name string) []float32 { return e.result[name] }

func (e *fakeEngine) Close() error {
	e.closed = true
	return nil
}

func testContract(w, h int) Contract {
	return Contract{
		Name: "fake", Version: "1", W: w, H: h, Channels: 1, Input: "image", Logits: "logits", Scale: "scale", Present: "present",
		Label: Label{Value: 2, Name: "lesion"}, Threshold: 0.5, Temperature: 2, PresentThreshold: 0.5, Calibrated: true,
		Fit: Fit{Factor: 1.5, Band: [4]float64{1, 2, 3, 4}},
	}
}

// bright outlines what is brighter than 0.5; the scale is 2 everywhere.
func bright(present float32) func([]float32) map[string][]float32 {
	return func(input []float32) map[string][]float32 {
		logits, scale := make([]float32, len(input)), make([]float32, len(input))
		for i, v := range input {
			logits[i], scale[i] = 20*(v-0.5), 2
		}
		return map[string][]float32{"logits": logits, "scale": scale, "present": {present}}
	}
}

// discs is a dark picture with bright discs: x, y, radius each.
func discs(w, h int, at ...[3]float64) Image {
	im := Image{W: w, H: h, Grey: make([]float32, w*h)}
	for i := range im.Grey {
		for _, d := range at {
			if math.Hypot(float64(i%w)+.5-d[0], float64(i/w)+.5-d[1]) <= d[2] {
				im.Grey[i] = 1
			}
		}
	}
	return im
}

func TestPredict(t *testing.T) {
	e := &fakeEngine{input: make([]float32, 64*48), make: bright(3)}
	m := NewPredictor(e, testContract(64, 48), "abc", "m.onnx")
	im := discs(128, 80, [3]float64{60, 40, 20}, [3]float64{120, 8, 3})
	p, err := m.Predict(context.Background(), im, Guidance{})
	if err != nil {
		t.Fatal(err)
	}
	want := discs(128, 80, [3]float64{60, 40, 20}) // the small one is noise beside it
	truth := mask.NewPlane(128, 80)
	for i, v := range want.Grey {
		truth.Pix[i] = 2 * uint8(v)
	}
	if d := contour.Dice(p.Mask, truth, 2); d < 0.97 || mask.Count(p.Mask, 2)+mask.Count(p.Mask, 0) != 128*80 {
		t.Fatalf("Dice %v", d)
	}
	if math.Abs(p.Present-sigmoid(3)) > 1e-9 || p.W != 128 || p.H != 80 || p.Model.SHA256 != "abc" || p.Model.Labels[0].Value != 2 {
		t.Fatalf("%v %+v", p.Present, p.Model)
	}
	// Dark is logit -10 at temperature 2; the picture is halved, so a scale of 2 spans 4 native pixels.
	if math.Abs(float64(p.Probability[0])-sigmoid(-5)) > 1e-6 || math.Abs(float64(p.Scale[77])-4) > 1e-5 {
		t.Fatal(p.Probability[0], p.Scale[77])
	}
	cs := p.Contours(2)
	if len(cs) != 1 || math.Abs(cs[0].Points[0].Expected-6) > 1e-4 || math.Abs(cs[0].Points[5].Band[3]-16) > 1e-4 {
		t.Fatalf("%d contours, %+v", len(cs), cs[0].Points[0])
	}
	for _, v := range cs[0].Points {
		if r := math.Hypot(v.X-60, v.Y-40); math.Abs(r-20) > 0.8 {
			t.Fatalf("point at %v", r)
		}
	}
	if m.Close() != nil || !e.closed || m.Info().Name != "fake" {
		t.Fatal("Close")
	}
}

func TestPredictWithoutLesionIsEmpty(t *testing.T) {
	m := NewPredictor(&fakeEngine{input: make([]float32, 64*48), make: bright(-0.1)}, testContract(64, 48), "", "")
	p, err := m.Predict(context.Background(), discs(64, 48, [3]float64{30, 20, 10}), Guidance{})
	if err != nil || mask.Count(p.Mask, 0) != 64*48 || p.Contours(2) != nil {
		t.Fatal(err)
	}
	if p.Probability[20*64+30] < 0.9 {
		t.Fatal("the probability must stay as the model gave it")
	}
}

func TestPredictWithLogitsAlone(t *testing.T) {
	c := testContract(64, 48)
	c.Channels, c.Scale, c.Present = 3, "", ""
	e := &fakeEngine{input: make([]float32, 3*64*48), make: func(input []float32) map[string][]float32 {
		return bright(0)(input[2*64*48:]) // the last channel must hold the picture too
	}}
	p, err := NewPredictor(e, c, "", "").Predict(context.Background(), discs(64, 48, [3]float64{30, 20, 10}), Guidance{})
	if err != nil || !math.IsNaN(p.Present) || p.Scale != nil {
		t.Fatal(err, p)
	}
	cs := p.Contours(2)
	if len(cs) != 1 || !math.IsNaN(cs[0].Points[0].Expected) || !math.IsNaN(cs[0].Points[0].Band[2]) {
		t.Fatal("expected error from nowhere")
	}
}

func TestPredictRefuses(t *testing.T) {
	ctx, good := context.Background(), discs(64, 48)
	spoil := func(name string, v float32) func([]float32) map[string][]float32 {
		return func(in []float32) map[string][]float32 {
			out := bright(1)(in)
			out[name][0] = v
			return out
		}
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, test := range map[string]struct {
		im   Image
		make func([]float32) map[string][]float32
		code fault.Code
	}{
		"empty":        {Image{}, bright(1), CodeImage},
		"short":        {Image{W: 9, H: 9, Grey: make([]float32, 80)}, bright(1), CodeImage},
		"negative":     {Image{W: -1, H: -1, Grey: make([]float32, 1)}, bright(1), CodeImage},
		"logits NaN":   {good, spoil("logits", nan), CodeNumbers},
		"logits Inf":   {good, spoil("logits", inf), CodeNumbers},
		"scale 0":      {good, spoil("scale", 0), CodeNumbers},
		"present NaN":  {good, spoil("present", nan), CodeNumbers},
		"present -Inf": {good, spoil("present", -inf), CodeNumbers},
	} {
		m := NewPredictor(&fakeEngine{input: make([]float32, 64*48), make: test.make}, testContract(64, 48), "", "")
		if _, err := m.Predict(ctx, test.im, Guidance{}); fault.CodeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("broken")
	m := NewPredictor(&fakeEngine{input: make([]float32, 64*48), make: bright(1), err: broken}, testContract(64, 48), "", "")
	if _, err := m.Predict(ctx, good, Guidance{}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.Predict(ended, good, Guidance{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// TestContoursFollowTheMask: whatever probabilities and mask are, the contours' inside is the mask.
func TestContoursFollowTheMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 16).Draw(t, "w"), rapid.IntRange(1, 16).Draw(t, "h")
		p := &Prediction{W: w, H: h, Threshold: rapid.Float64Range(0.01, 0.99).Draw(t, "threshold"), Mask: mask.NewPlane(w, h)}
		p.Probability = rapid.SliceOfN(rapid.Float32Range(0, 1), w*h, w*h).Draw(t, "p")
		p.Scale = rapid.SliceOfN(rapid.Float32Range(0.1, 9), w*h, w*h).Draw(t, "b")
		p.Fit = Fit{Factor: 1, Band: [4]float64{1, 2, 3, 4}}
		copy(p.Mask.Pix, rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 0, 1}), w*h, w*h).Draw(t, "mask"))
		cs := p.Contours(1)
		if !contour.Fill(cs, w, h).Equal(p.Mask) {
			t.Fatal("the contours have another inside")
		}
		for _, c := range cs {
			for _, v := range c.Points {
				if !(v.Expected >= 0.099 && v.Expected <= 9.001) || math.Abs(v.Band[3]-4*v.Expected) > 1e-9 {
					t.Fatalf("%+v", v)
				}
			}
		}
	})
}

// TestContoursCrossInLogits: between two pixels the contour lies where the straight line between their logits crosses.
func TestContoursCrossInLogits(t *testing.T) {
	p := &Prediction{W: 3, H: 3, Threshold: 0.5, Mask: mask.NewPlane(3, 3), Probability: make([]float32, 9)}
	for i := range p.Probability {
		p.Probability[i] = float32(sigmoid(-6))
	}
	p.Probability[4] = float32(sigmoid(2))
	p.Mask.Set(1, 1, 1)
	for _, v := range p.Contours(1)[0].Points {
		if d := math.Hypot(v.X-1.5, v.Y-1.5); math.Abs(d-0.25) > 1e-3 {
			t.Fatalf("crossing at %v", d)
		}
	}
}

func TestAnnotateSamplesBilinearly(t *testing.T) {
	p := &Prediction{W: 2, H: 2, Scale: []float32{1, 2, 3, 4}, Fit: Fit{Factor: 2}}
	for _, test := range []struct{ x, y, want float64 }{
		{0.5, 0.5, 1}, {1.5, 0.5, 2}, {1, 1, 2.5}, {0.75, 1.5, 3.25}, {0, 0, 1}, {2, 2, 4}, {99, -99, 2}, {math.NaN(), 0, 1},
	} {
		cs := []contour.Contour{{Points: []contour.Vertex{{Point: contour.Point{X: test.x, Y: test.y}}}}}
		p.Annotate(cs)
		if got := cs[0].Points[0].Expected; math.Abs(got-2*test.want) > 1e-9 {
			t.Errorf("(%v,%v): %v, want %v", test.x, test.y, got, 2*test.want)
		}
	}
}

func BenchmarkPostprocess(b *testing.B) {
	e := &fakeEngine{input: make([]float32, 256*256), make: bright(3)}
	m := NewPredictor(e, testContract(256, 256), "", "")
	im := discs(800, 600, [3]float64{400, 300, 150})
	if _, err := m.Predict(context.Background(), im, Guidance{}); err != nil {
		b.Fatal(err)
	}
	b.Run("preprocess", func(b *testing.B) {
		for b.Loop() {
			m.feed(im)
		}
	})
	b.Run("postprocess", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.read(im.W, im.H, Guidance{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("contours", func(b *testing.B) {
		p, err := m.read(im.W, im.H, Guidance{})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			p.Contours(2)
		}
	})
}
