package panel

import (
	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// ExportChoice is what a person wants exported.
type ExportChoice struct {
	Format    string // key of the format
	Include   string // key of what goes along
	Folder    string
	Overwrite bool   // files of the same name may be replaced
	Private   bool   // without persons
	Dates     string // key of what becomes of dates then
}

// ExportOptions fill the export card.
type ExportOptions struct {
	Formats  []ChoiceGroup
	Note     func(format string) string // what a format is, in a sentence
	Includes []Choice
	Dates    []Choice                 // what can become of dates, where persons are left out
	Pictures func(format string) bool // whether it holds pictures, which are shown first where persons are left out
	Start    ExportChoice             // what is chosen at first
	Recent   []string                 // folders to offer
	OnExport func(ExportChoice)
	OnCancel func() // the export that runs is to stop
}

// ExportFailure is a file that could not be written; without a name the reason holds for all.
type ExportFailure struct{ Name, What string }

// ExportDone is what came of an export.
type ExportDone struct {
	Written  int // files
	Kept     int // images that the export before had written
	Stopped  bool
	Failures []ExportFailure
	Notes    []string // what it went on without
}

// ExportCard asks what to export, shows how that goes, and what came of it.
type ExportCard struct {
	writing
	o       ExportOptions
	choice  ExportChoice
	format  *choiceGrid
	note    *label
	include *segments
	private *column // what goes with leaving persons out
}

// ShowExport opens the export card. OnExport is called when a person starts; answer with Progress, then with Conflict or
// Done.
func ShowExport(w fyne.Window, o ExportOptions) *ExportCard {
	e := &ExportCard{writing: newWriting(o.Start.Folder, o.Recent, writingWords{"panel.export.start", "panel.export.writing"}), o: o, choice: o.Start}
	e.onCancel = o.OnCancel
	e.onStart = func(overwrite bool) {
		e.choice.Folder, e.choice.Overwrite = e.folder, overwrite
		call(o.OnExport, e.choice)
	}
	e.note = newLabel(func() string { return o.Note(e.choice.Format) }, roleQuiet, quietSize+1)
	e.format = newChoiceGrid(o.Formats, o.Start.Format, func(k string) {
		e.choice.Format = k
		e.note.Refresh()
		e.showPrivate()
	})
	e.include = newSegments(o.Includes, o.Start.Include, func(k string) { e.choice.Include = k })
	e.choice.Include = e.include.key()
	e.Card = newCard(w, say("panel.export.title"), 560, newColumn(pad, 0, append([]fyne.CanvasObject{
		caption("panel.export.format", newColumn(unit, 0, e.format.content, e.note)), caption("panel.export.include", e.include),
		e.persons(),
	}, e.place()...)...))
	e.begin()
	return e
}

// persons asks whether they are left out, and what then becomes of dates.
func (e *ExportCard) persons() fyne.CanvasObject {
	e.private = newColumn(gap, 0)
	if len(e.o.Dates) == 0 {
		return e.private
	}
	start := "as"
	if e.choice.Private {
		start = "without"
	}
	who := newSegments([]Choice{{"as", say("panel.export.persons.as")}, {"without", say("panel.export.persons.without")}}, start, func(k string) {
		e.choice.Private = k == "without"
		e.showPrivate()
	})
	dates := newSegments(e.o.Dates, e.o.Start.Dates, func(k string) { e.choice.Dates = k })
	e.choice.Dates = dates.key()
	e.private.setItems(caption("panel.export.dates", dates), newParagraph(e.privateNote, roleQuiet, quietSize+1))
	setVisible(e.private, e.choice.Private)
	return newColumn(pad, 0, caption("panel.export.persons", who), e.private)
}

// privateNote says what leaving persons out means for the format.
func (e *ExportCard) privateNote() string {
	if e.o.Pictures != nil && e.o.Pictures(e.choice.Format) {
		return text.T("panel.export.persons.look")
	}
	return text.T("panel.export.persons.note")
}

// showPrivate shows what goes with the choice.
func (e *ExportCard) showPrivate() {
	setVisible(e.private, e.choice.Private)
	e.Refresh()
}

// Done shows how many files were written and which were not. Failures stay on the card until a person has closed it. Where
// nothing was written a person can choose otherwise and start again.
func (e *ExportCard) Done(d ExportDone) {
	e.finish(d.Stopped || d.Written == 0 && len(d.Failures) > 0, e.outcome(d)...)
}
