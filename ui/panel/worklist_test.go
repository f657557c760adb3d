package panel

import (
	"fmt"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"echoline/internal/text"
)

func manyRows(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{ID: fmt.Sprint("id", i), Title: fmt.Sprintf("image-%05d.dcm", i), State: Predicted, Weak: 0.2, Thumb: pixels(8)}
	}
	return rows
}

func TestWorkListShowsItsRows(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		w := NewWorkList()
		w.SetRows([]Row{
			{ID: "a", Title: "a.dcm", State: InReview, Weak: 0.27, Reviewed: 0.4, Frames: 40},
			{ID: "b", Title: "김영희.png", State: Waiting, Weak: math.NaN()},
			{ID: "c", Title: "c.txt", State: Refused, Weak: math.NaN(), Reason: "not an image"},
		})
		show(t, w, 260, 500)
		expectWhole(t, w)
		got := texts(w)
		for _, want := range []string{"a.dcm", "김영희.png", "▶ 40", percent(0.27), Refused.String(), text.N("panel.worklist.count", 3)} {
			if !contains(got, want) {
				t.Errorf("%q is not shown in %q", want, got)
			}
		}
	})
}

// TestReviewedIsTold: also while nobody knows yet what counts as weak, and then nothing of that.
func TestReviewedIsTold(t *testing.T) {
	w := NewWorkList()
	w.SetRows([]Row{{ID: "a", State: InReview, Weak: math.NaN(), Reviewed: 0.5}, {ID: "b", State: Predicted, Weak: math.NaN()}})
	show(t, w, 260, 400)
	for i, want := range []bool{true, false} {
		row, ok := w.list.pool[i].(*workRow)
		if !ok || row.track.Visible() != want || row.done.Visible() != want || row.weakBar.Visible() || row.share.say() != "" {
			t.Errorf("row %d: bar %v, reviewed %v, weak %v", i, row.track.Visible(), row.done.Visible(), row.weakBar.Visible())
		}
	}
}

func TestWorkListAsksForNothingWhileAStudyComes(t *testing.T) {
	w := NewWorkList()
	show(t, w, 260, 500)
	asks := func() bool { return contains(texts(w), text.T("panel.worklist.empty.title")) }
	if !asks() {
		t.Error("an empty list does not say how to fill it")
	}
	if w.SetReading(); asks() {
		t.Error("the list asks for a study that is being read")
	}
	if w.SetRows(nil); !asks() {
		t.Error("nothing came, and the list does not say how to open something")
	}
}

func TestWorkListSaysHowManyAreDone(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		w := NewWorkList()
		rows := manyRows(5)
		rows[0].State, rows[4].State = Accepted, Refused
		w.SetRows(rows)
		show(t, w, 260, 500)
		said := func(done int) {
			t.Helper()
			want := text.N("panel.worklist.count", 5)
			if done > 0 {
				want += " · " + text.T("panel.worklist.done_of", text.Args{"Done": done, "Of": 4})
			}
			if got := texts(w); !contains(got, want) {
				t.Errorf("%q is not shown in %q", want, got)
			}
			expectWhole(t, w)
		}
		said(1)
		w.UpdateRow("id2", Row{ID: "id2", State: Rejected})
		said(2)
		w.UpdateRow("id2", Row{ID: "id2", State: Accepted})
		said(2)
		w.UpdateRow("id0", Row{ID: "id0", State: InReview})
		w.UpdateRow("id2", Row{ID: "id2", State: InReview})
		said(0)
	})
}

// TestWorkListSaysTheTotalOnce: twice only where not all can be worked on.
func TestWorkListSaysTheTotalOnce(t *testing.T) {
	w := NewWorkList()
	rows := manyRows(7)
	rows[0].State = Accepted
	w.SetRows(rows)
	want := map[string]string{"en": "7 images · 1 done", "ko": "영상 7개 · 1개 완료"}
	eachLanguage(t, func(t *testing.T) {
		if got := w.heading(); got != want[text.Language()] {
			t.Errorf("%q, want %q", got, want[text.Language()])
		}
	})
}

func TestWorkListMakesWidgetsOnlyForWhatIsSeen(t *testing.T) {
	w := NewWorkList()
	w.SetRows(manyRows(10000))
	show(t, w, 260, 700)
	if n := len(w.list.pool); n > 20 {
		t.Errorf("%d widgets for what fits into 700", n)
	}
	w.Select("id9999")
	if !contains(texts(w), "image-09999.dcm") {
		t.Error("the selected row was not scrolled to")
	}
	r := w.rows[9999]
	r.Title = "renamed.dcm"
	w.UpdateRow("id9999", r)
	if !contains(texts(w), "renamed.dcm") {
		t.Error("the row did not change")
	}
	w.UpdateRow("none", Row{})
	w.SetRows(manyRows(3))
	if contains(texts(w), "renamed.dcm") || !contains(texts(w), "image-00000.dcm") {
		t.Errorf("after fewer rows: %q", texts(w))
	}
}

func TestWorkListSelects(t *testing.T) {
	w := NewWorkList()
	var got []string
	w.OnSelect = func(id string) { got = append(got, id) }
	w.SetRows(manyRows(50))
	win := show(t, w, 260, 400)
	w.Select("id0")
	if len(got) != 0 {
		t.Error("Select called OnSelect")
	}
	test.Tap(w.list.pool[2].(*workRow))
	win.Canvas().Focus(w.list)
	w.list.TypedKey(key(fyne.KeyDown))
	w.list.TypedKey(key(fyne.KeyEnd))
	w.list.TypedKey(key(fyne.KeyDown))
	if fmt.Sprint(got) != "[id2 id3 id49]" {
		t.Errorf("selected %v", got)
	}
	// A new order keeps the selection on its row.
	rows := manyRows(50)
	rows[0], rows[49] = rows[49], rows[0]
	w.SetRows(rows)
	if w.list.cursor != 0 {
		t.Errorf("the cursor is at %d", w.list.cursor)
	}
}

func TestWorkListSaysWhyAFileIsRefused(t *testing.T) {
	w := NewWorkList()
	var hint string
	w.OnHint = func(s string) { hint = s }
	w.SetRows([]Row{{ID: "c", Title: "c.txt", State: Refused, Weak: math.NaN(), Reason: "not an image"}})
	show(t, w, 260, 400)
	w.list.pool[0].(*workRow).MouseIn(nil)
	if hint != "c.txt: not an image" {
		t.Errorf("hint is %q", hint)
	}
}

func TestEmptyWorkListOffersToOpen(t *testing.T) {
	eachLanguage(t, func(t *testing.T) {
		w := NewWorkList()
		opened := 0
		w.OnOpen = func() { opened++ }
		show(t, w, 260, 400)
		expectWhole(t, w)
		test.Tap(w.empty.items[2].(*button))
		if opened != 1 {
			t.Error("the button does nothing")
		}
		w.SetRows(manyRows(1))
		if w.empty.Visible() {
			t.Error("the empty state stayed")
		}
	})
}

func TestWorkListProgress(t *testing.T) {
	w := NewWorkList()
	w.SetRows(manyRows(2))
	show(t, w, 260, 400)
	cancelled := false
	w.SetProgress(3, 10, "Predicting 3 of 10", func() { cancelled = true })
	if !contains(texts(w), "Predicting 3 of 10") {
		t.Error("no progress shown")
	}
	test.Tap(w.progress.cancel)
	w.SetProgress(0, 0, "", nil)
	if !cancelled || contains(texts(w), "Predicting") {
		t.Error("progress cannot be cancelled or does not end")
	}
}

func BenchmarkWorkListScroll(b *testing.B) {
	test.NewTempApp(b)
	w := NewWorkList()
	w.SetRows(manyRows(10000))
	win := test.NewTempWindow(b, w)
	win.Resize(fyne.NewSize(260, 700))
	for i := 0; b.Loop(); i++ {
		w.list.scroll.Offset.Y = float32(i%9000) * workRowHeight
		w.list.lay()
	}
}

func BenchmarkWorkListSetRows(b *testing.B) {
	test.NewTempApp(b)
	w := NewWorkList()
	win := test.NewTempWindow(b, w)
	win.Resize(fyne.NewSize(260, 700))
	rows := manyRows(10000)
	for b.Loop() {
		w.SetRows(rows)
	}
}
