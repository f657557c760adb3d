package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/study"
)

// stopwatch is an engine that says when its run began and how long it took.
type stopwatch struct {
	inference.Engine
	began time.Time
	took  time.Duration
}

func (s *stopwatch) Run(ctx context.Context) error {
	s.began = time.Now()
	err := s.Engine.Run(ctx)
	s.took = time.Since(s.began)
	return err
}

// BenchmarkPredict times what one warm image costs. The stages are taken one after the other: decode, preprocess, run,
// postprocess, encode; bare is a run of the same graph with nothing around it, and ratio what all the stages cost beside
// bare + decode + encode. batch is the time per image of the command, whose stages overlap.
// ECHOLINE_BENCH_MODEL names another model than the one that ships.
func BenchmarkPredict(b *testing.B) {
	tasks := benchTasks(b)
	engine, contract, sum := benchEngine(b)
	watch := &stopwatch{Engine: engine}
	predictor := inference.NewPredictor(watch, *contract, sum, "")
	b.Run("stages", func(b *testing.B) {
		writer := &outcomeWriter{dir: b.TempDir()}
		var decode, pre, run, post, encode, bare time.Duration
		n := 0
		for b.Loop() {
			t := tasks[n%len(tasks)]
			n++
			t0 := time.Now()
			im, err := t.load()
			if err != nil {
				b.Fatal(err)
			}
			t1 := time.Now()
			p, err := predictor.Predict(context.Background(), im, inference.Guidance{})
			if err != nil {
				b.Fatal(err)
			}
			o := t.outcome(p)
			t2 := time.Now()
			if err := writer.write(o); err != nil {
				b.Fatal(err)
			}
			t3 := time.Now()
			decode += t1.Sub(t0)
			pre += watch.began.Sub(t1)
			run += watch.took
			post += t2.Sub(watch.began) - watch.took
			encode += t3.Sub(t2)
			if err := engine.Run(context.Background()); err != nil {
				b.Fatal(err)
			}
			bare += time.Since(t3)
		}
		for name, d := range map[string]time.Duration{
			"decode": decode, "preprocess": pre, "run": run, "postprocess": post, "encode": encode, "bare": bare,
		} {
			b.ReportMetric(d.Seconds()*1e3/float64(n), name+"-ms")
		}
		whole := decode + pre + run + post + encode
		b.ReportMetric(whole.Seconds()/(bare+decode+encode).Seconds(), "ratio")
	})
	b.Run("batch", func(b *testing.B) {
		writer := &outcomeWriter{dir: b.TempDir()}
		for b.Loop() {
			c := batch{predictor: predictor, keep: writer.keep, report: newReporter(io.Discard, true)}
			if err := c.run(context.Background(), tasks); err != nil || c.kept() != len(tasks) {
				b.Fatal(err, c.kept())
			}
		}
		b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*len(tasks)), "batch-ms")
	})
}

// benchTasks are twenty real images, which lie beside the repository.
func benchTasks(b *testing.B) []frameTask {
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "busi", "images", "*1.png"))
	if err != nil || len(paths) < 20 {
		b.Skip("no real images beside the repository")
	}
	st, err := study.Open(context.Background(), paths[:20], func(int, int) {})
	if err != nil {
		b.Fatal(err)
	}
	return frameTasks(st)
}

func benchEngine(b testing.TB) (inference.Engine, *inference.Contract, string) {
	lib, err := ort.FindLibrary()
	if err != nil {
		b.Skip("no ONNX Runtime library here: ", err)
	}
	model := os.Getenv("ECHOLINE_BENCH_MODEL")
	if model == "" {
		if model, err = ort.FindModel(); err != nil {
			b.Skip("no model here: ", err)
		}
	}
	engine, contract, sum, err := ort.OpenEngine(lib, model, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engine.Close(); err != nil {
			b.Error(err)
		}
	})
	return engine, contract, sum
}
