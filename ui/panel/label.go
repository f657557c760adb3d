package panel

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
)

// label is one line of text that ends in … where there is no room, so that it never spills over its neighbour.
type label struct {
	widget.BaseWidget
	say   func() string
	role  role
	size  float32
	bold  bool
	align fyne.TextAlign
	tail  bool // where there is no room the end is what matters: a path
}

func newLabel(say func() string, r role, size float32) *label {
	l := &label{say: say, role: r, size: size}
	l.ExtendBaseWidget(l)
	return l
}

// fixed says s in every language: a name, a number.
func fixed(s string) func() string { return func() string { return s } }

func newBold(say func() string, size float32) *label {
	l := newLabel(say, roleText, size)
	l.bold = true
	return l
}

// set changes the text, and redraws only if it differs.
func (l *label) set(s string) {
	if l.say() == s {
		return
	}
	l.say = fixed(s)
	l.Refresh()
}

// setRole is set with a role.
func (l *label) setRole(s string, r role) {
	if l.role != r {
		l.role = r
		l.say = fixed(s)
		l.Refresh()
		return
	}
	l.set(s)
}

func (l *label) style() fyne.TextStyle { return fyne.TextStyle{Bold: l.bold} }

func (l *label) width() float32 { return fyne.MeasureText(l.say(), l.size, l.style()).Width }

// CreateRenderer implements fyne.Widget.
func (l *label) CreateRenderer() fyne.WidgetRenderer {
	r := &labelRenderer{l: l, text: canvas.NewText("", l.role.colour())}
	r.Refresh()
	return r
}

type labelRenderer struct {
	l    *label
	text *canvas.Text
	full string
}

func (r *labelRenderer) Layout(s fyne.Size) {
	cut := elide
	if r.l.tail {
		cut = elideHead
	}
	if shown := cut(r.full, s.Width, r.l.size, r.l.style()); shown != r.text.Text {
		r.text.Text = shown
		r.text.Refresh()
	}
	h := r.text.MinSize().Height
	place(r.text, 0, (s.Height-h)/2, s.Width, h)
}

func (r *labelRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, fyne.MeasureText(r.full, r.l.size, r.l.style()).Height)
}

func (r *labelRenderer) Refresh() {
	r.full = r.l.say()
	r.text.Text = r.full
	r.text.Color, r.text.TextSize, r.text.TextStyle, r.text.Alignment = r.l.role.colour(), r.l.size, r.l.style(), r.l.align
	r.text.Refresh()
	if size := r.l.Size(); size.Width > 0 {
		r.Layout(size)
	}
}

func (r *labelRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.text} }
func (r *labelRenderer) Destroy()                     {}

// elide cuts the end of s so that it is at most width wide, with … for what is cut.
func elide(s string, width, size float32, style fyne.TextStyle) string {
	runes := []rune(s)
	return longest(s, len(runes), width, size, style, func(n int) string { return strings.TrimRight(string(runes[:n]), " ") + "…" })
}

// elideHead is elide for texts whose end matters most.
func elideHead(s string, width, size float32, style fyne.TextStyle) string {
	runes := []rune(s)
	return longest(s, len(runes), width, size, style, func(n int) string { return "…" + string(runes[len(runes)-n:]) })
}

// longest returns s if it has room, else what shown makes of as many of its runes as have room. Only what will be shown is
// measured: how wide letters are depends on their neighbours.
func longest(s string, runes int, width, size float32, style fyne.TextStyle, shown func(n int) string) string {
	// Half a pixel of slack: a text laid out at exactly its own width must not lose its end to rounding.
	measure := func(s string) bool { return fyne.MeasureText(s, size, style).Width <= width+0.5 }
	if width <= 0 || measure(s) {
		return s
	}
	return shown(sort.Search(runes, func(n int) bool { return !measure(shown(n + 1)) }))
}

// paragraph is text that wraps at its width.
type paragraph struct {
	widget.BaseWidget
	say  func() string
	role role
	size float32
}

func newParagraph(say func() string, r role, size float32) *paragraph {
	p := &paragraph{say: say, role: r, size: size}
	p.ExtendBaseWidget(p)
	return p
}

// set changes the text.
func (p *paragraph) set(s string) {
	if p.say() != s {
		p.say = fixed(s)
		p.Refresh()
	}
}

func (p *paragraph) lineHeight() float32 {
	return fyne.MeasureText("가g", p.size, fyne.TextStyle{}).Height + 2
}

// heightFor implements flowing.
func (p *paragraph) heightFor(width float32) float32 {
	return float32(len(wrap(p.say(), width, p.size))) * p.lineHeight()
}

// CreateRenderer implements fyne.Widget.
func (p *paragraph) CreateRenderer() fyne.WidgetRenderer { return &paragraphRenderer{p: p} }

type paragraphRenderer struct {
	p     *paragraph
	lines []fyne.CanvasObject
}

func (r *paragraphRenderer) Layout(s fyne.Size) {
	lines := wrap(r.p.say(), s.Width, r.p.size)
	if len(lines) < len(r.lines) {
		r.lines = r.lines[:len(lines)]
	}
	h := r.p.lineHeight()
	for i, line := range lines {
		if i == len(r.lines) {
			r.lines = append(r.lines, canvas.NewText("", nil))
		}
		t := r.lines[i].(*canvas.Text)
		t.Text, t.Color, t.TextSize = line, r.p.role.colour(), r.p.size
		place(t, 0, float32(i)*h, s.Width, h)
		t.Refresh()
	}
}

func (r *paragraphRenderer) MinSize() fyne.Size {
	width := r.p.Size().Width
	if width <= 0 {
		return fyne.NewSize(0, r.p.lineHeight())
	}
	return fyne.NewSize(0, r.p.heightFor(width))
}

func (r *paragraphRenderer) Refresh() {
	if size := r.p.Size(); size.Width > 0 {
		r.Layout(size)
	}
	canvasRefresh(r.p)
}

func (r *paragraphRenderer) Objects() []fyne.CanvasObject { return r.lines }
func (r *paragraphRenderer) Destroy()                     {}

// canvasRefresh asks for a repaint of o itself; widget.BaseWidget.Refresh would come back to the renderer.
func canvasRefresh(o fyne.CanvasObject) {
	if c := canvasOf(o); c != nil {
		c.Refresh(o)
	}
}

// wrap breaks s into lines at most width wide: between words, and within a word only if it is wider than a whole line.
// Korean is broken between words too, as it is set in print. A number stays with its unit.
func wrap(s string, width, size float32) []string {
	var out []string
	for _, par := range strings.Split(s, "\n") {
		line := ""
		for _, word := range withUnits(strings.Fields(par)) {
			next := strings.TrimPrefix(line+" "+word, " ")
			if fits(next, width, size) {
				line = next
				continue
			}
			if line != "" {
				out = append(out, line)
			}
			line = word
			for !fits(line, width, size) {
				head := headThatFits(line, width, size)
				out = append(out, line[:head])
				line = line[head:]
			}
		}
		out = append(out, line)
	}
	return out
}

// units are what stays on the line of the number before it.
var units = []string{"%", "px", "mm", "mm²", "s"}

// withUnits joins numbers and the units after them to one word each.
func withUnits(words []string) []string {
	var out []string
	for _, w := range words {
		last := len(out) - 1
		if last >= 0 && strings.IndexByte("0123456789", out[last][len(out[last])-1]) >= 0 && slices.Contains(units, strings.TrimRight(w, ".,;:)")) {
			out[last] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

func fits(s string, width, size float32) bool {
	return utf8.RuneCountInString(s) <= 1 || fyne.MeasureText(s, size, fyne.TextStyle{}).Width <= width+0.5
}

// headThatFits returns how many bytes of word fit into width, at least one rune's.
func headThatFits(word string, width, size float32) int {
	end := 0
	for i, r := range word {
		next := i + utf8.RuneLen(r)
		if end > 0 && !fits(word[:next], width, size) {
			break
		}
		end = next
	}
	return end
}
