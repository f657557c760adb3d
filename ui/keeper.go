package ui

import (
	"sync"
	"time"
)

// keeper writes something small beside the window: its drive may be slow. What is given last is written last, and what was given before it
// and not begun is left out.
type keeper struct {
	write func(data []byte) error
	fail  func(err error) // on the goroutine that writes

	mu   sync.Mutex
	next []byte        // to be written; nil: nothing
	done chan struct{} // closed once nothing is left to write; nil: nothing is
}

// keep has data written. It does not wait.
func (k *keeper) keep(data []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = data
	if k.done == nil {
		k.done = make(chan struct{})
		go k.run()
	}
}

// run writes until nothing is left.
func (k *keeper) run() {
	for {
		k.mu.Lock()
		data := k.next
		k.next = nil
		if data == nil {
			close(k.done)
			k.done = nil
			k.mu.Unlock()
			return
		}
		k.mu.Unlock()
		if err := k.write(data); err != nil {
			k.fail(err)
		}
	}
}

// wait waits until all is written, but not for ever; it tells whether it is.
func (k *keeper) wait(most time.Duration) bool {
	k.mu.Lock()
	done := k.done
	k.mu.Unlock()
	if done == nil {
		return true
	}
	select {
	case <-done:
		return true
	case <-time.After(most):
		return false
	}
}
