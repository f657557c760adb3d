//go:build !windows

package trainer

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"echoline/internal/fault"
)

// lockName is a file whose lock the process that works inherits: it is free exactly when that process and all its children
// are gone, however they went, and a number that the system gave to another process cannot deceive.
const lockName = "process.lock"

// apart gives the process a session of its own: what ends this program's does not reach it.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// hold takes the lock and hands it to the process; release lets this program's own hold go.
func (r *Run) hold(c *exec.Cmd) (release func(), err error) {
	f, err := os.OpenFile(r.path(lockName), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, writeFault(r.Dir, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fault.New(CodeRunning, r.Dir, nil, nil)
	}
	c.ExtraFiles = []*os.File{f}
	return func() { _ = f.Close() }, nil
}

// held tells whether somebody has the lock.
func (r *Run) held(process) bool {
	f, err := os.Open(r.path(lockName))
	if err != nil {
		return false
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	return errors.Is(err, unix.EWOULDBLOCK)
}

// ask asks a process, and all that it started, to stop.
func ask(pid int) error { return syscall.Kill(-pid, syscall.SIGTERM) }

// kill ends it at once.
func kill(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }
