package ui

import (
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// showHistory writes the frame's edits.
func (a *App) showHistory() {
	s := a.sess
	var steps []panel.Step
	for _, h := range s.review.History(s.key()) {
		who := a.set.Reader
		switch h.Origin {
		case review.ByModel:
			who = text.T("app.bymodel")
			if s.docket != nil {
				who = text.T("judge.by.readers")
			}
		case review.OnRequest:
			if s.docket == nil {
				who += " · " + text.T("app.bymodel")
			}
		case review.ByReader:
		}
		steps = append(steps, panel.Step{
			Title: text.T("edit." + h.Name), Note: who + " · " + h.Time.Local().Format("15:04"), Done: h.Done,
		})
	}
	a.inspector.SetHistory(steps)
}

// jump goes back or forward in the frame's history until step is the last one done; -1 undoes all. The window follows once
// at the end.
func (a *App) jump(step int) {
	s := a.editing()
	if s == nil {
		return
	}
	a.dropQuestion()
	done := 0
	for _, h := range s.review.History(s.key()) {
		if h.Done {
			done++
		}
	}
	move := s.review.Undo
	if done < step+1 {
		move = s.review.Redo
	}
	s.active = nil
	var failed error
	a.travelling = true
	for range max(done-(step+1), step+1-done) {
		_, ok, err := move(s.key())
		if failed = err; !ok {
			break
		}
	}
	a.travelling = false
	a.edited(failed)
	a.frameChanged(s, s.key())
}

// undoAnywhere takes back the newest edit of the study, and goes to where that was; redoAnywhere brings it again.
func (a *App) undoAnywhere() {
	if a.askBack() {
		return
	}
	a.travelAnywhere(func(r *review.Review) (review.Key, string, bool, error) { return r.UndoLatest() }, "arcs.undone", "arcs.undone.none")
}

func (a *App) redoAnywhere() {
	a.travelAnywhere(func(r *review.Review) (review.Key, string, bool, error) { return r.RedoLatest() }, "arcs.redone", "arcs.redone.none")
}

func (a *App) travelAnywhere(move func(*review.Review) (review.Key, string, bool, error), key, none string) {
	a.stopPlaying()
	a.finishStroke()
	s := a.sess
	if s == nil {
		return
	}
	s.active = nil
	k, name, ok, err := move(s.review)
	a.edited(err)
	if !ok {
		a.status.SetHint(text.T(none))
		return
	}
	it := s.items[k.Instance]
	where := it.Name
	if it.Frames > 1 {
		where += " · " + text.T("app.frame", text.Args{"N": k.Frame + 1, "Of": it.Frames})
	}
	words := text.T(key, text.Args{"Edit": text.T("edit." + name), "Where": where})
	a.log.Debug("window", "event", "travelled", "edit", name, "how", key, "item", k.Instance, "frame", k.Frame)
	a.status.SetHint(words)
	if !s.shows(k) {
		s.news = words
		a.list.Select(it.ID)
		a.goTo(it, k.Frame)
	}
}
