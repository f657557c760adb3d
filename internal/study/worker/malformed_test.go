package worker

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/study"
)

// mutations is how many files TestMutations makes: what two idle processors do in well under three minutes.
const mutations = 100_000

// mutationTime ends TestMutations on a machine that is busy with something else. It says how far it came.
const mutationTime = 3 * time.Minute

// What TestMalformed makes at least, and when it ends on a machine that is busy with something else. Two idle processors do
// all of its files in seconds.
const (
	wanted        = 5000
	malformedTime = time.Minute
)

// envNight makes a night of TestMutations, which goes on for as long as it says ("2h") with files that no run had before.
const envNight = "ECHOLINE_MUTATIONS"

// seedFiles are the small valid files of package study, by name.
func seedFiles(tb testing.TB) map[string][]byte {
	tb.Helper()
	out := map[string][]byte{}
	const small = 8 << 10
	for _, pattern := range []string{"seeds/*", "codecs/f*.dcm", "pictures/*.webp", "pictures/*.bmp"} {
		paths, err := filepath.Glob(filepath.Join("..", "testdata", pattern))
		if err != nil {
			tb.Fatal(err)
		}
		for _, p := range paths {
			b, err := os.ReadFile(p)
			if err != nil {
				tb.Fatal(err)
			}
			if len(b) <= small {
				out[filepath.Base(p)] = b
			}
		}
	}
	if len(out) < 20 {
		tb.Fatalf("only %d seeds", len(out))
	}
	return out
}

// seen is what became of a valid file: how many frames it has, and some of them.
type seen struct {
	frames  int
	decoded map[int]*study.Frame
}

// judge looks at files as the viewer does, and holds it to its promises.
type judge struct {
	t        *testing.T
	pool     *Pool
	opened   atomic.Int64
	refused  atomic.Int64
	failures atomic.Int64
	aborted  atomic.Int64 // in OpenJPEG
	slowest  atomic.Int64 // ns, by the clock
}

// look opens a file and decodes some of its frames. Whatever the file is, it ends in pictures or in a fault with a code,
// and the process that reads it neither dies nor takes too long.
func (j *judge) look(how string, data []byte) *seen {
	from := time.Now()
	defer func() {
		for d := int64(time.Since(from)); ; {
			if old := j.slowest.Load(); d <= old || j.slowest.CompareAndSwap(old, d) {
				return
			}
		}
	}()
	if len(data) == 0 {
		return nil
	}
	c, err := j.pool.Describe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		j.fault(how, data, err)
		return nil
	}
	if c.Skipped != "" || c.Video != nil {
		return nil
	}
	j.opened.Add(1)
	s := &seen{frames: c.Item.Frames, decoded: map[int]*study.Frame{}}
	for _, i := range []int{0, c.Item.Frames / 2, c.Item.Frames - 1} {
		if s.decoded[i] != nil {
			continue
		}
		f, err := c.Frame(bytes.NewReader(data), i)
		if err != nil {
			j.fault(how, data, err)
			continue
		}
		s.decoded[i] = f
	}
	return s
}

func (j *judge) String() string {
	return fmt.Sprintf("(%d opened, %d refusals, OpenJPEG aborted %d times, the slowest after %v, %d processes)", j.opened.Load(),
		j.refused.Load(), j.aborted.Load(), time.Duration(j.slowest.Load()), j.pool.starts.Load())
}

// fault looks at why a file, or a frame of it, was refused.
func (j *judge) fault(how string, data []byte, err error) {
	j.refused.Add(1)
	switch code := fault.CodeOf(err); {
	case code == study.CodeCrashed && bytes.Contains(data, []byte("\xff\x4f\xff\x51")) && strings.Contains(err.Error(), "OpenJPEG, SIGABRT"):
		// It asserts what some broken streams do not keep to (version 2.5.0, in mel_init). That is why it runs there.
		j.aborted.Add(1)
		return
	case code == study.CodeCrashed, code == study.CodeSlow, code == study.CodeMemory, code == study.CodeNoWorker:
	case strings.Contains(err.Error(), "gave up"):
	case code == "":
	default:
		return
	}
	if j.failures.Add(1) > 20 {
		return
	}
	path := filepath.Join(os.TempDir(), "echoline-malformed-"+strconv.Itoa(int(j.failures.Load())))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		path = err.Error()
	}
	j.t.Errorf("%s: %v (kept as %s)", how, err, path)
}

// each calls do for 0 to n-1, several at a time, until it is over.
func each(n int, do func(i int) bool) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for {
				if i := int(next.Add(1)) - 1; i >= n || !do(i) {
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestMalformed makes files by script and holds each to the promises. One that was only cut never shows fewer frames than
// it should, and never another picture.
func TestMalformed(t *testing.T) {
	j := &judge{t: t, pool: decoders(t)}
	var files []malformed
	valid := map[string]*seen{}
	for name, b := range seedFiles(t) {
		made := malform(name, b)
		if testing.Short() {
			made = slices.DeleteFunc(made, func(m malformed) bool { return len(m.how)%7 != 0 })
		}
		files = append(files, made...)
		valid[name] = j.look(name, b)
	}
	rand.New(rand.NewPCG(8, 9)).Shuffle(len(files), func(i, k int) { files[i], files[k] = files[k], files[i] })
	from := time.Now()
	var done atomic.Int64
	each(len(files), func(i int) bool {
		m := &files[i]
		s := j.look(m.how, m.data)
		name, _, _ := strings.Cut(m.how, ":")
		if whole := valid[name]; s != nil && m.cut && whole != nil {
			same(t, m.how, s, whole)
		}
		return done.Add(1) < wanted || time.Since(from) < malformedTime
	})
	if done.Load() < wanted {
		t.Errorf("only %d files", done.Load())
	}
	t.Logf("%d of %d files %v", done.Load(), len(files), j)
}

// same holds a file that was cut against the whole one.
func same(t *testing.T, how string, cut, whole *seen) {
	if cut.frames != whole.frames {
		t.Errorf("%s: opens with %d frames of %d", how, cut.frames, whole.frames)
		return
	}
	for i, f := range cut.decoded {
		if w := whole.decoded[i]; w != nil && !bytes.Equal(drawn(f), drawn(w)) {
			t.Errorf("%s: frame %d shows another picture", how, i)
		}
	}
}

// TestMutations changes valid files at random. The changes are the same with every run, but for those of a night.
func TestMutations(t *testing.T) {
	count, limit, seed := mutations, mutationTime, uint64(5)
	if s := os.Getenv(envNight); s != "" {
		night, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		count, limit, seed = math.MaxInt, night, uint64(time.Now().UnixNano())
	} else if testing.Short() {
		count /= 50
	}
	j := &judge{t: t, pool: decoders(t)}
	all := seedFiles(t)
	names := slices.Sorted(maps.Keys(all))
	from := time.Now()
	var done atomic.Int64
	each(count, func(i int) bool {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		name := names[r.IntN(len(names))]
		how := fmt.Sprintf("%s, mutation %d of %d", name, i, seed)
		j.look(how, mutate(r, all[name], all[names[r.IntN(len(names))]]))
		done.Add(1)
		return time.Since(from) < limit
	})
	t.Logf("%d files in %v %v", done.Load(), time.Since(from), j)
}

// awkward are numbers that lengths and counts are wrong by.
var awkward = []uint32{0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}

// mutate changes a few places of a file. other is one to take parts of.
func mutate(r *rand.Rand, b, other []byte) []byte {
	b = slices.Clone(b)
	for range 1 + r.IntN(6) {
		if len(b) < 8 {
			return b
		}
		at := r.IntN(len(b) - 4)
		if len(b) > 140 && r.IntN(4) > 0 {
			at = 132 + r.IntN(len(b)-136) // the preamble means nothing
		}
		switch v := awkward[r.IntN(len(awkward))]; r.IntN(9) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.IntN(256))
		case 2:
			binary.LittleEndian.PutUint16(b[at:], uint16(v))
		case 3:
			binary.LittleEndian.PutUint32(b[at:], v)
		case 4:
			binary.BigEndian.PutUint32(b[at:], v)
		case 5:
			b = b[:at+r.IntN(len(b)-at)]
		case 6:
			n := min(r.IntN(64), len(b)-at)
			b = slices.Delete(b, at, at+n)
		case 7:
			n := min(r.IntN(64), len(b)-at)
			b = slices.Insert(b, at, b[at:at+n]...)
		case 8:
			from := r.IntN(len(other))
			copy(b[at:], other[from:min(from+r.IntN(128), len(other))])
		}
	}
	return b
}

// What the runtime says of a signal names the library that it came in, and nothing is blamed on it that happened elsewhere.
func TestCauses(t *testing.T) {
	for said, want := range map[string]string{
		"x.c:1: f: Assertion `a' failed.\nSIGABRT: abort\nPC=0x7f m=0\n\ngoroutine 1 [syscall]:\nruntime.cgocall(0x1)\necholine/internal/study/j2k._Cfunc_echo_j2k_decode(0x2)\n": "OpenJPEG, SIGABRT: abort",
		"SIGABRT: abort\nPC=0x7f m=0\n\ngoroutine 1 [running]:\necholine/internal/study.decode()\n":                                                                               "SIGABRT: abort",
		"runtime: goroutine stack exceeds 1000000-byte limit\nfatal error: stack overflow\n":                                                                                      "fatal error: stack overflow",
		"panic: what the file holds\n": "",
	} {
		var s tail
		if _, err := s.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
