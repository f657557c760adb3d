package review

import (
	"strings"
	"time"

	"echoline/internal/mask"
)

// Step is one edit of a frame's history.
type Step struct {
	Name   string // as Entry.Name
	Time   time.Time
	Origin Origin
	Done   bool // false: undone, can be redone
}

// step is an edit that can be undone.
type step struct {
	id            int   // number of the edit among all of the frame, from 1
	order         int64 // of all edits of the study
	at            int64 // when it was last done, undone or redone, on the same count
	name          string
	time          time.Time
	origin        Origin
	model         string
	labels, marks mask.Patch
}

// stepOverhead is about what a step costs beside its patches, in bytes.
const stepOverhead = 128

func (s *step) size() int64 { return int64(s.labels.Size() + s.marks.Size() + stepOverhead) }

// history is what was done to a frame and by whom.
type history struct {
	done, undone []*step // the last one is the next to be undone, or redone
	edits        int     // made so far
	floor        floor
	decision     decision
	models       map[string]bool // whose results were once set, by SHA-256
}

// floor sums up the edits below the oldest that can still be undone.
type floor struct {
	labels int    // id of the last edit that changed labels; 0: none
	model  string // of the last result of a model
	drawn  bool   // a reader changed labels
	read   bool   // a reader did anything
}

// decision is what the reader said about the mask that edit number at left behind.
type decision struct {
	status Status
	at     int
}

// lay makes a step part of the floor.
func (h *history) lay(s *step) {
	if !s.labels.Empty() {
		h.floor.labels = s.id
	}
	if s.origin != ByReader {
		h.floor.model = s.model
	}
	if s.origin != ByModel {
		h.floor.read = true
		h.floor.drawn = h.floor.drawn || !s.labels.Empty()
	}
}

// sum adds up floor and steps done: what the frame is now.
func (h *history) sum() floor {
	now := history{floor: h.floor}
	for _, s := range h.done {
		now.lay(s)
	}
	return now.floor
}

// isOpenToModels tells whether a model's result may set the mask: nobody did, undid or decided anything.
func (f *Frame) isOpenToModels() bool {
	return !f.sum().read && len(f.undone) == 0 && f.Status == Open
}

// ImportPrefix begins the Model of masks that were read from a file; the file's SHA-256 follows. To a review they are
// predictions, but no model takes their place.
const ImportPrefix = "import:"

// Imported tells whether the frame's mask was read from a file.
func (f *Frame) Imported() bool { return strings.HasPrefix(f.Model, ImportPrefix) }

// givesWay tells whether the mask may become that of a model, or of a file.
func (f *Frame) givesWay(model string) bool {
	return f.isOpenToModels() && !f.models[model] && (!f.Imported() || strings.HasPrefix(model, ImportPrefix))
}

// derive brings the fields that follow from the history up to date.
func (f *Frame) derive() {
	now := f.sum()
	f.Model, f.Touched, f.Status = now.model, now.drawn, Open
	if f.decision.at == now.labels {
		f.Status = f.decision.status
	}
	f.boundary = boundary{}
}

// CanUndo tells whether the frame has an edit to take back.
func (r *Review) CanUndo(k Key) bool { return r.frames[k] != nil && len(r.frames[k].done) > 0 }

// CanRedo tells whether the frame has an edit to bring again.
func (r *Review) CanRedo(k Key) bool { return r.frames[k] != nil && len(r.frames[k].undone) > 0 }

// Undo takes the frame's last edit back and returns its name. ok is false where there is nothing to undo or a stroke is
// under way. err is the journal's; the edit is taken back all the same.
func (r *Review) Undo(k Key) (name string, ok bool, err error) {
	f := r.frames[k]
	if f == nil || f.stroke != nil || len(f.done) == 0 {
		return "", false, nil
	}
	name = f.done[len(f.done)-1].name
	return name, true, r.commit(f, &Entry{Kind: KindUndo, Name: name})
}

// Redo brings again what the last Undo took back, and returns like it.
func (r *Review) Redo(k Key) (name string, ok bool, err error) {
	f := r.frames[k]
	if f == nil || f.stroke != nil || len(f.undone) == 0 {
		return "", false, nil
	}
	name = f.undone[len(f.undone)-1].name
	return name, true, r.commit(f, &Entry{Kind: KindRedo, Name: name})
}

// UndoLatest takes back the edit of the whole study that was done or redone last, on whichever frame, and returns where
// and what that was. Predictions that nobody asked for are passed over: they come in the background, on frames that the
// reader may not have seen yet. ok and err are as of Undo.
func (r *Review) UndoLatest() (k Key, name string, ok bool, err error) {
	f := r.latest(func(f *Frame) *step {
		s := top(f.done)
		if s != nil && s.origin == ByModel && s.at == s.order {
			return nil
		}
		return s
	})
	if f == nil {
		return Key{}, "", false, nil
	}
	name, ok, err = r.Undo(f.Key)
	return f.Key, name, ok, err
}

// RedoLatest brings again what was undone last in the whole study, and returns like UndoLatest.
func (r *Review) RedoLatest() (k Key, name string, ok bool, err error) {
	f := r.latest(func(f *Frame) *step { return top(f.undone) })
	if f == nil {
		return Key{}, "", false, nil
	}
	name, ok, err = r.Redo(f.Key)
	return f.Key, name, ok, err
}

// latest is the frame, of those without a stroke under way, whose step is the newest; nil if none has one.
func (r *Review) latest(of func(*Frame) *step) *Frame {
	var best *Frame
	var at int64
	for _, f := range r.frames {
		if s := of(f); s != nil && f.stroke == nil && (best == nil || s.at > at) {
			best, at = f, s.at
		}
	}
	return best
}

// top is the last of steps, or nil.
func top(steps []*step) *step {
	if len(steps) == 0 {
		return nil
	}
	return steps[len(steps)-1]
}

// History lists the frame's edits, oldest first, those that were undone last in the order in which Redo brings them.
func (r *Review) History(k Key) []Step {
	f := r.frames[k]
	if f == nil {
		return nil
	}
	out := make([]Step, 0, len(f.done)+len(f.undone))
	for _, s := range f.done {
		out = append(out, Step{Name: s.name, Time: s.time, Origin: s.origin, Done: true})
	}
	for i := len(f.undone) - 1; i >= 0; i-- {
		s := f.undone[i]
		out = append(out, Step{Name: s.name, Time: s.time, Origin: s.origin})
	}
	return out
}

// SetBudget limits the history in memory, in bytes over all frames. The oldest steps beyond it can no longer be undone
// until the review is opened again; the journal keeps them all.
func (r *Review) SetBudget(bytes int64) {
	r.budget = bytes
	r.shed()
}

// shed forgets the oldest steps until the history fits its budget.
func (r *Review) shed() {
	for r.held > r.budget {
		var oldest *Frame
		var age int64
		for _, f := range r.frames {
			if s := f.shedding(); s != nil && (oldest == nil || s.order < age) {
				oldest, age = f, s.order
			}
		}
		if oldest == nil {
			return
		}
		r.held -= oldest.shedding().size()
		oldest.shedOne()
	}
}

// shedding is the frame's step to forget first: the oldest one done, else the last one that could be redone.
func (f *Frame) shedding() *step {
	switch {
	case len(f.done) > 0:
		return f.done[0]
	case len(f.undone) > 0:
		return f.undone[0]
	default:
		return nil
	}
}

func (f *Frame) shedOne() {
	if len(f.done) > 0 {
		f.lay(f.done[0])
		f.done[0] = nil
		f.done = f.done[1:]
		return
	}
	f.undone[0] = nil
	f.undone = f.undone[1:]
}
