package study

import "math"

// Plane is where a frame lies in its Frame of Reference (PS3.3 C.7.6.2.1): millimetres in the patient.
type Plane struct {
	Position    [3]float64 // of the centre of the top left pixel
	Orientation [6]float64 // directions along a row and along a column, each of length 1
	Spacing     [2]float64 // mm per pixel x, y
	Thickness   float64    // mm; the distance from plane to plane where the file does not say
	Between     float64    // mm from plane to plane; 0 where the file does not say
}

// readPlanes finds the plane of every frame; nil unless the file gives all of them, and a Frame of Reference to lie in.
func readPlanes(d *dataSet, frames int) []Plane {
	if d.text("FrameOfReferenceUID") == "" {
		return nil
	}
	var whole planeParts
	whole.take(d)
	for _, g := range d.items[tags["SharedFunctionalGroupsSequence"]] {
		whole.takeGroup(g)
	}
	groups := d.items[tags["PerFrameFunctionalGroupsSequence"]]
	if len(groups) == 0 && frames == 1 {
		groups = []*dataSet{newDataSet(d.order)}
	}
	if len(groups) != frames {
		return nil
	}
	out := make([]Plane, frames)
	for i, g := range groups {
		own := whole
		own.takeGroup(g)
		var ok bool
		if out[i], ok = own.plane(); !ok {
			return nil
		}
	}
	return out
}

// planeParts are what a plane is put together of, as the file has them.
type planeParts struct{ position, orientation, spacing, thickness, between []float64 }

// take takes over what a data set says.
func (p *planeParts) take(d *dataSet) {
	for keyword, to := range map[string]*[]float64{
		"ImagePositionPatient": &p.position, "ImageOrientationPatient": &p.orientation, "PixelSpacing": &p.spacing,
		"SliceThickness": &p.thickness, "SpacingBetweenSlices": &p.between,
	} {
		if v, ok := d.numbers(keyword); ok && len(v) > 0 {
			*to = v
		}
	}
}

// takeGroup takes over what a functional group says.
func (p *planeParts) takeGroup(g *dataSet) {
	for _, k := range []string{"PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"} {
		for _, it := range g.items[tags[k]] {
			p.take(it)
		}
	}
}

// plane puts the parts together; ok is false where one is missing or no plane.
func (p *planeParts) plane() (out Plane, ok bool) {
	if len(p.position) != 3 || len(p.orientation) != 6 || len(p.spacing) != 2 {
		return out, false
	}
	copy(out.Position[:], p.position)
	copy(out.Orientation[:], p.orientation)
	out.Spacing = [2]float64{p.spacing[1], p.spacing[0]} // DICOM gives the distance of rows first
	for i := range 2 {
		v := out.Orientation[3*i:]
		if !positive(out.Spacing[i]) || math.Abs(math.Hypot(math.Hypot(v[0], v[1]), v[2])-1) > 1e-3 {
			return out, false
		}
	}
	out.Thickness, out.Between = firstPositive(p.thickness), firstPositive(p.between)
	if out.Thickness == 0 {
		out.Thickness = out.Between
	}
	return out, out.Thickness > 0 // without it other programs cannot make a volume of planes
}

// firstPositive is the first number if it is a length, else 0.
func firstPositive(v []float64) float64 {
	if len(v) == 0 || !positive(v[0]) {
		return 0
	}
	return v[0]
}
