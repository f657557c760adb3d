package tool_test

import (
	"syscall"
	"testing"
	"time"
)

// threadCPU is the time that this thread has had a processor: what a step costs, whatever else the machine does.
func threadCPU(b *testing.B) time.Duration {
	b.Helper()
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
