package viewer

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2/test"

	"echoline/internal/contour"
	"echoline/ui/theme"
)

// disc is a round contour with an expected error that swings between 0 and worst, in px.
func disc(x, y, r, worst float64) contour.Contour {
	c := contour.Contour{Label: 1}
	n := max(int(2*math.Pi*r), 12)
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		e := worst * (0.5 - 0.5*cos)
		c.Points = append(c.Points, contour.Vertex{
			Point: contour.Point{X: x + r*cos, Y: y + r*sin}, Expected: e, Band: [4]float64{e, 2 * e, 3 * e, 4 * e},
		})
	}
	return c
}

// states gives each quarter of the contour another state.
func states(c contour.Contour) contour.Contour {
	for i := range c.Points {
		c.Points[i].State = contour.State(4 * i / len(c.Points))
	}
	return c
}

// still is a 96×96 image, fitted without margin, on a screen with the given scale.
func still(zoom, scale float64) *geometry {
	return &geometry{w: 96, h: 96, iw: 96, ih: 96, aspect: 1, scale: scale, view: View{Centre: contour.Point{X: 48, Y: 48}, Zoom: zoom}}
}

// onTissue draws outlines over half dark, half bright tissue.
func onTissue(o *outlines) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, 96, 96))
	for y := range 96 {
		for x := range 96 {
			v := uint8(40)
			if y < 48 {
				v = 215
			}
			img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	drawn := o.paint()
	for y := range drawn.Rect.Dy() {
		for x := range drawn.Rect.Dx() {
			c := drawn.RGBAAt(x, y)
			at := img.PixOffset(x+o.bounds.Min.X, y+o.bounds.Min.Y)
			over(img.Pix[at:at+4:at+4], float32(c.R), float32(c.G), float32(c.B), float32(c.A)/255)
		}
	}
	return img
}

// drafted is an answer that moves the upper half of a disc out, to a click, a click outside and a stroke.
func drafted() Draft {
	moved := disc(48, 48, 40, 0)
	for i, p := range moved.Points {
		if p.Y < 48 {
			moved.Points[i].State = contour.Corrected
		}
	}
	return Draft{
		Outline: []contour.Contour{moved}, Positive: []contour.Point{{X: 48, Y: 14}}, Negative: []contour.Point{{X: 48, Y: 66}},
		Stroke: []contour.Point{{X: 12, Y: 70}, {X: 20, Y: 80}, {X: 34, Y: 86}},
	}
}

func TestOutlinesLookAsDesigned(t *testing.T) {
	whole := contour.Arc{To: len(disc(48, 48, 34, 4).Points) - 1}
	unknown := disc(48, 48, 34, 4)
	for i := range unknown.Points {
		unknown.Points[i].Expected = contour.Unknown
	}
	for name, c := range map[string]struct {
		c     contour.Contour
		g     *geometry
		l     look
		count int
	}{
		"error":   {disc(48, 48, 34, 4), still(1, 1), look{limit: 4, band: -1}, 1},
		"states":  {states(disc(48, 48, 34, 4)), still(1, 1), look{limit: 4, band: -1}, 1},
		"band":    {disc(48, 48, 34, 3), still(1, 1), look{limit: 4, band: 2}, 1},
		"active":  {disc(48, 48, 34, 4), still(1, 1), look{limit: 4, band: -1, active: &whole}, 1},
		"unknown": {unknown, still(1, 1), look{limit: 4, band: -1}, 1},
		"zoomed":  {states(disc(48, 48, 10, 4)), still(3.6, 2), look{limit: 4, band: -1}, 1},
		"draft":   {disc(48, 48, 30, 4), still(1, 1), look{limit: 4, band: -1, draft: drafted()}, 1},
		"part":    {disc(48, 48, 10, 4), still(5.4, 1), look{limit: 4, band: 1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutlines()
			o.lay([]contour.Contour{c.c}, c.g, c.l)
			test.AssertImageMatches(t, "outline_"+name+".png", onTissue(o))
		})
	}
}

// What is drawn must not depend on what was drawn before: the buffers are used again.
func TestPaintLeavesNothingBehind(t *testing.T) {
	fresh := newOutlines()
	fresh.lay([]contour.Contour{disc(40, 50, 20, 4)}, still(1, 1), look{limit: 4, band: -1})
	want := fresh.paint()

	used := newOutlines()
	whole := contour.Arc{To: 10}
	used.lay([]contour.Contour{disc(48, 48, 40, 4), disc(20, 20, 9, 1)}, still(2, 1), look{limit: 4, band: 3, active: &whole})
	used.paint()
	used.lay([]contour.Contour{disc(40, 50, 20, 4)}, still(1, 1), look{limit: 4, band: -1})
	if got := used.paint(); got.Rect != want.Rect || !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the second drawing differs from a first one")
	}
	if got := used.paint(); !bytes.Equal(got.Pix, want.Pix) {
		t.Error("drawing again gives another picture")
	}
}

// The picture is as small as what is drawn, and everything that is drawn lies in it.
func TestBoundsAreTight(t *testing.T) {
	o := newOutlines()
	c := []contour.Contour{disc(48, 48, 20, 4)}
	o.lay(c, still(1, 1), look{limit: 4, band: -1})
	if w := o.bounds.Dx(); w < 40 || w > 72 {
		t.Errorf("a disc of 40 px gets a picture of %d px", w)
	}
	img := o.paint()
	for i := range img.Rect.Dx() {
		for _, a := range []uint8{img.RGBAAt(i, 0).A, img.RGBAAt(i, img.Rect.Dy()-1).A, img.RGBAAt(0, i).A, img.RGBAAt(img.Rect.Dx()-1, i).A} {
			if a != 0 {
				t.Fatal("the drawing touches the edge of its picture")
			}
		}
	}
	g := still(1, 1)
	g.view.Centre.X = 4000
	o.lay(c, g, look{limit: 4, band: -1})
	if !o.bounds.Empty() {
		t.Errorf("out of view the bounds are %v", o.bounds)
	}
}

// The line is as wide as its error says, at every zoom and on every screen.
func TestWidthFollowsExpectedError(t *testing.T) {
	for _, scale := range []float64{1, 2} {
		for _, zoom := range []float64{1, 4} {
			for e, want := range map[float64]float64{0: theme.SureWidth, 2: theme.MiddlingWidth, 4: theme.WeakWidth} {
				c := contour.Contour{}
				for _, p := range []contour.Point{{X: -90, Y: 48.25}, {X: 200, Y: 48.25}, {X: 200, Y: 500}, {X: -90, Y: 500}} {
					c.Points = append(c.Points, contour.Vertex{Point: p, Expected: e})
				}
				o := newOutlines()
				o.lay([]contour.Contour{c}, still(zoom, scale), look{limit: 4, band: -1})
				img := o.paint()
				sum := 0.0
				for y := range img.Rect.Dy() {
					sum += float64(img.RGBAAt(40, y).G) / float64(o.colour[uint8(e/4*lastError+0.5)].G)
				}
				if got := sum / scale; math.Abs(got-want) > 0.1 {
					t.Errorf("error %v at zoom %v and scale %v: %.2f wide, want %.2f", e, zoom, scale, got, want)
				}
			}
		}
	}
}

// A line has no seams where its pieces meet: along a straight line every column of pixels is alike.
func TestJointsDoNotShow(t *testing.T) {
	c := contour.Contour{}
	for x := -50.0; x <= 150; x += 1.7 {
		c.Points = append(c.Points, contour.Vertex{Point: contour.Point{X: x, Y: 48.3}, Expected: 2})
	}
	c.Points = append(c.Points, contour.Vertex{Point: contour.Point{X: 150, Y: 900}}, contour.Vertex{Point: contour.Point{X: -50, Y: 900}})
	o := newOutlines()
	o.lay([]contour.Contour{c}, still(1, 1), look{limit: 4, band: -1})
	img := o.paint()
	for x := range img.Rect.Dx() {
		for y := range img.Rect.Dy() {
			if a, b := img.RGBAAt(x, y), img.RGBAAt(20, y); absDiff(a.A, b.A) > 1 || absDiff(a.R, b.R) > 1 {
				t.Fatalf("column %d differs from column 20 in row %d: %v, %v", x, y, a, b)
			}
		}
	}
}

func absDiff(a, b uint8) uint8 { return max(a, b) - min(a, b) }

func TestBadContoursDoNoHarm(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]contour.Contour{
		"empty":    {},
		"one":      {Points: make([]contour.Vertex, 1)},
		"same":     {Points: make([]contour.Vertex, 9)},
		"nan":      {Points: []contour.Vertex{{Point: contour.Point{X: nan, Y: 1}}, {Point: contour.Point{X: 3, Y: nan}}, {Expected: nan}}},
		"infinite": {Points: []contour.Vertex{{Point: contour.Point{X: math.Inf(1), Y: 1}}, {Expected: math.Inf(1)}, {Point: contour.Point{X: 1e300, Y: -1e300}}}},
	} {
		t.Run(name, func(*testing.T) {
			o := newOutlines()
			for _, band := range []int{-1, 3} {
				arc := contour.Arc{From: 1, To: 7}
				o.lay([]contour.Contour{c}, still(2, 1), look{limit: 4, band: band, active: &arc})
				o.paint()
			}
		})
	}
}

func TestArcCoversItsPieces(t *testing.T) {
	for _, c := range []struct {
		arc  contour.Arc
		n    int
		want []bool
	}{
		{contour.Arc{From: 1, To: 3}, 5, []bool{false, true, true, false, false}},
		{contour.Arc{From: 3, To: 0}, 5, []bool{false, false, false, true, true}},
		{contour.Arc{From: 0, To: 4}, 5, []bool{true, true, true, true, true}},
		{contour.Arc{From: 2, To: 1}, 5, []bool{true, true, true, true, true}},
	} {
		for i, want := range c.want {
			if got := inArc(&c.arc, i, c.n); got != want {
				t.Errorf("arc %d…%d of %d, piece %d: %v", c.arc.From, c.arc.To, c.n, i, got)
			}
		}
	}
}

// BenchmarkOutlines is one step of a stroke: a lesion of 300 px in a viewport of 1200×800.
func BenchmarkOutlines(b *testing.B) {
	for _, c := range []struct {
		name string
		zoom float64
		l    look
	}{
		{"plain", 1, look{limit: 8, band: -1}},
		{"band", 1, look{limit: 8, band: 2}},
		{"zoomed", 4, look{limit: 8, band: -1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			o := newOutlines()
			g := &geometry{w: 1200, h: 800, iw: 640, ih: 480, aspect: 1, scale: 1, view: View{Centre: contour.Point{X: 320, Y: 240}, Zoom: c.zoom}}
			if c.zoom > 1 {
				g.view.Centre.X = 450
			}
			cs := []contour.Contour{states(disc(320, 240, 150, 8))}
			for b.Loop() {
				o.lay(cs, g, c.l)
				o.paint()
			}
		})
	}
}
