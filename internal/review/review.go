// Package review is the document: a study under correction. Per frame it holds the mask, the state of every piece of
// boundary, history and provenance, for one reader. Pixels change only through a Stroke, which records the patch that
// undoes it and appends it to the journal.
//
// A review is owned by one goroutine; it does no locking.
package review

import (
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// Key names one frame of one instance.
type Key struct {
	Instance string // study.Item.ID
	Frame    int    // from 0
}

// Status is what the reader decided about a frame. Stored in journals: never renumber.
type Status uint8

// The statuses of a frame.
const (
	Open     Status = 0
	Accepted Status = 1
	Rejected Status = 2
)

// Kind says what an entry of the journal does. Stored in journals: never renumber.
type Kind uint8

// The kinds of journal entries.
const (
	KindEdit   Kind = 1 // Labels and Marks patches were applied
	KindUndo   Kind = 2 // the frame's last edit was taken back
	KindRedo   Kind = 3
	KindStatus Kind = 4 // Status was set
)

// Origin says who made an edit.
type Origin uint8

// The origins of an edit. Stored in journals: never renumber.
const (
	ByReader Origin = 0
	ByModel  Origin = 1 // a model's result
)

// Entry is one line of the journal. Replaying all entries of a reader in order of Seq gives the review back.
type Entry struct {
	Seq           int64 // given by the journal
	Time          time.Time
	Reader        string
	Key           Key
	W, H          int // of the frame
	Kind          Kind
	Name          string // stable name of the edit: "brush", "prediction", "confirm", …
	Origin        Origin
	Model         string // SHA-256 of the model, for origin ByModel
	Labels, Marks mask.Patch
	Status        Status
}

// Journal keeps entries for good. Append returns once the entry is durable, and sets Seq.
type Journal interface {
	Append(e *Entry) error
}

// Frame is the state of one frame. Read it; change it only through a Stroke.
type Frame struct {
	Key        Key
	W, H       int
	Labels     *mask.Plane // label per pixel
	Marks      *mask.Plane // contour.State per pixel, near the boundary where a reader did something
	Status     Status
	Prediction *inference.Prediction // nil until predicted
	Model      string                // SHA-256 of the model that the mask started from; "" if drawn from nothing
	Touched    bool                  // a reader edited the mask
}

var (
	_ = contour.Predicted
	_ study.Spacing
)
