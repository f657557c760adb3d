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
type DeidCard struct{ writing }

// ShowDeidentify opens the card. OnStart is called when a person starts; answer with Progress, then with Conflict or Done.
func ShowDeidentify(w fyne.Window, o DeidOptions) *DeidCard {
	d := &DeidCard{newWriting(o.Start.Folder, o.Recent, writingWords{"panel.deid.start", "panel.deid.writing"})}
	dates, words := newSegments(o.Dates, o.Start.Dates, nil), newSegments(o.Words, o.Start.Words, nil)
	d.onCancel, d.total = o.OnCancel, o.Files
	d.onStart = func(overwrite bool) {
		call(o.OnStart, DeidChoice{Folder: d.folder, Dates: dates.key(), Words: words.key(), Overwrite: overwrite})
	}
	d.Card = newCard(w, say("panel.deid.title"), 560, newColumn(pad, 0, append([]fyne.CanvasObject{
		newParagraph(func() string { return text.N("panel.deid.what", o.Files) }, roleText, textSize),
		caption("panel.export.dates", dates), caption("panel.deid.words", words),
		notice(say("panel.deid.pixels"), roleAccent),
	}, d.place()...)...))
	d.begin()
	return d
}

// Done shows how many files were written and which were not. Where nothing was written a person can choose otherwise and
// start again.
func (d *DeidCard) Done(e ExportDone) {
	var items []fyne.CanvasObject
	stopped := e.Stopped
	if stopped {
		e.Stopped = false
		items = append(items, notice(say("panel.deid.stopped"), roleWarn))
	}
	d.finish(stopped || e.Written == 0 && len(e.Failures) > 0, append(items, d.outcome(e)...)...)
}
