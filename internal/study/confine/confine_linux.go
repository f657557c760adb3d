package confine

import (
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Start starts cmd behind the fences that a process can be born with. Where the kernel has none of them, it starts all
// the same, and State says so.
func Start(cmd *exec.Cmd, r Rules) (State, error) {
	type result struct {
		state State
		err   error
	}
	done := make(chan result)
	// A child is born with the fences of the thread that starts it. The thread is locked and never unlocked, so it ends
	// with the goroutine and nothing else runs behind the fences.
	go func() {
		runtime.LockOSThread()
		var s State
		if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == nil {
			s.Landlock = landlock(r)
			s.Seccomp = r.Silent && filterThread(silent()) == nil
		}
		done <- result{s, cmd.Start()}
	}()
	got := <-done
	return got.state, got.err
}

// LimitMemory holds the started process to so many bytes of address space, all that it has reserved and loaded included.
// It may be called again with another limit. (The limit on data would be nearer to what is meant, but the kernel lets
// memory that is only reserved be made use of beyond it.)
func LimitMemory(cmd *exec.Cmd, bytes uint64) error {
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	return unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_AS, &limit, nil)
}

// Seal takes from this process, for good, everything but computing, memory and the files that it holds open: no file can
// be opened, no socket made, no program started, no other process touched. It tells whether seccomp holds it.
func Seal() (State, error) {
	for _, resource := range []int{unix.RLIMIT_CORE, unix.RLIMIT_FSIZE} { // a core would hold a patient's image
		if err := unix.Setrlimit(resource, &unix.Rlimit{}); err != nil {
			return State{}, err
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return State{}, err
	}
	if err := filterProcess(computing()); err != nil {
		return State{}, err
	}
	return State{Seccomp: true}, nil
}

// Release has nothing to give back.
func Release(*exec.Cmd) {}

// Used is how much of the processors' time the started process has had.
func Used(cmd *exec.Cmd) (time.Duration, bool) {
	const allThreads = 2 // what of a process its clock counts (clock_getcpuclockid)
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^cmd.Process.Pid<<3|allThreads), &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}
