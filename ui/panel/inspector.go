package panel

import (
	"image/color"
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/theme"
)

// Label is one segment that can be drawn.
type Label struct {
	Name   string
	Colour color.NRGBA
	Locked bool // no tool changes it
}

// What labels are painted over, as SetLabels and OnOverwrite name it.
const (
	OverAll  = "all"
	OverNone = "none"
)

// ToolOptions are the active tool's.
type ToolOptions struct {
	Name     string
	Size     float64 // diameter in Unit
	Min, Max float64
	Unit     string // "mm" or "px"; "" for a tool without a size
}

// Measure is a measurement, ready to be read.
type Measure struct{ Label, Value string }

// Step is one edit of the history.
type Step struct {
	Title string
	Note  string // who or what made it, and when
	Done  bool   // false for what was undone
}

// Inspector shows what is known of the open image, at the right of the window.
type Inspector struct {
	widget.BaseWidget

	OnWeak      func(limit float64) // the limit moves, in the unit of Confidence
	OnWeakEnd   func(limit float64) // it came to rest
	OnLabel     func(i int)
	OnLock      func(i int) // its lock is to be closed or opened
	OnAddLabel  func()
	OnRename    func(i int)        // its name and colour are to be asked for
	OnGrow      func(step float64) // the step of growing and shrinking, in the unit of SetGrow
	OnOverwrite func(over string)  // OverAll or OverNone
	OnSize      func(size float64) // in the unit of ToolOptions
	OnOpacity   func(share float64)
	OnJump      func(step int) // back or forward to the state after step; -1 is the state before the first
	OnAsk       func()         // an expert is to be asked, or what was asked to be looked at
	OnHint      func(string)
	confidence  Confidence
	tool        ToolOptions
	steps       []Step
	facts       *facts
	note        *paragraph
	weak        *slider
	weakValue   *label
	labels      *column
	addLabel    *button
	over        *segments
	overRow     *column // with several labels only
	labelList   []Label
	chosen      int
	size        *slider
	sizeValue   *label
	sizeRow     *fyne.Container
	growStep    *slider
	growValue   *label
	growUnit    string
	opacity     *slider
	shown       *label // the opacity in words
	measures    *facts
	measureNote *paragraph
	history     *rows
	sections    []fyne.CanvasObject
	unshown     *unshownPart // in their place where there is no image
	playing     bool         // a cine plays: what is known of one frame is not shown
	scroll      *container.Scroll
}

// NewInspector returns an inspector with nothing to show yet.
func NewInspector() *Inspector {
	p := &Inspector{confidence: Confidence{
		Probability: math.NaN(), Dice: math.NaN(), Expected: math.NaN(), Reviewed: math.NaN(), Study: math.NaN(), WeakArcs: -1,
		Unit: "px", Weak: 1, WeakMax: 1,
	}}
	p.facts = newFacts()
	p.note = newParagraph(fixed(""), roleText, textSize)
	p.note.Hide()
	p.measures = newFacts()
	p.measureNote = newParagraph(fixed(""), roleQuiet, quietSize)
	p.measureNote.Hide()
	p.labels = newColumn(0, 0)
	p.history = newRows(stepHeight, p.historyLength, func() rowWidget { return newStepRow(p) })
	p.history.onKey = func(e *fyne.KeyEvent) bool {
		if !isActivation(e) || p.history.cursor < 0 {
			return false
		}
		p.jump(p.history.cursor - 1)
		return true
	}
	p.sections = []fyne.CanvasObject{p.confidenceSection(), p.labelSection(), p.toolSection(), p.measureSection(), p.historySection()}
	p.unshown = p.newUnshown()
	all := newColumn(4*unit, pad, append([]fyne.CanvasObject{p.unshown.column}, p.sections...)...)
	all.fill = true
	p.scroll = newScrolled(all)
	p.SetConfidence(p.confidence)
	p.ExtendBaseWidget(p)
	return p
}

// section is a heading with what belongs to it.
func section(key string, items ...fyne.CanvasObject) *column {
	head := newBold(func() string { return text.T(key) }, textSize)
	return newColumn(unit, 0, append([]fyne.CanvasObject{head}, items...)...)
}

// named is a slider between its name and its value.
func named(key string, value *label, s *slider) *fyne.Container {
	value.align = fyne.TextAlignTrailing
	name := newLabel(func() string { return text.T(key) }, roleQuiet, textSize)
	return container.New(namedLayout{name, value}, name, s, value)
}

// valueWidth is the room of a slider's value, which is the same for all so that the sliders line up.
const valueWidth = 14 * unit

// namedLayout gives all sliders of the inspector the same place beside names of different lengths.
type namedLayout struct{ name, value *label }

// Layout implements fyne.Layout.
func (l namedLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	name := max(l.name.width()+1, min(24*unit, s.Width/3))
	place(o[0], 0, 0, name, s.Height)
	place(o[1], name+unit, 0, s.Width-name-valueWidth-2*unit, s.Height)
	place(o[2], s.Width-valueWidth, 0, valueWidth, s.Height)
}

// MinSize implements fyne.Layout.
func (l namedLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, targetSize-unit) }

func (p *Inspector) labelSection() fyne.CanvasObject {
	p.addLabel = newButton("plus", say("panel.labels.add"), flat, func() {
		if p.OnAddLabel != nil {
			p.OnAddLabel()
		}
	})
	p.addLabel.left = true
	p.over = newSegments([]Choice{
		{OverAll, say("panel.labels.over.all")}, {OverNone, say("panel.labels.over.none")},
	}, OverAll, func(key string) { call(p.OnOverwrite, key) })
	p.overRow = newColumn(unit, 0, newLabel(say("panel.labels.over"), roleQuiet, textSize), p.over)
	p.overRow.Hide()
	return section("panel.labels.title", p.labels, p.overRow, p.addLabel)
}

func (p *Inspector) toolSection() fyne.CanvasObject {
	p.sizeValue = newLabel(fixed(""), roleText, textSize)
	p.size = newSlider(func(v float64) {
		p.tool.Size = v
		p.sizeValue.set(quantity(v, p.tool.Unit))
		call(p.OnSize, v)
	}, nil)
	p.sizeRow = named("panel.tool.size", p.sizeValue, p.size)
	p.shown = newLabel(func() string { return percent(p.opacity.value) }, roleText, textSize)
	p.opacity = newSlider(func(v float64) {
		p.shown.Refresh()
		call(p.OnOpacity, v)
	}, nil)
	p.opacity.value = 1
	head := newBold(func() string {
		if p.tool.Name == "" {
			return text.T("panel.tool.title")
		}
		return text.T("panel.tool.title_of", text.Args{"Tool": p.tool.Name})
	}, textSize)
	return newColumn(unit, 0, head, p.sizeRow, p.growRow(), named("panel.tool.opacity", p.shown, p.opacity))
}

// growRow is how far growing and shrinking go.
func (p *Inspector) growRow() fyne.CanvasObject {
	p.growValue = newLabel(fixed(""), roleText, textSize)
	p.growStep = newSlider(func(v float64) { call(p.OnGrow, v) }, nil)
	return named("panel.tool.grow", p.growValue, p.growStep)
}

// SetGrow shows the step of growing and shrinking.
func (p *Inspector) SetGrow(step, least, most float64, unit string) {
	p.growUnit = unit
	p.growStep.set(least, most, step)
	p.growValue.set(quantity(step, unit))
}

func (p *Inspector) measureSection() fyne.CanvasObject {
	return section("panel.measure.title", p.measures, p.measureNote)
}

// historyRows is how many steps are seen at least without scrolling the history itself.
const historyRows = 4

// historySection takes all the height that the others leave.
func (p *Inspector) historySection() fyne.CanvasObject {
	s := section("panel.history.title", container.New(tall{historyRows * stepHeight}, p.history))
	s.fill = true
	return s
}

// tall gives its only object a height.
type tall struct{ height float32 }

// Layout implements fyne.Layout.
func (t tall) Layout(o []fyne.CanvasObject, s fyne.Size) { place(o[0], 0, 0, s.Width, s.Height) }

// MinSize implements fyne.Layout.
func (t tall) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, t.height) }

func call[T any](f func(T), v T) {
	if f != nil {
		f(v)
	}
}

// SetLabels shows the labels; chosen is the one being drawn, over what it is painted over. A list that is shown already is
// left alone, so that it keeps its focus.
func (p *Inspector) SetLabels(labels []Label, chosen int, over string) {
	p.over.set(over)
	if slices.Equal(labels, p.labelList) && chosen == p.chosen {
		return
	}
	p.labelList, p.chosen = labels, chosen
	p.addLabel.setDisabled(len(labels) >= keys.MaxLabels)
	setVisible(p.overRow, len(labels) > 1)
	if len(labels) == len(p.labels.items) {
		p.labels.Refresh()
		for _, o := range p.labels.items {
			o.Refresh()
		}
		return
	}
	items := make([]fyne.CanvasObject, len(labels))
	for i := range labels {
		items[i] = newLabelRow(p, i)
	}
	p.labels.setItems(items...)
	p.scroll.Refresh()
}

// SetTool shows the active tool's options.
func (p *Inspector) SetTool(t ToolOptions) {
	p.tool = t
	p.size.set(t.Min, t.Max, t.Size)
	p.sizeValue.set(quantity(t.Size, t.Unit))
	setVisible(p.sizeRow, t.Unit != "")
	p.scroll.Refresh()
}

// Tool is what SetTool was given last.
func (p *Inspector) Tool() ToolOptions { return p.tool }

// SetOpacity shows how opaque the overlay is.
func (p *Inspector) SetOpacity(share float64) {
	p.opacity.set(0, 1, share)
	p.shown.Refresh()
}

// SetMeasures shows the measurements; note says what is to be known of them, for example that they are in pixels.
func (p *Inspector) SetMeasures(measures []Measure, note string) {
	f := make([]fact, len(measures))
	for i, m := range measures {
		f[i] = fact{name: m.Label, value: m.Value, ofFrame: true}
	}
	p.measures.set(f)
	p.measureNote.set(note)
	setVisible(p.measureNote, note != "")
	p.scroll.Refresh()
}

// Measures is what SetMeasures was given last.
func (p *Inspector) Measures() (measures []Measure, note string) {
	for _, f := range p.measures.list {
		measures = append(measures, Measure{Label: f.name, Value: f.value})
	}
	return measures, p.measureNote.say()
}

// History is what SetHistory was given last.
func (p *Inspector) History() []Step { return p.steps }

// SetHistory shows the edits, oldest first. The list scrolls to where the image now is.
func (p *Inspector) SetHistory(steps []Step) {
	p.steps = steps
	p.history.changed()
	p.history.reveal(min(p.current()+1, len(steps))) // with the step that redo would bring back
	p.history.reveal(p.current())
}

// historyLength is how many rows the history has: what came before the first step is one too.
func (p *Inspector) historyLength() int {
	if p.playing {
		return 0
	}
	return len(p.steps) + 1
}

// current returns the row of the history that shows the image's present state: 0 is before the first step.
func (p *Inspector) current() int {
	for i := len(p.steps); i > 0; i-- {
		if p.steps[i-1].Done {
			return i
		}
	}
	return 0
}

func (p *Inspector) jump(step int) { call(p.OnJump, step) }

// CreateRenderer implements fyne.Widget.
func (p *Inspector) CreateRenderer() fyne.WidgetRenderer {
	r := &inspectorRenderer{p, canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type inspectorRenderer struct {
	p      *Inspector
	ground *canvas.Rectangle
}

func (r *inspectorRenderer) Layout(s fyne.Size) {
	r.ground.Resize(s)
	r.p.scroll.Resize(s)
	r.p.scroll.Refresh()
}

func (r *inspectorRenderer) MinSize() fyne.Size { return fyne.NewSize(50*unit, 30*unit) }

func (r *inspectorRenderer) Refresh() {
	r.ground.FillColor = theme.Current().Panel
	r.p.facts.set(confidenceFacts(r.p.confidence))
	r.ground.Refresh()
	r.p.scroll.Refresh()
}

func (r *inspectorRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.p.scroll}
}
func (r *inspectorRenderer) Destroy() {}

// quantity writes a length with its unit: two digits that matter below ten, whole numbers from a hundred on.
func quantity(v float64, unit string) string {
	digits := 1
	switch {
	case unit == "px" && v >= 10, v >= 100:
		digits = 0
	case unit == "mm" && v < 10:
		digits = 2
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + " " + unit
}

// Labels are those on show.
func (p *Inspector) Labels() []Label { return p.labelList }
