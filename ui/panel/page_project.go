package panel

import (
	"image/color"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// CaseState says how far a case of a project is.
type CaseState int

// The states of a case.
const (
	CaseUnassigned CaseState = iota
	CaseOpen
	CaseBegun
	CaseDone
)

// caseLooks are each state's icon, colour and name.
var caseLooks = [...]struct {
	icon string
	role role
	key  string
}{
	CaseUnassigned: {"clock", roleQuiet, "project.case.unassigned"},
	CaseOpen:       {"circle-dashed", roleText, "project.case.open"},
	CaseBegun:      {"pencil", roleAccent, "project.case.begun"},
	CaseDone:       {"circle-check", roleGood, "project.case.done"},
}

// ProjectCase is a line of the project's cases.
type ProjectCase struct {
	Item  string
	Name  string
	Who   string // who reads it and how far they are, as far as the one who looks may know
	State CaseState
	Mine  bool
}

// ProjectReader is somebody who takes part, with a share done.
type ProjectReader struct {
	Name  string
	Role  string
	Done  float64 // 0 to 1; below 0 for somebody without a part
	Words string  // how many, how fast, how long still
}

// The filters of the project's cases.
const (
	casesAll  = "all"
	casesMine = "mine"
	casesOpen = "open"
	casesDone = "done"
)

// ProjectView is the body of the project page: at the left what the project is and how far its readers are, at the right its
// cases.
type ProjectView struct {
	widget.BaseWidget

	OnCase func(item string) // a case was chosen
	OnHint func(string)

	cases   []ProjectCase
	shown   []int // of cases
	about   *paragraph
	acts    *column // what can be done to it
	readers *column
	left    *container.Scroll
	stops   *stops
	filter  *segments
	find    *field
	count   *label
	list    *rows
	none    *paragraph
	line    *canvas.Rectangle
	ground  *canvas.Rectangle
}

// NewProjectView makes an empty one.
func NewProjectView() *ProjectView {
	v := &ProjectView{
		about: newParagraph(fixed(""), roleText, textSize), acts: newColumn(0, 0), readers: newColumn(pad, 0), find: newField(""),
		count: newLabel(fixed(""), roleQuiet, quietSize+1), none: newParagraph(say("project.cases.none"), roleQuiet, textSize),
		line: canvas.NewRectangle(color.Transparent), ground: canvas.NewRectangle(color.Transparent),
	}
	v.left = newScrolled(newColumn(4*unit, pad, v.about, v.acts, newColumn(gap, 0, newBold(say("project.readers"), textSize), v.readers)))
	v.acts.Hide()
	v.filter = newSegments([]Choice{
		{casesAll, say("project.filter.all")},
		{casesMine, say("project.filter.mine")},
		{casesOpen, say("project.filter.open")},
		{casesDone, say("project.filter.done")},
	}, casesAll, func(string) { v.sift() })
	v.find.OnChanged = func(string) { v.sift() }
	v.find.SetPlaceHolder(text.T("project.find"))
	v.count.align = fyne.TextAlignTrailing
	v.list = newRows(caseRowHeight, func() int { return len(v.shown) }, func() rowWidget { return newCaseRow(v) })
	v.list.onKey = func(e *fyne.KeyEvent) bool {
		if !isActivation(e) || v.list.cursor < 0 {
			return false
		}
		v.choose(v.list.cursor)
		return true
	}
	v.list.onRune = v.seek
	v.find.onEnter = func() { focusOn(v, v.list) }
	v.link()
	v.ExtendBaseWidget(v)
	return v
}

// First is what gets the keyboard: the list of cases.
func (v *ProjectView) First() fyne.Focusable { return v.list }

// link has the arrow keys lead from the filter and the search down to the cases, and to what can be done and back.
func (v *ProjectView) link() {
	v.stops = newStops()
	for _, o := range v.acts.items {
		if b, ok := o.(stopper); ok {
			v.stops.addRow(leftColumn, b)
		}
	}
	v.stops.add(rightColumn, 0, v.filter)
	v.stops.add(rightColumn, 0, v.find)
	v.stops.add(rightColumn, 1, v.list)
	v.stops.was[rightColumn] = len(v.stops.list) - 1
}

// seek begins a search with a letter that was typed in the list.
func (v *ProjectView) seek(r rune) {
	if unicode.IsSpace(r) {
		return // it opens the case
	}
	focusOn(v, v.find)
	v.find.SetText("")
	v.find.TypedRune(r)
}

// Set shows a project. about are its words: name, settings, how far it is.
func (v *ProjectView) Set(about string, readers []ProjectReader, cases []ProjectCase) {
	v.about.set(about)
	items := make([]fyne.CanvasObject, len(readers))
	for i, r := range readers {
		items[i] = newReaderLine(r)
	}
	v.readers.setItems(items...)
	v.cases = cases
	v.sift()
}

// SetActs shows what can be done to the project, below what it is: NewSideAction.
func (v *ProjectView) SetActs(acts ...fyne.CanvasObject) {
	v.acts.setItems(acts...)
	v.link()
	setVisible(v.acts, len(acts) > 0)
}

// NewSideAction makes a button for a narrow column.
func NewSideAction(icon string, say func() string, act func()) fyne.CanvasObject {
	b := newButton(icon, say, flat, act)
	b.left = true
	return b
}

// ShowMine leaves only the cases of the one who looks.
func (v *ProjectView) ShowMine() {
	v.filter.set(casesMine)
	v.sift()
}

// sift chooses which cases are listed.
func (v *ProjectView) sift() {
	find := strings.ToLower(strings.TrimSpace(v.find.Text))
	v.shown = v.shown[:0]
	for i := range v.cases {
		if c := &v.cases[i]; v.passes(c) && (find == "" || strings.Contains(strings.ToLower(c.Name), find)) {
			v.shown = append(v.shown, i)
		}
	}
	v.count.set(text.N("project.cases.count", len(v.shown)))
	setVisible(v.none, len(v.shown) == 0)
	v.list.cursor = min(v.list.cursor, len(v.shown)-1)
	v.list.changed()
}

// passes tells whether a case goes through the filter.
func (v *ProjectView) passes(c *ProjectCase) bool {
	switch v.filter.key() {
	case casesMine:
		return c.Mine
	case casesOpen:
		return c.State != CaseDone
	case casesDone:
		return c.State == CaseDone
	}
	return true
}

func (v *ProjectView) choose(i int) {
	v.list.setCursor(i)
	call(v.OnCase, v.cases[v.shown[i]].Item)
}

// projectLeft is how wide the project's own words are.
const projectLeft = 80 * unit

// CreateRenderer implements fyne.Widget.
func (v *ProjectView) CreateRenderer() fyne.WidgetRenderer {
	r := &projectRenderer{v}
	r.Refresh()
	return r
}

type projectRenderer struct{ v *ProjectView }

func (r *projectRenderer) Layout(s fyne.Size) {
	v := r.v
	left := min(projectLeft, s.Width/3)
	place(v.ground, 0, 0, left, s.Height)
	place(v.left, 0, 0, left, s.Height)
	place(v.line, left, 0, 1, s.Height)
	x := left + 1
	w := s.Width - x
	find := min(50*unit, w/4)
	filter := min(90*unit, w-find-3*pad-20*unit)
	place(v.filter, x+pad, gap, filter, targetSize)
	high := max(v.find.MinSize().Height, targetSize) // less would make the field scroll
	place(v.find, x+2*pad+filter, gap+(targetSize-high)/2, find, high)
	place(v.count, x+3*pad+filter+find, gap, w-4*pad-filter-find, targetSize)
	top := targetSize + 2*gap
	place(v.list, x, top, w, s.Height-top)
	place(v.none, x+pad, top+gap, w-2*pad, v.none.heightFor(w-2*pad))
}

func (r *projectRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 40*unit) }

func (r *projectRenderer) Refresh() {
	v, t := r.v, theme.Current()
	v.ground.FillColor, v.line.FillColor = t.Panel, t.Line
	v.find.SetPlaceHolder(text.T("project.find"))
	v.count.set(text.N("project.cases.count", len(v.shown)))
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(v.Size())
}

func (r *projectRenderer) Objects() []fyne.CanvasObject {
	v := r.v
	return []fyne.CanvasObject{v.ground, v.left, v.line, v.filter, v.find, v.count, v.list, v.none}
}
func (r *projectRenderer) Destroy() {}

// readerLine is a reader with a bar of what is done.
type readerLine struct {
	widget.BaseWidget
	r          ProjectReader
	name, role *label
	words      *paragraph
	bar        *bar
}

func newReaderLine(p ProjectReader) *readerLine {
	l := &readerLine{
		r: p, name: newLabel(fixed(p.Name), roleText, textSize), role: newLabel(fixed(p.Role), roleQuiet, quietSize+1),
		words: newParagraph(fixed(p.Words), roleQuiet, quietSize+1), bar: newBar(p.Done, roleGood),
	}
	l.role.align = fyne.TextAlignTrailing
	setVisible(l.bar, p.Done >= 0)
	l.ExtendBaseWidget(l)
	return l
}

// readerHead is the height of a reader's name.
const readerHead = 5 * unit

// heightFor implements flowing.
func (l *readerLine) heightFor(width float32) float32 {
	h := float32(readerHead)
	if l.r.Words != "" {
		h += unit + l.words.heightFor(width)
	}
	if l.r.Done >= 0 {
		h += barHeight + unit
	}
	return h
}

// CreateRenderer implements fyne.Widget.
func (l *readerLine) CreateRenderer() fyne.WidgetRenderer {
	r := &readerLineRenderer{l}
	r.Refresh()
	return r
}

type readerLineRenderer struct{ l *readerLine }

func (r *readerLineRenderer) Layout(s fyne.Size) {
	l := r.l
	role := min(l.role.width()+1, s.Width/2)
	place(l.name, 0, 0, s.Width-role-gap, readerHead)
	place(l.role, s.Width-role, 0, role, readerHead)
	y := readerHead
	if l.r.Done >= 0 {
		place(l.bar, 0, y, s.Width, barHeight)
		y += barHeight + unit
	}
	place(l.words, 0, y, s.Width, s.Height-y)
}

func (r *readerLineRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, r.l.heightFor(r.l.Size().Width))
}

func (r *readerLineRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.l.Size())
}

func (r *readerLineRenderer) Objects() []fyne.CanvasObject {
	l := r.l
	return []fyne.CanvasObject{l.name, l.role, l.bar, l.words}
}
func (r *readerLineRenderer) Destroy() {}

// caseRowHeight is that of a case's line.
const caseRowHeight = 8 * unit

// caseRow shows one case after another as the list scrolls.
type caseRow struct {
	widget.BaseWidget
	v           *ProjectView
	i           int
	hovered     bool
	ground      *canvas.Rectangle
	icon        *icon
	name, state *label
	who         *label
}

func newCaseRow(v *ProjectView) *caseRow {
	r := &caseRow{
		v: v, i: -1, ground: canvas.NewRectangle(color.Transparent), icon: newIcon("clock"),
		name: newLabel(fixed(""), roleText, textSize), state: newLabel(fixed(""), roleQuiet, textSize), who: newLabel(fixed(""), roleQuiet, textSize),
	}
	r.ground.CornerRadius = radius
	r.ExtendBaseWidget(r)
	return r
}

func (r *caseRow) row() (*ProjectCase, bool) {
	if r.i < 0 || r.i >= len(r.v.shown) {
		return nil, false
	}
	return &r.v.cases[r.v.shown[r.i]], true
}

// bind implements rowWidget.
func (r *caseRow) bind(i int) {
	r.i = i
	r.Refresh()
}

var _ fyne.Tappable = (*caseRow)(nil)

// Tapped implements fyne.Tappable.
func (r *caseRow) Tapped(*fyne.PointEvent) {
	if _, ok := r.row(); ok {
		r.v.choose(r.i)
	}
}

var _ desktop.Hoverable = (*caseRow)(nil)

// MouseIn implements desktop.Hoverable.
func (r *caseRow) MouseIn(*desktop.MouseEvent) {
	r.hovered = true
	r.paint()
	if _, ok := r.row(); ok {
		call(r.v.OnHint, text.T("project.case.hint"))
	}
}

// MouseMoved implements desktop.Hoverable.
func (r *caseRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *caseRow) MouseOut() { r.hovered = false; r.paint(); call(r.v.OnHint, "") }

func (r *caseRow) paint() { r.v.list.paint(r.ground, r.i, r.hovered) }

// CreateRenderer implements fyne.Widget.
func (r *caseRow) CreateRenderer() fyne.WidgetRenderer {
	d := &caseRowRenderer{r}
	d.Refresh()
	return d
}

type caseRowRenderer struct{ r *caseRow }

func (d *caseRowRenderer) MinSize() fyne.Size { return fyne.NewSize(0, caseRowHeight) }

func (d *caseRowRenderer) Layout(s fyne.Size) {
	r := d.r
	place(r.ground, unit, 1, s.Width-2*unit, s.Height-2)
	place(r.icon.Image, pad, (s.Height-smallIcon)/2, smallIcon, smallIcon)
	x := pad + smallIcon + gap
	w := s.Width - x - pad
	state := min(30*unit, w/4)
	name := (w - state) / 2
	place(r.state, x, 0, state-gap, s.Height)
	place(r.name, x+state, 0, name-gap, s.Height)
	place(r.who, x+state+name, 0, w-state-name, s.Height)
}

func (d *caseRowRenderer) Refresh() {
	r := d.r
	c, ok := r.row()
	if !ok {
		return
	}
	look := caseLooks[c.State]
	r.paint()
	r.icon.set(look.icon, look.role.colour())
	r.state.set(text.T(look.key))
	r.name.set(c.Name)
	r.who.set(c.Who)
	for _, o := range []fyne.CanvasObject{r.name, r.state, r.who} {
		o.Refresh()
	}
	d.Layout(r.Size())
}

func (d *caseRowRenderer) Objects() []fyne.CanvasObject {
	r := d.r
	return []fyne.CanvasObject{r.ground, r.icon.Image, r.state, r.name, r.who}
}
func (d *caseRowRenderer) Destroy() {}
