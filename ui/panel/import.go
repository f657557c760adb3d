package panel

import (
	"fmt"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// ImportNote is what was left out of a file or taken otherwise, or why it could not be read; without a name it is about all.
type ImportNote struct{ Name, What string }

// ImportDone is what came of an import.
type ImportDone struct {
	Taken    int // frames whose mask is new
	Stopped  bool
	Notes    []ImportNote
	OnLesion func() // the labels that are not known are to be taken as lesions; nil where there are none
}

// ShowImport tells what was imported, and what was not.
func ShowImport(w fyne.Window, d ImportDone) *Card {
	var items []fyne.CanvasObject
	if d.Stopped {
		items = append(items, notice(say("panel.import.stopped"), roleWarn))
	}
	if d.Taken > 0 {
		items = append(items, notice(func() string { return text.N("panel.import.taken", d.Taken) }, roleGood))
	} else if !d.Stopped {
		items = append(items, notice(say("panel.import.none"), roleWarn))
	}
	const most = 8
	for i, n := range d.Notes {
		if i == most {
			items = append(items, newParagraph(func() string { return text.N("panel.import.more", len(d.Notes)-most) }, roleQuiet, quietSize+1))
			break
		}
		words := n.What
		if n.Name != "" {
			words = fmt.Sprintf("%s: %s", n.Name, n.What)
		}
		items = append(items, newParagraph(fixed(words), roleQuiet, quietSize+1))
	}
	var c *Card
	closing := newButton("", sayClose, primary, func() { c.Close() })
	buttons := []*button{closing}
	if d.OnLesion != nil {
		buttons = []*button{newButton("", say("panel.import.lesion"), plain, func() {
			c.Close()
			d.OnLesion()
		}), closing}
	}
	c = newCard(w, say("panel.import.title"), 520, newColumn(pad, 0, items...), buttons...)
	return c.show(closing)
}
