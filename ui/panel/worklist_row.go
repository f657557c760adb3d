package panel

import (
	"image/color"
	"math"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// The measures of a row of the work list.
const (
	workRowHeight = 16 * unit
	thumbWidth    = 15 * unit
	thumbHeight   = 12 * unit
	barHeight     = unit
)

// workRow shows one row of the work list. It is used for one row after another as the list scrolls.
type workRow struct {
	widget.BaseWidget
	list    *WorkList
	i       int
	hovered bool

	ground, frame        *canvas.Rectangle
	thumb                *canvas.Image
	badge                *canvas.Rectangle
	frames               *canvas.Text
	title, state, share  *label
	icon                 *icon
	track, done, weakBar *canvas.Rectangle
}

func newWorkRow(list *WorkList) *workRow {
	rect := func(r float32) *canvas.Rectangle {
		c := canvas.NewRectangle(color.Transparent)
		c.CornerRadius = r
		return c
	}
	w := &workRow{
		list: list, i: -1,
		ground: rect(radius), frame: rect(unit), badge: rect(unit / 2), track: rect(2), done: rect(2), weakBar: rect(2),
		thumb:  &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest, CornerRadius: unit},
		frames: canvas.NewText("", color.White),
		title:  newLabel(fixed(""), roleText, textSize), state: newLabel(fixed(""), roleQuiet, quietSize),
		share: newLabel(fixed(""), roleQuiet, quietSize), icon: newIcon("clock"),
	}
	w.frames.TextSize = quietSize - 1
	w.share.align = fyne.TextAlignTrailing
	w.ExtendBaseWidget(w)
	return w
}

func (w *workRow) row() (Row, bool) {
	if w.i < 0 || w.i >= len(w.list.rows) {
		return Row{}, false
	}
	return w.list.rows[w.i], true
}

// bind implements rowWidget.
func (w *workRow) bind(i int) {
	w.i = i
	w.Refresh()
}

var _ fyne.Tappable = (*workRow)(nil)

// Tapped implements fyne.Tappable.
func (w *workRow) Tapped(*fyne.PointEvent) {
	if _, ok := w.row(); ok {
		w.list.choose(w.i)
	}
}

var _ desktop.Hoverable = (*workRow)(nil)

// MouseIn implements desktop.Hoverable.
func (w *workRow) MouseIn(*desktop.MouseEvent) {
	w.hovered = true
	w.paint()
	if r, ok := w.row(); ok {
		w.list.tell(hintOf(r))
	}
}

// MouseMoved implements desktop.Hoverable.
func (w *workRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (w *workRow) MouseOut() { w.hovered = false; w.paint(); w.list.tell("") }

// paint colours the ground, which says selected, hovered and focused.
func (w *workRow) paint() {
	t := theme.Current()
	r, _ := w.row()
	selected := r.ID != "" && r.ID == w.list.selected
	w.ground.FillColor, w.ground.StrokeWidth, w.ground.StrokeColor = color.Transparent, 0, color.Transparent
	switch {
	case selected:
		w.ground.FillColor = selectedGround()
	case w.hovered:
		w.ground.FillColor = t.Raised
	}
	if w.list.list.focused && w.list.list.cursor == w.i {
		w.ground.StrokeColor, w.ground.StrokeWidth = t.Accent, 2
	}
	w.ground.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (w *workRow) CreateRenderer() fyne.WidgetRenderer {
	r := &workRowRenderer{w}
	r.Refresh()
	return r
}

type workRowRenderer struct{ w *workRow }

func (r *workRowRenderer) MinSize() fyne.Size { return fyne.NewSize(0, workRowHeight) }

func (r *workRowRenderer) Layout(s fyne.Size) {
	w := r.w
	place(w.ground, unit, 1, s.Width-2*unit, s.Height-2)
	y := (s.Height - thumbHeight) / 2
	place(w.frame, gap, y, thumbWidth, thumbHeight)
	place(w.thumb, gap, y, thumbWidth, thumbHeight)
	m := w.frames.MinSize()
	place(w.badge, gap+thumbWidth-m.Width-gap, y+thumbHeight-m.Height-3, m.Width+gap-2, m.Height+1)
	place(w.frames, gap+thumbWidth-m.Width-gap+3, y+thumbHeight-m.Height-2.5, m.Width, m.Height)
	x := gap + thumbWidth + 2.5*unit
	inner := s.Width - x - pad
	place(w.title, x, y-1, inner, 18)
	place(w.icon.Image, x, y+20, smallIcon, smallIcon)
	shareWidth := min(w.share.width()+1, inner/2)
	place(w.state, x+smallIcon+unit, y+19, inner-smallIcon-unit-shareWidth, 16)
	place(w.share, x+inner-shareWidth, y+19, shareWidth, 16)
	r.layoutBar(x, y+thumbHeight-barHeight-1, inner)
}

// layoutBar draws the whole boundary as one bar: reviewed from the left, then what is weak and left to do.
func (r *workRowRenderer) layoutBar(x, y, width float32) {
	w := r.w
	row, _ := w.row()
	done := min(max(float32(row.Reviewed), 0), 1)
	weak := float32(0)
	if !math.IsNaN(row.Weak) {
		weak = min(max(float32(row.Weak), 0), 1-done)
	}
	place(w.track, x, y, width, barHeight)
	place(w.done, x, y, width*done, barHeight)
	place(w.weakBar, x+width*done, y, width*weak, barHeight)
	setVisible(w.done, done > 0)
	setVisible(w.weakBar, weak > 0)
}

func (r *workRowRenderer) Refresh() {
	w, t := r.w, theme.Current()
	row, _ := w.row()
	look := stateLooks[row.State]
	dim := row.State.closed()
	w.paint()
	w.frame.FillColor = color.NRGBA{A: 0xff}
	w.track.FillColor, w.done.FillColor, w.weakBar.FillColor = t.Line, t.Good, t.Weak
	w.thumb.Image, w.thumb.Translucency = row.Thumb, 0
	titleRole := roleText
	if dim {
		w.thumb.Translucency, titleRole = 0.6, roleQuiet
	}
	w.title.setRole(row.Title, titleRole)
	w.title.Refresh()
	w.state.setRole(row.State.String(), roleQuiet)
	w.icon.set(look.icon, look.role.colour())
	w.share.set(shareText(row))
	w.frames.Text = ""
	if row.Frames > 1 {
		w.frames.Text = "▶ " + strconv.Itoa(row.Frames)
	}
	w.badge.FillColor, w.frames.Color = color.NRGBA{A: 0xb0}, color.White
	setVisible(w.badge, row.Frames > 1)
	known := (!math.IsNaN(row.Weak) || row.Reviewed > 0) && !row.State.closed() && row.State != Waiting
	setVisible(w.track, known)
	r.Layout(w.Size())
	if !known {
		w.done.Hide()
		w.weakBar.Hide()
	}
	for _, o := range []fyne.CanvasObject{w.frame, w.thumb, w.badge, w.frames, w.state, w.share, w.track, w.done, w.weakBar} {
		o.Refresh()
	}
}

func (r *workRowRenderer) Objects() []fyne.CanvasObject {
	w := r.w
	return []fyne.CanvasObject{
		w.ground, w.frame, w.thumb, w.badge, w.frames, w.title, w.icon.Image, w.state, w.share, w.track, w.done, w.weakBar,
	}
}
func (r *workRowRenderer) Destroy() {}

// shareText writes how much weak boundary is left, where that is known and matters.
func shareText(r Row) string {
	if math.IsNaN(r.Weak) || r.Weak <= 0 || r.State.closed() || r.State == Waiting || r.State == Accepted {
		return ""
	}
	return text.T("panel.worklist.weak", text.Args{"Share": percent(r.Weak)})
}
