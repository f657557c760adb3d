package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"echoline/internal/fault"
	"echoline/internal/review"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The versions of the tables since which entries form lines, since which there are events, and since which readers' labels
// are kept.
const (
	schemaLines  = 2
	schemaEvents = 3
	schemaLabels = 4
)

// migrate brings the tables to the newest form; the fault CodeNewer if they are beyond it.
func (w *Workspace) migrate() error {
	p, err := w.provider()
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(context.Background())
	if err != nil {
		return err
	}
	if have > want {
		return fault.New(CodeNewer, w.dir, nil, fault.Args{"Have": have, "Want": want})
	}
	_, err = p.Up(context.Background())
	return err
}

// migrateTo brings an empty database to the form of a version.
func (w *Workspace) migrateTo(version int64) error {
	p, err := w.provider()
	if err != nil {
		return err
	}
	_, err = p.UpTo(context.Background(), version)
	return err
}

func (w *Workspace) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	lines := goose.NewGoMigration(schemaLines, &goose.GoFunc{RunTx: formLines}, nil)
	return goose.NewProvider(goose.DialectSQLite3, w.db, files, goose.WithGoMigrations(lines), goose.WithDisableGlobalRegistry(true))
}

// linesSchema makes room for lines of entries and for audit trails that join.
//
// A row of the journal is told from all others by id, which also vouches for it and, through prev, for what came before;
// crc is CRC-32C over all other columns but seq. A row of the audit trail is told by hash: SHA-256 over prev, the hash of
// the row before, and the other columns, in the form that form names. seq counts the rows before it in its trail.
const linesSchema = `
CREATE TABLE workspace (
    id   TEXT   NOT NULL PRIMARY KEY,
    made BIGINT NOT NULL
);
ALTER TABLE items ADD COLUMN opened BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal RENAME TO journal_1;
CREATE TABLE journal (
    seq    INTEGER NOT NULL PRIMARY KEY,
    id     BLOB    NOT NULL UNIQUE,
    prev   BLOB    NOT NULL,
    reader TEXT    NOT NULL REFERENCES readers (name),
    item   TEXT    NOT NULL,
    frame  INTEGER NOT NULL,
    n      BIGINT  NOT NULL,
    time   BIGINT  NOT NULL,
    w      INTEGER NOT NULL,
    h      INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    origin INTEGER NOT NULL,
    model  TEXT    NOT NULL,
    status INTEGER NOT NULL,
    labels BLOB    NOT NULL,
    marks  BLOB    NOT NULL,
    crc    BIGINT  NOT NULL
);
CREATE INDEX journal_line ON journal (reader, item, frame, n);
ALTER TABLE audit RENAME TO audit_1;
CREATE TABLE audit (
    hash   BLOB    NOT NULL,
    prev   BLOB    NOT NULL,
    seq    BIGINT  NOT NULL,
    form   INTEGER NOT NULL,
    time   BIGINT  NOT NULL,
    reader TEXT    NOT NULL,
    action TEXT    NOT NULL,
    detail TEXT    NOT NULL,
    model  TEXT    NOT NULL,
    entry  BLOB    NOT NULL
);
CREATE INDEX audit_hash ON audit (hash);
CREATE INDEX audit_seq ON audit (seq);
INSERT INTO audit (hash, prev, seq, form, time, reader, action, detail, model, entry)
    SELECT hash, prev, seq, 1, time, reader, action, detail, '', x'' FROM audit_1 ORDER BY seq;
DROP TABLE audit_1;`

// formLines is the migration to schemaLines.
func formLines(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, linesSchema); err != nil {
		return err
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO workspace (id, made) VALUES (?, ?)`, hex.EncodeToString(id[:]), micros(time.Now())); err != nil {
		return err
	}
	if err := lineUp(ctx, tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DROP TABLE journal_1`)
	return err
}

// lineUp gives the journal's rows of version 1 their IDs, and their places behind each other. A damaged row keeps its place
// and stays recognisable as damaged.
func lineUp(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT seq FROM journal_1 ORDER BY seq`)
	if err != nil {
		return err
	}
	seqs, err := numbers(rows)
	if err != nil {
		return err
	}
	type line struct {
		reader string
		key    review.Key
	}
	tips := map[line]review.ID{}
	for _, seq := range seqs { // one by one: a transaction has one connection
		var r row
		var at any
		whole := true
		err := tx.QueryRowContext(ctx, `SELECT seq, reader, item, frame, n, time, w, h, kind, name, origin, model, status, labels, marks, crc
			FROM journal_1 WHERE seq = ?`, seq).Scan(&r.e.Seq, &r.e.Reader, &r.e.Key.Instance, &r.e.Key.Frame, &r.e.N, &at, &r.e.W, &r.e.H,
			&r.e.Kind, &r.e.Name, &r.e.Origin, &r.e.Model, &r.e.Status, &r.content, &r.marks, &r.crc)
		if err != nil {
			whole = false // a column of another type; what could be read stays
		}
		micro, _ := at.(int64)
		r.e.Time = time.UnixMicro(micro).UTC()
		whole = whole && checksum1(&r.e, r.content, r.marks) == r.crc
		l := line{r.e.Reader, r.e.Key}
		r.e.Prev = tips[l]
		r.e.ID = review.Identify(&r.e, r.content, r.marks)
		tips[l] = r.e.ID
		r.crc = checksum(&r.e, r.content, r.marks)
		if !whole {
			r.crc ^= 1
		}
		if r.content == nil || r.marks == nil {
			r.content, r.marks = []byte{}, []byte{}
		}
		if _, err := r.insert(tx); err != nil {
			return err
		}
	}
	return nil
}

// numbers reads one column of numbers, and closes the rows.
func numbers(rows *sql.Rows) (out []int64, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// identity is the workspace's own ID.
func (w *Workspace) identity() (id string, err error) {
	return id, w.db.QueryRow(`SELECT id FROM workspace ORDER BY made DESC LIMIT 1`).Scan(&id)
}
