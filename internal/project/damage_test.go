package project

import (
	"testing"

	"echoline/internal/fault"
	"echoline/internal/store"
)

// holed is a log in which the first event cannot be read.
type holed struct{ logbook }

func (h *holed) Events(kinds ...string) ([]store.Event, error) {
	events, err := h.logbook.Events(kinds...)
	if err == nil && len(events) > 0 {
		events, err = events[1:], fault.New(store.CodeEvents, "", nil, nil)
	}
	return events, err
}

// TestProjectOutlivesItsFirstNote: with the note that made it damaged a project keeps its cases and readers, who stay blinded to
// each other; the damage is told.
func TestProjectOutlivesItsFirstNote(t *testing.T) {
	written, whole := begin(t, 3, "kim", "lee")
	l := &holed{*written}
	got, err := Load(l)
	wantCode(t, err, store.CodeEvents)
	if got == nil || got.ID != whole.ID || got.Name != whole.ID || !got.Blinded {
		t.Fatalf("%+v, not %+v", got, whole)
	}
	if len(got.Cases) != len(whole.Cases) || len(got.Readers) != len(whole.Readers) {
		t.Fatalf("%d cases and %d readers, not %d and %d", len(got.Cases), len(got.Readers), len(whole.Cases), len(whole.Readers))
	}
	l.events = l.events[:1]
	if s, _ := Load(l); s != nil {
		t.Fatalf("nothing tells of %+v", s)
	}
}
