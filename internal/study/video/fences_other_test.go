//go:build !linux

package video

import "errors"

func hasFences() bool { return false }

func makeSocket() error { return errors.ErrUnsupported }
