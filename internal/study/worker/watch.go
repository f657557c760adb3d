package worker

import (
	"sync"
	"time"

	"echoline/internal/study/confine"
)

// How many times longer than its time a process may take by the clock, while the machine is busy with others: where the
// system tells what it computed, a process that is over it waits for something that never comes.
const (
	patienceKnown   = 15
	patienceUnknown = 5
)

// watch ends a process whose time is over. What counts is the time that the process computes, where the system tells.
type watch struct {
	p     *process
	limit time.Duration
	had   time.Duration // processors' time of the process when the watch began
	known bool

	mu    sync.Mutex
	clock time.Duration // that has passed while the watch ran
	since time.Time     // it runs; zero while it is stopped
	timer *time.Timer
	over  bool
}

// watchOver begins a watch.
func watchOver(p *process, limit time.Duration) *watch {
	w := &watch{p: p, limit: limit, since: time.Now()}
	w.had, w.known = confine.Used(p.cmd)
	w.timer = time.AfterFunc(limit, w.look)
	return w
}

// look ends the process if its time is over, and otherwise comes back when it may be.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return
	}
	patience := patienceUnknown
	if w.known {
		patience = patienceKnown
	}
	left := time.Duration(patience)*w.limit - w.clock - time.Since(w.since)
	if used, ok := confine.Used(w.p.cmd); ok && w.known {
		left = min(left, w.limit-(used-w.had))
	}
	if left > 0 {
		w.timer.Reset(max(left, w.limit/20))
		return
	}
	w.over = true
	_ = w.p.cmd.Process.Kill() // one that has ended needs none
}

// stop stops the clock.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.clock += time.Since(w.since)
	w.since = time.Time{}
}

// resume lets the clock run on.
func (w *watch) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
	w.timer.Reset(max(w.limit-w.clock, w.limit/20))
}

// expired tells whether the process was ended.
func (w *watch) expired() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}
