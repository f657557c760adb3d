package video

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func hasFences() bool {
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	action := uint32(unix.SECCOMP_RET_ERRNO)
	_, _, without := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0 && without == 0
}

func makeSocket() error {
	_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	return err
}
