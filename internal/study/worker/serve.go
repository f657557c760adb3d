package worker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"echoline/internal/study"
	"echoline/internal/study/confine"
	"echoline/internal/study/j2k"
)

// Command is the argument that makes the program a decoding process. It is no command for people.
const Command = "decode-worker"

const (
	softMemory  = 144 << 20 // beyond it memory is collected harder
	tiredMemory = 160 << 20 // beyond it the process asks to be replaced
	keptFiles   = 8         // whose headers are remembered

	keptUnpacked = 32 << 20 // bytes of a file, if it is deflated
)

// Main is the decoding process. It returns the exit status.
func Main() int {
	runtime.GOMAXPROCS(1) // a request may take time, not processors
	debug.SetMemoryLimit(softMemory)
	// Whatever lies in other files is loaded before the right to open them is gone.
	h := hello{Version: version, OpenJPEG: j2k.Version(), Memory: addressSpace()}
	// A kernel without seccomp leaves a process that is still apart and watched; `echoline doctor` says so.
	h.State, _ = confine.Seal()
	if err := serve(input(), os.Stdout, study.Direct{}, h, os.Exit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// addressSpace is how much memory the system counts against this process's limit; 0 where it does not tell.
func addressSpace() uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, _, _ := strings.Cut(string(b), " ")
	n, err := strconv.ParseUint(pages, 10, 64)
	if err != nil {
		return 0
	}
	return n * uint64(os.Getpagesize())
}

// server answers requests, one after another.
type server struct {
	asked   chan message // no more than atOnce are under way
	file    chan message
	mu      sync.Mutex
	out     *bufio.Writer
	decoder study.Decoder
	kept    []known // the latest last
	limit   int64   // the runtime's soft limit on memory
}

type message struct {
	kind    byte
	payload []byte
}

// known is a file that was described.
type known struct {
	key     uint64
	content *study.Content
}

// serve answers requests until in ends. gone is called when that happens in the middle of one, which then has nobody to
// answer to.
func serve(in io.Reader, out io.Writer, d study.Decoder, h hello, gone func(status int)) error {
	s := &server{asked: make(chan message, atOnce), file: make(chan message, 1), out: bufio.NewWriterSize(out, 32<<10), decoder: d, limit: softMemory}
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := send(s.out, kindHello, b); err != nil {
		return err
	}
	go s.listen(in, gone)
	for m := range s.asked {
		if last, err := s.answer(m); err != nil || last {
			return err
		}
	}
	return nil
}

// listen sorts what comes in.
func (s *server) listen(in io.Reader, gone func(status int)) {
	defer close(s.asked)
	defer close(s.file)
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		kind, n, err := receive(r)
		if err != nil {
			gone(0)
			return
		}
		b, err := payload(r, n, maxRead)
		if err != nil {
			gone(1)
			return
		}
		if kind == kindBytes || kind == kindFailed {
			s.file <- message{kind, b}
		} else {
			s.asked <- message{kind, b}
		}
	}
}

// answer answers one request, and tells whether it was the last.
func (s *server) answer(m message) (last bool, err error) {
	f := &remoteFile{server: s}
	switch {
	case m.kind == kindTry:
		return false, s.try()
	case m.kind == kindDescribe && len(m.payload) >= 16:
		key := f.begin(m.payload, 16)
		c, err := s.describe(key, f)
		b, errEncode := study.EncodeContent(c, err)
		if errEncode != nil {
			return false, errEncode
		}
		return s.reply(kindContent, b)
	case m.kind == kindDecode && len(m.payload) >= 20:
		i := int(binary.LittleEndian.Uint32(m.payload[16:]))
		key := f.begin(m.payload, 20)
		frame, err := s.frame(key, f, i)
		if err != nil {
			b, errEncode := study.EncodeFault(err)
			if errEncode != nil {
				return false, errEncode
			}
			return s.reply(kindFault, b)
		}
		head, pixels := study.EncodeFrame(frame)
		return s.reply(kindFrame, head, pixels)
	}
	return false, errProtocol
}

// try takes threads, and memory that it does not touch, as decoding does at its most. Where the limit leaves no room for
// them, the process ends.
func (s *server) try() error {
	const threads = 4
	var ready sync.WaitGroup
	ready.Add(threads)
	for range threads {
		go func() {
			runtime.LockOSThread() // and never unlocks it: the thread ends with the goroutine
			ready.Done()
			ready.Wait()
		}()
	}
	ready.Wait()
	runtime.KeepAlive(make([]byte, tryMemory))
	s.mu.Lock()
	defer s.mu.Unlock()
	return send(s.out, kindHello)
}

// tryMemory is more than the runtime takes at a time.
const tryMemory = 96 << 20

// reply sends an answer, and says if it is to be the last.
func (s *server) reply(kind byte, parts ...[]byte) (last bool, err error) {
	total := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(total)
	if last = total[0].Value.Uint64() > tiredMemory; last {
		kind |= lastAnswer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 || last {
		return last, send(s.out, kind, parts...)
	}
	// The next answer takes it along, unless that takes long.
	if s.out.Buffered() == 0 {
		time.AfterFunc(soon, s.flush)
	}
	return last, post(s.out, kind, parts...)
}

// soon is how long an answer may wait for the next one.
const soon = 2 * time.Millisecond

func (s *server) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Flush() // whoever writes next meets the same error
}

// describe reads a file's header and remembers it.
func (s *server) describe(key uint64, f *remoteFile) (*study.Content, error) {
	s.softLimit(f.size)
	c, err := s.decoder.Describe(f, f.size)
	if err == nil && c.Skipped == "" {
		if len(s.kept) == keptFiles {
			s.kept = append(s.kept[:0], s.kept[1:]...)
		}
		c.Keep(keptUnpacked)
		s.kept = append(s.kept, known{key, c})
	}
	return c, err
}

// frame decodes a frame, of a file that this process may not have seen yet.
func (s *server) frame(key uint64, f *remoteFile, i int) (*study.Frame, error) {
	s.softLimit(f.size)
	for _, k := range s.kept {
		if k.key == key {
			return k.content.Frame(f, i)
		}
	}
	c, err := s.describe(key, f)
	if err != nil {
		return nil, err
	}
	return c.Frame(f, i)
}

// softLimit lets the runtime use as much memory as a file of that size accounts for. Setting it stops the process for a
// moment, so small files share one limit.
func (s *server) softLimit(size int64) {
	const step = 32 << 20
	if limit := softMemory + fileMemory*size/step*step; limit != s.limit {
		s.limit = limit
		debug.SetMemoryLimit(limit)
	}
}

// remoteFile reads a file through whoever holds it.
type remoteFile struct {
	server *server
	size   int64
	head   []byte // what the file begins with
	buf    []byte // what was read last
	off    int64  // of buf
}

// begin takes the beginning of a request over: key, size and, after so many bytes, the file's head.
func (f *remoteFile) begin(b []byte, head int) (key uint64) {
	f.size, f.head = int64(binary.LittleEndian.Uint64(b[8:])), b[head:]
	return binary.LittleEndian.Uint64(b)
}

// smallRead is how much is asked for at least: a jump to the next element is often followed by one close by.
const smallRead = 4 << 10

var errUnread = errors.New("the file cannot be read")

// ReadAt is that of io.ReaderAt. Only one goroutine may call it.
func (f *remoteFile) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		at := off + int64(n)
		if at < 0 || at >= f.size {
			return n, io.EOF
		}
		switch {
		case at < int64(len(f.head)):
			n += copy(b[n:], f.head[at:])
			continue
		case at >= f.off && at < f.off+int64(len(f.buf)):
			n += copy(b[n:], f.buf[at-f.off:])
			continue
		}
		if err := f.fetch(at, len(b)-n); err != nil {
			return n, err
		}
	}
	return n, nil
}

// fetch reads bytes at off into the buffer: as many as are wanted, within bounds.
func (f *remoteFile) fetch(off int64, wanted int) error {
	n := min(int64(min(max(wanted, smallRead), maxRead)), f.size-off)
	b, err := f.ask(kindRead, binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, uint64(off)), uint32(n)))
	switch {
	case err != nil:
		return err
	case len(b) == 0:
		return io.EOF // the file has become shorter
	}
	f.buf, f.off = b, off
	return nil
}

// Items is that of study.ItemReader.
func (f *remoteFile) Items(off int64) ([]byte, error) {
	return f.ask(kindItems, binary.LittleEndian.AppendUint64(nil, uint64(off)))
}

// ask asks whoever holds the file.
func (f *remoteFile) ask(kind byte, request []byte) ([]byte, error) {
	f.server.mu.Lock()
	err := send(f.server.out, kind, request)
	f.server.mu.Unlock()
	if err != nil {
		return nil, err
	}
	m, ok := <-f.server.file
	switch {
	case !ok:
		return nil, io.ErrUnexpectedEOF
	case m.kind == kindFailed:
		return nil, errUnread
	case m.kind != kindBytes:
		return nil, errProtocol
	}
	return m.payload, nil
}
