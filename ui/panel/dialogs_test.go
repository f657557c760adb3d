package panel

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"echoline/internal/text"
	"echoline/ui/keys"
)

// sizes are the windows in which every dialog must be whole: 1280×720, and the same at a scale of 2.
var sizes = []fyne.Size{{Width: 1280, Height: 720}, {Width: 640, Height: 360}}

// dates are choices as the window has them.
var dates = []Choice{{"modified", fixed("Moved")}, {"full", fixed("Kept")}, {"removed", fixed("Removed")}}

func fixedNote(string) string { return "a note" }

func TestDialogsAreWhole(t *testing.T) {
	dialogs := map[string]func(fyne.Window) *Card{
		"first": func(w fyne.Window) *Card { return ShowFirstStart(w, FirstStart{Reader: "Dr. Kim"}) },
		"about": func(w fyne.Window) *Card {
			return ShowAbout(w, "0.1.0", []Part{{"ONNX Runtime", "1.29.0", "MIT"}, {"A part with a name that is long", "10.20.30", "BSD-3-Clause and others"}})
		},
		"keys":  ShowKeys,
		"error": func(w fyne.Window) *Card { return ShowError(w, "what went wrong", "what to do") },
		"calibration": func(w fyne.Window) *Card {
			return ShowCalibration(w, Calibration{Length: "412 px", MM: 20, OnDone: func(float64) error { return nil }, OnRemove: func() {}})
		},
		"export": func(w fyne.Window) *Card {
			return ShowExport(w, ExportOptions{
				Formats: []ChoiceGroup{{fixed("For the clinic"), []Choice{{"seg", fixed("DICOM SEG")}}}}, Note: fixedNote, Pictures: func(string) bool { return true },
				Includes: []Choice{{"all", fixed("All")}}, Dates: dates, Start: ExportChoice{Format: "seg", Folder: "/out", Private: true},
			}).Card
		},
		"de-identify": func(w fyne.Window) *Card {
			return ShowDeidentify(w, DeidOptions{Files: 12, Dates: dates, Words: dates[:2], Start: DeidChoice{Folder: "/out"}}).Card
		},
		"veil": func(w fyne.Window) *Card {
			return ShowVeil(w, Veil{Name: "IM00001.dcm", Number: 3, Total: 12, W: 640, H: 480, Frames: 30, Guessed: true, Boxes: veilBoxes()}).Card
		},
		"project": func(w fyne.Window) *Card {
			return ShowProject(w, ProjectCard{Title: "Settings", What: "what", Take: text.T("project.make.take"), Start: ProjectForm{Name: "Breast", Share: "20", By: "2"}})
		},
		"guideline": func(w fyne.Window) *Card {
			return ShowGuideline(w, GuidelineForm{Text: "Draw the edge.", Pictures: []string{"edge.png"}}).Card
		},
		"question": func(w fyne.Window) *Card { return ShowQuestion(w, "Quit?", "Sure?", "Quit", func() {}) },
		"summary":  func(w fyne.Window) *Card { return ShowSummary(w, Summary{Accepted: 3, Time: time.Hour * 3}) },
		"choice": func(w fyne.Window) *Card {
			return ShowChoice(w, "what", "do", []Action{{"Try again", true, func() {}}, {"Quit", false, func() {}}})
		},
	}
	eachLanguage(t, func(t *testing.T) {
		for name, open := range dialogs {
			for _, size := range sizes {
				w := show(t, canvas.NewRectangle(nil), size.Width, size.Height)
				c := open(w)
				c.Resize(size)
				t.Run(name, func(t *testing.T) { expectWhole(t, c) })
				for _, b := range c.buttons {
					if end := b.Position().AddXY(b.Size().Width, b.Size().Height); b.Position().Y < 0 || end.Y > size.Height || end.X > size.Width {
						t.Errorf("%s at %v: a button lies outside", name, size)
					}
				}
			}
		}
	})
}

func TestCardTakesTheKeysAndGivesThemBack(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 800, 600)
	var below []fyne.KeyName
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { below = append(below, e.Name) })
	closed := 0
	c := ShowError(w, "what", "do")
	c.OnClosed = func() { closed++ }
	if !Modal(w.Canvas()) {
		t.Error("the card is not modal")
	}
	w.Canvas().Focused().TypedKey(key(fyne.KeyN))
	if len(below) != 0 {
		t.Error("the window below saw a key")
	}
	w.Canvas().Focused().TypedKey(key(fyne.KeyEscape))
	w.Canvas().OnTypedKey()(key(fyne.KeyN))
	if Modal(w.Canvas()) || closed != 1 || len(below) != 1 {
		t.Errorf("closed %d times, below saw %v", closed, below)
	}
	c.Close()
	if closed != 1 {
		t.Error("closed twice")
	}
}

func TestCardsOnCards(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 800, 600)
	base := 0
	w.Canvas().SetOnTypedKey(func(*fyne.KeyEvent) { base++ })
	first := ShowError(w, "one", "")
	second := ShowError(w, "two", "")
	second.Close()
	if !Modal(w.Canvas()) {
		t.Fatal("the lower card went with the upper one")
	}
	w.Canvas().OnTypedKey()(key(fyne.KeyReturn))
	if first.open || Modal(w.Canvas()) {
		t.Error("Enter did not press the lower card's button")
	}
	w.Canvas().OnTypedKey()(key(fyne.KeyN))
	if base != 1 {
		t.Error("the window did not get its keys back")
	}
}

func TestFirstStartNeedsAName(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 800, 600)
	done := ""
	c := ShowFirstStart(w, FirstStart{OnDone: func(r string) { done = r }})
	name := w.Canvas().Focused().(*field)
	name.TypedKey(key(fyne.KeyEscape))
	name.TypedKey(key(fyne.KeyReturn))
	test.Tap(c.buttons[0])
	if !c.open || done != "" {
		t.Fatal("it closed without a name")
	}
	test.Type(name, " 김판독 ")
	name.TypedKey(key(fyne.KeyReturn))
	if c.open || done != "김판독" {
		t.Errorf("reader is %q, open %v", done, c.open)
	}
}

func TestChoiceStaysUntilChosen(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 800, 600)
	got := ""
	c := ShowChoice(w, "what", "do", []Action{{"Again", true, func() { got = "again" }}, {"Quit", false, func() { got = "quit" }}})
	w.Canvas().OnTypedKey()(key(fyne.KeyEscape))
	if !c.open {
		t.Fatal("Escape closed it")
	}
	w.Canvas().OnTypedKey()(key(fyne.KeyReturn))
	if c.open || got != "again" {
		t.Errorf("Enter did %q", got)
	}
}

func TestKeysShowsEveryKey(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	c := ShowKeys(w)
	got := texts(c)
	for _, b := range keys.Table {
		if b.Group != keys.Unlisted && len(b.Combos) > 0 && !contains(got, b.AllKeys()) {
			t.Errorf("%s is missing", b.ID)
		}
	}
	for _, g := range keys.Gestures {
		if !contains(got, g.Keys()) {
			t.Errorf("%s is missing", g.Name)
		}
	}
}

func TestCardsScrollByKeyboard(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 640, 360)
	c := ShowKeys(w)
	c.Resize(fyne.NewSize(640, 360))
	w.Canvas().Focused().TypedKey(key(fyne.KeyPageDown))
	down := c.body.Offset.Y
	for range 100 {
		w.Canvas().Focused().TypedKey(key(fyne.KeyDown))
	}
	end := c.body.Offset.Y
	for range 100 {
		w.Canvas().Focused().TypedKey(key(fyne.KeyUp))
	}
	if most := heightOf(c.content, c.body.Size().Width) - c.body.Size().Height; !(down > 0 && end >= most-1 && end <= most+1 && c.body.Offset.Y == 0) {
		t.Errorf("scrolled to %v, %v of %v, %v", down, end, most, c.body.Offset.Y)
	}
}

func TestExportCard(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	var asked []ExportChoice
	e := ShowExport(w, ExportOptions{
		Formats: []ChoiceGroup{
			{fixed("For the clinic"), []Choice{{"seg", fixed("DICOM SEG")}, {"report", fixed("Report")}}},
			{fixed("Pictures"), []Choice{{"png", fixed("PNG")}}},
		},
		Note:     func(format string) string { return "note of " + format },
		Includes: []Choice{{"accepted", fixed("Accepted")}, {"all", fixed("All")}},
		Start:    ExportChoice{Format: "png", Folder: "/out"},
		OnExport: func(c ExportChoice) { asked = append(asked, c) },
	})
	e.include.TypedKey(key(fyne.KeyRight))
	test.Tap(e.buttons[1])
	e.Conflict(2)
	test.Tap(e.buttons[1])
	want := []ExportChoice{{Format: "png", Include: "all", Folder: "/out"}, {Format: "png", Include: "all", Folder: "/out", Overwrite: true}}
	if len(asked) != 2 || asked[0] != want[0] || asked[1] != want[1] {
		t.Fatalf("asked for %v, want %v", asked, want)
	}
	e.Progress(1, 4)
	if !contains(texts(e), "Writing 1 of 4") {
		t.Errorf("shown: %q", texts(e))
	}
	e.Done(ExportDone{Written: 3, Failures: []ExportFailure{{"a.dcm", "the disk is full"}}})
	if got := texts(e); !contains(got, "3 files written") || !contains(got, "a.dcm: the disk is full") {
		t.Errorf("shown: %q", got)
	}
	test.Tap(e.buttons[0])
	if e.open {
		t.Error("it did not close")
	}
}

// TestReasonsAreToldOnce: what keeps many files from being written stands there once, with how many, and which on demand.
func TestReasonsAreToldOnce(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		w := show(t, canvas.NewRectangle(nil), 1280, 720)
		d := ShowDeidentify(w, DeidOptions{
			Files: 40, Dates: []Choice{{"full", fixed("Kept")}}, Words: []Choice{{"none", fixed("None")}}, Start: DeidChoice{Folder: "/out"},
		})
		var failures []ExportFailure
		for i := range 40 {
			f := ExportFailure{fmt.Sprintf("im%02d.dcm", i), "it was left out"}
			if i == 7 {
				f.What = "the disk is full"
			}
			failures = append(failures, f)
		}
		d.Done(ExportDone{Written: 1, Failures: failures})
		said := strings.Join(texts(d), " ")
		if n := strings.Count(said, "it was left out"); n != 1 || !strings.Contains(said, "39") || !strings.Contains(said, "im07.dcm: the disk is full") || strings.Contains(said, "im08.dcm") {
			t.Fatalf("%d times: %s", n, said)
		}
		show := d.result.items[2].(*column).items[1].(*button)
		test.Tap(show)
		if said := strings.Join(texts(d), " "); !strings.Contains(said, "im08.dcm") || !strings.Contains(said, "im39.dcm") {
			t.Error("the files are not named when asked for:", said)
		}
		expectWhole(t, d)
		test.Tap(show)
		if strings.Contains(strings.Join(texts(d), " "), "im08.dcm") {
			t.Error("they stay")
		}
	})
}

// TestFormatsAreOneChoice: one of all lines is chosen, by mouse or by key, and it says what it is.
func TestFormatsAreOneChoice(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	var asked ExportChoice
	e := ShowExport(w, ExportOptions{
		Formats: []ChoiceGroup{
			{fixed("A"), []Choice{{"seg", fixed("SEG")}, {"report", fixed("Report")}}}, {fixed("B"), []Choice{{"png", fixed("PNG")}}},
		},
		Note:     func(format string) string { return "note of " + format },
		Includes: []Choice{{"all", fixed("All")}},
		Start:    ExportChoice{Format: "report", Folder: "/out"},
		OnExport: func(c ExportChoice) { asked = c },
	})
	first, second := e.format.lines[0], e.format.lines[1]
	if first.chosen != 1 || second.chosen != none || !contains(texts(e), "note of report") {
		t.Errorf("at first %d and %d: %q", first.chosen, second.chosen, texts(e))
	}
	second.TypedKey(key(fyne.KeyRight))
	if first.chosen != none || second.chosen != 0 || !contains(texts(e), "note of png") {
		t.Errorf("then %d and %d: %q", first.chosen, second.chosen, texts(e))
	}
	test.Tap(e.buttons[1])
	if asked.Format != "png" {
		t.Errorf("asked for %v", asked)
	}
	e.Done(ExportDone{Stopped: true, Kept: 2})
	if got := texts(e); !contains(got, "to go on") || !contains(got, "2 images were already written") || contains(got, "written to") {
		t.Errorf("stopped: %q", got)
	}
}

// TestExportOfNothing: what was not written is no success, and another choice can be made at once.
func TestExportOfNothing(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	asked := 0
	e := ShowExport(w, ExportOptions{
		Formats: []ChoiceGroup{{fixed("Pictures"), []Choice{{"png", fixed("PNG")}}}}, Note: func(f string) string { return f }, Includes: []Choice{{"all", fixed("All")}},
		Start:    ExportChoice{Format: "png", Folder: "/out"},
		OnExport: func(ExportChoice) { asked++ },
	})
	e.Done(ExportDone{Failures: []ExportFailure{{"Export", "nothing is accepted"}}})
	if got := texts(e); contains(got, "written to") || !contains(got, "nothing is accepted") {
		t.Errorf("shown: %q", got)
	}
	if test.Tap(e.buttons[1]); asked != 1 {
		t.Errorf("exported %d times, want once", asked)
	}
	e.Done(ExportDone{Failures: []ExportFailure{{What: "nothing is accepted"}}})
	if got := texts(e); !contains(got, "nothing is accepted") || contains(got, text.N("panel.export.failed", 1)) {
		t.Errorf("one reason for all is shown as %q", got)
	}
}

func TestWeakCountsInWords(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	c := ShowWeak(w, Weak{Arcs: []string{"12 mm long"}})
	if got := texts(c); !contains(got, text.N("arcs.weak.what", 1)) {
		t.Errorf("of one arc it says %q", got)
	}
}

func TestExportNeedsAFolder(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	e := ShowExport(w, ExportOptions{
		Formats: []ChoiceGroup{{fixed("Pictures"), []Choice{{"png", fixed("PNG")}}}}, Note: func(f string) string { return f }, Includes: []Choice{{"all", fixed("All")}},
		OnExport: func(ExportChoice) { t.Error("exported to nowhere") },
	})
	test.Tap(e.buttons[1])
}

func TestDuration(t *testing.T) {
	text.SetLanguage("en")
	for d, want := range map[time.Duration]string{
		90 * time.Second: "90 s", 17 * time.Minute: "17 min", 125 * time.Minute: "2 h 5 min",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
