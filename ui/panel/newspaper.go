package panel

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// newspaper sets blocks into as many columns as there is room for, each block under the column that is shortest so far.
type newspaper struct {
	widget.BaseWidget
	blocks []fyne.CanvasObject
	least  float32 // width of a column
	space  float32
}

func newNewspaper(least, space float32, blocks ...fyne.CanvasObject) *newspaper {
	n := &newspaper{blocks: blocks, least: least, space: space}
	n.ExtendBaseWidget(n)
	return n
}

// each calls f with the place of every block and returns the height of the highest column.
func (n *newspaper) each(width float32, f func(o fyne.CanvasObject, x, y, w, h float32)) float32 {
	columns := max(int((width+n.space)/(n.least+n.space)), 1)
	w := (width - float32(columns-1)*n.space) / float32(columns)
	ends := make([]float32, columns)
	high := float32(0)
	for _, b := range n.blocks {
		k := 0
		for i, y := range ends {
			if y < ends[k] {
				k = i
			}
		}
		h := heightOf(b, w)
		f(b, float32(k)*(w+n.space), ends[k], w, h)
		high = max(high, ends[k]+h)
		ends[k] += h + n.space
	}
	return high
}

// heightFor implements flowing.
func (n *newspaper) heightFor(width float32) float32 {
	return n.each(width, func(fyne.CanvasObject, float32, float32, float32, float32) {})
}

// CreateRenderer implements fyne.Widget.
func (n *newspaper) CreateRenderer() fyne.WidgetRenderer { return &newspaperRenderer{n} }

type newspaperRenderer struct{ n *newspaper }

func (r *newspaperRenderer) Layout(s fyne.Size) { r.n.each(s.Width, place) }

func (r *newspaperRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, r.n.heightFor(max(r.n.Size().Width, r.n.least)))
}

func (r *newspaperRenderer) Refresh() {
	for _, b := range r.n.blocks {
		b.Refresh()
	}
	r.Layout(r.n.Size())
}

func (r *newspaperRenderer) Objects() []fyne.CanvasObject { return r.n.blocks }
func (r *newspaperRenderer) Destroy()                     {}

// keyed is a key with what it does beside it, wrapped.
type keyed struct {
	widget.BaseWidget
	key  *label
	does *paragraph
}

func newKeyed(key *label, does *paragraph) *keyed {
	k := &keyed{key: key, does: does}
	k.ExtendBaseWidget(k)
	return k
}

// keyWidth is the room of the key.
const keyWidth = 33 * unit

// heightFor implements flowing.
func (k *keyed) heightFor(width float32) float32 {
	return max(k.does.heightFor(width-keyWidth), k.key.MinSize().Height) + 2
}

// CreateRenderer implements fyne.Widget.
func (k *keyed) CreateRenderer() fyne.WidgetRenderer { return &keyedRenderer{k} }

type keyedRenderer struct{ k *keyed }

func (r *keyedRenderer) Layout(s fyne.Size) {
	place(r.k.key, 0, 0, keyWidth-gap, r.k.does.lineHeight())
	place(r.k.does, keyWidth, 0, s.Width-keyWidth, s.Height)
}

func (r *keyedRenderer) MinSize() fyne.Size {
	return fyne.NewSize(0, r.k.heightFor(max(r.k.Size().Width, 2*keyWidth)))
}

func (r *keyedRenderer) Refresh() {
	r.k.key.Refresh()
	r.k.does.Refresh()
	r.Layout(r.k.Size())
}

func (r *keyedRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.k.key, r.k.does} }
func (r *keyedRenderer) Destroy()                     {}
