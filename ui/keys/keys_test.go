package keys

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/text"
)

func TestNoCombinationMeansTwoThings(t *testing.T) {
	seen := map[Combo]ID{}
	ids := map[ID]bool{}
	for _, b := range Table {
		if ids[b.ID] {
			t.Errorf("%s is in the table twice", b.ID)
		}
		ids[b.ID] = true
		for _, c := range b.Combos {
			if other, ok := seen[c]; ok {
				t.Errorf("%v means %s and %s", c, other, b.ID)
			}
			seen[c] = b.ID
		}
	}
}

func TestEveryRowHasSentencesAndAKnownGroup(t *testing.T) {
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		for _, b := range Table {
			if got := b.ID.Does(); got == "keys.do."+string(b.ID) {
				t.Errorf("%s: no sentence for %s", lang, b.ID)
			}
			if b.Group != Unlisted && !slices.Contains(Groups, b.Group) {
				t.Errorf("%s is in an unknown group", b.ID)
			}
		}
		for _, g := range Gestures {
			for _, part := range []string{".keys", ".does"} {
				if key := "keys.gesture." + g.Name + part; text.T(key) == key {
					t.Errorf("%s: no sentence for %s", lang, key)
				}
			}
		}
		for _, g := range Groups {
			if g.Title() == "keys.group."+string(g) {
				t.Errorf("%s: no title for %s", lang, g)
			}
		}
	}
	text.SetLanguage("en")
}

// recorder is a dispatcher that writes down what it was asked for.
type recorder struct {
	Dispatcher
	mod     fyne.KeyModifier
	blocked bool
	done    []string
}

func newRecorder() *recorder {
	r := &recorder{}
	r.Do = func(id ID) { r.done = append(r.done, string(id)) }
	r.Held = func(id ID, down bool) {
		s := "-" + string(id)
		if down {
			s = "+" + string(id)
		}
		r.done = append(r.done, s)
	}
	r.Modifiers = func() fyne.KeyModifier { return r.mod }
	r.Blocked = func() bool { return r.blocked }
	return r
}

// press sends what Fyne sends for a key without Control: the press, times-1 repeats, the release.
func (r *recorder) press(e fyne.KeyEvent, mod fyne.KeyModifier, times int) {
	r.mod = mod
	r.KeyDown(&e)
	for range times {
		r.TypedKey(&e)
	}
	r.mod = 0
	r.KeyUp(&e)
}

func (r *recorder) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(r.done, want) {
		t.Errorf("did %v, want %v", r.done, want)
	}
	r.done = nil
}

func TestKeysRunActions(t *testing.T) {
	r := newRecorder()
	r.press(fyne.KeyEvent{Name: fyne.KeyN}, 0, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyN}, fyne.KeyModifierShift, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyF1}, 0, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyEnter}, 0, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyZ}, 0, 1)
	r.expect(t, "next_weak", "previous_weak", "help", "confirm")
}

func TestOnlySomeActionsRepeat(t *testing.T) {
	r := newRecorder()
	r.press(fyne.KeyEvent{Name: fyne.KeyRight}, 0, 3)
	r.expect(t, "next_frame", "next_frame", "next_frame")
	r.press(fyne.KeyEvent{Name: fyne.KeyReturn}, 0, 3)
	r.expect(t, "confirm")
}

func TestHeldKeysEndWithTheirRelease(t *testing.T) {
	r := newRecorder()
	r.press(fyne.KeyEvent{Name: fyne.KeyH}, 0, 3)
	r.expect(t, "+hide_all", "-hide_all")
	r.KeyDown(&fyne.KeyEvent{Name: fyne.KeySpace})
	r.ReleaseAll()
	r.KeyUp(&fyne.KeyEvent{Name: fyne.KeySpace})
	r.expect(t, "+pan", "-pan")
}

func TestADialogKeepsTheKeys(t *testing.T) {
	r := newRecorder()
	r.blocked = true
	r.press(fyne.KeyEvent{Name: fyne.KeyN}, 0, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyH}, 0, 1)
	r.TypedShortcut(&fyne.ShortcutUndo{})
	r.expect(t)
}

func TestShortcuts(t *testing.T) {
	r := newRecorder()
	for _, s := range []fyne.Shortcut{
		&fyne.ShortcutUndo{},
		&fyne.ShortcutRedo{},
		&desktop.CustomShortcut{KeyName: fyne.KeyZ, Modifier: ctrl | shift},
		&desktop.CustomShortcut{KeyName: fyne.KeyO, Modifier: ctrl},
		&desktop.CustomShortcut{KeyName: fyne.KeyJ, Modifier: ctrl},
		&fyne.ShortcutSelectAll{},
	} {
		r.KeyDown(&fyne.KeyEvent{})
		r.TypedShortcut(s)
	}
	r.expect(t, "undo", "redo", "redo", "open")
}

func TestEveryControlCombinationIsRegistered(t *testing.T) {
	want := 0
	for _, b := range Table {
		for _, c := range b.Combos {
			if c.Mod&ctrl != 0 {
				want++
			}
		}
	}
	got := map[string]bool{}
	for _, s := range Shortcuts() {
		c, ok := comboOf(s)
		if _, known := Lookup(c); !ok || !known {
			t.Errorf("%s is not in the table", s.ShortcutName())
		}
		got[s.ShortcutName()] = true
	}
	if len(got) != want {
		t.Errorf("%d shortcuts for %d combinations", len(got), want)
	}
}

// In Hangul mode the key of N may come without a Latin name; its place on the keyboard tells it then.
func TestHangulLayoutFindsLettersByPlace(t *testing.T) {
	byName := map[fyne.KeyName]int{}
	for code, name := range byScanCode {
		byName[name] = code
	}
	for c := 'A'; c <= 'Z'; c++ {
		if _, ok := byName[fyne.KeyName(c)]; !ok {
			t.Errorf("no scan code for %c", c)
		}
	}
	r := newRecorder()
	r.press(fyne.KeyEvent{Name: fyne.KeyUnknown, Physical: fyne.HardwareKey{ScanCode: byName["N"]}}, fyne.KeyModifierShift, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyUnknown, Physical: fyne.HardwareKey{ScanCode: byName["H"]}}, 0, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyUnknown, Physical: fyne.HardwareKey{ScanCode: byName["]"]}}, 0, 1)
	r.press(fyne.KeyEvent{Name: fyne.KeyUnknown, Physical: fyne.HardwareKey{ScanCode: 9999}}, 0, 1)
	r.expect(t, "previous_weak", "+hide_all", "-hide_all", "larger")
}

func TestKeysAreWrittenForPeople(t *testing.T) {
	text.SetLanguage("en")
	for id, want := range map[ID]string{NextWeak: "N", PreviousWeak: "Shift+N", Undo: "Ctrl+Z", Confirm: "Enter", Theme: ""} {
		if got := id.Keys(); got != want {
			t.Errorf("%s is written %q, want %q", id, got, want)
		}
	}
	if got := Find(Confirm).AllKeys(); got != "Enter" {
		t.Errorf("confirm has keys %q", got)
	}
	if got := NextWeak.Hint(); got != "Next weak arc (N)" {
		t.Errorf("hint is %q", got)
	}
}
