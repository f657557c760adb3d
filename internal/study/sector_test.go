package study

import (
	"image"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// screen is a picture of a device: noise where inside says so, on a background.
type screen struct {
	*Frame
	r *rand.Rand
}

func newScreen(w, h int, back uint16) screen {
	f := &Frame{W: w, H: h, Grey: make([]uint16, w*h), Max: 255, Window: fullWindow(255)}
	for i := range f.Grey {
		f.Grey[i] = back
	}
	return screen{f, rand.New(rand.NewPCG(1, 2))}
}

// tissue fills what inside covers with speckle.
func (s screen) tissue(inside func(x, y float64) bool) {
	for i := range s.Grey {
		if inside(float64(i%s.W), float64(i/s.W)) {
			s.Grey[i] = uint16(min(20+60*s.r.ExpFloat64(), 255))
		}
	}
}

// words writes lines of strokes like letters.
func (s screen) words(x0, y0, n int) {
	for c := range n {
		for y := range 9 {
			for x := range 5 {
				if (x*y+c)%3 == 0 {
					s.Grey[(y0+y)*s.W+x0+7*c+x] = 250
				}
			}
		}
	}
}

func (s screen) fill(r image.Rectangle, level func(x, y int) uint16) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			s.Grey[y*s.W+x] = level(x, y)
		}
	}
}

// wedge is a sector with its tip at (cx, cy).
func wedge(cx, cy, from, to, half float64) func(x, y float64) bool {
	return func(x, y float64) bool {
		d, a := math.Hypot(x-cx, y-cy), math.Atan2(x-cx, y-cy)
		return d >= from && d <= to && math.Abs(a) <= half
	}
}

func box(r image.Rectangle) func(x, y float64) bool {
	return func(x, y float64) bool { return image.Pt(int(x), int(y)).In(r) }
}

func TestSectorFromPixels(t *testing.T) {
	for name, c := range map[string]struct {
		draw func() screen
		want image.Rectangle
	}{
		"a phased array with words, a grey bar and an ECG": {func() screen {
			s := newScreen(800, 600, 0)
			s.tissue(wedge(400, 60, 0, 460, 0.7))
			for y := range 20 {
				s.words(10, 40+14*y, 12)
			}
			s.words(250, 5, 40)
			s.fill(image.Rect(770, 100, 785, 400), func(_, y int) uint16 { return uint16(400-y) * 255 / 300 })
			for x := range 800 {
				s.Grey[(560+x%17)*800+x] = 200
			}
			return s
		}, image.Rect(104, 60, 696, 520)},
		"a linear array under a title bar": {func() screen {
			s := newScreen(1024, 768, 0)
			s.tissue(box(image.Rect(200, 100, 800, 650)))
			s.fill(image.Rect(0, 0, 1024, 50), func(int, int) uint16 { return 90 })
			s.words(20, 15, 60)
			return s
		}, image.Rect(200, 100, 800, 650)},
		"a dual view": {func() screen {
			s := newScreen(800, 600, 3)
			s.tissue(box(image.Rect(50, 80, 390, 480)))
			s.tissue(box(image.Rect(410, 80, 750, 480)))
			s.words(300, 500, 30)
			return s
		}, image.Rect(50, 80, 750, 480)},
		"on dark grey": {func() screen {
			s := newScreen(640, 480, 40)
			s.tissue(box(image.Rect(100, 60, 540, 400)))
			return s
		}, image.Rect(100, 60, 540, 400)},
		"cut out of its screen": {func() screen {
			s := newScreen(300, 400, 0)
			s.tissue(box(image.Rect(0, 0, 300, 280)))
			return s
		}, image.Rect(0, 0, 300, 400)},
		"no border": {func() screen {
			s := newScreen(300, 200, 0)
			s.tissue(func(_, _ float64) bool { return true })
			return s
		}, image.Rect(0, 0, 300, 200)},
		"nothing but words": {func() screen {
			s := newScreen(640, 480, 0)
			s.words(100, 100, 50)
			return s
		}, image.Rect(0, 0, 640, 480)},
		"black": {func() screen { return newScreen(320, 240, 0) }, image.Rect(0, 0, 320, 240)},
		"tiny":  {func() screen { return newScreen(1, 1, 0) }, image.Rect(0, 0, 1, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.draw()
			got := s.Sector()
			if !c.want.In(got) {
				t.Errorf("%v leaves out some of %v", got, c.want)
			}
			slack := 3 * max(4, max(s.W, s.H)/cellsAcross)
			if !got.In(c.want.Inset(-slack)) {
				t.Errorf("%v is much more than %v", got, c.want)
			}
			colour := &Frame{W: s.W, H: s.H, Max: 255, RGB: make([]uint8, 3*len(s.Grey)), Window: s.Window}
			for i, v := range s.Grey {
				colour.RGB[3*i+2] = uint8(v) // as flow away from the probe
			}
			if other := colour.Sector(); other != got {
				t.Errorf("in blue %v, in grey %v", other, got)
			}
			deep := &Frame{W: s.W, H: s.H, Max: 4095, Grey: make([]uint16, len(s.Grey)), inverse: true}
			for i, v := range s.Grey {
				deep.Grey[i] = 16*(255-v) + 15
			}
			if other := deep.Sector(); !c.want.In(other) {
				t.Errorf("inverted, of 12 bits %v, want %v", other, c.want)
			}
		})
	}
}

func TestSectorThatTheFileDeclares(t *testing.T) {
	s := still(40, 30).with(el{"SequenceOfUltrasoundRegions", []set{{
		{"RegionSpatialFormat", 1},
		{"RegionDataType", 1},
		{"RegionLocationMinX0", 5},
		{"RegionLocationMinY0", 4},
		{"RegionLocationMaxX1", 24},
		{"RegionLocationMaxY1", 19},
	}}})
	it := mustOpen(t, part10File(explicitLittle, s))
	if got, want := mustFrame(t, it, 0).Sector(), image.Rect(5, 4, 25, 20); got != want || it.Sector() != want {
		t.Errorf("%v and %v, want %v", got, it.Sector(), want)
	}
}

// Files that declare where their ultrasound lies judge what is found in their pixels.
func TestSectorOfSamples(t *testing.T) {
	dir := samples(t, "dicom", "ultrasound")
	for _, name := range []string{
		"dicomParser_IM00001.implicit_little_endian.dcm", "gillesdemey_I_000001.dcm", "gillesdemey_I_000007.dcm",
		"gillesdemey_I_000031.dcm", "pydicom_examples_ybr_color.dcm", "pydicom-data_gdcm-US-ALOKA-16.dcm",
	} {
		it := open(t, filepath.Join(dir, name)).Items[0]
		f := mustFrame(t, it, 0)
		want, got := f.Sector(), f.findSector()
		both := got.Intersect(want)
		if share := float64(both.Dx()*both.Dy()) / float64(want.Dx()*want.Dy()); share < 0.65 {
			t.Errorf("%s: found %v, declared %v: %.2f of it", name, got, want, share)
		}
		if more := float64(got.Dx()*got.Dy()) / float64(want.Dx()*want.Dy()); more > 1.5 {
			t.Errorf("%s: found %v, declared %v: %.2f times as much", name, got, want, more)
		}
	}
}
