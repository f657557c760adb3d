package panel

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"echoline/ui/keys"
)

func TestToolbarRunsActions(t *testing.T) {
	tb := NewToolbar()
	var got []keys.ID
	tb.OnAction = func(id keys.ID) { got = append(got, id) }
	show(t, tb, 1280, 44)
	for _, d := range tools {
		if d.id != menuPreset && d.id != keys.Tools && d.id != keys.Pages {
			test.Tap(tb.buttons[d.id])
		}
	}
	if len(got) != len(tools)-3 {
		t.Errorf("%d of %d buttons work", len(got), len(tools)-3)
	}
	got = nil
	tb.SetEnabled(keys.Undo, false)
	test.Tap(tb.buttons[keys.Undo])
	if len(got) != 0 {
		t.Error("greyed undo still runs")
	}
}

func TestToolbarFitsEveryWidth(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		tb := NewToolbar()
		w := show(t, tb, 1280, 44)
		if len(tb.hidden) > 0 {
			t.Errorf("at 1280 these have no room: %v", tb.hidden)
		}
		for _, width := range []float32{480, 560, 640, 800, 1024, 1280, 1920} {
			w.Resize(fyne.NewSize(width, 44))
			expectWhole(t, tb)
			end := float32(0)
			for _, d := range tools {
				b := tb.buttons[d.id]
				if !b.Visible() {
					continue
				}
				if b.Position().X < end {
					t.Errorf("at %v %s lies over its neighbour", width, d.id)
				}
				end = b.Position().X + b.Size().Width
				if b.Size().Width < targetSize || b.Size().Height < targetSize {
					t.Errorf("%s is too small to hit: %v", d.id, b.Size())
				}
			}
			if end > tb.more.Position().X || tb.more.Position().X+tb.more.Size().Width > width {
				t.Errorf("at %v the tools end at %v", width, end)
			}
		}
	})
}

func TestToolsWithoutRoomAreInTheMenu(t *testing.T) {
	tb := NewToolbar()
	var got []keys.ID
	tb.OnAction = func(id keys.ID) { got = append(got, id) }
	w := show(t, tb, 560, 44)
	if len(tb.hidden) == 0 {
		t.Fatal("everything fits into 560")
	}
	first := tb.hidden[0]
	test.Tap(tb.more)
	test.Tap(menuItem(t, w, 0))
	if len(got) != 1 || got[0] != first {
		t.Errorf("the menu ran %v, want %v", got, first)
	}
}

// menuItem returns row i of the menu that is open.
func menuItem(t *testing.T, w fyne.Window, i int) fyne.Tappable {
	t.Helper()
	var items []fyne.CanvasObject
	if top := w.Canvas().Overlays().Top(); top != nil {
		walk(top, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
			if m, ok := o.(*widget.PopUpMenu); ok {
				items = m.Items
			}
		})
	}
	if i >= len(items) {
		t.Fatalf("the menu has %d rows", len(items))
	}
	return items[i].(fyne.Tappable)
}

func TestPresetMenu(t *testing.T) {
	tb := NewToolbar()
	picked := ""
	tb.OnPreset = func(k string) { picked = k }
	w := show(t, tb, 1280, 44)
	test.Tap(tb.buttons[menuPreset])
	if w.Canvas().Overlays().Top() != nil {
		t.Error("an empty menu opened")
	}
	tb.SetPresets([]Choice{{"auto", fixed("Auto")}, {"full", fixed("Full range")}}, "auto")
	test.Tap(tb.buttons[menuPreset])
	test.Tap(menuItem(t, w, 1))
	if picked != "full" {
		t.Errorf("picked %q", picked)
	}
}

func TestHintsNameTheKey(t *testing.T) {
	tb := NewToolbar()
	var got string
	tb.OnHint = func(s string) { got = s }
	show(t, tb, 1280, 44)
	tb.buttons[keys.NextWeak].MouseIn(nil)
	if got != "Next weak arc (N)" {
		t.Errorf("hint is %q", got)
	}
	tb.buttons[keys.NextWeak].MouseOut()
	if got != "" {
		t.Errorf("hint stayed: %q", got)
	}
}
