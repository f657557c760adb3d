package deid

import (
	"errors"
	"image"
	"slices"

	"echoline/internal/fault"
	"echoline/internal/study"
)

// Region kinds of which the pixels are ultrasound: two-dimensional, motion, spectra, waveforms. Graphics are not.
const (
	firstFormat = 1
	lastFormat  = 4
)

// sectorFrames is how many frames are looked at to find what shows ultrasound.
const sectorFrames = 16

// propose finds what of the pixels stays.
func propose(it *study.Item, boxes *Boxes, name string) (*Proposal, error) {
	p := &Proposal{Name: name, Keep: declared(it), Item: it}
	own := boxes.of(it)
	p.Boxes = own.Blank
	if len(own.Keep) > 0 {
		p.Keep = own.Keep
	}
	film, err := watch(it, name)
	if err != nil {
		return nil, err
	}
	if len(p.Keep) == 0 {
		if p.Keep, err = found(it, name); err != nil {
			return nil, err
		}
		p.Guessed = true // also where nothing was found
	}
	keep := p.mask(it.W, it.H)
	for _, t := range film.text() {
		if inside(keep, it.W, t) {
			p.Text = append(p.Text, t)
		} else {
			p.Outside = append(p.Outside, t)
		}
	}
	p.Sheet = func() ([]byte, error) { return sheet(it, p) }
	return p, nil
}

// named puts the source's name on what decoding said.
func named(err error, name string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return fault.New(CodeRead, name, plain(err), nil)
	}
	return fault.New(f.Code, name, plain(f.Cause), f.Args)
}

// declared are the regions that the file declares, in any of its frames.
func declared(it *study.Item) []image.Rectangle {
	all := slices.Clone(it.Regions)
	for _, f := range it.PerFrame {
		all = append(all, f.Regions...)
	}
	var out []image.Rectangle
	for _, r := range all {
		box := image.Rect(r.X0, r.Y0, r.X1, r.Y1)
		if r.SpatialFormat >= firstFormat && r.SpatialFormat <= lastFormat && !box.Empty() && !slices.Contains(out, box) {
			out = append(out, box)
		}
	}
	return out
}

// found is what looks like ultrasound in the picture, nil where nothing is. Where that would be all of it, nothing was found.
func found(it *study.Item, name string) ([]image.Rectangle, error) {
	var r image.Rectangle
	step := max(it.Frames/sectorFrames, 1)
	for i := 0; i < it.Frames; i += step {
		f, err := it.Frame(i)
		if err != nil {
			return nil, named(err, name)
		}
		r = r.Union(f.Sector())
	}
	if r.Empty() || r == image.Rect(0, 0, it.W, it.H) {
		return nil, nil
	}
	return []image.Rectangle{r}, nil
}

// Kept tells for each pixel of the picture, row by row, whether it stays.
func (p *Proposal) Kept() []bool { return p.mask(p.Item.W, p.Item.H) }

// mask tells for each pixel whether it stays.
func (p *Proposal) mask(w, h int) []bool {
	keep := make([]bool, w*h)
	paint := func(rs []image.Rectangle, v bool) {
		for _, r := range rs {
			r = r.Intersect(image.Rect(0, 0, w, h))
			for y := r.Min.Y; y < r.Max.Y; y++ {
				for x := r.Min.X; x < r.Max.X; x++ {
					keep[y*w+x] = v
				}
			}
		}
	}
	paint(p.Keep, true)
	paint(p.Boxes, false)
	paint(p.Text, false)
	return keep
}

// inside tells whether any of a box's pixels stay.
func inside(keep []bool, w int, r image.Rectangle) bool {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		if slices.Contains(keep[y*w+r.Min.X:y*w+r.Max.X], true) {
			return true
		}
	}
	return false
}
