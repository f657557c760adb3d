package panel

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/theme"
)

// TestLabelCard: the keyboard alone names a label and chooses its colour; a name that is taken is said, and the card stays.
func TestLabelCard(t *testing.T) {
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		test.NewTempApp(t)
		w := test.NewTempWindow(t, newColumn(0, 0))
		w.Resize(fyne.NewSize(800, 600))
		got, colour := "", -1
		taken := true
		q := LabelCard{Name: "mass", Plain: "Label 2", Number: 2, Colour: 1, OnDone: func(name string, c int) error {
			if taken {
				return fault.New(review.CodeLabelName, "", nil, fault.Args{"Label": 1, "Name": name})
			}
			got, colour = name, c
			return nil
		}}
		for n := range theme.Labels {
			q.Colours = append(q.Colours, theme.Label(n+1))
		}
		c := ShowLabel(w, q)
		expectWhole(t, c)
		test.Type(w.Canvas().Focused(), " 낭종")
		w.Canvas().Focused().TypedKey(key(fyne.KeyReturn))
		if !c.open {
			t.Fatal("closed with a name that is taken")
		}
		taken = false
		w.Canvas().FocusNext()
		w.Canvas().Focused().TypedKey(key(fyne.KeyRight))
		w.Canvas().Focused().TypedKey(key(fyne.KeyRight))
		w.Canvas().Focused().TypedKey(key(fyne.KeyLeft))
		c.typedKey(key(fyne.KeyReturn))
		if c.open || got == "" || got == "mass" || colour != 2 {
			t.Fatal(c.open, got, colour)
		}
	}
	text.SetLanguage("en")
}
