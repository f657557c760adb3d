package panel

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// stopper is a control that the arrow keys can lead to and from.
type stopper interface {
	fyne.Focusable
	// lead tells it what to do with keys that it has no use for, and with the keyboard when it comes.
	lead(key func(*fyne.KeyEvent) (used bool), gained func())
}

// stops leads the keyboard by the arrow keys through controls that stand in rows of columns: Up and Down go to the row above and
// below, Home and End to the first and last of the column, Left and Right along a row and, at its ends, to the next column.
type stops struct {
	list   []stop                              // by column, row, and place in it
	at     int                                 // had the keyboard last; none before that
	was    map[int]int                         // by column: where it was there last
	gained func(i int)                         // the keyboard came to one; may be nil
	other  func(name fyne.KeyName) (used bool) // takes keys that lead nowhere; may be nil
}

// stop is one of them.
type stop struct {
	w           stopper
	column, row int
}

// newStops makes an empty one.
func newStops() *stops { return &stops{at: none, was: map[int]int{}} }

// row is the number of the next row of a column.
func (s *stops) row(column int) int {
	if n := len(s.list); n > 0 && s.list[n-1].column == column {
		return s.list[n-1].row + 1
	}
	return 0
}

// addRow adds a row of one control to a column.
func (s *stops) addRow(column int, w stopper) { s.add(column, s.row(column), w) }

// add puts a control at the end of a row. Columns and rows come in order; numbers of rows may be left out.
func (s *stops) add(column, row int, w stopper) {
	i := len(s.list)
	s.list = append(s.list, stop{w, column, row})
	w.lead(func(e *fyne.KeyEvent) bool { return s.key(i, e.Name) }, func() {
		s.at, s.was[column] = i, i
		if s.gained != nil {
			s.gained(i)
		}
	})
}

// key moves the keyboard from control i; it is false for a key that nothing here has a use for.
func (s *stops) key(i int, name fyne.KeyName) bool {
	if to := s.next(i, name); to != none {
		focusOn(s.list[i].w.(fyne.CanvasObject), s.list[to].w)
		return true
	}
	return s.other != nil && s.other(name)
}

// next is where a key leads from control i; none for nowhere.
func (s *stops) next(i int, name fyne.KeyName) int {
	at := s.list[i]
	switch name {
	case fyne.KeyUp:
		return s.near(at.column, at.row, -1)
	case fyne.KeyDown:
		return s.near(at.column, at.row, 1)
	case fyne.KeyHome:
		return s.near(at.column, -1, 1)
	case fyne.KeyEnd:
		return s.near(at.column, 1<<30, -1)
	case fyne.KeyLeft:
		return s.beside(i, -1)
	case fyne.KeyRight:
		return s.beside(i, 1)
	}
	return none
}

// near is the first control of the row of a column that comes after the given one, or before it for a step of -1.
func (s *stops) near(column, row, step int) int {
	best := none
	for i, o := range s.list {
		if o.column == column && (o.row-row)*step > 0 && (best == none || (s.list[best].row-o.row)*step > 0) {
			best = i
		}
	}
	return best
}

// beside is the next control of the row, and at its end where the keyboard was last in the next column, or its first.
func (s *stops) beside(i, step int) int {
	at, to := s.list[i], i+step
	if to >= 0 && to < len(s.list) && s.list[to].column == at.column && s.list[to].row == at.row {
		return to
	}
	column := at.column + step
	if was, ok := s.was[column]; ok && was < len(s.list) && s.list[was].column == column {
		return was
	}
	return s.near(column, -1, 1)
}

// last is the control that had the keyboard last, or the first; nil where there is none.
func (s *stops) last() fyne.Focusable {
	switch {
	case s.at != none:
		return s.list[s.at].w
	case len(s.list) > 0:
		return s.list[0].w
	}
	return nil
}

// follow takes the place of old, whose controls were made anew: the keyboard goes on where it was, or as near to it as there still is
// something.
func (s *stops) follow(old *stops) {
	if old.at == none || len(s.list) == 0 {
		return
	}
	o := old.list[old.at]
	s.at = s.near(o.column, o.row+1, -1) // the same row, or the one above
	if s.at == none {
		s.at = 0
	}
	place := old.at - old.near(o.column, o.row-1, 1)
	for s.at+1 < len(s.list) && place > 0 && s.list[s.at+1].column == o.column && s.list[s.at+1].row == s.list[s.at].row {
		s.at, place = s.at+1, place-1
	}
	s.was = map[int]int{o.column: s.at}
	if c := canvasOf(o.w.(fyne.CanvasObject)); c != nil && c.Focused() == fyne.Focusable(o.w) {
		c.Focus(s.list[s.at].w)
	}
}

// reveal scrolls as little as needed to show o, which lies somewhere in the scroll, with some room around it.
func reveal(scroll *container.Scroll, o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(scroll.Content).Y
	y := min(max(scroll.Offset.Y, top+o.Size().Height+pad-scroll.Size().Height), top-pad)
	scrollTo(scroll, y)
}

// scrollTo scrolls as far as there is something to see.
func scrollTo(scroll *container.Scroll, y float32) {
	y = max(min(y, scroll.Content.MinSize().Height-scroll.Size().Height), 0)
	if y != scroll.Offset.Y {
		scroll.Offset.Y = y
		scroll.Refresh()
	}
}
