package store

import (
	"math"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// screen is a study of one frame of a usual size.
func screen() *study.Study {
	return &study.Study{Items: []*study.Item{{ID: still.Instance, Name: "a", W: 1024, H: 768, Frames: 1}}}
}

// stroke paints a stroke of 30 pointer positions round the edge of a lesion, the i-th of many.
func stroke(tb testing.TB, r *review.Review, i int) {
	tb.Helper()
	s, err := r.Begin(still, "brush", review.ByReader)
	if err != nil {
		tb.Fatal(err)
	}
	last := [2]float64{}
	for k := range 30 {
		a := float64(i)*0.7 + float64(k)/60
		at := [2]float64{510 + (140+float64(i%9))*math.Cos(a), 384 + (130+float64(i%7))*math.Sin(a)}
		if k > 0 {
			s.Fill(mask.Capsule(last[0], last[1], at[0], at[1], 12, 12), uint8(i%2))
		}
		last = at
	}
	if _, err := s.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// lesion starts the frame with a model's result.
func lesion(tb testing.TB, r *review.Review) {
	tb.Helper()
	if err := r.SetPrediction(still, predicted(1024, 768, "m")); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkStroke is a whole stroke: 30 steps of the pointer, commit, journal on the disk.
func BenchmarkStroke(b *testing.B) {
	w := mustOpen(b, b.TempDir())
	r, err := w.Review(screen(), "kim")
	must(b, err)
	lesion(b, r)
	i := 0
	for b.Loop() {
		stroke(b, r, i)
		i++
	}
}

// BenchmarkAppend is the journal's part of a stroke.
func BenchmarkAppend(b *testing.B) {
	w := mustOpen(b, b.TempDir())
	m := &twin{}
	r := review.New(screen(), "kim", m)
	lesion(b, r)
	old := r.Frame(still).Labels
	stroke(b, r, 1)
	e := review.Entry{Reader: "kim", Key: still, W: 1024, H: 768, Kind: review.KindEdit, Name: "brush"}
	e.Labels = mask.Diff(old, r.Frame(still).Labels, old.Rect())
	j := w.Journal()
	for b.Loop() {
		e.N++
		if err := j.Append(&e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReplay is opening a review with 1,000 strokes on a frame of 1024×768.
func BenchmarkReplay(b *testing.B) {
	w := mustOpen(b, b.TempDir())
	r, err := w.Review(screen(), "kim")
	must(b, err)
	lesion(b, r)
	for i := range 1000 {
		stroke(b, r, i)
	}
	for b.Loop() {
		again, err := w.Review(screen(), "kim")
		must(b, err)
		if !again.Frame(still).Labels.Equal(r.Frame(still).Labels) {
			b.Fatal("differs")
		}
	}
}
