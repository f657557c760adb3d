package panel

import (
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// A sheet that is shown anew, as it is every two seconds, leaves the keyboard where it was, and its buttons do what they say.
func TestSheetKeepsTheKeyboard(t *testing.T) {
	test.NewTempApp(t)
	s := NewSheet()
	w := test.NewTempWindow(t, s)
	w.Resize(fyne.NewSize(900, 600))
	pressed := ""
	blocks := func(words string) ([]Block, []Block) {
		return []Block{{Heading: "all", Acts: []Act{{Label: "one", Do: func() { pressed = "one" }}, {Label: "two", Do: func() { pressed = "two" }}}}},
			[]Block{{Words: words, Bar: true, Share: 0.5, Curves: []Curve{{Name: "loss", Points: [][2]float64{{0, 1}, {1, 0.5}}}}, Copy: "python"}}
	}
	s.Set(blocks("first"))
	if s.First() == nil {
		t.Fatal("nothing for the keyboard")
	}
	w.Canvas().Focus(s.stops.list[1].w)
	s.Set(blocks("second"))
	b, ok := w.Canvas().Focused().(*button)
	if !ok || b.label() != "two" {
		t.Fatal("the keyboard is elsewhere: ", w.Canvas().Focused())
	}
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if pressed != "two" {
		t.Error(pressed)
	}
	s.Set(nil, nil)
	if s.First() != nil {
		t.Error("an empty sheet has something for the keyboard")
	}
}

// A curve that falls is drawn from the upper left to the lower right.
func TestChart(t *testing.T) {
	test.NewTempApp(t)
	c := newChart([]Curve{{Name: "loss", Points: [][2]float64{{0, 2}, {10, 1}}}})
	img := c.draw(100, 60).(*image.NRGBA)
	ground := img.NRGBAAt(50, 2)
	inked := func(x0, x1, y0, y1 int) bool {
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				if img.NRGBAAt(x, y) != ground {
					return true
				}
			}
		}
		return false
	}
	if !inked(0, 20, 0, 20) || !inked(80, 100, 40, 60) || inked(0, 20, 40, 60) || inked(80, 100, 0, 20) {
		t.Error("not from the upper left to the lower right")
	}
}
