//go:build !windows

package store

import (
	"errors"
	"io/fs"
	"syscall"
)

// forWriting is what access(2) is to ask about (W_OK).
const forWriting = 2

// writeProtected gives the system's reason why path may not be written, if it exists. It does not open the file: closing
// it would end the locks that this process has on it.
func writeProtected(path string) error {
	if err := syscall.Access(path, forWriting); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readOnly and full tell what kind of error of the file system err is.
func readOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
