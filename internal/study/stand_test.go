package study

import (
	"slices"
	"testing"
)

// frameOf is a source of one frame.
type frameOf struct{ f *Frame }

func (s frameOf) frame(int) (*Frame, error) { return s.f, nil }

func TestStandInShowsOnlyWhatStays(t *testing.T) {
	grey := &Frame{W: 2, H: 2, Grey: []uint16{10, 20, 30, 40}, Max: 255}
	inverse := &Frame{W: 2, H: 2, Grey: []uint16{10, 20, 30, 40}, Max: 255, inverse: true}
	colour := &Frame{W: 2, H: 2, RGB: []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, Max: 255}
	keep := []bool{true, false, false, true}
	for name, c := range map[string]struct {
		of   *Frame
		grey []uint16
		rgb  []uint8
	}{
		"grey": {grey, []uint16{10, 0, 0, 40}, nil}, "inverse": {inverse, []uint16{10, 255, 255, 40}, nil},
		"colour": {colour, nil, []uint8{1, 2, 3, 0, 0, 0, 0, 0, 0, 10, 11, 12}},
	} {
		it := &Item{ID: "1.2.3", Name: "Hong", Path: "Hong.dcm", W: 2, H: 2, Frames: 1, source: frameOf{c.of}, Header: &Header{Attr: map[string]string{"PatientName": "Hong"}}}
		before := slices.Clone(c.of.Grey)
		st := it.StandIn("2.25.1", "us-1", &Header{Attr: map[string]string{}}, keep)
		f, err := st.Frame(0)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.Grey, c.grey) || !slices.Equal(f.RGB, c.rgb) || f.inverse != c.of.inverse {
			t.Errorf("%s: %v %v", name, f.Grey, f.RGB)
		}
		if !slices.Equal(before, c.of.Grey) {
			t.Errorf("%s: the source's frame changed", name)
		}
		if st.ID != "2.25.1" || st.Name != "us-1" || len(st.Header.Attr) != 0 || st.W != 2 || st.Frames != 1 {
			t.Errorf("%s: %+v", name, st)
		}
		if _, err := it.StandIn("2.25.1", "us-1", nil, nil).Frame(0); err == nil {
			t.Errorf("%s: frames are shown where none are wanted", name)
		}
	}
}
