package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// Saved says whether the reader's work is on disk.
type Saved int

// The states of saving.
const (
	SavedAll Saved = iota
	Saving
	NotSaved
)

// Status is what the right part of the status bar says. Empty texts take no room.
type Status struct {
	Position    string // of the pointer in the image
	Value       string // of the pixel there
	Zoom        string
	Calibration string // pixel size, or that there is none
	Calibrated  bool
	Reader      string
	Saved       Saved
}

// The heights of the status bar and, at least, of the alert above it. The bar has room for the button that stops a work, so
// that nothing above it moves when one begins or ends.
const (
	statusHeight = targetSize
	alertLeast   = 10 * unit
)

// StatusBar is the line at the foot of the window. An alert, if there is one, stands above it until it is solved.
type StatusBar struct {
	widget.BaseWidget

	hint, hover string
	status      Status
	alert       string
	busy        bool
	calm        bool // the bar tells news, no fault

	hintLabel *label
	items     []*label // from right to left
	progress  *progressLine
	alertText *paragraph
	alertIcon *icon
	action    *button
	closing   *button // takes news away that nobody has to act on
}

// The items, from right to left; the last ones give way first where the window is narrow.
const (
	itemSaved = iota
	itemZoom
	itemPosition
	itemValue
	itemCalibration
	itemReader
	itemCount
)

// NewStatusBar returns an empty status bar.
func NewStatusBar() *StatusBar {
	s := &StatusBar{}
	s.hintLabel = newLabel(func() string {
		if s.hover != "" {
			return s.hover
		}
		return s.hint
	}, roleQuiet, quietSize+1)
	for i := range itemCount {
		l := newLabel(func() string { return s.item(i) }, roleQuiet, quietSize+1)
		l.align = fyne.TextAlignTrailing
		s.items = append(s.items, l)
	}
	s.progress = newProgressLine()
	s.progress.Hide()
	s.alertText = newParagraph(func() string { return s.alert }, roleText, textSize)
	s.alertIcon = newIcon("triangle-alert")
	s.action = newButton("", func() string { return "" }, plain, nil)
	s.closing = newButton("x", sayClose, flat, nil)
	s.closing.compact = true
	s.ExtendBaseWidget(s)
	return s
}

func (s *StatusBar) item(i int) string {
	switch i {
	case itemSaved:
		return text.T(savedKeys[s.status.Saved])
	case itemZoom:
		return s.status.Zoom
	case itemPosition:
		return s.status.Position
	case itemValue:
		return s.status.Value
	case itemCalibration:
		return s.status.Calibration
	}
	return s.status.Reader
}

var savedKeys = [...]string{SavedAll: "panel.status.saved", Saving: "panel.status.saving", NotSaved: "panel.status.not_saved"}

// SetHint shows what the active tool can do now, also where the pointer rests on something that has a hint: what just
// happened matters more.
func (s *StatusBar) SetHint(hint string) {
	s.hint, s.hover = hint, ""
	s.hintLabel.Refresh()
}

// SetRest shows what can be done where nothing just happened. The hint of what the pointer rests on stays before it.
func (s *StatusBar) SetRest(hint string) {
	if s.hint != hint {
		s.hint = hint
		s.hintLabel.Refresh()
	}
}

// Hint is what SetHint or SetRest was given last.
func (s *StatusBar) Hint() string { return s.hint }

// SetHover shows the hint of what is under the pointer in its place; "" brings the tool's hint back.
func (s *StatusBar) SetHover(hint string) {
	s.hover = hint
	s.hintLabel.Refresh()
}

// Set shows the status. Only what differs is drawn again, so it can follow the pointer.
func (s *StatusBar) Set(st Status) {
	old := s.status
	s.status = st
	if (old.Reader != st.Reader) || (old.Calibration != st.Calibration) || (old.Saved != st.Saved) {
		s.Refresh()
		return
	}
	for _, c := range []struct {
		i       int
		changed bool
	}{{itemZoom, old.Zoom != st.Zoom}, {itemPosition, old.Position != st.Position}, {itemValue, old.Value != st.Value}} {
		if c.changed {
			s.items[c.i].Refresh()
		}
	}
}

// SetProgress shows that done of total are through, with label, in the place of the hint. A total of 0 ends it, a nil
// onCancel shows no button.
func (s *StatusBar) SetProgress(done, total int, label string, onCancel func()) {
	s.progress.set(done, total, label, onCancel)
	if busy := total > 0; busy != s.busy {
		s.busy = busy
		s.Refresh()
	}
}

// SetNews shows a calm bar with what the reader should know, in the place of the red one, until SetAlert is called. With
// onClose there is also a way to go on without the action.
func (s *StatusBar) SetNews(news, actionLabel string, action, onClose func()) {
	s.calm = true
	s.setBar(news, actionLabel, action, onClose)
}

// SetAlert shows a red bar with what is wrong until it is called with an empty alert. actionLabel may be empty.
func (s *StatusBar) SetAlert(alert, actionLabel string, action func()) {
	s.calm = false
	s.setBar(alert, actionLabel, action, nil)
}

func (s *StatusBar) setBar(alert, actionLabel string, action, onClose func()) {
	s.alert = alert
	s.action.say, s.action.onTap = fixed(actionLabel), action
	setVisible(s.action, actionLabel != "")
	s.closing.onTap = onClose
	setVisible(s.closing, onClose != nil)
	s.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (s *StatusBar) CreateRenderer() fyne.WidgetRenderer {
	r := &statusRenderer{s, canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type statusRenderer struct {
	s                   *StatusBar
	ground, line, alert *canvas.Rectangle
}

func (r *statusRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, statusHeight+r.alertHeight(r.s.Size().Width))
}

// alertHeight is that of the alert at a window's width; a long one takes more than a line.
func (r *statusRenderer) alertHeight(width float32) float32 {
	if r.s.alert == "" {
		return 0
	}
	_, w := r.alertRoom(max(width, 100*unit))
	return max(r.s.alertText.heightFor(w)+3*unit, alertLeast)
}

// alertRoom returns where the alert's text starts and how wide it is.
func (r *statusRenderer) alertRoom(width float32) (x, w float32) {
	x = pad + iconSize + gap
	w = width - x - pad
	if r.s.action.Visible() {
		w -= r.s.action.MinSize().Width + pad
	}
	if r.s.closing.Visible() {
		w -= targetSize + gap
	}
	return x, w
}

// alertGround is the red bar's.
func alertGround() color.NRGBA { return mix(theme.Current().Panel, theme.Current().Bad, 0.35) }

// newsGround is the calm bar's.
func newsGround() color.NRGBA { return mix(theme.Current().Panel, theme.Current().Accent, 0.2) }

// slots are the least widths of the items that change under the pointer, so that nothing jumps.
var slots = map[int]float32{itemPosition: 24 * unit, itemValue: 12 * unit, itemZoom: 11 * unit}

// hintRoom is what the hint keeps before items give way.
const hintRoom = 60 * unit

func (r *statusRenderer) Layout(size fyne.Size) {
	s := r.s
	top := r.alertHeight(size.Width)
	if top > 0 {
		r.layoutAlert(size.Width, top)
	}
	h := size.Height - top
	place(r.ground, 0, top, size.Width, h)
	place(r.line, 0, top, size.Width, 1)
	x := size.Width - pad
	for i, l := range s.items {
		w := max(l.width()+1, slots[i])
		room := l.say() != "" || slots[i] > 0
		if setVisible(l, room && (i == itemSaved || x-w > hintRoom)); !l.Visible() {
			continue
		}
		place(l, x-w, top, w, h)
		x -= w + 4*unit
	}
	place(s.hintLabel, pad, top, x-pad, h)
	place(s.progress, 0, top, x, h)
}

func (r *statusRenderer) layoutAlert(width, height float32) {
	s := r.s
	place(r.alert, 0, 0, width, height)
	place(s.alertIcon.Image, pad, (height-iconSize)/2, iconSize, iconSize)
	right := width - pad
	if s.closing.Visible() {
		right -= targetSize
		place(s.closing, right, (height-targetSize)/2, targetSize, targetSize)
		right -= gap
	}
	if s.action.Visible() {
		w := s.action.MinSize().Width
		place(s.action, right-w, (height-targetSize)/2, w, targetSize)
	}
	x, w := r.alertRoom(width)
	h := s.alertText.heightFor(w)
	place(s.alertText, x, (height-h)/2, w, h)
}

func (r *statusRenderer) Refresh() {
	s, t := r.s, theme.Current()
	r.ground.FillColor, r.line.FillColor = t.Panel, t.Line
	r.alert.FillColor = alertGround()
	s.alertIcon.set("triangle-alert", t.Bad)
	if s.calm {
		r.alert.FillColor = newsGround()
		s.alertIcon.set("info", t.Accent)
	}
	s.items[itemSaved].role = [...]role{SavedAll: roleQuiet, Saving: roleQuiet, NotSaved: roleBad}[s.status.Saved]
	s.items[itemSaved].bold = s.status.Saved == NotSaved
	s.items[itemCalibration].role = roleQuiet
	if !s.status.Calibrated {
		s.items[itemCalibration].role = roleWarn
	}
	for _, o := range r.Objects() {
		o.Refresh()
	}
	setVisible(s.progress, s.busy)
	setVisible(s.hintLabel, !s.busy)
	on := s.alert != ""
	setVisible(r.alert, on)
	setVisible(s.alertText, on)
	setVisible(s.alertIcon.Image, on)
	setVisible(s.action, on && s.action.label() != "")
	setVisible(s.closing, on && s.closing.onTap != nil)
	r.Layout(s.Size())
}

func (r *statusRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.ground, r.line, r.s.hintLabel, r.s.progress, r.alert, r.s.alertIcon.Image, r.s.alertText, r.s.action, r.s.closing}
	for _, l := range r.s.items {
		o = append(o, l)
	}
	return o
}
func (r *statusRenderer) Destroy() {}
