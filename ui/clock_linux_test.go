package ui

import (
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// The clocks of clock_gettime(2).
const (
	clockProcess = 2
	clockThread  = 3
)

// threadCPU and processCPU are the time that this thread, or all of the program, has had a processor: what a step costs,
// whatever else the machine does.
func threadCPU(b *testing.B) time.Duration  { return clock(b, clockThread) }
func processCPU(b *testing.B) time.Duration { return clock(b, clockProcess) }

func clock(b *testing.B, which uintptr) time.Duration {
	b.Helper()
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, which, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		b.Fatal(errno)
	}
	return time.Duration(t.Nano())
}
