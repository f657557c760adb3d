package study

import (
	"slices"

	"echoline/internal/fault"
)

// StandIn returns an item that stands in for this one where it must not be known: under another identity, name and header,
// with the same geometry. Of its frames only the pixels of keep (W*H) stay, the others are black; with keep nil it has no
// frames to show at all, for what needs none. The path stays the source's, which is still what is read.
func (it *Item) StandIn(id, name string, h *Header, keep []bool) *Item {
	return &Item{
		ID: id, Path: it.Path, Name: name, W: it.W, H: it.H, Frames: it.Frames, FrameTime: it.FrameTime, FrameTimes: it.FrameTimes,
		Modality: it.Modality, TransferSyntax: it.TransferSyntax, Photometric: it.Photometric, Regions: it.Regions,
		PixelSpacing: it.PixelSpacing, SpacingNominal: it.SpacingNominal, Aspect: it.Aspect, PerFrame: it.PerFrame, Header: h,
		source: veiled{it, keep},
	}
}

// veiled are the frames of an item, black where they are not to be seen.
type veiled struct {
	of   *Item
	keep []bool
}

func (v veiled) frame(i int) (*Frame, error) {
	if v.keep == nil {
		return nil, fault.New(CodeDamaged, "", errNoFrame, nil)
	}
	f, err := v.of.Frame(i)
	if err != nil {
		return nil, err
	}
	return f.only(v.keep), nil
}

// only returns a copy of the frame that is black but for some pixels.
func (f *Frame) only(keep []bool) *Frame {
	out := &Frame{
		W: f.W, H: f.H, Grey: slices.Clone(f.Grey), Max: f.Max, RGB: slices.Clone(f.RGB), Window: f.Window, inverse: f.inverse, curve: f.curve,
	}
	dark := uint16(0)
	if f.inverse {
		dark = uint16(f.Max)
	}
	for i, k := range keep {
		switch {
		case k:
		case out.RGB != nil:
			clear(out.RGB[3*i : 3*i+3])
		default:
			out.Grey[i] = dark
		}
	}
	return out
}
