package study

import (
	"encoding/binary"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// webpHead is what stands up to the kind of the first chunk.
const webpHead = 16

// decodeWebP decodes a WebP file. The planes of a lossy one do not use the full range, which the decoder's picture says they
// do; the colours come out right here.
func decodeWebP(r io.Reader) (image.Image, error) {
	im, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	switch p := im.(type) {
	case *image.YCbCr:
		return studioRGB(p, nil, 0), nil
	case *image.NYCbCrA:
		return studioRGB(&p.YCbCr, p.A, p.AStride), nil
	}
	return im, nil
}

// studioRGB converts planes of ITU-R BT.601 with black at 16 and white at 235, by the fixed-point arithmetic of the
// library that makes these files. What is transparent lies on black.
func studioRGB(p *image.YCbCr, alpha []uint8, stride int) *image.RGBA {
	c := planesOf(p)
	out := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
	c.each(func(y int, luma, u, v []uint8) {
		row := out.Pix[y*out.Stride:]
		for x, l := range luma {
			a, d := 255, row[4*x:4*x+4]
			if alpha != nil {
				a = int(alpha[y*stride+x])
			}
			grey := int(l) * 19077 >> 8
			for i, s := range [3]int{
				grey + int(v[x])*26149>>8 - 14234,
				grey - int(u[x])*6419>>8 - int(v[x])*13320>>8 + 8708,
				grey + int(u[x])*33050>>8 - 17685,
			} {
				d[i] = uint8(min(max(s>>6, 0), 255) * a / 255)
			}
			d[3] = 255
		}
	})
	return out
}

// wholeWebP walks the chunks up to the length that the head states. Films are refused by name: of those only the library
// that makes them can read the frames.
func wholeWebP(r io.ReaderAt, size int64) error {
	var head [8]byte
	if err := readFull(r, head[:], 0); err != nil {
		return err
	}
	const riffHead = 12
	end := 8 + int64(binary.LittleEndian.Uint32(head[4:]))
	if end > size {
		return errTruncated()
	}
	for at := int64(riffHead); at+8 <= end; {
		if err := readFull(r, head[:], at); err != nil {
			return err
		}
		if string(head[:4]) == "ANIM" {
			return unreadKind("WebP", "animation")
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		at += 8 + n + n&1
		if at > end+1 {
			return errTruncated()
		}
	}
	return nil
}
