package demo

import "math"

// The demo study has the same bytes on every machine. Go may fuse x*y + z into one rounding on some processors, and the
// functions of package math differ between them in the last bit, so this file holds the arithmetic that the generator
// uses instead: every product is rounded by an explicit conversion, and the functions are polynomials.

// mul is a*b, rounded before anything else happens to it.
func mul(a, b float64) float64 { return float64(a * b) }

// lerp goes from a to b as t goes from 0 to 1.
func lerp(a, b, t float64) float64 { return a + mul(b-a, t) }

// clamp01 limits t to 0..1.
func clamp01(t float64) float64 { return min(max(t, 0), 1) }

// step rises smoothly from 0 at x <= lo to 1 at x >= hi.
func step(lo, hi, x float64) float64 {
	t := clamp01((x - lo) / (hi - lo))
	return mul(mul(t, t), 3-mul(2, t))
}

// bump is a bell of height 1 around c that reaches 0 at distance w.
func bump(x, c, w float64) float64 { return 1 - step(0, w, math.Abs(x-c)) }

// swing is a smooth oscillation of period 1 between -1 and 1, 0 and rising at 0: Bhaskara's rational sine.
func swing(t float64) float64 {
	t -= math.Floor(t)
	sign := 1.0
	if t >= 0.5 {
		t, sign = t-0.5, -1
	}
	p := mul(mul(2, t), 1-mul(2, t))
	return sign * (mul(16, p) / (5 - mul(4, p)))
}

// exp2 is 2^x for -126 < x < 127, good to 4 decimals.
func exp2(x float32) float32 {
	n := float32(math.Floor(float64(x)))
	f := x - n
	p := 0.22494631 + float32(f*0.07912522)
	p = 0.69592847 + float32(f*p)
	p = 1 + float32(f*p)
	return float32(p * math.Float32frombits(uint32(int32(n)+127)<<23))
}

// log2 is the binary logarithm of a positive normal number, good to 4 decimals.
func log2(x float32) float32 {
	bits := math.Float32bits(x)
	n := float32(int32(bits>>23) - 127)
	f := math.Float32frombits(bits&0x7fffff|127<<23) - 1
	p := -0.19031903 + float32(f*0.04400469)
	p = 0.41234422 + float32(f*p)
	p = -0.70777018 + float32(f*p)
	p = 1.4417403 + float32(f*p)
	return n + float32(f*p)
}

// lattice is a hash of a grid point.
func lattice(x, y int32, seed uint32) uint32 {
	h := uint32(x)*0x9e3779b1 ^ uint32(y)*0x85ebca77 ^ seed*0xc2b2ae3d
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	return h ^ h>>15
}

// gradient is the dot product of (dx, dy) with the direction that belongs to a grid point.
func gradient(h uint32, dx, dy float64) float64 {
	const d = 0.7071067811865476
	switch h & 7 {
	case 0:
		return dx
	case 1:
		return -dx
	case 2:
		return dy
	case 3:
		return -dy
	case 4:
		return mul(d, dx+dy)
	case 5:
		return mul(d, dx-dy)
	case 6:
		return mul(d, dy-dx)
	default:
		return mul(-d, dx+dy)
	}
}

// noise is gradient noise: smooth, about -0.8..0.8, features about one unit wide.
func noise(x, y float64, seed uint32) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int32(fx), int32(fy)
	dx, dy := x-fx, y-fy
	u, v := step(0, 1, dx), step(0, 1, dy)
	top := lerp(gradient(lattice(ix, iy, seed), dx, dy), gradient(lattice(ix+1, iy, seed), dx-1, dy), u)
	low := lerp(gradient(lattice(ix, iy+1, seed), dx, dy-1), gradient(lattice(ix+1, iy+1, seed), dx-1, dy-1), u)
	return mul(1.4, lerp(top, low, v))
}

// ridge is 1 along the winding lines where noise crosses zero and falls to 0 at the given sharpness.
func ridge(x, y float64, seed uint32, width float64) float64 {
	return 1 - step(0, width, math.Abs(noise(x, y, seed)))
}
