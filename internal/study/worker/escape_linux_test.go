package worker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	more := map[string]func() error{
		"make an internet socket": func() error { _, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); return err },
		"make a datagram socket":  func() error { _, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0); return err },
		"make a local socket":     func() error { _, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"make a pair of sockets":  func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"replace itself":          func() error { return unix.Exec("/bin/true", []string{"true"}, nil) },
		"fork":                    fork,
		"signal its parent":       func() error { return unix.Kill(os.Getppid(), 0) },
		"trace its parent":        func() error { return unix.PtraceAttach(os.Getppid()) },
		"get memory to run code": func() error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
			return err
		},
		"set its own limits":    func() error { return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}) },
		"have the kernel do it": func() error { _, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0); return orNil(errno) },
	}
	for k, v := range more {
		escapes[k] = v
	}
}

// fork makes another process, which ends at once.
func fork() error {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return orNil(errno)
}

func orNil(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// A file that has taken the decoding process over can reach nothing through it.
func TestConfined(t *testing.T) {
	p := poolOf(t, "trickster")
	defer p.Close()
	state, _, err := p.State()
	if err != nil {
		t.Fatal(err)
	}
	if !state.Seccomp {
		t.Skip("this kernel offers no seccomp: the process is only apart")
	}
	data := trick("escape")
	_, err = p.Describe(readerAt(data), int64(len(data)))
	if err == nil || !strings.Contains(err.Error(), "nothing is possible") {
		t.Error(err)
	}
}

// Behind landlock alone, as the process is before it has sealed itself, nothing can be written and no home read.
func TestBornConfined(t *testing.T) {
	p := poolOf(t, "unsealed")
	defer p.Close()
	state, _, err := p.State()
	if err != nil {
		t.Fatal(err)
	}
	if state.Landlock == 0 {
		t.Skip("this kernel offers no landlock")
	}
	data := trick("escape")
	_, err = p.Describe(readerAt(data), int64(len(data)))
	if err == nil {
		t.Fatal("no word of what was possible")
	}
	_, possible, _ := strings.Cut(err.Error(), "possible: ")
	for _, name := range strings.Split(possible, ", ") {
		if slices.Contains([]string{"read a file", "list a folder", "write a file", "make a file", "run", "replace itself"}, name) {
			t.Errorf("it can %s", name)
		}
	}
}

// Where the system reserves so much of the address space for each thread that a limit may leave no room, the processes work,
// without one if need be.
func TestLargeStacks(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &old); err != nil {
		t.Fatal(err)
	}
	large := unix.Rlimit{Cur: 4 << 30, Max: old.Max}
	if err := unix.Setrlimit(unix.RLIMIT_STACK, &large); err != nil {
		t.Skip("the stack cannot be made larger here: ", err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_STACK, &old); err != nil {
			t.Error(err)
		}
	}()
	p := decoders(t)
	path := filepath.Join(t.TempDir(), "a.dcm")
	writeStill(t, path, 1)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Describe(readerAt(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Frame(readerAt(data), 0); err != nil {
		t.Error(err)
	}
	// A process that happens to have its threads already can do with a limit even so: that it works is what counts.
	if state, _, err := p.State(); err != nil {
		t.Error(err)
	} else {
		t.Log("limited: ", state.Memory)
	}
}
