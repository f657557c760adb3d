package confine

import (
	"os/exec"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// jobs are those of the started processes. They last as long as this process, and their processes no longer than it.
var jobs sync.Map // *exec.Cmd → windows.Handle

// Start starts cmd and puts it into a job of its own: it ends with this process and starts no other.
func Start(cmd *exec.Cmd, _ Rules) (State, error) {
	if err := cmd.Start(); err != nil {
		return State{}, err
	}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return State{}, nil // it runs without
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(cmd.Process.Pid))
	if err == nil {
		err = windows.AssignProcessToJobObject(job, process)
		_ = windows.CloseHandle(process)
	}
	if err == nil {
		err = limit(job, 0)
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return State{}, nil
	}
	jobs.Store(cmd, job)
	return State{Memory: true}, nil
}

// LimitMemory holds the started process to so many bytes of memory. It may be called again with another limit.
func LimitMemory(cmd *exec.Cmd, bytes uint64) error {
	job, ok := jobs.Load(cmd)
	if !ok {
		return windows.ERROR_NOT_SUPPORTED
	}
	return limit(job.(windows.Handle), bytes)
}

// limit sets what a job may do; 0 bytes are as many as there are.
func limit(job windows.Handle, bytes uint64) error {
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{ProcessMemoryLimit: uintptr(bytes)}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS
	info.BasicLimitInformation.ActiveProcessLimit = 1
	if bytes > 0 {
		info.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY
	}
	_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err
}

// Release gives back what Start took for a process that has ended.
func Release(cmd *exec.Cmd) {
	if job, ok := jobs.LoadAndDelete(cmd); ok {
		_ = windows.CloseHandle(job.(windows.Handle)) // the process has ended: nothing can be lost
	}
}

// Seal has nothing to take from this process.
func Seal() (State, error) { return State{}, nil }

// Used is how much of the processors' time the started process has had.
func Used(cmd *exec.Cmd) (time.Duration, bool) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(cmd.Process.Pid))
	if err != nil {
		return 0, false
	}
	defer func() { _ = windows.CloseHandle(process) }() // it was only read
	var created, ended, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(process, &created, &ended, &kernel, &user); err != nil {
		return 0, false
	}
	const tick = 100 * time.Nanosecond
	ticks := func(f windows.Filetime) time.Duration {
		return time.Duration(f.HighDateTime)<<32 | time.Duration(f.LowDateTime)
	}
	return (ticks(kernel) + ticks(user)) * tick, true
}
