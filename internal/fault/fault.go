// Package fault defines errors that a person can act on: what is wrong, where, and (through the translation files) what
// to do about it. Every package that meets bad input declares its codes as constants of type Code and returns *Error;
// the window and the command line turn the code into a sentence of the reader's language with package text, by the keys
// "fault.CODE.what" and "fault.CODE.do".
package fault

import "errors"

// Code names one kind of fault, for example "study.truncated". It never changes once released: translations hang on it.
type Code string

// Args fill the placeholders of a fault's sentences. They hold numbers, file names and identifiers, never patient data.
type Args map[string]any

// Error is a fault met at a place.
type Error struct {
	Code  Code
	Where string // file, folder or part that is at fault; may be empty
	Args  Args   // for the sentence; may be nil
	Cause error  // what the system or a library said; may be nil
}

// New returns a fault. cause may be nil.
func New(code Code, where string, cause error, args Args) *Error {
	return &Error{Code: code, Where: where, Args: args, Cause: cause}
}

// Error gives a terse line for logs. People read text.Fault instead.
func (e *Error) Error() string {
	s := string(e.Code)
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of the first fault in err's chain, or "" if there is none.
func CodeOf(err error) Code {
	var f *Error
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}
