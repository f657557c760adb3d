package ui

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/ui/keys"
)

// bigPicture writes one grey picture of w×h px.
func bigPicture(t testing.TB, w, h int) string {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = uint8(60 + i%40)
	}
	path := filepath.Join(t.TempDir(), "big.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, im); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFiltersWorkBesideTheWindow: on a large frame a filter leaves the window alone until it is done, is one step of history,
// and gives way to what the reader does meanwhile.
func TestFiltersWorkBesideTheWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("a large picture")
	}
	b := newBench(t, Config{Paths: []string{bigPicture(t, 2048, 1536)}})
	b.open()
	k := b.sess.key()
	b.do(keys.Lasso)
	b.view.ZoomBy(8)
	for _, p := range []contour.Point{point(600, 400), point(1400, 400), point(1400, 1100), point(600, 1100)} {
		b.press(p, 0)
	}
	b.do(keys.Confirm)
	steps := len(b.sess.review.History(k))
	before := b.count(1)
	b.do(keys.Grow)
	if b.count(1) != before || b.sess.filterAt == nil {
		t.Fatal("it did not go beside")
	}
	b.do(keys.Grow) // one at a time
	b.wait("the filter", func() bool { return b.sess.filterAt == nil })
	grown := b.count(1)
	if h := b.sess.review.History(k); grown <= before || len(h) != steps+1 || h[steps].Name != "grow" {
		t.Fatal(before, grown, b.sess.review.History(k))
	}
	b.do(keys.Undo)
	if b.count(1) != before {
		t.Fatal("not undone")
	}
	b.do(keys.Smooth)
	b.do(keys.Brush)
	b.drag(point(100, 100), point(110, 100)) // the reader goes on
	drawn := b.sess.review.Frame(k).Labels
	b.wait("the filter", func() bool { return b.sess.filterAt == nil })
	if b.sess.review.Frame(k).Labels != drawn || b.lastEdit() != "brush" {
		t.Fatal("what was drawn meanwhile is gone")
	}
}

// TestGrowStep: the step is chosen by keys and by the slider, shown before it is made, and one step of history.
func TestGrowStep(t *testing.T) {
	b := openedBench(t)
	b.drag(point(50, 40), point(60, 40))
	n := b.count(1)
	labels := b.sess.review.Frame(b.sess.key()).Labels
	for range 3 {
		b.do(keys.GrowMore)
	}
	if b.growPx != 5 {
		t.Fatal(b.growPx)
	}
	b.wait("the preview", func() bool { return b.growing.shown && !b.growing.running })
	if b.sess.review.Frame(b.sess.key()).Labels != labels {
		t.Fatal("the preview changed the mask")
	}
	b.do(keys.Cancel)
	if b.growing.shown {
		t.Fatal("Esc leaves the preview")
	}
	b.do(keys.Grow)
	five := b.count(1)
	b.do(keys.Undo)
	if b.count(1) != n {
		t.Fatal("not one step")
	}
	b.inspector.OnGrow(1)
	b.do(keys.Grow)
	if one := b.count(1); !(n < one && one < five) || b.growPx != 1 {
		t.Fatal(n, one, five, b.growPx)
	}
	b.do(keys.Shrink)
	b.setGrow(1e9)
	if b.growPx != growsPx.most {
		t.Fatal(b.growPx)
	}
	b.setGrow(0)
	if b.growPx != growsPx.least {
		t.Fatal(b.growPx)
	}
	b.wait("the preview to go", func() bool { return !b.growing.running })
	b.hideGrowing()
	if mask.Count(b.sess.review.Frame(b.sess.key()).Labels, 1) == 0 {
		t.Fatal("shrunk away")
	}
}

// BenchmarkFilterOnWindow is what filters take of the window's goroutine at 4096².
func BenchmarkFilterOnWindow(b *testing.B) {
	w := newBench(b, Config{Paths: []string{bigPicture(b, 4096, 4096)}})
	w.open()
	w.view.ZoomBy(8)
	w.do(keys.Lasso)
	for _, p := range []contour.Point{point(1400, 1400), point(2600, 1300), point(2700, 2500), point(1500, 2700)} {
		w.press(p, 0)
	}
	w.do(keys.Confirm)
	for name, id := range map[string]keys.ID{"grow": keys.Grow, "shrink": keys.Shrink, "smooth": keys.Smooth, "holes": keys.FillHoles, "keep": keys.KeepLargest} {
		b.Run(name, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var busy time.Duration
			for b.Loop() {
				at := threadCPU(b)
				w.do(id)
				busy += threadCPU(b) - at
				for w.sess.filterAt != nil {
					f := <-w.queue
					at := threadCPU(b)
					f()
					busy += threadCPU(b) - at
				}
				w.do(keys.Undo)
			}
			b.ReportMetric(float64(busy.Microseconds())/1000/float64(b.N), "window-ms/op")
		})
	}
}
