package ort_test

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// channels reads what guided.onnx saw at a pixel of the input from its scale: coverage, and which of the others are set.
func channels(scale float32) (coverage float64, positive, negative, stroke bool) {
	hundredths := int(math.Round(float64(scale-1) * 100))
	set := hundredths / 1000
	return float64(hundredths%1000) / 100, set%10 == 1, set/10%10 == 1, set/100 == 1
}

// TestGuidanceReachesTheGraph gives a picture of half the input's size, so that a native pixel spans 2 of the input.
func TestGuidanceReachesTheGraph(t *testing.T) {
	engine, contract, m, _ := graph(t, filepath.Join("..", "testdata", "guided.onnx"))
	if info := m.Info(); info.Name != "test-guided" || !info.Guided {
		t.Fatalf("%+v", info)
	}
	soFar := mask.NewPlane(32, 24)
	soFar.Fill([]mask.Span{{Y: 10, X0: 8, X1: 12}, {Y: 11, X0: 8, X1: 12}}, 1)
	g := inference.Guidance{
		Mask: soFar, Positive: []contour.Point{{X: 5.25, Y: 4.25}}, Negative: []contour.Point{{X: 20.25, Y: 16.25}},
		Stroke: []contour.Point{{X: 25.25, Y: 3.25}, {X: 25.25, Y: 9.25}},
	}
	if _, err := m.Predict(context.Background(), inference.Image{W: 32, H: 24, Grey: make([]float32, 32*24)}, g); err != nil {
		t.Fatal(err)
	}
	var sum float64
	scale := engine.Output(contract.Scale)
	for i, v := range scale {
		x, y := float64(i%64)+.5, float64(i/64)+.5
		coverage, positive, negative, stroke := channels(v)
		sum += coverage
		end := math.Max(6.5, math.Min(18.5, y))
		if positive != (math.Hypot(x-10.5, y-8.5) <= 4) || negative != (math.Hypot(x-40.5, y-32.5) <= 4) ||
			stroke != (math.Hypot(x-50.5, y-end) <= 1.5) {
			t.Fatalf("(%v,%v): %v %v %v", x, y, positive, negative, stroke)
		}
	}
	// 4×2 native pixels are 8×4 of the input, blurred by the filter but as much in all.
	if inner, _, _, _ := channels(scale[22*64+20]); math.Abs(sum-32) > 0.5 || inner != 1 {
		t.Fatal("coverage:", sum, inner)
	}
	// A click outweighs the picture, and the pixels around it are lesion.
	if logits := engine.Output(contract.Logits); logits[8*64+10] != 30 || logits[32*64+40] != -50 || logits[0] != -10 {
		t.Fatal(logits[8*64+10], logits[32*64+40], logits[0])
	}
}

func TestGuidedAndAutomaticRunsTakeTurns(t *testing.T) {
	m, err := open(t, "guided.onnx")
	if err != nil {
		t.Fatal(err)
	}
	ctx, dark := context.Background(), inference.Image{W: 64, H: 48, Grey: make([]float32, 64*48)}
	click := inference.Guidance{Positive: []contour.Point{{X: 20, Y: 20}}}
	for range 2 {
		automatic, err := m.Predict(ctx, picture(64, 48), inference.Guidance{})
		if err != nil {
			t.Fatal(err)
		}
		// The picture's disc has 448 pixels of 3072: its mean times 20 is the logit.
		if want := 1 / (1 + math.Exp(-20*448.0/3072)); math.Abs(automatic.ExpectedDice-want) > 1e-4 || inside(automatic) != 448 {
			t.Fatal(automatic.ExpectedDice, inside(automatic))
		}
		guided, err := m.Predict(ctx, dark, click)
		if err != nil {
			t.Fatal(err)
		}
		// The model finds no lesion in the dark, but the reader says that there is one. Its disk has 52 pixels.
		if guided.Present > 0.01 || inside(guided) != 52 || !math.IsNaN(guided.ExpectedDice) || guided.ClickRadius != 4 {
			t.Fatal(guided.Present, inside(guided), guided.ExpectedDice, guided.ClickRadius)
		}
		if got := guided.Contours(1); len(got) != 1 || !(got[0].Points[0].Expected > 3) {
			t.Fatal("the scale is 11 inside, 1 outside, and not what came of it:", len(got))
		}
		again, err := m.Predict(ctx, dark, inference.Guidance{})
		if err != nil || inside(again) != 0 || again.Scale[20*64+20] != 1 {
			t.Fatal(again, err)
		}
	}
}

func TestGuidanceForAModelThatTakesNone(t *testing.T) {
	for _, name := range []string{"contract.onnx", "plain.onnx"} {
		m, err := open(t, name)
		if err != nil {
			t.Fatal(err)
		}
		g := inference.Guidance{Positive: []contour.Point{{X: 20, Y: 20}}}
		if _, err := m.Predict(context.Background(), picture(64, 48), g); fault.CodeOf(err) != inference.CodeUnguided {
			t.Error(name, err)
		}
	}
}

// TestEngineKnowsItsNames: names that the graph does not have give nothing, and the guidance starts at zero.
func TestEngineKnowsItsNames(t *testing.T) {
	e, c, _, err := ort.OpenEngine(library(t), filepath.Join("..", "testdata", "guided.onnx"), 1)
	if err != nil {
		t.Fatal(err)
	}
	if e.Input("logits") != nil || e.Output("image") != nil || len(e.Input(c.Input)) != 64*48 || len(e.Output(c.Quality)) != 1 {
		t.Error("wrong tensors")
	}
	g := e.Input(c.Guidance.Input)
	if len(g) != 4*64*48 || slices.ContainsFunc(g, func(v float32) bool { return v != 0 }) {
		t.Error("guidance of", len(g))
	}
	if err := e.Close(); err != nil || e.Input(c.Input) != nil {
		t.Error(err)
	}
}
