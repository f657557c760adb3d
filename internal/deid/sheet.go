package deid

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"echoline/internal/study"
)

// Colours of a preview.
var (
	keptColour  = color.RGBA{60, 200, 90, 255}
	textColour  = color.RGBA{255, 210, 0, 255}
	drawnColour = color.RGBA{255, 90, 200, 255}
)

// sheetFrames is how many frames a preview shows: the first, the last and some between.
const sheetFrames = 4

// sheet draws a preview: above, frames as they are, with what is blanked in red and boxes around what was found; below,
// the same frames as they are to be written.
func sheet(it *study.Item, p *Proposal) ([]byte, error) {
	n := min(sheetFrames, it.Frames)
	keep := p.mask(it.W, it.H)
	out := image.NewRGBA(image.Rect(0, 0, n*(it.W+4), 2*(it.H+4)))
	for k := range n {
		f, err := it.Frame(k * (it.Frames - 1) / max(n-1, 1))
		if err != nil {
			return nil, err
		}
		level := brightness(f)
		for i := range level {
			c := color.RGBA{level[i], level[i], level[i], 255}
			if f.RGB != nil {
				c = color.RGBA{f.RGB[3*i], f.RGB[3*i+1], f.RGB[3*i+2], 255}
			}
			x, y := k*(it.W+4)+i%it.W, i/it.W
			if keep[i] {
				out.SetRGBA(x, y, c)
				out.SetRGBA(x, y+it.H+4, c)
				continue
			}
			out.SetRGBA(x, y, color.RGBA{uint8(90 + int(c.R)*165/255), c.G / 2, c.B / 2, 255})
			out.SetRGBA(x, y+it.H+4, color.RGBA{0, 0, 0, 255})
		}
		at := image.Pt(k*(it.W+4), 0)
		frame(out, p.Keep, at, keptColour)
		frame(out, p.Boxes, at, drawnColour)
		frame(out, p.Text, at, textColour)
		frame(out, p.Outside, at, textColour)
	}
	var b bytes.Buffer
	err := png.Encode(&b, out)
	return b.Bytes(), err
}

// frame draws the edges of boxes.
func frame(on *image.RGBA, boxes []image.Rectangle, at image.Point, c color.RGBA) {
	for _, r := range boxes {
		r = r.Add(at)
		for x := r.Min.X; x < r.Max.X; x++ {
			on.SetRGBA(x, r.Min.Y, c)
			on.SetRGBA(x, r.Max.Y-1, c)
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			on.SetRGBA(r.Min.X, y, c)
			on.SetRGBA(r.Max.X-1, y, c)
		}
	}
}
