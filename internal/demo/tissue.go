package demo

import "math"

// The picture is simulated on scan lines, as a scanner makes it: one line for every two columns of pixels, one sample
// for every row.
const (
	lines   = sectorW / 2
	samples = sectorH
)

// tissue is the anatomy on scan lines, line by line side by side: echo is the strength of the random scatterers in dB,
// mirror the amplitude of smooth reflectors, loss the attenuation in dB per sample beyond what the scanner makes up for.
type tissue struct {
	echo, mirror, loss []float32
}

func newTissue() *tissue {
	n := lines * samples
	return &tissue{make([]float32, n), make([]float32, n), make([]float32, n)}
}

// lineX is the place of a scan line in pixels from the sector's left edge.
func lineX(i int) float64 { return float64(2*i + 1) }

// anatomy builds the tissue of a scene without lesions.
func (s *scene) anatomy() *tissue {
	t := newTissue()
	for j := range samples {
		y := float64(j) + 0.5
		deep := mul(s.fade, mul(y/sectorH, 0.35+mul(0.65, y/sectorH)))
		faded := decibels(float32(-deep))
		for i := range lines {
			x := lineX(i)
			k := j*lines + i
			echo, mirror := s.layers(x, y)
			grain := mul(2.6, noise(x/9, y/4, s.seed+6)) + mul(2.4, noise(x/26, y/12, s.seed+7)) + mul(2.5, noise(x/80, y/60, s.seed+8))
			t.echo[k] = float32(echo + grain - deep)
			broken := mul(mirror, clamp01(0.55+mul(1.1, noise(x/34, y/16, s.seed+9))))
			t.mirror[k] = float32(float32(mul(mirrorScale, broken)) * faded)
			t.loss[k] = float32(s.contact(x))
		}
	}
	return t
}

// mirrorScale is the amplitude of a smooth reflector of strength 1 before the point-spread function gathers it.
const mirrorScale = 0.16

// contact is the loss of lines on which the probe touches the skin badly: shadows at the edge of the picture, and
// streaks elsewhere.
func (s *scene) contact(x float64) float64 {
	edge := step(sectorW-90, sectorW+10, x+mul(40, noise(1.5, float64(s.seed)/7, s.seed)))
	streak := max(0, noise(x/38, 3.3, s.seed+15)) + mul(0.5, max(0, noise(x/14, 6.3, s.seed+16)))
	return mul(0.03, edge) + mul(0.02, streak)
}

// layers gives scatter strength in dB and mirror strength at a place without lesions.
func (s *scene) layers(x, y float64) (echo, mirror float64) {
	wx := x + mul(16, noise(x/90, y/70, s.seed+1)) + mul(4, noise(x/22, y/14, s.seed+1))
	wy := y + mul(11, noise(x/110, y/80, s.seed+2)) + mul(3, noise(x/26, y/13, s.seed+2))
	fat := s.fat + mul(x-sectorW/2, -s.tilt) + mul(26, noise(x/170, 0.5, s.seed+3)) + mul(10, noise(x/55, 4.5, s.seed+3))
	deep := s.muscle + mul(16, noise(x/260, 1.5, s.seed+4)) + mul(x-sectorW/2, s.tilt)
	under := [4]float64{step(22, 30, y), step(fat-9, fat+7, wy), step(deep-40, deep-24, wy), step(deep-2, deep+4, y)}
	first := 0 // layers above the last one that covers everything are not worth computing
	for i, t := range under {
		if t == 1 {
			first = i + 1
		}
	}
	for i := first; i <= len(under); i++ {
		t := 1.0
		if i > 0 {
			t = under[i-1]
		}
		if t == 0 {
			continue
		}
		var e, m float64
		switch i {
		case 0:
			e, m = s.skin(x, y)
		case 1:
			e, m = s.fatty(wx, wy)
		case 2:
			e, m = s.gland(wx, wy)
		case 3:
			e, m = s.fatty(wx+400, wy+400)
			e -= 2
		default:
			e, m = s.fibres(x, y-deep)
		}
		echo, mirror = lerp(echo, e, t), lerp(mirror, m, t)
	}
	fascia := mul(0.7, mul(bump(wy, fat, 4), 0.4+noise(x/70, 8.5, s.seed))) +
		mul(1.3, mul(bump(y, deep, 4), 0.6+noise(x/120, 6.5, s.seed)))
	return echo + mul(5, clamp01(fascia)), mirror + fascia
}

// skin is bright between two lines, under the dark line of the gel.
func (s *scene) skin(x, y float64) (echo, mirror float64) {
	lower := 23 + mul(3, noise(x/100, 2.5, s.seed+5))
	echo = lerp(-24, -9, step(2, 7, y))
	return echo + mul(3, bump(y, lower, 5)), mul(1.3, bump(y, 6, 4)) + mul(0.8, bump(y, lower, 4))
}

// fatty is grey, with fine bright septa that wind through it.
func (s *scene) fatty(x, y float64) (echo, mirror float64) {
	echo = -17 + mul(3, noise(x/40, y/20, s.seed+10))
	septa := mul(ridge(x/130, y/24, s.seed+12, 0.07), step(-0.35, 0.25, noise(x/60, y/30, s.seed+13)))
	fine := mul(ridge(x/60, y/13, s.seed+14, 0.1), step(0, 0.4, noise(x/50, y/22, s.seed+17)))
	return echo + mul(11, septa) + mul(6, fine), mul(1.1, septa) + mul(0.25, fine)
}

// gland is bright and streaky, with darker lobules of fat and ducts.
func (s *scene) gland(x, y float64) (echo, mirror float64) {
	lobule := step(lerp(-0.15, 0.2, s.density), lerp(0.15, 0.5, s.density), noise(x/70, y/30, s.seed+20)+mul(0.3, noise(x/25, y/12, s.seed+25)))
	streak := noise(x/52, y/6, s.seed+21)
	echo = lerp(-7, -16, lobule) + mul(3.5, streak) + mul(3, noise(x/20, y/9, s.seed+22))
	fibre := mul(ridge(x/95, y/12, s.seed+23, 0.09), step(-0.1, 0.4, noise(x/50, y/26, s.seed+24)))
	return echo + mul(6, fibre), mul(0.5, fibre)
}

// fibres is muscle: dark, with long bright lines along it; below it the chest wall.
func (s *scene) fibres(x, depth float64) (echo, mirror float64) {
	along := depth + mul(8, noise(x/150, 5.5, s.seed+30)) + mul(2, noise(x/40, depth/20, s.seed+30))
	strand := mul(ridge(x/190, along/10, s.seed+31, 0.16), step(-0.25, 0.3, noise(x/80, along/14, s.seed+32)))
	echo = -19 + mul(3, noise(x/34, along/7, s.seed+33)) + mul(12, strand)
	wall := 82 + mul(10, noise(x/140, 7.5, s.seed+34))
	echo -= mul(8, step(wall, wall+30, depth))
	return echo, mul(0.9, strand) + mul(1.6, bump(depth, wall, 5))
}

// moved fills dst with t as the scene's tissue lies in a frame. Losses stay: they belong to the probe.
func (t *tissue) moved(dst *tissue, s *scene, frame int) {
	warp(dst.echo, t.echo, s, frame, reflect)
	warp(dst.mirror, t.mirror, s, frame, reflect)
	copy(dst.loss, t.loss)
}

// warp fills dst with src, a field on scan lines, moved as the scene's tissue is in a frame. beyond says which sample to
// take for one a little outside.
func warp(dst, src []float32, s *scene, frame int, beyond func(i, n int) int) {
	for j := range samples {
		dx, dy := s.shift(frame, float64(j)+0.5)
		fx, fy := mul(-0.5, dx), float64(j)-dy
		ix, iy := int(math.Floor(fx)), int(math.Floor(fy))
		u, v := float32(fx-float64(ix)), float32(fy-float64(iy))
		a, b := src[beyond(iy, samples)*lines:][:lines], src[beyond(iy+1, samples)*lines:][:lines]
		out := dst[j*lines:][:lines]
		for i := range out {
			l, r := beyond(i+ix, lines), beyond(i+ix+1, lines)
			p := a[l] + float32(u*(a[r]-a[l]))
			q := b[l] + float32(u*(b[r]-b[l]))
			out[i] = p + float32(v*(q-p))
		}
	}
}

// reflect brings an index a little outside 0..n-1 back in, as a mirror at the edge would.
func reflect(i, n int) int {
	switch {
	case i < 0:
		return -i
	case i >= n:
		return 2*n - 2 - i
	default:
		return i
	}
}

// wrap takes it from the other end: scatterers must not repeat beside themselves.
func wrap(i, n int) int {
	switch {
	case i < 0:
		return i + n
	case i >= n:
		return i - n
	default:
		return i
	}
}

// insert puts a lesion into the tissue.
func (t *tissue) insert(l *lesion) {
	reach := l.reach()
	for j := range samples {
		y := float64(j) + 0.5
		if math.Abs(y-l.y) > reach {
			continue
		}
		for i := range lines {
			if x := lineX(i); math.Abs(x-l.x) <= reach {
				t.blend(j*lines+i, l, x, y)
			}
		}
	}
}

// blend changes one sample by the lesion.
func (t *tissue) blend(k int, l *lesion, x, y float64) {
	d, fade := l.inside(x, y)
	in := step(-fade, fade, d)
	echo, mirror := float64(t.echo[k]), float64(t.mirror[k])
	echo += mul(l.halo, mul(step(-26, -2, d), 1-in))
	body := l.echo + mul(2.2, noise(x/16, y/9, l.seed+40)) + mul(1.2, noise(x/40, y/25, l.seed+41))
	echo = lerp(echo, body, in)
	mirror = mul(mirror, 1-in)
	if across := math.Abs(y-l.y) / l.b; l.capsule > 0 && across > 0.5 {
		crisp := clamp01(1 - (fade-l.sharp)/max(l.blur-l.sharp, 1))
		mirror += mul(mul(mirrorScale, mul(l.capsule, crisp)), mul(bump(d, 0, 3.5), step(0.4, 1.1, across)))
	}
	t.echo[k], t.mirror[k] = float32(echo), float32(mirror)
	t.loss[k] += float32(mul(l.shadow, in))
	if flank := math.Abs(x-l.x) / l.a; flank > 0.8 { // refraction at the flanks
		t.loss[k] += float32(mul(0.05, mul(bump(d, 0, 8), step(0.8, 1, flank))))
	}
}
