package store

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// predicted is what a model might say: a disc with a soft edge, blurred on one side.
func predicted(w, h int, sha string) *inference.Prediction {
	p := &inference.Prediction{
		Model: inference.Info{
			Name: "echoline-breast", Version: "0.1.0", SHA256: sha, Path: "/models/x.onnx", Calibrated: true,
			Labels: []inference.Label{{Value: 1, Name: "lesion", Type: inference.Code{Value: "4147007", Scheme: "SCT", Meaning: "Mass"}}},
		},
		W: w, H: h, Present: 0.97, ExpectedDice: 0.83, Threshold: 0.5,
		Fit:         inference.Fit{Factor: 1.1, Band: [4]float64{0.7, 1.6, 2.3, 3}},
		Probability: make([]float32, w*h), Scale: make([]float32, w*h), Mask: mask.NewPlane(w, h),
	}
	cx, cy, r := float64(w)*0.45, float64(h)*0.5, float64(min(w, h))*0.3
	for i := range p.Probability {
		x, y := float64(i%w)+.5, float64(i/w)+.5
		soft := 1.5 + 3*math.Max(0, (x-cx)/r)
		d := math.Hypot(x-cx, y-cy) - r + 0.02*r*math.Sin(x/3)*math.Cos(y/4)
		p.Probability[i] = float32(1 / (1 + math.Exp(d/soft)))
		p.Scale[i] = float32(soft * (1 + 0.1*math.Sin(x/9)))
		if p.Probability[i] >= 0.5 {
			p.Mask.Pix[i] = 1
		}
	}
	return p
}

func TestPredictionComesBack(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	p := predicted(320, 240, "m")
	must(t, w.SavePrediction(still, p))
	q, err := w.Prediction(still, "m")
	if err != nil || q == nil {
		t.Fatal(err)
	}
	if !q.Mask.Equal(p.Mask) || q.W != p.W || q.H != p.H || q.Present != p.Present || q.ExpectedDice != p.ExpectedDice || q.Threshold != p.Threshold || q.Fit != p.Fit ||
		q.Model.Labels[0] != p.Model.Labels[0] || q.Model.SHA256 != "m" || !q.Model.Calibrated {
		t.Fatalf("%+v", q.Model)
	}
	a, b := p.Contours(1), q.Contours(1)
	if len(a) != 1 || len(b) != 1 || len(a[0].Points) != len(b[0].Points) {
		t.Fatal("contours differ")
	}
	for i, v := range a[0].Points {
		u := b[0].Points[i]
		if math.Hypot(u.X-v.X, u.Y-v.Y) > 0.01 || math.Abs(u.Expected/v.Expected-1) > 0.002 || math.Abs(u.Band[2]/v.Band[2]-1) > 0.01 {
			t.Fatalf("%+v and %+v", v, u)
		}
	}
	for i, v := range p.Probability {
		if math.Abs(float64(v-q.Probability[i])) > 1.0/65535 {
			t.Fatal(v, q.Probability[i])
		}
	}
}

// TestOlderPredictionsAreRead opens a workspace with a prediction of version 1, which had no expected Dice.
func TestOlderPredictionsAreRead(t *testing.T) {
	old, err := os.ReadFile(filepath.Join("testdata", "prediction-1.bin"))
	must(t, err)
	dir := t.TempDir()
	w := mustOpen(t, dir)
	p := predicted(40, 30, "m")
	must(t, w.SavePrediction(still, p))
	if _, err := w.db.Exec(`UPDATE predictions SET data = ?`, old); err != nil {
		t.Fatal(err)
	}
	must(t, w.Close())
	q, err := mustOpen(t, dir).Prediction(still, "m")
	must(t, err)
	if !math.IsNaN(q.ExpectedDice) || q.Present != p.Present || q.Fit != p.Fit || !q.Mask.Equal(p.Mask) || q.Model.SHA256 != "m" {
		t.Fatalf("%+v", q)
	}
}

func TestPredictionsByFrameAndModel(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	other := review.Key{Instance: still.Instance, Frame: 1}
	must(t, w.SavePrediction(still, predicted(40, 30, "m")))
	must(t, w.SavePrediction(still, predicted(40, 30, "n")))
	again := predicted(40, 30, "m")
	again.Present = 0.1
	must(t, w.SavePrediction(still, again))
	for sha, present := range map[string]float64{"m": 0.1, "n": 0.97} {
		if p, err := w.Prediction(still, sha); err != nil || p.Present != present || p.Model.SHA256 != sha {
			t.Fatal(p, err)
		}
	}
	if p, err := w.LastPrediction(still); err != nil || p.Model.SHA256 != "m" {
		t.Fatal(p, err)
	}
	for _, k := range []review.Key{other, {Instance: "x"}} {
		if p, err := w.Prediction(k, "m"); p != nil || err != nil {
			t.Fatal(p, err)
		}
		if p, err := w.LastPrediction(k); p != nil || err != nil {
			t.Fatal(p, err)
		}
	}
	if p, err := w.Prediction(still, "k"); p != nil || err != nil {
		t.Fatal(p, err)
	}
	bad := predicted(40, 30, "m")
	bad.Probability = bad.Probability[1:]
	wantCode(t, w.SavePrediction(still, bad), CodePrediction)
	if _, err := w.db.Exec(`UPDATE predictions SET data = x'0102'`); err != nil {
		t.Fatal(err)
	}
	_, err := w.Prediction(still, "m")
	wantCode(t, err, CodePrediction)
}

func TestPredictionServesTheReviewAgain(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	p := predicted(testW, testH, "m")
	must(t, r.SetPrediction(still, p))
	must(t, w.SavePrediction(still, p))
	must(t, w.Close())
	w = mustOpen(t, dir)
	again := mustReview(t, w, "kim")
	q, err := w.Prediction(still, "m")
	must(t, err)
	must(t, again.SetPrediction(still, q))
	if n := len(again.History(still)); n != 1 {
		t.Fatalf("%d steps: the prediction was set twice", n)
	}
	a, b := r.Contours(still)[0], again.Contours(still)[0]
	for i, v := range a.Points {
		if math.Hypot(v.X-b.Points[i].X, v.Y-b.Points[i].Y) > 0.01 {
			t.Fatalf("the sub-pixel contour changed over the restart: %v %v (%d and %d points)", v.Point, b.Points[i].Point, len(a.Points), len(b.Points))
		}
	}
}

func TestPackedMapsAreWithinRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(0, 12).Draw(t, "w"), rapid.IntRange(0, 12).Draw(t, "h")
		p := &inference.Prediction{
			W: w, H: h, Present: rapid.Float64().Draw(t, "present"), Mask: mask.NewPlane(w, h),
			Probability: rapid.SliceOfN(rapid.Float32Range(0, 1), w*h, w*h).Draw(t, "probability"),
		}
		copy(p.Mask.Pix, rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 1, 2, 255}), w*h, w*h).Draw(t, "mask"))
		if rapid.Bool().Draw(t, "scaled") {
			p.Scale = rapid.SliceOfN(rapid.Float32Range(1e-6, 1e6), w*h, w*h).Draw(t, "scale")
		}
		b, err := pack(p)
		if err != nil {
			t.Fatal(err)
		}
		q, err := unpack(b)
		if err != nil || !q.Mask.Equal(p.Mask) || q.Present != p.Present || (q.Scale == nil) != (p.Scale == nil) {
			t.Fatal(err, q)
		}
		for i, v := range p.Probability {
			if math.Abs(float64(v-q.Probability[i])) > 1.0/65535 {
				t.Fatal(v, q.Probability[i])
			}
		}
		for i, v := range p.Scale {
			if math.Abs(float64(q.Scale[i]/v)-1) > 0.001 {
				t.Fatal(v, q.Scale[i])
			}
		}
	})
}

func TestPackKeepsWhatIsUnknown(t *testing.T) {
	p := predicted(8, 8, "m")
	p.Present, p.ExpectedDice, p.Scale = math.NaN(), math.NaN(), nil
	b, err := pack(p)
	must(t, err)
	q, err := unpack(b)
	must(t, err)
	if !math.IsNaN(q.Present) || !math.IsNaN(q.ExpectedDice) || q.Scale != nil || !math.IsNaN(contourOf(q).Expected) {
		t.Fatal(q.Present, q.Scale)
	}
}

func contourOf(p *inference.Prediction) contour.Vertex { return p.Contours(1)[0].Points[0] }

func TestDamagedPackIsRefused(t *testing.T) {
	b, err := pack(predicted(16, 16, "m"))
	must(t, err)
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		if _, err := unpack(bad); !errors.Is(err, errPacked) && !errors.Is(err, errVersion) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := unpack(b[:i]); !errors.Is(err, errPacked) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// FuzzUnpack looks behind the checksum, which would hide the rest from the fuzzer.
func FuzzUnpack(f *testing.F) {
	for _, size := range []int{1, 16} {
		b, err := pack(predicted(size, size+1, "m"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[packHead:])
	}
	f.Add([]byte("\x02{}\xff\xff\x03\xff\xff\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := unpackBody(data, packVersion)
		if err != nil {
			return
		}
		if len(p.Probability) != p.W*p.H || len(p.Mask.Pix) != p.W*p.H || p.Scale != nil && len(p.Scale) != p.W*p.H {
			t.Fatal("sizes differ")
		}
		p.Contours(1)
	})
}

func BenchmarkPack(b *testing.B) {
	p := predicted(1024, 768, "m")
	size := 0
	for b.Loop() {
		data, err := pack(p)
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "bytes")
}

func BenchmarkUnpack(b *testing.B) {
	data, err := pack(predicted(1024, 768, "m"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := unpack(data); err != nil {
			b.Fatal(err)
		}
	}
}
