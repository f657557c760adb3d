package panel

import "fyne.io/fyne/v2"

// ShowPick asks for one of a few; a press on one closes the card and chooses it.
func ShowPick(w fyne.Window, title, what string, rows []string, onChosen func(i int)) *Card {
	var c *Card
	items := []fyne.CanvasObject{newParagraph(fixed(what), roleText, textSize)}
	var first fyne.Focusable
	for i, s := range rows {
		b := newButton("", fixed(s), plain, func() { c.Close(); onChosen(i) })
		if i == 0 {
			first = b
		}
		items = append(items, b)
	}
	c = newCard(w, fixed(title), 440, newColumn(gap, 0, items...))
	c.buttons = []*button{c.closeButton(sayCancel)}
	return c.show(first)
}
