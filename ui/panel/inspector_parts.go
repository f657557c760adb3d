package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// fact is a name with its value. The name comes from key, or is given where there is none.
type fact struct {
	key, value string
	role       role
	name       string
	ofFrame    bool // known of one frame only
}

func (f fact) title() string {
	if f.name != "" {
		return f.name
	}
	return text.T(f.key)
}

// facts is a table of names and values. A value that has no room beside its name goes below it, so nothing is cut.
type facts struct {
	widget.BaseWidget
	list   []fact
	veiled bool // what is known of one frame only is not shown
}

// shown is the value of a fact and its colour, as far as it is to be seen.
func (f *facts) shown(v fact) (string, role) {
	if f.veiled && v.ofFrame && v.value != "" {
		return "…", roleQuiet
	}
	return v.value, v.role
}

func newFacts() *facts {
	f := &facts{}
	f.ExtendBaseWidget(f)
	return f
}

func (f *facts) set(list []fact) {
	f.list = list
	f.Refresh()
}

// factHeight is that of one line.
const factHeight = 5 * unit

// beside reports whether name and value fit on one line.
func (f fact) beside(width float32) bool {
	measure := func(s string) float32 { return fyne.MeasureText(s, textSize, fyne.TextStyle{}).Width }
	return measure(f.title())+gap+measure(f.value) <= width
}

// heightFor implements flowing.
func (f *facts) heightFor(width float32) float32 {
	h := float32(0)
	for _, v := range f.list {
		h += factHeight
		if !v.beside(width) {
			h += factHeight
		}
	}
	return h
}

// CreateRenderer implements fyne.Widget.
func (f *facts) CreateRenderer() fyne.WidgetRenderer {
	r := &factsRenderer{f: f}
	r.Refresh()
	return r
}

type factsRenderer struct {
	f       *facts
	labels  []*label // name, value, name, value …
	objects []fyne.CanvasObject
}

func (r *factsRenderer) Layout(s fyne.Size) {
	y := float32(0)
	for i, v := range r.f.list {
		name, value := r.labels[2*i], r.labels[2*i+1]
		if v.beside(s.Width) {
			w := value.width()
			place(name, 0, y, s.Width-w-gap, factHeight)
			place(value, s.Width-w, y, w, factHeight)
		} else {
			place(name, 0, y, s.Width, factHeight)
			y += factHeight
			place(value, 0, y, s.Width, factHeight)
		}
		y += factHeight
	}
}

func (r *factsRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, r.f.heightFor(max(r.f.Size().Width, 1)))
}

func (r *factsRenderer) Refresh() {
	for len(r.labels) < 2*len(r.f.list) {
		l := newLabel(fixed(""), roleQuiet, textSize)
		if len(r.labels)%2 == 1 {
			l.align = fyne.TextAlignTrailing
		}
		r.labels, r.objects = append(r.labels, l), append(r.objects, l)
	}
	for i, l := range r.labels {
		if !setVisible(l, i < 2*len(r.f.list)) && i >= 2*len(r.f.list) {
			continue
		}
		if i >= 2*len(r.f.list) {
			continue
		}
		if v := r.f.list[i/2]; i%2 == 0 {
			l.set(v.title())
		} else {
			l.setRole(r.f.shown(v))
		}
		l.Refresh()
	}
	r.Layout(r.f.Size())
}

func (r *factsRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *factsRenderer) Destroy()                     {}

// choiceRow is a row that can be tapped, hovered and chosen: the ground that rows of the inspector share.
type choiceRow struct {
	widget.BaseWidget
	ground  *canvas.Rectangle
	hovered bool
	onTap   func()
}

func newChoiceRow() choiceRow {
	g := canvas.NewRectangle(color.Transparent)
	g.CornerRadius = unit
	return choiceRow{ground: g}
}

// paint colours the ground.
func (c *choiceRow) paint(chosen, focused bool) {
	t := theme.Current()
	c.ground.FillColor, c.ground.StrokeColor, c.ground.StrokeWidth = color.Transparent, color.Transparent, 0
	switch {
	case chosen:
		c.ground.FillColor = selectedGround()
	case c.hovered:
		c.ground.FillColor = t.Raised
	}
	if focused {
		c.ground.StrokeColor, c.ground.StrokeWidth = t.Accent, 2
	}
	c.ground.Refresh()
}

// Tapped implements fyne.Tappable.
func (c *choiceRow) Tapped(*fyne.PointEvent) {
	if c.onTap != nil {
		c.onTap()
	}
}

// MouseIn implements desktop.Hoverable.
func (c *choiceRow) MouseIn(*desktop.MouseEvent) { c.hovered = true; c.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (c *choiceRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *choiceRow) MouseOut() { c.hovered = false; c.Refresh() }

// labelRow shows one label with its colour and number.
type labelRow struct {
	choiceRow
	focus
	p      *Inspector
	i      int
	chip   *canvas.Rectangle
	name   *label
	number *label
	lock   *button
	rename *button
}

func newLabelRow(p *Inspector, i int) *labelRow {
	l := &labelRow{choiceRow: newChoiceRow(), p: p, i: i, chip: canvas.NewRectangle(color.Transparent)}
	l.chip.CornerRadius = 3
	l.name = newLabel(func() string { return p.labelList[i].Name }, roleText, textSize)
	l.number = newLabel(fixed(digit(i)), roleQuiet, quietSize)
	l.lock = newButton("lock-open", nil, flat, func() { call(p.OnLock, i) })
	l.lock.hint = func() string {
		key := "panel.labels.lock"
		if p.labelList[i].Locked {
			key = "panel.labels.unlock"
		}
		return text.T(key, text.Args{"Label": p.labelList[i].Name})
	}
	l.lock.onHint = func(s string) { call(p.OnHint, s) }
	l.rename = newButton("pencil", nil, flat, func() { call(p.OnRename, i) })
	l.rename.hint = func() string { return text.T("panel.labels.rename", text.Args{"Label": p.labelList[i].Name}) }
	l.rename.onHint = l.lock.onHint
	l.self = l
	l.onTap = func() { call(p.OnLabel, i) }
	l.ExtendBaseWidget(l)
	return l
}

// digit writes the key of label i.
func digit(i int) string {
	if i >= 9 {
		return ""
	}
	return string(rune('1' + i))
}

var _ fyne.Focusable = (*labelRow)(nil)

// TypedKey implements fyne.Focusable.
func (l *labelRow) TypedKey(e *fyne.KeyEvent) {
	if isActivation(e) {
		l.onTap()
		return
	}
	l.focus.TypedKey(e)
}

// CreateRenderer implements fyne.Widget.
func (l *labelRow) CreateRenderer() fyne.WidgetRenderer {
	r := &labelRowRenderer{l}
	r.Refresh()
	return r
}

type labelRowRenderer struct{ l *labelRow }

func (r *labelRowRenderer) Layout(s fyne.Size) {
	place(r.l.ground, -unit, 0, s.Width+2*unit, s.Height)
	place(r.l.chip, unit, (s.Height-pad)/2, pad, pad)
	place(r.l.name, unit+pad+gap, 0, s.Width-2*targetSize-11*unit, s.Height)
	place(r.l.number, s.Width-2*targetSize-4*unit, 0, 3*unit, s.Height)
	place(r.l.rename, s.Width-2*targetSize, 0, targetSize, s.Height)
	place(r.l.lock, s.Width-targetSize, 0, targetSize, s.Height)
}

func (r *labelRowRenderer) MinSize() fyne.Size { return fyne.NewSize(0, targetSize) }

func (r *labelRowRenderer) Refresh() {
	r.l.chip.FillColor = r.l.p.labelList[r.l.i].Colour
	r.l.chip.Refresh()
	r.l.name.Refresh()
	r.l.number.Refresh()
	r.l.lock.icon, r.l.lock.selected = "lock-open", false
	if r.l.p.labelList[r.l.i].Locked {
		r.l.lock.icon, r.l.lock.selected = "lock", true
	}
	r.l.lock.Refresh()
	r.l.rename.Refresh()
	r.l.paint(r.l.i == r.l.p.chosen, r.l.focused)
}

func (r *labelRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.l.ground, r.l.chip, r.l.name, r.l.number, r.l.rename, r.l.lock}
}
func (r *labelRowRenderer) Destroy() {}

// stepHeight is that of a row of the history.
const stepHeight = 7 * unit

// stepRow shows one step of the history.
type stepRow struct {
	choiceRow
	p     *Inspector
	i     int // row; 0 is the state before the first step
	dot   *canvas.Circle
	title *label
	note  *label
}

func newStepRow(p *Inspector) *stepRow {
	s := &stepRow{
		choiceRow: newChoiceRow(), p: p, dot: canvas.NewCircle(color.Transparent),
		title: newLabel(fixed(""), roleText, textSize), note: newLabel(fixed(""), roleQuiet, quietSize),
	}
	s.note.align = fyne.TextAlignTrailing
	s.onTap = func() { p.jump(s.i - 1) }
	s.ExtendBaseWidget(s)
	return s
}

// bind implements rowWidget.
func (s *stepRow) bind(i int) { s.i = i; s.Refresh() }

func (s *stepRow) step() Step {
	if s.i <= 0 || s.i > len(s.p.steps) {
		return Step{Title: text.T("panel.history.start"), Done: true}
	}
	return s.p.steps[s.i-1]
}

// CreateRenderer implements fyne.Widget.
func (s *stepRow) CreateRenderer() fyne.WidgetRenderer {
	r := &stepRowRenderer{s}
	r.Refresh()
	return r
}

type stepRowRenderer struct{ s *stepRow }

func (r *stepRowRenderer) Layout(size fyne.Size) {
	s := r.s
	place(s.ground, 0, 0, size.Width, size.Height)
	place(s.dot, gap, (size.Height-6)/2, 6, 6)
	x := gap + 6 + gap
	note := min(s.note.width(), (size.Width-x)/2)
	place(s.title, x, 0, size.Width-x-note-2*gap, size.Height)
	place(s.note, size.Width-note-gap, 0, note, size.Height)
}

func (r *stepRowRenderer) MinSize() fyne.Size { return fyne.NewSize(0, stepHeight) }

func (r *stepRowRenderer) Refresh() {
	s, t := r.s, theme.Current()
	step := s.step()
	current := s.i == s.p.current()
	what := roleText
	s.dot.FillColor, s.dot.StrokeColor, s.dot.StrokeWidth = t.Quiet, t.Quiet, 1
	switch {
	case current:
		s.dot.FillColor, s.dot.StrokeColor = t.Accent, t.Accent
	case !step.Done:
		what, s.dot.FillColor = roleQuiet, color.Transparent
	}
	s.title.setRole(step.Title, what)
	s.note.set(step.Note)
	s.title.Refresh()
	s.note.Refresh()
	s.dot.Refresh()
	s.paint(current, s.p.history.focused && s.p.history.cursor == s.i)
	r.Layout(s.Size())
}

func (r *stepRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.ground, r.s.dot, r.s.title, r.s.note}
}
func (r *stepRowRenderer) Destroy() {}
