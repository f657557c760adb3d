package panel

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/theme"
)

// say returns the sentence of key whenever it is asked for, in the language chosen then.
func say(key string, args ...text.Args) func() string {
	return func() string { return text.T(key, args...) }
}

// caption is a quiet name above a control.
func caption(key string, control fyne.CanvasObject) *column {
	return newColumn(unit, 0, newLabel(say(key), roleQuiet, quietSize+1), control)
}

// notice sets a paragraph on a ground of its own, with a line at its left in the colour of what it says.
func notice(s func() string, r role) fyne.CanvasObject {
	return container.New(&noticeLayout{}, canvas.NewRectangle(mix(theme.Current().Panel, r.colour(), 0.14)),
		canvas.NewRectangle(r.colour()), newParagraph(s, roleText, textSize))
}

type noticeLayout struct{ width float32 }

// Layout implements fyne.Layout.
func (l *noticeLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	place(o[0], 0, 0, s.Width, s.Height)
	place(o[1], 0, 0, 3, s.Height)
	place(o[2], pad+unit, gap+1, s.Width-2*pad-unit, s.Height-2*gap)
}

// MinSize implements fyne.Layout.
func (l *noticeLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, heightOf(o[2], l.width-2*pad-unit)+2*gap)
}

// FirstStart is the card of the first start.
type FirstStart struct {
	Reader string // what the name starts as
	OnDone func(reader string)
}

// ShowFirstStart says in three sentences what the program is for, has the research-use note acknowledged and asks who
// reads. Only its button closes it, and only with a name.
func ShowFirstStart(w fyne.Window, f FirstStart) *Card {
	name := newField(f.Reader)
	start := newButton("", say("panel.first.start"), primary, nil)
	c := newCard(w, say("panel.first.title"), 480, newColumn(pad, 0,
		newParagraph(say("panel.first.what"), roleText, textSize),
		newParagraph(say("panel.first.next", text.Args{"Key": keys.NextWeak.Keys()}), roleText, textSize),
		newParagraph(say("panel.first.confirm", text.Args{"Key": keys.Confirm.Keys()}), roleText, textSize),
		notice(say("research.only"), roleWarn),
		caption("panel.first.reader", name),
	), start)
	c.stays = true
	start.onTap = func() {
		c.Close()
		call(f.OnDone, strings.TrimSpace(name.Text))
	}
	check := func(s string) { start.setDisabled(strings.TrimSpace(s) == "") }
	name.OnChanged = check
	check(f.Reader)
	name.onEnter = func() { start.Tapped(nil) }
	return c.show(name)
}

// Part is something that the program is made of.
type Part struct{ Name, Version, Licence string }

// ShowAbout shows the program's version, the research-use note and what it is made of.
func ShowAbout(w fyne.Window, version string, parts []Part) *Card {
	table := newFacts()
	list := make([]fact, len(parts))
	for i, p := range parts {
		list[i] = fact{name: strings.TrimSpace(p.Name + " " + p.Version), value: p.Licence}
	}
	table.list = list
	c := newCard(w, fixed("Echoline "+version), 480, newColumn(pad, 0,
		newParagraph(say("panel.about.what"), roleText, textSize),
		notice(say("research.only"), roleWarn),
		newParagraph(say("panel.about.local"), roleText, textSize),
		newBold(say("panel.about.parts"), textSize), table,
	))
	c.buttons = []*button{c.closeButton(sayClose)}
	return c.show(nil)
}

// ShowError says what went wrong and what to do about it.
func ShowError(w fyne.Window, what, do string) *Card {
	items := []fyne.CanvasObject{newParagraph(fixed(what), roleText, textSize)}
	if do != "" {
		items = append(items, notice(fixed(do), roleAccent))
	}
	c := newCard(w, say("panel.error.title"), 440, newColumn(pad, 0, items...))
	c.buttons = []*button{newButton("", sayClose, primary, c.Close)}
	return c.show(nil)
}

// Action is something to do about a problem.
type Action struct {
	Label   string
	Primary bool // what most people want; Enter does it
	Act     func()
}

// ShowChoice says what is wrong and what to do about it, and stays until one of the actions is chosen.
func ShowChoice(w fyne.Window, what, do string, actions []Action) *Card {
	items := []fyne.CanvasObject{newParagraph(fixed(what), roleText, textSize)}
	if do != "" {
		items = append(items, notice(fixed(do), roleAccent))
	}
	c := newCard(w, say("panel.error.title"), 480, newColumn(pad, 0, items...))
	c.stays = true
	for _, a := range actions {
		b := newButton("", fixed(a.Label), plain, func() { c.Close(); a.Act() })
		if a.Primary {
			b.kind = primary
			c.buttons = append(c.buttons, b)
			continue
		}
		c.buttons = append([]*button{b}, c.buttons...)
	}
	room := 2*cardPad - gap
	for _, b := range c.buttons {
		room += max(b.MinSize().Width, 20*unit) + gap
	}
	c.width = max(c.width, room)
	return c.show(nil)
}

// Ask is ShowQuestion or ShowLoss.
type Ask func(w fyne.Window, title, question, yes string, onYes func()) *Card

// ShowQuestion asks before something is done that cannot be taken back. yes names what will be done.
func ShowQuestion(w fyne.Window, title, question, yes string, onYes func()) *Card {
	c := newCard(w, fixed(title), 440, newParagraph(fixed(question), roleText, textSize))
	c.buttons = []*button{c.closeButton(sayCancel), newButton("", fixed(yes), primary, func() { c.Close(); onYes() })}
	return c.show(nil)
}

// ShowLoss is ShowQuestion where yes loses work: Enter leaves all as it is.
func ShowLoss(w fyne.Window, title, question, yes string, onYes func()) *Card {
	c := newCard(w, fixed(title), 440, newParagraph(fixed(question), roleText, textSize))
	c.buttons = []*button{newButton("", fixed(yes), plain, func() { c.Close(); onYes() }), newButton("", sayCancel, primary, c.Close)}
	return c.show(nil)
}

// Summary is what a reader has done when the last image is through.
type Summary struct {
	Accepted, Corrected, Rejected int
	Time                          time.Duration
	OnExport, OnOpen              func()
}

// ShowSummary shows the summary, with the two things that usually come next.
func ShowSummary(w fyne.Window, s Summary) *Card {
	table := newFacts()
	table.list = []fact{
		{key: "panel.summary.accepted", value: fmt.Sprint(s.Accepted), role: roleGood},
		{key: "panel.summary.corrected", value: fmt.Sprint(s.Corrected)},
		{key: "panel.summary.rejected", value: fmt.Sprint(s.Rejected)},
		{key: "panel.summary.time", value: Duration(s.Time)},
	}
	c := newCard(w, say("panel.summary.title"), 400, newColumn(pad, 0,
		newParagraph(say("panel.summary.what"), roleText, textSize), table))
	then := func(f func()) func() {
		return func() {
			c.Close()
			if f != nil {
				f()
			}
		}
	}
	c.buttons = []*button{
		newButton("", say("panel.summary.open"), plain, then(s.OnOpen)),
		newButton("", say("panel.summary.export"), primary, then(s.OnExport)),
	}
	return c.show(nil)
}

// Duration writes a working time: seconds under two minutes, minutes under two hours.
func Duration(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return text.T("panel.time.seconds", text.Args{"N": int(d.Seconds())})
	case d < 2*time.Hour:
		return text.T("panel.time.minutes", text.Args{"N": int(d.Minutes())})
	}
	return text.T("panel.time.hours", text.Args{"H": int(d.Hours()), "M": int(d.Minutes()) % 60})
}

// ShowKeys shows every key and what it does.
func ShowKeys(w fyne.Window) *Card {
	var blocks []fyne.CanvasObject
	for _, g := range keys.Groups {
		blocks = append(blocks, keyBlock(g))
	}
	body := newNewspaper(330, 6*unit, blocks...)
	c := newCard(w, say("panel.keys.title"), 1080, body)
	c.buttons = []*button{c.closeButton(sayClose)}
	return c.show(nil)
}

func keyBlock(g keys.Group) fyne.CanvasObject {
	items := []fyne.CanvasObject{newBold(g.Title, textSize)}
	for _, b := range keys.Table {
		if b.Group == g && len(b.Combos) > 0 {
			items = append(items, newKeyLine(b.AllKeys, b.ID.Does))
		}
	}
	for _, m := range keys.Gestures {
		if m.Group == g {
			items = append(items, newKeyLine(m.Keys, m.Does))
		}
	}
	return newColumn(2, 0, items...)
}

func newKeyLine(combo, does func() string) fyne.CanvasObject {
	k := newLabel(combo, roleAccent, textSize)
	return newKeyed(k, newParagraph(does, roleText, textSize))
}
