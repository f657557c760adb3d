package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// The second place of a workspace is a workspace in a folder of its own, on another disk where there is one. Its name there
// is the first one's ID, or is made from its path as long as the ID could not be read.

// pathName is the name of the second place of the workspace in dir when only its path is known.
func pathName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	sum := sha256.Sum256([]byte(dir))
	return "path-" + hex.EncodeToString(sum[:8])
}

// Keep implements review.Keeper.
func (j journal) Keep(waiting []*review.Entry) {
	j.w.pace.want(waiting)
	j.w.aside()
}

// keep writes what waits, and is not there yet, to the first second place that takes all of it; once nothing but events waits
// it brings back what the second place holds, if the workspace takes something again.
func (w *Workspace) keep() {
	w.keeping.Lock()
	defer w.keeping.Unlock()
	defer w.tell()
	if w.pace.mend() && w.settle() == nil {
		return // else Settle tries again, or the next Open
	}
	if entries, events, labels := w.pace.waiting(); len(entries)+len(events)+len(labels) > 0 {
		w.inSecond(func(s *Workspace) bool { return w.keepIn(s, entries, events, labels) })
	}
	if w.second != nil && w.pace.idle() { // the workspace took it meanwhile
		_ = w.settle()
	}
}

// inSecond lets do write to the second place in use, or else to the first that takes it, which is in use from then on. One
// that holds entries of a review that is closed is not given up for another: what they are is not known here. keeping is held.
func (w *Workspace) inSecond(do func(s *Workspace) bool) {
	if w.second != nil && (do(w.second) || w.pace.strangers()) {
		return
	}
	for _, place := range w.places {
		dir := filepath.Join(place, w.id)
		if w.second != nil && dir == w.second.dir {
			continue
		}
		s, err := Open(dir)
		if err != nil {
			continue
		}
		before := w.pace.forget()
		if !do(s) {
			_ = s.Close() // it is no help
			w.pace.remember(before)
			continue
		}
		if w.second != nil {
			_ = w.second.Close() // what it holds is in s too
		}
		w.second = s
		return
	}
}

// keepIn writes what is not kept yet; false if that failed.
func (w *Workspace) keepIn(s *Workspace, waiting []review.Entry, events []Event, labels map[string][]field) bool {
	w.pace.keepsEvents(0)
	if len(events) > 0 {
		if s.write(func(tx *sql.Tx) error { return addEvents(tx, events) }) != nil {
			return false
		}
		w.pace.keepsEvents(len(events))
	}
	for reader, fields := range labels {
		if s.saveFields(reader, fields) != nil {
			return false
		}
	}
	for i := range waiting {
		e := &waiting[i]
		if w.pace.isKept(e.ID) {
			continue
		}
		if s.Journal().Append(e) != nil {
			return false
		}
		w.pace.keeps(e.ID)
	}
	return true
}

// Kept tells where n entries and events are kept that the workspace has not taken yet; "" and 0 where nothing waits, or where
// no second place took it. Where a review has more unsaved, the rest is in memory alone.
func (w *Workspace) Kept() (where string, n int) {
	if p := w.where.Load(); p != nil && *p != "" {
		return *p, w.pace.count()
	}
	return "", 0
}

// tell makes known where the second place is. keeping is held.
func (w *Workspace) tell() {
	where := ""
	if w.second != nil {
		where = w.second.dir
	}
	w.where.Store(&where)
}

// saved notes that the workspace took an entry, or something else. With the last that waited, the second place has done its
// work.
func (w *Workspace) saved(id review.ID) {
	w.pace.took(id)
	where, _ := w.Kept()
	if w.pace.mends(where != "") {
		w.aside()
	}
}

// Settle brings back what waits in a second place, if anything does, and saves events that wait. A review that is open does so
// itself, by Flush: this is for what is left of one that was closed.
func (w *Workspace) Settle() error {
	if where, _ := w.Kept(); where == "" && w.Unsaved() == 0 {
		return nil
	}
	return w.within(func() error {
		w.keeping.Lock()
		defer w.keeping.Unlock()
		defer w.tell()
		return w.settle()
	})
}

// settle saves the events that wait, then merges the second place and removes it: an earlier run may have left something
// there, too.
func (w *Workspace) settle() error {
	if _, events, _ := w.pace.waiting(); len(events) > 0 {
		if err := w.write(func(tx *sql.Tx) error { return addEvents(tx, events) }); err != nil {
			return err
		}
		w.pace.tookEvents(events)
	}
	if w.second == nil {
		return nil
	}
	if _, err := w.unite(w.second); err != nil {
		return err
	}
	w.second.discard()
	w.second = nil
	w.pace.settled()
	return nil
}

// bringBack merges what an earlier run had to leave in a second place.
func (w *Workspace) bringBack() {
	for _, place := range w.places {
		for _, name := range []string{w.id, pathName(w.dir)} {
			dir := filepath.Join(place, name)
			if Find(dir) != nil {
				continue
			}
			m, err := w.takeBack(dir)
			switch {
			case err != nil:
				w.notice = fault.New(CodeWaiting, dir, err, nil)
			case m.Entries > 0 && w.notice == nil:
				w.notice = fault.New(CodeReturned, w.dir, nil, fault.Args{"Edits": m.Entries})
			}
		}
	}
}

// takeBack merges the second place in dir, and removes it.
func (w *Workspace) takeBack(dir string) (Merged, error) {
	s, err := Open(dir)
	if err != nil {
		return Merged{}, err
	}
	m, err := w.unite(s)
	if err != nil || m.Damaged > 0 || s.notice != nil {
		return m, errors.Join(err, s.Close()) // what was damaged stays to be looked at, and the rest is merged again
	}
	s.discard()
	return m, nil
}

// Substitute opens a second place for the workspace in dir, which cannot be opened itself, with all that can be read of it.
// Work goes there until Return brings it back. CodeSecond if no place can be used.
func Substitute(dir string, places ...string) (*Workspace, error) {
	var errs []error
	for _, place := range places {
		w, err := Open(filepath.Join(place, pathName(dir)))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		w.first, w.places = dir, places
		w.bringBack() // what an earlier run could not even put here
		if Find(dir) == nil {
			_, err = w.Merge(dir)
		}
		if err != nil && fault.CodeOf(err) != CodeDamaged {
			errs = append(errs, err, w.Close())
			continue
		}
		return w, nil
	}
	return nil, fault.New(CodeSecond, dir, errors.Join(errs...), nil)
}

// First is the folder of the workspace that this one stands in for; "" if it is nobody's second place.
func (w *Workspace) First() string { return w.first }

// Returnable tells whether Return may succeed now, without trying.
func (w *Workspace) Returnable() error {
	if _, err := os.Stat(filepath.Dir(w.first)); err != nil {
		return fileFault(w.first, err) // the drive is away: Open would make its folders anew
	}
	if err := os.MkdirAll(w.first, 0o700); err != nil {
		return fileFault(w.first, err)
	}
	if err := errors.Join(probe(w.first), writeProtected(filepath.Join(w.first, fileName))); err != nil {
		return fileFault(w.first, err)
	}
	return nil
}

// Return opens the workspace that w stands in for, once that is possible, with all of w's work in it. w is closed then, and
// its folder removed. Reviews must be got anew.
func (w *Workspace) Return() (*Workspace, error) {
	if err := w.Returnable(); err != nil {
		return nil, err
	}
	first, err := Open(w.first)
	if err != nil {
		return nil, err
	}
	first.places = w.places
	if _, err := first.unite(w); err != nil {
		return nil, errors.Join(err, first.Close())
	}
	w.discard()
	return first, nil
}
