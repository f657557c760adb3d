package demo

import (
	"image"
	"math"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/study"
)

// bent is a scene as a curved probe would show it: the same tissue and the same lesions, its lines spread like a fan.
type bent struct {
	w, h          int
	x, y          float64 // the tip
	from, to, lap float64 // arcs, and half the opening
	lost          func(angle, depth float64) bool
}

// place is where a pixel of the picture lies in the sector of the scene, and whether it lies in the fan.
func (b *bent) place(x, y int) (sx, sy float64, in bool) {
	dx, dy := float64(x)+0.5-b.x, float64(y)+0.5-b.y
	d, a := math.Hypot(dx, dy), math.Atan2(dx, dy)
	if d < b.from || d > b.to || math.Abs(a) > b.lap {
		return 0, 0, false
	}
	return (a/b.lap + 1) / 2 * (sectorW - 1), (d - b.from) / (b.to - b.from) * (sectorH - 1), true
}

// frame draws the scene, on a black screen with words and a grey bar.
func (b *bent) frame(s *scene) (f *study.Frame, truth, fan *mask.Plane) {
	f = &study.Frame{W: b.w, H: b.h, Max: 255, Grey: make([]uint16, b.w*b.h)}
	truth, fan = mask.NewPlane(b.w, b.h), mask.NewPlane(b.w, b.h)
	whole := s.truth(0)
	s.render(func(k int, sector []uint8) {
		if k > 0 {
			return
		}
		for y := range b.h {
			for x := range b.w {
				sx, sy, in := b.place(x, y)
				if !in {
					continue
				}
				fan.Set(x, y, 1)
				truth.Set(x, y, whole.At(left+int(sx), top+int(sy)))
				if b.lost == nil || !b.lost(math.Atan2(float64(x)-b.x, float64(y)-b.y)/b.lap, sy/sectorH) {
					f.Grey[y*b.w+x] = uint16(sector[int(sy)*sectorW+int(sx)])
				}
			}
		}
	})
	for y := range 11 {
		for x := range 130 {
			if (x*y+x/7)%3 == 0 {
				f.Grey[(4+y)*b.w+4+x] = 220
			}
		}
	}
	for y := range b.h / 3 {
		for x := range 8 {
			f.Grey[(b.h/3+y)*b.w+b.w-12+x] = uint16(255 - 3*255*y/b.h)
		}
	}
	return f, truth, fan
}

// TestFansAreFound: a curved and a phased probe, wide and narrow, with shadows and with a bottom that fades into the dark. What
// is found holds all lesions and all that the probe shows, and little else.
func TestFansAreFound(t *testing.T) {
	if testing.Short() {
		t.Skip("draws pictures")
	}
	for name, b := range map[string]bent{
		"curved":         {w: 800, h: 600, x: 400, y: -60, from: 120, to: 620, lap: 0.6},
		"phased":         {w: 640, h: 480, x: 320, y: 14, from: 0, to: 450, lap: 0.75},
		"narrow":         {w: 640, h: 640, x: 320, y: -160, from: 200, to: 760, lap: 0.3},
		"large":          {w: 1600, h: 1200, x: 780, y: -100, from: 240, to: 1240, lap: 0.6},
		"faded":          {w: 800, h: 600, x: 400, y: -60, from: 120, to: 620, lap: 0.6, lost: func(_, d float64) bool { return d > 0.8 }},
		"a side shadow":  {w: 800, h: 600, x: 400, y: -60, from: 120, to: 620, lap: 0.6, lost: func(a, d float64) bool { return a < -0.7 && d > 0.55 }},
		"shadows":        {w: 800, h: 600, x: 400, y: -60, from: 120, to: 620, lap: 0.6, lost: func(a, d float64) bool { return d > 0.3 && math.Abs(a-0.4) < 0.1 || d > 0.5 && math.Abs(a+0.2) < 0.15 }},
		"off the middle": {w: 900, h: 600, x: 330, y: -60, from: 120, to: 600, lap: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			for _, scene := range []string{"demo-1-oval", "demo-4-irregular"} {
				f, truth, shown := b.frame(find(scene))
				got := f.Fan()
				if got == nil {
					t.Fatalf("%s: no fan", scene)
				}
				kept, both, either, lesion := 0, 0, 0, 0
				for i := range shown.Pix {
					in := got.Has(i%b.w, i/b.w) && image.Pt(i%b.w, i/b.w).In(f.Sector())
					is := shown.Pix[i] == 1
					if in && is {
						both++
					}
					if in || is {
						either++
					}
					if truth.Pix[i] == 1 {
						lesion++
						if in {
							kept++
						}
					}
				}
				share := float64(both) / float64(either)
				if kept != lesion || lesion == 0 {
					t.Errorf("%s: %d of %d pixels of lesions", scene, kept, lesion)
				}
				if share < 0.9 && b.lost == nil || share < 0.65 { // what is dark to its end cannot be told from what lies around
					t.Errorf("%s: %.3f of the fan: %+v", scene, share, *got)
				}
			}
		})
	}
}

// TestRectanglesAreNoFans: a linear probe's picture stays a rectangle, also where its sides fade.
func TestRectanglesAreNoFans(t *testing.T) {
	for i := range scenes {
		s := &scenes[i]
		if s.frames > 1 {
			continue
		}
		for _, fade := range []float64{0, 0.3} {
			s.render(func(_ int, sector []uint8) {
				f := &study.Frame{W: width, H: height, Max: 255, Grey: make([]uint16, width*height)}
				for k, v := range screen(sector) {
					x, y := k%width-left, k/width-top
					if edge := float64(min(x, sectorW-x)); edge > fade*float64(y)/2 {
						f.Grey[k] = uint16(v)
					}
				}
				if got := f.Fan(); got != nil {
					t.Errorf("%s, %v: %+v", s.name, fade, *got)
				}
			})
		}
	}
}
