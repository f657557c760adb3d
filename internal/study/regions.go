package study

import "math"

// readScales reads what the file says of sizes: Ultrasound Regions, Pixel Spacing and the shape of pixels.
func (it *Item) readScales(d *dataSet) {
	whole := readScale(d, it.W, it.H)
	it.Regions, it.PixelSpacing, it.SpacingNominal = whole.Regions, whole.Spacing, whole.Nominal
	if v, ok := d.numbers("PixelAspectRatio"); ok && len(v) >= 2 && positive(v[0]/v[1]) {
		it.Aspect = v[0] / v[1] // DICOM gives the vertical side first
	}
	for _, shared := range d.items[tags["SharedFunctionalGroupsSequence"]] {
		whole.override(readScale(shared, it.W, it.H))
	}
	it.Regions, it.PixelSpacing, it.SpacingNominal = whole.Regions, whole.Spacing, whole.Nominal
	groups := d.items[tags["PerFrameFunctionalGroupsSequence"]]
	if len(groups) > it.Frames {
		groups = groups[:it.Frames]
	}
	for i, g := range groups {
		own := readScale(g, it.W, it.H)
		if len(own.Regions) == 0 && own.Spacing == nil {
			continue
		}
		if it.PerFrame == nil {
			it.PerFrame = make([]FrameScale, len(groups))
			for i := range it.PerFrame {
				it.PerFrame[i] = whole
			}
		}
		it.PerFrame[i].override(own)
	}
}

// override takes what another scale says instead of what this one does.
func (s *FrameScale) override(by FrameScale) {
	if len(by.Regions) > 0 {
		s.Regions = by.Regions
	}
	if by.Spacing != nil {
		s.Spacing, s.Nominal = by.Spacing, by.Nominal
	}
}

// readScale reads what a data set, or a functional group of an enhanced object, says of sizes in an image of w×h.
func readScale(d *dataSet, w, h int) FrameScale {
	s := FrameScale{Regions: readRegions(d, w, h)}
	for _, from := range append(d.items[tags["PixelMeasuresSequence"]], d) {
		for i, k := range []string{"PixelSpacing", "NominalScannedPixelSpacing", "ImagerPixelSpacing"} {
			// DICOM gives the distance of rows first.
			if v, ok := from.numbers(k); ok && len(v) >= 2 && positive(v[0]) && positive(v[1]) && s.Spacing == nil {
				s.Spacing, s.Nominal = &[2]float64{v[1], v[0]}, i > 0
			}
		}
	}
	return s
}

// readRegions reads the Ultrasound Regions. Bounds are clamped to the image; the file's last column and row belong to
// the region.
func readRegions(d *dataSet, w, h int) []Region {
	items := d.items[tags["SequenceOfUltrasoundRegions"]]
	out := make([]Region, 0, len(items))
	for _, r := range items {
		number := func(keyword string) int {
			v := finite(r.real(keyword, 0))
			return int(min(max(v, -1), math.MaxInt32))
		}
		bound := func(keyword string, past, limit int) int { return min(max(number(keyword)+past, 0), limit) }
		out = append(out, Region{
			X0: bound("RegionLocationMinX0", 0, w), Y0: bound("RegionLocationMinY0", 0, h),
			X1: bound("RegionLocationMaxX1", 1, w), Y1: bound("RegionLocationMaxY1", 1, h),
			SpatialFormat: number("RegionSpatialFormat"), DataType: number("RegionDataType"),
			UnitsX: number("PhysicalUnitsXDirection"), UnitsY: number("PhysicalUnitsYDirection"),
			DeltaX: finite(r.real("PhysicalDeltaX", 0)), DeltaY: finite(r.real("PhysicalDeltaY", 0)),
			Flags: uint32(max(number("RegionFlags"), 0)),
		})
	}
	return out
}

// finite is v, or 0 for what is no length.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
