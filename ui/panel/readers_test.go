package panel

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// press presses a key where the keyboard is.
func press(w fyne.Window, keys ...fyne.KeyName) {
	for _, k := range keys {
		if f := w.Canvas().Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: k})
		} else if typed := w.Canvas().OnTypedKey(); typed != nil {
			typed(&fyne.KeyEvent{Name: k})
		}
	}
}

func TestReadersByKeyboard(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(900, 700))
	got := ""
	ask := func() *Card {
		return ShowReaders(w, Readers{Current: "Kim", Known: []string{"Kim", "Lee", ""}, OnDone: func(s string) { got = s }})
	}
	c := ask()
	test.Type(w.Canvas().Focused(), "Park ") // the field has the keyboard, and what is typed replaces the name
	press(w, fyne.KeyReturn)
	if got != "Park" || c.open {
		t.Fatalf("%q, open %v", got, c.open)
	}
	c = ask()
	w.Canvas().Focused().(*field).SetText("  ")
	press(w, fyne.KeyReturn)
	if !c.open {
		t.Fatal("a reader without a name")
	}
	got = ""
	press(w, fyne.KeyEscape)
	if c.open || got != "" {
		t.Fatal("Escape took a name", got)
	}
	c = ask()
	w.Canvas().FocusNext() // from the field to the first of the others
	press(w, fyne.KeySpace)
	if got != "Lee" || c.open {
		t.Fatalf("%q, open %v", got, c.open)
	}
}

func TestVersionsByKeyboard(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(900, 700))
	got := -1
	c := ShowVersions(w, Versions{Rows: []string{"new", "old"}, OnChosen: func(i int) { got = i }})
	w.Canvas().FocusNext()
	press(w, fyne.KeySpace)
	if got != 1 || c.open {
		t.Fatal(got, c.open)
	}
	if c = ShowVersions(w, Versions{}); len(c.buttons) != 1 {
		t.Fatal("nothing to choose, yet buttons")
	}
	c.Close()
}
