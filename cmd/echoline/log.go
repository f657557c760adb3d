package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"syscall"

	"echoline/inference"
	"echoline/internal/fault"
)

// newLog writes to stderr what ECHOLINE_LOG asks for; by default nothing. The log tells what happened, and to which image in
// a word that names nobody: names of files and folders are often names of patients.
func newLog() *slog.Logger {
	switch os.Getenv(logVariable) {
	case "debug":
		return logTo(os.Stderr, slog.LevelDebug)
	case "info":
		return logTo(os.Stderr, slog.LevelInfo)
	default:
		return logTo(io.Discard, slog.LevelError)
	}
}

// logTo is a log in which nothing can name a person.
func logTo(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: nameless}))
}

// nameless takes identifiers and the names of places out of an attribute.
func nameless(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case error:
		return slog.String(a.Key, told(v))
	case string:
		if a.Key == "item" {
			sum := sha256.Sum256([]byte(v))
			return slog.String(a.Key, fmt.Sprintf("%x", sum[:4]))
		}
	}
	return a
}

// told is an error without the file, folder or text that it is about: what kind it is, and what the system said.
func told(err error) string {
	var f *fault.Error
	var path *fs.PathError
	var link *os.LinkError
	var no syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f) && f.Code == inference.CodePanic: // where in the program it crashed
		return fmt.Sprintf("%s: %v", f.Code, f.Cause)
	case errors.As(err, &f) && f.Cause != nil:
		return fmt.Sprintf("%s: %s", f.Code, told(f.Cause))
	case f != nil:
		return string(f.Code)
	case errors.As(err, &path):
		return path.Op + ": " + told(path.Err)
	case errors.As(err, &link):
		return link.Op + ": " + told(link.Err)
	case errors.As(err, &no):
		return no.Error()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.Unwrap(fmt.Errorf("%w", err)).Error()
	}
	return fmt.Sprintf("%T", err)
}
