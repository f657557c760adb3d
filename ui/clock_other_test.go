//go:build !linux

package ui

import (
	"testing"
	"time"
)

// threadCPU and processCPU are wall time where the system offers no clock for processor time that Go knows of.
func threadCPU(*testing.B) time.Duration  { return time.Duration(time.Now().UnixNano()) }
func processCPU(*testing.B) time.Duration { return time.Duration(time.Now().UnixNano()) }
