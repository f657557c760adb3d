package ui

import (
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// showRefused says in the viewport why a file of the list cannot be shown.
func (a *App) showRefused(id string) {
	s := a.sess
	for _, f := range s.study.Unshown() {
		if f.Where == id {
			a.stopPlaying()
			a.finishStroke()
			a.dropQuestion()
			a.leaveItem()
			s.want, s.item, s.frame, s.shown, s.refuse = nil, nil, nil, false, id
			a.list.Select(id)
			a.hideStrip()
			a.clearView(viewer.MessageRefused, baseName(f.Where)+"\n"+reason(f))
			a.status.SetHint(a.imageHint())
			return
		}
	}
}

// clearView empties the viewport and says why.
func (a *App) clearView(kind viewer.MessageKind, words string) {
	a.view.SetImage(nil)
	a.view.SetContours(nil, nil)
	a.view.SetMask(nil, 0)
	a.view.SetHeatmap(0, 0, nil)
	a.view.SetBusy(false)
	a.view.SetMessage(kind, words)
	a.refreshPanels()
}

// unshown tells why there is no image where the reader asked for one: the file was refused, or the frame cannot be read. It is nil
// where there is one, or will be.
func (a *App) unshown() *panel.Unshown {
	s := a.sess
	switch {
	case s == nil || s.frame != nil || s.item == nil && s.refuse == "":
		return nil
	case s.item != nil:
		err := s.unreadable[s.key()]
		if err == nil {
			return nil
		}
		return &panel.Unshown{Frame: s.item.Frames > 1, Name: s.frameName(), Why: text.Fault(err)}
	}
	for _, f := range s.study.Unshown() {
		if f.Where == s.refuse {
			u := &panel.Unshown{Name: baseName(f.Where), Why: reason(f)}
			a.leadOn(u)
			return u
		}
	}
	return nil
}

// leadOn offers the images of the study, which stand before what was refused, or another study where there are none.
func (a *App) leadOn(u *panel.Unshown) {
	id := keys.PreviousImage
	u.Icon, u.Action = "image", text.T("panel.unshown.back")
	if len(a.sess.order) == 0 {
		id = keys.Open
		u.Icon, u.Action = "folder-open", text.T("panel.worklist.open")
	}
	u.Hint, u.Do = id.Hint(), func() { a.do(id) }
}

// frameName is the name of the item on show, with the number of its frame where it has several.
func (s *session) frameName() string {
	if s.item.Frames == 1 {
		return s.item.Name
	}
	return s.item.Name + " · " + text.T("app.frame", text.Args{"N": s.index + 1, "Of": s.item.Frames})
}
