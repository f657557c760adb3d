package panel

import (
	"fmt"
	"image"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"echoline/internal/text"
)

func TestPageShowsOneThingAtATime(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		body := newLabel(fixed("the body"), roleText, textSize)
		tool := NewAction("", fixed("do it"), true, func() {})
		p := NewPage(fixed("title"), body, tool)
		closed := 0
		p.OnClose = func() { closed++ }
		w := show(t, p, 800, 600)
		if got := texts(p); !contains(got, "title") || !contains(got, "the body") || !contains(got, "do it") {
			t.Fatal(got)
		}
		p.SetBusy(fixed("wait"))
		if got := texts(p); contains(got, "the body") || !contains(got, "wait") || p.Focus() != fyne.Focusable(p.back) {
			t.Fatal(got)
		}
		p.SetBusy(nil)
		p.SetEmpty(fixed("nothing"), fixed("do something"), NewAction("", fixed("make"), true, func() {}))
		if got := texts(p); contains(got, "the body") || contains(got, "wait") || !contains(got, "nothing") || !contains(got, "do something") || !contains(got, "make") {
			t.Fatal(got)
		}
		p.SetEmpty(nil, nil)
		if got := texts(p); !contains(got, "the body") || contains(got, "nothing") {
			t.Fatal(got)
		}
		test.Tap(p.back)
		if closed != 1 {
			t.Fatal("the way back leads nowhere")
		}
		w.Canvas().FocusNext()
		if w.Canvas().Focused() != fyne.Focusable(p.back) {
			t.Fatal("the way back is not first")
		}
		expectWhole(t, p)
	})
}

// manyCases are n cases of a project, every third of which is done.
func manyCases(n int) []ProjectCase {
	out := make([]ProjectCase, n)
	for i := range out {
		out[i] = ProjectCase{Item: fmt.Sprint(i), Name: fmt.Sprintf("case %05d", i), Who: "kim ✓ · lee", State: CaseState(i % 4), Mine: i%2 == 0}
	}
	return out
}

func TestProjectViewSiftsAndChooses(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		v := NewProjectView()
		var got []string
		v.OnCase = func(item string) { got = append(got, item) }
		w := show(t, v, 1200, 700)
		v.Set("forty of ten thousand", []ProjectReader{{Name: "kim", Role: "reader", Done: 0.3, Words: "12 of 40"}, {Name: "park", Role: "expert", Done: -1}}, manyCases(10_000))
		if said := texts(v); !contains(said, "forty of ten thousand") || !contains(said, "kim") || !contains(said, "case 00000") || contains(said, "case 09999") {
			t.Fatal(said)
		}
		if n := len(v.list.pool); n > 40 {
			t.Errorf("%d widgets for what can be seen", n)
		}
		v.filter.pick(3)
		if len(v.shown) != 2500 {
			t.Fatal(len(v.shown))
		}
		v.ShowMine()
		v.find.SetText("0001")
		if len(v.shown) == 0 || !contains(texts(v), "case 00010") || contains(texts(v), "case 00000") {
			t.Fatal(texts(v))
		}
		w.Canvas().Focus(v.First())
		v.list.TypedKey(key(fyne.KeyDown))
		v.list.TypedKey(key(fyne.KeyReturn))
		if len(got) != 1 || got[0] != v.cases[v.shown[1]].Item {
			t.Fatal(got)
		}
		v.find.SetText("nothing like this")
		if !contains(texts(v), text.T("project.cases.none")) {
			t.Fatal("it does not say that nothing is like this")
		}
		expectWhole(t, v)
	})
}

// BenchmarkProjectSift types a letter into the search of ten thousand cases.
func BenchmarkProjectSift(b *testing.B) {
	test.NewTempApp(b)
	v := NewProjectView()
	w := test.NewTempWindow(b, v)
	w.Resize(fyne.NewSize(1200, 700))
	v.Set("", nil, manyCases(10_000))
	for i := range b.N {
		v.find.SetText(fmt.Sprint(i % 10))
	}
}

func TestGuideline(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		g := NewGuidelinePanel()
		closed := false
		g.OnClose = func() { closed = true }
		show(t, g, 300, 600)
		g.Set("Draw the outer edge. Ask where it cannot be seen.", []GuidePicture{{Image: image.NewGray(image.Rect(0, 0, 80, 40)), Caption: "the edge"}})
		if said := texts(g); !contains(said, "the outer edge") || !contains(said, "the edge") {
			t.Fatal(said)
		}
		p := g.body.items[1].(*picture)
		if w := p.image.Size(); w.Width < 200 || w.Height < w.Width*0.49 || w.Height > w.Width*0.51 {
			t.Error("the picture's shape", w)
		}
		test.Tap(g.close)
		if !closed {
			t.Error("it does not close")
		}
	})
}

// A page that waits, or has nothing to show, offers nothing to do with it, and gives its controls back after.
func TestPageHidesItsTools(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		save := NewAction("file-output", fixed("Save"), false, func() {})
		p := NewPage(fixed("Title"), NewLines(nil, LineColumn{Title: fixed("Case"), Share: 1}), save)
		show(t, p, 900, 400)
		p.SetBusy(fixed("reading"))
		busy := save.Visible()
		p.SetBusy(nil)
		idle := save.Visible()
		p.SetEmpty(fixed("Nothing"), fixed("Do this"))
		if busy || !idle || save.Visible() {
			t.Error("shown while busy, with something, with nothing:", busy, idle, save.Visible())
		}
	})
}
