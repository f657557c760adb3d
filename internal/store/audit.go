package store

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// Event is one row of the audit trail.
type Event struct {
	Seq                    int64
	Time                   time.Time
	Reader, Action, Detail string
}

// frameDetail names a frame in the audit trail.
func frameDetail(k review.Key) string { return fmt.Sprintf("%s frame %d", k.Instance, k.Frame+1) }

// Audit adds a row to the audit trail: who did what, in stable words, and to what, by IDs and numbers. Never pass a
// patient's name. Decisions on frames are noted by the journal itself.
func (w *Workspace) Audit(reader, action, detail string) error {
	return w.write(func(tx *sql.Tx) error { return addAudit(tx, time.Now(), reader, action, detail) })
}

// addAudit chains a row to the last one.
func addAudit(tx *sql.Tx, at time.Time, reader, action, detail string) error {
	prev := make([]byte, sha256.Size)
	var seq int64
	err := tx.QueryRow(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).Scan(&seq, &prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	e := Event{Seq: seq + 1, Time: at, Reader: reader, Action: action, Detail: detail}
	_, err = tx.Exec(`INSERT INTO audit (seq, time, reader, action, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, micros(at), reader, action, detail, prev, chain(prev, e))
	return err
}

// chain is the hash of a row.
func chain(prev []byte, e Event) []byte {
	b := bytes.Clone(prev)
	b = binary.AppendVarint(b, e.Seq)
	b = binary.AppendVarint(b, micros(e.Time))
	for _, s := range []string{e.Reader, e.Action, e.Detail} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// Verify checks the audit trail and returns it. The fault CodeAudit names the first row that was changed, or before which
// one is missing; the rows before it are returned. That the last rows were cut off cannot be told from inside.
func (w *Workspace) Verify() ([]Event, error) {
	rows, err := w.db.Query(`SELECT seq, time, reader, action, detail, prev, hash FROM audit ORDER BY seq`)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	defer rows.Close()
	var out []Event
	last := make([]byte, sha256.Size)
	for rows.Next() {
		var e Event
		var at int64
		var prev, hash []byte
		if err := rows.Scan(&e.Seq, &at, &e.Reader, &e.Action, &e.Detail, &prev, &hash); err != nil {
			return out, storeFault(w.dir, err)
		}
		e.Time = time.UnixMicro(at).UTC()
		if e.Seq != int64(len(out)+1) || !bytes.Equal(prev, last) || !bytes.Equal(hash, chain(prev, e)) {
			return out, fault.New(CodeAudit, w.dir, nil, fault.Args{"Seq": len(out) + 1})
		}
		out, last = append(out, e), hash
	}
	if err := rows.Err(); err != nil {
		return out, storeFault(w.dir, err)
	}
	return out, nil
}
