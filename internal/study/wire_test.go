package study

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// Frames look the same on the other side, whatever their window is.
func TestFramesAcrossProcesses(t *testing.T) {
	s := still(4, 1).with(el{"PixelData", []byte{0, 50, 100, 200}}, el{"WindowCenter", "90"}, el{"WindowWidth", "70"})
	for name, e := range map[string]el{
		"linear":     {"PatientID", "1"},
		"sigmoid":    {"VOILUTFunction", "SIGMOID"},
		"exact":      {"VOILUTFunction", "LINEAR_EXACT"},
		"a table":    {"VOILUTSequence", table(20, 8, 255, 100, 0, 30)},
		"turned":     {"RescaleSlope", "-2"},
		"a modality": {"ModalityLUTSequence", table(0, 16, 255, 100, 0, 30)},
	} {
		f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s.with(e))), 0)
		head, pixels := EncodeFrame(f)
		size := int64(len(head) + len(pixels))
		got, err := DecodeFrame(bytes.NewReader(slices.Concat(head, pixels)), size, f.W, f.H)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Window != f.Window || !slices.Equal(got.Luma(), f.Luma()) || !slices.Equal(got.Grey, f.Grey) {
			t.Errorf("%s: %v in %+v, want %v in %+v", name, got.Luma(), got.Window, f.Luma(), f.Window)
		}
		for i := range head { // no change to it is more than another picture
			bad := slices.Concat(head, pixels)
			bad[i] ^= 0xff
			if got, err := DecodeFrame(bytes.NewReader(bad), size, f.W, f.H); err == nil {
				for _, v := range got.Luma() {
					if !(v >= 0 && v <= 1) || math.IsNaN(float64(v)) {
						t.Fatalf("%s, byte %d: luma %v", name, i, v)
					}
				}
			}
		}
	}
}

// What a file says of its scale and times gets across too.
func TestItemsAcrossProcesses(t *testing.T) {
	cine := still(2, 6).with(el{"Rows", 2}, el{"NumberOfFrames", "3"}, el{"FrameTimeVector", `0\10\30`},
		el{"PixelAspectRatio", `4\3`}, el{"PerFrameFunctionalGroupsSequence", []set{
			{{"PixelMeasuresSequence", []set{{{"PixelSpacing", `1\1`}}}}},
			{},
			{{"PixelMeasuresSequence", []set{{{"PixelSpacing", `2\3`}}}}},
		}})
	data := part10File(explicitLittle, cine)
	c, err := Direct{}.Describe(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := EncodeContent(c, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := DecodeContent(b)
	if err != nil {
		t.Fatal(err)
	}
	if s, from := again.Item.SpacingAt(2); from != ByPixelSpacing || s != (Spacing{3, 2}) {
		t.Errorf("third frame: %v by %s", s, from)
	}
	if s, _ := again.Item.SpacingAt(1); s != (Spacing{1, 4.0 / 3}) {
		t.Errorf("shape of the second frame's pixels: %v", s)
	}
	if !slices.Equal(again.Item.FrameTimes, c.Item.FrameTimes) || len(c.Item.FrameTimes) != 3 {
		t.Errorf("times %v, want %v", again.Item.FrameTimes, c.Item.FrameTimes)
	}
}
