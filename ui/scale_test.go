package ui

import (
	"math"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/study"
)

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
