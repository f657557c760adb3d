package worker

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"echoline/internal/fault"
	"echoline/internal/study"
	"echoline/internal/study/confine"
)

// most processes run at a time. More would be in each other's way: whoever asks has its own work beside them.
const most = 2

// Pool is a study.Decoder that decodes in processes of its own. They are started when they are needed, and end with this
// process, or with Close.
type Pool struct {
	program   string
	args      []string
	env       []string
	describes chan *job
	decodes   chan *job
	quit      chan struct{}
	slots     sync.WaitGroup
	keys      atomic.Uint64
	starts    atomic.Int64 // processes started so far
	tried     sync.Once    // whether one can work within its limit of memory
	unlimited atomic.Bool  // none can
}

// New makes a pool of processes that run this program.
func New() *Pool { return newPool(self(), []string{Command}, environment()) }

func newPool(program string, args, env []string) *Pool {
	p := &Pool{
		program: program, args: args, env: env,
		describes: make(chan *job), decodes: make(chan *job), quit: make(chan struct{}),
	}
	for range most {
		p.slots.Go((&slot{pool: p}).run)
	}
	return p
}

// self is this program. Linux has a name for it that leads to it even when its file was exchanged meanwhile.
func self() string {
	const linux = "/proc/self/exe" // Wine shows it to Windows programs too, which cannot start it
	if _, err := os.Stat(linux); err == nil && runtime.GOOS == "linux" {
		return linux
	}
	program, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return program
}

// environment is what a process needs to know of this one's: where the system's libraries are.
func environment() []string {
	var env []string
	for _, k := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SystemRoot", "PATH"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	return env
}

// Close ends the processes. No request may be under way.
func (p *Pool) Close() {
	close(p.quit)
	p.slots.Wait()
}

// start starts a process. The first has to show that it can work within its limit of memory; if it cannot, this one and
// all others are held to none, and State says so.
func (p *Pool) start() (*process, error) {
	w, err := p.startOne()
	if err != nil {
		return nil, err
	}
	p.tried.Do(func() {
		if w.hello.State.Memory && w.try() != nil {
			_ = w.end() // how does not matter
			p.unlimited.Store(true)
			w, err = p.startOne()
		}
	})
	return w, err
}

func (p *Pool) startOne() (*process, error) {
	p.starts.Add(1)
	w, err := start(p.program, p.args, p.env, !p.unlimited.Load())
	if err != nil {
		return nil, fault.New(study.CodeNoWorker, "", err, nil)
	}
	return w, nil
}

// State starts a process, and says how it is confined and which version of OpenJPEG it has found ("" for none).
func (p *Pool) State() (state confine.State, openJPEG string, err error) {
	w, err := p.start()
	if err != nil {
		return state, "", err
	}
	_ = w.end() // it had nothing to do
	return w.hello.State, w.hello.OpenJPEG, nil
}

// Describe is that of study.Decoder.
func (p *Pool) Describe(src io.ReaderAt, size int64) (*study.Content, error) {
	key := p.keys.Add(1)
	f, err := open(src, size)
	if err != nil {
		return &study.Content{}, err
	}
	var answer []byte
	j := &job{kind: kindDescribe, request: request(key, size), file: f, limit: describeTime(size)}
	j.take = func(r io.Reader, kind byte, n int64) (err error) {
		if kind != kindContent {
			return errProtocol
		}
		answer, err = payload(r, n, maxContent)
		return err
	}
	if err := p.do(p.describes, j); err != nil {
		return &study.Content{}, err
	}
	c, described, err := study.DecodeContent(answer)
	switch {
	case err != nil:
		return &study.Content{}, fault.New(study.CodeCrashed, "", fmt.Errorf("%w: %w", errProtocol, err), nil)
	case described != nil || c.Skipped != "":
		return c, described
	}
	width, height := c.Item.W, c.Item.H
	c.DecodeBy(func(src io.ReaderAt, i int) (*study.Frame, error) {
		f, err := open(src, size)
		if err != nil {
			return nil, err
		}
		return p.frame(key, f, width, height, i)
	})
	return c, nil
}

// frame decodes frame i of the file that was described by the key.
func (p *Pool) frame(key uint64, f *file, width, height, i int) (frame *study.Frame, err error) {
	var said error
	j := &job{
		kind: kindDecode, file: f, limit: describeTime(f.size) + frameTime(width, height),
		request: binary.LittleEndian.AppendUint32(request(key, f.size), uint32(i)),
	}
	j.take = func(r io.Reader, kind byte, n int64) (err error) {
		switch kind {
		case kindFrame:
			frame, err = study.DecodeFrame(r, n, width, height)
			return err
		case kindFault:
			b, err := payload(r, n, maxFault)
			if err != nil {
				return err
			}
			said, err = study.DecodeFault(b)
			return err
		}
		return errProtocol
	}
	if err := p.do(p.decodes, j); err != nil {
		return nil, err
	}
	return frame, said
}

// request is the beginning of a request.
func request(key uint64, size int64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, key)
	return binary.LittleEndian.AppendUint64(b, uint64(size))
}

// do has a request answered.
func (p *Pool) do(to chan<- *job, j *job) error {
	j.done = make(chan error, 1)
	select {
	case to <- j:
		return <-j.done
	case <-p.quit:
		return fault.New(study.CodeNoWorker, "", os.ErrClosed, nil)
	}
}
