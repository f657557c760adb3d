package store

import (
	"errors"
	"io/fs"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"echoline/internal/fault"
)

// The faults of this package. Where is the workspace's folder.
const (
	// CodeBusy: another program has the workspace open. Args: By (computer and process, "" if unknown).
	CodeBusy fault.Code = "store.busy"
	// CodeReadOnly: the folder or file cannot be written.
	CodeReadOnly fault.Code = "store.readonly"
	// CodeFull: the disk is full.
	CodeFull fault.Code = "store.full"
	// CodeNewer: a later release made the workspace. Args: Have, Want (versions of the tables).
	CodeNewer fault.Code = "store.newer"
	// CodeDamaged: the file is damaged and nothing of it could be saved. It stays where it is.
	CodeDamaged fault.Code = "store.damaged"
	// CodeRecovered: the file was damaged; what could be read is in a new one. Where is the copy of the damaged file.
	// Args: Edits (how many could be read).
	CodeRecovered fault.Code = "store.recovered"
	// CodeGone: the file was moved or deleted while it was open.
	CodeGone fault.Code = "store.gone"
	// CodeSlow: the drive does not answer; a write may yet come to its end. See SetPatience.
	CodeSlow fault.Code = "store.slow"
	// CodeOpen: the folder cannot be used for another reason, which is the cause.
	CodeOpen fault.Code = "store.open"
	// CodeTaken: another computer has taken the workspace meanwhile.
	CodeTaken fault.Code = "store.taken"
	// CodeReturned: what an earlier run had left in a second place was brought back. Args: Edits.
	CodeReturned fault.Code = "store.returned"
	// CodeWaiting: what an earlier run left in a second place, which Where names, could not be brought back yet.
	CodeWaiting fault.Code = "store.waiting"
	// CodeSecond: no second place can be used either.
	CodeSecond fault.Code = "store.second"
	// CodeNone: there is no workspace in the folder.
	CodeNone fault.Code = "store.none"
	// CodePrediction: a stored prediction is damaged.
	CodePrediction fault.Code = "store.prediction"
	// CodeAudit: the audit trail was changed. Args: Seq (the first row that does not fit).
	CodeAudit fault.Code = "store.audit"
	// CodeJournal: entries of the journal were changed, or are missing. Args: Count, Total.
	CodeJournal fault.Code = "store.journal"
	// CodeEvent: an event that was to be added is none. Args: Kind.
	CodeEvent fault.Code = "store.event"
	// CodeEvents: events of the project were changed, or are missing. Args: Count, Total.
	CodeEvents fault.Code = "store.events"
	// CodeBlob: a file that belongs to the project is missing or damaged.
	CodeBlob fault.Code = "store.blob"
)

// byResult are the faults of SQLite's primary result codes.
var byResult = map[int]fault.Code{
	lib.SQLITE_BUSY: CodeBusy, lib.SQLITE_LOCKED: CodeBusy,
	lib.SQLITE_READONLY: CodeReadOnly, lib.SQLITE_PERM: CodeReadOnly,
	lib.SQLITE_FULL:    CodeFull,
	lib.SQLITE_CORRUPT: CodeDamaged, lib.SQLITE_NOTADB: CodeDamaged,
}

// storeFault makes a fault of what the database said. Faults pass unchanged.
func storeFault(where string, err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		if code, ok := byResult[s.Code()&0xff]; ok {
			var args fault.Args
			if code == CodeBusy {
				args = fault.Args{"By": ""}
			}
			return fault.New(code, where, err, args)
		}
	}
	return fileFault(where, err)
}

// fileFault makes a fault of what the file system said.
func fileFault(where string, err error) error {
	code := CodeOpen
	switch {
	case full(err):
		code = CodeFull
	case errors.Is(err, fs.ErrPermission) || readOnly(err):
		code = CodeReadOnly
	}
	return fault.New(code, where, err, nil)
}

// isMissing tells whether a statement named a table that is not there.
func isMissing(err error) bool { return strings.Contains(err.Error(), "no such table") }
