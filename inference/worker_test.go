package inference

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"echoline/internal/contour"
	"echoline/internal/fault"
)

// gate is a predictor that waits until it is let through, and writes down what it predicted (by the picture's width).
type gate struct {
	let  chan struct{}
	mu   sync.Mutex
	seen []int
	told []Guidance
}

func (g *gate) Info() Info { return Info{} }

func (g *gate) Predict(ctx context.Context, im Image, guide Guidance) (*Prediction, error) {
	g.mu.Lock()
	g.seen = append(g.seen, im.W)
	g.told = append(g.told, guide)
	g.mu.Unlock()
	if im.W == 13 {
		panic("unlucky")
	}
	select {
	case <-g.let:
		return &Prediction{W: im.W}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// bench is a worker with a gate, and its answers in the order in which they came.
type bench struct {
	*Worker
	gate    *gate
	answers chan string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	before := runtime.NumGoroutine()
	g := &gate{let: make(chan struct{})}
	b := &bench{Worker: NewWorker(g, func(f func()) { f() }), gate: g, answers: make(chan string, 100)}
	t.Cleanup(func() {
		b.Close()
		for range 200 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
	})
	return b
}

func (b *bench) ask(key int, g Guidance) {
	load := func(context.Context) (Image, error) { return Image{W: key}, nil }
	b.Request(key, load, g, func(p *Prediction, err error) {
		if err != nil {
			b.answers <- fmt.Sprintf("%d %v", key, err)
		} else {
			b.answers <- fmt.Sprintf("%d is %d", key, p.W)
		}
	})
}

// started waits until the predictor has begun with n frames.
func (b *bench) started(t *testing.T, n int) {
	t.Helper()
	for range 1000 {
		b.gate.mu.Lock()
		got := len(b.gate.seen)
		b.gate.mu.Unlock()
		if got >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("frame %d was not begun", n)
}

func (b *bench) want(t *testing.T, answers ...string) {
	t.Helper()
	for _, want := range answers {
		select {
		case got := <-b.answers:
			if got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no answer; want %q", want)
		}
	}
}

func TestWorkerTakesTurnsAndPriority(t *testing.T) {
	b := newBench(t)
	for k := 1; k <= 4; k++ {
		b.ask(k, Guidance{})
	}
	b.started(t, 1)
	b.Prioritise(4)
	b.Prioritise(99)
	close(b.gate.let)
	b.want(t, "1 is 1", "4 is 4", "2 is 2", "3 is 3")
}

func TestWorkerMergesDuplicates(t *testing.T) {
	b := newBench(t)
	b.ask(1, Guidance{})
	b.started(t, 1)
	b.ask(2, Guidance{})
	b.ask(1, Guidance{}) // joins the running one
	b.ask(2, Guidance{}) // joins the waiting one
	b.ask(1, Guidance{Positive: make([]contour.Point, 1)})
	close(b.gate.let)
	b.want(t, "1 is 1", "1 is 1", "2 is 2", "2 is 2", "1 is 1")
	b.gate.mu.Lock()
	defer b.gate.mu.Unlock()
	if !slices.Equal(b.gate.seen, []int{1, 2, 1}) {
		t.Fatal(b.gate.seen)
	}
}

// TestWorkerKeepsGuidanceApart: an automatic prediction and a guided one of a frame are two answers.
func TestWorkerKeepsGuidanceApart(t *testing.T) {
	b := newBench(t)
	click := func(n int) Guidance { return Guidance{Positive: make([]contour.Point, n)} }
	b.ask(1, Guidance{})
	b.started(t, 1)
	b.ask(2, Guidance{})
	b.ask(3, Guidance{})
	b.ask(3, click(1))
	b.ask(3, click(2)) // joins the first click, whose answer nobody needs any more
	b.ask(3, Guidance{})
	b.Prioritise(3)
	close(b.gate.let)
	b.want(t, "1 is 1", "3 is 3", "3 is 3", "3 is 3", "3 is 3", "2 is 2")
	for i, want := range []int{0, 0, 2, 0} {
		if got := len(b.gate.told[i].Positive); got != want {
			t.Errorf("run %d had %d clicks, want %d", i, got, want)
		}
	}
}

func TestWorkerCancels(t *testing.T) {
	b := newBench(t)
	for k := 1; k <= 4; k++ {
		b.ask(k, Guidance{})
	}
	b.started(t, 1)
	b.Cancel(3)
	b.want(t, "3 context canceled")
	b.Cancel(1)
	b.want(t, "1 context canceled")
	b.started(t, 2)
	b.CancelAll()
	b.want(t, "4 context canceled", "2 context canceled")
	b.ask(2, Guidance{}) // a cancelled key can be asked for again
	b.gate.let <- struct{}{}
	b.want(t, "2 is 2")
}

func TestWorkerAsksAgainAfterCancellingTheRunningOne(t *testing.T) {
	b := newBench(t)
	b.ask(1, Guidance{})
	b.started(t, 1)
	b.Cancel(1)
	b.ask(1, Guidance{}) // must not join the one that is going down
	close(b.gate.let)
	b.want(t, "1 context canceled", "1 is 1")
}

func TestWorkerOutlivesPanicsAndFaults(t *testing.T) {
	b := newBench(t)
	b.ask(13, Guidance{})
	answer := <-b.answers
	if want := "13 " + string(CodePanic); len(answer) < len(want) || answer[:len(want)] != want {
		t.Fatal(answer)
	}
	broken := fault.New(CodeImage, "a.png", nil, nil)
	done := make(chan error, 2)
	b.Request("load", func(context.Context) (Image, error) { return Image{}, broken }, Guidance{}, func(_ *Prediction, err error) { done <- err })
	if err := <-done; !errors.Is(err, broken) {
		t.Fatal(err)
	}
	b.Request("panic", func(context.Context) (Image, error) { panic("in load") }, Guidance{}, func(_ *Prediction, err error) { done <- err })
	if err := <-done; fault.CodeOf(err) != CodePanic {
		t.Fatal(err)
	}
	close(b.gate.let)
	b.ask(5, Guidance{})
	b.want(t, "5 is 5")
}

func TestWorkerClosesWhileRunning(t *testing.T) {
	b := newBench(t)
	b.ask(1, Guidance{})
	b.ask(2, Guidance{})
	b.started(t, 1)
	b.Close()
	b.Close() // twice does no harm
	select {
	case a := <-b.answers:
		t.Fatal("answer after Close:", a)
	default:
	}
}

func TestWorkerUnderManyHands(t *testing.T) {
	b := newBench(t)
	close(b.gate.let)
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := 0
	for hand := range 8 {
		wg.Go(func() {
			for i := range 50 {
				key := (hand*7 + i) % 10
				mu.Lock()
				open++
				mu.Unlock()
				b.Request(key, func(context.Context) (Image, error) { return Image{W: key}, nil }, Guidance{}, func(p *Prediction, err error) {
					if err == nil && p.W != key {
						t.Error("somebody else's answer")
					}
					mu.Lock()
					open--
					mu.Unlock()
				})
				switch i % 5 {
				case 0:
					b.Prioritise(key)
				case 1:
					b.Cancel(key)
				}
			}
		})
	}
	wg.Wait()
	for range 1000 {
		mu.Lock()
		left := open
		mu.Unlock()
		if left == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("requests without an answer:", open)
}

// wait asks as somebody who waits.
func (b *bench) wait(key int) {
	load := func(context.Context) (Image, error) { return Image{W: key}, nil }
	b.Ask(key, load, Guidance{Positive: make([]contour.Point, 1)}, func(p *Prediction, err error) {
		if err != nil {
			b.answers <- fmt.Sprintf("urgent %d %v", key, err)
		} else {
			b.answers <- fmt.Sprintf("urgent %d is %d", key, p.W)
		}
	})
}

// TestWorkerLetsNobodyWait: who waits comes first, and what was broken off for that is done anew.
func TestWorkerLetsNobodyWait(t *testing.T) {
	b := newBench(t)
	b.ask(1, Guidance{})
	b.ask(2, Guidance{})
	b.started(t, 1)
	b.wait(3)
	b.started(t, 2) // without anybody being let through
	b.wait(4)
	b.Prioritise(2)
	b.Prioritise(4)
	b.ask(1, Guidance{}) // joins the one that was broken off
	close(b.gate.let)
	b.want(t, "urgent 3 is 3", "urgent 4 is 4", "2 is 2", "1 is 1", "1 is 1")
	if want := []int{1, 3, 4, 2, 1}; !slices.Equal(b.gate.seen, want) {
		t.Fatal(b.gate.seen)
	}
}

func TestWorkerTakesBackWhatWasBrokenOff(t *testing.T) {
	b := newBench(t)
	b.ask(1, Guidance{})
	b.started(t, 1)
	b.wait(2)
	b.Cancel(1)
	b.want(t, "1 context canceled")
	b.started(t, 2)
	b.wait(3)
	b.Cancel(2)
	b.want(t, "urgent 2 context canceled")
	b.started(t, 3)
	close(b.gate.let)
	b.want(t, "urgent 3 is 3")
	if want := []int{1, 2, 3}; !slices.Equal(b.gate.seen, want) {
		t.Fatal("what was taken back ran again", b.gate.seen)
	}
}
