package store

import (
	"database/sql"
	"errors"
	"slices"

	"echoline/internal/review"
)

// Part says what Extract takes of a workspace.
type Part struct {
	Items   []string          // of which instances: work, predictions, where files lie
	Readers []string          // whose work and names of labels; nil: everybody's
	Events  func(*Event) bool // which events; nil: all
	Blobs   []string          // which files of the project, by hash
	Paths   map[string]string // where the copy says that the files of items lie; others keep what is here
}

// Extract makes a workspace in the folder to, which must not hold one, with part of this one. What it says merges back
// without changing anything here. What could not be saved yet is saved first; its faults are those of Append.
func (w *Workspace) Extract(to string, p Part) (err error) {
	if err := w.Settle(); err != nil {
		return err
	}
	dst, err := Open(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	return dst.change(func(tx *sql.Tx) error {
		for _, part := range []func() error{
			func() error { return w.copyWork(tx, p) },
			func() error { return w.copyLabels(tx, p) },
			func() error { return w.copyItems(tx, p) },
			func() error { return w.copyEvents(tx, p) },
		} {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	})
}

// copyWork takes over readers and their entries.
func (w *Workspace) copyWork(tx *sql.Tx, p Part) error {
	readers := p.Readers
	if readers == nil {
		var err error
		if readers, err = w.Readers(); err != nil {
			return err
		}
	}
	for _, name := range readers {
		name = review.ReaderName(name)
		var since int64
		err := w.conn().QueryRow(`SELECT since FROM readers WHERE name = ?`, name).Scan(&since)
		if errors.Is(err, sql.ErrNoRows) {
			continue // nobody of that name has worked here
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO readers (name, since) VALUES (?, ?) ON CONFLICT DO NOTHING`, name, since); err != nil {
			return err
		}
		for _, item := range p.Items {
			if err := w.copyLines(tx, name, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyLines takes over what a reader did to an item.
func (w *Workspace) copyLines(tx *sql.Tx, reader, item string) error {
	rows, err := w.conn().Query(`SELECT `+rowColumns+` FROM journal WHERE reader = ? AND item = ? ORDER BY seq`, reader, item)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if !r.scan(rows) {
			continue // damaged: it stays where it is
		}
		if _, err := r.insert(tx); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return rows.Err()
}

// copyLabels takes over what readers call their labels.
func (w *Workspace) copyLabels(tx *sql.Tx, p Part) error {
	readers := make([]string, len(p.Readers))
	for i, name := range p.Readers {
		readers[i] = review.ReaderName(name)
	}
	return copyRows(w, `SELECT reader, label, field, content, time FROM labels`, func(v []any) error {
		if name, _ := v[0].(string); p.Readers != nil && !slices.Contains(readers, name) {
			return nil
		}
		_, err := tx.Exec(insertField, v...)
		return err
	})
}

// copyItems takes over where files lie, as old news, and predictions.
func (w *Workspace) copyItems(tx *sql.Tx, p Part) error {
	for _, item := range p.Items {
		var it Item
		err := w.conn().QueryRow(`SELECT id, path, name, w, h, frames FROM items WHERE id = ?`, item).
			Scan(&it.ID, &it.Path, &it.Name, &it.W, &it.H, &it.Frames)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if path, ok := p.Paths[item]; ok {
			it.Path = path
		}
		if _, err := tx.Exec(`INSERT INTO items (id, path, name, w, h, frames, opened) VALUES (?, ?, ?, ?, ?, ?, 0)`,
			it.ID, it.Path, it.Name, it.W, it.H, it.Frames); err != nil {
			return err
		}
		rows, err := w.conn().Query(`SELECT item, frame, model, time, data FROM predictions WHERE item = ?`, item)
		if err != nil {
			return err
		}
		if err := copyInto(tx, rows, `INSERT INTO predictions (item, frame, model, time, data) VALUES (?, ?, ?, ?, ?)`, 5); err != nil {
			return err
		}
	}
	return nil
}

// copyInto inserts the rows of a query, and closes them.
func copyInto(tx *sql.Tx, rows *sql.Rows, insert string, columns int) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	values, refs := make([]any, columns), make([]any, columns)
	for i := range values {
		refs[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		if _, err := tx.Exec(insert, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// copyEvents takes over events and files of the project.
func (w *Workspace) copyEvents(tx *sql.Tx, p Part) error {
	all, _, err := w.eventsHere(nil)
	if err != nil {
		return err
	}
	for i := range all {
		if p.Events == nil || p.Events(&all[i]) {
			if _, err := insertEvent(tx, &all[i]); err != nil {
				return err
			}
		}
	}
	hashes := slices.Clone(p.Blobs)
	slices.Sort(hashes)
	for _, hash := range slices.Compact(hashes) {
		data, err := w.Blob(hash)
		if err != nil {
			return err
		}
		if err := putBlob(tx, data); err != nil {
			return err
		}
	}
	return nil
}

// SetPaths says where the files of items lie, as old news: what was opened here keeps its place.
func (w *Workspace) SetPaths(paths map[string]string) error {
	return w.write(func(tx *sql.Tx) error {
		for item, path := range paths {
			if _, err := tx.Exec(`UPDATE items SET path = ? WHERE id = ? AND opened = 0`, path, item); err != nil {
				return err
			}
		}
		return nil
	})
}
