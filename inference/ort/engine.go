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
	in, out ports
}

// ports are the tensors at one end of the graph.
type ports struct {
	names   []string
	tensors []*onnx.Tensor[float32]
	values  []onnx.Value // the same as the session wants them
}

// add makes a tensor, all zero.
func (p *ports) add(name string, shape ...int64) error {
	t, err := onnx.NewEmptyTensor[float32](onnx.NewShape(shape...))
	if err != nil {
		return err
	}
	p.names = append(p.names, name)
	p.tensors = append(p.tensors, t)
	p.values = append(p.values, t)
	return nil
}

// data is the memory of the tensor of that name; nil if there is none.
func (p *ports) data(name string) []float32 {
	for i, n := range p.names {
		if n == name {
			return p.tensors[i].GetData()
		}
	}
	return nil
}

// close frees the tensors.
func (p *ports) close() error {
	var errs []error
	for _, t := range p.tensors {
		errs = append(errs, t.Destroy())
	}
	*p = ports{}
	return errors.Join(errs...)
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
	if err = e.connect(c); err != nil {
		return e, err
	}
	if e.run, err = onnx.NewRunOptions(); err != nil {
		return e, err
	}
	e.session, err = onnx.NewDynamicAdvancedSessionWithONNXData(model, e.in.names, e.out.names, o)
	return e, err
}

// connect makes the tensors that the contract names.
func (e *engine) connect(c *inference.Contract) error {
	h, w := int64(c.H), int64(c.W)
	for _, t := range []struct {
		to    *ports
		name  string
		shape []int64
	}{
		{&e.in, c.Input, []int64{1, int64(c.Channels), h, w}},
		{&e.in, c.Guidance.Input, []int64{1, int64(len(inference.GuideChannels)), h, w}},
		{&e.out, c.Logits, []int64{1, 1, h, w}},
		{&e.out, c.Scale, []int64{1, 1, h, w}},
		{&e.out, c.Present, []int64{1, 1}},
		{&e.out, c.Quality, []int64{1, 1}},
	} {
		if t.name == "" {
			continue
		}
		if err := t.to.add(t.name, t.shape...); err != nil {
			return err
		}
	}
	return nil
}

// Input implements inference.Engine.
func (e *engine) Input(name string) []float32 { return e.in.data(name) }

// Output implements inference.Engine.
func (e *engine) Output(name string) []float32 { return e.out.data(name) }

// Run implements inference.Engine. When ctx ends, the runtime stops before its next node.
func (e *engine) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	told := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { told <- e.run.Terminate() })
	err := e.session.RunWithOptions(e.in.values, e.out.values, e.run)
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
	return errors.Join(append(errs, e.in.close(), e.out.close())...)
}
