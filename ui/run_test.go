package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/test"

	"echoline/internal/fault"
	"echoline/internal/text"
)

// native is a window of a toolkit that can or cannot open it.
type native struct {
	fyne.Window
	handle uintptr
	broken bool
}

func (n *native) Show() {
	if n.broken {
		panic("no library")
	}
}

func (n *native) RunNative(f func(any)) { f(driver.X11WindowContext{WindowHandle: n.handle}) }

func TestAWindowThatCannotBeOpenedIsSaid(t *testing.T) {
	for name, w := range map[string]fyne.Window{"no display": &native{broken: true}, "no OpenGL": &native{}} {
		err := opened(w)
		if fault.CodeOf(err) != CodeDisplay {
			t.Errorf("%s: %v", name, err)
		}
		if what, do := text.FaultParts(err); what == "" || do == "" {
			t.Errorf("%s: nothing is said", name)
		}
	}
	for name, w := range map[string]fyne.Window{"native": &native{handle: 7}, "without": test.NewTempWindow(t, nil)} {
		if err := opened(w); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
