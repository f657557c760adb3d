// Package tool holds what a reader draws with. A tool turns pointer positions into one stroke of the review per gesture
// and knows nothing else: not the window, not the files. Positions are image coordinates, in px.
package tool

import (
	"echoline/internal/contour"
	"echoline/internal/review"
)

// Pointer is where the pointer is.
type Pointer struct {
	X, Y   float64
	Invert bool // the reader holds the key that turns a tool into its opposite
}

// Tool is one way to draw. A gesture is Press, any number of Drag, then Release or Cancel; calls out of order do nothing.
type Tool interface {
	// Name is the stable name of the tool and of its edits.
	Name() string
	// Hint is the key of the sentence that says how to use the tool.
	Hint() string
	// Fit sets the size for frame k: the radius in mm where the frame is calibrated, else in px.
	Fit(k review.Key, size float64)
	// Press begins a gesture on frame k. Its faults are those of review.Begin.
	Press(k review.Key, p Pointer) error
	Drag(p Pointer)
	// Release ends the gesture as review.Stroke.Commit does, and returns what that does.
	Release() (changed bool, err error)
	Cancel()
	// Outline is the closed line around the pixels that a press at the given place would reach.
	Outline(at contour.Point) []contour.Point
}
