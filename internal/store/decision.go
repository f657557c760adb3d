package store

import (
	"time"

	"echoline/internal/review"
)

// Decision is how far a reader is with a frame.
type Decision struct {
	Reader string
	Key    review.Key
	Status review.Status
	Edits  int       // the reader made: 0 where only a model has worked on the frame
	At     time.Time // of the last of them, or of the decision; zero where there is none
}

// Decisions says how far every reader is with every frame that there is anything of, by reader, item and frame, without
// reading masks. Of two lines of one reader's work the one that was worked on last counts, as in Entries.
func (w *Workspace) Decisions() ([]Decision, error) {
	rows, err := w.conn().Query(`SELECT reader, item, frame, n, time, kind, origin, status FROM journal ORDER BY reader, item, frame, time, n, id`)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	defer rows.Close()
	var out []Decision
	for rows.Next() {
		var e review.Entry
		var at int64
		if rows.Scan(&e.Reader, &e.Key.Instance, &e.Key.Frame, &e.N, &at, &e.Kind, &e.Origin, &e.Status) != nil {
			continue // damaged: VerifyJournal says so
		}
		if n := len(out); n == 0 || out[n-1].Reader != e.Reader || out[n-1].Key != e.Key {
			out = append(out, Decision{Reader: e.Reader, Key: e.Key})
		}
		d := &out[len(out)-1]
		d.Status = e.Status // the frame's, once the entry is applied; the latest entry ends the line that counts
		if e.Kind == review.KindStatus || e.Kind != review.KindBase && e.Origin != review.ByModel {
			d.Edits++
			d.At = time.UnixMicro(at).UTC()
		}
	}
	if err := rows.Err(); err != nil {
		return nil, storeFault(w.dir, err)
	}
	return out, nil
}

// Instances are all that Items lists, each once: those of the studies as Studies has them, the one opened last first, then
// what only a share brought.
func (w *Workspace) Instances() ([]Item, error) {
	studies, err := w.Studies()
	if err != nil {
		return nil, err
	}
	all, err := w.Items()
	if err != nil {
		return nil, err
	}
	var out []Item
	seen := map[string]bool{}
	for _, s := range append(studies, Study{Items: all}) {
		for _, it := range s.Items {
			if !seen[it.ID] {
				seen[it.ID] = true
				out = append(out, it)
			}
		}
	}
	return out, nil
}

// Items lists every instance that was opened with this workspace, or that a share brought, with where its file lay, by ID.
func (w *Workspace) Items() ([]Item, error) {
	rows, err := w.conn().Query(`SELECT id, path, name, w, h, frames FROM items ORDER BY id`)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	defer rows.Close()
	var out []Item
	for rows.Next() {
		var it Item
		if err := rows.Scan(&it.ID, &it.Path, &it.Name, &it.W, &it.H, &it.Frames); err != nil {
			return nil, storeFault(w.dir, err)
		}
		out = append(out, it)
	}
	if err := rows.Err(); err != nil {
		return nil, storeFault(w.dir, err)
	}
	return out, nil
}
