// Package store keeps reviews: a workspace is a folder with one SQLite file that holds the journal of every edit, the
// studies that were opened, predictions, and an audit trail. An entry of the journal is on the disk when Append returns:
// it survives kill -9 and a power cut. Patient names are never stored; paths and item IDs are, to find source files again.
//
// One program at a time has a workspace open: SQLite's own lock on the file and one on a file beside it end with the
// process, and the latter also tells computers apart that share a drive.
//
// What the workspace cannot take goes to a second place, which is a workspace too, and comes back by merging. Merging
// unites the rows of two workspaces: every row names itself by what it says, so the order and number of merges make no
// difference, and one that was cut short is simply done again.
package store

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

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

// Workspace is an open workspace. Its methods may be called from any goroutine.
type Workspace struct {
	dir, path string
	lock      *lock
	places    []string // for second places, the most wanted first
	first     string   // the folder that this workspace stands in for; "" where it is nobody's second place
	notice    *fault.Error

	mu      sync.Mutex
	db      *sql.DB
	self    os.FileInfo     // the file as it was opened
	readers map[string]bool // known to be in the table

	keeping sync.Mutex             // of what follows
	id      string                 // of the workspace
	second  *Workspace             // holds what waits; nil while nothing does
	where   atomic.Pointer[string] // its folder, for who cannot wait

	adding sync.Mutex // one event at a time gets its time
	pace   pace
}

// Open opens the workspace in dir, which it creates if needed. Faults: CodeBusy where another program has it open,
// CodeReadOnly, CodeFull, CodeNewer where a later release of the program made it, CodeOpen for anything else. A damaged
// file is set aside and what can be read of it saved; Notice then says so. If that is impossible, CodeDamaged.
//
// places are folders, on other disks if there are any, for what the workspace cannot take. What an earlier run had to leave
// there is brought back first.
func Open(dir string, places ...string) (*Workspace, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fileFault(dir, err)
	}
	if err := probe(dir); err != nil {
		return nil, fileFault(dir, err)
	}
	if err := writeProtected(filepath.Join(dir, fileName)); err != nil {
		return nil, fileFault(dir, err)
	}
	l, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	w, err := openLocked(dir)
	if err != nil {
		l.release()
		return nil, err
	}
	w.lock, w.places = l, places
	w.bringBack()
	return w, nil
}

// openLocked opens the workspace's file, after repairing it if it is damaged.
func openLocked(dir string) (*Workspace, error) {
	clearLeftovers(dir)
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
	return w, w.Audit("", "recovered", filepath.Base(notice.Where))
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
	w := newWorkspace(dir, path, db)
	if err := w.prepare(); err != nil {
		return nil, storeFault(dir, errors.Join(err, db.Close()))
	}
	return w, nil
}

func newWorkspace(dir, path string, db *sql.DB) *Workspace {
	return &Workspace{dir: dir, path: path, db: db, readers: map[string]bool{}, pace: pace{busy: make(chan struct{}, 1)}}
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
	if w.id, err = w.identity(); err != nil {
		return err
	}
	w.self, err = os.Stat(w.path)
	return err
}

// check looks for damage in what cannot be computed again. Predictions, most of the file, are checked as they are read.
func (w *Workspace) check() error {
	for _, table := range []string{"workspace", "readers", "items", "studies", "study_items", "journal", "audit", "events", "blobs", "labels"} {
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

// writable tells whether the file can be written, without writing.
func (w *Workspace) writable() error {
	_, err := w.db.Exec("BEGIN IMMEDIATE; ROLLBACK")
	return err
}

// Notice is what a person has to know about how the workspace opened, or nil: the fault CodeRecovered, CodeReturned or
// CodeWaiting.
func (w *Workspace) Notice() *fault.Error { return w.notice }

// Dir is the workspace's folder.
func (w *Workspace) Dir() string { return w.dir }

// Close closes the workspace and frees its lock. What waits in a second place stays there, for the next Open.
func (w *Workspace) Close() error {
	w.keeping.Lock()
	defer w.keeping.Unlock()
	var err error
	if w.second != nil {
		err = w.second.Close()
		w.second = nil
	}
	err = errors.Join(err, w.conn().Close())
	w.lock.release()
	if err != nil {
		return storeFault(w.dir, err)
	}
	return nil
}

// conn is the database as it is reached now.
func (w *Workspace) conn() *sql.DB {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.db
}

// present fails with CodeGone if the file is not at its place any more: what is written to a deleted file is lost, and
// the system does not tell. A drive that was taken out and put back in is reached anew. It fails with CodeTaken if another
// computer took the workspace, which it does when this one was not heard of for long: asleep, for one.
func (w *Workspace) present() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.lock.mine() {
		return fault.New(CodeTaken, w.dir, nil, nil)
	}
	now, err := os.Stat(w.path)
	if err != nil {
		return fault.New(CodeGone, w.dir, err, nil)
	}
	if os.SameFile(now, w.self) {
		return nil
	}
	if err := w.reconnect(now); err != nil {
		return fault.New(CodeGone, w.dir, err, nil)
	}
	return nil
}

// errOther is the cause of CodeGone where another file lies at the workspace's place.
var errOther = errors.New("store: another file has its place")

// reconnect opens the file that now lies at the workspace's place, if it is the workspace.
func (w *Workspace) reconnect(now os.FileInfo) error {
	if now.Size() == 0 {
		return errOther // opening it would make it a database
	}
	db, err := connect(w.path)
	if err != nil {
		return err
	}
	there := newWorkspace(w.dir, w.path, db)
	id, err := there.identity()
	if err == nil && id != w.id {
		err = errOther
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	_ = w.db.Close() // it leads nowhere any more
	w.db, w.self = db, now
	if l, err := takeLock(w.dir); err == nil {
		w.lock.release()
		w.lock = l
	}
	return nil
}

// write runs do in one transaction.
func (w *Workspace) write(do func(tx *sql.Tx) error) error {
	if err := w.present(); err != nil {
		return err
	}
	return w.change(do)
}

// change is write for a file that is known to be there.
func (w *Workspace) change(do func(tx *sql.Tx) error) error {
	tx, err := w.conn().Begin()
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
