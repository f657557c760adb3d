package tool_test

import (
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// threadCPU is the time that this thread has had a processor: what a step costs, whatever else the machine does.
func threadCPU(b *testing.B) time.Duration {
	b.Helper()
	const thread = 3 // CLOCK_THREAD_CPUTIME_ID
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, thread, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		b.Fatal(errno)
	}
	return time.Duration(t.Nano())
}
