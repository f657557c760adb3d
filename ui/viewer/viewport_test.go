package viewer

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/text"
	"echoline/ui/theme"
)

// opened returns a viewport of 800×600 in a window, showing an image of 400×300, one lesion, and everything about it.
func opened(t *testing.T) *Viewport {
	t.Helper()
	test.NewTempApp(t)
	t.Cleanup(func() { text.SetLanguage("en") })
	v := New()
	w := test.NewTempWindow(t, v)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(800, 600))
	v.modifiers = func() fyne.KeyModifier { return 0 }
	v.SetImage(image.NewRGBA(image.Rect(0, 0, 400, 300)))
	v.SetSpacing(0.1, 0.1, true)
	v.SetErrorScale(10, 4, true)
	v.SetContours([]contour.Contour{disc(200, 150, 60, 8)}, nil)
	return v
}

func TestLegendIsTheSliderOfWeak(t *testing.T) {
	v := opened(t)
	log := record(v)
	var share float64
	v.OnWeak = func(s float64) { share = s; v.SetErrorScale(10, s*10, true) }
	at := v.legend.slider
	y := at.Y + wedgeHeight/2
	v.MouseMoved(mouse(at.X+20, y, 0))
	if v.Cursor() != desktop.HResizeCursor {
		t.Error("the pointer does not say that there is something to drag")
	}
	v.MouseDown(mouse(at.X+legendWidth/2, y, first))
	if math.Abs(share-0.5) > 1e-6 {
		t.Errorf("a press in the middle gives %v", share)
	}
	v.Dragged(drag(at.X+legendWidth*3/4, y-200))
	if math.Abs(share-0.75) > 1e-6 {
		t.Errorf("dragged to three quarters: %v", share)
	}
	if got := v.legend.handle.Position().X + handleWidth/2; math.Abs(float64(got-at.X-legendWidth*3/4)) > 0.01 {
		t.Errorf("the handle is at %v", got)
	}
	v.Dragged(drag(-500, y))
	if share != leastWeak {
		t.Errorf("dragged beyond the start: %v", share)
	}
	v.MouseUp(mouse(-500, y, first))
	v.DragEnd()
	for _, l := range *log {
		if !strings.HasPrefix(l, "leave") {
			t.Errorf("the image was told %q", l)
		}
	}
	if v.legend.weak.Text != "weak from 0.02 mm" {
		t.Errorf("it says %q", v.legend.weak.Text)
	}
	v.SetOverlay(false)
	if v.legend.hit(fyne.NewPos(at.X+20, y)) {
		t.Error("a hidden legend can be dragged")
	}
}

func TestLegendSaysWhatIsTrue(t *testing.T) {
	v := opened(t)
	if v.legend.to.Text != "1.00 mm" || v.legend.title.Text != "Expected error" {
		t.Errorf("calibrated: %q up to %q", v.legend.title.Text, v.legend.to.Text)
	}
	if !strings.HasSuffix(v.legend.barText.Text, " mm") {
		t.Errorf("the bar says %q", v.legend.barText.Text)
	}
	v.SetSpacing(0, 0, false)
	v.SetErrorScale(10, 4, false)
	if v.legend.to.Text != "10 px" || v.legend.weak.Text != "weak from 4.0 px" {
		t.Errorf("without spacing: up to %q, %q", v.legend.to.Text, v.legend.weak.Text)
	}
	if !strings.Contains(v.legend.title.Text, "not calibrated") || !strings.Contains(v.legend.barText.Text, "no mm") {
		t.Errorf("it hides what is missing: %q, %q", v.legend.title.Text, v.legend.barText.Text)
	}
	text.SetLanguage("ko")
	v.Refresh()
	if v.legend.weak.Text != "불확실 4.0 px 이상" {
		t.Errorf("in Korean: %q", v.legend.weak.Text)
	}
	c := disc(200, 150, 60, 8)
	for i := range c.Points {
		c.Points[i].Expected = contour.Unknown
	}
	v.SetContours([]contour.Contour{c}, nil)
	if v.legend.wedge.Visible() || !v.legend.bar[0].Visible() {
		t.Error("a scale of errors that nobody knows is shown, or the scale bar is not")
	}
}

func TestScaleBarIsRound(t *testing.T) {
	for v, want := range map[float64]float64{1: 1, 1.99: 1, 2: 2, 4.9: 2, 5: 5, 9.9: 5, 10: 10, 199: 100, 0.7: 0.5, 0.03: 0.02} {
		if got := roundDown(v); math.Abs(got-want) > 1e-12 {
			t.Errorf("below %v comes %v, want %v", v, got, want)
		}
	}
	v := opened(t)
	for _, zoom := range []float64{1, 2.7, 9, 40} {
		v.SetView(View{Centre: contour.Point{X: 200, Y: 150}, Zoom: zoom})
		length := float64(v.legend.bar[0].Size().Width)
		var mm float64
		if _, err := fmt.Sscan(v.legend.barText.Text, &mm); err != nil {
			t.Fatal(err)
		}
		if want := mm / 0.1 * zoom; math.Abs(length-want) > 0.01*want {
			t.Errorf("zoom %v: %q is %v long, want %v", zoom, v.legend.barText.Text, length, want)
		}
		if length < 40 || length > 113 {
			t.Errorf("zoom %v: the bar is %v long", zoom, length)
		}
	}
}

func TestOverlayHidesEverythingFound(t *testing.T) {
	v := opened(t)
	plane := mask.NewPlane(400, 300)
	plane.Set(200, 150, 1)
	v.SetMask(plane, 0.3)
	shown := func() [3]bool { return [3]bool{v.drawn.Visible(), v.tint.object.Visible(), v.legend.wedge.Visible()} }
	if shown() != [3]bool{true, true, true} {
		t.Fatalf("shown at first: %v", shown())
	}
	v.SetOverlay(false)
	if shown() != [3]bool{} {
		t.Errorf("still shown: %v", shown())
	}
	v.SetContours(v.contours, nil) // news while hidden
	if v.drawn.Visible() {
		t.Error("new contours show what is hidden")
	}
	v.SetOverlay(true)
	if shown() != [3]bool{true, true, true} {
		t.Errorf("not all came back: %v", shown())
	}
}

func TestMaskIsTintedWhereItIs(t *testing.T) {
	v := opened(t)
	plane := mask.NewPlane(400, 300)
	for _, at := range []image.Point{{10, 20}, {13, 20}, {11, 25}} {
		plane.Set(at.X, at.Y, 2)
	}
	v.SetMask(plane, 0.5)
	if want := image.Rect(10, 20, 14, 26); v.tint.part != want {
		t.Fatalf("it covers %v, want %v", v.tint.part, want)
	}
	img := v.tint.object.Image.(*image.RGBA)
	if img.RGBAAt(0, 0).A != 127 || img.RGBAAt(1, 0).A != 0 || img.RGBAAt(1, 5).A != 127 {
		t.Error("other pixels than the mask's are tinted")
	}
	plane.Set(10, 20, 0)
	v.SetMask(plane, 0.5)
	if img := v.tint.object.Image.(*image.RGBA); v.tint.part.Min.X != 11 || img.RGBAAt(0, 0).A != 0 || img.RGBAAt(2, 0).A != 127 {
		t.Errorf("after a change it covers %v", v.tint.part)
	}
	v.SetMask(mask.NewPlane(400, 300), 0.5)
	if v.tint.object.Visible() {
		t.Error("an empty mask is shown")
	}
}

func BenchmarkTint(b *testing.B) {
	plane := mask.NewPlane(640, 480)
	plane.Fill(mask.Capsule(300, 200, 400, 300, 100, 80), 1)
	l := newTintLayer()
	for b.Loop() {
		l.set(plane, 0.3, &[256]uint8{})
	}
}

// What the window shows is what was set: the line in its colour where the boundary is, on every kind of screen, above the
// image and below nothing.
func TestWindowShowsTheOutline(t *testing.T) {
	for _, scale := range []float32{1, 1.25, 2} {
		v := opened(t)
		c := fyne.CurrentApp().Driver().CanvasForObject(v).(software.WindowlessCanvas)
		c.SetScale(scale)
		v.Refresh()
		if math.Abs(v.geo.scale-float64(scale)) > 0.01 {
			t.Fatalf("on a screen of scale %v the scale is %v", scale, v.geo.scale)
		}
		img := c.Capture()
		for _, p := range []contour.Point{{X: 260, Y: 150}, {X: 140, Y: 150}, {X: 200, Y: 210}} {
			x, y := v.geo.screen(p)
			want := theme.Dark().ErrorColour(map[float64]float64{260: 0, 140: 0.8, 200: 0.4}[p.X])
			r, g, b, _ := img.At(round(x-0.5), round(y-0.5)).RGBA()
			for i, d := range []int{int(r>>8) - int(want.R), int(g>>8) - int(want.G), int(b>>8) - int(want.B)} {
				if d < -40 || d > 40 {
					t.Errorf("scale %v at %v: channel %d is off by %d", scale, p, i, d)
				}
			}
		}
		inside := v.legend.wedge.Position().AddXY(legendWidth-4, wedgeHeight/2)
		r, _, _, _ := img.At(int(inside.X*scale), int(inside.Y*scale)).RGBA()
		if want := theme.Dark().Weak.R; absDiff(uint8(r>>8), want) > 8 {
			t.Errorf("scale %v: the legend ends with red %d, want %d", scale, r>>8, want)
		}
	}
}

func TestBandIsShownOnDemand(t *testing.T) {
	v := opened(t)
	without := v.lines.bounds
	v.SetBand(90)
	if !without.In(v.lines.bounds) || without == v.lines.bounds {
		t.Errorf("with the band the drawing takes %v, without %v", v.lines.bounds, without)
	}
	v.SetBand(0)
	if v.lines.bounds != without {
		t.Error("the band stays")
	}
}

func TestHeatmap(t *testing.T) {
	v := opened(t)
	p := make([]float32, 400*300)
	p[0], p[1] = 1, float32(math.NaN())
	v.SetHeatmap(400, 300, p)
	if v.heat.object.Visible() {
		t.Error("it is shown before anyone asked")
	}
	v.ShowHeatmap(true)
	img, ok := v.heat.object.Image.(*image.RGBA)
	if !v.heat.object.Visible() || !ok || img.RGBAAt(0, 0).A != 255 || img.RGBAAt(1, 0).A != 0 {
		t.Fatal("the map is not drawn")
	}
	if math.Abs(v.heat.object.Alpha()-defaultHeat) > 1e-9 {
		t.Errorf("opacity is %v", v.heat.object.Alpha())
	}
	if v.heat.object.Size() != v.frame.object.Size() || v.heat.object.Position() != v.frame.object.Position() {
		t.Error("it does not lie on the image")
	}
	v.SetHeatmapOpacity(0.7)
	if math.Abs(v.heat.object.Alpha()-0.7) > 1e-9 {
		t.Errorf("opacity is %v", v.heat.object.Alpha())
	}
	v.SetHeatmap(3, 3, p)
	if v.heat.object.Visible() {
		t.Error("a map of the wrong size is shown")
	}
}

func TestViewIsKept(t *testing.T) {
	v := opened(t)
	if !v.View().Fitted {
		t.Fatal("a new image is not fitted")
	}
	v.ZoomAt(contour.Point{X: 100, Y: 100}, 3)
	was := v.View()
	v.SetImage(image.NewRGBA(image.Rect(0, 0, 400, 300))) // the next frame
	if v.View() != was {
		t.Errorf("the view went from %v to %v", was, v.View())
	}
	v.Resize(fyne.NewSize(600, 500))
	if v.View() != was {
		t.Errorf("a resized window shows %v instead of %v", v.View(), was)
	}
	v.SetImage(image.NewRGBA(image.Rect(0, 0, 800, 300)))
	if !v.View().Fitted {
		t.Error("another image is not fitted")
	}
	v.SetImage(image.NewRGBA(image.Rect(0, 0, 400, 300)))
	v.SetView(was)
	if v.View() != was {
		t.Errorf("set back, it is %v instead of %v", v.View(), was)
	}
	before := v.Zoom()
	v.Fit()
	v.Resize(fyne.NewSize(1200, 1000))
	if v.Zoom() <= before/3 || !v.View().Fitted {
		t.Error("a fitted image does not follow the window")
	}
}

func TestRevealGoesThere(t *testing.T) {
	v := opened(t)
	changes := 0
	v.OnViewChanged = func() { changes++ }
	v.Reveal(image.Rect(300, 100, 340, 130))
	if c := v.View().Centre; c != (contour.Point{X: 320, Y: 115}) || changes == 0 {
		t.Errorf("the centre is %v after %d changes", c, changes)
	}
	if at := v.ScreenAt(contour.Point{X: 320, Y: 115}); math.Hypot(float64(at.X-400), float64(at.Y-300)) > 0.01 {
		t.Errorf("it lies at %v", at)
	}
	if p := v.ImageAt(fyne.NewPos(400, 300)); math.Hypot(p.X-320, p.Y-115) > 0.2 {
		t.Errorf("there is %v", p)
	}
	v.MouseDown(mouse(300, 200, first))
	v.Reveal(image.Rect(0, 0, 40, 40))
	if v.glide != nil || v.View().Centre != (contour.Point{X: 20, Y: 20}) {
		t.Error("the view glides while the reader draws")
	}
}

func TestWordsHaveRoom(t *testing.T) {
	v := opened(t)
	long := strings.Repeat("유방초음파 breast ", 20)
	v.SetCorners(Corners{TopLeft: long, TopRight: "146 % · W/L 255/128", BottomRight: "not calibrated"})
	left, right := v.corners[0], v.corners[1]
	if !strings.HasSuffix(left.text.Text, "…") || right.text.Text != right.full {
		t.Errorf("left %q, right %q", left.text.Text, right.text.Text)
	}
	if left.plate.Position().X+left.plate.Size().Width > right.plate.Position().X {
		t.Error("the corners overlap")
	}
	v.SetMessage(MessageNote, strings.Repeat("No lesion found. ", 12))
	for _, wide := range []float32{400, 520, 700, 1200} {
		v.Resize(fyne.NewSize(wide, 600))
		for name, o := range map[string]fyne.CanvasObject{"legend": v.legend.plate, "badge": v.corners[2].plate} {
			if m := v.message.plate; overlap(m, o) || m.Position().X < 0 {
				t.Errorf("%v wide: the note at %v covers the %s", wide, m.Position(), name)
			}
		}
	}
	v.SetImage(nil)
	v.SetMessage(MessageRefused, strings.Repeat("word ", 400))
	for _, line := range v.message.lines {
		if line.Visible() && line.Position().X < 0 {
			t.Error("a line leaves the viewport")
		}
	}
	if last := v.message.lines[messageLines-1]; !strings.HasSuffix(last.Text, "…") {
		t.Errorf("cut without a sign: %q", last.Text)
	}
	v.SetMessage(MessageNone, "")
	if v.message.icon.Visible() || v.message.lines[0].Visible() {
		t.Error("a message that was taken back is still shown")
	}
}

func overlap(a, b fyne.CanvasObject) bool {
	p, q := a.Position(), b.Position()
	return p.X < q.X+b.Size().Width && q.X < p.X+a.Size().Width && p.Y < q.Y+b.Size().Height && q.Y < p.Y+a.Size().Height
}

// Words over the image can be read on white tissue too, at the 4.5:1 of the whole window.
func TestPlatesCarryTheirWords(t *testing.T) {
	light := func(v uint8) float64 {
		if f := float64(v) / 255; f > 0.04045 {
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	grey := light(255 - plateColour.A)
	tokens := theme.Dark()
	for name, c := range map[string]color.NRGBA{"text": tokens.Text, "quiet": tokens.Quiet, "warn": tokens.Warn} {
		l := 0.2126*light(c.R) + 0.7152*light(c.G) + 0.0722*light(c.B)
		if got := (l + 0.05) / (grey + 0.05); got < 4.5 {
			t.Errorf("%s has a contrast of %.2f", name, got)
		}
	}
}

func TestBusyStartsAndStops(t *testing.T) {
	v := opened(t)
	v.SetBusy(true)
	v.SetBusy(true)
	if v.busy.run == nil {
		t.Fatal("it does not run")
	}
	v.busy.step(0.5, false)
	if !v.busy.light.Visible() {
		t.Error("no light")
	}
	v.SetBusy(false)
	if v.busy.run != nil || v.busy.light.Visible() {
		t.Error("it goes on")
	}
}

func TestHugeImageIsUploadedInParts(t *testing.T) {
	v := opened(t)
	v.SetImage(image.NewRGBA(image.Rect(0, 0, 4096, 4096)))
	if img := v.frame.object.Image.(*image.RGBA); img.Rect.Dx() > 1024 {
		t.Errorf("fitted, %v are uploaded", img.Rect)
	}
	v.SetView(View{Centre: contour.Point{X: 2000, Y: 2000}, Zoom: 2})
	part := v.frame.part
	if part.Dx() > 1400 || !v.geo.visible().In(part) {
		t.Errorf("zoomed in, %v are uploaded for %v", part, v.geo.visible())
	}
	v.SetView(View{Centre: contour.Point{X: 2050, Y: 2050}, Zoom: 2})
	if v.frame.part != part {
		t.Error("a small step uploads again")
	}
	v.SetView(View{Centre: contour.Point{X: 4096, Y: 4096}, Zoom: 2})
	if !v.geo.visible().In(v.frame.part) {
		t.Errorf("%v are uploaded for %v", v.frame.part, v.geo.visible())
	}
}

// BenchmarkHuge is one step of window and level on an image of 4096×4096.
func BenchmarkHuge(b *testing.B) {
	l := newFrameLayer()
	g := &geometry{w: 1000, h: 800, iw: 4096, ih: 4096, aspect: 1, scale: 1, view: View{Fitted: true}}
	g.settle()
	img := image.NewRGBA(image.Rect(0, 0, 4096, 4096))
	for b.Loop() {
		l.set(img)
		l.lay(g)
	}
}

func TestHalvingAverages(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 3))
	for i := range img.Pix {
		img.Pix[i] = uint8(i / 4 * 10)
	}
	got := halve(img, nil)
	if got.Rect.Dx() != 2 || got.Rect.Dy() != 2 {
		t.Fatalf("3×3 becomes %v", got.Rect)
	}
	for i, want := range []uint8{(0 + 10 + 30 + 40 + 2) / 4, (20 + 20 + 50 + 50 + 2) / 4, (60 + 70 + 60 + 70 + 2) / 4, 80} {
		if got.Pix[4*i] != want {
			t.Errorf("pixel %d is %d, want %d", i, got.Pix[4*i], want)
		}
	}
}

func TestPixelShapeHoldsWithoutMillimetres(t *testing.T) {
	v := opened(t)
	v.SetSpacing(0.1, 0.2, false)
	if v.geo.aspect != 2 || v.measure.mm {
		t.Fatalf("aspect %v, mm %v", v.geo.aspect, v.measure.mm)
	}
}
