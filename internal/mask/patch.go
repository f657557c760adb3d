package mask

import (
	"encoding/binary"
	"errors"
	"image"
)

// Patch is the difference between two planes inside Rect, stored as run-length coded XOR of old and new values. Because
// XOR is its own inverse, applying a patch twice gives the plane back: one stored form serves undo and redo.
type Patch struct {
	Rect image.Rectangle
	Runs []byte // pairs: run length as uvarint, XOR value as one byte; rows of Rect in order
}

// ErrDamaged is returned by Patch.Apply and UnmarshalPatch for bytes that are no whole patch.
var ErrDamaged = errors.New("mask: patch is damaged")

// ErrMisfit is returned by Patch.Apply where the patch reaches beyond the plane.
var ErrMisfit = errors.New("mask: patch does not fit the plane")

// maxSide bounds planes and patches: the largest side in pixels that DICOM can state. It keeps a damaged patch or a wild
// pointer position from costing more than its own size.
const maxSide = 1 << 16

// Empty tells whether the patch changes nothing.
func (p Patch) Empty() bool { return p.Rect.Empty() }

// Size is the memory that the patch holds, in bytes.
func (p Patch) Size() int { return len(p.Runs) + 48 }

// Apply swaps the patch's change in or out of dst. It fails with ErrMisfit or ErrDamaged, leaving dst as it was, if the
// patch does not fit dst or is damaged.
func (p Patch) Apply(dst *Plane) error {
	if p.Empty() {
		if len(p.Runs) != 0 {
			return ErrDamaged
		}
		return nil
	}
	if !p.Rect.In(dst.Rect()) {
		return ErrMisfit
	}
	if !runsFill(p.Runs, p.Rect) {
		return ErrDamaged
	}
	x, y := p.Rect.Min.X, p.Rect.Min.Y
	for runs := p.Runs; len(runs) > 0; {
		n, used := binary.Uvarint(runs)
		v := runs[used]
		runs = runs[used+1:]
		for left := int(n); left > 0; {
			step := min(left, p.Rect.Max.X-x)
			if v != 0 {
				at := y*dst.W + x
				for i := at; i < at+step; i++ {
					dst.Pix[i] ^= v
				}
			}
			left -= step
			if x += step; x == p.Rect.Max.X {
				x = p.Rect.Min.X
				y++
			}
		}
	}
	return nil
}

// runsFill tells whether runs are well-formed and cover r exactly.
func runsFill(runs []byte, r image.Rectangle) bool {
	left := uint64(r.Dx()) * uint64(r.Dy())
	for len(runs) > 0 {
		n, used := binary.Uvarint(runs)
		if used <= 0 || used >= len(runs) || n == 0 || n > left {
			return false
		}
		left -= n
		runs = runs[used+1:]
	}
	return left == 0
}

// Diff returns the patch that leads from before to after (and back). Both planes must have the same size; only pixels inside
// within are compared. The patch's Rect is the smallest that holds every change.
func Diff(before, after *Plane, within image.Rectangle) Patch {
	r := changed(before, after, within.Intersect(before.Rect()).Intersect(after.Rect()))
	if r.Empty() {
		return Patch{}
	}
	var runs []byte
	var value uint8
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		a := before.Pix[y*before.W+r.Min.X : y*before.W+r.Max.X]
		b := after.Pix[y*after.W+r.Min.X : y*after.W+r.Max.X]
		for i, v := range a {
			v ^= b[i]
			if v != value && n > 0 {
				runs = append(binary.AppendUvarint(runs, uint64(n)), value)
				n = 0
			}
			value = v
			n++
		}
	}
	runs = append(binary.AppendUvarint(runs, uint64(n)), value)
	return Patch{Rect: r, Runs: runs}
}

// changed is the smallest rectangle inside r that holds every pixel in which the planes differ.
func changed(a, b *Plane, r image.Rectangle) image.Rectangle {
	out := image.Rectangle{}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		p := a.Pix[y*a.W+r.Min.X : y*a.W+r.Max.X]
		q := b.Pix[y*b.W+r.Min.X : y*b.W+r.Max.X]
		if string(p) == string(q) {
			continue
		}
		first, last := 0, len(p)-1
		for p[first] == q[first] {
			first++
		}
		for p[last] == q[last] {
			last--
		}
		out = out.Union(image.Rect(r.Min.X+first, y, r.Min.X+last+1, y+1))
	}
	return out
}

// MarshalBinary gives the patch as bytes for journals: Rect's left, top, width and height as uvarints, then Runs. It
// fails with ErrMisfit for a rectangle that no plane can hold. The form is stored: it never changes.
func (p Patch) MarshalBinary() ([]byte, error) {
	r := p.Rect
	if r.Empty() {
		return []byte{0, 0, 0, 0}, nil
	}
	if !r.In(image.Rect(0, 0, maxSide, maxSide)) {
		return nil, ErrMisfit
	}
	b := make([]byte, 0, len(p.Runs)+16)
	for _, v := range [4]int{r.Min.X, r.Min.Y, r.Dx(), r.Dy()} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return append(b, p.Runs...), nil
}

// UnmarshalPatch reads what MarshalBinary wrote. Bytes that are no whole patch give ErrDamaged; it takes no more memory
// than b itself.
func UnmarshalPatch(b []byte) (Patch, error) {
	var v [4]int
	for i := range v {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > maxSide {
			return Patch{}, ErrDamaged
		}
		v[i] = int(n)
		b = b[used:]
	}
	r := image.Rect(v[0], v[1], v[0]+v[2], v[1]+v[3])
	if r.Empty() {
		if v != [4]int{} || len(b) != 0 {
			return Patch{}, ErrDamaged
		}
		return Patch{}, nil
	}
	if r.Max.X > maxSide || r.Max.Y > maxSide || !runsFill(b, r) {
		return Patch{}, ErrDamaged
	}
	return Patch{Rect: r, Runs: append([]byte(nil), b...)}, nil
}
