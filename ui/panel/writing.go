package panel

import (
	"strings"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// writing is what cards that write files into a folder have in common: they ask for the folder, follow the files, say what came of it, and
// ask whether to replace what is there.
type writing struct {
	*Card
	folder   string
	recent   []string
	words    writingWords
	total    int // of files, as far as is known before
	onStart  func(overwrite bool)
	onCancel func()
	where    *label
	browse   *button
	progress *progressLine
	result   *column
}

// writingWords are keys of what such a card says.
type writingWords struct{ start, progress string }

// newWriting makes the parts that the card shows; the card itself is set by its maker.
func newWriting(folder string, recent []string, words writingWords) writing {
	w := writing{folder: folder, recent: recent, words: words, progress: newProgressLine(), result: newColumn(unit, 0)}
	w.progress.Hide()
	return w
}

// place is the line with the folder, and the progress and the result below it.
func (w *writing) place() []fyne.CanvasObject {
	w.where = newLabel(func() string {
		if w.folder == "" {
			return text.T("panel.export.no_folder")
		}
		return w.folder
	}, roleText, textSize)
	w.where.tail = true
	w.browse = newButton("folder-open", say("panel.export.browse"), plain, w.choose)
	return []fyne.CanvasObject{caption("panel.export.folder", newRow(gap, 0, w.where, w.browse)), w.progress, w.result}
}

// begin shows the card, with the keyboard on what comes next.
func (w *writing) begin() {
	w.ask()
	if w.folder == "" {
		w.show(w.browse)
	} else {
		w.show(w.buttons[1])
	}
}

// ask shows the buttons of the question.
func (w *writing) ask() {
	start := newButton("", say(w.words.start), primary, func() { w.start(false) })
	start.disabled = w.folder == ""
	w.setButtons(w.closeButton(sayCancel), start)
}

func (w *writing) choose() {
	ShowBrowser(w.window, Browse{Folder: true, Start: w.folder, Recent: w.recent, OnChosen: func(paths []string) {
		w.folder = paths[0]
		w.where.Refresh()
		w.ask()
	}})
}

func (w *writing) start(overwrite bool) {
	w.result.setItems()
	w.setButtons()
	w.Progress(0, max(w.total, 1))
	w.onStart(overwrite)
}

// Progress shows that done of total files are through.
func (w *writing) Progress(done, total int) {
	w.progress.set(done, total, text.T(w.words.progress, text.Args{"Done": done, "Total": total}), w.onCancel)
	w.progress.Show()
	w.Refresh()
}

// Conflict says that n files of the same name are there already, and asks whether to replace them.
func (w *writing) Conflict(n int) {
	w.progress.Hide()
	w.result.setItems(notice(func() string { return text.N("panel.export.conflict", n) }, roleWarn))
	w.setButtons(newButton("", sayCancel, plain, func() { w.result.setItems(); w.ask() }),
		newButton("", say("panel.export.replace"), primary, func() { w.start(true) }))
}

// finish shows what came of it. With again a person can choose otherwise and start once more.
func (w *writing) finish(again bool, outcome ...fyne.CanvasObject) {
	w.progress.Hide()
	w.result.setItems(outcome...)
	if again {
		w.ask()
		return
	}
	w.setButtons(newButton("", sayClose, primary, w.Close))
}

// outcome says what came of writing files into the folder.
func (w *writing) outcome(d ExportDone) []fyne.CanvasObject {
	var items []fyne.CanvasObject
	if d.Stopped {
		items = append(items, notice(func() string { return text.T("panel.export.stopped") }, roleWarn))
	}
	if d.Kept > 0 {
		items = append(items, notice(func() string { return text.N("panel.export.kept", d.Kept) }, roleGood))
	}
	if d.Written > 0 || len(d.Failures) == 0 && !d.Stopped {
		items = append(items, notice(func() string {
			return text.N("panel.export.written", d.Written, text.Args{"Folder": w.folder})
		}, roleGood))
	}
	for _, n := range d.Notes {
		items = append(items, notice(fixed(n), roleWarn))
	}
	if len(d.Failures) == 1 && d.Failures[0].Name == "" {
		return append(items, notice(fixed(d.Failures[0].What), roleBad))
	}
	if len(d.Failures) > 0 {
		items = append(items, notice(func() string { return text.N("panel.export.failed", len(d.Failures)) }, roleBad))
		for _, r := range reasons(d.Failures) {
			items = append(items, w.reason(r))
		}
	}
	return items
}

// reason is why some files were not written.
type reason struct {
	what  string
	names []string
}

// reasons are the failures by what they say, in the order in which they came.
func reasons(failures []ExportFailure) []reason {
	var out []reason
	at := map[string]int{}
	for _, f := range failures {
		i, ok := at[f.What]
		if !ok {
			i = len(out)
			at[f.What] = i
			out = append(out, reason{what: f.What})
		}
		out[i].names = append(out[i].names, f.Name)
	}
	return out
}

// reason tells a reason once, with the file, or with how many files and, when asked, which.
func (w *writing) reason(r reason) fyne.CanvasObject {
	if len(r.names) == 1 && r.names[0] == "" {
		return newParagraph(fixed(r.what), roleQuiet, quietSize+1)
	}
	if len(r.names) == 1 {
		return newParagraph(fixed(r.names[0]+": "+r.what), roleQuiet, quietSize+1)
	}
	names := newParagraph(fixed(strings.Join(r.names, ", ")), roleQuiet, quietSize+1)
	names.Hide()
	show := newButton("chevron-down", func() string {
		if names.Visible() {
			return text.T("panel.export.which.hide")
		}
		return text.T("panel.export.which")
	}, flat, nil)
	show.left = true
	show.onTap = func() {
		setVisible(names, !names.Visible())
		w.Refresh()
	}
	return newColumn(0, 0, newParagraph(func() string {
		return text.N("panel.export.reason", len(r.names), text.Args{"What": r.what})
	}, roleQuiet, quietSize+1), show, names)
}
