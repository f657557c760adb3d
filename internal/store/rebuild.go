package store

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// rebuild makes a new file of what can be read of a damaged one, which it keeps beside it under another name. The new
// file takes the old one's place only when it is whole. The fault that it returns first is for people: CodeRecovered.
func rebuild(dir string) (*fault.Error, error) {
	old := filepath.Join(dir, fileName)
	aside := filepath.Join(dir, "damaged-"+time.Now().Format("20060102-150405")+".db")
	scratch, fresh := filepath.Join(dir, "rebuild-from.db"), filepath.Join(dir, "rebuild-to.db")
	removeFiles(scratch, fresh)
	defer removeFiles(scratch, fresh)
	for _, to := range []string{aside, scratch} { // reading a database can change it: read from a copy of the copy
		if err := copyFiles(old, to); err != nil {
			return nil, fileFault(dir, err)
		}
	}
	edits, err := transfer(dir, scratch, fresh)
	if err != nil {
		return nil, storeFault(dir, err)
	}
	// A log left behind would be taken for the new file's.
	if err := os.Remove(old + "-wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fileFault(dir, err)
	}
	if err := durable.Rename(fresh, old); err != nil {
		return nil, fileFault(dir, err)
	}
	return fault.New(CodeRecovered, aside, nil, fault.Args{"Edits": edits}), nil
}

// parts are the files of a database.
func parts(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

func removeFiles(paths ...string) {
	for _, p := range paths {
		for _, f := range parts(p) {
			os.Remove(f)
		}
	}
}

// copyFiles copies a database with its log, if there is one.
func copyFiles(from, to string) error {
	for _, suffix := range []string{"", "-wal"} {
		if err := durable.Copy(from+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// transfer makes the database to from what can be read of from, and returns how many edits that are.
func transfer(dir, from, to string) (edits int, err error) {
	src, err := connect(from, "writable_schema(1)") // which lets SQLite read a file that was cut short
	if err != nil {
		return 0, err
	}
	defer src.Close()
	db, err := connect(to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	w := newWorkspace(dir, to, db)
	version := formOf(src)
	if err := w.migrateTo(version); err != nil {
		return 0, err
	}
	tx, err := db.Begin()
	if err != nil {
		return 0, err
	}
	if version >= schemaLines {
		if _, err := tx.Exec(`UPDATE workspace SET made = 0`); err != nil { // its own counts only where the old one is lost
			return 0, errors.Join(err, tx.Rollback())
		}
	}
	for _, t := range salvaged(version) {
		n, err := salvage(src, tx, t)
		if err != nil {
			return 0, errors.Join(err, tx.Rollback())
		}
		if t.name == "journal" {
			edits = n
		}
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	return edits, w.migrate()
}

// formOf is the version of a damaged database's tables, as far as it can be told. Tables that came later than lines are
// simply empty where the database has none.
func formOf(src *sql.DB) int64 {
	rows, err := src.Query(`SELECT prev FROM journal LIMIT 0`)
	if err != nil && strings.Contains(err.Error(), "no such column") {
		return schemaLines - 1
	}
	if err != nil {
		return schemaLabels
	}
	_ = rows.Close() // it asked for nothing
	if rows, err = src.Query(`SELECT id FROM events LIMIT 0`); err != nil && isMissing(err) {
		return schemaEvents - 1
	}
	if err == nil {
		_ = rows.Close()
	}
	return schemaLabels
}

// table is one to be saved: its columns, and how its rows are ordered on the disk.
type table struct {
	name, key string
	columns   []string
}

// salvaged are the tables that hold work, in an order in which references find what they refer to, as they were in a version.
func salvaged(version int64) []table {
	entry := []string{"reader", "item", "frame", "n", "time", "w", "h", "kind", "name", "origin", "model", "status", "labels", "marks", "crc"}
	items := []string{"id", "path", "name", "w", "h", "frames"}
	audit := []string{"seq", "time", "reader", "action", "detail", "prev", "hash"}
	place := "seq"
	tables := []table{}
	if version >= schemaLines {
		entry = append(entry, "id", "prev")
		items = append(items, "opened")
		audit = append(audit, "form", "model", "entry", "rowid")
		place = "rowid"
		tables = append(tables, table{"workspace", "rowid", []string{"id", "made"}})
	}
	tables = append(tables,
		table{"readers", "rowid", []string{"name", "since"}},
		table{"items", "rowid", items},
		table{"studies", "rowid", []string{"id", "title", "opened"}},
		table{"study_items", "rowid", []string{"study", "place", "item"}},
		table{"journal", "seq", append(entry, "seq")},
		table{"audit", place, audit},
	)
	if version >= schemaEvents {
		tables = append(tables,
			table{"events", "rowid", []string{"id", "kind", "study", "frame", "reader", "at", "body"}},
			table{"blobs", "rowid", []string{"hash", "data"}})
	}
	if version >= schemaLabels {
		tables = append(tables, table{"labels", "rowid", []string{"reader", "label", "field", "content", "time"}})
	}
	return tables
}

// salvage copies the rows of a table from its beginning up to the damage and from its end back to it. Only the new
// database's errors count.
func salvage(src *sql.DB, tx *sql.Tx, t table) (int, error) {
	columns := strings.Join(t.columns, ", ")
	holes := strings.Repeat(", ?", len(t.columns))[2:]
	insert, err := tx.Prepare("INSERT INTO " + t.name + " (" + columns + ") VALUES (" + holes + ") ON CONFLICT DO NOTHING")
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	total := 0
	for _, order := range []string{"ASC", "DESC"} {
		query := "SELECT " + columns + " FROM " + t.name + " NOT INDEXED ORDER BY " + t.key + " " + order
		n, whole, err := drain(src, tx, insert, query, t)
		total += n
		if err != nil || whole {
			return total, err
		}
	}
	return total, nil
}

// drain copies the rows of a query until it ends (whole) or meets damage.
func drain(src *sql.DB, tx *sql.Tx, insert *sql.Stmt, query string, t table) (n int, whole bool, err error) {
	rows, err := src.Query(query)
	if err != nil {
		return 0, false, nil //nolint:nilerr // damage: there is nothing to take from here
	}
	defer rows.Close()
	values := make([]any, len(t.columns))
	refs := make([]any, len(values))
	for i := range values {
		refs[i] = &values[i]
	}
	for rows.Next() {
		if rows.Scan(refs...) != nil {
			continue
		}
		if t.name == "journal" { // a reader whose row is lost is known from the work
			if _, err := tx.Exec(`INSERT INTO readers (name, since) VALUES (?, ?) ON CONFLICT DO NOTHING`, values[0], values[4]); err != nil {
				continue
			}
		}
		res, err := insert.Exec(values...)
		switch {
		case isFullResult(err):
			return n, false, err
		case err != nil:
			continue // a row that is nonsense or refers to one that is lost
		}
		if k, err := res.RowsAffected(); err == nil {
			n += int(k)
		}
	}
	return n, rows.Err() == nil, nil
}

// isFullResult tells whether err is about the disk rather than the row.
func isFullResult(err error) bool {
	return err != nil && fault.CodeOf(storeFault("", err)) == CodeFull
}
