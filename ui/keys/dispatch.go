package keys

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Dispatcher turns the canvas's key events into actions. Fyne sends a press first to KeyDown, then either to a shortcut
// handler (with Control or Alt down) or to TypedKey, and repeats only the latter two while the key stays down.
//
// Letters are read from the key, never from the rune, so that they work with a Korean input method in Hangul mode too.
type Dispatcher struct {
	Do        func(ID)                // an action that runs
	Held      func(id ID, down bool)  // an action that lasts while its key is held
	Modifiers func() fyne.KeyModifier // which modifiers are down now
	Blocked   func() bool             // true while a dialog has the keyboard; may be nil

	fresh bool                // the press that KeyDown saw has not run anything yet
	held  map[fyne.KeyName]ID // by the key that went down, for its release comes without modifiers
}

// KeyDown takes a press. Install it with desktop.Canvas.SetOnKeyDown.
func (d *Dispatcher) KeyDown(e *fyne.KeyEvent) {
	d.fresh = true
	if d.blocked() {
		return
	}
	name := Physical(e)
	b, ok := Lookup(Combo{name, d.Modifiers()})
	if !ok || b.How != Hold {
		return
	}
	if d.held == nil {
		d.held = map[fyne.KeyName]ID{}
	}
	d.held[name] = b.ID
	d.Held(b.ID, true)
}

// KeyUp takes a release. Install it with desktop.Canvas.SetOnKeyUp.
func (d *Dispatcher) KeyUp(e *fyne.KeyEvent) {
	name := Physical(e)
	if id, ok := d.held[name]; ok {
		delete(d.held, name)
		d.Held(id, false)
	}
}

// ReleaseAll ends every held action, for when the window loses the keyboard and the releases will never come.
func (d *Dispatcher) ReleaseAll() {
	for name, id := range d.held {
		delete(d.held, name)
		d.Held(id, false)
	}
}

// TypedKey takes a press without Control, or its repeat. Install it with fyne.Canvas.SetOnTypedKey.
func (d *Dispatcher) TypedKey(e *fyne.KeyEvent) { d.run(Combo{Physical(e), d.Modifiers()}) }

// TypedShortcut takes a press with Control, or its repeat. Register it for each of Shortcuts with fyne.Canvas.AddShortcut.
func (d *Dispatcher) TypedShortcut(s fyne.Shortcut) {
	if c, ok := comboOf(s); ok {
		d.run(c)
	}
}

func (d *Dispatcher) run(c Combo) {
	fresh := d.fresh
	d.fresh = false
	if d.blocked() {
		return
	}
	b, ok := Lookup(c)
	if !ok || b.How == Hold || (b.How == Once && !fresh) {
		return
	}
	d.Do(b.ID)
}

func (d *Dispatcher) blocked() bool { return d.Blocked != nil && d.Blocked() }

// Shortcuts are the combinations that Fyne sends as shortcuts: those with Control. Undo and redo have types of their own.
func Shortcuts() []fyne.Shortcut {
	var out []fyne.Shortcut
	for _, b := range Table {
		for _, c := range b.Combos {
			if c.Mod&ctrl != 0 {
				out = append(out, shortcutOf(c))
			}
		}
	}
	return out
}

func shortcutOf(c Combo) fyne.Shortcut {
	switch c {
	case Combo{fyne.KeyZ, ctrl}:
		return &fyne.ShortcutUndo{}
	case Combo{fyne.KeyY, ctrl}:
		return &fyne.ShortcutRedo{}
	}
	return &desktop.CustomShortcut{KeyName: c.Key, Modifier: c.Mod}
}

func comboOf(s fyne.Shortcut) (Combo, bool) {
	switch s := s.(type) {
	case *fyne.ShortcutUndo:
		return Combo{fyne.KeyZ, ctrl}, true
	case *fyne.ShortcutRedo:
		return Combo{fyne.KeyY, ctrl}, true
	case *desktop.CustomShortcut:
		return Combo{s.KeyName, s.Modifier}, true
	}
	return Combo{}, false
}

// Physical returns the name of the key that was pressed. Where the keyboard's layout gives it no Latin name, as a Hangul or
// Cyrillic layout does, the key's place on the keyboard decides: the key that is N on a Latin keyboard is N.
func Physical(e *fyne.KeyEvent) fyne.KeyName {
	if e.Name != fyne.KeyUnknown {
		return e.Name
	}
	return byScanCode[e.Physical.ScanCode]
}
