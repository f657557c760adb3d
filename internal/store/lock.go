package store

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"echoline/internal/fault"
)

// lockName is the file beside the workspace's that says who has it open.
const lockName = "echoline.lock"

// lockSize is what the lock's file is filled up to, so that it is always overwritten in one piece.
const lockSize = 512

// How often a program shows that it still has the workspace, and how long another computer waits for such a sign. The
// system's locks end with a process at once; across computers some network drives do not keep them, and then only this tells.
var (
	beatEvery = 3 * time.Second
	beatWatch = 10 * time.Second
)

// hostName names this computer.
var hostName = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil {
		return "?"
	}
	return name
})

// holder is what the lock's file says.
type holder struct {
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	Token string `json:"token"` // of one opening; "" when nobody has the workspace
	Beat  int    `json:"beat"`
}

// lock is a held lock. The zero lock, of a disk that takes no file, holds nothing, and is held by everyone.
type lock struct {
	path string
	f    *os.File
	stop chan struct{}
	done chan struct{}

	left holder // what an earlier holder left in the file, and this one may not be able to overwrite

	mu sync.Mutex
	me holder
}

// takeLock takes the lock on dir or says who has it: the fault CodeBusy. A lock left by a program that was killed is taken
// over, at once if it ran on this computer.
func takeLock(dir string) (*lock, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrPermission) { // another person's: it can be locked, though not written
		f, err = os.Open(path)
	}
	if full(err) || errors.Is(err, fs.ErrPermission) {
		return &lock{}, nil // SQLite's own lock is left
	}
	if err != nil {
		return nil, fileFault(dir, err)
	}
	state := askSystem(f)
	there := readHolder(path)
	if state == lockBusy || state == lockFree && there.Token != "" && there.Host != hostName() && alive(path, there) ||
		state == lockUnknown && there.Token != "" && alive(path, there) {
		_ = f.Close() // nothing was written
		by := ""
		if there.Host != "" {
			by = fmt.Sprintf("%s, %d", there.Host, there.PID)
		}
		return nil, fault.New(CodeBusy, dir, nil, fault.Args{"By": by})
	}
	l := &lock{path: path, f: f, left: there, stop: make(chan struct{}), done: make(chan struct{})}
	l.me = holder{Host: hostName(), PID: os.Getpid(), Token: rand.Text()}
	_ = l.write(l.me) // a full disk may refuse, or its owner; the system's lock holds
	go l.beat()
	return l, nil
}

// alive watches the lock of another computer for a while: is it still being used?
func alive(path string, there holder) bool {
	for end := time.Now().Add(beatWatch); time.Now().Before(end); time.Sleep(beatWatch / 20) {
		if now := readHolder(path); now != there && now.Token != "" {
			return true
		}
	}
	return false
}

// readHolder reads the lock's file; what is no lock is nobody's.
func readHolder(path string) holder {
	var h holder
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &h) != nil {
		return holder{}
	}
	return h
}

// write puts h into the lock's file.
func (l *lock) write(h holder) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	data = append(data, bytes.Repeat([]byte(" "), max(0, lockSize-len(data)))...)
	_, err = l.f.WriteAt(data, 0)
	return err
}

// beat shows, until the lock is released, that it is still held.
func (l *lock) beat() {
	defer close(l.done)
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
		}
		if l.mine() {
			l.mu.Lock()
			l.me.Beat++
			_ = l.write(l.me) // the next one may get through
			l.mu.Unlock()
		}
	}
}

// mine tells whether nobody took the lock over.
func (l *lock) mine() bool {
	if !l.held() {
		return true
	}
	h := readHolder(l.path)
	return h.Token == "" || h.Token == l.me.Token || h == l.left
}

// release frees the lock. The file stays: to remove it could take away another's.
func (l *lock) release() {
	if !l.held() {
		return
	}
	close(l.stop)
	<-l.done
	if l.mine() {
		_ = l.write(holder{}) // the system's lock ends all the same
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.f.Close()
	l.f = nil
}

// held tells whether there is a lock and it has not been freed: a write that comes late may ask while Close frees it.
func (l *lock) held() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f != nil
}

// askSystem is systemLock; tests have drives that keep no locks.
var askSystem = systemLock

// lockState is what the system says of a lock.
type lockState int

const (
	lockFree    lockState = iota // it is ours now
	lockBusy                     // another process has it
	lockUnknown                  // this file system keeps no locks
)
