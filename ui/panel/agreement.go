package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// AgreementView is the body of the agreement page: at the left the pairs of readers, those who agree least first, and the
// figures of the chosen one; at the right its plots, and its cases.
type AgreementView struct {
	widget.BaseWidget

	OnPair func(i int)
	OnCase func(i int)         // of the lines that SetCases was given
	OnDot  func(plot, dot int) // a case was chosen in a plot
	OnHint func(string)

	pairs, cases *Lines
	figures      *facts
	how          *paragraph
	left         *container.Scroll
	plots        []*plot
	ground, line *canvas.Rectangle
}

// Figure is one in words.
type Figure struct{ Name, Value string }

// NewAgreementView makes an empty one.
func NewAgreementView(pairs, cases *Lines) *AgreementView {
	v := &AgreementView{
		pairs: pairs, cases: cases, figures: newFacts(), how: newParagraph(fixed(""), roleQuiet, quietSize+1),
		ground: canvas.NewRectangle(color.Transparent), line: canvas.NewRectangle(color.Transparent),
	}
	v.left = newScrolled(newColumn(3*unit, pad, v.figures, v.how))
	tell := func(s string) { call(v.OnHint, s) }
	pairs.OnHint, cases.OnHint = tell, tell
	pairs.OnChosen = func(i int) { call(v.OnPair, i) }
	cases.OnChosen = func(i int) { call(v.OnCase, i) }
	between := newStops()
	between.add(leftColumn, 0, pairs.list)
	between.add(rightColumn, 0, cases.list)
	v.ExtendBaseWidget(v)
	return v
}

// First is what gets the keyboard.
func (v *AgreementView) First() fyne.Focusable { return v.cases.First() }

// Present shows a pair: its figures, how they came about, its plots and its cases.
func (v *AgreementView) Present(figures []Figure, how string, plots []PlotData, cases []Line) {
	list := make([]fact, len(figures))
	for i, f := range figures {
		list[i] = fact{name: f.Name, value: f.Value}
	}
	v.figures.set(list)
	v.how.set(how)
	v.plots = nil
	for i, d := range plots {
		v.plots = append(v.plots, newPlot(d, func(dot int) {
			if v.OnDot != nil {
				v.OnDot(i, dot)
			}
		}, func(s string) { call(v.OnHint, s) }))
	}
	v.cases.Set(cases)
	v.Refresh()
}

// Lines are the tables of pairs and of cases.
func (v *AgreementView) Lines() (pairs, cases *Lines) { return v.pairs, v.cases }

// Plots is how many plots are shown.
func (v *AgreementView) Plots() int { return len(v.plots) }

// agreementLeft is how wide the pairs are at most.
const agreementLeft = 110 * unit

// plotsAcross is how many plots stand side by side.
const plotsAcross = 3

// CreateRenderer implements fyne.Widget.
func (v *AgreementView) CreateRenderer() fyne.WidgetRenderer {
	r := &agreementRenderer{v}
	r.Refresh()
	return r
}

type agreementRenderer struct{ v *AgreementView }

func (r *agreementRenderer) Layout(s fyne.Size) {
	v := r.v
	left := min(agreementLeft, s.Width*0.38)
	place(v.ground, 0, 0, left, s.Height)
	place(v.line, left, 0, 1, s.Height)
	upper := min(s.Height*0.4, lineHeight*float32(len(v.pairs.Shown())+2))
	place(v.pairs, 0, 0, left, upper)
	place(v.left, 0, upper, left, s.Height-upper)
	x, w := left+1, s.Width-left-1
	each := (w - gap*(plotsAcross+1)) / plotsAcross
	y := float32(gap)
	rowsOf := (len(v.plots) + plotsAcross - 1) / plotsAcross
	height := min(plotHeight, s.Height*0.5/float32(max(rowsOf, 1))-gap)
	for i, p := range v.plots {
		place(p, x+gap+float32(i%plotsAcross)*(each+gap), y+float32(i/plotsAcross)*(height+gap), each, height)
	}
	y += float32(rowsOf) * (height + gap)
	place(v.cases, x, y, w, max(s.Height-y, 0))
}

func (r *agreementRenderer) MinSize() fyne.Size { return fyne.NewSize(0, 40*unit) }

func (r *agreementRenderer) Refresh() {
	v, t := r.v, theme.Current()
	v.ground.FillColor, v.line.FillColor = t.Panel, t.Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(v.Size())
}

func (r *agreementRenderer) Objects() []fyne.CanvasObject {
	v := r.v
	out := []fyne.CanvasObject{v.ground, v.line, v.pairs, v.left, v.cases}
	for _, p := range v.plots {
		out = append(out, p)
	}
	return out
}
func (r *agreementRenderer) Destroy() {}
