package panel

import (
	"image"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// veilBoxes are what stays, two findings and a box that was remembered.
func veilBoxes() []VeilBox {
	return []VeilBox{
		{image.Rect(100, 100, 500, 400), VeilKeep, true, false},
		{image.Rect(120, 110, 200, 130), VeilText, true, false},
		{image.Rect(300, 300, 360, 320), VeilText, true, false},
		{image.Rect(0, 0, 640, 40), VeilDrawn, true, false},
	}
}

// veiled is the card in a window, with what it answers.
type veiled struct {
	*VeilCard
	w        fyne.Window
	frames   []int
	written  []VeilBox
	remember bool
	skipped  int
	stopped  int
}

func newVeiled(t *testing.T, boxes []VeilBox, frames int) *veiled {
	t.Helper()
	v := &veiled{w: show(t, canvas.NewRectangle(nil), 1280, 720)}
	v.VeilCard = ShowVeil(v.w, Veil{
		Name: "a.dcm", Number: 1, Total: 2, W: 640, H: 480, Frames: frames, Boxes: boxes,
		OnFrame: func(i int) { v.frames = append(v.frames, i) },
		OnWrite: func(b []VeilBox, remember bool) { v.written, v.remember = b, remember },
		OnSkip:  func() { v.skipped++ }, OnStop: func() { v.stopped++ },
	})
	return v
}

// shown is the colour at a pixel of what is drawn.
func (v *veiled) shown(t *testing.T, x, y int) [3]uint8 {
	t.Helper()
	im, ok := v.picture.image.Image.(*image.RGBA)
	if !ok {
		t.Fatal("nothing is drawn")
	}
	p := im.Pix[im.PixOffset(x, y):]
	return [3]uint8{p[0], p[1], p[2]}
}

func TestVeilShowsWhatBecomesBlack(t *testing.T) {
	v := newVeiled(t, veilBoxes(), 1)
	pix := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for i := range pix.Pix {
		pix.Pix[i] = 200
	}
	v.ShowFrame(0, pix)
	if got := v.shown(t, 250, 200); got != [3]uint8{200, 200, 200} {
		t.Errorf("what stays is %v", got)
	}
	if got := v.shown(t, 150, 120); got[0] <= got[1] {
		t.Errorf("text that goes is %v", got)
	}
	v.picture.setResult(true)
	if got := v.shown(t, 150, 120); got != [3]uint8{} {
		t.Errorf("as written, text is %v", got)
	}
	if pix.Pix[4*(120*640+150)] != 200 {
		t.Error("the frame itself was changed")
	}
}

func TestVeilBoxesByHandAndByKeys(t *testing.T) {
	v := newVeiled(t, veilBoxes(), 1)
	v.picture.Resize(fyne.NewSize(640, 480))
	at := func(x, y float32) *fyne.PointEvent { return &fyne.PointEvent{Position: fyne.NewPos(x, y)} }
	v.picture.Tapped(at(150, 120)) // the finding lies in what stays: the smaller is meant
	if v.v.Boxes[1].On || !v.v.Boxes[0].On {
		t.Error("a click does not switch the finding off")
	}
	drag := func(x0, y0, x1, y1 float32) {
		v.picture.Dragged(&fyne.DragEvent{PointEvent: *at(x0, y0)})
		v.picture.Dragged(&fyne.DragEvent{PointEvent: *at(x1, y1), Dragged: fyne.Delta{DX: x1 - x0, DY: y1 - y0}})
		v.picture.DragEnd()
	}
	drag(400, 350, 450, 390)
	drag(10, 10, 11, 11) // a hand that shook
	if n := len(v.v.Boxes); n != 5 || v.v.Boxes[4] != (VeilBox{image.Rect(400, 350, 450, 390), VeilDrawn, true, true}) {
		t.Fatalf("%d boxes, the last %+v", n, v.v.Boxes[n-1])
	}
	v.w.Canvas().Focus(v.field)
	test.Type(v.field, "1,2,3")
	v.field.TypedKey(key(fyne.KeyReturn))
	if len(v.v.Boxes) != 5 || !v.wrong.Visible() || !v.open {
		t.Error("three numbers are a box")
	}
	v.field.SetText("600, 400, 100, 100")
	v.field.TypedKey(key(fyne.KeyReturn))
	if n := len(v.v.Boxes); n != 6 || v.v.Boxes[5].Box != image.Rect(600, 400, 640, 480) || v.wrong.Visible() || v.field.Text != "" {
		t.Errorf("typed: %+v", v.v.Boxes[n-1])
	}
	v.field.TypedKey(key(fyne.KeyReturn)) // nothing more to type
	if len(v.written) != 6 || !v.remember || v.open || v.skipped+v.stopped > 0 {
		t.Errorf("written %v, remembering %v", v.written, v.remember)
	}
}

func TestVeilNeedsSomethingThatStays(t *testing.T) {
	v := newVeiled(t, nil, 1)
	write := v.buttons[2]
	if !write.disabled {
		t.Error("nothing stays, and it can be written")
	}
	v.w.Canvas().OnTypedKey()(key(fyne.KeyReturn))
	v.w.Canvas().OnTypedKey()(key(fyne.KeyEscape))
	if v.written != nil || !v.open {
		t.Error("it closed without an answer")
	}
	v.kind = VeilKeep
	v.drawn(image.Rect(10, 10, 100, 100))
	if write.disabled {
		t.Error("something stays, and it cannot be written")
	}
	v.toggledAt(image.Pt(20, 20))
	if !write.disabled {
		t.Error("what stays is off, and it can be written")
	}
}

func TestVeilFramesAndAnswers(t *testing.T) {
	v := newVeiled(t, veilBoxes(), 4)
	for _, k := range []fyne.KeyName{fyne.KeyRight, fyne.KeyRight, fyne.KeyLeft, fyne.KeyEnd, fyne.KeyRight, fyne.KeyHome} {
		v.w.Canvas().OnTypedKey()(key(k))
	}
	if want := []int{0, 1, 2, 1, 3, 3, 0}; !slices.Equal(v.frames, want) {
		t.Errorf("frames %v, want %v", v.frames, want)
	}
	late := image.NewRGBA(image.Rect(0, 0, 640, 480))
	v.ShowFrame(3, late)
	if v.picture.pix == late {
		t.Error("a frame came that nobody waits for any more, and was shown")
	}
	test.Tap(v.buttons[1])
	test.Tap(v.buttons[0])
	if v.skipped != 1 || v.stopped != 0 || v.open {
		t.Errorf("skipped %d, stopped %d times", v.skipped, v.stopped)
	}
	w := newVeiled(t, veilBoxes(), 1)
	test.Tap(w.buttons[0])
	if w.stopped != 1 {
		t.Error("it does not stop")
	}
}

func TestParseBox(t *testing.T) {
	for s, want := range map[string]image.Rectangle{
		"1,2,3,4": image.Rect(1, 2, 4, 6), " 10, 20 ; 30 × 40 ": image.Rect(10, 20, 40, 60), "1 2 3": {}, "1 2 0 4": {}, "-1 2 3 4": {}, "1 2 3 4 5": {}, "a": {},
	} {
		if got, ok := parseBox(s); got != want || ok == want.Empty() {
			t.Errorf("%q is %v %v", s, got, ok)
		}
	}
}

func TestDeidentifyCard(t *testing.T) {
	w := show(t, canvas.NewRectangle(nil), 1280, 720)
	var asked []DeidChoice
	d := ShowDeidentify(w, DeidOptions{
		Files: 3, Dates: dates, Words: []Choice{{"known", fixed("Known")}, {"none", fixed("None")}},
		Start: DeidChoice{Folder: "/out", Dates: "removed", Words: "known"}, OnStart: func(c DeidChoice) { asked = append(asked, c) },
	})
	test.Tap(d.buttons[1])
	d.Conflict(2)
	test.Tap(d.buttons[1])
	want := DeidChoice{Folder: "/out", Dates: "removed", Words: "known"}
	again := want
	again.Overwrite = true
	if !slices.Equal(asked, []DeidChoice{want, again}) {
		t.Fatalf("asked for %+v", asked)
	}
	d.Progress(1, 3)
	if !contains(texts(d), "File 1 of 3") {
		t.Errorf("shown: %q", texts(d))
	}
	d.Done(ExportDone{Written: 1, Stopped: true})
	if got := texts(d); !contains(got, "What was written before stays") || !contains(got, "One file") || len(d.buttons) != 2 {
		t.Errorf("shown: %q", got)
	}
	d.Done(ExportDone{Written: 2, Failures: []ExportFailure{{"a.dcm", "it was left out"}}})
	if got := texts(d); !contains(got, "a.dcm: it was left out") || len(d.buttons) != 1 {
		t.Errorf("shown: %q", got)
	}
}
