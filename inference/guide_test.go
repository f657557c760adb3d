package inference

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// guidedModel outlines what is brighter than 0.5, less what the reader clicks away, more what he clicks on; its quality is
// a logit of 1.
func guidedModel(w, h int, present float32) (*Model, *fakeEngine) {
	n := w * h
	e := &fakeEngine{input: make([]float32, n), guidance: make([]float32, 4*n)}
	e.make = func(input []float32) map[string][]float32 {
		out := bright(present)(input)
		for i := range n {
			out["logits"][i] += 40 * (e.guidance[n+i] - e.guidance[2*n+i])
		}
		out["quality"] = []float32{1}
		return out
	}
	c := testContract(w, h)
	c.Quality, c.Guidance = "quality", Guide{Input: "guidance", DiskRadius: 4, StrokeRadius: 1.5}
	return NewPredictor(e, c, "", ""), e
}

func mustPredict(t testing.TB, m *Model, im Image, g Guidance) *Prediction {
	t.Helper()
	p, err := m.Predict(context.Background(), im, g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func points(xy [][2]float64) []contour.Point {
	var out []contour.Point
	for _, p := range xy {
		out = append(out, contour.Point{X: p[0], Y: p[1]})
	}
	return out
}

// TestGuidanceAsInPython compares with what make_guidance.py works out pixel by pixel.
func TestGuidanceAsInPython(t *testing.T) {
	data, err := os.ReadFile("testdata/guidance.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		W, H                       int
		InW                        int     `json:"in_w"`
		InH                        int     `json:"in_h"`
		Disk                       float64 `json:"disk_radius"`
		Line                       float64 `json:"stroke_radius"`
		Mask                       *[4]int
		Positive, Negative, Stroke [][2]float64
		Coverage                   []float32
		PositivePx                 []int `json:"positive_px"`
		NegativePx                 []int `json:"negative_px"`
		StrokePx                   []int `json:"stroke_px"`
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for k, c := range cases {
		m, e := guidedModel(c.InW, c.InH, 1)
		m.contract.Guidance.DiskRadius, m.contract.Guidance.StrokeRadius = c.Disk, c.Line
		g := Guidance{Positive: points(c.Positive), Negative: points(c.Negative), Stroke: points(c.Stroke)}
		if r := c.Mask; r != nil {
			g.Mask = mask.NewPlane(c.W, c.H)
			for i := range g.Mask.Pix {
				g.Mask.Pix[i] = uint8(i % 2) // of another label than the model's
			}
			for y := r[1]; y < r[3]; y++ {
				for x := r[0]; x < r[2]; x++ {
					g.Mask.Set(x, y, 2)
				}
			}
		}
		mustPredict(t, m, discs(c.W, c.H), g)
		n := c.InW * c.InH
		for i, want := range c.Coverage {
			if math.Abs(float64(e.guidance[i]-want)) > 1e-5 {
				t.Fatalf("case %d: coverage of (%d,%d) is %v, want %v", k, i%c.InW, i/c.InW, e.guidance[i], want)
			}
		}
		for channel, want := range [3][]int{c.PositivePx, c.NegativePx, c.StrokePx} {
			for i, v := range e.guidance[(1+channel)*n : (2+channel)*n] {
				in := slices.Contains(want, i)
				if in != (v == 1) || !in && v != 0 {
					t.Errorf("case %d: %s at (%d,%d) is %v", k, GuideChannels[1+channel], i%c.InW, i/c.InW, v)
				}
			}
		}
	}
}

func TestGuidanceIsWipedForAutomaticRuns(t *testing.T) {
	m, e := guidedModel(32, 24, 1)
	im := discs(64, 48, [3]float64{30, 20, 10})
	other := mask.NewPlane(64, 48)
	other.Set(3, 3, 1) // another label says nothing
	zero := func() bool { return !slices.ContainsFunc(e.guidance, func(v float32) bool { return v != 0 }) }
	automatic := mustPredict(t, m, im, Guidance{})
	for _, g := range []Guidance{{Positive: []contour.Point{{X: 9, Y: 9}}}, {Stroke: []contour.Point{{X: 9, Y: 9}}}, {Mask: automatic.Mask}} {
		mustPredict(t, m, im, g)
		if zero() {
			t.Fatalf("nothing drawn of %+v", g)
		}
		for _, g := range []Guidance{{}, {Mask: mask.NewPlane(64, 48)}, {Mask: other}} {
			p := mustPredict(t, m, im, g)
			if !zero() || !p.Mask.Equal(automatic.Mask) || p.ExpectedDice != automatic.ExpectedDice {
				t.Fatal("guidance of an earlier run is left")
			}
		}
	}
	// What nothing touched is not written again.
	e.guidance[5] = 7
	if mustPredict(t, m, im, Guidance{}); e.guidance[5] != 7 {
		t.Fatal("an automatic run wrote the guidance")
	}
}

func TestGuidanceIsRefused(t *testing.T) {
	ctx, im := context.Background(), discs(64, 48)
	guided, _ := guidedModel(64, 48, 1)
	plain := NewPredictor(&fakeEngine{input: make([]float32, 64*48), make: bright(1)}, testContract(64, 48), "", "")
	if plain.Info().Guided || !guided.Info().Guided {
		t.Fatal("Guided")
	}
	drawn := mask.NewPlane(64, 48)
	drawn.Set(1, 1, 2)
	click := []contour.Point{{X: 3, Y: 4}}
	for name, test := range map[string]struct {
		m    *Model
		g    Guidance
		code fault.Code
	}{
		"positive":        {plain, Guidance{Positive: click}, CodeUnguided},
		"negative":        {plain, Guidance{Negative: click}, CodeUnguided},
		"stroke":          {plain, Guidance{Stroke: click}, CodeUnguided},
		"mask":            {plain, Guidance{Mask: drawn}, CodeUnguided},
		"empty mask":      {plain, Guidance{Mask: mask.NewPlane(64, 48)}, ""},
		"other size":      {guided, Guidance{Mask: mask.NewPlane(48, 64)}, CodeGuidanceMisfit},
		"no number":       {guided, Guidance{Positive: []contour.Point{{X: math.NaN()}}}, CodeGuidanceMisfit},
		"infinite":        {guided, Guidance{Stroke: []contour.Point{{Y: math.Inf(-1)}}}, CodeGuidanceMisfit},
		"beside":          {guided, Guidance{Negative: []contour.Point{{X: -1e300, Y: 1e300}}}, ""},
		"all that it can": {guided, Guidance{Mask: drawn, Positive: click, Negative: click, Stroke: click}, ""},
	} {
		if _, err := test.m.Predict(ctx, im, test.g); fault.CodeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReaderKnowsThatThereIsSomething: the gate for images without a lesion is for automatic predictions.
func TestReaderKnowsThatThereIsSomething(t *testing.T) {
	m, _ := guidedModel(64, 48, -3)
	im := discs(64, 48, [3]float64{30, 20, 10})
	drawn := mask.NewPlane(64, 48)
	drawn.Set(1, 1, 2)
	at := []contour.Point{{X: 30, Y: 20}}
	far := []contour.Point{{X: 60, Y: 44}}
	for name, test := range map[string]struct {
		g     Guidance
		there bool
	}{
		"automatic":     {Guidance{}, false},
		"negative only": {Guidance{Negative: far}, false},
		"positive":      {Guidance{Positive: at}, true},
		"stroke":        {Guidance{Stroke: far}, true},
		"mask so far":   {Guidance{Mask: drawn}, true},
	} {
		p := mustPredict(t, m, im, test.g)
		if got := p.Mask.At(30, 20) == 2; got != test.there {
			t.Errorf("%s: lesion there is %v", name, got)
		}
		if p.Present > 0.1 {
			t.Errorf("%s: the presence must stay as the model gave it, not %v", name, p.Present)
		}
	}
}

func TestExpectedDiceIsOfAutomaticMasks(t *testing.T) {
	im := discs(64, 48, [3]float64{30, 20, 10})
	m, _ := guidedModel(64, 48, 3)
	if p := mustPredict(t, m, im, Guidance{}); math.Abs(p.ExpectedDice-sigmoid(1)) > 1e-9 {
		t.Fatal(p.ExpectedDice)
	}
	if p := mustPredict(t, m, im, Guidance{Positive: []contour.Point{{X: 3, Y: 3}}}); !math.IsNaN(p.ExpectedDice) {
		t.Fatal("of a guided mask:", p.ExpectedDice)
	}
	if p := mustPredict(t, m, discs(64, 48), Guidance{}); !math.IsNaN(p.ExpectedDice) {
		t.Fatal("of an empty mask:", p.ExpectedDice)
	}
	m, e := guidedModel(64, 48, 3)
	m.contract.Quality = ""
	if p := mustPredict(t, m, im, Guidance{}); !math.IsNaN(p.ExpectedDice) {
		t.Fatal("of a model that does not say:", p.ExpectedDice)
	}
	m.contract.Quality = "quality"
	whole := e.make
	e.make = func(in []float32) map[string][]float32 {
		out := whole(in)
		out["quality"][0] = float32(math.NaN())
		return out
	}
	if _, err := m.Predict(context.Background(), im, Guidance{}); fault.CodeOf(err) != CodeNumbers {
		t.Fatal(err)
	}
}

// TestClicksSurviveTidying: specks and holes are noise, unless the reader points at them.
func TestClicksSurviveTidying(t *testing.T) {
	m, _ := guidedModel(128, 96, 3)
	im := discs(128, 96, [3]float64{50, 50, 30}, [3]float64{110, 20, 3}, [3]float64{110, 80, 3})
	for i := range im.Grey { // a hole of radius 3 in the large disc
		if math.Hypot(float64(i%128)+.5-40, float64(i/128)+.5-50) <= 3 {
			im.Grey[i] = 0
		}
	}
	automatic := mustPredict(t, m, im, Guidance{})
	if automatic.Mask.At(110, 20) != 0 || automatic.Mask.At(110, 80) != 0 || automatic.Mask.At(40, 50) != 2 {
		t.Fatal("the picture does not have what this test needs")
	}
	speck := mustPredict(t, m, im, Guidance{Positive: []contour.Point{{X: 110.5, Y: 20.5}}})
	if speck.Mask.At(110, 20) != 2 || speck.Mask.At(110, 80) != 0 || speck.Mask.At(40, 50) != 2 {
		t.Fatal("the speck that was clicked is to stay, the other to go")
	}
	circled := mustPredict(t, m, im, Guidance{Stroke: []contour.Point{{X: 104, Y: 77.5}, {X: 116, Y: 77.5}}})
	if circled.Mask.At(110, 80) != 2 || circled.Mask.At(110, 20) != 0 {
		t.Fatal("the speck that the stroke passes over is to stay")
	}
	hole := mustPredict(t, m, im, Guidance{Negative: []contour.Point{{X: 40.5, Y: 50.5}}})
	if hole.Mask.At(40, 50) != 0 || hole.Mask.At(50, 50) != 2 || hole.Mask.At(110, 20) != 0 {
		t.Fatal("the hole that was clicked is to stay")
	}
	if r := hole.ClickRadius; r != 4 {
		t.Fatal(r)
	}
	if r := mustPredict(t, m, discs(256, 192), Guidance{}).ClickRadius; r != 8 {
		t.Fatal(r)
	}
}

func BenchmarkGuide(b *testing.B) {
	m, _ := guidedModel(256, 256, 3)
	im := discs(1024, 768, [3]float64{500, 400, 150})
	g := Guidance{Positive: []contour.Point{{X: 500, Y: 200}}, Mask: mustPredict(b, m, im, Guidance{}).Mask}
	for a := range 200 {
		x, y := math.Sincos(float64(a) / 100)
		g.Stroke = append(g.Stroke, contour.Point{X: 500 + 160*x, Y: 400 + 160*y})
	}
	b.Run("draw", func(b *testing.B) {
		for b.Loop() {
			m.feedGuidance(g)
		}
	})
	b.Run("postprocess", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.read(im.W, im.H, g); err != nil {
				b.Fatal(err)
			}
		}
	})
}
