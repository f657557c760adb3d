package main

import (
	"context"
	"image"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// truth reads the mask of a picture of the data beside the repository.
func truth(tb testing.TB, picture string) *mask.Plane {
	tb.Helper()
	f, err := os.Open(strings.Replace(picture, "images", "masks", 1))
	if err != nil {
		tb.Skip("no masks beside the repository: ", err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		tb.Fatal(err)
	}
	p := mask.NewPlane(img.Bounds().Dx(), img.Bounds().Dy())
	for i := range p.Pix {
		if r, _, _, _ := img.At(i%p.W, i/p.W).RGBA(); r > 0x7fff {
			p.Pix[i] = 1
		}
	}
	return p
}

// worst is the pixel amid the largest error of a mask, and whether it belongs inside; ok is false where nothing is wrong.
func worst(got, want *mask.Plane) (at contour.Point, inside, ok bool) {
	wrong := mask.NewPlane(got.W, got.H)
	for i := range wrong.Pix {
		if got.Pix[i] != want.Pix[i] {
			wrong.Pix[i] = 1 + want.Pix[i]
		}
	}
	ids, sizes := mask.Components(wrong, 1)
	label := uint8(1)
	if more, big := mask.Components(wrong, 2); largest(big) >= largest(sizes) {
		ids, sizes, label = more, big, 2
	}
	id := 0
	for i, n := range sizes {
		if n > sizes[id] {
			id = i
		}
	}
	// Of that region the pixel that is farthest from its edge.
	deepest := -1
	for i, v := range ids {
		if int(v) != id || id == 0 {
			continue
		}
		x, y, depth := i%wrong.W, i/wrong.W, 0
		for wrong.At(x-depth, y) == label && wrong.At(x+depth, y) == label && wrong.At(x, y-depth) == label && wrong.At(x, y+depth) == label {
			depth++
		}
		if depth > deepest {
			deepest, at = depth, contour.Point{X: float64(x) + 0.5, Y: float64(y) + 0.5}
		}
	}
	return at, label == 2, deepest >= 3
}

func largest(sizes []int) int {
	most := 0
	for _, n := range sizes {
		most = max(most, n)
	}
	return most
}

// ask clicks into the largest error of the automatic masks of real images and gives check each answer.
func ask(tb testing.TB, p inference.Predictor, most int, check func(r *review.Review, k review.Key, want, before, after *mask.Plane, at contour.Point, inside bool)) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "busi", "images", "*7.png"))
	if err != nil || len(paths) < 20 {
		tb.Skip("no real images beside the repository")
	}
	asked := 0
	for _, path := range paths {
		if asked == most {
			return
		}
		want := truth(tb, path)
		st, err := study.Open(context.Background(), []string{path}, nil)
		if err != nil {
			tb.Fatal(err)
		}
		r, k := review.New(st, "R", nil), review.Key{Instance: st.Items[0].ID}
		im, err := frameTasks(st)[0].load()
		if err != nil {
			tb.Fatal(err)
		}
		first, err := p.Predict(context.Background(), im, inference.Guidance{})
		if err != nil {
			tb.Fatal(err)
		}
		if err := r.SetPrediction(k, first); err != nil {
			tb.Fatal(err)
		}
		before := r.Frame(k).Labels
		at, inside, ok := worst(before, want)
		if mask.Count(before, 1) == 0 || !ok {
			continue
		}
		asked++
		g := inference.Guidance{Mask: before, Positive: []contour.Point{at}, Newest: inference.PositiveClick}
		if !inside {
			g = inference.Guidance{Mask: before, Negative: []contour.Point{at}, Newest: inference.NegativeClick}
		}
		answer, err := p.Predict(context.Background(), im, g)
		if err != nil {
			tb.Fatal(err)
		}
		after := inference.Merge(before, answer.Mask, g, inference.Merging{Label: 1, Radius: answer.ClickRadius, Locked: r.Locked(k, 1)})
		check(r, k, want, before, after, at, inside)
	}
	if asked < most {
		tb.Fatalf("only %d images have an error to click into", asked)
	}
}

// TestTheShippedModelAnswersClicks: on real images a click into the largest error is obeyed, helps on the whole, leaves
// confirmed boundary alone, and its answer is one step that can be undone.
func TestTheShippedModelAnswersClicks(t *testing.T) {
	engine, contract, sum := benchEngine(t)
	p := inference.NewPredictor(engine, *contract, sum, "")
	if !p.Info().Guided {
		t.Skip("this model takes no clicks")
	}
	const images = 8
	gained, better := 0.0, 0
	ask(t, p, images, func(r *review.Review, k review.Key, want, before, after *mask.Plane, at contour.Point, inside bool) {
		if (after.At(int(at.X), int(at.Y)) == 1) != inside {
			t.Errorf("%v: the click at %v is not obeyed", k, at)
		}
		d := contour.Dice(after, want, 1) - contour.Dice(before, want, 1)
		if gained += d; d > 0 {
			better++
		}
		was := before.Clone()
		changed, err := r.Take(k, before, after, sum)
		if err != nil || !changed || !r.Frame(k).Labels.Equal(after) {
			t.Errorf("%v: %v %v", k, changed, err)
		}
		if _, ok, err := r.Undo(k); !ok || err != nil || !r.Frame(k).Labels.Equal(was) {
			t.Errorf("%v: undo does not give the mask back", k)
		}
	})
	t.Logf("Dice rose by %.4f on the mean of %d images, on %d of them", gained/images, images, better)
	if gained <= 0 {
		t.Errorf("clicks cost %.4f Dice", -gained/images)
	}
}

// TestTheShippedModelKeepsConfirmedBoundary: with the whole boundary confirmed, no answer moves it.
func TestTheShippedModelKeepsConfirmedBoundary(t *testing.T) {
	engine, contract, sum := benchEngine(t)
	p := inference.NewPredictor(engine, *contract, sum, "")
	if !p.Info().Guided {
		t.Skip("this model takes no clicks")
	}
	ask(t, p, 3, func(r *review.Review, k review.Key, _, before, _ *mask.Plane, at contour.Point, inside bool) {
		if err := r.ConfirmAll(k); err != nil {
			t.Fatal(err)
		}
		g := inference.Guidance{Mask: before, Positive: []contour.Point{at}}
		if !inside {
			g = inference.Guidance{Mask: before, Negative: []contour.Point{at}}
		}
		im, err := frameTasks(r.Study())[0].load()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.Predict(context.Background(), im, g)
		if err != nil {
			t.Fatal(err)
		}
		locked := r.Locked(k, 1)
		after := inference.Merge(before, answer.Mask, g, inference.Merging{Label: 1, Radius: answer.ClickRadius, Locked: locked})
		for i, v := range locked.Pix {
			if v != 0 && after.Pix[i] != before.Pix[i] {
				t.Fatalf("%v: pixel %d of confirmed boundary changed", k, i)
			}
		}
	})
}

// BenchmarkAsk is what a reader waits for after a click, on a real image made 1024×768: the graph, and all the rest, from
// the picture to the outline of the answer.
func BenchmarkAsk(b *testing.B) {
	engine, contract, sum := benchEngine(b)
	watch := &stopwatch{Engine: engine}
	p := inference.NewPredictor(watch, *contract, sum, "")
	const w, h = 1024, 768
	im := inference.Image{W: w, H: h, Grey: make([]float32, w*h)}
	for i := range im.Grey {
		d := math.Hypot(float64(i%w)-512, float64(i/w)-384)
		im.Grey[i] = float32(0.5 / (1 + math.Exp((150-d)/8)))
	}
	st := &study.Study{Items: []*study.Item{{ID: "a", Name: "a", W: w, H: h, Frames: 1}}}
	r, k := review.New(st, "R", nil), review.Key{Instance: "a"}
	first, err := p.Predict(context.Background(), im, inference.Guidance{})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.SetPrediction(k, first); err != nil {
		b.Fatal(err)
	}
	var model, rest time.Duration
	n := 0
	for b.Loop() {
		before := r.Frame(k).Labels
		g := inference.Guidance{Mask: before, Positive: []contour.Point{{X: 670, Y: 384}}, Newest: inference.PositiveClick}
		t := time.Now()
		answer, err := p.Predict(context.Background(), im, g)
		if err != nil {
			b.Fatal(err)
		}
		after := inference.Merge(before, answer.Mask, g, inference.Merging{Label: 1, Radius: answer.ClickRadius, Locked: r.Locked(k, 1)})
		if len(review.Suggested(before, after, 1)) == 0 {
			b.Fatal("no outline")
		}
		rest += time.Since(t) - watch.took
		model += watch.took
		n++
	}
	b.ReportMetric(model.Seconds()*1e3/float64(n), "model-ms")
	b.ReportMetric(rest.Seconds()*1e3/float64(n), "rest-ms")
}
