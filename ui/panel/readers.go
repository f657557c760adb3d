package panel

import (
	"strings"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// Readers is the card that asks who reads.
type Readers struct {
	Current string
	Known   []string // who has worked in the workspace
	OnDone  func(name string)
}

// maxReaders is how many known readers the card offers; others type their name.
const maxReaders = 8

// ShowReaders asks who reads: one of those who have worked here, or somebody new.
func ShowReaders(w fyne.Window, r Readers) *Card {
	name := newField(r.Current)
	take := newButton("", say("panel.readers.take"), primary, nil)
	parts := []fyne.CanvasObject{
		newParagraph(say("panel.readers.what"), roleText, textSize),
		caption("panel.first.reader", name),
	}
	var c *Card
	done := func(s string) {
		c.Close()
		call(r.OnDone, strings.TrimSpace(s))
	}
	var known []fyne.CanvasObject
	for _, k := range r.Known {
		if k != "" && k != r.Current && len(known) < maxReaders {
			known = append(known, newButton("", fixed(k), plain, func() { done(k) }))
		}
	}
	if len(known) > 0 {
		parts = append(parts, caption("panel.readers.known", newColumn(gap, 0, known...)))
	}
	c = newCard(w, say("panel.readers.title"), 440, newColumn(pad, 0, parts...))
	take.onTap = func() { done(name.Text) }
	check := func(s string) { take.setDisabled(strings.TrimSpace(s) == "") }
	name.OnChanged = check
	check(r.Current)
	name.onEnter = func() { take.Tapped(nil) }
	c.buttons = []*button{c.closeButton(sayCancel), take}
	return c.show(name)
}

// Versions is the card of the masks that were accepted on a frame.
type Versions struct {
	Rows     []string // the newest first
	OnChosen func(i int)
}

// ShowVersions lists accepted versions; a press on one closes the card and chooses it.
func ShowVersions(w fyne.Window, v Versions) *Card {
	if len(v.Rows) == 0 {
		c := newCard(w, say("panel.versions.title"), 440, newParagraph(say("panel.versions.none"), roleText, textSize))
		c.buttons = []*button{newButton("", sayClose, primary, c.Close)}
		return c.show(nil)
	}
	var c *Card
	rows := []fyne.CanvasObject{newParagraph(say("panel.versions.what"), roleText, textSize)}
	var first fyne.Focusable
	for i, s := range v.Rows {
		b := newButton("", fixed(s), plain, func() { c.Close(); v.OnChosen(i) })
		if i == 0 {
			first = b
		}
		rows = append(rows, b)
	}
	c = newCard(w, say("panel.versions.title"), 480, newColumn(gap, 0, rows...))
	c.buttons = []*button{c.closeButton(func() string { return text.T("panel.cancel") })}
	return c.show(first)
}
