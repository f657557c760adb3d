package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"

	"echoline/internal/study"
	"echoline/internal/study/confine"
)

// trickster does what a file's first word says, as if the file had found a hole in the decoder. Files without a trick are
// decoded.
type trickster struct{ study.Direct }

const trickMark = "TRICK "

// trick is a file that plays a trick.
func trick(name string) []byte { return []byte(trickMark + name + " " + strings.Repeat("x", 200)) }

// Describe is that of study.Decoder.
func (d trickster) Describe(src io.ReaderAt, size int64) (*study.Content, error) {
	head := make([]byte, min(size, 64))
	if _, err := src.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(head, []byte(trickMark))
	if !ok {
		return d.Direct.Describe(src, size)
	}
	name, _, _ := strings.Cut(string(rest), " ")
	if later, ok := strings.CutPrefix(name, "frame:"); ok {
		c := &study.Content{Item: &study.Item{ID: later, W: 8, H: 8, Frames: 3}}
		c.DecodeBy(func(io.ReaderAt, int) (*study.Frame, error) { return nil, tricks[later]() })
		return c, nil
	}
	return &study.Content{}, tricks[name]()
}

// hoard is memory that stays in use.
var hoard [][]byte

var tricks = map[string]func() error{
	"crash": func() error { return dive(0) },
	"exit":  func() error { os.Exit(0); return nil },
	"hang": func() error {
		for i := 0; ; i++ {
			hoard = hoard[:0]
		}
	},
	"sleep": func() error { time.Sleep(time.Hour); return nil },
	"eat": func() error {
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			hoard = append(hoard, b)
		}
	},
	"escape": escape,
}

// dive overflows the stack, which no recover catches.
func dive(n int) error {
	if n < 0 {
		return nil
	}
	debug.SetMaxStack(1 << 20)
	return errors.Join(dive(n+1), dive(n+2))
}

// escape tries what a hole in a decoder would be used for. Its error says what worked.
func escape() error {
	var free []string
	for name, try := range escapes {
		if err := try(); err == nil {
			free = append(free, name)
		}
	}
	if len(free) > 0 {
		return fmt.Errorf("possible: %s", strings.Join(free, ", "))
	}
	return errors.New("nothing is possible")
}

var escapes = map[string]func() error{
	"read a file":   func() error { _, err := os.ReadFile("/etc/passwd"); return err },
	"list a folder": func() error { _, err := os.ReadDir("/"); return err },
	"write a file":  func() error { return os.WriteFile(os.DevNull, []byte("x"), 0o600) },
	"make a file":   func() error { return os.WriteFile("/tmp/echoline-escaped", []byte("x"), 0o600) },
	"run":           func() error { return exec.Command("/bin/true").Run() },
}

// play is a decoding process that plays tricks, behind all fences.
func play(d study.Decoder) int {
	h := hello{Version: version, Memory: addressSpace()}
	h.State, _ = confine.Seal() // what it cannot do is for the tests to find
	if err := serve(input(), os.Stdout, d, h, os.Exit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// playUnsealed is one that has not sealed itself.
func playUnsealed(d study.Decoder) int {
	if err := serve(input(), os.Stdout, d, hello{Version: version}, os.Exit); err != nil {
		return 1
	}
	return 0
}
