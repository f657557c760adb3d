package panel

import (
	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// DeidChoice is how a person wants the study written without persons.
type DeidChoice struct {
	Folder    string
	Dates     string // key of what becomes of dates
	Words     string // key of what becomes of descriptions
	Overwrite bool
}

// DeidOptions fill the card.
type DeidOptions struct {
	Files        int // of the study
	Dates, Words []Choice
	Start        DeidChoice
	Recent       []string
	OnStart      func(DeidChoice)
	OnCancel     func()
}

// DeidCard asks how to write the study without persons, shows how that goes, and what came of it.
type DeidCard struct {
	*Card
	o        DeidOptions
	choice   DeidChoice
	folder   *label
	progress *progressLine
	result   *column
}

// ShowDeidentify opens the card. OnStart is called when a person starts; answer with Progress, then with Conflict or Done.
func ShowDeidentify(w fyne.Window, o DeidOptions) *DeidCard {
	d := &DeidCard{o: o, choice: o.Start}
	dates := newSegments(o.Dates, o.Start.Dates, func(k string) { d.choice.Dates = k })
	words := newSegments(o.Words, o.Start.Words, func(k string) { d.choice.Words = k })
	d.choice.Dates, d.choice.Words = dates.key(), words.key()
	d.folder = newLabel(func() string {
		if d.choice.Folder == "" {
			return text.T("panel.export.no_folder")
		}
		return d.choice.Folder
	}, roleText, textSize)
	d.folder.tail = true
	browse := newButton("folder-open", say("panel.export.browse"), plain, d.browse)
	d.progress = newProgressLine()
	d.progress.Hide()
	d.result = newColumn(unit, 0)
	d.Card = newCard(w, say("panel.deid.title"), 560, newColumn(pad, 0,
		newParagraph(func() string { return text.N("panel.deid.what", o.Files) }, roleText, textSize),
		caption("panel.export.dates", dates), caption("panel.deid.words", words),
		notice(say("panel.deid.pixels"), roleAccent),
		caption("panel.export.folder", newRow(gap, 0, d.folder, browse)), d.progress, d.result))
	d.ask()
	if d.choice.Folder == "" {
		d.show(browse)
	} else {
		d.show(d.buttons[1])
	}
	return d
}

// ask shows the buttons of the question.
func (d *DeidCard) ask() {
	start := newButton("", say("panel.deid.start"), primary, func() { d.start(false) })
	start.disabled = d.choice.Folder == ""
	d.setButtons(d.closeButton(sayCancel), start)
}

func (d *DeidCard) browse() {
	ShowBrowser(d.window, Browse{Folder: true, Start: d.choice.Folder, Recent: d.o.Recent, OnChosen: func(paths []string) {
		d.choice.Folder = paths[0]
		d.folder.Refresh()
		d.ask()
	}})
}

func (d *DeidCard) start(overwrite bool) {
	d.choice.Overwrite = overwrite
	d.result.setItems()
	d.setButtons()
	d.Progress(0, max(d.o.Files, 1))
	call(d.o.OnStart, d.choice)
}

// Progress shows that done of total files are through.
func (d *DeidCard) Progress(done, total int) {
	d.progress.set(done, total, text.T("panel.deid.writing", text.Args{"Done": done, "Total": total}), d.o.OnCancel)
	d.progress.Show()
	d.Refresh()
}

// Conflict says that n files of the same name are there already, and asks whether to replace them.
func (d *DeidCard) Conflict(n int) {
	d.progress.Hide()
	d.result.setItems(notice(func() string { return text.N("panel.export.conflict", n) }, roleWarn))
	d.setButtons(newButton("", sayCancel, plain, func() { d.result.setItems(); d.ask() }),
		newButton("", say("panel.export.replace"), primary, func() { d.start(true) }))
}

// Done shows how many files were written and which were not. Where nothing was written a person can choose otherwise and
// start again.
func (d *DeidCard) Done(e ExportDone) {
	d.progress.Hide()
	if e.Stopped {
		e.Stopped = false
		d.result.setItems(append([]fyne.CanvasObject{notice(say("panel.deid.stopped"), roleWarn)}, outcome(e, d.choice.Folder)...)...)
		d.ask()
		return
	}
	d.result.setItems(outcome(e, d.choice.Folder)...)
	if e.Written == 0 && len(e.Failures) > 0 {
		d.ask()
		return
	}
	d.setButtons(newButton("", sayClose, primary, d.Close))
}
