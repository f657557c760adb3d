package confine

import (
	"os/exec"
	"sync"
	"time"
)

// How many times longer than its time a process may take by the clock, while the machine is busy with others: where the
// system tells what it computed, a process that is over it waits for something that never comes.
const (
	patienceKnown   = 15
	patienceUnknown = 5
)

// Watch ends a process whose time is over. What counts is the time that the process computes, where the system tells.
type Watch struct {
	cmd   *exec.Cmd
	limit time.Duration
	had   time.Duration // processors' time of the process when the watch began
	known bool

	mu    sync.Mutex
	clock time.Duration // that has passed while the watch ran
	since time.Time     // it runs; zero while it is stopped
	timer *time.Timer
	over  bool
}

// WatchOver begins to watch over a started process, which may take so long.
func WatchOver(cmd *exec.Cmd, limit time.Duration) *Watch {
	w := &Watch{cmd: cmd, limit: limit, since: time.Now()}
	w.had, w.known = Used(cmd)
	w.mu.Lock() // until there is a timer to look at
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(limit, w.look)
	return w
}

// look ends the process if its time is over, and otherwise comes back when it may be.
func (w *Watch) look() {
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
	if used, ok := Used(w.cmd); ok && w.known {
		left = min(left, w.limit-(used-w.had))
	}
	if left > 0 {
		w.timer.Reset(max(left, w.limit/20))
		return
	}
	w.over = true
	_ = w.cmd.Process.Kill() // one that has ended needs none
}

// Stop stops the clock.
func (w *Watch) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.clock += time.Since(w.since)
	w.since = time.Time{}
}

// Resume lets the clock run on.
func (w *Watch) Resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
	w.timer.Reset(max(w.limit-w.clock, w.limit/20))
}

// Expired tells whether the process was ended.
func (w *Watch) Expired() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}
