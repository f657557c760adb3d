package worker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"echoline/internal/study"
	"echoline/internal/study/confine"
)

// process is a decoding process, used by one goroutine at a time.
type process struct {
	cmd   *exec.Cmd
	pipe  io.Closer
	in    *bufio.Writer
	out   *bufio.Reader
	said  *tail
	hello hello

	memory uint64 // its limit
	buf    []byte // for what it reads
	tried  bool   // it has answered a request
}

// start starts a process and waits until it is ready. Where it does not come up behind a fence that it is born with, for
// its libraries lie where nobody knows, it does without that one.
func start(program string, args, env []string, limited bool) (*process, error) {
	fence := func(cmd *exec.Cmd) (confine.State, error) {
		return confine.Start(cmd, confine.Rules{Programs: []string{program}, Read: libraries()})
	}
	p, err := startBehind(fence, program, args, env)
	if err != nil {
		fence = func(cmd *exec.Cmd) (confine.State, error) { return confine.State{}, cmd.Start() }
		p, err = startBehind(fence, program, args, env)
	}
	if err == nil {
		p.hello.State.Memory = p.hello.State.Memory && limited && p.limit(0) == nil
	}
	return p, err
}

// libraries are the folders that the user has libraries in.
func libraries() []string { return filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) }

// envInside marks a decoding process. One that is asked to start another is a program that did not notice what it was
// started as: it would start the next, and that one the next.
const envInside = "ECHOLINE_DECODING"

var errInside = errors.New("a decoding process starts no other")

func startBehind(fence func(*exec.Cmd) (confine.State, error), program string, args, env []string) (*process, error) {
	if os.Getenv(envInside) != "" {
		return nil, errInside
	}
	p := &process{cmd: exec.Command(program, args...), said: &tail{}}
	p.cmd.Args[0] = "echoline"
	// The C library shall reserve no memory for each thread.
	p.cmd.Env, p.cmd.Stderr = slices.Concat(env, []string{envInside + "=1", "MALLOC_ARENA_MAX=1"}), p.said
	p.cmd.WaitDelay = time.Second        // whatever it left behind may hold its streams open
	p.cmd.Dir = string(os.PathSeparator) // it keeps no drive from being taken out
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.pipe, p.in, p.out = in, bufio.NewWriterSize(in, 32<<10), bufio.NewReaderSize(out, 64<<10)
	state, err := fence(p.cmd)
	if err != nil {
		return nil, err
	}
	w := confine.WatchOver(p.cmd, startTime)
	err = p.greet()
	w.Stop()
	if err != nil {
		_ = p.end() // why it did not come up is known already
		return nil, err
	}
	p.hello.State.Landlock = state.Landlock
	p.hello.State.Memory = state.Memory || p.hello.Memory > 0
	return p, nil
}

// greet waits for the process to say that it is ready.
func (p *process) greet() error {
	kind, n, err := receive(p.out)
	if err != nil {
		return fmt.Errorf("%w: %s", err, p.said)
	}
	b, err := payload(p.out, n, maxHello)
	switch {
	case err != nil:
		return err
	case kind != kindHello:
		return errProtocol
	}
	if err := json.Unmarshal(b, &p.hello); err != nil {
		return err
	}
	if p.hello.Version != version {
		return fmt.Errorf("%w: version %d, not %d: the program was exchanged while it ran", errProtocol, p.hello.Version, version)
	}
	return nil
}

// limit holds the process to the memory for files of so many bytes at most.
func (p *process) limit(size int64) error {
	const step = 8 << 20 // small files share a limit, which then need not be set
	bytes := p.hello.Memory + uint64(memoryFor((size+step-1)/step*step))
	if bytes == p.memory {
		return nil
	}
	p.memory = bytes
	return confine.LimitMemory(p.cmd, bytes)
}

// try has the process take memory and threads within its limit, and tells whether it outlived that. Where systems reserve
// more of the address space than they use (large stacks for threads, say), it may not.
func (p *process) try() error {
	w := confine.WatchOver(p.cmd, startTime)
	defer w.Stop()
	if err := send(p.in, kindTry); err != nil {
		return err
	}
	kind, n, err := receive(p.out)
	if err == nil && (kind != kindHello || n != 0) {
		err = errProtocol
	}
	return err
}

// memoryFor is how much memory a file of so many bytes may take: 208 MiB and twice its size.
func memoryFor(size int64) int64 { return ownMemory + fileMemory*size }

// end ends the process and says how it went; nil if it ended by itself and in order.
func (p *process) end() error {
	_ = p.pipe.Close() // it ends by that if it can
	_ = p.cmd.Process.Kill()
	err := p.cmd.Wait()
	confine.Release(p.cmd)
	return err
}

// file is what a request is about.
type file struct {
	src  io.ReaderAt
	size int64
	head []byte // what it begins with
	err  error  // of reading it
}

// open reads what a file begins with.
func open(src io.ReaderAt, size int64) (*file, error) {
	f := &file{src: src, size: size, head: make([]byte, min(size, headBytes))}
	n, err := f.read(f.head, 0)
	f.head = f.head[:n]
	return f, err
}

// serve reads of the file what the process asks for.
func (p *process) serve(w *confine.Watch, kind byte, where []byte, f *file) error {
	if len(where) < 8 || (kind == kindRead) != (len(where) == readRequest) {
		return errProtocol
	}
	off := int64(binary.LittleEndian.Uint64(where))
	if off < 0 || off > f.size {
		return errProtocol
	}
	if p.buf == nil {
		p.buf = make([]byte, maxRead)
	}
	w.Stop()
	got, err := 0, error(nil)
	if kind == kindItems {
		got, err = f.items(p.buf, off)
	} else if n := binary.LittleEndian.Uint32(where[8:]); n > maxRead {
		err = errProtocol
	} else {
		got, err = f.read(p.buf[:min(int64(n), f.size-off)], off)
	}
	w.Resume()
	switch {
	case errors.Is(err, errProtocol):
		return err
	case err != nil:
		return send(p.in, kindFailed)
	}
	return send(p.in, kindBytes, p.buf[:got])
}

// items reads the heads of items that stand one behind the other from off on: all that this process ever looks at of what
// a file means. It goes forward with each, and no further than the file and the room for it.
func (f *file) items(b []byte, off int64) (n int, err error) {
	const most = 4096 * study.ItemRecord
	for n < most && off >= 0 && f.size-off >= study.ItemRecord {
		record := b[n : n+study.ItemRecord]
		got, err := f.read(record, off)
		if err != nil {
			return 0, err
		}
		if got < len(record) || !study.IsItem(record) {
			break
		}
		n += len(record)
		off = study.NextItem(off, record)
	}
	return n, nil
}

// read reads what there is; a file that has become shorter is not at fault.
func (f *file) read(b []byte, off int64) (int, error) {
	n, err := f.src.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
		return 0, err
	}
	return n, nil
}

// tail keeps the beginning of what a process says before it dies.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const most = 4 << 10
	t.b = append(t.b, b[:min(len(b), most-len(t.b))]...)
	return len(b), nil
}

// library is what the Go runtime says when a signal ends the process while it is in OpenJPEG.
const library = "j2k._Cfunc_echo_j2k_decode"

// String is the first line that says what was wrong, and in whose code if not in ours. None of what the file holds is in it.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(t.b) {
		s := strings.TrimSpace(string(line))
		if !strings.HasPrefix(s, "fatal error:") && !strings.HasPrefix(s, "SIG") {
			continue
		}
		if bytes.Contains(t.b, []byte(library)) {
			return "OpenJPEG, " + s
		}
		return s
	}
	return ""
}

// starved tells whether the process ended for want of memory.
func (t *tail) starved() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range []string{"out of memory", "cannot allocate memory", "Cannot allocate memory", "Resource temporarily unavailable"} {
		if bytes.Contains(t.b, []byte(s)) {
			return true
		}
	}
	return false
}
