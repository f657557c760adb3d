package inference

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"echoline/internal/fault"
)

// CodePanic is the fault of a run that crashed: a defect of this program, kept from taking the window with it. Its Cause
// holds the stack.
const CodePanic fault.Code = "model.panic"

// Worker predicts frames one after the other in one goroutine of its own. Its methods may be called from any goroutine.
type Worker struct {
	predictor Predictor
	post      func(func())
	wake      chan struct{} // holds a token when there may be work
	stop      context.CancelFunc
	stopped   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	queue   []*job // in the order of running
	running *job
}

// job is one frame to predict.
type job struct {
	key    any
	load   func(context.Context) (Image, error)
	guide  Guidance
	done   []func(*Prediction, error)
	urgent bool // somebody waits for it
	ctx    context.Context
	cancel context.CancelFunc

	broken bool // off for an urgent one: to be done anew
	taken  bool // back by Cancel
}

// NewWorker starts a worker. Answers are handed to post, which runs them where their receivers live and must not wait
// for the worker; tests pass one that runs them at once. The worker uses p until Close returns, and does not close it.
func NewWorker(p Predictor, post func(func())) *Worker {
	ctx, stop := context.WithCancel(context.Background())
	w := &Worker{
		predictor: p, post: post, wake: make(chan struct{}, 1), stop: stop, stopped: make(chan struct{}),
	}
	go w.serve(ctx)
	return w
}

// Request asks for the prediction of the frame that key names; keys are compared by ==. load gets the frame's picture in
// the worker's goroutine. done is handed to post with the prediction, or with what failed; with context.Canceled after
// Cancel. Requests wait in the order of asking. Guided and automatic predictions are told apart: a second request for a key
// that waits joins the first, its load and guidance replacing the first's, if both are guided or neither is; one without
// guidance joins a run without.
func (w *Worker) Request(key any, load func(context.Context) (Image, error), g Guidance, done func(*Prediction, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.running; r != nil && r.key == key && !r.taken && r.guide.automatic() && g.automatic() {
		r.done = append(r.done, done)
		return
	}
	i := slices.IndexFunc(w.queue, func(j *job) bool { return j.key == key && j.guide.automatic() == g.automatic() })
	if i >= 0 {
		j := w.queue[i]
		j.load, j.guide = load, g
		j.done = append(j.done, done)
		return
	}
	j := &job{key: key, load: load, guide: g, done: []func(*Prediction, error){done}}
	w.queue = append(w.queue, j)
	w.signal()
}

// Ask is Request for somebody who waits for the answer: it comes before all that was requested, in the order of asking, and
// breaks off a run that nobody waits for, which is done anew afterwards. Every call is a run of its own.
func (w *Worker) Ask(key any, load func(context.Context) (Image, error), g Guidance, done func(*Prediction, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j := &job{key: key, load: load, guide: g, done: []func(*Prediction, error){done}, urgent: true}
	w.queue = slices.Insert(w.queue, w.urgent(), j)
	if r := w.running; r != nil && !r.urgent && !r.taken {
		r.broken = true
		r.cancel()
	}
	w.signal()
}

// urgent is how many urgent jobs wait: they come first.
func (w *Worker) urgent() int {
	n := 0
	for n < len(w.queue) && w.queue[n].urgent {
		n++
	}
	return n
}

// signal wakes the goroutine if it waits.
func (w *Worker) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Prioritise lets a waiting frame be the next one. It does nothing for others.
func (w *Worker) Prioritise(key any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.urgent()
	for i, j := range w.queue {
		if i >= first && j.key == key {
			copy(w.queue[first+1:i+1], w.queue[first:i])
			w.queue[first] = j
			first++
		}
	}
}

// Cancel takes back the requests for key; their done gets context.Canceled.
func (w *Worker) Cancel(key any) {
	w.take(func(j *job) bool { return j.key == key })
}

// CancelAll takes back every request; their done gets context.Canceled.
func (w *Worker) CancelAll() {
	w.take(func(*job) bool { return true })
}

// take cancels the jobs for which which holds. Those that wait are answered here, outside the lock: a post that runs at
// once may call the worker again.
func (w *Worker) take(which func(*job) bool) {
	w.mu.Lock()
	running := w.running
	if running != nil && !which(running) {
		running = nil
	}
	if running != nil {
		running.taken = true
	}
	var gone []*job
	w.queue = slices.DeleteFunc(w.queue, func(j *job) bool {
		if which(j) {
			gone = append(gone, j)
			return true
		}
		return false
	})
	w.mu.Unlock()
	for _, j := range gone {
		w.answer(j.done, nil, context.Canceled)
	}
	if running != nil {
		running.cancel()
	}
}

// Close cancels what runs, forgets what waits, and returns when the worker's goroutine has ended. done of requests that
// were still open may not be called any more.
func (w *Worker) Close() {
	w.stop()
	<-w.stopped
}

// serve is the worker's goroutine.
func (w *Worker) serve(ctx context.Context) {
	defer close(w.stopped)
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for j := w.next(ctx); j != nil; j = w.next(ctx) {
			p, err := w.run(j)
			done, taken := w.finish(j, err)
			if ctx.Err() != nil {
				return
			}
			if taken { // whatever came of it
				p, err = nil, context.Canceled
			}
			w.answer(done, p, err)
		}
	}
}

// next takes the first job off the queue; nil if there is none or the worker is to end.
func (w *Worker) next(ctx context.Context) *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 || ctx.Err() != nil {
		return nil
	}
	j := w.queue[0]
	w.queue = slices.Delete(w.queue, 0, 1)
	j.ctx, j.cancel = context.WithCancel(ctx)
	w.running = j
	return j
}

// finish ends a job's being the running one and returns whom to answer: nobody if it was broken off and waits again. taken
// tells whether it was taken back.
func (w *Worker) finish(j *job, err error) (done []func(*Prediction, error), taken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j.cancel()
	w.running = nil
	if j.broken && !j.taken && err != nil {
		j.broken = false
		w.queue = slices.Insert(w.queue, w.urgent(), j)
		return nil, false
	}
	return j.done, j.taken
}

// run loads and predicts. A panic becomes a fault.
func (w *Worker) run(j *job) (p *Prediction, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fault.New(CodePanic, "", fmt.Errorf("%v\n%s", r, debug.Stack()), nil)
		}
	}()
	im, err := j.load(j.ctx)
	if err != nil {
		return nil, err
	}
	return w.predictor.Predict(j.ctx, im, j.guide)
}

// answer posts the result to everyone who asked.
func (w *Worker) answer(done []func(*Prediction, error), p *Prediction, err error) {
	for _, f := range done {
		w.post(func() { f(p, err) })
	}
}
