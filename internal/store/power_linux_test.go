//go:build amd64 || arm64

package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"echoline/internal/review"
	"echoline/internal/store/storetest"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// stored is a file as the system has it in memory and the disk below may have it.
type stored struct {
	synced  []byte                // what the disk holds for sure
	exists  bool                  // for sure
	pending []storetest.Operation // since the last sync, in order
}

// put is data at an offset of a file, which grows if it must.
func put(file, data []byte, offset int) []byte {
	if n := offset + len(data); n > len(file) {
		file = append(file, make([]byte, n-len(file))...)
	}
	copy(file[offset:], data)
	return file
}

// apply does an operation on a file's content, of a write only the sectors that keep chooses.
func apply(file []byte, op *storetest.Operation, keep func() bool) []byte {
	switch op.Kind {
	case storetest.Truncate:
		if int(op.Offset) <= len(file) {
			return file[:op.Offset]
		}
		return append(file, make([]byte, int(op.Offset)-len(file))...)
	case storetest.Write:
		for at := 0; at < len(op.Data); {
			end := min(len(op.Data), at+sector-(int(op.Offset)+at)%sector)
			if keep() {
				file = put(file, op.Data[at:end], int(op.Offset)+at)
			}
			at = end
		}
	}
	return file
}

// powerCut gives the files that a disk may hold if the power goes after the given operations: everything that was synced,
// and of what was written since any part, in any order, down to single sectors.
func powerCut(log []storetest.Operation, r *rand.Rand) map[string][]byte {
	files := map[string]*stored{}
	for i := range log {
		op := &log[i]
		f := files[op.File]
		if f == nil {
			f = &stored{}
			files[op.File] = f
		}
		switch op.Kind {
		case storetest.Ack:
		case storetest.Sync:
			for j := range f.pending {
				f.synced = apply(f.synced, &f.pending[j], func() bool { return true })
			}
			f.pending, f.exists = nil, true
		case storetest.Delete:
			*f = stored{}
		default:
			f.pending = append(f.pending, *op)
		}
	}
	out := map[string][]byte{}
	for path, f := range files {
		content := slices.Clone(f.synced)
		mood := r.IntN(3) // nothing more got to the disk, or all of it, or some
		for j := range f.pending {
			if mood == 0 || mood == 2 && r.IntN(2) == 0 {
				continue
			}
			content = apply(content, &f.pending[j], func() bool { return mood == 1 || r.IntN(4) > 0 })
		}
		if path != "" && (f.exists || len(content) > 0) {
			out[filepath.Base(path)] = content
		}
	}
	return out
}

// TestPowerCut cuts the power at random moments of a session, of which the disk keeps what it likes beyond what was synced.
func TestPowerCut(t *testing.T) {
	useDisk(t)
	storetest.Log()
	storetest.Set(nil, 0, true)
	w := mustOpen(t, memoryFolder(t))
	if _, err := w.db.Exec("PRAGMA wal_autocheckpoint = 40"); err != nil { // the log goes into the file again and again
		t.Fatal(err)
	}
	r := mustReview(t, w, "kim")
	acked := 0
	for i := range 70 {
		must(t, step(r, i))
		_, err := w.AddEvent(Event{Kind: "step", Frame: NoFrame, Body: fmt.Appendf(nil, "%d", i)})
		must(t, err)
		entries, err := w.Entries("kim", []string{"1.2.4"})
		must(t, err)
		acked = len(entries)
		storetest.Note(storetest.Operation{Kind: storetest.Ack, Acked: acked, Said: i + 1})
	}
	log := storetest.Log()
	storetest.Set(nil, 0, false)
	order, err := w.Entries("kim", []string{"1.2.4"})
	must(t, err)
	states := 250
	if os.Getenv(killVariable) != "" {
		states = 10_000
	}
	late := 0
	for i := range states {
		rng := rand.New(rand.NewPCG(uint64(i), 7))
		cut := rng.IntN(len(log) + 1)
		want, events := 0, 0
		for _, op := range log[:cut] {
			want, events = max(want, op.Acked), max(events, op.Said)
		}
		dir := memoryFolder(t)
		for name, data := range powerCut(log[:cut], rng) {
			must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		}
		w, err := Open(dir)
		if err != nil || w.Notice() != nil {
			t.Fatalf("state %d, cut at %d of %d: %v %v", i, cut, len(log), err, w.Notice())
		}
		entries, err := w.Entries("kim", []string{"1.2.4"})
		must(t, err)
		if len(entries) < want || len(entries) > want+1 {
			t.Fatalf("state %d, cut at %d of %d: %d entries, %d were acknowledged", i, cut, len(log), len(entries), want)
		}
		if !slices.EqualFunc(entries, order[:len(entries)], func(a, b review.Entry) bool { return a.ID == b.ID }) {
			t.Fatal("other entries")
		}
		said, err := w.Events()
		if err != nil || len(said) < events {
			t.Fatal("events lost:", len(said), err)
		}
		if _, err := w.VerifyJournal(); err != nil {
			t.Fatal(err)
		}
		if want > 0 {
			late++
		}
		must(t, w.Close())
		os.RemoveAll(dir)
	}
	t.Logf("%d states, %d of them with work, %d operations, %d entries", states, late, len(log), acked)
}
