package ui

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/study"
	"echoline/ui/panel"
)

// halting is a disk that waits before its last frame until it may go on.
type halting struct {
	disk
	left *atomic.Int32
	on   chan struct{}
}

func (h halting) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	if h.left.Add(-1) == 0 {
		<-h.on
	}
	return h.disk.Predict(ctx, im, g)
}

// TestRowsTellNoShareThatChanges: while the study is being predicted the limit of weak boundary is not known yet, so rows say nothing
// of it, unless the reader chose one; in the end all of them do.
func TestRowsTellNoShareThatChanges(t *testing.T) {
	for _, chosen := range []bool{false, true} {
		h := halting{left: new(atomic.Int32), on: make(chan struct{})}
		h.left.Store(4)
		b := newBench(t, Config{Paths: []string{pictures(t, 4)}, Predictor: func() (inference.Predictor, error) { return h, nil }})
		b.start()
		b.wait("all but the last", func() bool { return b.sess != nil && b.sess.item != nil && len(b.sess.predicted) == 3 })
		if chosen {
			b.chooseWeak(0.5)
		}
		b.wait("the rows", func() bool { return len(b.sess.stale) == 0 })
		told := 0
		for _, r := range b.sess.rows {
			if r.State == panel.Predicted && !math.IsNaN(r.Weak) {
				told++
			}
		}
		if want := map[bool]int{true: 3}[chosen]; told != want {
			t.Errorf("chosen %v: %d rows tell a share", chosen, told)
		}
		if k := b.sess.key(); !chosen && !math.IsNaN(b.stripFrame(b.sess, k).Weak) {
			t.Error("the strip tells a share")
		}
		close(h.on)
		b.wait("the end", func() bool { return b.sess.settled })
		for _, r := range b.sess.rows {
			if math.IsNaN(r.Weak) {
				t.Errorf("chosen %v: %s tells no share in the end", chosen, r.Title)
			}
		}
	}
}

// TestRowsWithoutAModel: where no model comes, rows do not wait for it, whatever was first.
func TestRowsWithoutAModel(t *testing.T) {
	late := make(chan struct{})
	b := newBench(t, Config{Paths: []string{pictures(t, 2)}, Predictor: func() (inference.Predictor, error) {
		<-late
		return nil, errors.New("no runtime")
	}})
	b.start()
	b.wait("the study", func() bool { return b.sess != nil && b.sess.item != nil })
	close(late)
	b.wait("the fault", func() bool { return b.modelErr != nil && len(b.sess.stale) == 0 })
	for _, r := range b.sess.rows {
		if r.State != panel.Unpredicted {
			t.Errorf("%s is %v", r.Title, r.State)
		}
	}
}

func ring(errs ...float64) []contour.Contour {
	c := contour.Contour{Label: 1}
	for _, e := range errs {
		for range 4 {
			c.Points = append(c.Points, contour.Vertex{Expected: e})
		}
	}
	return []contour.Contour{c}
}

func TestScaleSettlesOnThe95thPercentile(t *testing.T) {
	it := &study.Item{W: 1000, H: 500}
	e := newErrorScale()
	for i := range 100 {
		e.add(ring(float64(i)), it)
	}
	e.add(ring(math.NaN()), it)
	e.settle()
	if got := e.limitPx(it); math.Abs(got-95) > 1e-9 {
		t.Fatalf("limit %v px", got)
	}
	if got := e.weakPx(it); math.Abs(got-95*weakShare) > 1e-9 {
		t.Fatalf("weak %v px", got)
	}
}

func TestReadersChoiceOfWeakStays(t *testing.T) {
	it := &study.Item{W: 1000, H: 500}
	e := newErrorScale()
	e.choose(0.5)
	want := e.weakPx(it)
	for i := range 100 {
		e.add(ring(float64(i)), it)
	}
	e.settle()
	if got := e.weakPx(it); got != want {
		t.Fatalf("weak moved from %v to %v", want, got)
	}
}

func TestFewPointsKeepTheFirstScale(t *testing.T) {
	it := &study.Item{W: 100, H: 100}
	e := newErrorScale()
	e.add(ring(1, 2, 3), it)
	e.settle()
	if e.limit != firstLimit {
		t.Fatalf("limit %v", e.limit)
	}
}
