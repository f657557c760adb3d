package store

import (
	"database/sql"
	"encoding/binary"
	"hash/crc32"
	"time"

	"echoline/internal/review"
)

// castagnoli is the polynomial of CRC-32C.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// row is an entry as the journal's table holds it.
type row struct {
	e              review.Entry // without what content and marks say
	content, marks []byte
	crc            int64
}

// rowOf makes the row of an entry.
func rowOf(e *review.Entry) (row, error) {
	content, marks, err := e.Content()
	if err != nil {
		return row{}, err
	}
	return row{e: *e, content: content, marks: marks, crc: checksum(e, content, marks)}, nil
}

// rowColumns are the table's columns as scan reads them.
const rowColumns = "seq, id, prev, reader, item, frame, n, time, w, h, kind, name, origin, model, status, labels, marks, crc"

const insertRow = `INSERT INTO journal
	(id, prev, reader, item, frame, n, time, w, h, kind, name, origin, model, status, labels, marks, crc)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (id) DO NOTHING RETURNING seq`

// querier is a database or a transaction.
type querier interface {
	QueryRow(query string, args ...any) *sql.Row
}

// insert appends the row, and returns its place. A row that is there already gives sql.ErrNoRows.
func (r *row) insert(q querier) (seq int64, err error) {
	e := &r.e
	err = q.QueryRow(insertRow, e.ID[:], e.Prev[:], e.Reader, e.Key.Instance, e.Key.Frame, e.N, micros(e.Time), e.W, e.H, e.Kind,
		e.Name, e.Origin, e.Model, e.Status, r.content, r.marks, r.crc).Scan(&seq)
	return seq, err
}

// scan reads the columns rowColumns. whole is false where the row is damaged: then only what says where it belongs counts.
func (r *row) scan(rows *sql.Rows) (whole bool) {
	var id, prev []byte
	var at int64
	e := &r.e
	err := rows.Scan(&e.Seq, &id, &prev, &e.Reader, &e.Key.Instance, &e.Key.Frame, &e.N, &at, &e.W, &e.H, &e.Kind, &e.Name, &e.Origin,
		&e.Model, &e.Status, &r.content, &r.marks, &r.crc)
	if err != nil {
		r.rescue(rows)
		return false
	}
	e.Time = time.UnixMicro(at).UTC()
	copy(e.ID[:], id)
	copy(e.Prev[:], prev)
	return len(id) == len(e.ID) && len(prev) == len(e.Prev) && checksum(e, r.content, r.marks) == r.crc
}

// rescue takes from a row whose columns have not the types that they should what says where it belongs.
func (r *row) rescue(rows *sql.Rows) {
	cols := make([]any, 18)
	refs := make([]any, len(cols))
	for i := range cols {
		refs[i] = &cols[i]
	}
	*r = row{}
	if rows.Scan(refs...) != nil {
		return
	}
	number := func(i int) int64 { v, _ := cols[i].(int64); return v }
	blob := func(i int) []byte { v, _ := cols[i].([]byte); return v }
	r.e.Seq, r.e.Key.Frame, r.e.N = number(0), int(number(5)), number(6)
	r.e.Reader, _ = cols[3].(string)
	r.e.Key.Instance, _ = cols[4].(string)
	r.e.Time = time.UnixMicro(number(7)).UTC()
	copy(r.e.ID[:], blob(1))
	copy(r.e.Prev[:], blob(2))
}

// entry gives the row as an entry; a damaged one becomes an entry of kind 0, so that the review knows where its frame's
// history ends.
func (r *row) entry(whole bool) review.Entry {
	e := r.e
	if whole && e.SetContent(r.content, r.marks) == nil {
		return e
	}
	return review.Entry{Seq: e.Seq, ID: e.ID, Prev: e.Prev, N: e.N, Time: e.Time, Reader: e.Reader, Key: e.Key}
}

// checksum is CRC-32C over everything that a row says.
func checksum(e *review.Entry, content, marks []byte) int64 {
	b := binary.AppendVarint(append(append([]byte{}, e.ID[:]...), e.Prev[:]...), checksum1(e, content, marks))
	return int64(crc32.Checksum(b, castagnoli))
}

// checksum1 is what it was in version 1 of the tables, without lines.
func checksum1(e *review.Entry, content, marks []byte) int64 {
	var b []byte
	for _, s := range []string{e.Reader, e.Key.Instance, e.Name, e.Model, string(content), string(marks)} {
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
