package panel

import (
	"fmt"
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// State says how far an image or frame is.
type State int

// The states in the order of the work.
const (
	Waiting State = iota
	Predicting
	Predicted
	InReview
	Accepted
	Rejected
	Refused
	Unpredicted // there is no model
	Aside       // of another modality
)

// stateLooks are each state's icon, colour and name, so that colour never says it alone.
var stateLooks = [...]struct {
	icon string
	role role
	key  string
}{
	Waiting:     {"clock", roleQuiet, "panel.state.waiting"},
	Predicting:  {"loader", roleAccent, "panel.state.predicting"},
	Predicted:   {"circle-dashed", roleText, "panel.state.predicted"},
	InReview:    {"pencil", roleAccent, "panel.state.in_review"},
	Accepted:    {"circle-check", roleGood, "panel.state.accepted"},
	Rejected:    {"circle-x", roleWarn, "panel.state.rejected"},
	Refused:     {"triangle-alert", roleBad, "panel.state.refused"},
	Unpredicted: {"circle-dashed", roleQuiet, "panel.state.unpredicted"},
	Aside:       {"image", roleQuiet, "panel.state.aside"},
}

// closed tells whether there is nothing to work on.
func (s State) closed() bool { return s == Refused || s == Aside }

// decided tells whether a reader is done with the image.
func (s State) decided() bool { return s == Accepted || s == Rejected }

// String names the state in the chosen language.
func (s State) String() string { return text.T(stateLooks[s].key) }

// Row is one image or cine of the work list.
type Row struct {
	ID       string
	Title    string
	Thumb    image.Image // nil while it is not there yet
	State    State
	Weak     float64 // share of the boundary that is weak and unreviewed, 0..1; NaN where unknown
	Reviewed float64 // share of the boundary that a reader has reviewed, 0..1
	Frames   int     // more than 1 for a cine
	Reason   string  // why it was refused or set aside
}

// The orders of the work list, given to OnSort.
const (
	SortByWork = "work"
	SortByName = "name"
	SortRandom = "random"
)

// WorkList is the list of the study's images, at the left of the window.
type WorkList struct {
	widget.BaseWidget

	OnSelect func(id string)
	OnSort   func(mode string)
	OnOpen   func() // the button of the empty list
	OnHint   func(string)

	rows     []Row
	workable int // rows with something to work on
	done     int // of these, accepted or rejected ones
	index    map[string]int
	selected string

	title    *label
	sort     *segments
	list     *rows
	empty    *column
	progress *progressLine
}

// NewWorkList returns an empty work list.
func NewWorkList() *WorkList {
	w := &WorkList{}
	w.title = newBold(w.heading, textSize)
	w.sort = newSegments([]Choice{
		{SortByWork, func() string { return text.T("panel.worklist.sort.work") }},
		{SortRandom, func() string { return text.T("panel.worklist.sort.random") }},
		{SortByName, func() string { return text.T("panel.worklist.sort.name") }},
	}, SortByWork, func(mode string) {
		if w.OnSort != nil {
			w.OnSort(mode)
		}
	})
	w.sort.hint = func() string { return text.T("panel.worklist.sort.hint") }
	w.sort.onHint = w.tell
	w.list = newRows(workRowHeight, func() int { return len(w.rows) }, func() rowWidget { return newWorkRow(w) })
	w.list.onCursor = func(i int) { w.choose(i) }
	w.list.onKey = func(e *fyne.KeyEvent) bool {
		if !isActivation(e) || w.list.cursor < 0 {
			return false
		}
		w.choose(w.list.cursor)
		return true
	}
	w.empty = newColumn(pad, pad,
		newBold(func() string { return text.T("panel.worklist.empty.title") }, textSize),
		newParagraph(func() string { return text.T("panel.worklist.empty.what") }, roleQuiet, textSize),
		newButton("folder-open", func() string { return text.T("panel.worklist.open") }, primary, func() {
			if w.OnOpen != nil {
				w.OnOpen()
			}
		}))
	w.list.Hide()
	w.progress = newProgressLine()
	w.progress.Hide()
	w.ExtendBaseWidget(w)
	return w
}

// heading says how many images there are, and how many of them are done with: of those that can be, where these are fewer.
func (w *WorkList) heading() string {
	count := text.N("panel.worklist.count", len(w.rows))
	switch {
	case w.done == 0:
		return count
	case w.workable == len(w.rows):
		return count + " · " + text.T("panel.worklist.done", text.Args{"Done": w.done})
	}
	return count + " · " + text.T("panel.worklist.done_of", text.Args{"Done": w.done, "Of": w.workable})
}

func (w *WorkList) tell(s string) {
	if w.OnHint != nil {
		w.OnHint(s)
	}
}

// SetRows replaces all rows, in the order in which they are shown. The selection stays with its row.
func (w *WorkList) SetRows(rows []Row) {
	w.rows, w.workable, w.done = rows, 0, 0
	w.index = make(map[string]int, len(rows))
	for i, r := range rows {
		w.index[r.ID] = i
		if !r.State.closed() {
			w.workable++
		}
		if r.State.decided() {
			w.done++
		}
	}
	w.list.cursor = -1
	if i, ok := w.index[w.selected]; ok {
		w.list.cursor = i
	}
	w.list.changed()
	w.title.Refresh()
	setVisible(w.empty, len(rows) == 0)
	setVisible(w.list, len(rows) > 0)
}

// SetReading says that a study is on its way: an empty list asks for nothing until SetRows says what came.
func (w *WorkList) SetReading() { setVisible(w.empty, false) }

// UpdateRow replaces the row called id; its place in the list stays. An unknown id is ignored.
func (w *WorkList) UpdateRow(id string, row Row) {
	i, ok := w.index[id]
	if !ok {
		return
	}
	if was, is := w.rows[i].State.decided(), row.State.decided(); was != is {
		if w.done++; was {
			w.done -= 2
		}
		w.title.Refresh()
	}
	w.rows[i] = row
	w.list.changedRow(i)
}

// Select shows the row called id as the one that is open, and scrolls to it. It does not call OnSelect.
func (w *WorkList) Select(id string) {
	old := w.selected
	w.selected = id
	if i, ok := w.index[old]; ok {
		w.list.changedRow(i)
	}
	if i, ok := w.index[id]; ok {
		w.list.setCursor(i)
	}
}

// SetSort shows which order the list has.
func (w *WorkList) SetSort(mode string) { w.sort.set(mode) }

// SetProgress shows at the foot of the list that done of total are through, with label. A total of 0 hides it, a nil
// onCancel shows no button.
func (w *WorkList) SetProgress(done, total int, label string, onCancel func()) {
	w.progress.set(done, total, label, onCancel)
	if setVisible(w.progress, total > 0) {
		w.Refresh()
	}
}

func (w *WorkList) choose(i int) {
	w.Select(w.rows[i].ID)
	if w.OnSelect != nil {
		w.OnSelect(w.rows[i].ID)
	}
}

// CreateRenderer implements fyne.Widget.
func (w *WorkList) CreateRenderer() fyne.WidgetRenderer {
	r := &workListRenderer{w: w, ground: canvas.NewRectangle(color.Transparent), line: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type workListRenderer struct {
	w            *WorkList
	ground, line *canvas.Rectangle
}

// workHead is the height of the list's head: a line with the count, and one with the choice of order.
const workHead = 17 * unit

func (r *workListRenderer) Layout(s fyne.Size) {
	w := r.w
	r.ground.Resize(s)
	inner := s.Width - 2*pad
	place(w.title, pad, gap, inner, 5*unit)
	place(w.sort, pad, 8*unit, inner, targetSize)
	place(r.line, 0, workHead-1, s.Width, 1)
	foot := float32(0)
	if w.progress.Visible() {
		foot = progressHeight
	}
	place(w.list, 0, workHead, s.Width, s.Height-workHead-foot)
	place(w.empty, 0, workHead+gap, s.Width, s.Height-workHead-foot-gap)
	place(w.progress, 0, s.Height-progressHeight, s.Width, progressHeight)
}

func (r *workListRenderer) MinSize() fyne.Size { return fyne.NewSize(50*unit, workHead+workRowHeight) }

func (r *workListRenderer) Refresh() {
	t := theme.Current()
	r.ground.FillColor, r.line.FillColor = t.Panel, t.Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.w.Size())
}

func (r *workListRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.w.title, r.w.sort, r.line, r.w.list, r.w.empty, r.w.progress}
}
func (r *workListRenderer) Destroy() {}

// percent writes a share in the chosen language: "12 %" in English, "12%" in Korean.
func percent(share float64) string {
	return text.T("panel.percent", text.Args{"N": fmt.Sprintf("%.0f", share*100)})
}

// hintOf is what the status bar says of a row under the pointer.
func hintOf(r Row) string {
	if r.State.closed() && r.Reason != "" {
		return r.Title + ": " + r.Reason
	}
	return r.Title + " · " + r.State.String()
}
