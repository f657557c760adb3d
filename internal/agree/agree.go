// Package agree compares what readers drew and joins it: figures of agreement with their intervals, what two readers
// dispute, and the consensus of several.
//
// Masks are label planes of one frame, row by row from the top left; lengths are in px and areas in px², unless a caller
// scales them. Nothing here knows who the readers are or where their work is kept.
package agree

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// Figures say how far two masks of one label agree.
type Figures struct {
	Dice, IoU float64 // 0 … 1; two empty masks agree wholly
	HD95      float64 // px, contour.HD95; +Inf where one is empty
	NSD       float64 // 0 … 1, contour.NSD at the tolerance asked for
	ASD       float64 // px, contour.ASD; +Inf where one is empty
	AreaA     float64 // px²
	AreaB     float64
	LongestA  float64 // longest diameter, px; 0 where empty
	LongestB  float64
}

// Compare gives the figures of label in a and b, with NSD at tolerance px. Planes of different size give NaN throughout.
func Compare(a, b *mask.Plane, label uint8, tolerance float64) Figures {
	if a.W != b.W || a.H != b.H {
		nan := math.NaN()
		return Figures{nan, nan, nan, nan, nan, nan, nan, nan, nan}
	}
	f := Figures{
		Dice: contour.Dice(a, b, label), HD95: contour.HD95(a, b, label), NSD: contour.NSD(a, b, label, tolerance),
		ASD:   contour.ASD(a, b, label),
		AreaA: float64(mask.Count(a, label)), AreaB: float64(mask.Count(b, label)),
	}
	f.IoU = f.Dice / (2 - f.Dice)
	f.LongestA, f.LongestB = longest(a, label), longest(b, label)
	return f
}

// longest is the longest diameter of label's largest region in px.
func longest(p *mask.Plane, label uint8) float64 {
	d, _, _ := contour.Diameters(contour.FromMask(p, label), 1, 1)
	return d
}
