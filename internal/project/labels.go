package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/store"
)

// labelsFile is a workspace's table of labels, which exports and imports go by.
const labelsFile = "labels.json"

// table is the label schema as that file holds it.
func table(labels []Label) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(map[string][]Label{"labels": labels})
	return b.Bytes(), err
}

// Schema is the project's label schema in the form of a workspace's table of labels; nil where there is no project, or it has none.
func Schema(ws *store.Workspace) ([]byte, error) {
	events, err := ws.Events(KindMade, KindLabels)
	if err != nil {
		return nil, err
	}
	s := Fold(events)
	if s == nil || s.Labels == nil {
		return nil, nil
	}
	return table(s.Labels)
}

// WriteLabels makes the project's label schema the workspace's table of labels, so that exports have its names and codes. A
// table that somebody wrote there by hand stays.
func WriteLabels(ws *store.Workspace) error {
	events, err := ws.Events(KindMade, KindLabels)
	if err != nil {
		return err
	}
	s := Fold(events)
	if s == nil || s.Labels == nil {
		return nil
	}
	path := filepath.Join(ws.Dir(), labelsFile)
	there, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(CodeLabels, path, err, nil)
	}
	now, err := table(s.Labels)
	if err != nil || bytes.Equal(now, there) || there != nil && !wrote(events, s.ID, there) {
		return err
	}
	if err := durable.WriteFile(path, now, 0o600); err != nil {
		return fault.New(CodeLabels, path, err, nil)
	}
	return nil
}

// wrote tells whether a table is one that the project's schema once was.
func wrote(events []store.Event, id string, there []byte) bool {
	for i := range events {
		var b body
		if events[i].Kind != KindLabels || json.Unmarshal(events[i].Body, &b) != nil || b.Project != id {
			continue
		}
		if old, err := table(b.Labels); err == nil && bytes.Equal(old, there) {
			return true
		}
	}
	return false
}
