package panel

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// Mood is how a block's words are meant.
type Mood int

// The moods.
const (
	MoodText Mood = iota
	MoodQuiet
	MoodGood
	MoodWarn
	MoodBad
)

var moodRoles = [...]role{MoodText: roleText, MoodQuiet: roleQuiet, MoodGood: roleGood, MoodWarn: roleWarn, MoodBad: roleBad}

// Block is a piece of a sheet, from top to bottom: a heading, words, figures, a share done, curves, a choice, a line to copy, buttons.
// What is not set is left out.
type Block struct {
	Heading string
	Words   string
	Mood    Mood
	Figures []Figure
	Bar     bool
	Share   float64 // of Bar, 0 … 1
	Curves  []Curve
	Choices []Choice
	Chosen  string
	OnPick  func(key string)
	Copy    string // a line that can be selected and copied
	Acts    []Act
}

// Act is a button of a block.
type Act struct {
	Icon, Label string
	First       bool // what most people want next
	Chosen      bool // it stands for what is on show
	Off         bool // it can do nothing now
	Do          func()
}

// Curve is a line of a chart.
type Curve struct {
	Name   string
	Points [][2]float64 // x ascending
	Second bool         // drawn in the other colour
}

// Sheet is the body of a page that tells things and offers what can be done: a narrow column at the left, a wide one at the
// right, both scrolled. The arrow keys go through its buttons and choices, Page Up and Page Down scroll the wide column.
type Sheet struct {
	widget.BaseWidget
	left, right   *column
	scrollL       *container.Scroll
	scrollR       *container.Scroll
	ground, split *canvas.Rectangle
	stops         *stops
	setting       bool // it is shown anew: the reader, who may have scrolled on, stays where he is
}

// NewSheet makes an empty one.
func NewSheet() *Sheet {
	s := &Sheet{
		left: newColumn(3*unit, pad), right: newColumn(4*unit, pad),
		ground: canvas.NewRectangle(color.Transparent), split: canvas.NewRectangle(color.Transparent),
	}
	s.stops = newStops()
	s.scrollL, s.scrollR = newScrolled(s.left), newScrolled(container.New(&atMost{sheetMost}, s.right))
	s.ExtendBaseWidget(s)
	return s
}

// The columns of a sheet.
const (
	leftColumn = iota
	rightColumn
)

// Set shows blocks in both columns. The keyboard stays where it was, as far as that place is still there.
func (s *Sheet) Set(left, right []Block) {
	old := s.stops
	s.stops = newStops()
	s.stops.gained, s.stops.other = s.reveal, s.leaf
	s.left.setItems(s.build(left, leftColumn)...)
	s.right.setItems(s.build(right, rightColumn)...)
	s.scrollL.Refresh()
	s.scrollR.Refresh()
	s.setting = true
	s.stops.follow(old)
	s.setting = false
}

// First is what gets the keyboard: the button or choice that had it last, else the first; nil where there is none.
func (s *Sheet) First() fyne.Focusable { return s.stops.last() }

// reveal scrolls to the control to which the keyboard came.
func (s *Sheet) reveal(i int) {
	if s.setting {
		return
	}
	scroll := s.scrollR
	if s.stops.list[i].column == leftColumn {
		scroll = s.scrollL
	}
	reveal(scroll, s.stops.list[i].w.(fyne.CanvasObject))
}

// leaf scrolls the wide column by nearly its height, for Page Up and Page Down; it is false for other keys.
func (s *Sheet) leaf(key fyne.KeyName) bool {
	step := s.scrollR.Size().Height - leafOverlap
	switch key {
	case fyne.KeyPageUp:
		step = -step
	case fyne.KeyPageDown:
	default:
		return false
	}
	scrollTo(s.scrollR, s.scrollR.Offset.Y+step)
	return true
}

// leafOverlap is what stays on show of a page that is leafed on.
const leafOverlap = 10 * unit

// build makes the widgets of a column's blocks. In the narrow one buttons stand under each other.
func (s *Sheet) build(blocks []Block, column int) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, b := range blocks {
		out = append(out, newColumn(2*unit, 0, s.parts(b, column)...))
	}
	return out
}

func (s *Sheet) parts(b Block, column int) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	if b.Heading != "" {
		out = append(out, newBold(fixed(b.Heading), textSize))
	}
	if b.Words != "" {
		out = append(out, newParagraph(fixed(b.Words), moodRoles[b.Mood], textSize))
	}
	if len(b.Figures) > 0 {
		table := newFacts()
		for _, f := range b.Figures {
			table.list = append(table.list, fact{name: f.Name, value: f.Value})
		}
		out = append(out, table)
	}
	if b.Bar {
		out = append(out, newBar(b.Share, roleAccent))
	}
	if len(b.Curves) > 0 {
		out = append(out, newChart(b.Curves))
	}
	if len(b.Choices) > 0 {
		seg := newSegments(b.Choices, b.Chosen, b.OnPick)
		s.stops.addRow(column, seg)
		out = append(out, seg)
	}
	if b.Copy != "" {
		f := newField(b.Copy)
		f.OnChanged = func(v string) {
			if v != b.Copy {
				f.SetText(b.Copy)
			}
		}
		s.stops.addRow(column, f)
		out = append(out, f)
	}
	return append(out, s.buttons(b.Acts, column)...)
}

func (s *Sheet) buttons(acts []Act, column int) []fyne.CanvasObject {
	var out []fyne.CanvasObject
	narrow, row := column == leftColumn, s.stops.row(column)
	for i, a := range acts {
		k := plain
		if a.First {
			k = primary
		}
		if narrow {
			k = flat
		}
		b := newButton(a.Icon, fixed(a.Label), k, a.Do)
		b.left = narrow
		b.setSelected(a.Chosen)
		b.setDisabled(a.Off)
		if !a.Off {
			at := row
			if narrow {
				at += i
			}
			s.stops.add(column, at, b)
		}
		out = append(out, b)
	}
	if narrow || len(out) == 0 {
		return out
	}
	return []fyne.CanvasObject{newRow(gap, none, out...)}
}

// sheetLeft is how wide the left column is.
const sheetLeft = 76 * unit

// sheetMost is the most that lines of the right column are wide, so that they can be read.
const sheetMost = 200 * unit

// CreateRenderer implements fyne.Widget.
func (s *Sheet) CreateRenderer() fyne.WidgetRenderer {
	r := &sheetRenderer{s}
	r.Refresh()
	return r
}

// atMost makes what it holds no wider than told.
type atMost struct{ width float32 }

// Layout implements fyne.Layout.
func (l *atMost) Layout(items []fyne.CanvasObject, s fyne.Size) {
	for _, o := range items {
		place(o, 0, 0, min(s.Width, l.width), s.Height)
	}
}

// MinSize implements fyne.Layout.
func (l *atMost) MinSize(items []fyne.CanvasObject) fyne.Size {
	var out fyne.Size
	for _, o := range items {
		out = out.Max(o.MinSize())
	}
	return out
}

type sheetRenderer struct{ s *Sheet }

func (r *sheetRenderer) Layout(size fyne.Size) {
	s := r.s
	left := min(sheetLeft, size.Width/3)
	place(s.ground, 0, 0, left, size.Height)
	place(s.scrollL, 0, 0, left, size.Height)
	place(s.split, left, 0, 1, size.Height)
	place(s.scrollR, left+1, 0, size.Width-left-1, size.Height)
}

func (r *sheetRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 40*unit) }

func (r *sheetRenderer) Refresh() {
	s, t := r.s, theme.Current()
	s.ground.FillColor, s.split.FillColor = t.Panel, t.Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(s.Size())
}

func (r *sheetRenderer) Objects() []fyne.CanvasObject {
	s := r.s
	return []fyne.CanvasObject{s.ground, s.scrollL, s.split, s.scrollR}
}
func (r *sheetRenderer) Destroy() {}

// bar shows a share done.
type bar struct {
	widget.BaseWidget
	share       float64 // 0 to 1
	role        role
	track, fill *canvas.Rectangle
}

func newBar(share float64, r role) *bar {
	b := &bar{share: share, role: r, track: canvas.NewRectangle(color.Transparent), fill: canvas.NewRectangle(color.Transparent)}
	b.track.CornerRadius, b.fill.CornerRadius = 2, 2
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer implements fyne.Widget.
func (b *bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b}
	r.Refresh()
	return r
}

type barRenderer struct{ b *bar }

func (r *barRenderer) Layout(s fyne.Size) {
	place(r.b.track, 0, 0, s.Width, barHeight)
	place(r.b.fill, 0, 0, s.Width*float32(min(max(r.b.share, 0), 1)), barHeight)
}

func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(0, barHeight) }

func (r *barRenderer) Refresh() {
	r.b.track.FillColor, r.b.fill.FillColor = theme.Current().Line, r.b.role.colour()
	r.b.track.Refresh()
	r.b.fill.Refresh()
}

func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.b.track, r.b.fill} }
func (r *barRenderer) Destroy()                     {}

// chart draws curves over a common x, each between its own least and greatest value, with those written beside its name.
type chart struct {
	widget.BaseWidget
	curves []Curve
	plot   *canvas.Raster
	names  []*label
}

// chartHeight is that of a chart's plot.
const chartHeight = 40 * unit

func newChart(curves []Curve) *chart {
	c := &chart{curves: curves}
	c.plot = canvas.NewRaster(c.draw)
	for _, v := range curves {
		r := roleAccent
		if v.Second {
			r = roleGood
		}
		c.names = append(c.names, newLabel(fixed("━ "+v.Name), r, quietSize+1))
	}
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *chart) CreateRenderer() fyne.WidgetRenderer { return &chartRenderer{c} }

type chartRenderer struct{ c *chart }

// chartLine is the height of a curve's name.
const chartLine = 5 * unit

func (r *chartRenderer) Layout(s fyne.Size) {
	place(r.c.plot, 0, 0, s.Width, chartHeight)
	for i, n := range r.c.names {
		place(n, 0, chartHeight+unit+float32(i)*chartLine, s.Width, chartLine)
	}
}

func (r *chartRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, chartHeight+unit+float32(len(r.c.names))*chartLine)
}

func (r *chartRenderer) Refresh() {
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *chartRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{r.c.plot}
	for _, n := range r.c.names {
		out = append(out, n)
	}
	return out
}
func (r *chartRenderer) Destroy() {}

// extent is the range of the curves' x.
func (c *chart) extent() (from, to float64) {
	from, to = math.Inf(1), math.Inf(-1)
	for _, v := range c.curves {
		for _, p := range v.Points {
			from, to = min(from, p[0]), max(to, p[0])
		}
	}
	return from, to
}

// draw paints the plot, w by h device pixels.
func (c *chart) draw(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	t := theme.Current()
	for y := range h {
		for x := range w {
			img.Set(x, y, t.Raised)
		}
	}
	from, to := c.extent()
	for _, v := range c.curves {
		ink := t.Accent
		if v.Second {
			ink = t.Good
		}
		drawCurve(img, v.Points, from, to, ink)
	}
	return img
}

// drawCurve paints one curve as high as the plot, with a little room above and below.
func drawCurve(img *image.NRGBA, points [][2]float64, from, to float64, ink color.Color) {
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, p[1]), max(high, p[1])
	}
	at := func(p [2]float64) (x, y float64) {
		x, y = w/2, h/2
		if to > from {
			x = 4 + (w-8)*(p[0]-from)/(to-from)
		}
		if high > low {
			y = h - 6 - (h-12)*(p[1]-low)/(high-low)
		}
		return x, y
	}
	for i, p := range points {
		x1, y1 := at(p)
		x0, y0 := x1, y1
		if i > 0 {
			x0, y0 = at(points[i-1])
		}
		steps := int(math.Hypot(x1-x0, y1-y0)) + 1
		for s := 0; s <= steps; s++ {
			f := float64(s) / float64(steps)
			dot(img, x0+f*(x1-x0), y0+f*(y1-y0), ink)
		}
	}
}

// dot paints 2 by 2 pixels.
func dot(img *image.NRGBA, x, y float64, ink color.Color) {
	for dy := range 2 {
		for dx := range 2 {
			img.Set(int(x)+dx, int(y)+dy, ink)
		}
	}
}
