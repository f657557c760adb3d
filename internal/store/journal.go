package store

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// castagnoli is the polynomial of CRC-32C.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journal is the workspace as a review sees it.
type journal struct{ w *Workspace }

// Journal returns the journal that reviews append to. Its faults are CodeFull, CodeGone, CodeReadOnly, CodeConflict and
// CodeOpen.
func (w *Workspace) Journal() review.Journal { return journal{w} }

const insertEntry = `INSERT INTO journal
	(reader, item, frame, n, time, w, h, kind, name, origin, model, status, labels, marks, crc)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (reader, item, frame, n) DO NOTHING RETURNING seq`

// Append implements review.Journal.
func (j journal) Append(e *review.Entry) error {
	labels, err := content(e)
	if err != nil {
		return fault.New(CodeOpen, j.w.dir, err, nil)
	}
	marks, err := e.Marks.MarshalBinary()
	if err != nil {
		return fault.New(CodeOpen, j.w.dir, err, nil)
	}
	crc := checksum(e, labels, marks)
	err = j.w.write(func(tx *sql.Tx) error {
		if err := j.w.addReader(tx, e.Reader); err != nil {
			return err
		}
		row := tx.QueryRow(insertEntry, e.Reader, e.Key.Instance, e.Key.Frame, e.N, micros(e.Time), e.W, e.H, e.Kind,
			e.Name, e.Origin, e.Model, e.Status, labels, marks, crc)
		if err := row.Scan(&e.Seq); !errors.Is(err, sql.ErrNoRows) {
			return errors.Join(err, auditEntry(tx, e, err))
		}
		return j.again(tx, e, crc)
	})
	if err == nil {
		j.w.knowReader(e.Reader)
	}
	return err
}

// content is what an entry changes: the patch of its labels, or the ruler as JSON.
func content(e *review.Entry) ([]byte, error) {
	if e.Kind == review.KindRuler {
		return json.Marshal(e.Ruler)
	}
	return e.Labels.MarshalBinary()
}

// readContent takes over what content wrote.
func readContent(e *review.Entry, b []byte) (err error) {
	if e.Kind == review.KindRuler {
		return json.Unmarshal(b, &e.Ruler)
	}
	e.Labels, err = mask.UnmarshalPatch(b)
	return err
}

// again finds the entry that has the place of e already: e itself, if an earlier attempt was kept though it seemed to fail.
func (j journal) again(tx *sql.Tx, e *review.Entry, crc int64) error {
	var there int64
	err := tx.QueryRow(`SELECT seq, crc FROM journal WHERE reader = ? AND item = ? AND frame = ? AND n = ?`,
		e.Reader, e.Key.Instance, e.Key.Frame, e.N).Scan(&e.Seq, &there)
	if err == nil && there != crc {
		return fault.New(CodeConflict, j.w.dir, nil, fault.Args{"N": e.N})
	}
	return err
}

// auditEntry notes a reader's decision or calibration in the audit trail, together with its entry, unless inserting that
// failed.
func auditEntry(tx *sql.Tx, e *review.Entry, failed error) error {
	action := ""
	switch {
	case failed != nil:
	case e.Kind == review.KindStatus:
		action = map[review.Status]string{review.Open: "reopened", review.Accepted: "accepted", review.Rejected: "rejected"}[e.Status]
	case e.Kind == review.KindRuler && e.Ruler == nil:
		action = "calibration removed"
	case e.Kind == review.KindRuler:
		action = "calibrated"
	}
	if action == "" {
		return nil
	}
	detail := frameDetail(e.Key)
	if r := e.Ruler; r != nil {
		detail += fmt.Sprintf(" by a ruler of %g mm from %.1f, %.1f to %.1f, %.1f", r.MM, r.A[0], r.A[1], r.B[0], r.B[1])
	}
	return addAudit(tx, e.Time, e.Reader, action, detail)
}

// checksum is CRC-32C over everything that an entry says.
func checksum(e *review.Entry, labels, marks []byte) int64 {
	var b []byte
	for _, s := range []string{e.Reader, e.Key.Instance, e.Name, e.Model, string(labels), string(marks)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, v := range []int64{
		int64(e.Key.Frame), e.N, micros(e.Time), int64(e.W), int64(e.H), int64(e.Kind), int64(e.Origin), int64(e.Status),
	} {
		b = binary.AppendVarint(b, v)
	}
	return int64(crc32.Checksum(b, castagnoli))
}

// Entries returns what a reader did to the given items, in order of Seq. A row that is damaged comes as an entry of kind
// 0, so that the review knows where its frame's history ends.
func (w *Workspace) Entries(reader string, items []string) ([]review.Entry, error) {
	var out []review.Entry
	for _, item := range items {
		var err error
		if out, err = w.entriesOf(out, reader, item); err != nil {
			return nil, storeFault(w.dir, err)
		}
	}
	slices.SortFunc(out, func(a, b review.Entry) int { return int(a.Seq - b.Seq) })
	return out, nil
}

// entriesOf appends the entries of one item to out.
func (w *Workspace) entriesOf(out []review.Entry, reader, item string) ([]review.Entry, error) {
	rows, err := w.db.Query(`SELECT seq, frame, n, time, w, h, kind, name, origin, model, status, labels, marks, crc
		FROM journal WHERE reader = ? AND item = ? ORDER BY seq`, reader, item)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		e := review.Entry{Reader: reader, Key: review.Key{Instance: item}}
		if !scanEntry(rows, &e) {
			e = damagedEntry(rows, reader, item)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// scanEntry reads a row; false if it is damaged.
func scanEntry(rows *sql.Rows, e *review.Entry) bool {
	var labels, marks []byte
	var at, crc int64
	err := rows.Scan(&e.Seq, &e.Key.Frame, &e.N, &at, &e.W, &e.H, &e.Kind, &e.Name, &e.Origin, &e.Model, &e.Status,
		&labels, &marks, &crc)
	if err != nil {
		return false
	}
	e.Time = time.UnixMicro(at).UTC()
	if checksum(e, labels, marks) != crc {
		return false
	}
	if err := readContent(e, labels); err != nil {
		return false
	}
	e.Marks, err = mask.UnmarshalPatch(marks)
	return err == nil
}

// damagedEntry takes from a damaged row what says where it belongs.
func damagedEntry(rows *sql.Rows, reader, item string) review.Entry {
	e := review.Entry{Reader: reader, Key: review.Key{Instance: item}}
	cols := make([]any, 14)
	refs := make([]any, len(cols))
	for i := range cols {
		refs[i] = &cols[i]
	}
	if rows.Scan(refs...) != nil {
		return e
	}
	number := func(i int) int64 { v, _ := cols[i].(int64); return v }
	e.Seq, e.Key.Frame, e.N = number(0), int(number(1)), number(2)
	return e
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
	rows, err := w.db.Query(`SELECT name FROM readers ORDER BY since, name`)
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
