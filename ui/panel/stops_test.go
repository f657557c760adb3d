package panel

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
)

// A sheet with three models at the left, and at the right two rows of buttons, a choice and far below a last button.
func longSheet(pressed *string) *Sheet {
	act := func(name string) Act { return Act{Label: name, Do: func() { *pressed = name }} }
	s := NewSheet()
	s.Set([]Block{{Heading: "all", Acts: []Act{act("one"), act("two"), {Label: "off", Off: true}, act("three")}}}, []Block{
		{Words: "about it", Acts: []Act{act("compare"), act("use")}},
		{Choices: []Choice{{"a", fixed("a")}, {"b", fixed("b")}}, Chosen: "a"},
		{Words: strings.Repeat("The card tells much.\n", 60)},
		{Copy: "python", Acts: []Act{act("calibrate")}},
	})
	return s
}

// The arrow keys go through a sheet's rows and between its columns, and what they come to can be seen.
func TestSheetByArrowKeys(t *testing.T) {
	pressed := ""
	s := longSheet(&pressed)
	c := show(t, s, 900, 400).Canvas()
	c.Focus(s.First())
	at := func() string {
		switch w := c.Focused().(type) {
		case *button:
			return w.label()
		case *segments:
			return "choice " + w.key()
		case *field:
			return "field"
		}
		return ""
	}
	for i, step := range []struct {
		key  fyne.KeyName
		want string
	}{
		{fyne.KeyUp, "one"},
		{fyne.KeyDown, "two"},
		{fyne.KeyDown, "three"},
		{fyne.KeyDown, "three"},
		{fyne.KeyHome, "one"},
		{fyne.KeyEnd, "three"},
		{fyne.KeyRight, "compare"},
		{fyne.KeyRight, "use"},
		{fyne.KeyRight, "use"},
		{fyne.KeyDown, "choice a"},
		{fyne.KeyRight, "choice b"},
		{fyne.KeyDown, "field"},
		{fyne.KeyDown, "calibrate"},
		{fyne.KeyUp, "field"},
		{fyne.KeyLeft, "three"},
		{fyne.KeyRight, "field"},
		{fyne.KeyPageUp, "field"},
		{fyne.KeyUp, "choice b"},
		{fyne.KeyHome, "compare"},
		{fyne.KeyLeft, "three"},
		{fyne.KeyRight, "compare"},
		{fyne.KeyEnd, "calibrate"},
	} {
		c.Focused().TypedKey(key(step.key))
		if at() != step.want {
			t.Fatalf("step %d: %s leads to %q, not %q", i, step.key, at(), step.want)
		}
	}
	c.Focused().TypedKey(key(fyne.KeyReturn))
	if pressed != "calibrate" {
		t.Fatal(pressed)
	}
	seen := func() {
		t.Helper()
		b := c.Focused().(*button)
		if y := fyne.CurrentApp().Driver().AbsolutePositionForObject(b).Y; y < 0 || y+b.Size().Height > 400 {
			t.Errorf("%s lies at %v of 400", b.label(), y)
		}
	}
	seen()
	c.Focused().TypedKey(key(fyne.KeyHome))
	seen()
	c.Focused().TypedKey(key(fyne.KeyPageDown))
	if s.scrollR.Offset.Y < 300 || s.leaf(fyne.KeyUp) {
		t.Error("Page Down does not scroll", s.scrollR.Offset)
	}
	for range 99 {
		s.leaf(fyne.KeyPageDown)
	}
	if end := s.scrollR.Content.MinSize().Height - s.scrollR.Size().Height; s.scrollR.Offset.Y != end {
		t.Error("beyond the end", s.scrollR.Offset.Y, end)
	}
}

// What is shown anew leaves the keyboard in its column and row, also where rows were added in the other column, and does not scroll.
func TestSheetShownAnewKeepsTheRow(t *testing.T) {
	pressed := ""
	s := longSheet(&pressed)
	c := show(t, s, 900, 400).Canvas()
	c.Focus(s.stops.list[4].w) // "use"
	s.leaf(fyne.KeyPageDown)
	was := s.scrollR.Offset.Y
	left := []Block{{Acts: []Act{{Label: "new"}, {Label: "one"}, {Label: "two"}, {Label: "three"}, {Label: "four"}}}}
	right := []Block{{Acts: []Act{{Label: "compare"}, {Label: "use"}}}, {Words: strings.Repeat("The card tells much.\n", 60)}}
	s.Set(left, right)
	if b, ok := c.Focused().(*button); !ok || b.label() != "use" || s.First() != fyne.Focusable(b) {
		t.Error("the keyboard is elsewhere")
	}
	if s.scrollR.Offset.Y != was {
		t.Error("it scrolled")
	}
	s.Set(left, nil)
	if b, ok := c.Focused().(*button); !ok || b.label() != "new" {
		t.Error("nothing has the keyboard after its column has gone")
	}
}

// A line to copy leaves the keys of pages to the window, and letters to itself.
func TestFieldLeavesFunctionKeys(t *testing.T) {
	f := newField("path")
	c := show(t, f, 300, 40).Canvas()
	var got []fyne.KeyName
	c.SetOnTypedKey(func(e *fyne.KeyEvent) { got = append(got, e.Name) })
	c.Focus(f)
	for _, k := range []fyne.KeyName{fyne.KeyF, fyne.KeyF8, fyne.KeyEnd, fyne.KeyF12, fyne.KeyBackspace} {
		f.TypedKey(key(k))
	}
	if len(got) != 2 || got[0] != fyne.KeyF8 || got[1] != fyne.KeyF12 || f.Text != "pat" {
		t.Error(got, f.Text)
	}
}
