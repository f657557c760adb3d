package study

import (
	"sync"
	"time"
)

// Reading ahead in a cine.
const (
	aheadFrames = 4  // how many frames
	aheadStride = 16 // the largest stride that is no jump
)

// ahead decodes the frames that a reader who plays or scrubs will want next. One goroutine works for an item at a time, and
// a new wish takes the place of the old ones.
type ahead struct {
	mu      sync.Mutex
	last    int
	next    []int
	working bool
}

// readAhead notes that frame i was wanted, and has those decoded that follow at the same stride, around the cine's end. A
// jump says nothing of what follows.
func (it *Item) readAhead(i int) {
	a := it.ahead
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	step := i - a.last
	a.last = i
	switch { // over the end, in either direction
	case step > it.Frames/2:
		step -= it.Frames
	case step < -it.Frames/2:
		step += it.Frames
	}
	if step == 0 {
		return
	}
	a.next = a.next[:0]
	if max(step, -step) > aheadStride {
		return
	}
	for k := 1; k <= aheadFrames; k++ {
		a.next = append(a.next, ((i+k*step)%it.Frames+it.Frames)%it.Frames)
	}
	if !a.working {
		a.working = true
		go it.work()
	}
}

// work decodes what is wished for until nothing is. Faults wait until somebody asks for the frame itself.
func (it *Item) work() {
	for a := it.ahead; ; {
		a.mu.Lock()
		if len(a.next) == 0 {
			a.working = false
			a.mu.Unlock()
			return
		}
		i := a.next[0]
		a.next = a.next[1:]
		a.mu.Unlock()
		_, _ = it.load(i)
	}
}

// FrameAfter is the frame that a cine shows some time after frame from came on, playing round and round between the frames
// first and last. step is the time of a frame where the file gives none for each.
func (it *Item) FrameAfter(from, first, last int, elapsed, step time.Duration) int {
	if len(it.FrameTimes) != it.Frames {
		n := last - first + 1
		return first + (from-first+int(elapsed/max(step, 1)))%n
	}
	var round time.Duration
	for _, d := range it.FrameTimes[first : last+1] {
		round += d
	}
	if round <= 0 {
		return from
	}
	elapsed %= round
	for i := from; ; {
		if elapsed < it.FrameTimes[i] {
			return i
		}
		elapsed -= it.FrameTimes[i]
		if i++; i > last {
			i = first
		}
	}
}
