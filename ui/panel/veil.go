package panel

import (
	"fmt"
	"image"
	"strings"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// VeilKind is what a box says of a picture that is to be given away without persons.
type VeilKind int

// The kinds of boxes. What lies in no VeilKeep becomes black, and so does what lies in one of the others.
const (
	VeilKeep  VeilKind = iota // shows ultrasound, and stays
	VeilText                  // looks like writing, in every frame
	VeilDrawn                 // a person wants it black
)

// VeilBox is a box of a picture, px. One that is off counts for nothing.
type VeilBox struct {
	Box  image.Rectangle
	Kind VeilKind
	On   bool
	Own  bool // a person drew it here
}

// Veil is a picture to be looked at before it is written without persons.
type Veil struct {
	Name          string // of the picture
	Number, Total int    // which file of how many
	W, H, Frames  int
	Boxes         []VeilBox
	Guessed       bool                                    // no file says what stays
	OnFrame       func(i int)                             // a frame is wanted: answer with ShowFrame
	OnWrite       func(boxes []VeilBox, remembering bool) // all of them, on or off
	OnSkip        func()                                  // the file is to be left out
	OnStop        func()                                  // so are all that follow
}

// VeilCard asks about one picture.
type VeilCard struct {
	*Card
	v        Veil
	picture  *veilPicture
	list     *column
	frame    *slider
	frameNo  *label
	field    *field
	wrong    *label
	kind     VeilKind // of what is drawn
	remember bool
	at       int // frame on show
	settled  bool
}

// ShowVeil shows a picture with its boxes, over whatever is there. Boxes are drawn with the pointer or typed in, and switched on
// and off in the list or with a click; the window's last button, which Enter presses, writes it so.
func ShowVeil(w fyne.Window, v Veil) *VeilCard {
	c := &VeilCard{v: v, kind: VeilDrawn, remember: true}
	c.picture = newVeilPicture(v.W, v.H, c.drawn, c.toggledAt)
	c.list = newColumn(2, 0)
	c.frame = newSlider(func(x float64) { c.seek(int(x + 0.5)) }, nil)
	c.frame.set(0, float64(max(v.Frames-1, 1)), 0)
	c.frameNo = newLabel(func() string {
		return text.T("panel.veil.frame", text.Args{"Frame": c.at + 1, "Frames": c.v.Frames})
	}, roleQuiet, quietSize+1)
	if v.Frames < 2 {
		c.frame.Hide()
		c.frameNo.Hide()
	}
	c.field = newField("")
	c.field.SetPlaceHolder(text.T("panel.veil.box"))
	c.field.onEnter = c.typed
	c.wrong = newLabel(fixed(""), roleBad, quietSize+1)
	c.wrong.Hide()
	c.Card = newCard(w, say("panel.veil.title", text.Args{"Number": v.Number, "Total": v.Total, "Name": v.Name}), 1200, c.content())
	c.stays = true
	c.onKey = c.key
	c.fill()
	c.setButtons(
		newButton("", say("panel.veil.stop"), plain, func() { c.settle(v.OnStop) }),
		newButton("", say("panel.veil.skip"), plain, func() { c.settle(v.OnSkip) }),
		newButton("", say("panel.veil.write"), primary, c.write),
	)
	c.changed()
	c.show(nil)
	c.seek(0)
	return c
}

// content is the picture at the left, and at the right what is said of it.
func (c *VeilCard) content() fyne.CanvasObject {
	what := say("panel.veil.what")
	r := roleAccent
	if c.v.Guessed {
		what, r = say("panel.veil.guessed"), roleWarn
	}
	draws := newSegments([]Choice{
		{"drawn", say("panel.veil.black")}, {"keep", say("panel.veil.stay")},
	}, "drawn", func(k string) {
		c.kind = VeilDrawn
		if k == "keep" {
			c.kind = VeilKeep
		}
	})
	views := newSegments([]Choice{
		{"marked", say("panel.veil.marked")}, {"result", say("panel.veil.result")},
	}, "marked", func(k string) { c.picture.setResult(k == "result") })
	remember := newToggle(say("panel.veil.remember"), c.remember, func(on bool) { c.remember = on })
	side := newColumn(gap, 0,
		notice(what, r), views, c.list,
		caption("panel.veil.draw", newColumn(unit, 0, draws, c.field, c.wrong)), remember)
	return newVeilColumns(newColumn(unit, 0, c.picture, c.frame, c.frameNo), side)
}

// ShowFrame shows frame i, unless another one is wanted by now.
func (c *VeilCard) ShowFrame(i int, pix *image.RGBA) {
	if i == c.at {
		c.picture.setPixels(pix)
	}
}

func (c *VeilCard) seek(i int) {
	c.at = min(max(i, 0), c.v.Frames-1)
	c.frame.set(0, float64(max(c.v.Frames-1, 1)), float64(c.at))
	c.frameNo.Refresh()
	if c.v.OnFrame != nil {
		c.v.OnFrame(c.at)
	}
}

// key moves through the frames.
func (c *VeilCard) key(e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyLeft:
		c.seek(c.at - 1)
	case fyne.KeyRight:
		c.seek(c.at + 1)
	case fyne.KeyHome:
		c.seek(0)
	case fyne.KeyEnd:
		c.seek(c.v.Frames - 1)
	default:
		return false
	}
	return true
}

// fill lists the boxes.
func (c *VeilCard) fill() {
	var rows []fyne.CanvasObject
	for i := range c.v.Boxes {
		b := &c.v.Boxes[i]
		name := [...]string{"panel.veil.keep", "panel.veil.text", "panel.veil.drawn"}[b.Kind]
		line := say(name, text.Args{"Box": boxText(b.Box)})
		rows = append(rows, newToggle(line, b.On, func(on bool) { b.On = on; c.changed() }))
	}
	if len(rows) == 0 {
		rows = append(rows, newParagraph(say("panel.veil.none"), roleQuiet, textSize))
	}
	c.list.setItems(rows...)
	c.changed()
}

// changed draws the boxes anew. Where nothing stays there is nothing to write.
func (c *VeilCard) changed() {
	c.picture.setBoxes(c.v.Boxes)
	stays := false
	for _, b := range c.v.Boxes {
		stays = stays || b.Kind == VeilKeep && b.On
	}
	if n := len(c.buttons); n > 0 {
		c.buttons[n-1].setDisabled(!stays)
	}
}

// add takes a box in.
func (c *VeilCard) add(r image.Rectangle) bool {
	if r = r.Intersect(image.Rect(0, 0, c.v.W, c.v.H)); r.Empty() {
		return false
	}
	c.v.Boxes = append(c.v.Boxes, VeilBox{r, c.kind, true, true})
	c.fill()
	c.Refresh()
	return true
}

func (c *VeilCard) drawn(r image.Rectangle) { c.add(r) }

// toggledAt switches the smallest box under a click.
func (c *VeilCard) toggledAt(p image.Point) {
	best := -1
	for i, b := range c.v.Boxes {
		area := func(r image.Rectangle) int { return r.Dx() * r.Dy() }
		if p.In(b.Box) && (best < 0 || area(b.Box) < area(c.v.Boxes[best].Box)) {
			best = i
		}
	}
	if best >= 0 {
		c.v.Boxes[best].On = !c.v.Boxes[best].On
		c.fill()
	}
}

// typed takes the box that was typed in; an empty line writes the file.
func (c *VeilCard) typed() {
	if strings.TrimSpace(c.field.Text) == "" {
		c.buttons[len(c.buttons)-1].Tapped(nil)
		return
	}
	r, ok := parseBox(c.field.Text)
	if ok = ok && c.add(r); ok {
		c.field.SetText("")
	} else {
		c.wrong.set(text.T("panel.veil.badbox"))
	}
	setVisible(c.wrong, !ok)
	c.Refresh()
}

// parseBox reads x, y, width, height.
func parseBox(s string) (image.Rectangle, bool) {
	var x, y, w, h int
	var rest string
	s = strings.NewReplacer(",", " ", ";", " ", "×", " ").Replace(s)
	if n, _ := fmt.Sscanf(s+" .", "%d %d %d %d %s", &x, &y, &w, &h, &rest); n != 5 || rest != "." || x < 0 || y < 0 || w < 1 || h < 1 {
		return image.Rectangle{}, false
	}
	return image.Rect(x, y, x+w, y+h), true
}

// boxText writes a box as it is typed.
func boxText(r image.Rectangle) string {
	return fmt.Sprintf("%d, %d, %d, %d", r.Min.X, r.Min.Y, r.Dx(), r.Dy())
}

func (c *VeilCard) write() {
	boxes, remembering := c.v.Boxes, c.remember
	c.settle(func() {
		if c.v.OnWrite != nil {
			c.v.OnWrite(boxes, remembering)
		}
	})
}

// settle closes the card and answers, once.
func (c *VeilCard) settle(answer func()) {
	if c.settled {
		return
	}
	c.settled = true
	c.Close()
	run(answer)
}

// run calls f where it is one.
func run(f func()) {
	if f != nil {
		f()
	}
}
