package panel

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/theme"
)

// GuidePicture is a picture of a guideline.
type GuidePicture struct {
	Image   image.Image
	Caption string
}

// GuidelinePanel shows what readers are told to do, in the inspector's place.
type GuidelinePanel struct {
	widget.BaseWidget

	OnClose func()
	OnHint  func(string)

	head   *label
	close  *button
	text   *paragraph
	body   *column
	scroll *container.Scroll
	ground *canvas.Rectangle
	line   *canvas.Rectangle
}

// NewGuidelinePanel makes an empty one.
func NewGuidelinePanel() *GuidelinePanel {
	g := &GuidelinePanel{
		head: newBold(say("project.guideline"), textSize), text: newParagraph(fixed(""), roleText, textSize),
		ground: canvas.NewRectangle(color.Transparent), line: canvas.NewRectangle(color.Transparent),
	}
	g.close = newButton("x", nil, flat, func() {
		if g.OnClose != nil {
			g.OnClose()
		}
	})
	g.close.hint = say("project.guideline.close")
	g.close.onHint = func(s string) { call(g.OnHint, s) }
	g.body = newColumn(pad, pad, g.text)
	g.scroll = newScrolled(g.body)
	g.ExtendBaseWidget(g)
	return g
}

// Set shows a guideline: its text, then its pictures with what they are called.
func (g *GuidelinePanel) Set(words string, pictures []GuidePicture) {
	g.text.set(words)
	items := []fyne.CanvasObject{g.text}
	for _, p := range pictures {
		items = append(items, newPicture(p))
	}
	g.body.setItems(items...)
	g.scroll.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (g *GuidelinePanel) CreateRenderer() fyne.WidgetRenderer {
	r := &guidelineRenderer{g}
	r.Refresh()
	return r
}

type guidelineRenderer struct{ g *GuidelinePanel }

func (r *guidelineRenderer) Layout(s fyne.Size) {
	g := r.g
	g.ground.Resize(s)
	head := targetSize + 2*gap
	place(g.head, pad, gap, s.Width-2*pad-targetSize, targetSize)
	place(g.close, s.Width-targetSize-gap, gap, targetSize, targetSize)
	place(g.line, 0, head-1, s.Width, 1)
	place(g.scroll, 0, head, s.Width, s.Height-head)
}

func (r *guidelineRenderer) MinSize() fyne.Size { return fyne.NewSize(40*unit, 20*unit) }

func (r *guidelineRenderer) Refresh() {
	g, t := r.g, theme.Current()
	g.ground.FillColor, g.line.FillColor = t.Panel, t.Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(g.Size())
}

func (r *guidelineRenderer) Objects() []fyne.CanvasObject {
	g := r.g
	return []fyne.CanvasObject{g.ground, g.head, g.close, g.line, g.scroll}
}
func (r *guidelineRenderer) Destroy() {}

// picture is an image as wide as its column, with a caption below.
type picture struct {
	widget.BaseWidget
	image   *canvas.Image
	caption *paragraph
	aspect  float32 // height over width
}

func newPicture(p GuidePicture) *picture {
	w := &picture{image: canvas.NewImageFromImage(p.Image), caption: newParagraph(fixed(p.Caption), roleQuiet, quietSize+1)}
	w.image.FillMode, w.image.CornerRadius = canvas.ImageFillContain, unit
	if b := p.Image.Bounds(); b.Dx() > 0 {
		w.aspect = float32(b.Dy()) / float32(b.Dx())
	}
	w.ExtendBaseWidget(w)
	return w
}

// heightFor implements flowing.
func (p *picture) heightFor(width float32) float32 {
	return width*p.aspect + unit + p.caption.heightFor(width)
}

// CreateRenderer implements fyne.Widget.
func (p *picture) CreateRenderer() fyne.WidgetRenderer { return &pictureRenderer{p} }

type pictureRenderer struct{ p *picture }

func (r *pictureRenderer) Layout(s fyne.Size) {
	h := s.Width * r.p.aspect
	place(r.p.image, 0, 0, s.Width, h)
	place(r.p.caption, 0, h+unit, s.Width, s.Height-h-unit)
}

func (r *pictureRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, r.p.heightFor(r.p.Size().Width))
}

func (r *pictureRenderer) Refresh() {
	r.p.image.Refresh()
	r.p.caption.Refresh()
	r.Layout(r.p.Size())
}

func (r *pictureRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.p.image, r.p.caption}
}
func (r *pictureRenderer) Destroy() {}
