package panel

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
)

// A line is chosen by click and by Enter, and the table keeps to what it holds when that gets less.
func TestLinesAreChosen(t *testing.T) {
	var chosen []int
	l := NewLines(fixed("open it"), LineColumn{Title: fixed("Case"), Share: 3}, LineColumn{Title: fixed("Dice"), Share: 1, Right: true})
	l.OnChosen = func(i int) { chosen = append(chosen, i) }
	l.Set([]Line{{ToneWarn, []string{"a", "0.5"}}, {ToneGood, []string{"b", "0.9"}}, {ToneQuiet, []string{"c"}}})
	show(t, l, 500, 300)
	got := texts(l)
	for _, want := range []string{"Case", "Dice", "a", "0.5", "b", "0.9", "c"} {
		if !contains(got, want) {
			t.Errorf("%q is not shown in %q", want, got)
		}
	}
	l.Choose(2)
	l.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp})
	l.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(chosen) != 2 || chosen[0] != 2 || chosen[1] != 1 {
		t.Errorf("chosen %v", chosen)
	}
	l.Set([]Line{{ToneGood, []string{"b", "0.9"}}})
	l.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if chosen[len(chosen)-1] != 0 {
		t.Errorf("a line is chosen that is not there: %v", chosen)
	}
}

// The line of which more stands beside the table is marked at once, and stays so while the cursor goes on; a table whose lines lead
// somewhere marks the cursor.
func TestTheLineOnShowIsMarked(t *testing.T) {
	l := NewLines(nil, LineColumn{Title: fixed("Readers"), Share: 1})
	l.Set([]Line{{Tone: ToneNone, Cells: []string{"a"}}, {Tone: ToneNone, Cells: []string{"b"}}, {Tone: ToneNone, Cells: []string{"c"}}})
	show(t, l, 300, 300)
	expect := func(want ...bool) {
		t.Helper()
		for i, w := range want {
			row, ok := l.list.pool[i].(*lineRow)
			if !ok || (row.ground.FillColor == color.Color(selectedGround())) != w {
				t.Errorf("line %d: marked is not %v", i, w)
			}
		}
	}
	l.list.setCursor(2)
	expect(false, false, true)
	l.Mark(1)
	expect(false, true, false)
	if l.list.cursor != 1 {
		t.Error("the keyboard begins at", l.list.cursor)
	}
	l.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyUp})
	expect(false, true, false)
	l.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	expect(true, false, false)
	l.Choose(2)
	expect(false, false, true)
	if l.Marked() != 2 {
		t.Error("marked", l.Marked())
	}
}

// A click on a dot chooses it, one beside it nothing; dots and lines are drawn where they belong.
func TestPlot(t *testing.T) {
	picked, hint := -1, ""
	p := newPlot(PlotData{
		Title: "Dice", From: "1", To: "2", Low: "0", High: "1", Dots: []PlotDot{{0.25, 0.5, "a"}, {0.75, 0.25, "b"}},
		Lines: []PlotLine{{Y: 0.9, Strong: true}},
	}, func(i int) { picked = i }, func(s string) { hint = s })
	show(t, p, 300, 160)
	x, y := p.place(0.75, 0.25, p.picture.Size())
	at := p.picture.Position().AddXY(float32(x)+2, float32(y)-2)
	p.Tapped(&fyne.PointEvent{Position: at})
	if picked != 1 {
		t.Errorf("picked %d", picked)
	}
	picked = -1
	p.Tapped(&fyne.PointEvent{Position: at.AddXY(-40, 30)})
	if picked != -1 {
		t.Error("something is picked where nothing is")
	}
	if p.nearest(at) != 1 || hint != "" {
		t.Error(hint)
	}
	size := p.picture.Size()
	img := p.draw(int(size.Width), int(size.Height))
	ink := func(x, y float64) bool { _, _, _, a := img.At(int(x), int(y)).RGBA(); return a > 0x8000 }
	lx, ly := p.place(0.1, 0.9, size)
	if !ink(x, y) || !ink(lx, ly) || ink(lx, ly-10) {
		t.Error("the picture is wrong")
	}
	if img.At(0, 0) != (color.RGBA{}) {
		t.Error("the corner is not empty")
	}
}

// The page's body shows what it is given, in plots and lines.
func TestAgreementView(t *testing.T) {
	v := NewAgreementView(NewLines(nil, LineColumn{Title: fixed("Readers"), Share: 1}), NewLines(nil, LineColumn{Title: fixed("Case"), Share: 1}))
	dot := [2]int{-1, -1}
	v.OnDot = func(plot, i int) { dot = [2]int{plot, i} }
	v.Present([]Figure{{"Dice", "0.9 (0.8 – 0.95)"}}, "how", []PlotData{{Title: "one"}, {Title: "two", Dots: []PlotDot{{0.5, 0.5, "a"}}}}, []Line{{ToneGood, []string{"im1"}}})
	show(t, v, 1200, 700)
	got := texts(v)
	for _, want := range []string{"Dice", "0.9 (0.8 – 0.95)", "how", "one", "two", "im1", "Case"} {
		if !contains(got, want) {
			t.Errorf("%q is not shown in %q", want, got)
		}
	}
	p := v.plots[1]
	x, y := p.place(0.5, 0.5, p.picture.Size())
	p.Tapped(&fyne.PointEvent{Position: p.picture.Position().AddXY(float32(x), float32(y))})
	if dot != [2]int{1, 0} {
		t.Errorf("%v", dot)
	}
}

// A note stands right below the lines, and leaves them room where they are many.
func TestLinesNote(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		l := NewLines(nil, LineColumn{Title: fixed("Reader"), Share: 3}, LineColumn{Title: fixed("Frames"), Share: 1, Right: true})
		show(t, l, 600, 400)
		l.Set([]Line{{Tone: ToneNone, Cells: []string{"kim", "12"}}, {Tone: ToneNone, Cells: []string{"lee", "3"}}})
		l.SetNote("how it is meant")
		if said := texts(l); !contains(said, "kim") || !contains(said, "12") || !contains(said, "how it is meant") {
			t.Fatal(said)
		}
		if y := l.note.Position().Y; y != 3*lineHeight+gap {
			t.Error("the note lies at", y)
		}
		l.Set(make([]Line, 100))
		l.Refresh()
		if end := l.note.Position().Y + l.note.Size().Height; end > 400 || l.list.Size().Height < 200 {
			t.Error("the note ends at", end, "the lines have", l.list.Size().Height)
		}
		expectWhole(t, l)
	})
}
