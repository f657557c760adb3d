// Package store keeps reviews: a workspace is a folder with one SQLite file that holds the journal of every edit, the
// studies that were opened, predictions, and an audit trail. An entry of the journal is on the disk when Append returns:
// it survives kill -9 and a power cut. Patient names are never stored; paths and item IDs are, to find source files again.
//
// One program at a time has a workspace open. The lock is SQLite's own on the file, which ends with the process.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressly/goose/v3"

	"echoline/internal/fault"
)

// fileName is the workspace's file inside its folder.
const fileName = "echoline.db"

// Find returns nil if dir holds a workspace, else what the system says of it. Who only reads asks first: Open would make a
// new workspace.
func Find(dir string) error {
	_, err := os.Stat(filepath.Join(dir, fileName))
	return err
}

//go:embed migrations/*.sql
var migrations embed.FS

// Workspace is an open workspace. Its methods may be called from any goroutine.
type Workspace struct {
	dir, path string
	db        *sql.DB
	self      os.FileInfo // the file as it was opened
	notice    *fault.Error

	mu      sync.Mutex
	readers map[string]bool // known to be in the table
}

// Open opens the workspace in dir, which it creates if needed. Faults: CodeBusy where another program has it open,
// CodeReadOnly, CodeFull, CodeNewer where a later release of the program made it, CodeOpen for anything else. A damaged
// file is set aside and what can be read of it saved; Notice then says so. If that is impossible, CodeDamaged.
func Open(dir string) (*Workspace, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fileFault(dir, err)
	}
	if err := probe(dir); err != nil {
		return nil, fileFault(dir, err)
	}
	if err := writeProtected(filepath.Join(dir, fileName)); err != nil {
		return nil, fileFault(dir, err)
	}
	w, err := openFile(dir)
	if fault.CodeOf(err) != CodeDamaged {
		return w, err
	}
	notice, err := rebuild(dir)
	if err != nil {
		return nil, err
	}
	if w, err = openFile(dir); err != nil {
		return nil, err
	}
	w.notice = notice
	return w, w.Audit("", "recovered", notice.Where)
}

// probe tells whether files can be made in dir. A full disk is no reason: what is there can still be read.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".echoline-*")
	if full(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// openFile opens and checks the workspace's file.
func openFile(dir string) (*Workspace, error) {
	path := filepath.Join(dir, fileName)
	db, err := connect(path)
	if err != nil {
		return nil, storeFault(dir, err)
	}
	w := &Workspace{dir: dir, path: path, db: db, readers: map[string]bool{}}
	if err := w.prepare(); err != nil {
		return nil, storeFault(dir, errors.Join(err, db.Close()))
	}
	return w, nil
}

// connect opens a database. One connection, so that the exclusive lock is taken once and kept.
func connect(path string, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := filepath.ToSlash(abs)
	if name[0] != '/' { // C:/…
		name = "/" + name
	}
	q := url.Values{
		"_pragma":       append(pragmas, "locking_mode(EXCLUSIVE)", "fullfsync(1)"),
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_foreign_keys": {"1"}, "_busy_timeout": {"200"},
	}
	u := url.URL{Scheme: "file", Path: name, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// prepare takes the lock, checks what is there and brings the tables up to date.
func (w *Workspace) prepare() error {
	// Asking for the write lock tells at once whether another program holds it and whether the file can be written.
	tx, err := w.db.Begin()
	if err != nil {
		return err
	}
	var tables int
	err = tx.QueryRow("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").Scan(&tables)
	if err := errors.Join(err, tx.Rollback()); err != nil {
		return err
	}
	if tables > 0 {
		if err := w.check(); err != nil {
			return err
		}
	}
	if err := w.migrate(); err != nil {
		return err
	}
	if err := w.writable(); err != nil {
		return err
	}
	w.self, err = os.Stat(w.path)
	return err
}

// check looks for damage in what cannot be computed again. Predictions, most of the file, are checked as they are read.
func (w *Workspace) check() error {
	for _, table := range []string{"readers", "items", "studies", "study_items", "journal", "audit"} {
		var said string
		if err := w.db.QueryRow("PRAGMA quick_check(" + table + ")").Scan(&said); err != nil {
			if isMissing(err) {
				continue // a migration makes it
			}
			return err
		}
		if said != "ok" {
			return fault.New(CodeDamaged, w.dir, errors.New(said), nil)
		}
	}
	return nil
}

// migrate brings the tables to the newest form; the fault CodeNewer if they are beyond it.
func (w *Workspace) migrate() error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, w.db, files)
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

// writable tells whether the file can be written, without writing.
func (w *Workspace) writable() error {
	_, err := w.db.Exec("BEGIN IMMEDIATE; ROLLBACK")
	return err
}

// Notice is what a person has to know about how the workspace opened, or nil: the fault CodeRecovered.
func (w *Workspace) Notice() *fault.Error { return w.notice }

// Dir is the workspace's folder.
func (w *Workspace) Dir() string { return w.dir }

// Close closes the workspace and frees its lock.
func (w *Workspace) Close() error {
	if err := w.db.Close(); err != nil {
		return storeFault(w.dir, err)
	}
	return nil
}

// present fails with CodeGone if the file is not at its place any more: what is written to a deleted file is lost, and
// the system does not tell.
func (w *Workspace) present() error {
	now, err := os.Stat(w.path)
	if err != nil || !os.SameFile(now, w.self) {
		return fault.New(CodeGone, w.dir, err, nil)
	}
	return nil
}

// write runs do in one transaction.
func (w *Workspace) write(do func(tx *sql.Tx) error) error {
	if err := w.present(); err != nil {
		return err
	}
	tx, err := w.db.Begin()
	if err != nil {
		return storeFault(w.dir, err)
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // SQLite may have done so itself
		return storeFault(w.dir, err)
	}
	if err := tx.Commit(); err != nil {
		_ = tx.Rollback()
		return storeFault(w.dir, err)
	}
	return nil
}

// micros is a time as the tables hold it.
func micros(t time.Time) int64 { return t.UnixMicro() }
