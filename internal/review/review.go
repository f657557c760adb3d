// Package review is the document: a study under correction. Per frame it holds the mask, the state of every piece of
// boundary, history and provenance, for one reader. Pixels change only through a Stroke, which records the patch that
// undoes it and appends it to the journal; replaying the journal gives the review back, bit for bit and with its history.
//
// A review is owned by one goroutine; it does no locking. Planes that it hands out are never changed in place: a change
// puts new ones, so another goroutine may go on reading those that it was given.
package review

import (
	"image"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// The faults of this package.
const (
	// CodeFrame: the study has no such frame. Args: Frame.
	CodeFrame fault.Code = "review.frame"
	// CodeBusy: a stroke on the frame has not ended yet.
	CodeBusy fault.Code = "review.busy"
	// CodeMisfit: a mask or prediction has another size than the frame. Args: W, H, FrameW, FrameH.
	CodeMisfit fault.Code = "review.misfit"
	// CodeStale: an arc does not lie on the frame's boundary as it is now.
	CodeStale fault.Code = "review.stale"
	// CodeDamaged: some of the journal could not be replayed. Args: Count, Frames (names and numbers of
	// the frames concerned).
	CodeDamaged fault.Code = "review.damaged"
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

// The kinds of journal entries. 0 is an entry that could not be read.
const (
	KindEdit   Kind = 1 // Labels and Marks patches were applied
	KindUndo   Kind = 2 // the frame's last edit was taken back
	KindRedo   Kind = 3
	KindStatus Kind = 4 // Status was set
	KindReset  Kind = 5 // the frame starts anew: Labels and Marks lead there from empty planes
	KindBase   Kind = 5 // the frame starts anew from Labels and Marks on empty planes, without history
	KindRuler  Kind = 6 // the instance is calibrated by Ruler, or no more
)

// Origin says who made an edit.
type Origin uint8

// The origins of an edit. Stored in journals: never renumber.
const (
	ByReader Origin = 0
	ByModel  Origin = 1 // a model's result
	// OnRequest is a model's answer that a reader asked for, saw and took: the reader's edit, by that model.
	OnRequest Origin = 2
)

// Entry is one row of the journal. Replaying the entries of a reader in the order in which they were made gives the review
// back.
type Entry struct {
	Seq           int64     // given by the journal
	ID, Prev      ID        // its own, and of the entry before it on its frame; zero before the first
	N             int64     // place in the line of entries of this frame and reader, from 1 and without gaps
	Time          time.Time // UTC, whole microseconds; later than the entry before
	Reader        string
	Key           Key
	W, H          int // of the frame
	Kind          Kind
	Name          string // stable name of the edit: "brush", "prediction", "confirm", …
	Origin        Origin
	Model         string // SHA-256 of the model, for origins ByModel and OnRequest; of a status, that the mask started from
	Labels, Marks mask.Patch
	Status        Status       // of the frame once the entry is applied
	Ruler         *study.Ruler // of kind KindRuler; nil: taken away
}

// Journal keeps entries for good. Append returns once the entry is durable, and sets Seq. Appending an entry again of
// which the journal cannot know whether it was kept must not keep it twice: the ID tells.
type Journal interface {
	Append(e *Entry) error
}

// Keeper is a Journal with a second place. Keep is told all entries that wait, in order, each time that Append failed, so
// that they outlive the program.
type Keeper interface {
	Journal
	Keep(waiting []*Entry)
}

// Frame is the state of one frame. Read it; change it only through the review. It stays valid, and changes, with the
// review.
type Frame struct {
	Key        Key
	W, H       int
	Labels     *mask.Plane // label per pixel
	Marks      *mask.Plane // contour.State per pixel, near the boundary where a reader did something
	Status     Status
	Prediction *inference.Prediction // nil until predicted
	Model      string                // SHA-256 of the model that the mask started from; "" if drawn from nothing
	Touched    bool                  // a reader edited the mask

	history
	n        int64 // entries in the journal
	tip      ID    // of the last of them
	last     time.Time
	broken   bool            // the journal is damaged: a base must come before the next entry
	labelled image.Rectangle // holds every pixel of Labels that is not 0
	marked   image.Rectangle // and of Marks
	stroke   *Stroke
	sector   Sector                // where it shows ultrasound; empty until SetSector
	pending  *inference.Prediction // came while a stroke was under way
	boundary boundary
	modelled []contour.Contour // of Prediction, without states; nil until worked out

	replaying           bool
	ownLabels, ownMarks bool // during a replay: the plane is no other frame's
}

// Review is a study under correction by one reader.
type Review struct {
	// OnChange is called after each edit, undo, redo and change of status. It may be nil.
	OnChange func(k Key)

	study   *study.Study
	reader  string
	journal Journal
	items   map[string]*study.Item
	frames  map[Key]*Frame
	rulers  map[string]Calibrated  // by instance
	blanks  map[[2]int]*mask.Plane // empty planes by size, shared by all frames that hold nothing
	unsaved []*Entry
	rules   Rules
	labels  LabelSet
	budget  int64 // bytes of history to keep in memory
	held    int64 // bytes of history in memory
	steps   int64 // made so far, to know which are the oldest
}

// defaultBudget is how much history stays in memory: some hundred thousand strokes.
const defaultBudget = 256 << 20

// New returns the review of st by reader, with nothing done yet. j keeps its journal; with nil nothing is kept.
func New(st *study.Study, reader string, j Journal) *Review {
	r := &Review{
		study: st, reader: reader, journal: j, budget: defaultBudget,
		items: map[string]*study.Item{}, frames: map[Key]*Frame{}, rulers: map[string]Calibrated{},
		blanks: map[[2]int]*mask.Plane{},
	}
	for _, it := range st.Items {
		if r.items[it.ID] == nil {
			r.items[it.ID] = it
		}
	}
	return r
}

// Study is what is under review.
func (r *Review) Study() *study.Study { return r.study }

// Reader is whose review it is.
func (r *Review) Reader() string { return r.reader }

// Frame returns the state of frame k, or nil if the study has no such frame.
func (r *Review) Frame(k Key) *Frame {
	if f := r.frames[k]; f != nil {
		return f
	}
	it := r.items[k.Instance]
	if it == nil || k.Frame < 0 || k.Frame >= it.Frames {
		return nil
	}
	blank := r.blank(it.W, it.H)
	f := &Frame{Key: k, W: it.W, H: it.H, Labels: blank, Marks: blank}
	r.frames[k] = f
	return f
}

// mustFrame is Frame with a fault for a frame that does not exist.
func (r *Review) mustFrame(k Key) (*Frame, error) {
	if f := r.Frame(k); f != nil {
		return f, nil
	}
	return nil, fault.New(CodeFrame, r.nameOf(k.Instance), nil, fault.Args{"Frame": k.Frame + 1})
}

// nameOf is how people know an item.
func (r *Review) nameOf(id string) string {
	if it := r.items[id]; it != nil {
		return it.Name
	}
	return id
}

// blank is the empty plane of a size. It is shared: copy before writing.
func (r *Review) blank(w, h int) *mask.Plane {
	size := [2]int{w, h}
	if r.blanks[size] == nil {
		r.blanks[size] = mask.NewPlane(w, h)
	}
	return r.blanks[size]
}

// SetStatus records what the reader decided about a frame. Like every change it stays in memory if the journal fails,
// and the journal's fault is returned. The decision holds for the mask as it is now: once pixels change the frame is open
// again, and decided again if that change is undone.
func (r *Review) SetStatus(k Key, s Status) error {
	f, err := r.mustFrame(k)
	if err != nil {
		return err
	}
	if f.Status == s {
		return nil
	}
	return r.commit(f, &Entry{Kind: KindStatus, Name: "status", Status: s, Model: f.Model})
}
