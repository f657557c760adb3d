package ort

import (
	"context"
	"errors"

	onnx "github.com/yalue/onnxruntime_go"

	"echoline/inference"
	"echoline/internal/fault"
)

// engine runs one graph with tensors that it keeps.
type engine struct {
	session *onnx.DynamicAdvancedSession
	run     *onnx.RunOptions
	input   *onnx.Tensor[float32]
	names   []string // of outputs
	outputs []*onnx.Tensor[float32]
	in, out []onnx.Value // the same tensors as the session wants them
}

var _ inference.Engine = (*engine)(nil)

// options sets up a session. Threads do not spin while they wait: spinning takes the cores from the window, and from
// reading and writing files in a batch.
func options(threads, optimise int) (o *onnx.SessionOptions, err error) {
	if o, err = onnx.NewSessionOptions(); err != nil {
		return nil, err
	}
	err = errors.Join(
		o.SetIntraOpNumThreads(threads),
		o.SetInterOpNumThreads(1),
		o.SetGraphOptimizationLevel(onnx.GraphOptimizationLevel(optimise)),
		o.SetLogSeverityLevel(onnx.LoggingLevelFatal),
		o.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
	)
	if err != nil {
		return nil, errors.Join(err, o.Destroy())
	}
	return o, nil
}

// newEngine builds the session and its tensors.
func newEngine(model []byte, c *inference.Contract, threads int) (e *engine, err error) {
	e = &engine{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
			e = nil
		}
	}()
	o, err := options(threads, onnx.GraphOptimizationLevelEnableAll)
	if err != nil {
		return e, err
	}
	defer destroy(o, &err)
	if e.input, err = onnx.NewEmptyTensor[float32](onnx.NewShape(1, int64(c.Channels), int64(c.H), int64(c.W))); err != nil {
		return e, err
	}
	e.in = []onnx.Value{e.input}
	for _, name := range [3]string{c.Logits, c.Scale, c.Present} {
		if name == "" {
			continue
		}
		shape := onnx.NewShape(1, 1, int64(c.H), int64(c.W))
		if name == c.Present {
			shape = onnx.NewShape(1, 1)
		}
		t, err := onnx.NewEmptyTensor[float32](shape)
		if err != nil {
			return e, err
		}
		e.names = append(e.names, name)
		e.outputs = append(e.outputs, t)
		e.out = append(e.out, t)
	}
	if e.run, err = onnx.NewRunOptions(); err != nil {
		return e, err
	}
	e.session, err = onnx.NewDynamicAdvancedSessionWithONNXData(model, []string{c.Input}, e.names, o)
	return e, err
}

// Input implements inference.Engine.
func (e *engine) Input() []float32 { return e.input.GetData() }

// Output implements inference.Engine.
func (e *engine) Output(name string) []float32 {
	for i, n := range e.names {
		if n == name {
			return e.outputs[i].GetData()
		}
	}
	return nil
}

// Run implements inference.Engine. When ctx ends, the runtime stops before its next node.
func (e *engine) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	told := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { told <- e.run.Terminate() })
	err := e.session.RunWithOptions(e.in, e.out, e.run)
	if !stop() { // the runtime was or is being told to stop: take it back for the next run
		if err := errors.Join(<-told, e.run.UnsetTerminate()); err != nil {
			return fault.New(CodeRun, "", err, nil)
		}
		return ctx.Err()
	}
	if err != nil {
		return fault.New(CodeRun, "", err, nil)
	}
	return nil
}

// Close implements inference.Engine. What was not built yet is left out.
func (e *engine) Close() error {
	var errs []error
	if e.session != nil {
		errs = append(errs, e.session.Destroy())
		e.session = nil
	}
	if e.run != nil {
		errs = append(errs, e.run.Destroy())
		e.run = nil
	}
	if e.input != nil {
		errs = append(errs, e.input.Destroy())
		e.input = nil
	}
	for _, t := range e.outputs {
		errs = append(errs, t.Destroy())
	}
	e.outputs = nil
	return errors.Join(errs...)
}
