package panel

import (
	"fyne.io/fyne/v2"

	"echoline/internal/text"
	"echoline/ui/keys"
)

// Weak is the boundary that is left to review when an image is to be accepted.
type Weak struct {
	Arcs     []string // one line for each, the weakest first
	OnGo     func(i int)
	OnAccept func()
}

// weakRows is how many arcs are listed before they are only counted.
const weakRows = 6

// ShowWeak says which arcs nobody reviewed. N and the primary button go to the weakest, a line goes to its arc.
func ShowWeak(w fyne.Window, x Weak) *Card {
	var c *Card
	to := func(i int) func() {
		return func() {
			c.Close()
			call(x.OnGo, i)
		}
	}
	items := []fyne.CanvasObject{newParagraph(func() string { return text.N("arcs.weak.what", len(x.Arcs)) }, roleText, textSize)}
	var rows []fyne.CanvasObject
	for i, line := range x.Arcs[:min(len(x.Arcs), weakRows)] {
		b := newButton("spline", fixed(line), flat, to(i))
		b.left = true
		rows = append(rows, b)
	}
	items = append(items, newColumn(2, 0, rows...))
	if more := len(x.Arcs) - weakRows; more > 0 {
		items = append(items, newParagraph(func() string { return text.N("arcs.weak.more", more) }, roleQuiet, textSize))
	}
	items = append(items, newParagraph(say("arcs.weak.once"), roleQuiet, textSize))
	c = newCard(w, say("arcs.weak.title"), 480, newColumn(pad, 0, items...))
	c.onKey = func(e *fyne.KeyEvent) bool {
		if keys.Physical(e) != fyne.KeyN {
			return false
		}
		to(0)()
		return true
	}
	accept := newButton("", say("arcs.weak.accept"), plain, func() {
		c.Close()
		if x.OnAccept != nil {
			x.OnAccept()
		}
	})
	c.buttons = []*button{accept, newButton("", say("arcs.weak.go", text.Args{"Key": keys.NextWeak.Keys()}), primary, to(0))}
	return c.show(nil)
}

// Quantity writes a length with its unit as the panels do.
func Quantity(v float64, unit string) string { return quantity(v, unit) }
