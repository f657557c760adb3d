package tool_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

// frameSizes are those for which the cost of a pointer event is bound.
var frameSizes = [][2]int{{1024, 768}, {4096, 4096}}

// large is a frame with a lesion of 0.3 of its width.
func large(b testing.TB, w, h int) *review.Review {
	b.Helper()
	r := empty(w, h)
	s, err := r.Begin(key, "import", review.ByModel)
	if err != nil {
		b.Fatal(err)
	}
	x, y, u := float64(w)/2, float64(h)/2, float64(w)*0.15
	s.Fill(mask.Capsule(x, y, x+u/8, y, u, 0.9*u), 1)
	if _, err := s.Commit(); err != nil {
		b.Fatal(err)
	}
	return r
}

// predicted is a review with a lesion as large, found by a model.
func predicted(b testing.TB, w, h int) *review.Review {
	b.Helper()
	r := empty(w, h)
	at := func(x, y float64) float64 { return float64(w)*0.15 - math.Hypot(x-float64(w)/2, y-float64(h)/2) }
	if err := reviewtest.Predict(r, at, func(x, y float64) float64 { return 2 }); err != nil {
		b.Fatal(err)
	}
	return r
}

// quantile is the p-th of the durations, which it sorts.
func quantile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[min(int(p*float64(len(d))), len(d)-1)]
}

// BenchmarkPointerEvent is every event of gestures around a lesion: what the tool does, and the outline and sketch anew,
// as the window asks for them. It reports the processor's time for single events.
func BenchmarkPointerEvent(b *testing.B) {
	for _, size := range frameSizes {
		w, h := size[0], size[1]
		pic := picture(w, h)
		for i := range allTools(empty(1, 1), 1) {
			name := allTools(empty(1, 1), 1)[i].Name()
			for _, edges := range []bool{false, true} {
				if edges && name != "brush" {
					continue
				}
				b.Run(fmt.Sprintf("%s-%v-%dx%d", name, edges, w, h), func(b *testing.B) {
					var took []time.Duration
					for b.Loop() {
						took = append(took, around(b, large(b, w, h), i, pic, edges)...)
					}
					b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "p99-ms")
					b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "p50-ms")
					b.ReportMetric(float64(quantile(took, 1).Microseconds())/1000, "max-ms")
				})
			}
		}
	}
}

// around draws along a third of the lesion's boundary and returns what each event took.
func around(b *testing.B, r *review.Review, i int, pic *tool.Picture, edges bool) (took []time.Duration) {
	x := allTools(r, 1)[i]
	x.Fit(key, float64(pic.W)/64)
	if s, ok := x.(tool.Sighted); ok {
		sight := tool.NewSight(func() *tool.Picture { return pic })
		s.See(sight)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	event := func(do func() error) {
		start := threadCPU(b)
		if err := do(); err != nil {
			b.Fatal(err)
		}
		r.Contours(key)
		if s, ok := x.(tool.Sketch); ok {
			s.Sketch()
		}
		took = append(took, threadCPU(b)-start)
	}
	cx, cy, u := float64(pic.W)/2, float64(pic.H)/2, float64(pic.W)*0.15
	const steps = 300
	place := func(k int) tool.Pointer {
		a := 2 * math.Pi / 3 * float64(k) / steps
		return tool.Pointer{X: cx + u*math.Cos(a), Y: cy + 0.9*u*math.Sin(a), Edges: edges}
	}
	event(func() error { return x.Press(key, place(0)) })
	for k := 1; k < steps; k++ {
		event(func() error { x.Drag(place(k)); return nil })
	}
	event(func() error { _, err := x.Release(); return err })
	if p, ok := x.(tool.Path); ok && p.Open() {
		event(func() error { _, err := p.Finish(); return err })
	}
	return took
}

// BenchmarkUndo is undo and redo of a step that changed the whole lesion, with the outline anew. The lesion was drawn, or
// predicted: then taking back leads to the model's own contours.
func BenchmarkUndo(b *testing.B) {
	for _, size := range frameSizes {
		b.Run(fmt.Sprintf("drawn-%dx%d", size[0], size[1]), func(b *testing.B) { undo(b, large(b, size[0], size[1])) })
		b.Run(fmt.Sprintf("predicted-%dx%d", size[0], size[1]), func(b *testing.B) { undo(b, predicted(b, size[0], size[1])) })
	}
}

func undo(b *testing.B, r *review.Review) {
	b.Helper()
	if _, err := tool.Grow(r, key, 1, 5); err != nil {
		b.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var took []time.Duration
	for b.Loop() {
		for _, travel := range []func(review.Key) (string, bool, error){r.Undo, r.Redo} {
			start := threadCPU(b)
			if _, ok, err := travel(key); !ok || err != nil {
				b.Fatal(ok, err)
			}
			r.Contours(key)
			took = append(took, threadCPU(b)-start)
		}
	}
	b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "p50-ms")
}

// BenchmarkFilter is each filter on a lesion of 0.3 of the frame's width.
func BenchmarkFilter(b *testing.B) {
	for _, size := range frameSizes {
		for _, name := range []string{"holes", "keep", "smooth", "grow", "shrink"} {
			b.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					r := large(b, size[0], size[1])
					r.Contours(key)
					b.StartTimer()
					if _, err := filters(1)[name](r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
