package study

import (
	"container/list"
	"sync"

	"echoline/internal/fault"
)

// cacheBytes is how much of decoded frames a study keeps: some eighty of 1024×768 in grey. The garbage of as many again may
// lie beside it.
const cacheBytes = 128 << 20

// cacheKey is a frame of an *Item, or what has to be unpacked to get at its frames (frame < 0), or an unpacked *member.
type cacheKey struct {
	of    any
	frame int
}

// cache keeps what was used last, up to a number of bytes. Two callers that want the same thing wait for one decoder.
type cache struct {
	mu      sync.Mutex
	budget  int64
	used    int64
	recent  *list.List // of *cached, the latest in front
	entries map[cacheKey]*list.Element
	running map[cacheKey]*load
}

type cached struct {
	key   cacheKey
	value any
	bytes int64
}

// load is a decoding under way.
type load struct {
	done  chan struct{}
	value any
	err   error
}

func newCache(budget int64) *cache {
	return &cache{
		budget: budget, recent: list.New(),
		entries: map[cacheKey]*list.Element{}, running: map[cacheKey]*load{},
	}
}

// get returns the value of key, made by produce unless it is kept. Errors are not kept: a drive may come back.
func (c *cache) get(key cacheKey, produce func() (value any, bytes int64, err error)) (any, error) {
	c.mu.Lock()
	if e, ok := c.entries[key]; ok {
		c.recent.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*cached).value, nil
	}
	if l, ok := c.running[key]; ok {
		c.mu.Unlock()
		<-l.done
		return l.value, l.err
	}
	l := &load{done: make(chan struct{})}
	c.running[key] = l
	c.mu.Unlock()

	var bytes int64
	l.value, bytes, l.err = produce()
	c.mu.Lock()
	delete(c.running, key)
	if l.err == nil {
		c.keep(&cached{key, l.value, bytes})
	}
	c.mu.Unlock()
	close(l.done)
	return l.value, l.err
}

// keep adds an entry and drops the oldest ones over the budget. What is larger than the whole budget is not kept.
func (c *cache) keep(e *cached) {
	if e.bytes > c.budget {
		return
	}
	c.entries[e.key] = c.recent.PushFront(e)
	c.used += e.bytes
	for c.used > c.budget {
		last := c.recent.Back()
		old := c.recent.Remove(last).(*cached)
		delete(c.entries, old.key)
		c.used -= old.bytes
	}
}

// Frame returns frame i, counted from 0. It decodes the frame unless it was used lately. Several goroutines may call it.
// It fails with a fault that names the file.
func (it *Item) Frame(i int) (*Frame, error) {
	if it.source == nil || i < 0 || i >= it.Frames {
		return nil, fault.New(CodeDamaged, it.Path, errNoFrame, nil)
	}
	f, err := it.load(i)
	if err == nil {
		it.readAhead(i)
	}
	return f, err
}

// load is Frame without reading ahead.
func (it *Item) load(i int) (*Frame, error) {
	decode := func() (any, int64, error) {
		f, err := it.decode(i)
		if err != nil {
			return nil, 0, err
		}
		f.declared = it.scaleOf(i).sector()
		return f, int64(2*len(f.Grey) + len(f.RGB)), nil
	}
	var v any
	var err error
	if it.cache == nil {
		v, _, err = decode()
	} else {
		v, err = it.cache.get(cacheKey{it, i}, decode)
	}
	if err != nil {
		return nil, asFault(it.Path, err)
	}
	return v.(*Frame), nil
}

func (it *Item) decode(i int) (f *Frame, err error) {
	defer guard(&err)
	return it.source.frame(i)
}
