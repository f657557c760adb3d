package contour

import (
	"image"

	"echoline/internal/mask"
)

// floor is how far, of 128, a smoothed pixel keeps at least from the level: so a pixel never changes sides, and single
// pixels and thin parts keep a ring around them.
const floor = 26

// FromMask returns smooth rings around the pixels of label: the mask is blurred a little and cut half-way, while every
// pixel centre stays on its side, so Fill gives back the very mask. Rings are closed along the image's edge; pixels that
// touch at a corner are joined where the pixels around speak for it. Expected error and bands are unknown. It works in
// the label's bounding box only, fast enough for each step of a pointer.
func FromMask(p *mask.Plane, label uint8) []Contour {
	bounds := mask.Bounds(p, label)
	if bounds.Empty() {
		return nil
	}
	box := bounds.Inset(-1).Intersect(p.Rect())
	m := marcher{
		field: blurred(p, label, box), w: box.Dx(), h: box.Dy(), level: 128,
		box: bounds.Sub(box.Min), origin: box.Min, label: label,
	}
	return m.rings()
}

// blurred is the mask of label in box, 0 to 256 with the level at 128, after a binomial filter of five pixels each way,
// kept at least floor away from the level on the side where it was.
func blurred(p *mask.Plane, label uint8, box image.Rectangle) []float32 {
	w, h := box.Dx(), box.Dy()
	out := make([]float32, w*h)
	line := make([]uint8, w+4)
	rows := make([]uint8, 5*w) // the last five rows, blurred along x
	row := func(y int) []uint8 { return rows[(y+10)%5*w:][:w] }
	for y := -2; y < h+2; y++ {
		blurRow(p, label, box, y, line, row(y))
		if y < 2 {
			continue
		}
		a, b, c, d, e := row(y-4), row(y-3), row(y-2), row(y-1), row(y)
		in := p.Pix[(box.Min.Y+y-2)*p.W+box.Min.X:]
		for x := range a {
			v := int(a[x]) + int(e[x]) + 4*(int(b[x])+int(d[x])) + 6*int(c[x])
			if in[x] == label {
				v = max(v, 128+floor)
			} else {
				v = min(v, 128-floor)
			}
			out[(y-2)*w+x] = float32(v)
		}
	}
	return out
}

// blurRow filters row y of box (it may lie outside: the image's edge pixels go on for ever) along x, into 0 to 16.
func blurRow(p *mask.Plane, label uint8, box image.Rectangle, y int, line, out []uint8) {
	y = min(max(box.Min.Y+y, 0), p.H-1)
	src := p.Pix[y*p.W : (y+1)*p.W]
	for i := range line {
		line[i] = 0
		if src[min(max(box.Min.X+i-2, 0), p.W-1)] == label {
			line[i] = 1
		}
	}
	for x := range out {
		out[x] = line[x] + line[x+4] + 4*(line[x+1]+line[x+3]) + 6*line[x+2]
	}
}
