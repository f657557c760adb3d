package panel

import "echoline/internal/text"

// Unshown says why there is no image where one was asked for.
type Unshown struct {
	Frame  bool   // a frame of an image, and not a whole file
	Name   string // of the file or the frame
	Why    string // with what can be done about it
	Action string // what leads on from here; "" for nothing
	Icon   string // for it
	Hint   string // likewise
	Do     func()
}

// unshownPart is what the inspector shows in the place of all its sections.
type unshownPart struct {
	*column
	said      Unshown
	name, why *paragraph
	action    *button
}

func (p *Inspector) newUnshown() *unshownPart {
	u := &unshownPart{name: newParagraph(fixed(""), roleText, textSize), why: newParagraph(fixed(""), roleText, textSize)}
	title := newBold(func() string {
		if u.said.Frame {
			return text.T("panel.unshown.frame")
		}
		return text.T("panel.unshown.file")
	}, textSize)
	nothing := newParagraph(say("panel.unshown.nothing"), roleQuiet, textSize)
	u.action = newButton("", func() string { return u.said.Action }, flat, func() {
		if u.said.Do != nil {
			u.said.Do()
		}
	})
	u.action.left = true
	u.action.hint = func() string { return u.said.Hint }
	u.action.onHint = func(s string) { call(p.OnHint, s) }
	u.column = newColumn(gap, 0, title, u.name, u.why, nothing, u.action)
	u.Hide()
	return u
}

// SetUnshown says why there is no image, and offers nothing that would need one; nil shows what is known of the image again.
func (p *Inspector) SetUnshown(u *Unshown) {
	if u != nil {
		p.unshown.said = *u
		p.unshown.name.set(u.Name)
		p.unshown.why.set(u.Why)
		p.unshown.action.icon = u.Icon
		setVisible(p.unshown.action, u.Action != "")
		p.unshown.Refresh()
	}
	changed := setVisible(p.unshown.column, u != nil)
	for _, s := range p.sections {
		changed = setVisible(s, u == nil) || changed
	}
	if changed {
		p.scroll.ScrollToTop()
	}
	p.scroll.Refresh()
}

// Unshown is what SetUnshown was given last.
func (p *Inspector) Unshown() *Unshown {
	if !p.unshown.Visible() {
		return nil
	}
	return &p.unshown.said
}
