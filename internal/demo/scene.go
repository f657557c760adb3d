package demo

import (
	"math"

	"echoline/internal/mask"
)

// Geometry of every picture. The sector is a rectangle, as of a linear probe; depth 0 is its upper edge. Lengths in the
// scenes are pixels from the sector's top left corner.
const (
	width, height    = 640, 480
	left, top        = 52, 26 // of the sector
	sectorW, sectorH = 536, 428
	pitchMicrons     = 75 // per pixel, both ways
	cineFrames       = 40
	cineFrameTime    = 50 // ms
)

// scene is one instance: the anatomy and the lesions in it.
type scene struct {
	name    string
	seed    uint32
	frames  int
	fat     float64 // depth where the gland begins
	muscle  float64 // depth where the muscle begins
	fade    float64 // dB lost at the bottom of the sector
	tilt    float64 // slope of the layers
	density float64 // how much of the gland is fibrous: 0 fatty, 1 dense
	lesions []lesion
}

// lesion is a blob whose radius varies smoothly with direction. Its margin fades over sharp pixels, and over blur
// pixels on the side that (blurX, blurY) points to.
type lesion struct {
	x, y, a, b   float64 // centre and half axes
	cos, sin     float64 // rotation
	lobes        float64 // how far the radius varies, as a share
	waves        float64 // how often around
	echo         float64 // dB of its inside
	sharp, blur  float64
	blurX, blurY float64 // unit vector
	shadow       float64 // dB lost per pixel of depth inside; negative enhances what lies behind
	capsule      float64 // strength of the bright line where the margin lies across the beam
	halo         float64 // dB of the bright, blurred rim around it
	seed         uint32
}

// scenes are the six stills and the cine, in the order in which they are written.
var scenes = []scene{
	{name: "demo-1-oval", seed: 11, frames: 1, fat: 118, muscle: 292, tilt: 0.05, fade: 17, density: 0.55, lesions: []lesion{
		{
			x: 292, y: 176, a: 74, b: 42, cos: 0.9962, sin: 0.0872, lobes: 0.10, waves: 1.3, echo: -23, sharp: 3, blur: 13,
			blurX: 0.9063, blurY: 0.4226, shadow: -0.03, capsule: 0.9, seed: 3,
		},
	}},
	{name: "demo-2-shadow", seed: 23, frames: 1, fat: 96, muscle: 300, tilt: -0.03, fade: 15, density: 0.8, lesions: []lesion{
		{
			x: 238, y: 160, a: 56, b: 46, cos: 0.5, sin: 0.8660, lobes: 0.24, waves: 1.25, echo: -26, sharp: 4, blur: 16,
			blurX: 0.8660, blurY: 0.5, shadow: 0.17, capsule: 0.2, halo: 5, seed: 3,
		},
	}},
	{name: "demo-3-enhancement", seed: 31, frames: 1, fat: 104, muscle: 288, tilt: 0.02, fade: 18, density: 0.5, lesions: []lesion{
		{
			x: 330, y: 170, a: 60, b: 40, cos: 0.9848, sin: -0.1736, lobes: 0.1, waves: 1.1, echo: -39, sharp: 1.6, blur: 5,
			blurX: -0.7071, blurY: 0.7071, shadow: -0.13, capsule: 1.2, seed: 5,
		},
	}},
	{name: "demo-4-irregular", seed: 47, frames: 1, fat: 82, muscle: 310, tilt: -0.06, fade: 16, density: 0.9, lesions: []lesion{
		{
			x: 282, y: 190, a: 72, b: 60, cos: 0.9397, sin: -0.3420, lobes: 0.36, waves: 1.75, echo: -24, sharp: 3, blur: 20,
			blurX: -0.8660, blurY: 0.5, shadow: 0.10, halo: 6, seed: 8,
		},
	}},
	{name: "demo-5-two", seed: 59, frames: 1, fat: 126, muscle: 300, tilt: 0.04, fade: 17, density: 0.6, lesions: []lesion{
		{
			x: 166, y: 196, a: 52, b: 34, cos: 0.9962, sin: -0.0872, lobes: 0.12, waves: 1.5, echo: -23, sharp: 2.5, blur: 10,
			blurX: 0, blurY: 1, shadow: 0.02, capsule: 0.7, seed: 13,
		},
		{
			x: 386, y: 172, a: 38, b: 30, cos: 0.9659, sin: 0.2588, lobes: 0.16, waves: 1.6, echo: -27, sharp: 2.5, blur: 12,
			blurX: 0.7071, blurY: 0.7071, shadow: 0.08, capsule: 0.5, halo: 3, seed: 17,
		},
	}},
	{name: "demo-6-none", seed: 67, frames: 1, fat: 110, muscle: 284, tilt: -0.05, fade: 18, density: 0.75},
	{name: "demo-7-cine", seed: 79, frames: cineFrames, fat: 112, muscle: 296, tilt: 0.03, fade: 16, density: 0.6, lesions: []lesion{
		{
			x: 270, y: 176, a: 64, b: 43, cos: 0.9848, sin: 0.1736, lobes: 0.16, waves: 1.5, echo: -24, sharp: 3, blur: 13,
			blurX: 0.7071, blurY: 0.7071, shadow: 0.05, capsule: 0.7, seed: 34,
		},
	}},
}

// find returns the scene of that name, or nil.
func find(name string) *scene {
	for i := range scenes {
		if scenes[i].name == name {
			return &scenes[i]
		}
	}
	return nil
}

// phase is a frame's place in the cine, 0 to 1: the probe slides over the lesion once and comes back.
func (s *scene) phase(frame int) float64 {
	if s.frames == 1 {
		return 0
	}
	return float64(frame) / float64(s.frames)
}

// shift is how far the tissue at depth y has moved in a frame: it slides sideways under the probe and yields to its
// pressure, the skin and the depth less than what lies between.
func (s *scene) shift(frame int, y float64) (dx, dy float64) {
	if s.frames == 1 {
		return 0, 0
	}
	t := s.phase(frame)
	yields := mul(step(0, 70, y), 1-mul(0.6, y/sectorH))
	return mul(22, swing(t)), mul(mul(7, swing(mul(2, t))), yields)
}

// at returns the lesion as a frame of its scene cuts it: moved with the tissue, swelling, its outline changing slowly.
func (l lesion) at(s *scene, frame int) lesion {
	if s.frames == 1 {
		return l
	}
	dx, dy := s.shift(frame, l.y)
	l.x, l.y = l.x+dx, l.y+dy
	t := s.phase(frame)
	size := 0.86 + mul(0.14, swing(t+0.1))
	l.a, l.b = mul(l.a, size), mul(l.b, mul(size, 1+mul(0.06, swing(mul(2, t)))))
	l.waves = mul(l.waves, 1+mul(0.18, swing(t)))
	return l
}

// inside is about how many pixels (x, y) lies within the lesion's outline, negative outside, and how many pixels the
// margin fades over in that direction.
func (l *lesion) inside(x, y float64) (depth, fade float64) {
	px, py := x-l.x, y-l.y
	u := (mul(px, l.cos) + mul(py, l.sin)) / l.a
	v := (mul(py, l.cos) - mul(px, l.sin)) / l.b
	r := math.Sqrt(mul(u, u) + mul(v, v))
	if r < 1e-9 {
		return min(l.a, l.b), l.sharp
	}
	u, v = u/r, v/r
	wave := noise(mul(u, l.waves)+7.3, mul(v, l.waves)+2.9, l.seed)
	fine := noise(mul(u, mul(l.waves, 2.1))+1.7, mul(v, mul(l.waves, 2.1))+9.1, l.seed+1)
	edge := 1 + mul(l.lobes, wave+mul(0.5, mul(fine, 0.4+wave)))
	side := 0.5 + mul(0.5, mul(u, l.blurX)+mul(v, l.blurY))
	return mul(edge-r, min(l.a, l.b)), lerp(l.sharp, l.blur, step(0.35, 0.95, side+mul(0.25, fine)))
}

// reach is a radius beyond which the lesion changes nothing.
func (l *lesion) reach() float64 {
	return mul(max(l.a, l.b), 1.2+mul(1.2, l.lobes)) + mul(2, l.blur) + 24
}

// truth is the mask of one frame: label 1 where a pixel's centre lies inside a lesion.
func (s *scene) truth(frame int) *mask.Plane {
	p := mask.NewPlane(width, height)
	for _, l := range s.lesions {
		l = l.at(s, frame)
		for y := range sectorH {
			for x := range sectorW {
				if d, _ := l.inside(float64(x)+0.5, float64(y)+0.5); d > 0 {
					p.Set(left+x, top+y, 1)
				}
			}
		}
	}
	return p
}

// render makes the sector of every frame in order, sectorW*sectorH grey values each. use must not keep them.
func (s *scene) render(use func(frame int, sector []uint8)) {
	base, sc := s.anatomy(), newScanner()
	looks := make([]speckle, looks)
	for i := range looks {
		looks[i] = newSpeckle(s.seed, i)
	}
	frameTissue, frameLooks := base, looks
	if s.frames > 1 {
		frameTissue = newTissue()
		frameLooks = []speckle{newSpeckle(0, 0), newSpeckle(0, 0)} // overwritten: fewer looks, for speed
	}
	for f := range s.frames {
		if s.frames > 1 {
			base.moved(frameTissue, s, f)
			for i, l := range frameLooks {
				warp(l.re, looks[i].re, s, f, wrap)
				warp(l.im, looks[i].im, s, f, wrap)
			}
		}
		for _, l := range s.lesions {
			l = l.at(s, f)
			frameTissue.insert(&l)
		}
		use(f, sc.scan(frameTissue, frameLooks))
	}
}
