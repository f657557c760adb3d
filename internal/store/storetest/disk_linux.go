//go:build amd64 || arm64

package storetest

import (
	"errors"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The file system is SQLite's own for this system, but every write, truncation, sync and deletion goes by disk first, which
// can let it fail, or hang, or write it down. What SQLite maps or locks goes its usual way. The layouts are those of sqlite3_vfs and sqlite3_io_methods on 64 bits.
const (
	vfsSize, vfsName, vfsOpen, vfsDelete                              = 168, 24, 40, 48
	methodsSize, methodClose, methodWrite, methodTruncate, methodSync = 152, 8, 24, 32, 40
)

// Operation is one thing that SQLite did to a file.
type Operation struct {
	Kind   Kind
	File   string // path
	Offset int64  // of a write; the new size of a truncation
	Data   []byte // of a write that is written down
	Acked  int    // of Ack: what the test noted, entries
	Said   int    // and events
}

// Kind is what an operation does.
type Kind uint8

// The kinds of operations. Ack is a note that a test makes between them.
const (
	Open Kind = iota
	Write
	Truncate
	Sync
	Delete
	Ack
)

// Outcome is what becomes of an operation.
type Outcome int

// The outcomes.
const (
	GoesWell Outcome = iota
	FailsAtOnce
	FailsHalfway // a write is cut in its middle
	Hangs        // until Release, and then goes well
)

// disk is what the tests want of the file system. One test at a time uses it.
var disk struct {
	sync.Mutex
	decide func(*Operation) Outcome // nil: everything goes well
	code   int32                    // SQLite's result code of what fails; 0 for the kind's own
	record bool
	log    []Operation
	gate   chan struct{}       // closed: what hangs goes on
	names  map[uintptr]string  // of open files
	orig   map[uintptr]uintptr // table of methods of ours to SQLite's
	ours   map[uintptr]uintptr
	open   uintptr // SQLite's own functions
	remove uintptr
}

// at is the memory at an address of SQLite's.
func at[T any](p uintptr) *T { return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&p))) }

// function makes a pointer, as SQLite calls it, of a Go function.
func function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) }

// call makes a Go function of a pointer of SQLite's.
func call[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ p uintptr }{p})) }

// Use puts the tests' file system under SQLite from the next connection on, and returns what takes it away again.
func Use() (restore func(), err error) {
	tls := libc.NewTLS()
	usual := lib.Xsqlite3_vfs_find(tls, 0)
	ours := libc.Xmalloc(tls, vfsSize)
	copy(at[[vfsSize]byte](ours)[:], at[[vfsSize]byte](usual)[:])
	name, err := libc.CString("echoline-test")
	if err != nil {
		return nil, err
	}
	*at[uintptr](ours + vfsName) = name
	disk.Lock()
	disk.open, disk.remove = *at[uintptr](usual + vfsOpen), *at[uintptr](usual + vfsDelete)
	disk.names, disk.orig, disk.ours = map[uintptr]string{}, map[uintptr]uintptr{}, map[uintptr]uintptr{}
	disk.Unlock()
	*at[uintptr](ours + vfsOpen) = function(diskOpen)
	*at[uintptr](ours + vfsDelete) = function(diskDelete)
	if lib.Xsqlite3_vfs_register(tls, ours, 1) != lib.SQLITE_OK {
		return nil, errors.New("storetest: SQLite does not take the file system")
	}
	return func() {
		Set(nil, 0, false)
		Release()
		lib.Xsqlite3_vfs_register(tls, usual, 1)
		lib.Xsqlite3_vfs_unregister(tls, ours)
	}, nil
}

// Set says what becomes of operations from now on, and whether they are written down. code is SQLite's result code of what
// fails; 0 for the kind's own.
func Set(decide func(*Operation) Outcome, code int32, record bool) {
	disk.Lock()
	defer disk.Unlock()
	disk.decide, disk.code, disk.record = decide, code, record
}

// Current is what Set said of what becomes of operations.
func Current() (decide func(*Operation) Outcome, code int32) {
	disk.Lock()
	defer disk.Unlock()
	return disk.decide, disk.code
}

// Release lets everything that hangs go on.
func Release() {
	disk.Lock()
	defer disk.Unlock()
	if disk.gate != nil {
		close(disk.gate)
		disk.gate = nil
	}
}

// Log is what was written down, and forgets it.
func Log() []Operation {
	disk.Lock()
	defer disk.Unlock()
	out := disk.log
	disk.log = nil
	return out
}

// Note puts an operation of a test's own among those that are written down.
func Note(op Operation) {
	disk.Lock()
	defer disk.Unlock()
	disk.log = append(disk.log, op)
}

// passes decides on an operation and writes it down.
func passes(op Operation, data uintptr, n int32) Outcome {
	disk.Lock()
	out := GoesWell
	if disk.decide != nil && op.Kind != Open {
		out = disk.decide(&op)
	}
	if out == Hangs {
		if disk.gate == nil {
			disk.gate = make(chan struct{})
		}
		gate := disk.gate
		disk.Unlock()
		<-gate
		disk.Lock()
		out = GoesWell
	}
	defer disk.Unlock()
	if disk.record && out == GoesWell {
		if n > 0 {
			op.Data = append([]byte(nil), unsafe.Slice(at[byte](data), n)...)
		}
		disk.log = append(disk.log, op)
	}
	return out
}

// result is the code for what failed.
func result(own int32) int32 {
	disk.Lock()
	defer disk.Unlock()
	if disk.code != 0 {
		return disk.code
	}
	return own
}

func nameOf(file uintptr) string {
	disk.Lock()
	defer disk.Unlock()
	return disk.names[file]
}

// original is SQLite's own method of an open file, by its place in the table.
func original(file uintptr, method uintptr) uintptr {
	disk.Lock()
	defer disk.Unlock()
	return *at[uintptr](disk.orig[*at[uintptr](file)] + method)
}

func diskOpen(tls *libc.TLS, vfs, path, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](disk.open)(tls, vfs, path, file, flags, outFlags)
	theirs := *at[uintptr](file)
	if rc != lib.SQLITE_OK || theirs == 0 {
		return rc
	}
	name := ""
	if path != 0 {
		name = libc.GoString(path)
	}
	disk.Lock()
	table := disk.ours[theirs]
	if table == 0 {
		table = libc.Xmalloc(tls, methodsSize)
		copy(at[[methodsSize]byte](table)[:], at[[methodsSize]byte](theirs)[:])
		*at[int32](table) = 1 // no shared memory, no mapped files: all goes through the methods below
		*at[uintptr](table + methodClose) = function(diskClose)
		*at[uintptr](table + methodWrite) = function(diskWrite)
		*at[uintptr](table + methodTruncate) = function(diskTruncate)
		*at[uintptr](table + methodSync) = function(diskSync)
		disk.ours[theirs], disk.orig[table] = table, theirs
	}
	disk.names[file] = name
	disk.Unlock()
	*at[uintptr](file) = table
	passes(Operation{Kind: Open, File: name}, 0, 0)
	return rc
}

func diskClose(tls *libc.TLS, file uintptr) int32 {
	closes := call[func(*libc.TLS, uintptr) int32](original(file, methodClose))
	disk.Lock()
	delete(disk.names, file)
	*at[uintptr](file) = disk.orig[*at[uintptr](file)]
	disk.Unlock()
	return closes(tls, file)
}

func diskWrite(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	write := call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](original(file, methodWrite))
	switch passes(Operation{Kind: Write, File: nameOf(file), Offset: offset}, data, n) {
	case FailsHalfway:
		write(tls, file, data, n/2, offset)
		return result(lib.SQLITE_IOERR_WRITE)
	case FailsAtOnce:
		return result(lib.SQLITE_IOERR_WRITE)
	default:
		return write(tls, file, data, n, offset)
	}
}

func diskTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	if passes(Operation{Kind: Truncate, File: nameOf(file), Offset: size}, 0, 0) != GoesWell {
		return result(lib.SQLITE_IOERR_TRUNCATE)
	}
	return call[func(*libc.TLS, uintptr, int64) int32](original(file, methodTruncate))(tls, file, size)
}

func diskSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	if passes(Operation{Kind: Sync, File: nameOf(file)}, 0, 0) != GoesWell {
		return result(lib.SQLITE_IOERR_FSYNC)
	}
	return call[func(*libc.TLS, uintptr, int32) int32](original(file, methodSync))(tls, file, flags)
}

func diskDelete(tls *libc.TLS, vfs, path uintptr, dirSync int32) int32 {
	if passes(Operation{Kind: Delete, File: libc.GoString(path)}, 0, 0) != GoesWell {
		return result(lib.SQLITE_IOERR_DELETE)
	}
	return call[func(*libc.TLS, uintptr, uintptr, int32) int32](disk.remove)(tls, vfs, path, dirSync)
}
