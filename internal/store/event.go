package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"echoline/internal/fault"
	"echoline/internal/review"
)

// Event is something that was said about a project of annotation: who takes part, which case is whose, what a reader asks.
// Events are only ever added. What holds is a fold over them in the order of Events: of two that say something about the
// same thing, the later one counts. So workspaces that hold the same events say the same, however they came by them.
type Event struct {
	ID     string // SHA-256 over all the rest, in hex: AddEvent sets it
	Kind   string // what it says: a word of the package that folds it, such as "project.case"
	Study  string // the item (review.Key.Instance) or study that it is about; "" where it is about none
	Frame  int    // counted from 0; -1 where it is about no single frame
	Reader string // who said it
	At     time.Time
	Body   json.RawMessage // the rest, in the form that Kind has
}

// NoFrame is the Frame of an event that is about no single frame.
const NoFrame = -1

// identify is the event's ID.
func (e *Event) identify() [sha256.Size]byte {
	b := []byte("echoline event 1\n")
	for _, s := range []string{e.Kind, e.Study, e.Reader, string(e.Body)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = binary.AppendVarint(b, int64(e.Frame))
	return sha256.Sum256(binary.AppendVarint(b, micros(e.At)))
}

// inTime orders events as Events does.
func inTime(a, b Event) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) }

// AddEvent keeps an event, and notes it in the audit trail. It returns the event with its ID and, where At was zero, the time:
// now, but always later than all events here, whatever the clock says, so that who has seen something can overrule it. Adding
// the same event again changes nothing.
//
// Faults: those of Append, and CodeEvent where Body is no JSON. Unless it is the latter, the event stays in memory, goes to
// a second place if there is one, and is among Events; Settle and the next AddEvent try again to save it.
func (w *Workspace) AddEvent(e Event) (Event, error) {
	var body bytes.Buffer
	if err := json.Compact(&body, e.Body); err != nil {
		return Event{}, fault.New(CodeEvent, w.dir, err, fault.Args{"Kind": e.Kind})
	}
	e.Body = body.Bytes()
	w.adding.Lock()
	defer w.adding.Unlock()
	err := w.setTime(&e)
	sum := e.identify()
	e.ID = hex.EncodeToString(sum[:])
	if err == nil {
		own := e // a write that nobody waits for any more touches nothing of the caller's
		err = w.within(func() error {
			if err := w.write(func(tx *sql.Tx) error { return addEvent(tx, &own) }); err != nil {
				return err
			}
			w.saved(review.ID{})
			return nil
		})
	}
	if err != nil {
		w.pace.wantEvent(e)
		w.aside()
		return e, storeFault(w.dir, err)
	}
	return e, nil
}

// setTime gives the event a time if it has none.
func (w *Workspace) setTime(e *Event) error {
	if !e.At.IsZero() {
		e.At = e.At.UTC().Truncate(time.Microsecond)
		return nil
	}
	e.At = time.Now().UTC().Truncate(time.Microsecond)
	last := make(chan int64, 1)
	err := w.within(func() error {
		var at sql.NullInt64
		err := w.conn().QueryRow(`SELECT max(at) FROM events`).Scan(&at)
		last <- at.Int64
		return err
	})
	var newest int64
	select {
	case newest = <-last:
	default: // nobody waited for the answer
	}
	_, waiting, _ := w.pace.waiting()
	for i := range waiting {
		newest = max(newest, micros(waiting[i].At))
	}
	if before := time.UnixMicro(newest).UTC(); !e.At.After(before) {
		e.At = before.Add(time.Microsecond)
	}
	return err
}

// addEvents is addEvent for several.
func addEvents(tx *sql.Tx, all []Event) error {
	for i := range all {
		if err := addEvent(tx, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// addEvent writes an event that is not there yet, and notes it in the audit trail.
func addEvent(tx *sql.Tx, e *Event) error {
	added, err := insertEvent(tx, e)
	if err != nil || !added {
		return err
	}
	id, err := hex.DecodeString(e.ID)
	if err != nil {
		return err
	}
	detail := e.Study
	if e.Frame >= 0 {
		detail = fmt.Sprintf("%s frame %d", e.Study, e.Frame+1)
	}
	return addAudit(tx, &AuditEvent{Time: e.At, Reader: e.Reader, Action: e.Kind, Detail: detail, Entry: id})
}

// insertEvent writes an event as it is; added is false where it was there. A row of its ID that was damaged is mended.
func insertEvent(tx *sql.Tx, e *Event) (added bool, err error) {
	id, err := hex.DecodeString(e.ID)
	if err != nil {
		return false, err
	}
	res, err := tx.Exec(`INSERT INTO events (id, kind, study, frame, reader, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, study = excluded.study, frame = excluded.frame, reader = excluded.reader,
		at = excluded.at, body = excluded.body
		WHERE (kind, study, frame, reader, at, body) IS NOT (excluded.kind, excluded.study, excluded.frame, excluded.reader, excluded.at, excluded.body)`,
		id, e.Kind, e.Study, e.Frame, e.Reader, micros(e.At), []byte(e.Body))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Events returns the events of some kinds, or of all where none is named, the earliest first and those of one time by ID. The
// fault CodeEvents comes with events that can be used: rows that are damaged are not among them.
func (w *Workspace) Events(kinds ...string) ([]Event, error) {
	out, bad, err := w.eventsHere(kinds)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	_, waiting, _ := w.pace.waiting()
	for _, e := range waiting {
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, inTime)
	out = slices.CompactFunc(out, func(a, b Event) bool { return a.ID == b.ID })
	if bad > 0 {
		return out, fault.New(CodeEvents, w.dir, nil, fault.Args{"Count": bad, "Total": len(out) + bad})
	}
	return out, nil
}

// eventsHere reads the events in this database, and counts the damaged ones.
func (w *Workspace) eventsHere(kinds []string) (out []Event, bad int, err error) {
	query := `SELECT id, kind, study, frame, reader, at, body FROM events`
	args := make([]any, len(kinds))
	for i, k := range kinds {
		args[i] = k
	}
	if len(kinds) > 0 {
		query += ` WHERE kind IN (?` + strings.Repeat(`, ?`, len(kinds)-1) + `)`
	}
	rows, err := w.conn().Query(query, args...)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		e, whole := scanEvent(rows)
		if !whole {
			bad++
			continue
		}
		out = append(out, e)
	}
	return out, bad, rows.Err()
}

// LastDamaged is the latest time at which a damaged event of a kind may have been said; zero where none is damaged. What is said later
// holds whatever it was.
func (w *Workspace) LastDamaged(kind string) (last time.Time, err error) {
	rows, err := w.conn().Query(`SELECT id, kind, study, frame, reader, at, body FROM events WHERE kind = ?`, kind)
	if err != nil {
		return last, storeFault(w.dir, err)
	}
	defer rows.Close()
	for rows.Next() {
		e, whole := scanEvent(rows)
		switch {
		case whole:
		case e.At.IsZero(): // not even that can be read
			last = time.Unix(1<<40, 0)
		case e.At.After(last):
			last = e.At
		}
	}
	if err := rows.Err(); err != nil {
		return last, storeFault(w.dir, err)
	}
	return last, nil
}

// scanEvent reads one row, and tells whether it is what its ID vouches for.
func scanEvent(rows *sql.Rows) (e Event, whole bool) {
	var id, body []byte
	var at int64
	if rows.Scan(&id, &e.Kind, &e.Study, &e.Frame, &e.Reader, &at, &body) != nil {
		return Event{}, false
	}
	e.At, e.Body, e.ID = time.UnixMicro(at).UTC(), body, hex.EncodeToString(id)
	sum := e.identify()
	return e, bytes.Equal(sum[:], id) && e.At.Year() > 0 && e.At.Year() < 10_000 // no event could come after a later one
}

// VerifyEvents looks for events that are damaged, or that the audit trail vouches for and that are gone: the fault CodeEvents
// says how many. n is how many there are.
func (w *Workspace) VerifyEvents() (n int, err error) {
	all, bad, err := w.eventsHere(nil)
	if err != nil {
		return 0, storeFault(w.dir, err)
	}
	known := make(map[string]bool, len(all))
	for i := range all {
		known[all[i].ID] = true
	}
	trail, err := w.events()
	if err != nil {
		return len(all) + bad, storeFault(w.dir, err)
	}
	lost := map[string]bool{}
	for i := range trail {
		if id := hex.EncodeToString(trail[i].Entry); len(trail[i].Entry) == sha256.Size && !known[id] {
			lost[id] = true
		}
	}
	n = len(all) + bad
	if bad = max(bad, len(lost)); bad > 0 {
		return n, fault.New(CodeEvents, w.dir, nil, fault.Args{"Count": bad, "Total": n})
	}
	return n, nil
}

// Unsaved is how many events the workspace could not take yet.
func (w *Workspace) Unsaved() int {
	_, waiting, _ := w.pace.waiting()
	return len(waiting)
}

// AddBlob keeps a file that events speak of, and returns its name here: its SHA-256, in hex.
func (w *Workspace) AddBlob(data []byte) (hash string, err error) {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), w.write(func(tx *sql.Tx) error { return putBlob(tx, data) })
}

// putBlob writes a file, over one that was damaged.
func putBlob(tx *sql.Tx, data []byte) error {
	sum := sha256.Sum256(data)
	_, err := tx.Exec(`INSERT INTO blobs (hash, data) VALUES (?, ?)
		ON CONFLICT (hash) DO UPDATE SET data = excluded.data WHERE data IS NOT excluded.data`, sum[:], data)
	return err
}

// Blob returns a file that was kept; the fault CodeBlob where it is not there, or not what its name says.
func (w *Workspace) Blob(hash string) ([]byte, error) {
	id, err := hex.DecodeString(hash)
	if err != nil {
		return nil, fault.New(CodeBlob, w.dir, err, nil)
	}
	var data []byte
	err = w.conn().QueryRow(`SELECT data FROM blobs WHERE hash = ?`, id).Scan(&data)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, storeFault(w.dir, err)
	}
	if sum := sha256.Sum256(data); err != nil || !bytes.Equal(sum[:], id) {
		return nil, fault.New(CodeBlob, w.dir, err, nil)
	}
	return data, nil
}

// uniteEvents takes over events and the files that they speak of.
func uniteEvents(src *Workspace, tx *sql.Tx, m *Merged) error {
	all, bad, err := src.eventsHere(nil)
	if err != nil {
		return err
	}
	m.Damaged += bad
	for i := range all {
		added, err := insertEvent(tx, &all[i])
		if err != nil {
			return err
		}
		if added {
			m.Events++
		}
	}
	return copyRows(src, `SELECT hash, data FROM blobs`, func(v []any) error {
		hash, _ := v[0].([]byte)
		data, _ := v[1].([]byte)
		if sum := sha256.Sum256(data); !bytes.Equal(sum[:], hash) {
			m.Damaged++
			return nil
		}
		return putBlob(tx, data)
	})
}
