package study

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// planed is a data set with a Frame of Reference and functional groups of two frames.
func planed(change func(d, shared *dataSet, frames []*dataSet)) *dataSet {
	set := func(d *dataSet, keyword string, vs ...float64) {
		parts := make([]string, len(vs))
		for i, v := range vs {
			parts[i] = fmt.Sprint(v)
		}
		d.values[tags[keyword]] = value{"DS", []byte(strings.Join(parts, "\\"))}
	}
	in := func(d *dataSet, keyword string) *dataSet {
		it := newDataSet(binary.LittleEndian)
		it.parent = d
		d.items[tags[keyword]] = append(d.items[tags[keyword]], it)
		return it
	}
	d := newDataSet(binary.LittleEndian)
	d.values[tags["FrameOfReferenceUID"]] = value{"UI", []byte("2.25.7")}
	shared := in(d, "SharedFunctionalGroupsSequence")
	measures := in(shared, "PixelMeasuresSequence")
	set(measures, "PixelSpacing", 0.2, 0.1)
	set(measures, "SpacingBetweenSlices", 0.5)
	set(in(shared, "PlaneOrientationSequence"), "ImageOrientationPatient", 1, 0, 0, 0, 1, 0)
	var frames []*dataSet
	for i := range 2 {
		g := in(d, "PerFrameFunctionalGroupsSequence")
		set(in(g, "PlanePositionSequence"), "ImagePositionPatient", 1, 2, float64(i))
		frames = append(frames, g)
	}
	if change != nil {
		change(d, shared, frames)
	}
	return d
}

func TestPlanes(t *testing.T) {
	got := readPlanes(planed(nil), 2)
	want := Plane{[3]float64{1, 2, 1}, [6]float64{1, 0, 0, 0, 1, 0}, [2]float64{0.1, 0.2}, 0.5, 0.5}
	if len(got) != 2 || got[1] != want {
		t.Errorf("%+v", got)
	}
	for name, d := range map[string]*dataSet{
		"no frame of reference": planed(func(d, _ *dataSet, _ []*dataSet) { delete(d.values, tags["FrameOfReferenceUID"]) }),
		"a frame without one": planed(func(_, _ *dataSet, fs []*dataSet) {
			delete(fs[1].items, tags["PlanePositionSequence"])
		}),
		"no measures": planed(func(_, s *dataSet, _ []*dataSet) { delete(s.items, tags["PixelMeasuresSequence"]) }),
		"a direction that is none": planed(func(_, s *dataSet, _ []*dataSet) {
			s.items[tags["PlaneOrientationSequence"]][0].values[tags["ImageOrientationPatient"]] = value{"DS", []byte(`2\0\0\0\1\0`)}
		}),
		"no thickness": planed(func(_, s *dataSet, _ []*dataSet) {
			delete(s.items[tags["PixelMeasuresSequence"]][0].values, tags["SpacingBetweenSlices"])
		}),
	} {
		if got := readPlanes(d, 2); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := readPlanes(planed(nil), 3); got != nil {
		t.Error("planes of some frames alone")
	}
}
