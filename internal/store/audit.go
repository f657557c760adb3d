package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// AuditEvent is one row of the audit trail: who did what, when, to what, and with which model.
type AuditEvent struct {
	Seq                    int64 // place in its trail, from 1; merged workspaces have trails side by side
	Time                   time.Time
	Reader, Action, Detail string
	Model                  string // SHA-256 of the model concerned, if any
	Entry                  []byte // ID of the journal's entry concerned, if any: it vouches for all that came before on its frame

	form       int64
	hash, prev []byte
}

// The forms of the hash. The first has neither model nor entry.
const (
	auditForm1 = 1
	auditForm2 = 2
)

// frameDetail names a frame in the audit trail.
func frameDetail(k review.Key) string { return fmt.Sprintf("%s frame %d", k.Instance, k.Frame+1) }

// Audit adds a row to the audit trail: who did what, in stable words, and to what, by IDs and numbers. Never pass a
// patient's name. Decisions on frames are noted by the journal itself.
func (w *Workspace) Audit(reader, action, detail string) error {
	return w.write(func(tx *sql.Tx) error {
		return addAudit(tx, &AuditEvent{Time: time.Now(), Reader: reader, Action: action, Detail: detail})
	})
}

// addAudit chains a row to the longest trail.
func addAudit(tx *sql.Tx, e *AuditEvent) error {
	e.form, e.Seq, e.prev = auditForm2, 0, make([]byte, sha256.Size)
	err := tx.QueryRow(`SELECT seq, hash FROM audit ORDER BY seq DESC, time DESC, hash DESC LIMIT 1`).Scan(&e.Seq, &e.prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	e.Seq++
	e.hash = e.chain()
	return e.insert(tx)
}

// insert writes the row as it is.
func (e *AuditEvent) insert(tx *sql.Tx) error {
	entry := e.Entry
	if entry == nil {
		entry = []byte{}
	}
	_, err := tx.Exec(`INSERT INTO audit (hash, prev, seq, form, time, reader, action, detail, model, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.hash, e.prev, e.Seq, e.form, micros(e.Time), e.Reader, e.Action, e.Detail, e.Model, entry)
	return err
}

// chain is the hash of a row.
func (e *AuditEvent) chain() []byte {
	b := bytes.Clone(e.prev)
	b = binary.AppendVarint(b, e.Seq)
	b = binary.AppendVarint(b, micros(e.Time))
	parts := []string{e.Reader, e.Action, e.Detail}
	if e.form != auditForm1 {
		parts = append(parts, e.Model, string(e.Entry))
	}
	for _, s := range parts {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// events reads the audit trail as it stands, in the order of seq.
func (w *Workspace) events() ([]AuditEvent, error) {
	rows, err := w.conn().Query(`SELECT hash, prev, seq, form, time, reader, action, detail, model, entry FROM audit ORDER BY seq, time, hash`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []AuditEvent
	for rows.Next() {
		var e AuditEvent
		var at int64
		if err := rows.Scan(&e.hash, &e.prev, &e.Seq, &e.form, &at, &e.Reader, &e.Action, &e.Detail, &e.Model, &e.Entry); err != nil {
			return nil, err
		}
		e.Time = time.UnixMicro(at).UTC()
		out = append(out, e)
	}
	return out, rows.Err()
}

// Verify checks the audit trail and returns it by time. The fault CodeAudit names the first row that was changed, or before
// which one is missing; the rows before it are returned. That the last rows were cut off cannot be told from inside.
func (w *Workspace) Verify() ([]AuditEvent, error) {
	out, err := w.events()
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	places := map[string]int64{}
	for i := range out {
		places[string(out[i].hash)] = out[i].Seq
	}
	places[string(make([]byte, sha256.Size))] = 0 // before the first
	for i := range out {
		e := &out[i]
		bad := e.Seq
		before, there := places[string(e.prev)]
		if bytes.Equal(e.hash, e.chain()) {
			if there && before == e.Seq-1 {
				continue
			}
			bad-- // the row before is not what it was, or gone
		}
		out = slices.DeleteFunc(out[:i], func(o AuditEvent) bool { return o.Seq >= bad })
		err = fault.New(CodeAudit, w.dir, nil, fault.Args{"Seq": int(bad)})
		break
	}
	slices.SortStableFunc(out, func(a, b AuditEvent) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Seq, b.Seq)) })
	return out, err
}

// VerifyJournal recomputes the ID of every entry of the journal, and looks for what the audit trail vouches for. The fault
// CodeJournal says how many entries are damaged, changed or missing. entries is how many there are.
func (w *Workspace) VerifyJournal() (entries int, err error) {
	known := map[review.ID]bool{{}: true}
	var prevs []review.ID
	bad := 0
	err = w.eachRow(func(r *row, whole bool) error {
		entries++
		if !whole || review.Identify(&r.e, r.content, r.marks) != r.e.ID {
			bad++
			return nil
		}
		known[r.e.ID] = true
		prevs = append(prevs, r.e.Prev)
		return nil
	})
	if err != nil {
		return entries, storeFault(w.dir, err)
	}
	lost := map[review.ID]bool{}
	for _, id := range prevs {
		if !known[id] {
			lost[id] = true
		}
	}
	events, err := w.events()
	if err != nil {
		return entries, storeFault(w.dir, err)
	}
	for _, e := range events {
		if len(e.Entry) == len(review.ID{}) && !known[review.ID(e.Entry)] {
			lost[review.ID(e.Entry)] = true
		}
	}
	if bad = max(bad, len(lost)); bad > 0 {
		return entries, fault.New(CodeJournal, w.dir, nil, fault.Args{"Count": bad, "Total": entries})
	}
	return entries, nil
}

// eachRow calls do with every row of the journal, which it may not keep.
func (w *Workspace) eachRow(do func(r *row, whole bool) error) error {
	rows, err := w.conn().Query(`SELECT ` + rowColumns + ` FROM journal ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		whole := r.scan(rows)
		if err := do(&r, whole); err != nil {
			return err
		}
	}
	return rows.Err()
}
