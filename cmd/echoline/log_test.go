package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/study"
)

// TestLogsNameNobody has errors of all kinds, about a file that is called like a patient, go through the log.
func TestLogsNameNobody(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "CANARY^MINJI")
	_, missing := os.Open(filepath.Join(dir, "CANARY.dcm"))
	link := os.Link(filepath.Join(dir, "CANARY"), filepath.Join(dir, "CANARY 2"))
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"fault":     {fault.New(study.CodeTruncated, dir+"/CANARY.dcm", missing, fault.Args{"Name": "CANARY"}), "study.truncated: open: no such file"},
		"bare":      {fault.New(study.CodeTruncated, "CANARY.dcm", nil, nil), "study.truncated"},
		"path":      {missing, "no such file"},
		"link":      {link, "link"},
		"joined":    {fmt.Errorf("CANARY: %w", missing), "no such file"},
		"text":      {errors.New("CANARY.dcm is bad"), "errorString"},
		"cancelled": {context.Canceled, "canceled"},
		"crash":     {fault.New(inference.CodePanic, "CANARY.dcm", errors.New("index out of range\nmain.go:7"), nil), "main.go:7"},
		"no error":  {fs.ErrNotExist, "errorString"},
	} {
		if c.err == nil {
			t.Fatalf("%s: there is no error", name)
		}
		var b bytes.Buffer
		l := logTo(&b, slog.LevelDebug)
		l.Error("journal", "err", c.err)
		l.Debug("window", "event", "frame-shown", "item", "1.2.CANARY", "frame", 3)
		if strings.Contains(b.String(), "CANARY") || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s: %s", name, b.String())
		}
		if !strings.Contains(b.String(), "frame=3") || !strings.Contains(b.String(), "event=frame-shown") {
			t.Errorf("%s: the event is not told: %s", name, b.String())
		}
	}
	if logTo(os.Stderr, slog.LevelInfo).Enabled(t.Context(), slog.LevelDebug) {
		t.Error("info tells everything")
	}
}
