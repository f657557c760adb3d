// Package worker reads files in processes of their own. Pool is a study.Decoder that starts this program again, up to
// twice, with the hidden command of which Main is all there is. The other process gets no path and no file: it asks for
// bytes through its standard input and output, and answers with what it made of them. It is held to a time and to an
// amount of memory for each request, and behind the fences of package confine. When it dies, hangs or grows too large,
// the file that it was reading is named as the cause, and another process takes over.
//
// What it answers is believed as little as the file: lengths, sizes and codes are checked before anything hangs on them.
package worker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"echoline/internal/study/confine"
)

// version is that of the protocol. Both ends are the same program, unless it was exchanged while it ran.
const version = 2

// Kinds of messages. Each is a byte of kind, four of length (little endian), and so many bytes.
const (
	// From the process to whoever started it.
	kindHello   byte = iota + 1 // once, at the start: hello as JSON
	kindRead                    // asks for bytes of the file: offset (8 bytes), number (4)
	kindItems                   // asks for the heads of items that follow each other: offset (8 bytes)
	kindContent                 // answers kindDescribe: study.EncodeContent
	kindFrame                   // answers kindDecode: study.EncodeFrame
	kindFault                   // answers kindDecode: study.EncodeFault

	// To the process.
	kindDescribe // describe: key (8 bytes), size of the file (8), what it begins with
	kindDecode   // decode a frame: key, size, number of the frame (4), what the file begins with
	kindBytes    // answers kindRead and kindItems; fewer than asked for where the file ends
	kindFailed   // answers them where the file cannot be read
	kindTry      // take memory and threads as work does, and answer with kindHello
)

// lastAnswer marks the kind of an answer after which the process wants to be replaced: it holds more memory than the
// next file should account for.
const lastAnswer = 0x80

// Bounds of messages, in bytes.
const (
	maxHello    = 4 << 10
	maxRead     = 1 << 20 // at once
	maxContent  = 16 << 20
	maxFault    = 64 << 10
	readRequest = 12
	headBytes   = 8 << 10 // of the file that come with a request
)

// hello is what a process says when it is ready.
type hello struct {
	Version  int
	State    confine.State
	Memory   uint64 // bytes of address space before the first file; 0 where the system does not tell
	OpenJPEG string // version of the library, "" without it
}

// What a request may take. Time that the process waits for the file does not count.
const (
	headerTime    = 2 * time.Second
	headerPerByte = time.Second / (64 << 20)
	pixelsPerTime = 4 << 20 // bytes of pixels a second
	startTime     = 30 * time.Second
	ownMemory     = 208 << 20 // three more of the 64 MiB that the runtime takes at a time, and some for others
	fileMemory    = 2         // times the file's size
)

// describeTime is how long the header of a file of so many bytes may take: 2 s, and 1 s for every 64 MiB.
func describeTime(size int64) time.Duration { return headerTime + time.Duration(size)*headerPerByte }

// frameTime is how long a frame may take beside the header: 2 s, and 1 s for every 4 MiB of pixels.
func frameTime(w, h int) time.Duration {
	return headerTime + time.Duration(float64(3*w*h)/pixelsPerTime*float64(time.Second))
}

var errProtocol = errors.New("the decoding process does not keep to the protocol")

// send writes one message, its payload in parts.
func send(w *bufio.Writer, kind byte, parts ...[]byte) error {
	if err := post(w, kind, parts...); err != nil {
		return err
	}
	return w.Flush()
}

// post is send without seeing to it that the message goes off.
func post(w *bufio.Writer, kind byte, parts ...[]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	head := [5]byte{kind}
	binary.LittleEndian.PutUint32(head[1:], uint32(n))
	if _, err := w.Write(head[:]); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// receive reads the head of a message.
func receive(r *bufio.Reader) (kind byte, n int64, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, 0, err
	}
	return head[0], int64(binary.LittleEndian.Uint32(head[1:])), nil
}

// payload reads n bytes, of which there may be at most limit.
func payload(r io.Reader, n, limit int64) ([]byte, error) {
	if n > limit {
		return nil, fmt.Errorf("%w: %d bytes", errProtocol, n)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}
