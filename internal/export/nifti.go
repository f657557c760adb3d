package export

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"

	"echoline/internal/study"
)

// Types of voxels and units in NIfTI-1 files.
const (
	niftiUint8  = 2
	niftiUint16 = 512
	niftiRGB    = 128

	niftiMM, niftiSeconds = 2, 8
)

// niftiHeader is how long a NIfTI-1 header is, niftiStart where the voxels begin in a single file.
const (
	niftiHeader = 348
	niftiStart  = 352
)

// volume is what a NIfTI file holds: columns run fastest, then rows from the top, then frames.
type niftiVolume struct {
	w, h, frames int
	kind         int16
	spacing      *study.Spacing // mm; nil where it is not known
	frameSeconds float64        // from frame to frame; 0 where it is not known
	about        string         // at most 79 bytes
	data         []byte
}

// encode makes a compressed file. Frames are the fourth dimension, time. Without a known spacing the unit of length is
// unknown, and pixels are as wide as high unless the picture says otherwise. Where a picture lies in the patient an
// ultrasound image does not say, and neither does the file.
func (v niftiVolume) encode() ([]byte, error) {
	h := make([]byte, niftiStart)
	le := binary.LittleEndian
	put := func(at int, x int16) { le.PutUint16(h[at:], uint16(x)) }
	float := func(at int, x float64) { le.PutUint32(h[at:], math.Float32bits(float32(x))) }
	le.PutUint32(h, niftiHeader)
	dims := []int16{3, int16(v.w), int16(v.h), 1, 1, 1, 1, 1}
	if v.frames > 1 {
		dims[0], dims[4] = 4, int16(v.frames)
	}
	for i, d := range dims {
		put(40+2*i, d)
	}
	put(70, v.kind)
	put(72, map[int16]int16{niftiUint8: 8, niftiUint16: 16, niftiRGB: 24}[v.kind])
	size, units := study.Spacing{X: 1, Y: 1}, 0
	if v.spacing != nil {
		size, units = *v.spacing, niftiMM
	}
	step := 1.0
	if v.frames > 1 && v.frameSeconds > 0 {
		step = v.frameSeconds
		units |= niftiSeconds
	}
	for i, d := range []float64{1, size.X, size.Y, 1, step, 1, 1, 1} {
		float(76+4*i, d)
	}
	float(108, niftiStart)
	float(112, 1) // slope: values are as they are
	h[123] = byte(units)
	copy(h[148:227], v.about)
	copy(h[344:], "n+1\x00")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for _, part := range [][]byte{h, v.data} {
		if _, err := z.Write(part); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// maxNiftiSide is the longest side that a NIfTI-1 header can tell.
const maxNiftiSide = math.MaxInt16

// niftiOutputs makes NAME.nii.gz with the pictures of the frames that are exported, NAME.mask.nii.gz with their label
// values, and the sidecar, in which frames are in the order of both.
func niftiOutputs(j *job, it *Item) ([]output, error) {
	v := niftiVolume{
		w: it.Source.W, h: it.Source.H, frames: len(it.Frames), spacing: oneSpacing(it.Frames),
		frameSeconds: it.frameSeconds(),
	}
	if max(v.w, v.h, v.frames) > maxNiftiSide {
		return nil, fmt.Errorf("more than %d along a side", maxNiftiSide)
	}
	v.about = "Echoline masks; length unit unknown"
	if v.spacing != nil {
		v.about = "Echoline masks; mm by " + it.Frames[0].SpacingFrom.String()
	}
	masks := v
	masks.kind = niftiUint8
	for _, f := range it.Frames {
		masks.data = append(masks.data, f.Labels.Pix...)
	}
	if err := j.pictures(it, &v); err != nil {
		return nil, err
	}
	pictures, err := v.encode()
	if err != nil {
		return nil, err
	}
	labels, err := masks.encode()
	if err != nil {
		return nil, err
	}
	name := func(Frame) string { return j.stem + ".mask.nii.gz" }
	side, err := marshal(j.sidecar(it, identity(), name))
	return []output{{j.stem + ".nii.gz", pictures}, {j.stem + ".mask.nii.gz", labels}, {j.stem + ".json", side}}, err
}

// frameSeconds is the time from one exported frame to the next; 0 where it is not known or not the same for all.
func (it *Item) frameSeconds() float64 {
	if it.Source.FrameTimes != nil || len(it.Frames) < 2 {
		return 0
	}
	step := it.Frames[1].Index - it.Frames[0].Index
	for i := 2; i < len(it.Frames); i++ {
		if it.Frames[i].Index-it.Frames[i-1].Index != step {
			return 0
		}
	}
	return float64(step) * it.Source.FrameTime.Seconds()
}

// oneSpacing is the spacing that all frames share, or nil.
func oneSpacing(frames []Frame) *study.Spacing {
	s := frames[0].Spacing
	for _, f := range frames {
		if f.Spacing == nil || *f.Spacing != *s {
			return nil
		}
	}
	return s
}

// identity keeps label values as they are.
func identity() (grey [256]uint8) {
	for v := range grey {
		grey[v] = uint8(v)
	}
	return grey
}

// pictures fills a volume with the pictures of an item's frames, as they were before windowing.
func (j *job) pictures(it *Item, v *niftiVolume) error {
	for i, f := range it.Frames {
		p, err := j.picture(it, f)
		if err != nil {
			return err
		}
		kind := int16(niftiUint8)
		switch {
		case p.RGB != nil:
			kind = niftiRGB
		case p.Max > math.MaxUint8:
			kind = niftiUint16
		}
		if i == 0 {
			v.kind = kind
		} else if kind != v.kind {
			return fmt.Errorf("frame %d has another kind of pixels than the first", f.Index+1)
		}
		switch kind {
		case niftiRGB:
			v.data = append(v.data, p.RGB...)
		case niftiUint16:
			for _, x := range p.Grey {
				v.data = binary.LittleEndian.AppendUint16(v.data, x)
			}
		default:
			for _, x := range p.Grey {
				v.data = append(v.data, uint8(x))
			}
		}
	}
	return nil
}

// picture decodes the picture of a frame. It also ends where the export is to end.
func (j *job) picture(it *Item, f Frame) (*study.Frame, error) {
	if err := j.ctx.Err(); err != nil {
		return nil, err
	}
	return it.Source.Frame(f.Index)
}
