package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

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

// Schema is the project's label schema in the form of a workspace's table of labels; nil where there is no project, or it has none. The
// fault store.CodeEvents says that it is damaged: then an older schema is not in its place, for its names would be wrong.
func Schema(ws *store.Workspace) ([]byte, error) {
	n, err := labelNotes(ws)
	if err != nil || n.labels == nil {
		return nil, err
	}
	return table(n.labels)
}

// notes are what a workspace holds of its project's label schema.
type notes struct {
	events []store.Event
	id     string  // of the project
	labels []Label // the newest
}

// labelNotes reads them. Damage that a newer schema overruled, or that is about nothing but the project's name, is none. Where the note
// that made the project is damaged, the schemas themselves name it.
func labelNotes(ws *store.Workspace) (n notes, err error) {
	events, damage := ws.Events(KindMade, KindLabels)
	if damage != nil && fault.CodeOf(damage) != store.CodeEvents {
		return n, damage
	}
	n.events = events
	if s := Fold(events); s != nil {
		n.id = s.ID
	} else if damage != nil {
		_, b := first(events)
		n.id = b.Project
	}
	var said time.Time
	for i := range events {
		var b body
		if events[i].Kind == KindLabels && json.Unmarshal(events[i].Body, &b) == nil && b.Project == n.id {
			n.labels, said = b.Labels, events[i].At
		}
	}
	if damage == nil {
		return n, nil
	}
	last, err := ws.LastDamaged(KindLabels)
	if err == nil && !last.IsZero() && !last.Before(said) {
		err = damage
	}
	return n, err
}

// WriteLabels makes the project's label schema the workspace's table of labels, so that exports have its names and codes. A
// table that somebody wrote there by hand stays.
func WriteLabels(ws *store.Workspace) error {
	n, err := labelNotes(ws)
	if err != nil || n.labels == nil {
		return err
	}
	path := filepath.Join(ws.Dir(), labelsFile)
	there, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(CodeLabels, path, err, nil)
	}
	now, err := table(n.labels)
	if err != nil || bytes.Equal(now, there) || there != nil && !wrote(n.events, n.id, there) {
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
