package panel

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"echoline/internal/text"
)

// browserFolder makes a folder with files, a folder in it and a hidden file.
func browserFolder(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "series"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, ".hidden", filepath.Join("series", "inner.dcm")) {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// browse opens the browser in dir; everything runs at once.
func browse(t *testing.T, b Browse) (*Browser, *[]string) {
	t.Helper()
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	now := func(f func()) { f() }
	var chosen []string
	b.Run, b.Post = now, now
	b.OnChosen = func(p []string) { chosen = p }
	return ShowBrowser(w, b), &chosen
}

func names(p *Browser) []string {
	var out []string
	for _, e := range p.entries {
		out = append(out, e.name)
	}
	return out
}

func TestBrowserSaysWhatItIsFor(t *testing.T) {
	p, _ := browse(t, Browse{Start: browserFolder(t), Title: say("panel.import.title")})
	if got := texts(p); !contains(got, text.T("panel.import.title")) || contains(got, text.T("panel.browser.open")) {
		t.Errorf("shown: %q", got)
	}
}

func TestBrowserLists(t *testing.T) {
	dir := browserFolder(t, "img10.dcm", "IMG2.dcm", "가.png")
	p, _ := browse(t, Browse{Start: dir})
	if want := []string{"series", "IMG2.dcm", "img10.dcm", "가.png"}; !slices.Equal(names(p), want) {
		t.Errorf("lists %v, want %v", names(p), want)
	}
	eachLanguage(t, func(t *testing.T) {
		p.Refresh()
		if !contains(texts(p), text.N("panel.browser.count", 4)) {
			p.state.set(text.N("panel.browser.count", 4))
		}
		expectWhole(t, p.buttons[0])
		expectWhole(t, p.buttons[1])
	})
}

func TestBrowserByKeyboard(t *testing.T) {
	dir := browserFolder(t, "a.dcm", "b.dcm")
	p, chosen := browse(t, Browse{Start: dir})
	p.list.TypedKey(key(fyne.KeyReturn)) // the cursor stands on the folder
	if p.dir != filepath.Join(dir, "series") {
		t.Fatalf("Enter led to %s", p.dir)
	}
	p.list.TypedKey(key(fyne.KeyBackspace))
	if p.dir != dir || p.list.cursor != 0 {
		t.Fatalf("Backspace led to %s, row %d", p.dir, p.list.cursor)
	}
	p.list.TypedRune('b')
	if p.entries[p.list.cursor].name != "b.dcm" {
		t.Errorf("typing led to %v", p.entries[p.list.cursor])
	}
	p.list.TypedKey(key(fyne.KeyUp))
	p.list.TypedKey(key(fyne.KeyReturn))
	if want := []string{filepath.Join(dir, "a.dcm")}; !slices.Equal(*chosen, want) || p.open {
		t.Errorf("chose %v, want %v", *chosen, want)
	}
}

// TestBrowserTakesAPathFromTheList: a slash goes to the path, with no tab to find it.
func TestBrowserTakesAPathFromTheList(t *testing.T) {
	p, _ := browse(t, Browse{Start: browserFolder(t, "a.dcm")})
	p.list.TypedRune('/')
	if p.window.Canvas().Focused() != p.path || p.path.Text != "/" {
		t.Errorf("the path reads %q, its focus is %v", p.path.Text, p.window.Canvas().Focused() == p.path)
	}
}

func TestBrowserPicksSeveral(t *testing.T) {
	dir := browserFolder(t, "a.dcm", "b.dcm", "c.dcm", "d.dcm")
	p, chosen := browse(t, Browse{Start: dir})
	p.tap(1, 0)
	p.tap(3, fyne.KeyModifierShift)
	p.tap(2, fyne.KeyModifierShortcutDefault)
	p.tap(4, fyne.KeyModifierShortcutDefault)
	if got := p.chooseText(); got != "Open 3" {
		t.Errorf("the button says %q", got)
	}
	test.Tap(p.choose)
	want := []string{filepath.Join(dir, "a.dcm"), filepath.Join(dir, "c.dcm"), filepath.Join(dir, "d.dcm")}
	if !slices.Equal(*chosen, want) {
		t.Errorf("chose %v, want %v", *chosen, want)
	}
}

// TestBrowserSaysWhatChoosingDoes: not that it opens what it will do something else with.
func TestBrowserSaysWhatChoosingDoes(t *testing.T) {
	p, _ := browse(t, Browse{Start: browserFolder(t, "a.dcm"), Choose: func(n int) string { return fmt.Sprint("take ", n) }})
	p.picked = map[string]bool{}
	if got := p.chooseText(); got != "take 0" {
		t.Errorf("of the folder the button says %q", got)
	}
	p.tap(1, 0)
	if got := p.chooseText(); got != "take 1" {
		t.Errorf("of a file the button says %q", got)
	}
}

func TestBrowserDoubleTap(t *testing.T) {
	dir := browserFolder(t, "a.dcm")
	p, chosen := browse(t, Browse{Start: dir})
	p.tap(0, 0)
	p.tap(0, 0)
	if p.dir != filepath.Join(dir, "series") {
		t.Fatalf("a double tap led to %s", p.dir)
	}
	p.tap(0, 0)
	p.tap(0, 0)
	if want := []string{filepath.Join(dir, "series", "inner.dcm")}; !slices.Equal(*chosen, want) {
		t.Errorf("chose %v, want %v", *chosen, want)
	}
}

func TestBrowserFollowsATypedPath(t *testing.T) {
	dir := browserFolder(t, "a.dcm")
	p, chosen := browse(t, Browse{Start: dir})
	p.path.SetText(filepath.Join(dir, "nowhere"))
	p.goTyped()
	if p.dir != dir || p.state.say() != text.T("panel.browser.missing") {
		t.Errorf("went to %s and says %q", p.dir, p.state.say())
	}
	p.path.SetText(filepath.Join(dir, "series"))
	p.goTyped()
	if p.dir != filepath.Join(dir, "series") {
		t.Errorf("went to %s", p.dir)
	}
	p.path.SetText(filepath.Join(dir, "a.dcm"))
	p.goTyped()
	if len(*chosen) != 1 || p.open {
		t.Errorf("chose %v", *chosen)
	}
}

func TestFolderBrowser(t *testing.T) {
	dir := browserFolder(t, "a.dcm")
	cancelled := 0
	p, chosen := browse(t, Browse{Folder: true, Start: dir, OnCancel: func() { cancelled++ }})
	if !slices.Equal(names(p), []string{"series"}) {
		t.Errorf("lists %v", names(p))
	}
	test.Tap(p.choose)
	if !slices.Equal(*chosen, []string{dir}) || cancelled != 0 {
		t.Errorf("chose %v, cancelled %d", *chosen, cancelled)
	}
	p, chosen = browse(t, Browse{Folder: true, Start: dir, OnCancel: func() { cancelled++ }})
	p.tap(0, 0)
	if p.chooseText() != text.T("panel.browser.use_selected") {
		t.Errorf("the button says %q", p.chooseText())
	}
	p.Close()
	if len(*chosen) != 0 || cancelled != 1 {
		t.Errorf("after cancel: %v, %d", *chosen, cancelled)
	}
}

func TestBrowserSaysWhatItCannotRead(t *testing.T) {
	dir := browserFolder(t)
	p, _ := browse(t, Browse{Start: dir})
	p.goTo(filepath.Join(dir, "gone"))
	if p.state.say() != text.T("panel.browser.unreadable") {
		t.Errorf("says %q", p.state.say())
	}
	p.list.TypedKey(key(fyne.KeyReturn))
	p.goUp()
	if len(p.entries) != 1 {
		t.Errorf("cannot go back: %v", names(p))
	}
}

// A slow answer for a folder that was left must not fill the list of the next one.
func TestListerDropsStaleAnswers(t *testing.T) {
	a, b := browserFolder(t, "a.dcm"), browserFolder(t, "b.dcm")
	var waiting []func()
	l := lister{run: func(f func()) { waiting = append(waiting, f) }, post: func(f func()) { f() }}
	var got []string
	note := func(all []entry, _ bool, _ error) { got = append(got, all[len(all)-1].name) }
	l.list(a, false, note)
	l.list(b, false, note)
	for _, f := range waiting {
		f()
	}
	l.list(a, false, note)
	l.stop()
	waiting[2]()
	for _, name := range got {
		if name != "b.dcm" {
			t.Errorf("showed %v", got)
		}
	}
	if len(got) == 0 {
		t.Error("showed nothing")
	}
}

func TestListerShowsALargeFolderAsItReads(t *testing.T) {
	dir := t.TempDir()
	for i := range batch + 500 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("i%d.dcm", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := func(f func()) { f() }
	l := lister{run: now, post: now}
	var counts []int
	var last bool
	l.list(dir, false, func(all []entry, more bool, err error) {
		counts, last = append(counts, len(all)), more
		if err != nil {
			t.Error(err)
		}
	})
	if last || len(counts) < 2 || counts[0] != batch || counts[len(counts)-1] != batch+500 {
		t.Errorf("showed %v, more %v", counts, last)
	}
}

func TestNaturalLessIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[aA가]{0,2}[0-9]{0,3}[b.]{0,2}[0-9]{0,2}`)
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if naturalLess(a, b) && naturalLess(b, a) {
			t.Fatalf("%q and %q are both less", a, b)
		}
		if a != b && !naturalLess(a, b) && !naturalLess(b, a) {
			t.Fatalf("%q and %q have no order", a, b)
		}
		if naturalLess(a, b) && naturalLess(b, c) && !naturalLess(a, c) {
			t.Fatalf("%q < %q < %q, but not the first and last", a, b, c)
		}
	})
}

func TestBrowserWantsOneFile(t *testing.T) {
	dir := browserFolder(t, "a.onnx", "b.onnx")
	p, chosen := browse(t, Browse{Start: dir, File: true})
	if texts(p); !contains(texts(p), text.T("panel.browser.use_file")) || contains(texts(p), text.T("panel.browser.open_folder")) {
		t.Errorf("shown: %q", texts(p))
	}
	if !p.choose.Disabled() {
		t.Error("a folder can be chosen where a file is wanted")
	}
	if p.done(); *chosen != nil {
		t.Errorf("chose %v", *chosen)
	}
	p.tap(1, 0)
	p.tap(2, fyne.KeyModifierShortcutDefault)
	if p.choose.Disabled() {
		t.Error("a file cannot be chosen")
	}
	if p.done(); !slices.Equal(*chosen, []string{filepath.Join(dir, "b.onnx")}) {
		t.Errorf("chose %v", *chosen)
	}
}
