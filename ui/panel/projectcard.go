package panel

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
)

// ProjectForm is what can be said of a project, as it is typed.
type ProjectForm struct {
	Name             string
	Readers, Experts string // names with commas between them
	Share, By        string // per cent of the cases, and how many read each of those
	Blinded, Blind   bool
}

// ProjectCard asks what a project is to be.
type ProjectCard struct {
	Title, What, Take string
	Start             ProjectForm
	OnDone            func(f ProjectForm) error
}

// ShowProject asks for a project's settings and people. It closes when OnDone takes the answer, and else says what is wrong.
func ShowProject(w fyne.Window, q ProjectCard) *Card {
	form := q.Start
	name, readers, experts := newField(form.Name), newField(form.Readers), newField(form.Experts)
	share, by := newField(form.Share), newField(form.By)
	readers.SetPlaceHolder(text.T("project.form.readers.like"))
	note := newParagraph(say("project.form.note"), roleQuiet, quietSize+1)
	take := newButton("", fixed(q.Take), primary, nil)
	c := newCard(w, fixed(q.Title), 560, newColumn(pad, 0,
		newParagraph(fixed(q.What), roleText, textSize),
		caption("project.form.name", name), caption("project.form.readers", readers), caption("project.form.experts", experts),
		container.NewGridWithColumns(2, caption("project.form.share", share), caption("project.form.by", by)),
		newColumn(unit, 0,
			newToggle(say("project.form.blinded"), form.Blinded, func(on bool) { form.Blinded = on }),
			newToggle(say("project.form.blind"), form.Blind, func(on bool) { form.Blind = on })),
		note,
	))
	take.onTap = func() {
		form.Name, form.Readers, form.Experts = name.Text, readers.Text, experts.Text
		form.Share, form.By = share.Text, by.Text
		if err := q.OnDone(form); err != nil {
			note.say, note.role = fixed(text.Fault(err)), roleBad
			c.Refresh()
			c.scrollBy(c.content.MinSize().Height) // to where it says so
			return
		}
		c.Close()
	}
	for _, f := range []*field{name, readers, experts, share, by} {
		f.onEnter = func() { take.Tapped(nil) }
	}
	c.buttons = []*button{c.closeButton(sayCancel), take}
	return c.show(name)
}

// GuidelineCard asks what readers are told to do.
type GuidelineCard struct {
	*Card
	words    *area
	pictures *column
	note     *paragraph
	kept     []bool
}

// GuidelineForm is a guideline, to be changed.
type GuidelineForm struct {
	Text     string
	Pictures []string                              // their names
	OnAdd    func()                                // a picture is to be added: AddPicture
	OnDone   func(words string, kept []bool) error // kept says of each picture, also of those added, whether it stays
}

// ShowGuideline asks for a guideline's text and pictures. It closes when OnDone takes the answer, and else says what is wrong.
func ShowGuideline(w fyne.Window, q GuidelineForm) *GuidelineCard {
	g := &GuidelineCard{words: newArea(q.Text), pictures: newColumn(unit, 0), note: newParagraph(say("project.guide.note"), roleQuiet, quietSize+1)}
	add := newButton("plus", say("project.guide.add"), plain, q.OnAdd)
	take := newButton("", say("project.form.keep"), primary, nil)
	g.Card = newCard(w, say("project.guideline"), 640, newColumn(pad, 0,
		caption("project.guide.text", container.New(tall{60 * unit}, g.words)),
		caption("project.guide.pictures", newColumn(gap, 0, g.pictures, newRow(gap, none, add))), g.note))
	for _, p := range q.Pictures {
		g.AddPicture(p)
	}
	take.onTap = func() {
		if err := q.OnDone(g.words.Text, g.kept); err != nil {
			g.note.say, g.note.role = fixed(text.Fault(err)), roleBad
			g.Refresh()
			return
		}
		g.Close()
	}
	g.buttons = []*button{g.closeButton(sayCancel), take}
	g.show(g.words)
	return g
}

// AddPicture lists one more picture, which stays unless it is switched off.
func (g *GuidelineCard) AddPicture(name string) {
	i := len(g.kept)
	g.kept = append(g.kept, true)
	g.pictures.setItems(append(g.pictures.items, newToggle(fixed(name), true, func(on bool) { g.kept[i] = on }))...)
	g.Refresh()
}

// area is room for several lines of text. Tab goes on to what comes next, as it does from everything on a card.
type area struct{ widget.Entry }

func newArea(value string) *area {
	a := &area{}
	a.MultiLine, a.Wrapping, a.Text = true, fyne.TextWrapWord, value
	a.ExtendBaseWidget(a)
	return a
}

// AcceptsTab implements fyne.Tabbable.
func (a *area) AcceptsTab() bool { return false }

// TypedKey implements fyne.Focusable.
func (a *area) TypedKey(e *fyne.KeyEvent) {
	if c := canvasOf(a); e.Name == fyne.KeyEscape && c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
		return
	}
	a.Entry.TypedKey(e)
}
