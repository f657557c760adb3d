package study

import "image"

// ycc are the planes of a picture in luminance and two colour differences. The colour planes may be smaller by whole
// factors.
type ycc struct {
	w, h         int
	y, cb, cr    []uint8
	yStep, cStep int // bytes from row to row
	fx, fy       int // how many pixels across and down share one colour sample
}

// planesOf gives the planes of a decoded JPEG.
func planesOf(p *image.YCbCr) *ycc {
	c := &ycc{
		w: p.Rect.Dx(), h: p.Rect.Dy(), y: p.Y, cb: p.Cb, cr: p.Cr, yStep: p.YStride, cStep: p.CStride, fx: 1, fy: 1,
	}
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.fx = 2
	case image.YCbCrSubsampleRatio420:
		c.fx, c.fy = 2, 2
	case image.YCbCrSubsampleRatio440:
		c.fy = 2
	case image.YCbCrSubsampleRatio411:
		c.fx = 4
	case image.YCbCrSubsampleRatio410:
		c.fx, c.fy = 4, 2
	}
	return c
}

// toRGB converts into w*h*3 bytes.
func (c *ycc) toRGB(dst []uint8) {
	cb, cr := make([]uint8, c.w), make([]uint8, c.w)
	for y := range c.h {
		c.row(cb, c.cb, y)
		c.row(cr, c.cr, y)
		luma, out := c.y[y*c.yStep:y*c.yStep+c.w], dst[3*y*c.w:3*(y+1)*c.w]
		for x, l := range luma {
			putRGB(out[3*x:3*x+3], l, cb[x], cr[x])
		}
	}
}

// interleave takes the planes for red, green and blue, all of full size.
func (c *ycc) interleave(dst []uint8) {
	cb, cr := make([]uint8, c.w), make([]uint8, c.w)
	for y := range c.h {
		c.row(cb, c.cb, y)
		c.row(cr, c.cr, y)
		out := dst[3*y*c.w:]
		for x, v := range c.y[y*c.yStep : y*c.yStep+c.w] {
			out[3*x], out[3*x+1], out[3*x+2] = v, cb[x], cr[x]
		}
	}
}

// row writes row y of a colour plane at full width. Halved planes are interpolated with weights 3 and 1, which is what
// the common JPEG library does: blocks of one colour would leave fringes along every edge.
func (c *ycc) row(dst, plane []uint8, y int) {
	cw, ch := (c.w+c.fx-1)/c.fx, (c.h+c.fy-1)/c.fy
	near := plane[y/c.fy*c.cStep:][:cw]
	far := near
	smooth := cw > 2
	if c.fy == 2 && c.fx == 2 && smooth {
		k := y/2 - 1 + 2*(y%2)
		far = plane[min(max(k, 0), ch-1)*c.cStep:][:cw]
	}
	switch {
	case c.fx == 2 && c.fy == 2 && smooth:
		doubleBoth(dst, near, far)
	case c.fx == 2 && c.fy == 1 && smooth:
		doubleWide(dst, near)
	default:
		for x := range dst {
			dst[x] = near[x/c.fx]
		}
	}
}

// doubleWide spreads n samples over 2n pixels (or one less).
func doubleWide(dst, src []uint8) {
	last := len(src) - 1
	for x := range dst {
		i := x / 2
		side, bias := i-1, 1
		if x%2 == 1 {
			side, bias = i+1, 2
		}
		dst[x] = uint8((3*int(src[i]) + int(src[min(max(side, 0), last)]) + bias) >> 2)
	}
}

// doubleBoth is doubleWide between two rows, the near one of which counts three times.
func doubleBoth(dst, near, far []uint8) {
	last := len(near) - 1
	column := func(i int) int { return 3*int(near[i]) + int(far[i]) }
	for x := range dst {
		i := x / 2
		side, bias := i-1, 8
		if x%2 == 1 {
			side, bias = i+1, 7
		}
		dst[x] = uint8((3*column(i) + column(min(max(side, 0), last)) + bias) >> 4)
	}
}

// putRGB converts one pixel (ITU-R BT.601 over the full range, as JPEG and DICOM's YBR_FULL have it).
func putRGB(dst []uint8, y, cb, cr uint8) {
	const half = 1 << 15
	l, b, r := int32(y)<<16+half, int32(cb)-128, int32(cr)-128
	dst[0] = clamp8((l + 91881*r) >> 16)
	dst[1] = clamp8((l - 22554*b - 46802*r) >> 16)
	dst[2] = clamp8((l + 116130*b) >> 16)
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
