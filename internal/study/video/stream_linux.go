package video

import (
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// stream is a video as a program reads it: memory that looks like a file, which nobody can find or change.
type stream struct {
	file *os.File // the program's standard input
	name string
}

func newStream(src io.Reader) (*stream, error) {
	fd, err := unix.MemfdCreate("video", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	s := &stream{os.NewFile(uintptr(fd), "video"), "/proc/self/fd/0"}
	if _, err = io.Copy(s.file, src); err == nil {
		_, err = unix.FcntlInt(s.file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stream) close() { _ = s.file.Close() } // nothing can be lost with it

// environment is what the programs need to know.
func environment() []string {
	if v, ok := os.LookupEnv("LD_LIBRARY_PATH"); ok {
		return []string{"LD_LIBRARY_PATH=" + v}
	}
	return []string{}
}

// libraries are the folders that the user has libraries in.
func libraries() []string { return filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) }
