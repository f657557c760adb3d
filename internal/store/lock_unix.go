//go:build !windows

package store

import (
	"errors"
	"os"
	"syscall"
)

// systemLock asks the system for the lock on f, which ends with the process.
func systemLock(f *os.File) lockState {
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return lockFree
	case errors.Is(err, syscall.EWOULDBLOCK):
		return lockBusy
	default:
		return lockUnknown
	}
}
