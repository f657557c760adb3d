package contour_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// blobs draws a plane of label 1 from a few dabs and single pixels, some at the edge of the image.
func blobs(t *rapid.T, name string, w, h int) *mask.Plane {
	p := mask.NewPlane(w, h)
	at := rapid.Float64Range(-2, float64(max(w, h))+2)
	for range rapid.IntRange(0, 4).Draw(t, name+"Dabs") {
		v := rapid.SampledFrom([]uint8{1, 1, 1, 0}).Draw(t, name+"Label")
		r := rapid.Float64Range(0.3, 8).Draw(t, name+"R")
		p.Fill(mask.Capsule(at.Draw(t, "ax"), at.Draw(t, "ay"), at.Draw(t, "bx"), at.Draw(t, "by"), r, r), v)
	}
	for range rapid.IntRange(0, 6).Draw(t, name+"Pixels") {
		p.Set(rapid.IntRange(0, w-1).Draw(t, "x"), rapid.IntRange(0, h-1).Draw(t, "y"), rapid.SampledFrom([]uint8{0, 1}).Draw(t, "v"))
	}
	return p
}

func fields(t *rapid.T) (field []float32, w, h int) {
	w, h = rapid.IntRange(1, 14).Draw(t, "w"), rapid.IntRange(1, 14).Draw(t, "h")
	value := rapid.OneOf(rapid.Float32Range(-3, 3), rapid.SampledFrom([]float32{0, 0.5, 1, -1, float32(math.Inf(1)), float32(math.Inf(-1))}))
	return rapid.SliceOfN(value, w*h, w*h).Draw(t, "field"), w, h
}

func TestFillOfFieldIsThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field, w, h := fields(t)
		cs := contour.FromField(field, w, h, 0.5, 3)
		got := contour.Fill(cs, w, h)
		for i, v := range field {
			want := uint8(0)
			if v >= 0.5 {
				want = 3
			}
			if got.Pix[i] != want {
				t.Fatalf("pixel (%d,%d) = %v gives %d", i%w, i/w, v, got.Pix[i])
			}
		}
		checkRings(t, cs, w, h)
	})
}

// checkRings holds for all contours: inside the image, no point twice in a row, the hole flag agrees with the direction.
func checkRings(t *rapid.T, cs []contour.Contour, w, h int) {
	for _, c := range cs {
		if len(c.Points) < 3 {
			t.Fatalf("ring of %d points", len(c.Points))
		}
		area := 0.0
		for i, v := range c.Points {
			n := c.Points[(i+1)%len(c.Points)]
			area += v.X*n.Y - n.X*v.Y
			if v.Point == n.Point || !(v.X >= 0 && v.Y >= 0 && v.X <= float64(w) && v.Y <= float64(h)) {
				t.Fatalf("point %v", v.Point)
			}
			if !math.IsNaN(v.Expected) || !math.IsNaN(v.Band[0]) {
				t.Fatal("made up an expected error")
			}
		}
		if (area < 0) != c.Hole {
			t.Fatalf("hole %v with area %v", c.Hole, area)
		}
	}
}

func TestFillOfMaskContoursIsTheMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 30).Draw(t, "w"), rapid.IntRange(1, 30).Draw(t, "h")
		p := blobs(t, "p", w, h)
		cs := contour.FromMask(p, 1)
		if !contour.Fill(cs, w, h).Equal(p) {
			t.Fatal("mask not given back")
		}
		checkRings(t, cs, w, h)
	})
}

func TestFieldNaNIsOutside(t *testing.T) {
	nan := float32(math.NaN())
	cs := contour.FromField([]float32{nan, nan, nan, nan, 1, nan, nan, nan, nan}, 3, 3, 0, 1)
	if len(cs) != 1 || len(cs[0].Points) != 4 || cs[0].Points[0].X != cs[0].Points[0].X {
		t.Fatal(cs)
	}
	if contour.FromField(nil, 3, 3, 0, 1) != nil || contour.FromField(nil, 0, 0, 0, 1) != nil {
		t.Fatal("contour of nothing")
	}
}

func TestCircleIsExact(t *testing.T) {
	const r = 20.3
	const w, h = 60, 50
	field := make([]float32, w*h)
	for i := range field {
		field[i] = float32(r - math.Hypot(float64(i%w)+.5-30.2, float64(i/w)+.5-25.7))
	}
	cs := contour.FromField(field, w, h, 0, 1)
	if len(cs) != 1 || cs[0].Hole {
		t.Fatal(len(cs))
	}
	for _, v := range cs[0].Points {
		if d := math.Hypot(v.X-30.2, v.Y-25.7); math.Abs(d-r) > 0.02 {
			t.Fatalf("point at %v", d)
		}
	}
	if got := contour.Area(cs, 1, 1); math.Abs(got/(math.Pi*r*r)-1) > 0.002 {
		t.Fatalf("area %v", got)
	}
	if got := contour.Length(cs[0]); math.Abs(got/(2*math.Pi*r)-1) > 0.002 {
		t.Fatalf("length %v", got)
	}
}

func TestMaskContourIsSmoothAndNear(t *testing.T) {
	const r = 40.0
	p := mask.NewPlane(120, 120)
	p.Fill(mask.Capsule(60, 60, 60, 60, r, r), 1)
	p.Fill(mask.Capsule(60, 60, 60, 60, 10, 10), 0)
	cs := contour.FromMask(p, 1)
	if len(cs) != 2 || cs[0].Hole || !cs[1].Hole {
		t.Fatal(len(cs))
	}
	for i, want := range []float64{r, 10} {
		for _, v := range cs[i].Points {
			if d := math.Hypot(v.X-60, v.Y-60); math.Abs(d-want) > 0.5 {
				t.Fatalf("ring %d: point at %v", i, d)
			}
		}
		// A staircase is 4/pi = 1.27 times too long; a smooth ring is not.
		if got := contour.Length(cs[i]) / (2 * math.Pi * want); math.Abs(got-1) > 0.02 {
			t.Fatalf("ring %d: length %v of the circle's", i, got)
		}
	}
}

func TestRingsAtTheEdgeRunAlongIt(t *testing.T) {
	p := mask.NewPlane(6, 4)
	p.Fill(mask.Capsule(3, 2, 3, 2, 9, 9), 1)
	for _, cs := range [][]contour.Contour{contour.FromMask(p, 1), contour.FromField(make([]float32, 24), 6, 4, -1, 1)} {
		if len(cs) != 1 {
			t.Fatal(len(cs))
		}
		for _, v := range cs[0].Points {
			if v.X != 0 && v.X != 6 && v.Y != 0 && v.Y != 4 {
				t.Fatal(v.Point)
			}
		}
		if got := contour.Area(cs, 0.5, 2); math.Abs(got-(24-4*0.125)) > 1e-9 { // corners are cut at the pixel's half
			t.Fatal(got)
		}
	}
}

func TestSaddleJoinsByMean(t *testing.T) {
	for _, test := range []struct {
		low   float32
		rings int
	}{{-0.9, 1}, {-1.1, 2}} {
		field := []float32{
			-1, -1, -1, -1,
			-1, 1, test.low, -1,
			-1, test.low, 1, -1,
			-1, -1, -1, -1,
		}
		if got := len(contour.FromField(field, 4, 4, 0, 1)); got != test.rings {
			t.Fatalf("%v: %d rings", test.low, got)
		}
	}
}

func TestFillTakesLabelsApart(t *testing.T) {
	a, b := mask.NewPlane(40, 40), mask.NewPlane(40, 40)
	a.Fill(mask.Capsule(20, 20, 20, 20, 15, 15), 1)
	b.Fill(mask.Capsule(20, 20, 20, 20, 5, 5), 2)
	got := contour.Fill(append(contour.FromMask(a, 1), contour.FromMask(b, 2)...), 40, 40)
	want := a.Clone()
	for i, v := range b.Pix {
		if v == 2 {
			want.Pix[i] = 2
		}
	}
	if !got.Equal(want) {
		t.Fatal("labels mixed up")
	}
}

func TestReadStates(t *testing.T) {
	p, marks := mask.NewPlane(40, 40), mask.NewPlane(40, 40)
	p.Fill(mask.Capsule(20, 20, 20, 20, 12, 12), 1)
	for y := range 40 {
		marks.Fill([]mask.Span{{Y: y, X0: 20, X1: 40}}, uint8(contour.Confirmed))
	}
	cs := contour.FromMask(p, 1)
	contour.ReadStates(cs, marks)
	for _, v := range cs[0].Points {
		want := contour.Predicted
		if v.X > 19.5 {
			want = contour.Confirmed
		}
		if v.State != want && math.Abs(v.X-19.75) > 0.3 {
			t.Fatalf("%v is %v", v.Point, v.State)
		}
	}
	contour.ReadStates(cs, nil)
	for _, v := range cs[0].Points {
		if v.State != contour.Predicted {
			t.Fatal("state from nowhere")
		}
	}
}

func TestReadStatesFromOneSideOfTheBoundary(t *testing.T) {
	p, marks := mask.NewPlane(30, 30), mask.NewPlane(30, 30)
	p.Fill(mask.Capsule(15, 15, 15, 15, 8, 8), 1)
	for i, v := range p.Pix {
		if v == 1 {
			marks.Pix[i] = uint8(contour.Corrected)
		}
	}
	cs := contour.FromMask(p, 1)
	contour.ReadStates(cs, marks)
	for _, v := range cs[0].Points {
		if v.State != contour.Corrected {
			t.Fatalf("%v was overlooked", v.Point)
		}
	}
}

// lesion is a plane of the size of a usual ultrasound frame with a lesion of 300 px.
func lesion() *mask.Plane {
	p := mask.NewPlane(1024, 768)
	p.Fill(mask.Capsule(500, 384, 520, 384, 140, 130), 1)
	return p
}

func BenchmarkFromMask(b *testing.B) {
	p := lesion()
	for b.Loop() {
		contour.FromMask(p, 1)
	}
}

func BenchmarkFromField(b *testing.B) {
	p := lesion()
	field := make([]float32, len(p.Pix))
	for i, v := range p.Pix {
		field[i] = float32(v)
	}
	for b.Loop() {
		contour.FromField(field, p.W, p.H, 0.5, 1)
	}
}

func BenchmarkPointerMove(b *testing.B) {
	p := lesion()
	marks := mask.NewPlane(p.W, p.H)
	for b.Loop() {
		cs := contour.FromMask(p, 1)
		contour.ReadStates(cs, marks)
		contour.Cut(cs, 3)
	}
}

func BenchmarkFill(b *testing.B) {
	cs := contour.FromMask(lesion(), 1)
	for b.Loop() {
		contour.Fill(cs, 1024, 768)
	}
}
