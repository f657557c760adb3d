package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockByte is the byte of the file that is locked: far behind the text, which others must be able to read.
const lockByte = 1 << 30

// systemLock asks the system for the lock on f, which ends with the process.
func systemLock(f *os.File) lockState {
	at := windows.Overlapped{Offset: lockByte}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	switch {
	case err == nil:
		return lockFree
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return lockBusy
	default:
		return lockUnknown
	}
}
