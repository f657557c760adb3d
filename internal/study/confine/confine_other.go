//go:build !linux && !windows

package confine

import (
	"errors"
	"os/exec"
	"time"
)

// Start starts cmd. This system offers no fence that can be tried here.
func Start(cmd *exec.Cmd, _ Rules) (State, error) { return State{}, cmd.Start() }

// LimitMemory cannot hold the process to anything.
func LimitMemory(*exec.Cmd, uint64) error { return errors.ErrUnsupported }

// Release has nothing to give back.
func Release(*exec.Cmd) {}

// Seal has nothing to take from this process.
func Seal() (State, error) { return State{}, nil }

// Used cannot tell how much of the processors' time the process has had.
func Used(*exec.Cmd) (time.Duration, bool) { return 0, false }
