package study

import (
	"image"

	"echoline/internal/study/jpegparts"
)

// sampleType is what one sample is kept in.
type sampleType interface{ uint8 | uint16 }

// plane is one component of a picture. It may be smaller than the picture by whole factors.
type plane[T sampleType] struct {
	pix    []T
	step   int // samples from row to row
	w, h   int
	fx, fy int // how many pixels across and down share one sample
}

// ycc are the planes of a picture in luminance and two colour differences, or in red, green and blue.
type ycc[T sampleType] struct {
	w, h   int
	bits   int // of a sample, at least 8
	planes [3]plane[T]
}

// planesOf gives the planes of a decoded JPEG.
func planesOf(p *image.YCbCr) *ycc[uint8] {
	c := &ycc[uint8]{w: p.Rect.Dx(), h: p.Rect.Dy(), bits: 8}
	fx, fy := 1, 1
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		fx = 2
	case image.YCbCrSubsampleRatio420:
		fx, fy = 2, 2
	case image.YCbCrSubsampleRatio440:
		fy = 2
	case image.YCbCrSubsampleRatio411:
		fx = 4
	case image.YCbCrSubsampleRatio410:
		fx, fy = 4, 2
	}
	w, h := (c.w+fx-1)/fx, (c.h+fy-1)/fy
	c.planes = [3]plane[uint8]{
		{p.Y, p.YStride, c.w, c.h, 1, 1}, {p.Cb, p.CStride, w, h, fx, fy}, {p.Cr, p.CStride, w, h, fx, fy},
	}
	return c
}

// planesOfStream gives the planes of a decoded stream of w×h pixels and three components, of which bits are in use.
func planesOfStream(p *jpegparts.Picture, w, h, bits int) *ycc[uint16] {
	c := &ycc[uint16]{w: w, h: h, bits: max(bits, 8)}
	for i, s := range p.Planes {
		c.planes[i] = plane[uint16]{s.Pix, s.W, s.W, s.H, s.FX, s.FY}
	}
	return c
}

// rgbOf makes interleaved RGB of 8 bits. rgb tells that the planes are red, green and blue.
func rgbOf[T sampleType](c *ycc[T], rgb bool) []uint8 {
	out := make([]uint8, 3*c.w*c.h)
	if rgb {
		c.interleave(out)
	} else {
		c.toRGB(out)
	}
	return out
}

// toRGB converts into w*h*3 bytes (ITU-R BT.601 over the full range, as JPEG and DICOM's YBR_FULL have it).
func (c *ycc[T]) toRGB(dst []uint8) {
	const most = 12 // bits whose products have room
	shift, bits := uint(max(c.bits-most, 0)), min(c.bits, most)
	centre, top, drop := int32(1)<<(bits-1), int32(1)<<bits-1, uint(bits-8)
	c.each(func(y int, luma, cb, cr []T) {
		cb, cr, row := cb[:len(luma)], cr[:len(luma)], dst[3*y*c.w:]
		for x, v := range luma {
			const half = 1 << 15
			l, b, r := int32(v>>(shift&7))<<16+half, int32(cb[x]>>(shift&7))-centre, int32(cr[x]>>(shift&7))-centre
			out := row[3*x : 3*x+3]
			out[0] = uint8(min(max((l+91881*r)>>16, 0), top) >> (drop & 7))
			out[1] = uint8(min(max((l-22554*b-46802*r)>>16, 0), top) >> (drop & 7))
			out[2] = uint8(min(max((l+116130*b)>>16, 0), top) >> (drop & 7))
		}
	})
}

// interleave takes the planes for red, green and blue, into w*h*3 bytes.
func (c *ycc[T]) interleave(dst []uint8) {
	drop := c.bits - 8
	c.each(func(y int, r, g, b []T) {
		out := dst[3*y*c.w:][:3*len(r)]
		for x, v := range r {
			out[3*x], out[3*x+1], out[3*x+2] = uint8(v>>drop), uint8(g[x]>>drop), uint8(b[x]>>drop)
		}
	})
}

// each visits the rows at full width.
func (c *ycc[T]) each(visit func(y int, a, b, d []T)) {
	var rows, room [3][]T
	for k := range room {
		room[k] = make([]T, c.w)
	}
	for y := range c.h {
		for k := range rows {
			rows[k] = c.planes[k].row(room[k], y)[:c.w]
		}
		visit(y, rows[0], rows[1], rows[2])
	}
}

// row gives row y at full width, if need be in room. Halved planes are interpolated with weights 3 and 1, which is what
// the common JPEG library does: blocks of one colour would leave fringes along every edge.
func (p *plane[T]) row(room []T, y int) []T {
	near := p.pix[y/p.fy*p.step:][:p.w]
	far := near
	smooth := p.w > 2
	if p.fy == 2 && p.fx == 2 && smooth {
		k := y/2 - 1 + 2*(y%2)
		far = p.pix[min(max(k, 0), p.h-1)*p.step:][:p.w]
	}
	switch {
	case p.fx == 1:
		return near
	case p.fx == 2 && p.fy == 2 && smooth:
		doubleBoth(room, near, far)
	case p.fx == 2 && p.fy == 1 && smooth:
		doubleWide(room, near)
	default:
		for x := range room {
			room[x] = near[x/p.fx]
		}
	}
	return room
}

// doubleWide spreads n samples over 2n pixels (or one less).
func doubleWide[T sampleType](dst, src []T) {
	last := len(src) - 1
	for x := range dst {
		i := x / 2
		side, bias := i-1, 1
		if x%2 == 1 {
			side, bias = i+1, 2
		}
		dst[x] = T((3*int(src[i]) + int(src[min(max(side, 0), last)]) + bias) >> 2)
	}
}

// doubleBoth is doubleWide between two rows, the near one of which counts three times.
func doubleBoth[T sampleType](dst, near, far []T) {
	last := len(near) - 1
	column := func(i int) int { return 3*int(near[i]) + int(far[i]) }
	for x := range dst {
		i := x / 2
		side, bias := i-1, 8
		if x%2 == 1 {
			side, bias = i+1, 7
		}
		dst[x] = T((3*column(i) + column(min(max(side, 0), last)) + bias) >> 4)
	}
}

// putRGB converts one pixel, as toRGB does.
func putRGB(dst []uint8, y, cb, cr uint8) {
	const half = 1 << 15
	l, b, r := int32(y)<<16+half, int32(cb)-128, int32(cr)-128
	dst[0] = clamp8((l + 91881*r) >> 16)
	dst[1] = clamp8((l - 22554*b - 46802*r) >> 16)
	dst[2] = clamp8((l + 116130*b) >> 16)
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
