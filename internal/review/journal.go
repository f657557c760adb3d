package review

import (
	"errors"
	"fmt"
	"image"
	"strings"
	"time"

	"echoline/internal/fault"
	"echoline/internal/mask"
)

// errImpossible is the cause of a fault for an entry that says what cannot be, such as taking back where nothing was done.
var errImpossible = errors.New("review: entry does not fit what came before")

// commit applies a change of this reader to f and appends it to the journal. If the journal fails, the change stays in
// memory, waits for Flush, and the journal's error is returned.
func (r *Review) commit(f *Frame, e *Entry) error {
	if f.broken {
		base := &Entry{Kind: KindBase, Name: "base", Status: f.Status, Model: f.Model, Origin: ByModel}
		base.Labels = mask.Diff(r.blank(f.W, f.H), f.Labels, f.Labels.Rect())
		base.Marks = mask.Diff(r.blank(f.W, f.H), f.Marks, f.Marks.Rect())
		if f.Touched {
			base.Origin = ByReader
		}
		if err := r.carryOut(f, base); err != nil {
			return err
		}
	}
	if err := r.carryOut(f, e); err != nil {
		return err
	}
	r.shed()
	err := r.Flush()
	if r.OnChange != nil {
		r.OnChange(f.Key)
	}
	return err
}

// carryOut completes e, applies it and puts it in line for the journal.
func (r *Review) carryOut(f *Frame, e *Entry) error {
	e.N, e.Time = f.n+1, f.now()
	e.Reader, e.Key, e.W, e.H = r.reader, f.Key, f.W, f.H
	if err := r.apply(f, e); err != nil {
		return err
	}
	e.Status = f.Status
	if err := e.seal(f); err != nil {
		return err
	}
	if r.journal != nil {
		r.unsaved = append(r.unsaved, e)
	}
	return nil
}

// now is the time for the next entry of f: later than the last one's, though the clock may have been set back. The latest
// entry of a frame thus always ends the line that the reader sees.
func (f *Frame) now() time.Time {
	now := time.Now().UTC().Truncate(time.Microsecond)
	if after := f.last.Add(time.Microsecond); now.Before(after) {
		return after
	}
	return now
}

// Unsaved is how many changes wait for the journal: 0 unless it failed.
func (r *Review) Unsaved() int { return len(r.unsaved) }

// Flush appends to the journal what it has not taken yet, in order. It returns the journal's error at the first entry
// that fails; what was appended before it is safe.
func (r *Review) Flush() error {
	for len(r.unsaved) > 0 {
		if err := r.journal.Append(r.unsaved[0]); err != nil {
			if k, ok := r.journal.(Keeper); ok {
				k.Keep(r.unsaved)
			}
			return err
		}
		r.unsaved[0] = nil
		r.unsaved = r.unsaved[1:]
	}
	return nil
}

// Replay rebuilds the review from its journal: all entries of the study's frames by this reader, in the order in which they were made. Call
// it once, on a new review. A frame is rebuilt up to its first entry that is damaged or does not fit; all other frames
// are whole. The fault CodeDamaged then says how many frames are concerned; its cause has a line for each.
func (r *Review) Replay(entries []Entry) error {
	causes := map[Key]error{}
	var order []Key
	for i := range entries {
		e := &entries[i]
		f := r.Frame(e.Key)
		if f == nil {
			if causes[e.Key] == nil {
				order = append(order, e.Key)
				causes[e.Key] = errImpossible
			}
			continue
		}
		f.replaying = true
		if err := r.replayOne(f, e); err != nil {
			f.broken = true
			order = append(order, f.Key)
			causes[f.Key] = err
		}
		f.n, f.tip = max(f.n, e.N), e.ID
		if e.Time.After(f.last) {
			f.last = e.Time
		}
	}
	for _, f := range r.frames {
		f.replaying, f.ownLabels, f.ownMarks = false, false, false
	}
	r.shed()
	return r.reportDamage(order, causes)
}

// replayOne applies one entry to f unless something before it was lost.
func (r *Review) replayOne(f *Frame, e *Entry) error {
	switch {
	case f.broken && e.Kind != KindBase:
		return nil
	case e.Kind != KindBase && e.N != f.n+1:
		return fmt.Errorf("entry %d follows entry %d", e.N, f.n)
	case e.W != f.W || e.H != f.H:
		return fmt.Errorf("entry %d is for %d×%d pixels, the frame has %d×%d", e.N, e.W, e.H, f.W, f.H)
	}
	return r.apply(f, e)
}

// maxNamed is how many damaged frames a fault names before it only counts.
const maxNamed = 8

// reportDamage turns the faults of single frames into one, and cuts their histories off: what lies above the damage is
// lost, so nothing below it may be undone as if it were the last.
func (r *Review) reportDamage(order []Key, causes map[Key]error) error {
	var errs []error
	var names []string
	for _, k := range order {
		f := r.frames[k]
		if f != nil && !f.broken {
			continue // a base came later
		}
		if f != nil {
			r.cutOff(f)
		}
		names = append(names, fmt.Sprintf("%s (%d)", r.nameOf(k.Instance), k.Frame+1))
		errs = append(errs, fmt.Errorf("%s: %w", names[len(names)-1], causes[k]))
	}
	if len(errs) == 0 {
		return nil
	}
	if len(names) > maxNamed {
		names = append(names[:maxNamed], "…")
	}
	args := fault.Args{"Count": len(errs), "Frames": strings.Join(names, ", ")}
	return fault.New(CodeDamaged, "", errors.Join(errs...), args)
}

// cutOff forgets the steps of f and keeps what they made.
func (r *Review) cutOff(f *Frame) {
	for _, s := range f.done {
		f.lay(s)
		r.held -= s.size()
	}
	r.drop(f)
	f.done = nil
}

// drop forgets what could be redone.
func (r *Review) drop(f *Frame) {
	for _, s := range f.undone {
		r.held -= s.size()
	}
	f.undone = nil
}

// apply carries e out on f: the only place where a frame changes, for work as it is done and for the journal's replay.
// On error f is as it was.
func (r *Review) apply(f *Frame, e *Entry) error {
	var err error
	switch e.Kind {
	case KindEdit:
		err = r.applyEdit(f, e)
	case KindUndo:
		err = r.travel(f, &f.done, &f.undone)
	case KindRedo:
		err = r.travel(f, &f.undone, &f.done)
	case KindStatus:
		if e.Status > Rejected {
			return errImpossible
		}
		f.decision = decision{e.Status, f.sum().labels}
	case KindBase:
		err = r.applyBase(f, e)
	case KindRuler:
		err = r.applyRuler(e)
	default:
		err = errImpossible
	}
	if err != nil {
		return err
	}
	f.n = e.N
	f.derive()
	return nil
}

// applyEdit makes e a new step.
func (r *Review) applyEdit(f *Frame, e *Entry) error {
	if e.Labels.Empty() && e.Marks.Empty() {
		return errImpossible
	}
	r.steps++
	s := &step{
		id: f.edits + 1, order: r.steps, at: r.steps, name: e.Name, time: e.Time,
		origin: e.Origin, model: e.Model, labels: e.Labels, marks: e.Marks,
	}
	if err := f.swap(s); err != nil {
		return err
	}
	f.edits++
	if s.origin == ByModel {
		if f.models == nil {
			f.models = map[string]bool{}
		}
		f.models[s.model] = true
	}
	r.drop(f)
	f.done = append(f.done, s)
	r.held += s.size()
	return nil
}

// travel swaps the last step of from and makes it the last of to.
func (r *Review) travel(f *Frame, from, to *[]*step) error {
	n := len(*from)
	if n == 0 {
		return errImpossible
	}
	s := (*from)[n-1]
	if err := f.swap(s); err != nil {
		return err
	}
	r.steps++
	s.at = r.steps
	*from, *to = (*from)[:n-1], append(*to, s)
	return nil
}

// swap applies the patches of s to copies of the frame's planes and puts these in place. During a replay, when nobody
// has seen the planes yet, it copies only once.
func (f *Frame) swap(s *step) error {
	labels, err := patched(f.Labels, s.labels, f.labelled, f.ownLabels)
	if err != nil {
		return err
	}
	marks, err := patched(f.Marks, s.marks, f.marked, f.ownMarks)
	if err != nil {
		if f.ownLabels {
			return errors.Join(err, s.labels.Apply(f.Labels)) // a patch is its own inverse
		}
		return err
	}
	f.ownLabels = f.replaying && (f.ownLabels || labels != f.Labels)
	f.ownMarks = f.replaying && (f.ownMarks || marks != f.Marks)
	f.Labels, f.Marks = labels, marks
	f.labelled, f.marked = f.labelled.Union(s.labels.Rect), f.marked.Union(s.marks.Rect)
	return nil
}

// patched is p, which holds nothing outside within, with a patch applied: a copy unless p is own or the patch empty.
func patched(p *mask.Plane, by mask.Patch, within image.Rectangle, own bool) (*mask.Plane, error) {
	if by.Empty() {
		return p, nil
	}
	if !own {
		p = p.CloneIn(within)
	}
	return p, by.Apply(p)
}

// applyBase starts f anew from the planes of e.
func (r *Review) applyBase(f *Frame, e *Entry) error {
	labels, err := patched(r.blank(f.W, f.H), e.Labels, image.Rectangle{}, false)
	if err != nil {
		return err
	}
	marks, err := patched(r.blank(f.W, f.H), e.Marks, image.Rectangle{}, false)
	if err != nil {
		return err
	}
	if e.Status > Rejected {
		return errImpossible
	}
	r.cutOff(f)
	drawn := e.Origin == ByReader
	f.Labels, f.Marks, f.broken = labels, marks, false
	f.labelled, f.marked = e.Labels.Rect, e.Marks.Rect
	f.ownLabels, f.ownMarks = false, false
	f.edits++
	f.history = history{
		edits:  f.edits,
		floor:  floor{labels: f.edits, model: e.Model, drawn: drawn, read: drawn || !e.Marks.Empty()},
		models: map[string]bool{e.Model: true},
	}
	f.decision = decision{e.Status, f.edits}
	return nil
}

// Waiting are the changes that wait for the journal, in order. Read them only.
func (r *Review) Waiting() []*Entry { return r.unsaved }
