package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/study"
)

func readerAt(b []byte) io.ReaderAt { return bytes.NewReader(b) }

// Whatever a file does to the process that reads it, the file is named and the others open.
func TestCulprits(t *testing.T) {
	p := poolOf(t, "trickster")
	defer p.Close()
	using(t, p)
	dir := t.TempDir()
	want := map[string]fault.Code{
		"crash": study.CodeCrashed, "exit": study.CodeCrashed, "hang": study.CodeSlow, "eat": study.CodeMemory,
	}
	if s, _, err := p.State(); err != nil {
		t.Fatal(err)
	} else if !s.Memory || underRace {
		t.Log("this system limits no process's memory, or the race detector has its own way with it")
		delete(want, "eat")
	}
	const good = 40
	for i := range good {
		writeStill(t, filepath.Join(dir, strconv.Itoa(i)+".dcm"), i)
	}
	for name := range want {
		if err := os.WriteFile(filepath.Join(dir, name+".dcm"), trick(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st := openAll(t, dir)
	if len(st.Items) != good || len(st.Refused) != len(want) {
		t.Errorf("%d opened, refused %v", len(st.Items), st.Refused)
	}
	for _, f := range st.Files {
		name := filepath.Base(f.Path[:len(f.Path)-len(".dcm")])
		if code, bad := want[name]; bad && fault.CodeOf(f.Refused) != code {
			t.Errorf("%s: %v, want %s", name, f.Refused, code)
		}
	}
	for _, it := range st.Items[:3] {
		if _, err := it.Frame(0); err != nil {
			t.Error(err)
		}
	}
}

// A file that was handed over together with one that ends the process is not blamed for it, however often they are.
func TestNeighbours(t *testing.T) {
	p := poolOf(t, "trickster")
	defer p.Close()
	path := filepath.Join(t.TempDir(), "a.dcm")
	writeStill(t, path, 1)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &slot{pool: p}
	files := [][]byte{good, good, good, trick("crash"), good}
	jobs := make([]*job, len(files))
	for i, data := range files {
		jobs[i] = &job{kind: kindDescribe, request: request(1, int64(len(data))), limit: time.Second, done: make(chan error, 1)}
		if jobs[i].file, err = open(readerAt(data), int64(len(data))); err != nil {
			t.Fatal(err)
		}
		jobs[i].take = func(r io.Reader, _ byte, n int64) error { _, err := payload(r, n, maxContent); return err }
	}
	s.todo = slices.Clone(jobs)
	work(t, s)
	for i, j := range jobs {
		if err := <-j.done; (err != nil) != (i == 3) {
			t.Errorf("file %d: %v", i, err)
		}
	}
	_ = s.w.end()
}

// work does what is to be done in a slot.
func work(t *testing.T, s *slot) {
	t.Helper()
	for len(s.todo)+len(s.sent) > 0 {
		if s.w == nil {
			var err error
			if s.w, err = s.pool.start(); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(s.hand(), s.hear()); err != nil {
			s.ended(err)
		}
	}
}

// The same while a frame is decoded. The next frame of another file comes.
func TestCulpritFrames(t *testing.T) {
	p := poolOf(t, "trickster")
	defer p.Close()
	for name, code := range map[string]fault.Code{"crash": study.CodeCrashed, "hang": study.CodeSlow} {
		data := trick("frame:" + name)
		c, err := p.Describe(readerAt(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Frame(readerAt(data), 1); fault.CodeOf(err) != code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A process that sleeps computes nothing, and is ended by the clock.
func TestSleeper(t *testing.T) {
	p := poolOf(t, "trickster")
	defer p.Close()
	data := trick("sleep")
	f, err := open(readerAt(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	j := &job{kind: kindDescribe, request: request(1, f.size), file: f, limit: 100 * time.Millisecond}
	if err := p.do(p.describes, j); fault.CodeOf(err) != study.CodeSlow {
		t.Error(err)
	}
}

// A process that was ended from outside is replaced, and nobody is blamed.
func TestKilledFromOutside(t *testing.T) {
	p := decoders(t)
	path := filepath.Join(t.TempDir(), "a.dcm")
	writeStill(t, path, 1)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &slot{pool: p}
	for range 3 {
		j := &job{kind: kindDescribe, request: request(1, int64(len(data))), limit: time.Second, done: make(chan error, 1)}
		if j.file, err = open(readerAt(data), int64(len(data))); err != nil {
			t.Fatal(err)
		}
		j.take = func(r io.Reader, _ byte, n int64) error { _, err := payload(r, n, maxContent); return err }
		s.todo = append(s.todo, j)
		work(t, s)
		if err := <-j.done; err != nil {
			t.Fatal(err)
		}
		_ = s.w.cmd.Process.Kill()
	}
	_ = s.w.end()
}

// A process ends with whoever started it, even in the middle of a file that it never gets out of.
func TestOrphan(t *testing.T) {
	p := poolOf(t, "trickster")
	defer p.Close()
	w, err := p.start()
	if err != nil {
		t.Fatal(err)
	}
	data := trick("hang")
	if err := send(w.in, kindDescribe, request(1, int64(len(data))), data); err != nil {
		t.Fatal(err)
	}
	_ = w.pipe.Close()
	ended := make(chan error, 1)
	go func() { ended <- w.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it goes on alone")
		_ = w.end()
	}
}

// lies are answers of a process that was taken over.
var lies = [][]byte{
	{},
	{0},
	{kindContent, 0xff, 0xff, 0xff, 0xff},
	{kindContent, 3, 0, 0, 0, 1, 2, 3},
	{kindFrame, 0xff, 0xff, 0xff, 0xff},
	{kindFault, 0xff, 0xff, 0xff, 0x7f},
	{kindFault, 2, 0, 0, 0, 9, 9},
	{kindRead, 12, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0},
	{kindRead, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff},
	{kindRead, 0xff, 0xff, 0xff, 0xff},
	{kindItems, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
	{kindItems, 8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	{kindItems, 4, 0, 0, 0, 0, 0, 0, 0},
	{kindHello, 2, 0, 0, 0, '{', '}'},
	{0x77, 0, 0, 0, 0},
	bytes.Repeat([]byte{kindRead, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}, 3),
}

// lie answers each request with the lie of the number that the file holds, and ends.
func lie() {
	b, err := json.Marshal(hello{Version: version})
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := send(out, kindHello, b); err != nil {
		panic(err)
	}
	in := bufio.NewReader(os.Stdin)
	_, n, err := receive(in)
	if err != nil {
		os.Exit(0)
	}
	request, err := payload(in, n, maxRead)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(lies[request[16]]) // whoever asked looks at what came
	os.Exit(0)
}

func TestLies(t *testing.T) {
	p := poolOf(t, "liar")
	defer p.Close()
	for i := range lies {
		data := []byte{byte(i), 0, 0, 0}
		if _, err := p.Describe(readerAt(data), int64(len(data))); fault.CodeOf(err) != study.CodeCrashed {
			t.Errorf("lie %d: %v", i, err)
		}
	}
}

// A file that cannot be read is no fault of the process.
func TestUnreadFile(t *testing.T) {
	p := decoders(t)
	_, err := p.Describe(broken{}, 1<<20)
	if !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if _, err = p.Describe(half{}, 1<<20); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if n := p.starts.Load(); n > 1 {
		t.Errorf("%d processes started", n)
	}
}

var errBroken = errors.New("the drive is gone")

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errBroken }

// half is a DICOM file whose drive goes away behind its head.
type half struct{}

func (half) ReadAt(b []byte, off int64) (int, error) {
	if off > 0 {
		return 0, errBroken
	}
	copy(b[128:], "DICM")
	// An element that is no one's, up to the end.
	e := b[132:]
	binary.LittleEndian.PutUint32(e, 0x00010009)
	copy(e[4:], "OB")
	binary.LittleEndian.PutUint32(e[8:], 1<<19)
	return len(b), nil
}

func TestADecodingProcessStartsNoOther(t *testing.T) {
	t.Setenv(envInside, "1")
	if _, err := start(self(), nil, nil, true); !errors.Is(err, errInside) {
		t.Errorf("got %v", err)
	}
}
