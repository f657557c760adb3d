package demo

import (
	"math"
	"math/rand/v2"
)

// How the scanner sees: two looks from slightly different angles are averaged (compounding), a range of dynamicRange dB
// below white is shown, electronic noise grows with depth as the gain that makes up for attenuation does.
const (
	looks        = 3
	dynamicRange = 56
	white        = 3 // dB of tissue that is shown white
)

// speckle is one look's scatterers: random complex amplitudes that belong to the tissue.
type speckle struct{ re, im []float32 }

func newSpeckle(seed uint32, look int) speckle {
	rng := rand.New(rand.NewPCG(uint64(seed), uint64(look)+1))
	n := lines * samples
	s := speckle{make([]float32, n), make([]float32, n)}
	for i := range n {
		bits := rng.Uint64()
		s.re[i], s.im[i] = uniform(uint32(bits)), uniform(uint32(bits>>32))
	}
	return s
}

// uniform maps 32 random bits to -1..1.
func uniform(bits uint32) float32 { return float32(int32(bits)) / (1 << 31) }

// scanner turns tissue into grey values. It holds the scratch memory of one picture after another.
type scanner struct {
	amplitude, shade []float32 // of scatterers; dB lost on the way down
	re, im, tmp      []float32
	power            []float32
	kernels          [][]float32 // across the lines, per sample: the beam is narrowest at its focus
	along            []float32
	noiseFloor       []float32 // amplitude per sample
}

func newScanner() *scanner {
	n := lines * samples
	s := &scanner{
		amplitude: make([]float32, n), shade: make([]float32, n), re: make([]float32, n), im: make([]float32, n),
		tmp: make([]float32, n), power: make([]float32, n),
	}
	const focus = 0.42 * samples
	for j := range samples {
		off := (float64(j) - focus) / focus
		if off < 0 {
			off = mul(-0.8, off)
		}
		s.kernels = append(s.kernels, bell(0.9+mul(1.1, off)))
		s.noiseFloor = append(s.noiseFloor, decibels(float32(-50+mul(12, float64(j)/samples))))
	}
	s.along = bell(1.15)
	return s
}

// bell is a Gaussian kernel of odd length and unit energy: filtered noise keeps its power.
func bell(sigma float64) []float32 {
	half := int(mul(3, sigma)) + 1
	k := make([]float32, 2*half+1)
	var energy float64
	for i := range k {
		u := float64(i-half) / sigma
		k[i] = exp2(float32(mul(-0.7213475, mul(u, u))))
		energy += mul(float64(k[i]), float64(k[i]))
	}
	scale := 1 / math.Sqrt(energy)
	for i := range k {
		k[i] = float32(float64(k[i]) * scale)
	}
	return k
}

// decibels is the amplitude of a level in dB.
func decibels(db float32) float32 { return exp2(float32(db * 0.16609640)) }

// scan makes the grey values of the sector, sectorW*sectorH.
func (s *scanner) scan(t *tissue, noise []speckle) []uint8 {
	s.weaken(t)
	for k := range s.power {
		s.power[k] = 1e-9
	}
	for _, n := range noise {
		for k, a := range s.amplitude {
			s.re[k] = float32(a*n.re[k]) + float32(t.mirror[k]*decibels(-s.shade[k]))
			s.im[k] = float32(a * n.im[k])
		}
		s.filter(s.re)
		s.filter(s.im)
		for k, re := range s.re {
			im := s.im[k]
			s.power[k] += float32(re*re) + float32(im*im)
		}
	}
	return s.develop(len(noise))
}

// weaken sums the losses on the way down, spreading them sideways as a beam of finite width does, and fills amplitude.
func (s *scanner) weaken(t *tissue) {
	const spread = 0.06
	clear(s.shade[:lines])
	for j := range samples {
		row := s.shade[j*lines : (j+1)*lines]
		if j > 0 {
			above := s.shade[(j-1)*lines : j*lines]
			for i := range row {
				l, r := above[max(i-1, 0)], above[min(i+1, lines-1)]
				row[i] = above[i] + float32(spread*(l+r-2*above[i])) + t.loss[j*lines+i]
			}
		}
		for i := range row {
			k := j*lines + i
			s.amplitude[k] = decibels(t.echo[k]-row[i]) + s.noiseFloor[j]
		}
	}
}

// filter applies the point-spread function in place: across the lines, then along them.
func (s *scanner) filter(f []float32) {
	for j := range samples {
		across(s.tmp[j*lines:(j+1)*lines], f[j*lines:(j+1)*lines], s.kernels[j])
	}
	clear(f)
	half := len(s.along) / 2
	for o, w := range s.along {
		for j := max(0, half-o); j < min(samples, samples+half-o); j++ {
			dst, src := f[j*lines:(j+1)*lines], s.tmp[(j+o-half)*lines:(j+o-half+1)*lines]
			for i, v := range src {
				dst[i] += float32(w * v)
			}
		}
	}
}

// across filters one row; beyond the ends there is nothing.
func across(dst, src, kernel []float32) {
	clear(dst)
	half := len(kernel) / 2
	for o, w := range kernel {
		shift := o - half
		from, to := max(0, -shift), min(len(src), len(src)-shift)
		in := src[from+shift : to+shift]
		out := dst[from:to]
		for i, v := range in {
			out[i] += float32(w * v)
		}
	}
}

// develop compresses power logarithmically and spreads the lines over the pixels between them.
func (s *scanner) develop(n int) []uint8 {
	const perOctave = 3.0103 // dB of power
	scale := float32(1) / float32(n)
	for k, p := range s.power {
		db := float32(log2(float32(p*scale)) * perOctave)
		v := min(max((db+dynamicRange-white)/dynamicRange, 0), 1)
		s.power[k] = float32(255*v) * (0.4 + float32(0.6*v))
	}
	out := make([]uint8, sectorW*sectorH)
	for j := range samples {
		row := s.power[j*lines : (j+1)*lines]
		for x := range sectorW {
			near := x / 2
			far := min(max(near+2*(x%2)-1, 0), lines-1)
			v := float32(0.75*row[near]) + float32(0.25*row[far])
			out[j*sectorW+x] = uint8(v + 0.5)
		}
	}
	return out
}
