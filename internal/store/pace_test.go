package store

import (
	"path/filepath"
	"testing"
	"time"
)

// TestWritesWaitForEachOther: a write that meets another one is no slow drive.
func TestWritesWaitForEachOther(t *testing.T) {
	w, err := Open(filepath.Join(t.TempDir(), "drive"))
	must(t, err)
	w.SetPatience(10 * time.Second)
	begun, end, first := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		first <- w.within(func() error {
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	time.AfterFunc(50*time.Millisecond, func() { close(end) })
	must(t, w.within(func() error { return nil }))
	must(t, <-first)
	must(t, w.Close())
}
