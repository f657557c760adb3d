package main

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"echoline/inference"
	"echoline/internal/fault"
)

// How many frames are decoded, and how many outcomes encoded, at the same time beside the model. Two each keep the model
// busy while a file waits for the disk; more would only hold more frames in memory.
const (
	decoders = 2
	writers  = 2
)

// batch predicts frames while others are decoded and others' outcomes are written.
type batch struct {
	predictor inference.Predictor
	keep      func(frameTask, *inference.Prediction) error // called by several goroutines
	report    *reporter
	done      atomic.Int64
}

// loaded is a frame on its way to the model, predicted one on its way from it.
type loaded struct {
	task  frameTask
	image inference.Image
}

type predicted struct {
	task       frameTask
	prediction *inference.Prediction
}

// run takes all tasks through. A frame that fails is reported and the rest goes on; only the end of ctx stops it, whose
// error it then returns.
func (b *batch) run(ctx context.Context, tasks []frameTask) error {
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan frameTask)
	images := make(chan loaded, decoders)
	results := make(chan predicted, writers)
	g.Go(func() error {
		defer close(queue)
		for _, t := range tasks {
			if err := send(ctx, queue, t); err != nil {
				return err
			}
		}
		return nil
	})
	stage(g, decoders, func() error { return b.decode(ctx, queue, images) }, func() { close(images) })
	stage(g, 1, func() error { return b.predict(ctx, images, results) }, func() { close(results) })
	stage(g, writers, func() error { return b.write(results, len(tasks)) }, func() {})
	return g.Wait()
}

// stage runs n goroutines of work, and after the last of them end.
func stage(g *errgroup.Group, n int, work func() error, end func()) {
	var left atomic.Int64
	left.Store(int64(n))
	for range n {
		g.Go(func() error {
			defer func() {
				if left.Add(-1) == 0 {
					end()
				}
			}()
			return work()
		})
	}
}

// send hands v on, unless ctx ends first.
func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *batch) decode(ctx context.Context, tasks <-chan frameTask, out chan<- loaded) error {
	for t := range tasks {
		im, err := t.load()
		if err != nil {
			b.report.fail(named(err, t.path))
			continue
		}
		if err := send(ctx, out, loaded{t, im}); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) predict(ctx context.Context, images <-chan loaded, out chan<- predicted) error {
	for l := range images {
		p, err := b.predictor.Predict(ctx, l.image, inference.Guidance{})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			b.report.fail(named(err, l.task.path))
			continue
		}
		if err := send(ctx, out, predicted{l.task, p}); err != nil {
			return err
		}
	}
	return nil
}

// write finishes what was predicted, also after an interruption.
func (b *batch) write(results <-chan predicted, total int) error {
	for r := range results {
		if err := b.keep(r.task, r.prediction); err != nil {
			b.report.fail(named(err, r.task.name))
			continue
		}
		b.report.step(r.task.name, int(b.done.Add(1)), total)
	}
	return nil
}

// kept is how many frames are written.
func (b *batch) kept() int { return int(b.done.Load()) }

// named says in a fault which file it is about, where it does not say so itself.
func named(err error, path string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Where == "" {
		return fault.New(f.Code, path, f.Cause, f.Args)
	}
	return err
}
