// Package mask holds label planes and the ways to change them: patches that undo themselves, rasterising and morphology.
//
// A plane stores one label per pixel of one frame, row by row from the top. Coordinates are image coordinates: the top
// left corner of the image is (0, 0), so the centre of pixel (x, y) lies at (x+0.5, y+0.5).
package mask

import "image"

// Plane is a W×H map of small numbers: labels (0 is background) or arc states. Pix has exactly W*H bytes.
type Plane struct {
	W, H int
	Pix  []uint8
}

// NewPlane returns an empty plane.
func NewPlane(w, h int) *Plane { return &Plane{W: w, H: h, Pix: make([]uint8, w*h)} }

// Clone returns a copy that shares nothing with p.
func (p *Plane) Clone() *Plane {
	return &Plane{W: p.W, H: p.H, Pix: append([]uint8(nil), p.Pix...)} // append does not clear what it fills
}

// CloneIn is Clone of a plane that is known to hold nothing but 0 outside within, and cheaper where that is small.
func (p *Plane) CloneIn(within image.Rectangle) *Plane {
	q := NewPlane(p.W, p.H)
	within = within.Intersect(p.Rect())
	for y := within.Min.Y; y < within.Max.Y; y++ {
		from, to := y*p.W+within.Min.X, y*p.W+within.Max.X
		copy(q.Pix[from:to], p.Pix[from:to])
	}
	return q
}

// Rect is the plane's extent in pixels.
func (p *Plane) Rect() image.Rectangle { return image.Rect(0, 0, p.W, p.H) }

// At returns the value at (x, y), and 0 outside the plane.
func (p *Plane) At(x, y int) uint8 {
	if x < 0 || y < 0 || x >= p.W || y >= p.H {
		return 0
	}
	return p.Pix[y*p.W+x]
}

// Set writes v at (x, y); outside the plane it does nothing.
func (p *Plane) Set(x, y int, v uint8) {
	if x < 0 || y < 0 || x >= p.W || y >= p.H {
		return
	}
	p.Pix[y*p.W+x] = v
}

// Equal tells whether both planes have the same size and values.
func (p *Plane) Equal(q *Plane) bool {
	return p.W == q.W && p.H == q.H && string(p.Pix) == string(q.Pix)
}

// Labels are the values but 0 that were seen, ascending.
func Labels(seen *[256]bool) []uint8 {
	var out []uint8
	for v := 1; v < len(seen); v++ {
		if seen[v] {
			out = append(out, uint8(v))
		}
	}
	return out
}
