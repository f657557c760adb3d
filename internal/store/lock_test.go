package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"echoline/internal/fault"
)

// lend makes this process one on the computer host, in a folder on a drive that keeps no locks, and time short.
func lend(t *testing.T, host string) {
	t.Helper()
	oldHost, oldAsk, oldEvery, oldWatch := hostName, askSystem, beatEvery, beatWatch
	hostName = func() string { return host }
	askSystem = func(*os.File) lockState { return lockUnknown }
	beatEvery, beatWatch = 20*time.Millisecond, 2*time.Second
	t.Cleanup(func() { hostName, askSystem, beatEvery, beatWatch = oldHost, oldAsk, oldEvery, oldWatch })
}

func TestComputersOnOneDriveAreTold(t *testing.T) {
	dir := t.TempDir()
	lend(t, "ward-1")
	a, err := takeLock(dir)
	must(t, err)
	lend(t, "ward-2")
	_, err = takeLock(dir)
	wantCode(t, err, CodeBusy)
	var f *fault.Error
	if !errors.As(err, &f) || !strings.HasPrefix(f.Args["By"].(string), "ward-1, ") {
		t.Fatal("who has it is not said", err)
	}
	if !a.mine() {
		t.Fatal("the one who asked took it")
	}
	a.release()
	b, err := takeLock(dir)
	must(t, err)
	b.release()
}

// TestSleepingComputerLosesTheLock, and finds so before it writes.
func TestSleepingComputerLosesTheLock(t *testing.T) {
	dir := t.TempDir()
	lend(t, "ward-1")
	beatEvery = time.Hour // it sleeps
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	must(t, paint(t, r, still, 20, 20))
	lend(t, "ward-2")
	beatWatch = 50 * time.Millisecond
	b, err := takeLock(dir)
	must(t, err)
	wantCode(t, paint(t, r, still, 40, 30), CodeTaken)
	b.release()
	must(t, r.Flush()) // the other is done: go on
}

func TestLockOfKilledProgramIsTakenAtOnce(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, lockName), []byte(`{"host":"`+hostName()+`","pid":1,"token":"x","beat":7}`), 0o600))
	began := time.Now()
	must(t, mustOpen(t, dir).Close())
	if took := time.Since(began); took > beatWatch/2 {
		t.Fatal(took)
	}
	must(t, os.WriteFile(filepath.Join(dir, lockName), []byte("\x00nonsense"), 0o600))
	must(t, mustOpen(t, dir).Close())
}
