package viewer

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
)

// anyGeometry is an image in a viewport, looked at somehow, as the widget would have it.
func anyGeometry(t *rapid.T) geometry {
	g := geometry{
		w: rapid.Float64Range(160, 4000).Draw(t, "w"), h: rapid.Float64Range(160, 3000).Draw(t, "h"),
		iw: float64(rapid.IntRange(1, 4096).Draw(t, "iw")), ih: float64(rapid.IntRange(1, 4096).Draw(t, "ih")),
		aspect: rapid.Float64Range(0.2, 5).Draw(t, "aspect"), scale: rapid.SampledFrom([]float64{1, 1.25, 2, 3}).Draw(t, "scale"),
	}
	g.view = View{
		Centre: contour.Point{X: rapid.Float64Range(-100, 5000).Draw(t, "x"), Y: rapid.Float64Range(-100, 5000).Draw(t, "y")},
		Zoom:   math.Exp(rapid.Float64Range(-6, 6).Draw(t, "log zoom")), Fitted: rapid.Bool().Draw(t, "fitted"),
	}
	g.settle()
	return g
}

func anyPoint(t *rapid.T, g geometry) contour.Point {
	return contour.Point{X: g.iw * rapid.Float64Range(-0.5, 1.5).Draw(t, "px"), Y: g.ih * rapid.Float64Range(-0.5, 1.5).Draw(t, "py")}
}

// nearTo tells whether two places on the screen are the same to a thousandth of a pixel.
func nearTo(ax, ay, bx, by float64) bool { return math.Hypot(ax-bx, ay-by) < 1e-3 }

func TestScreenAndImageAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t)
		p := anyPoint(t, g)
		x, y := g.screen(p)
		x2, y2 := g.screen(g.image(x, y))
		if !nearTo(x, y, x2, y2) {
			t.Fatalf("(%v, %v) comes back as (%v, %v)", x, y, x2, y2)
		}
	})
}

func TestFittedImageIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t)
		g.view = View{Fitted: true}
		g.settle()
		r := g.frame()
		if !r.In(image.Rect(0, 0, int(math.Ceil(g.w)), int(math.Ceil(g.h)))) {
			t.Fatalf("the image lies at %v in %v×%v", r, g.w, g.h)
		}
	})
}

func TestZoomKeepsThePointUnderThePointer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t)
		p := g.image(rapid.Float64Range(0, g.w).Draw(t, "sx"), rapid.Float64Range(0, g.h).Draw(t, "sy"))
		x, y := g.screen(p)
		g.zoomAt(p, math.Exp(rapid.Float64Range(-2, 2).Draw(t, "factor")))
		if c := g.view.Centre; c.X <= 0 || c.Y <= 0 || c.X >= g.iw || c.Y >= g.ih {
			return // held back so that the image does not leave the screen
		}
		if x2, y2 := g.screen(p); !nearTo(x, y, x2, y2) {
			t.Fatalf("the point went from (%v, %v) to (%v, %v)", x, y, x2, y2)
		}
	})
}

func TestViewStaysWithinItsLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "zoom or pan") {
				g.zoomAt(anyPoint(t, g), math.Exp(rapid.Float64Range(-5, 5).Draw(t, "factor")))
			} else {
				g.pan(rapid.Float64Range(-9000, 9000).Draw(t, "dx"), rapid.Float64Range(-9000, 9000).Draw(t, "dy"))
			}
		}
		fit := g.fitZoom()
		if z := g.view.Zoom; z < minOfFitted*fit*(1-1e-9) || z > max(maxZoom, fit)*(1+1e-9) {
			t.Fatalf("zoom is %v where %v fits", z, fit)
		}
		if c := g.view.Centre; c.X < 0 || c.Y < 0 || c.X > g.iw || c.Y > g.ih {
			t.Fatalf("the centre is at %v of %v×%v", c, g.iw, g.ih)
		}
	})
}

func TestPanFollowsTheHand(t *testing.T) {
	g := geometry{w: 800, h: 600, iw: 640, ih: 480, aspect: 1, scale: 1, view: View{Centre: contour.Point{X: 320, Y: 240}, Zoom: 4}}
	p := contour.Point{X: 300, Y: 200}
	x, y := g.screen(p)
	g.pan(30, -20)
	if x2, y2 := g.screen(p); !nearTo(x+30, y-20, x2, y2) {
		t.Errorf("moved by (%v, %v)", x2-x, y2-y)
	}
}

func TestRevealedRectangleIsInView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGeometry(t)
		x, y := rapid.IntRange(0, int(g.iw)-1).Draw(t, "x0"), rapid.IntRange(0, int(g.ih)-1).Draw(t, "y0")
		r := image.Rect(x, y, x+rapid.IntRange(1, 400).Draw(t, "rw"), y+rapid.IntRange(1, 400).Draw(t, "rh"))
		r = r.Intersect(image.Rect(0, 0, int(g.iw), int(g.ih)))
		g.view = g.revealing(r)
		x0, y0 := g.screen(contour.Point{X: float64(r.Min.X), Y: float64(r.Min.Y)})
		x1, y1 := g.screen(contour.Point{X: float64(r.Max.X), Y: float64(r.Max.Y)})
		const slack = 1e-6
		if x0 < -slack || y0 < -slack || x1 > g.w+slack || y1 > g.h+slack {
			t.Fatalf("it lies from (%v, %v) to (%v, %v) of %v×%v", x0, y0, x1, y1, g.w, g.h)
		}
		if limit := max(revealZoom*g.scale, revealFitted*g.fitZoom()); g.view.Zoom > limit*(1+1e-9) {
			t.Fatalf("zoomed to %v, which loses the surroundings", g.view.Zoom)
		}
	})
}

func TestGlideArrives(t *testing.T) {
	a := View{Centre: contour.Point{X: 100, Y: 50}, Zoom: 1}
	for _, b := range []View{{Centre: contour.Point{X: 300, Y: 10}, Zoom: 6}, {Centre: contour.Point{X: 90, Y: 70}, Zoom: 1}} {
		if got := between(a, b, 0); math.Abs(got.Zoom-a.Zoom) > 1e-9 || math.Abs(got.Centre.X-a.Centre.X) > 1e-9 {
			t.Errorf("starts at %v", got)
		}
		if got := between(a, b, 1); got != b {
			t.Errorf("ends at %v, want %v", got, b)
		}
		last := 0.0
		for i := range 11 {
			v := between(a, b, float64(i)/10)
			way := math.Hypot(v.Centre.X-a.Centre.X, v.Centre.Y-a.Centre.Y)
			if way < last-1e-9 {
				t.Errorf("turns back at %d", i)
			}
			last = way
		}
	}
}

// Pixels that are not square are shown as the patient is: a round thing is round on the screen.
func TestAspect(t *testing.T) {
	g := geometry{w: 1000, h: 1000, iw: 400, ih: 200, aspect: 2, scale: 1, view: View{Fitted: true}}
	g.settle()
	if r := g.frame(); r.Dx() != r.Dy() {
		t.Errorf("400×200 pixels twice as high as wide are shown as %v", r)
	}
}
