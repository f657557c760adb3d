package store

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// A network drive that hangs keeps whoever writes to it, for minutes, and no call takes a write back that the system is at.
// Who must not wait sets a patience: writes then go on beside him, and one that takes longer is answered with CodeSlow. It
// may still succeed. That it is then asked for again does no harm: entries and labels name themselves.

// pace is how long a workspace is waited for, and what goes on beside.
type pace struct {
	patience atomic.Int64  // nanoseconds; 0: for ever
	busy     chan struct{} // holds one while a write is under way that somebody with patience asked for
	since    atomic.Int64  // when that one began: nanoseconds since 1970

	mu         sync.Mutex         // of what follows
	entries    []review.Entry     // that the workspace has not taken, for the second place
	events     []Event            // the same
	labels     map[string][]field // by reader, the same
	kept       map[review.ID]bool // entries in the second place that the workspace has not taken
	eventsKept int                // how many of the events are there
	well       bool               // the workspace took something since it last failed
	again      bool               // there is more of them than when the second place was last written
	working    bool
}

// SetPatience says how long those who write through Journal, SaveLabels and Settle wait for the drive at most; 0 is for ever,
// as at first. What second places get is then written beside them. Set it before the first of these.
func (w *Workspace) SetPatience(d time.Duration) { w.pace.patience.Store(int64(d)) }

// within runs do, after the write that is under way, and waits for both as long as patience lasts: CodeSlow where it ends
// before. Nobody waits for a write that somebody has lost patience with already.
func (w *Workspace) within(do func() error) error {
	patience := time.Duration(w.pace.patience.Load())
	if patience == 0 {
		return do()
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case w.pace.busy <- struct{}{}:
	default:
		if time.Since(time.Unix(0, w.pace.since.Load())) > patience {
			return fault.New(CodeSlow, w.dir, nil, nil)
		}
		select {
		case w.pace.busy <- struct{}{}:
		case <-timer.C:
			return fault.New(CodeSlow, w.dir, nil, nil)
		}
	}
	w.pace.since.Store(time.Now().UnixNano())
	done := make(chan error, 1)
	go func() {
		err := do()
		<-w.pace.busy
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fault.New(CodeSlow, w.dir, nil, nil)
	}
}

// aside brings what waits to the second place: at once, or where there is patience beside the caller.
func (w *Workspace) aside() {
	if w.pace.patience.Load() == 0 {
		w.keep()
		return
	}
	w.pace.mu.Lock()
	defer w.pace.mu.Unlock()
	w.pace.again = true
	if !w.pace.working {
		w.pace.working = true
		go w.workAside()
	}
}

func (w *Workspace) workAside() {
	for {
		w.pace.mu.Lock()
		w.pace.working, w.pace.again = w.pace.again, false
		on := w.pace.working
		w.pace.mu.Unlock()
		if !on {
			return
		}
		w.keep()
	}
}

// want notes what entries wait, in the place of those that waited before.
func (p *pace) want(entries []*review.Entry) {
	own := make([]review.Entry, len(entries))
	for i, e := range entries {
		own[i] = *e
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries, p.well = own, false
}

// wantEvent notes that an event waits.
func (p *pace) wantEvent(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.well = false
	if !slices.ContainsFunc(p.events, func(o Event) bool { return o.ID == e.ID }) {
		p.events = append(slices.Clip(p.events), e)
	}
}

// wantLabels notes what one reader's labels are to become.
func (p *pace) wantLabels(reader string, fields []field) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.labels == nil {
		p.labels = map[string][]field{}
	}
	p.labels[reader], p.well = fields, false
}

// waiting is what waits.
func (p *pace) waiting() (entries []review.Entry, events []Event, labels map[string][]field) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.entries, p.events, maps.Clone(p.labels)
}

// idle tells whether nothing waits, and mend whether nothing but events does and the workspace takes something again.
func (p *pace) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quiet() && len(p.events) == 0
}

func (p *pace) mend() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.well && p.quiet()
}

// mends is mend where there is something to bring back: in a second place, or events.
func (p *pace) mends(second bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.well && p.quiet() && (second || len(p.events) > 0)
}

func (p *pace) quiet() bool { return len(p.entries)+len(p.labels)+len(p.kept) == 0 }

// strangers tells whether the second place holds entries that are not among those that wait.
func (p *pace) strangers() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.kept)
	for i := range p.entries {
		if p.kept[p.entries[i].ID] {
			n--
		}
	}
	return n > 0
}

// took notes that the workspace has an entry, or at least takes something; tookLabels that it has fields, and tookEvents that
// it has events: they wait no more.
func (p *pace) took(id review.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.well = true
	delete(p.kept, id)
	p.drop(func(e review.Entry) bool { return e.ID == id })
}

// drop lets entries wait no more. Who goes through those that waited before may go on. mu is held.
func (p *pace) drop(which func(review.Entry) bool) {
	if slices.ContainsFunc(p.entries, which) {
		p.entries = slices.DeleteFunc(slices.Clone(p.entries), which)
	}
}

func (p *pace) tookLabels(reader string, fields []field) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.labels[reader]; len(f) > 0 && f[0].time <= fields[0].time {
		delete(p.labels, reader)
	}
}

func (p *pace) tookEvents(events []Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = slices.DeleteFunc(slices.Clone(p.events), func(e Event) bool {
		return slices.ContainsFunc(events, func(o Event) bool { return o.ID == e.ID })
	})
	p.eventsKept = 0
}

// keeps notes that an entry is in the second place, unless the workspace took it meanwhile.
func (p *pace) keeps(id review.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.entries, func(e review.Entry) bool { return e.ID == id }) {
		if p.kept == nil {
			p.kept = map[review.ID]bool{}
		}
		p.kept[id] = true
	}
}

// keepsEvents notes how many events are in the second place.
func (p *pace) keepsEvents(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.eventsKept = min(n, len(p.events))
}

func (p *pace) isKept(id review.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.kept[id]
}

// count is how many entries and events are in the second place alone.
func (p *pace) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kept) + p.eventsKept
}

// forget forgets what is kept, for another second place to be tried, and returns it; remember takes that back.
func (p *pace) forget() map[review.ID]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.kept
	p.kept = nil
	return before
}

func (p *pace) remember(kept map[review.ID]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept, p.eventsKept = kept, 0
}

// settled notes that the workspace has everything that was kept.
func (p *pace) settled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(func(e review.Entry) bool { return p.kept[e.ID] })
	p.kept, p.labels, p.eventsKept = nil, nil, 0
}
