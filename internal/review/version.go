package review

import (
	"time"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// Version is a mask as it once was on a frame, usually when the reader accepted it.
type Version struct {
	Entry         ID // after which the mask was this
	Time          time.Time
	Model         string // SHA-256 of the model that the mask started from; "" if drawn from nothing
	Labels, Marks *mask.Plane
	Accepted      bool // false: the end of a line that another workspace went on with
}

// nameRestore is the edit of Restore.
const nameRestore = "restore"

// Versions returns the masks that a reader accepted on one frame, oldest first. entries are a line of that frame in their
// order; tip adds what its last entry left, if that was not accepted. The line is followed up to its first damage.
func Versions(st *study.Study, entries []Entry, tip bool) []Version {
	if len(entries) == 0 {
		return nil
	}
	r := New(st, "", nil)
	f := r.Frame(entries[0].Key)
	if f == nil {
		return nil
	}
	f.replaying = true
	var out []Version
	note := func(e *Entry, accepted bool) {
		f.ownLabels, f.ownMarks = false, false // the planes are the version's now
		out = append(out, Version{Entry: e.ID, Time: e.Time, Model: f.Model, Labels: f.Labels, Marks: f.Marks, Accepted: accepted})
	}
	var last *Entry
	for i := range entries {
		e := &entries[i]
		if e.Key != f.Key || r.replayOne(f, e) != nil {
			break
		}
		f.n, last = max(f.n, e.N), e
		if e.Kind == KindStatus && e.Status == Accepted {
			note(e, true)
		}
	}
	if tip && last != nil && (len(out) == 0 || out[len(out)-1].Entry != last.ID) {
		note(last, false)
	}
	return out
}

// Restore makes the mask of frame k, with the states along its boundary, what it was in a version: one edit, that can be
// undone. The frame is open again. The fault CodeMisfit says that the version is another frame's.
func (r *Review) Restore(k Key, v Version) error {
	f, err := r.mustFrame(k)
	switch {
	case err != nil:
		return err
	case f.stroke != nil:
		return fault.New(CodeBusy, r.nameOf(k.Instance), nil, nil)
	case v.Labels.W != f.W || v.Labels.H != f.H:
		return misfit(r.nameOf(k.Instance), v.Labels.W, v.Labels.H, f)
	}
	e := &Entry{Kind: KindEdit, Name: nameRestore, Origin: ByReader}
	e.Labels = mask.Diff(f.Labels, v.Labels, f.Labels.Rect())
	e.Marks = mask.Diff(f.Marks, v.Marks, f.Marks.Rect())
	if e.Labels.Empty() && e.Marks.Empty() {
		return nil
	}
	return r.commit(f, e)
}
