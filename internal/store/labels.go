package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"echoline/internal/review"
)

// The fields of a label, and of all labels together, whose label is 0.
const (
	fieldName      = "name"
	fieldColour    = "colour"
	fieldLocked    = "locked"
	fieldOverwrite = "overwrite"
)

// field is a row of the table of labels: one thing that a reader said about a label.
type field struct {
	label   int64
	name    string
	content string
	time    int64
}

// insertField puts a row in the place of an older one, or of one of the same time that says less: so it does not matter in
// which order rows come.
const insertField = `INSERT INTO labels (reader, label, field, content, time) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (reader, label, field) DO UPDATE SET content = excluded.content, time = excluded.time
	WHERE excluded.time > labels.time OR excluded.time = labels.time AND excluded.content > labels.content`

// Labels are what a reader's labels are, as SaveLabels was told last.
func (w *Workspace) Labels(reader string) (review.LabelSet, error) {
	reader = review.ReaderName(reader)
	fields, err := w.fieldsOf(reader)
	if err != nil {
		return review.LabelSet{}, storeFault(w.dir, err)
	}
	w.keeping.Lock()
	if w.second != nil { // what waits there belongs to them as well
		var more []field
		if more, err = w.second.fieldsOf(reader); err == nil {
			fields = append(fields, more...)
		}
	}
	w.keeping.Unlock()
	slices.SortFunc(fields, func(a, b field) int { return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.content, b.content)) })
	return setOf(fields), err
}

// fieldsOf returns a reader's rows in this database.
func (w *Workspace) fieldsOf(reader string) (out []field, err error) {
	rows, err := w.conn().Query(`SELECT label, field, content, time FROM labels WHERE reader = ?`, reader)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var f field
		if err := rows.Scan(&f.label, &f.name, &f.content, &f.time); err != nil {
			continue // a row that is nonsense names nothing
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// setOf makes labels of rows in the order of their times. What a later release may add is passed over.
func setOf(fields []field) review.LabelSet {
	var s review.LabelSet
	for _, f := range fields {
		if f.label == 0 {
			if n, err := strconv.ParseUint(f.content, 10, 8); err == nil && f.name == fieldOverwrite && review.Overwrite(n) <= review.OverwriteNone {
				s.Overwrite = review.Overwrite(n)
			}
			continue
		}
		if f.label < 0 || f.label > 255 {
			continue
		}
		l := s.Of(uint8(f.label))
		switch f.name {
		case fieldName:
			l.Name = review.LabelName(f.content)
		case fieldColour:
			if n, err := strconv.ParseUint(f.content, 10, 8); err == nil {
				l.Colour = uint8(n)
			}
		case fieldLocked:
			l.Locked = f.content == "1"
		}
		s = s.With(l)
	}
	return s
}

// fieldsFrom are the rows that make one set of another.
func fieldsFrom(was, is review.LabelSet, at int64) []field {
	var out []field
	set := func(label uint8, name, content string) { out = append(out, field{int64(label), name, content, at}) }
	for _, l := range is.Labels {
		o := was.Of(l.Value)
		known := slices.ContainsFunc(was.Labels, func(k review.Label) bool { return k.Value == l.Value })
		if l.Name != o.Name || !known { // its row is also what says that the label is there
			set(l.Value, fieldName, l.Name)
		}
		if l.Colour != o.Colour {
			set(l.Value, fieldColour, strconv.Itoa(int(l.Colour)))
		}
		if l.Locked != o.Locked {
			set(l.Value, fieldLocked, map[bool]string{false: "0", true: "1"}[l.Locked])
		}
	}
	if is.Overwrite != was.Overwrite {
		set(0, fieldOverwrite, strconv.Itoa(int(is.Overwrite)))
	}
	return out
}

// SaveLabels keeps what a reader changed about the labels: is, where was is what the workspace holds. A name goes into the
// audit trail, for it says what masks mean. What cannot be kept goes to a second place, if there is one, and the fault is
// returned: ask again, with the same was. Faults as of Journal.
func (w *Workspace) SaveLabels(reader string, was, is review.LabelSet) error {
	reader = review.ReaderName(reader)
	fields := fieldsFrom(was, is, micros(time.Now()))
	if len(fields) == 0 {
		return nil
	}
	err := w.within(func() error {
		if err := w.saveFields(reader, fields); err != nil {
			return err
		}
		w.pace.tookLabels(reader, fields)
		w.saved(review.ID{}) // a second place that held nothing but labels has done its work
		return nil
	})
	if err != nil {
		w.pace.wantLabels(reader, fields)
		w.aside()
	}
	return err
}

func (w *Workspace) saveFields(reader string, fields []field) error {
	return w.write(func(tx *sql.Tx) error {
		for _, f := range fields {
			if _, err := tx.Exec(insertField, reader, f.label, f.name, f.content, f.time); err != nil {
				return err
			}
			if f.name != fieldName {
				continue
			}
			e := AuditEvent{Time: time.UnixMicro(f.time), Reader: reader, Action: "labelled", Detail: fmt.Sprintf("%d %q", f.label, f.content)}
			if err := addAudit(tx, &e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Clash is a label that one reader named in two ways, in two workspaces that were merged.
type Clash struct {
	Reader      string
	Value       int
	Name, Other string // the one that counts, given last, and the other, which the audit trail knows still
}

// uniteLabels takes over what readers said about labels: each reader's stay that reader's, and of what one said in two
// workspaces the later counts. Masks keep their values.
func uniteLabels(src *Workspace, tx *sql.Tx, m *Merged) error {
	return copyRows(src, `SELECT reader, label, field, content, time FROM labels`, func(v []any) error {
		var own string
		err := tx.QueryRow(`SELECT content FROM labels WHERE reader = ? AND label = ? AND field = ?`, v[0], v[1], v[2]).Scan(&own)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		res, err := tx.Exec(insertField, v...)
		if err != nil {
			return err
		}
		other, isText := v[3].(string)
		if v[2] != fieldName || !isText || own == "" || other == "" || own == other {
			return nil
		}
		value, _ := v[1].(int64)
		c := Clash{Reader: fmt.Sprint(v[0]), Value: int(value), Name: own, Other: other}
		if n, err := res.RowsAffected(); err == nil && n > 0 {
			c.Name, c.Other = c.Other, c.Name
		}
		m.Clashes = append(m.Clashes, c)
		return nil
	})
}
