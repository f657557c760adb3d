//go:build !linux

package tool_test

import (
	"testing"
	"time"
)

var began = time.Now()

// threadCPU stands in for the time that this thread has had a processor: time on the wall.
func threadCPU(*testing.B) time.Duration { return time.Since(began) }
