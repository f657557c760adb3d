package panel

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/theme"
)

// progressHeight is that of the line with its text below.
const progressHeight = 8 * unit

// progressLine is a thin line that fills, with what is going on and a way to stop it.
type progressLine struct {
	widget.BaseWidget
	share       float64
	label       *label
	cancel      *button
	track, fill *canvas.Rectangle
}

func newProgressLine() *progressLine {
	p := &progressLine{
		label: newLabel(fixed(""), roleQuiet, quietSize), track: canvas.NewRectangle(color.Transparent),
		fill: canvas.NewRectangle(color.Transparent),
	}
	p.cancel = newButton("x", func() string { return text.T("panel.cancel") }, flat, nil)
	p.ExtendBaseWidget(p)
	return p
}

// set shows that done of total are through.
func (p *progressLine) set(done, total int, what string, onCancel func()) {
	p.share = 0
	if total > 0 {
		p.share = min(float64(done)/float64(total), 1)
	}
	p.label.set(what)
	p.cancel.onTap = onCancel
	setVisible(p.cancel, onCancel != nil)
	p.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (p *progressLine) CreateRenderer() fyne.WidgetRenderer {
	r := &progressRenderer{p}
	r.Refresh()
	return r
}

type progressRenderer struct{ p *progressLine }

func (r *progressRenderer) Layout(s fyne.Size) {
	p := r.p
	place(p.track, 0, 0, s.Width, 2)
	place(p.fill, 0, 0, s.Width*float32(p.share), 2)
	w := float32(0)
	if p.cancel.Visible() {
		w = p.cancel.MinSize().Width
		place(p.cancel, s.Width-w-unit, min(2+(s.Height-2-targetSize)/2, s.Height-targetSize), w, targetSize)
	}
	place(p.label, pad, 2, s.Width-2*pad-w, s.Height-2)
}

func (r *progressRenderer) MinSize() fyne.Size { return fyne.NewSize(0, progressHeight) }

func (r *progressRenderer) Refresh() {
	t := theme.Current()
	r.p.track.FillColor, r.p.fill.FillColor = t.Line, t.Accent
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.p.Size())
}

func (r *progressRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.p.track, r.p.fill, r.p.label, r.p.cancel}
}
func (r *progressRenderer) Destroy() {}
