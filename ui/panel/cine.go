package panel

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/theme"
)

// FrameState is what the cine strip shows of one frame.
type FrameState struct {
	State State
	Weak  float64 // share of the boundary that is weak and unreviewed, 0..1; NaN where unknown
}

// Speeds of the cine, as multiples of the recorded rate.
var Speeds = []float64{0.25, 0.5, 1, 2}

var speedKeys = []string{"0.25×", "0.5×", "1×", "2×"}

// cineHeight is the strip's.
const cineHeight = 18 * unit

// CineStrip shows the frames of a cine and moves through them. Hide it for a still.
type CineStrip struct {
	widget.BaseWidget

	OnPlay  func()
	OnSpeed func(speed float64)
	OnSeek  func(frame int)
	OnLoop  func(from, to int) // frames from … to are to be played round and round; the widest range means all
	OnHint  func(string)

	play  *button
	speed *segments
	strip *strip
	count *label
}

// NewCineStrip returns a strip without frames, paused, at the recorded speed.
func NewCineStrip() *CineStrip {
	c := &CineStrip{}
	tell := func(s string) { call(c.OnHint, s) }
	c.play = newButton("play", nil, plain, func() {
		if c.OnPlay != nil {
			c.OnPlay()
		}
	})
	c.play.height = toolHeight
	c.play.hint, c.play.onHint = keys.Play.Hint, tell
	choices := make([]Choice, len(Speeds))
	for i, k := range speedKeys {
		choices[i] = Choice{k, fixed(k)}
	}
	c.speed = newSegments(choices, "1×", func(key string) {
		for i, k := range speedKeys {
			if k == key {
				call(c.OnSpeed, Speeds[i])
			}
		}
	})
	c.speed.hint, c.speed.onHint = func() string { return text.T("panel.cine.speed") }, tell
	c.strip = newStrip(func(i int) { call(c.OnSeek, i) })
	c.strip.onHint = tell
	c.strip.onLoop = func(from, to int) {
		if c.OnLoop != nil {
			c.OnLoop(from, to)
		}
	}
	c.count = newLabel(fixed(""), roleText, textSize)
	c.count.align = fyne.TextAlignTrailing
	c.ExtendBaseWidget(c)
	return c
}

// SetFrames shows the frames' states and which of them is open, counted from 0.
func (c *CineStrip) SetFrames(frames []FrameState, current int) {
	c.strip.frames = append(c.strip.frames[:0], frames...)
	c.strip.paint()
	c.SetFrame(current)
	c.Refresh() // the room of the number depends on how many there are
}

// SetLoop shows that frames from … to, both counted, are what is played.
func (c *CineStrip) SetLoop(from, to int) {
	c.strip.from, c.strip.to = from, to
	c.strip.paint()
}

// SetFrameState changes one frame's state.
func (c *CineStrip) SetFrameState(i int, s FrameState) {
	if i >= 0 && i < len(c.strip.frames) {
		c.strip.frames[i] = s
		c.strip.paint()
	}
}

// SetFrame shows that frame i is open. It only moves the mark, so it is cheap enough for every frame of a running cine.
func (c *CineStrip) SetFrame(i int) {
	c.strip.current = i
	c.strip.moveMark()
	c.count.say = func() string {
		return text.T("panel.cine.frame", text.Args{"Frame": c.strip.current + 1, "Frames": len(c.strip.frames)})
	}
	c.count.Refresh()
}

// SetPlaying shows whether the cine runs.
func (c *CineStrip) SetPlaying(on bool) {
	c.play.icon = "play"
	if on {
		c.play.icon = "pause"
	}
	c.play.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *CineStrip) CreateRenderer() fyne.WidgetRenderer {
	r := &cineRenderer{c, canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type cineRenderer struct {
	c            *CineStrip
	ground, line *canvas.Rectangle
}

func (r *cineRenderer) Layout(s fyne.Size) {
	c := r.c
	r.ground.Resize(s)
	place(r.line, 0, 0, s.Width, 1)
	x := pad
	place(c.play, x, (s.Height-toolHeight)/2, toolHeight, toolHeight)
	x += toolHeight + gap
	speed := c.speed.MinSize().Width
	// On a narrow window the strip is worth more than the choice of speed.
	if setVisible(c.speed, s.Width >= speed+100*unit); c.speed.Visible() {
		place(c.speed, x, (s.Height-targetSize)/2, speed, targetSize)
		x += speed + gap
	}
	most := text.T("panel.cine.frame", text.Args{"Frame": len(c.strip.frames), "Frames": len(c.strip.frames)})
	count := fyne.MeasureText(most, textSize, fyne.TextStyle{}).Width + unit
	place(c.count, s.Width-pad-count, 0, count, s.Height)
	place(c.strip, x+unit, 3*unit, s.Width-pad-count-pad-x-unit, s.Height-6*unit)
}

func (r *cineRenderer) MinSize() fyne.Size { return fyne.NewSize(0, cineHeight) }

func (r *cineRenderer) Refresh() {
	t := theme.Current()
	r.ground.FillColor, r.line.FillColor = t.Panel, t.Line
	for _, o := range r.Objects() {
		o.Refresh()
	}
	r.Layout(r.c.Size())
}

func (r *cineRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.ground, r.line, r.c.play, r.c.speed, r.c.strip, r.c.count}
}
func (r *cineRenderer) Destroy() {}

// strip draws a bar per frame and seeks where it is pressed or dragged.
type strip struct {
	widget.BaseWidget
	focus
	frames  []FrameState
	current int
	bars    *canvas.Raster
	mark    *canvas.Rectangle
	ring    *canvas.Rectangle
	onSeek  func(int)
	onHint  func(string)

	from, to int // the range that is played
	onLoop   func(from, to int)
	anchor   int // where a range is being drawn from; -1: none is
}

func newStrip(onSeek func(int)) *strip {
	s := &strip{onSeek: onSeek, anchor: -1, mark: canvas.NewRectangle(color.Transparent), ring: canvas.NewRectangle(color.Transparent)}
	s.self = s
	s.bars = canvas.NewRaster(s.draw)
	s.bars.ScaleMode = canvas.ImageScalePixels
	s.mark.CornerRadius, s.ring.CornerRadius = 2, unit
	s.ExtendBaseWidget(s)
	return s
}

// draw paints the bars at the pixels of the screen. A weak frame stands out by its height as well as its colour.
func (s *strip) draw(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, max(w, 1), max(h, 1)))
	n := len(s.frames)
	for x := range w {
		i := x * n / max(w, 1)
		if n == 0 || i >= n {
			break
		}
		// A gap of a pixel between bars, as long as they are wide enough to bear it.
		if w >= 4*n && (x+1)*n/w != i {
			continue
		}
		c, share := frameLook(s.frames[i])
		if i < s.from || i > s.to {
			c = mix(c, theme.Current().Panel, 0.7)
		}
		for y := h - int(math.Round(share*float64(h))); y < h; y++ {
			img.SetRGBA(x, y, color.RGBA(c))
		}
	}
	return img
}

// frameLook returns the colour of a frame's bar, opaque, and its share of the strip's height.
func frameLook(f FrameState) (color.NRGBA, float64) {
	t := theme.Current()
	switch f.State {
	case Accepted:
		return t.Good, 0.35
	case Rejected:
		return t.Warn, 0.35
	case Predicted, InReview:
		weak := min(max(f.Weak, 0), 1)
		switch {
		case f.State == InReview && (weak == 0 || math.IsNaN(weak)):
			return t.Corrected, 0.35
		case math.IsNaN(weak): // nobody knows yet how sure the model is, or there is no boundary
			return t.Quiet, 0.35
		}
		return theme.ErrorColour(min(weak*2, 1)), 0.35 + 0.65*weak
	}
	return t.Line, 0.2
}

func (s *strip) paint() { s.bars.Refresh() }

func (s *strip) moveMark() {
	size := s.Size()
	if n := len(s.frames); n > 0 && size.Width > 0 {
		w := max(size.Width/float32(n), 3)
		x := (float32(s.current) + 0.5) * size.Width / float32(n)
		place(s.mark, x-w/2, -2, w, size.Height+4)
	}
}

// at is the frame at a place of the strip, or -1 where there are none.
func (s *strip) at(x float32) int {
	n := len(s.frames)
	return min(max(int(x/max(s.Size().Width, 1)*float32(n)), 0), n-1)
}

func (s *strip) seek(x float32) {
	if i := s.at(x); i >= 0 && i != s.current {
		s.onSeek(i)
	}
}

var _ desktop.Mouseable = (*strip)(nil)

// MouseDown implements desktop.Mouseable.
func (s *strip) MouseDown(e *desktop.MouseEvent) {
	if s.anchor = -1; e.Modifier&fyne.KeyModifierShift != 0 {
		s.anchor = s.at(e.Position.X)
		return
	}
	s.seek(e.Position.X)
}

// MouseUp implements desktop.Mouseable. A press without a drag takes the range away.
func (s *strip) MouseUp(e *desktop.MouseEvent) {
	if s.anchor >= 0 && s.at(e.Position.X) == s.anchor {
		s.onLoop(0, len(s.frames)-1)
	}
	s.anchor = -1
}

var _ fyne.Draggable = (*strip)(nil)

// Dragged implements fyne.Draggable.
func (s *strip) Dragged(e *fyne.DragEvent) {
	if s.anchor < 0 {
		s.seek(e.Position.X)
		return
	}
	if i := s.at(e.Position.X); i != s.anchor {
		s.onLoop(min(s.anchor, i), max(s.anchor, i))
	}
}

// DragEnd implements fyne.Draggable.
func (s *strip) DragEnd() {}

var _ desktop.Hoverable = (*strip)(nil)

// MouseIn implements desktop.Hoverable.
func (s *strip) MouseIn(*desktop.MouseEvent) { s.onHint(text.T("panel.cine.strip")) }

// MouseMoved implements desktop.Hoverable.
func (s *strip) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (s *strip) MouseOut() { s.onHint("") }

var _ fyne.Focusable = (*strip)(nil)

// CreateRenderer implements fyne.Widget.
func (s *strip) CreateRenderer() fyne.WidgetRenderer {
	r := &stripRenderer{s}
	r.Refresh()
	return r
}

type stripRenderer struct{ s *strip }

func (r *stripRenderer) Layout(size fyne.Size) {
	r.s.bars.Resize(size)
	place(r.s.ring, -3, -3, size.Width+6, size.Height+6)
	r.s.moveMark()
}
func (r *stripRenderer) MinSize() fyne.Size { return fyne.NewSize(10*unit, 6*unit) }

func (r *stripRenderer) Refresh() {
	t := theme.Current()
	r.s.mark.FillColor, r.s.mark.StrokeColor, r.s.mark.StrokeWidth = color.Transparent, t.Text, 1.5
	r.s.ring.FillColor, r.s.ring.StrokeColor, r.s.ring.StrokeWidth = color.Transparent, color.Transparent, 0
	if r.s.focused {
		r.s.ring.StrokeColor, r.s.ring.StrokeWidth = t.Accent, 2
	}
	r.s.ring.Refresh()
	r.s.mark.Refresh()
	r.s.paint()
}

func (r *stripRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.ring, r.s.bars, r.s.mark}
}
func (r *stripRenderer) Destroy() {}
