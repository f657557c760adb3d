package study

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"echoline/internal/fault"
)

// counted is a source that counts its decodings.
type counted struct {
	n     atomic.Int64
	delay time.Duration
	err   error
	crash bool
}

func (c *counted) frame(i int) (*Frame, error) {
	c.n.Add(1)
	time.Sleep(c.delay)
	if c.crash {
		panic("crash")
	}
	if c.err != nil {
		return nil, c.err
	}
	return &Frame{W: 10, H: 1, Grey: make([]uint16, 10), Max: i}, nil
}

func TestOneDecodingForAll(t *testing.T) {
	src := &counted{delay: 20 * time.Millisecond}
	it := &Item{Frames: 1, source: src, cache: newCache(1000)}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := it.Frame(0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := src.n.Load(); n != 1 {
		t.Errorf("decoded %d times", n)
	}
}

func TestCacheStaysInItsBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := &counted{}
		it := &Item{Frames: 30, source: src, cache: newCache(100)} // five frames of 20 bytes
		last := []int{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, 29), 1, 60).Draw(t, "frames") {
			before := src.n.Load()
			f, err := it.Frame(i)
			if err != nil || f.Max != i {
				t.Fatal(f, err)
			}
			if slices.Contains(last[max(0, len(last)-5):], i) && src.n.Load() != before {
				t.Fatalf("frame %d was used lately and is decoded again", i)
			}
			if last = append(last, i); it.cache.used > it.cache.budget || it.cache.used != int64(20*len(it.cache.entries)) {
				t.Fatalf("%d bytes of %d in %d entries", it.cache.used, it.cache.budget, len(it.cache.entries))
			}
		}
	})
}

func TestFrameTooLargeForTheCache(t *testing.T) {
	it := &Item{Frames: 1, source: &counted{}, cache: newCache(10)}
	if _, err := it.Frame(0); err != nil {
		t.Fatal(err)
	}
	if it.cache.used != 0 {
		t.Errorf("%d bytes kept", it.cache.used)
	}
}

// Who plays or scrubs finds the next frames decoded; who jumps has none decoded for nothing.
func TestReadAhead(t *testing.T) {
	src := &counted{}
	it := &Item{Frames: 40, source: src, cache: newCache(10000), ahead: &ahead{}}
	idle := func() {
		t.Helper()
		for range 1000 {
			it.ahead.mu.Lock()
			working := it.ahead.working
			it.ahead.mu.Unlock()
			if !working {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatal("never idle")
	}
	kept := func() (frames []int) {
		it.cache.mu.Lock()
		defer it.cache.mu.Unlock()
		for k := range it.cache.entries {
			frames = append(frames, k.frame)
		}
		slices.Sort(frames)
		return frames
	}
	for _, c := range []struct {
		i    int
		want []int
	}{
		{20, []int{20}}, // a jump
		{23, []int{20, 23, 26, 29, 32, 35}},
		{23, []int{20, 23, 26, 29, 32, 35}},
		{0, []int{0, 20, 23, 26, 29, 32, 35}},
		{39, []int{0, 20, 23, 26, 29, 32, 35, 36, 37, 38, 39}}, // backwards over the beginning: 38, 37, 36, 35
	} {
		if _, err := it.Frame(c.i); err != nil {
			t.Fatal(err)
		}
		idle()
		if got := kept(); !slices.Equal(got, c.want) {
			t.Fatalf("after frame %d: %v, want %v", c.i, got, c.want)
		}
	}
	src.err = errors.New("unplugged")
	if _, err := it.Frame(38); err != nil { // kept; what is read ahead fails in silence
		t.Error(err)
	}
	idle()
}

func TestErrorsAreNotKeptAndNameTheFile(t *testing.T) {
	src := &counted{err: errors.New("unplugged")}
	it := &Item{Path: "a.dcm", Frames: 1, source: src, cache: newCache(1000)}
	_, err := it.Frame(0)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != CodeUnreadable || f.Where != "a.dcm" {
		t.Fatal(err)
	}
	src.err = nil
	if _, err := it.Frame(0); err != nil {
		t.Fatal(err)
	}
}

func TestADecoderThatCrashesIsAFault(t *testing.T) {
	it := &Item{Path: "a.dcm", Frames: 1, source: &counted{crash: true}, cache: newCache(1000)}
	if _, err := it.Frame(0); fault.CodeOf(err) != CodeDamaged {
		t.Fatal(err)
	}
}

func TestFramesThatAreNotThere(t *testing.T) {
	for _, it := range []*Item{{Frames: 1}, {Frames: 1, source: &counted{}}} {
		for _, i := range []int{-1, 1} {
			if _, err := it.Frame(i); fault.CodeOf(err) != CodeDamaged {
				t.Error(err)
			}
		}
	}
}
