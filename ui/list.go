package ui

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"math"
	"slices"
	"time"

	xdraw "golang.org/x/image/draw"

	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// Size of the pictures in the work list, twice the size on the screen so that they are sharp at 200 %.
const (
	thumbW = 128
	thumbH = 96
)

// fillList puts the study's items, and what was refused, into the work list.
func (a *App) fillList() {
	s := a.sess
	s.order = nil
	for _, it := range s.study.Items {
		s.order = append(s.order, it.ID)
		s.rows[it.ID] = &panel.Row{ID: it.ID, Title: it.Name, Frames: it.Frames, Weak: math.NaN()}
		a.fillRow(it)
	}
	a.sortOrder()
	a.list.SetRows(a.listRows())
}

// reason is why a file was refused, without its path: the words stand beside its name.
func reason(f *fault.Error) string {
	words := *f
	words.Where = ""
	return text.Fault(&words)
}

// listRows is the work list from top to bottom; refused files and those of other modalities come last.
func (a *App) listRows() []panel.Row {
	s := a.sess
	rows := make([]panel.Row, 0, len(s.order)+len(s.study.Refused))
	for _, id := range s.order {
		rows = append(rows, *s.rows[id])
	}
	for _, f := range s.study.Unshown() {
		state := panel.Refused
		if f.Code == study.CodeModality {
			state = panel.Aside
		}
		rows = append(rows, panel.Row{ID: f.Where, Title: baseName(f.Where), State: state, Weak: math.NaN(), Reason: reason(f)})
	}
	return rows
}

// limitStands tells whether what counts as weak stays as it is while nobody changes it. Until the model has seen the whole study it is
// a guess, and shares of weak boundary by it would be told and taken back.
func (a *App) limitStands(s *session) bool {
	return s.settled || s.scale.chosen || s.docket != nil || a.modelErr != nil
}

// fillRow brings the row of an item up to date with the review.
func (a *App) fillRow(it *study.Item) {
	s := a.sess
	row := s.rows[it.ID]
	p := s.review.ItemProgress(it.ID, s.scale.weakPx(it))
	s.done[it.ID] = p
	row.Weak, row.Reviewed = math.NaN(), 0
	if p.Total > 0 {
		row.Reviewed = p.Reviewed / p.Total
		if a.limitStands(s) {
			row.Weak = p.Weak / p.Total
		}
	}
	row.State = a.rowState(it)
}

// rowState sums up an item: its decisions, then the reader's work, then the model's.
func (a *App) rowState(it *study.Item) panel.State {
	s := a.sess
	var accepted, rejected, touched, predicted int
	for i := range it.Frames {
		k := review.Key{Instance: it.ID, Frame: i}
		f := s.review.Frame(k)
		switch {
		case f.Status == review.Accepted:
			accepted++
		case f.Status == review.Rejected:
			rejected++
		case f.Touched:
			touched++
		}
		if s.predicted[k] {
			predicted++
		}
	}
	switch {
	case accepted > 0 && accepted+rejected == it.Frames:
		return panel.Accepted
	case rejected == it.Frames:
		return panel.Rejected
	case accepted+rejected+touched > 0 || s.done[it.ID].Reviewed > 0:
		return panel.InReview
	case s.docket != nil:
		return panel.Predicted
	case a.modelErr != nil:
		return panel.Unpredicted
	case predicted == 0:
		return panel.Waiting
	case predicted < it.Frames:
		return panel.Predicting
	default:
		return panel.Predicted
	}
}

// updateRow refreshes one row, not the list.
func (a *App) updateRow(id string) {
	s := a.sess
	if s == nil {
		return
	}
	if it := s.items[id]; it != nil {
		delete(s.stale, id)
		a.fillRow(it)
		a.list.UpdateRow(id, *s.rows[id])
	}
}

// Rows that follow the model or the slider are refreshed a little later, many at a time: a row sums up all frames of its
// item, and a cine of a thousand frames gets a thousand predictions.
const (
	rowDelay = 80 * time.Millisecond
	rowShare = 10 * time.Millisecond // how long the window may be kept at a time
)

// rowLater has a row refreshed soon.
func (a *App) rowLater(s *session, id string) {
	s.stale[id] = true
	if s.fresh == nil {
		s.fresh = time.AfterFunc(rowDelay, func() { a.post(func() { a.freshenRows(s) }) })
	}
}

// freshenRows refreshes the rows that wait for it, as far as the window has time, and then the cine strip.
func (a *App) freshenRows(s *session) {
	if s.gone {
		return
	}
	s.fresh = nil
	begun := time.Now()
	for id := range s.stale {
		if time.Since(begun) > rowShare {
			a.rowLater(s, id)
			return
		}
		a.updateRow(id)
	}
	a.refreshStrip()
}

// sortOrder orders the items: by name, or with what is decided last and before that the least sure outline first, or any: in an
// order that chance decides, another for every reader and the same at each start.
func (a *App) sortOrder() {
	s := a.sess
	place, left := map[string]int{}, map[string]float64{}
	for i, it := range s.study.Items {
		place[it.ID], left[it.ID] = i, s.workLeft(it.ID)
	}
	if a.set.SortAtRandom {
		for id, l := range left {
			if l > -2 { // not decided yet
				left[id] = chance(a.set.Reader, id)
			}
		}
	}
	slices.SortStableFunc(s.order, func(x, y string) int {
		if !a.set.SortByName {
			if d := left[y] - left[x]; d != 0 {
				return int(math.Copysign(1, d))
			}
		}
		return place[x] - place[y]
	})
}

// chance is a number from 0 to 1 that a reader and an item always have together.
func chance(reader, id string) float64 {
	sum := sha256.Sum256([]byte(reader + "\x00" + id))
	return float64(binary.BigEndian.Uint32(sum[:])) / (1 << 32)
}

// workLeft ranks a row: decided rows below all others, then those without an outline; the rest by what is unreviewed of
// the Dice that the model expects to miss, or of weak boundary for a model that expects nothing.
func (s *session) workLeft(id string) float64 {
	r := s.rows[id]
	if r.State == panel.Accepted || r.State == panel.Rejected {
		return -2
	}
	worst, known := 0.0, false
	for i := range max(r.Frames, 1) {
		d, ok := s.doubt[review.Key{Instance: id, Frame: i}]
		worst, known = max(worst, d), known || ok
	}
	switch {
	case known:
		return worst * (1 - r.Reviewed)
	case math.IsNaN(r.Weak):
		return -1
	default:
		return r.Weak
	}
}

// resort sorts the work list anew and keeps the shown item selected. It runs on request and once when all predictions are
// in, never while somebody works: rows must not jump.
func (a *App) resort() {
	s := a.sess
	if s == nil {
		return
	}
	a.sortOrder()
	a.list.SetRows(a.listRows())
	if s.want != nil {
		a.list.Select(s.want.ID)
	}
}

// chooseSort follows the choice above the work list.
func (a *App) chooseSort(mode string) {
	a.set.SortByName, a.set.SortAtRandom = mode == panel.SortByName, mode == panel.SortRandom
	a.saveSettings()
	a.resort()
}

// startThumbnails draws the pictures of the work list in the background, one after the other.
func (a *App) startThumbnails() {
	s := a.sess
	items := slices.Clone(s.study.Items)
	go func() {
		for _, it := range items {
			if s.ctx.Err() != nil {
				return
			}
			f, err := it.Frame(0)
			if err != nil {
				continue // the viewport says so once it is opened
			}
			img := thumbnail(f)
			if !a.postWait(s.ctx, func() {
				s.rows[it.ID].Thumb = img
				a.list.UpdateRow(it.ID, *s.rows[it.ID])
			}) {
				return
			}
		}
	}()
}

// postWait runs f on the window's goroutine and waits for it, which paces loops that would otherwise flood the window. It
// returns false, and f may not run, once ctx has ended: after the window has closed nothing runs there any more.
func (a *App) postWait(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	a.post(func() {
		defer close(done)
		if ctx.Err() == nil {
			f()
		}
	})
	select {
	case <-done:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// thumbnail is a frame as a small picture on black; a grey one takes a byte per pixel, for there may be ten thousand.
func thumbnail(f *study.Frame) image.Image {
	full := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	f.Render(full, f.Window, false)
	k := math.Min(thumbW/float64(f.W), thumbH/float64(f.H))
	w, h := max(1, int(float64(f.W)*k)), max(1, int(float64(f.H)*k))
	var small xdraw.Image = image.NewGray(image.Rect(0, 0, thumbW, thumbH))
	if f.Grey == nil {
		small = image.NewRGBA(small.Bounds())
		xdraw.Draw(small, small.Bounds(), image.Black, image.Point{}, xdraw.Src)
	}
	x, y := (thumbW-w)/2, (thumbH-h)/2
	xdraw.ApproxBiLinear.Scale(small, image.Rect(x, y, x+w, y+h), full, full.Rect, xdraw.Src, nil)
	return small
}

// refreshStrip draws the cine strip anew.
func (a *App) refreshStrip() {
	s := a.sess
	if s == nil || s.item == nil || s.item.Frames < 2 {
		return
	}
	marks := make([]panel.FrameState, s.item.Frames)
	for i := range marks {
		marks[i] = a.stripFrame(s, review.Key{Instance: s.item.ID, Frame: i})
	}
	a.strip.SetFrames(marks, s.index)
	a.strip.SetLoop(s.loopOf(s.item))
}

// markStrip refreshes one frame of the cine strip, if it is on show.
func (a *App) markStrip(k review.Key) {
	if s := a.sess; s != nil && s.item != nil && s.item.ID == k.Instance && s.item.Frames > 1 {
		a.strip.SetFrameState(k.Frame, a.stripFrame(s, k))
	}
}

// stripFrame is what the cine strip shows of a frame.
func (a *App) stripFrame(s *session, k review.Key) panel.FrameState {
	p := s.review.Progress(k, s.scale.weakPx(s.items[k.Instance]))
	mark := panel.FrameState{State: frameState(s.review.Frame(k), p.Reviewed > 0, s.predicted[k]), Weak: math.NaN()}
	if p.Total > 0 && a.limitStands(s) {
		mark.Weak = p.Weak / p.Total
	}
	return mark
}

// frameState sums up one frame; begun tells that boundary of it is reviewed, which needs no change of the mask.
func frameState(f *review.Frame, begun, predicted bool) panel.State {
	switch {
	case f.Status == review.Accepted:
		return panel.Accepted
	case f.Status == review.Rejected:
		return panel.Rejected
	case f.Touched || begun:
		return panel.InReview
	case predicted:
		return panel.Predicted
	default:
		return panel.Waiting
	}
}
