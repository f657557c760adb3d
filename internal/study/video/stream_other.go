//go:build !linux

package video

import (
	"io"
	"os"
)

// stream is a video as a program reads it: a file of its own in the user's temporary folder.
type stream struct {
	file *os.File // nil: the program's standard input is empty
	name string
}

func newStream(src io.Reader) (*stream, error) {
	f, err := os.CreateTemp("", "echoline-*.video")
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, src)
	if e := f.Close(); err == nil {
		err = e
	}
	s := &stream{name: f.Name()}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stream) close() { os.Remove(s.name) }

// environment is what the programs need to know.
func environment() []string { return os.Environ() }

func libraries() []string { return nil }
