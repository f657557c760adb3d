package store

import (
	"errors"
	"syscall"
)

// The system's own error numbers that matter here.
const (
	errorWriteProtect   = syscall.Errno(19)
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

// writeProtected leaves the question to SQLite, which answers it here.
func writeProtected(string) error { return nil }

// readOnly and full tell what kind of error of the file system err is.
func readOnly(err error) bool { return errors.Is(err, errorWriteProtect) }

func full(err error) bool {
	return errors.Is(err, errorHandleDiskFull) || errors.Is(err, errorDiskFull)
}
