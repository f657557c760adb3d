package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/theme"
)

// The toolbar's measures.
const (
	toolbarHeight = 11 * unit
	toolHeight    = 8 * unit
	toolGap       = unit / 2
	groupGap      = 4 * unit
)

// tool is one button of the toolbar. Where the window is narrow, labels go first, then the tools of the highest rank go
// into the menu at the end.
type tool struct {
	id    keys.ID
	icon  string
	label string // key of a text beside the icon; "" for none
	kind  kind
	rank  int
	group int
}

// menuPreset is the toolbar's own id for the menu of window/level presets.
const menuPreset = keys.NextPreset

// The toolbar's groups from left to right; lastGroup sticks to the right end.
const lastGroup = 5

var tools = []tool{
	{keys.Open, "folder-open", "panel.toolbar.open", flat, 0, 0},
	{keys.Export, "file-output", "", flat, 2, 0},
	{keys.Pages, "clipboard-list", "", flat, 1, 0},
	{keys.Undo, "undo-2", "", flat, 1, 1},
	{keys.Redo, "redo-2", "", flat, 2, 1},
	{keys.Brush, "brush", "", flat, 0, 2},
	{keys.Eraser, "eraser", "", flat, 0, 2},
	{keys.Push, "spline", "", flat, 0, 2},
	{keys.Redraw, "pencil", "", flat, 0, 2},
	{keys.Lasso, "lasso", "", flat, 2, 2},
	{keys.Ruler, "ruler", "", flat, 2, 2},
	{keys.Ask, "mouse-pointer-click", "", flat, 0, 2},
	{keys.Tools, "wand", "", flat, 0, 2},
	{keys.PreviousWeak, "skip-back", "", flat, 1, 3},
	{keys.NextWeak, "skip-forward", "", flat, 0, 3},
	{keys.Confirm, "check", "panel.toolbar.confirm", flat, 0, 3},
	{keys.Accept, "check-check", "panel.toolbar.accept", primary, 0, 3},
	{keys.Reject, "circle-x", "", flat, 1, 3},
	{keys.Fit, "scan", "", flat, 2, 4},
	{keys.ZoomOut, "zoom-out", "", flat, 4, 4},
	{keys.ZoomIn, "zoom-in", "", flat, 4, 4},
	{menuPreset, "sun-medium", "", flat, 2, 4},
	{keys.Invert, "contrast", "", flat, 4, 4},
	{keys.Overlay, "layers", "", flat, 1, 4},
	{keys.Heatmap, "flame", "", flat, 3, 4},
	{keys.Band, "blend", "", flat, 3, 4},
	{keys.Theme, "moon", "", flat, 5, lastGroup},
	{keys.Language, "languages", "", flat, 5, lastGroup},
	{keys.Help, "circle-question-mark", "", flat, 3, lastGroup},
}

// toolMenu is the menu of everything that draws; "" divides it.
var toolMenu = []keys.ID{
	keys.Brush, keys.Eraser, keys.Push, keys.Redraw, keys.Slide, keys.Lasso, keys.Wire, keys.Ellipse, keys.Bucket, keys.Fresh, keys.Ask, "",
	keys.FillHoles, keys.KeepLargest, keys.Smooth, keys.Grow, keys.Shrink, keys.CopyPrevious, "",
	keys.Ruler, keys.Release,
}

// menuOnly are actions of the menu at the end that have no button.
var menuOnly = []keys.ID{keys.Import, keys.Deidentify, keys.WorkList, keys.Inspector, keys.ImageAlone, keys.LoopFrom, keys.LoopTo, keys.LoopAll, keys.Versions, keys.Reader, keys.Demo, keys.About, keys.Quit}

// Toolbar is the row of buttons at the top of the window.
type Toolbar struct {
	widget.BaseWidget

	OnAction func(keys.ID)    // a button was pressed
	OnPreset func(key string) // a window/level preset was chosen
	OnHint   func(string)     // what the button under the pointer does; "" when it has gone

	buttons map[keys.ID]*button
	more    *button
	presets []Choice
	preset  string
	pages   []keys.ID        // those of the menu of pages
	hidden  []keys.ID        // tools that are in the menu for want of room
	off, on map[keys.ID]bool // actions without a button that are greyed, or ticked
}

// NewToolbar returns a toolbar with everything enabled and nothing selected.
func NewToolbar() *Toolbar {
	t := &Toolbar{buttons: map[keys.ID]*button{}, off: map[keys.ID]bool{}, on: map[keys.ID]bool{}}
	for _, d := range tools {
		t.buttons[d.id] = t.newTool(d)
	}
	t.buttons[menuPreset].trailing = "chevron-down"
	t.buttons[menuPreset].onTap = t.showPresets
	t.buttons[keys.Tools].trailing = "chevron-down"
	t.buttons[keys.Tools].onTap = t.ShowTools
	t.buttons[keys.Pages].onTap = t.ShowPages
	t.more = newButton("ellipsis", nil, flat, t.showMore)
	t.more.height = toolHeight
	t.more.hint = func() string { return text.T("panel.toolbar.more") }
	t.more.onHint = t.tell
	t.ExtendBaseWidget(t)
	return t
}

func (t *Toolbar) newTool(d tool) *button {
	var say func() string
	if d.label != "" {
		say = func() string { return text.T(d.label) }
	}
	b := newButton(d.icon, say, d.kind, func() { t.run(d.id) })
	b.height = toolHeight
	b.hint = d.id.Hint
	b.onHint = t.tell
	return b
}

func (t *Toolbar) tell(s string) {
	if t.OnHint != nil {
		t.OnHint(s)
	}
}

func (t *Toolbar) run(id keys.ID) {
	if t.OnAction != nil {
		t.OnAction(id)
	}
}

// SetEnabled allows or greys an action's button, or its line in a menu.
func (t *Toolbar) SetEnabled(id keys.ID, on bool) {
	t.off[id] = !on
	if b := t.buttons[id]; b != nil {
		b.setDisabled(!on)
	}
}

// SetSelected shows whether the tool or view of an action is on.
func (t *Toolbar) SetSelected(id keys.ID, on bool) {
	t.on[id] = on
	if b := t.buttons[id]; b != nil {
		b.setSelected(on)
	}
}

// SetLight shows what the theme button leads to: the dark theme from the light one, and back.
func (t *Toolbar) SetLight(light bool) {
	b := t.buttons[keys.Theme]
	b.icon = "sun"
	if light {
		b.icon = "moon"
	}
	b.Refresh()
}

// SetPresets fills the menu of window/level presets; chosen is ticked, "" for none.
func (t *Toolbar) SetPresets(presets []Choice, chosen string) { t.presets, t.preset = presets, chosen }

func (t *Toolbar) showPresets() {
	var items []*fyne.MenuItem
	for _, p := range t.presets {
		item := fyne.NewMenuItem(p.Title(), func() {
			if t.OnPreset != nil {
				t.OnPreset(p.Key)
			}
		})
		item.Checked = p.Key == t.preset
		items = append(items, item)
	}
	popUp(t.buttons[menuPreset], items)
}

// ShowTools opens the menu of everything that draws.
func (t *Toolbar) ShowTools() {
	if t.off[keys.Tools] {
		return
	}
	var items []*fyne.MenuItem
	for _, id := range toolMenu {
		if id == "" {
			items = append(items, fyne.NewMenuItemSeparator())
			continue
		}
		item := fyne.NewMenuItem(id.Hint(), func() { t.run(id) })
		item.Disabled, item.Checked = t.off[id], t.on[id]
		items = append(items, item)
	}
	popUp(t.buttons[keys.Tools], items)
}

// SetPages says what the menu of pages holds, by the actions that open them; "" divides it.
func (t *Toolbar) SetPages(ids []keys.ID) { t.pages = ids }

// ShowPages opens the menu of pages.
func (t *Toolbar) ShowPages() {
	var items []*fyne.MenuItem
	for _, id := range t.pages {
		if id == "" {
			items = append(items, fyne.NewMenuItemSeparator())
			continue
		}
		items = append(items, fyne.NewMenuItem(id.Hint(), func() { t.run(id) }))
	}
	from := t.buttons[keys.Pages]
	if !from.Visible() {
		from = t.more
	}
	popUp(from, items)
}

// showMore opens the menu of what has no room, and of what never has a button.
func (t *Toolbar) showMore() {
	var items []*fyne.MenuItem
	for _, id := range t.hidden {
		b := t.buttons[id]
		item := fyne.NewMenuItem(id.Hint(), b.onTap)
		item.Disabled, item.Checked = b.disabled, b.selected
		items = append(items, item)
	}
	if len(items) > 0 {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	for _, id := range menuOnly {
		items = append(items, fyne.NewMenuItem(id.Hint(), func() { t.run(id) }))
	}
	popUp(t.more, items)
}

// popUp shows a menu under o.
func popUp(o fyne.CanvasObject, items []*fyne.MenuItem) {
	c := canvasOf(o)
	if c == nil || len(items) == 0 {
		return
	}
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, at.AddXY(0, o.Size().Height+2))
}

// CreateRenderer implements fyne.Widget.
func (t *Toolbar) CreateRenderer() fyne.WidgetRenderer {
	r := &toolbarRenderer{t: t, ground: canvas.NewRectangle(color.Transparent), line: canvas.NewRectangle(color.Transparent)}
	r.objects = append(r.objects, r.ground, r.line)
	for range lastGroup - 1 {
		l := canvas.NewRectangle(color.Transparent)
		r.lines = append(r.lines, l)
		r.objects = append(r.objects, l)
	}
	for _, d := range tools {
		r.objects = append(r.objects, t.buttons[d.id])
	}
	r.objects = append(r.objects, t.more)
	r.Refresh()
	return r
}

type toolbarRenderer struct {
	t            *Toolbar
	ground, line *canvas.Rectangle
	lines        []*canvas.Rectangle // between groups
	objects      []fyne.CanvasObject
}

// MinSize asks for the height alone: any width will do, the menu at the end takes what has no room.
func (r *toolbarRenderer) MinSize() fyne.Size { return fyne.NewSize(0, toolbarHeight) }

// maxRank is above every tool's.
const maxRank = 6

func (r *toolbarRenderer) Layout(s fyne.Size) {
	labels, rank := r.fit(s.Width - 2*gap)
	r.t.hidden = nil
	for _, d := range tools {
		b := r.t.buttons[d.id]
		r.label(d, labels)
		setVisible(b, d.rank < rank)
		if d.rank >= rank {
			r.t.hidden = append(r.t.hidden, d.id)
		}
	}
	place(r.ground, 0, 0, s.Width, s.Height)
	place(r.line, 0, s.Height-1, s.Width, 1)
	r.arrange(s)
}

// label shows or hides a tool's text: at level 2 all texts, at 1 only the primary action's, at 0 none.
func (r *toolbarRenderer) label(d tool, level int) {
	b := r.t.buttons[d.id]
	if compact := level == 0 || (level == 1 && d.kind != primary); b.compact != compact {
		b.compact = compact
		b.Refresh()
	}
}

// fit finds the most that has room: which labels, and below which rank the tools stay.
func (r *toolbarRenderer) fit(width float32) (labels, rank int) {
	for rank = maxRank; rank > 1; rank-- {
		for labels = 2; labels >= 0; labels-- {
			if r.width(labels, rank) <= width {
				return labels, rank
			}
		}
	}
	return 0, 1
}

// width is what the toolbar needs with these labels and ranks.
func (r *toolbarRenderer) width(labels, rank int) float32 {
	w, group := toolHeight+groupGap, 0
	for _, d := range tools {
		if d.rank >= rank {
			continue
		}
		if d.group != group {
			group = d.group
			w += groupGap
		}
		r.label(d, labels)
		w += r.t.buttons[d.id].MinSize().Width + toolGap
	}
	return w
}

// arrange places the visible tools from the left, and those of the last group from the right.
func (r *toolbarRenderer) arrange(s fyne.Size) {
	y := (s.Height - toolHeight) / 2
	x, group, sep := gap, tools[0].group, 0
	for _, d := range tools {
		b := r.t.buttons[d.id]
		if d.group == lastGroup || !b.Visible() {
			continue
		}
		if d.group != group {
			group = d.group
			x += groupGap
			place(r.lines[sep], x-groupGap/2-1, y+unit, 1, toolHeight-2*unit)
			sep++
		}
		w := b.MinSize().Width
		place(b, x, y, w, toolHeight)
		x += w + toolGap
	}
	for i, l := range r.lines {
		setVisible(l, i < sep)
	}
	x = s.Width - gap - toolHeight
	place(r.t.more, x, y, toolHeight, toolHeight)
	for i := len(tools) - 1; i >= 0; i-- {
		if b := r.t.buttons[tools[i].id]; tools[i].group == lastGroup && b.Visible() {
			x -= toolHeight + toolGap
			place(b, x, y, toolHeight, toolHeight)
		}
	}
}

func (r *toolbarRenderer) Refresh() {
	t := theme.Current()
	r.ground.FillColor, r.line.FillColor = t.Panel, t.Line
	for _, l := range r.lines {
		l.FillColor = t.Line
	}
	for _, o := range r.objects {
		o.Refresh()
	}
	r.Layout(r.t.Size())
}

func (r *toolbarRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *toolbarRenderer) Destroy()                     {}
