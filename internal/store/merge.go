package store

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// Merged is what a merge brought.
type Merged struct {
	Entries, Audited, Events, Predictions int          // new here: of the journal, of the audit trail, of projects, of models
	Damaged                               int          // entries and events that could not be read, and stay where they were
	Forks                                 []review.Key // frames on which one reader has now gone on from the same work in two ways: see Versions
	Clashes                               []Clash      // labels that one reader named in two ways
}

// Merge brings everything that the workspace in folder from holds into w. Every reader's work stays that reader's. Where
// one reader went on from the same work on both sides, both lines are kept: the one worked on last is shown, the other is
// among the versions. from is only read. Whatever the order and number of merges, workspaces that hold the same rows show
// the same; a merge that is interrupted leaves each table with all or nothing of it, and is done again.
//
// Faults: CodeNone, CodeBusy and those of Open about from; those of Append about w.
func (w *Workspace) Merge(from string) (Merged, error) { return w.MergeIf(from, nil) }

// MergeIf is Merge where check, which gets a copy of what is to be merged, says nothing against it. It may change the copy.
func (w *Workspace) MergeIf(from string, check func(src *Workspace) error) (Merged, error) {
	src, err := w.snapshot(from)
	if err != nil {
		return Merged{}, err
	}
	defer src.discard()
	if check != nil {
		if err := check(src); err != nil {
			return Merged{}, err
		}
	}
	return w.unite(src)
}

// mergeName is the folder inside a workspace's that holds the copy of one that is being merged.
const mergeName = "merging"

// Scratch is the folder inside a workspace's for what is made and taken apart on the way; it is empty after Open.
const Scratch = "scratch"

// clearLeftovers removes what a merge, or something else that was cut short, left in dir.
func clearLeftovers(dir string) {
	os.RemoveAll(filepath.Join(dir, mergeName))
	os.RemoveAll(filepath.Join(dir, Scratch))
}

// snapshot opens a copy of the workspace in folder from: the original is never written, not even to repair it or to bring
// its tables up to date.
func (w *Workspace) snapshot(from string) (*Workspace, error) {
	return snapshot(from, filepath.Join(w.dir, mergeName))
}

func snapshot(from, to string) (*Workspace, error) {
	if err := Find(from); err != nil {
		return nil, fault.New(CodeNone, from, err, nil)
	}
	l, err := takeLock(from)
	if fault.CodeOf(err) == CodeBusy {
		return nil, err
	}
	if err == nil { // else it cannot be written, and thus not be worked in
		defer l.release()
	}
	os.RemoveAll(to)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return nil, fileFault(to, err)
	}
	if err := copyFiles(filepath.Join(from, fileName), filepath.Join(to, fileName)); err != nil {
		os.RemoveAll(to)
		return nil, fileFault(to, err)
	}
	src, err := openLocked(to)
	if err != nil {
		os.RemoveAll(to)
		var f *fault.Error
		if errors.As(err, &f) {
			f.Where = from
		}
		return nil, err
	}
	return src, nil
}

// Inspect opens a copy of the workspace in folder dir, to look at it without changing anything. Close removes the copy.
func Inspect(dir string) (*Inspected, error) {
	tmp, err := os.MkdirTemp("", "echoline-inspect-*")
	if err != nil {
		return nil, fileFault(dir, err)
	}
	w, err := snapshot(dir, tmp)
	if err != nil {
		os.RemoveAll(tmp)
		return nil, err
	}
	return &Inspected{w}, nil
}

// Inspected is a copy of a workspace.
type Inspected struct{ *Workspace }

// Close removes the copy.
func (i *Inspected) Close() error {
	i.discard()
	return nil
}

// discard closes a workspace and removes its folder.
func (w *Workspace) discard() {
	_ = w.Close() // the folder goes
	os.RemoveAll(w.dir)
}

// unite takes over the rows of src that are not here.
func (w *Workspace) unite(src *Workspace) (Merged, error) {
	if err := w.present(); err != nil {
		return Merged{}, err
	}
	var m Merged
	touched := map[review.Key]bool{}
	err := w.change(func(tx *sql.Tx) error {
		m = Merged{}
		clear(touched)
		for _, part := range []func() error{
			func() error { return uniteReaders(src, tx) },
			func() error { return uniteJournal(src, tx, &m, touched) },
			func() error { return uniteAudit(src, tx, &m) },
			func() error { return uniteEvents(src, tx, &m) },
			func() error { return uniteStudies(src, tx) },
			func() error { return uniteLabels(src, tx, &m) },
		} {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.unitePredictions(src, &m)
	}
	if err == nil {
		m.Forks, err = w.forks(touched)
	}
	if err != nil {
		return m, storeFault(w.dir, err)
	}
	return m, nil
}

// copyRows calls take with each row of a query on src, as the database gives it.
func copyRows(src *Workspace, query string, take func(values []any) error) error {
	rows, err := src.conn().Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, refs := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		refs[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		if err := take(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// uniteReaders takes over readers. They began when they began first.
func uniteReaders(src *Workspace, tx *sql.Tx) error {
	return copyRows(src, `SELECT name, since FROM readers`, func(v []any) error {
		_, err := tx.Exec(`INSERT INTO readers (name, since) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET since = excluded.since WHERE excluded.since < readers.since`, v...)
		return err
	})
}

// uniteJournal takes over entries.
func uniteJournal(src *Workspace, tx *sql.Tx, m *Merged, touched map[review.Key]bool) error {
	return src.eachRow(func(r *row, whole bool) error {
		if !whole {
			m.Damaged++
			return nil
		}
		_, err := r.insert(tx)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			m.Entries++
			touched[r.e.Key] = true
		}
		return err
	})
}

// uniteAudit takes over rows of the audit trail: those that are the same on both sides up to a point, then two trails.
func uniteAudit(src *Workspace, tx *sql.Tx, m *Merged) error {
	events, err := src.events()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	rows, err := tx.Query(`SELECT hash FROM audit`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var hash []byte
		if err := rows.Scan(&hash); err != nil {
			return err
		}
		known[string(hash)] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for i := range events {
		if known[string(events[i].hash)] {
			continue
		}
		if err := events[i].insert(tx); err != nil {
			return err
		}
		m.Audited++
	}
	return nil
}

// uniteStudies takes over studies and where their files lay: what was opened last counts.
func uniteStudies(src *Workspace, tx *sql.Tx) error {
	for _, part := range []struct{ query, insert string }{
		{`SELECT id, path, name, w, h, frames, opened FROM items`, `INSERT INTO items (id, path, name, w, h, frames, opened) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET path = excluded.path, name = excluded.name, w = excluded.w, h = excluded.h,
			frames = excluded.frames, opened = excluded.opened
			WHERE excluded.opened > items.opened OR excluded.opened = items.opened AND excluded.path > items.path`},
		{`SELECT id, title, opened FROM studies`, `INSERT INTO studies (id, title, opened) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET title = excluded.title, opened = excluded.opened
			WHERE excluded.opened > studies.opened OR excluded.opened = studies.opened AND excluded.title > studies.title`},
		{`SELECT study, place, item FROM study_items`, `INSERT INTO study_items (study, place, item) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`},
	} {
		if err := copyRows(src, part.query, func(v []any) error {
			_, err := tx.Exec(part.insert, v...)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// unitePredictions takes over predictions, the largest part of a workspace, one by one: the newer of two by one model counts.
func (w *Workspace) unitePredictions(src *Workspace, m *Merged) error {
	here, err := w.predictionTimes()
	if err != nil {
		return err
	}
	there, err := src.predictionTimes()
	if err != nil {
		return err
	}
	for k, at := range there {
		if own, ok := here[k]; ok && own > at {
			continue
		}
		took, err := w.takePrediction(src, k)
		if err != nil {
			return err
		}
		m.Predictions += took
	}
	return nil
}

// predictionKey names a stored prediction.
type predictionKey struct {
	item  string
	frame int
	model string
}

// predictionTimes says when each stored prediction was made.
func (w *Workspace) predictionTimes() (map[predictionKey]int64, error) {
	rows, err := w.conn().Query(`SELECT item, frame, model, time FROM predictions`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[predictionKey]int64{}
	for rows.Next() {
		var k predictionKey
		var at int64
		if err := rows.Scan(&k.item, &k.frame, &k.model, &at); err != nil {
			return nil, err
		}
		out[k] = at
	}
	return out, rows.Err()
}

// takePrediction takes over one prediction if it is whole and newer, or of the same time and different.
func (w *Workspace) takePrediction(src *Workspace, k predictionKey) (int, error) {
	const query = `SELECT time, data FROM predictions WHERE item = ? AND frame = ? AND model = ?`
	var at, own int64
	var data, mine []byte
	if err := src.conn().QueryRow(query, k.item, k.frame, k.model).Scan(&at, &data); err != nil {
		return 0, err
	}
	if _, err := unpack(data); err != nil {
		return 0, nil //nolint:nilerr // a model can make it again
	}
	err := w.conn().QueryRow(query, k.item, k.frame, k.model).Scan(&own, &mine)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if err == nil && (own > at || own == at && bytes.Compare(mine, data) >= 0) {
		return 0, nil
	}
	return 1, w.change(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO predictions (item, frame, model, time, data) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (item, frame, model) DO UPDATE SET time = excluded.time, data = excluded.data`, k.item, k.frame, k.model, at, data)
		return err
	})
}

// forks are the frames, of those touched, on which a reader has more than one line.
func (w *Workspace) forks(touched map[review.Key]bool) ([]review.Key, error) {
	rows, err := w.conn().Query(`SELECT item, frame FROM journal GROUP BY reader, item, frame HAVING count(*) > count(DISTINCT n) ORDER BY item, frame`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []review.Key
	for rows.Next() {
		var k review.Key
		if err := rows.Scan(&k.Instance, &k.Frame); err != nil {
			return nil, err
		}
		if touched[k] {
			out = append(out, k)
		}
	}
	return out, rows.Err()
}
