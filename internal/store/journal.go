package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// journal is the workspace as a review sees it.
type journal struct{ w *Workspace }

// Journal returns the journal that reviews append to. Its faults are CodeFull, CodeGone, CodeTaken, CodeReadOnly and
// CodeOpen, and CodeSlow where SetPatience says so. It is a review.Keeper: see Kept.
func (w *Workspace) Journal() review.Journal { return journal{w} }

// Append implements review.Journal.
func (j journal) Append(e *review.Entry) error {
	own := *e // a write that nobody waits for any more touches nothing of the review's
	err := j.w.within(func() error { return j.append(&own) })
	if err == nil {
		e.Seq = own.Seq
	}
	return err
}

func (j journal) append(e *review.Entry) error {
	r, err := rowOf(e)
	if err != nil {
		return fault.New(CodeOpen, j.w.dir, err, nil)
	}
	err = j.w.write(func(tx *sql.Tx) error {
		if err := j.w.addReader(tx, e.Reader); err != nil {
			return err
		}
		seq, err := r.insert(tx)
		if errors.Is(err, sql.ErrNoRows) { // an earlier attempt was kept though it seemed to fail
			return tx.QueryRow(`SELECT seq FROM journal WHERE id = ?`, e.ID[:]).Scan(&e.Seq)
		}
		if err != nil {
			return err
		}
		e.Seq = seq
		return auditEntry(tx, e)
	})
	if err == nil {
		j.w.knowReader(e.Reader)
		j.w.saved(e.ID)
	}
	return err
}

// auditEntry notes a reader's decision or calibration, and a model's result, in the audit trail, together with its entry.
func auditEntry(tx *sql.Tx, e *review.Entry) error {
	action := ""
	switch e.Kind {
	case review.KindStatus:
		action = map[review.Status]string{review.Open: "reopened", review.Accepted: "accepted", review.Rejected: "rejected"}[e.Status]
	case review.KindEdit:
		action = map[review.Origin]string{review.ByModel: "predicted", review.OnRequest: "asked"}[e.Origin]
		if strings.HasPrefix(e.Model, review.ConsensusPrefix) {
			action = map[review.Origin]string{review.ByModel: "proposed", review.OnRequest: "adjudicated"}[e.Origin]
		}
	case review.KindRuler:
		action = "calibrated"
		if e.Ruler == nil {
			action = "calibration removed"
		}
	}
	if action == "" {
		return nil
	}
	detail := frameDetail(e.Key)
	if r := e.Ruler; r != nil {
		detail += fmt.Sprintf(" by a ruler of %g mm from %.1f, %.1f to %.1f, %.1f", r.MM, r.A[0], r.A[1], r.B[0], r.B[1])
	}
	return addAudit(tx, &AuditEvent{Time: e.Time, Reader: e.Reader, Action: action, Detail: detail, Model: e.Model, Entry: e.ID[:]})
}

// Entries returns what a reader did to the given items, in the order in which it was done. Of a frame on which the reader
// went on in two workspaces, which were merged, it gives the line that was worked on last: Versions knows the others. A row
// that is damaged comes as an entry of kind 0, so that the review knows where its frame's history ends.
func (w *Workspace) Entries(reader string, items []string) ([]review.Entry, error) {
	var out []review.Entry
	for _, item := range items {
		frames, err := w.framesOf(reader, item)
		if err != nil {
			return nil, storeFault(w.dir, err)
		}
		for _, rows := range frames {
			out = append(out, lineOf(rows)...)
		}
	}
	inOrder(out)
	return out, nil
}

// framesOf returns all rows of one item, frame by frame, each frame's in the order of n.
func (w *Workspace) framesOf(reader, item string) ([][]review.Entry, error) {
	reader = review.ReaderName(reader)
	all, err := w.rowsOf(reader, item)
	if err != nil {
		return nil, err
	}
	w.keeping.Lock()
	if w.second != nil { // what waits there belongs to the work as well
		var more []review.Entry
		more, err = w.second.rowsOf(reader, item)
		all = append(all, more...)
		slices.SortStableFunc(all, func(a, b review.Entry) int {
			return cmp.Or(cmp.Compare(a.Key.Frame, b.Key.Frame), cmp.Compare(a.N, b.N), -later(a, b))
		})
		all = slices.CompactFunc(all, func(a, b review.Entry) bool { return a.ID == b.ID && a.ID != review.ID{} })
	}
	w.keeping.Unlock()
	var out [][]review.Entry
	for _, e := range all {
		if n := len(out); n == 0 || out[n-1][0].Key != e.Key {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], e)
	}
	return out, err
}

// rowsOf returns the rows of one item in this database, by frame and n.
func (w *Workspace) rowsOf(reader, item string) (out []review.Entry, err error) {
	rows, err := w.conn().Query(`SELECT `+rowColumns+` FROM journal WHERE reader = ? AND item = ? ORDER BY frame, n, time, id`, reader, item)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		out = append(out, r.entry(r.scan(rows)))
	}
	return out, rows.Err()
}

// addReader makes sure that the reader is in the table.
func (w *Workspace) addReader(tx *sql.Tx, name string) error {
	w.mu.Lock()
	known := w.readers[name]
	w.mu.Unlock()
	if known {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO readers (name, since) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, micros(time.Now()))
	return err
}

// knowReader remembers that the reader's row is on the disk.
func (w *Workspace) knowReader(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readers[name] = true
}

// Readers lists everyone who has an entry in the journal, the first to begin first.
func (w *Workspace) Readers() ([]string, error) {
	rows, err := w.conn().Query(`SELECT name FROM readers ORDER BY since, name`)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, storeFault(w.dir, err)
		}
		out = append(out, name)
	}
	if err := rows.Err(); err != nil {
		return nil, storeFault(w.dir, err)
	}
	return out, nil
}
