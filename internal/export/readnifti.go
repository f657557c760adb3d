package export

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// niftiMask is a volume that was read.
type niftiMask struct {
	w, h, frames  int
	kind          int16
	order         binary.ByteOrder
	slope, inter  float64
	data          []byte
	bytesPerVoxel int
}

// niftiBytes are the sizes of the types of voxels that are read: 8 to 64-bit integers and reals.
var niftiBytes = map[int16]int{2: 1, 4: 2, 8: 4, 16: 4, 64: 8, 256: 1, 512: 2, 768: 4, 1024: 8, 1280: 8}

// maxVoxels is how many voxels are read at most.
const maxVoxels = 1 << 31

// decodeNifti reads a NIfTI-1 file in one piece, compressed or not. Frames may lie along the third or the fourth dimension.
func decodeNifti(data []byte) (*niftiMask, error) {
	var src io.Reader = bytes.NewReader(data)
	if len(data) > 2 && data[0] == 0x1f && data[1] == 0x8b {
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, fault.New(CodeReadBroken, "", err, nil)
		}
		src = z
	}
	h := make([]byte, niftiHeader)
	if _, err := io.ReadFull(src, h); err != nil {
		return nil, fault.New(CodeReadBroken, "", errors.New("the file ends too early"), nil)
	}
	v := &niftiMask{order: binary.LittleEndian}
	if binary.LittleEndian.Uint32(h) != niftiHeader {
		v.order = binary.BigEndian
	}
	if err := v.head(h); err != nil {
		return nil, fault.New(CodeReadBroken, "", err, nil)
	}
	start := int64(math.Float32frombits(v.order.Uint32(h[108:])))
	if start < niftiHeader || start > 1<<20 {
		return nil, fault.New(CodeReadBroken, "", fmt.Errorf("voxels at %d", start), nil)
	}
	if _, err := io.CopyN(io.Discard, src, start-niftiHeader); err != nil {
		return nil, fault.New(CodeReadBroken, "", errors.New("the file ends too early"), nil)
	}
	size := int64(v.w) * int64(v.h) * int64(v.frames) * int64(v.bytesPerVoxel)
	var b bytes.Buffer
	if n, err := io.Copy(&b, io.LimitReader(src, size)); err != nil || n < size {
		return nil, fault.New(CodeReadBroken, "", fmt.Errorf("%d of %d bytes of voxels", n, size), nil)
	}
	v.data = b.Bytes()
	return v, nil
}

// head reads the header.
func (v *niftiMask) head(h []byte) error {
	short := func(at int) int { return int(int16(v.order.Uint16(h[at:]))) }
	if v.order.Uint32(h) != niftiHeader || string(h[344:347]) != "n+1" {
		return errors.New("no NIfTI-1 file in one piece")
	}
	dims := []int{1, 1, 1, 1, 1, 1, 1}
	n := short(40)
	if n < 1 || n > 7 {
		return fmt.Errorf("%d dimensions", n)
	}
	for i := range n {
		dims[i] = short(42 + 2*i)
	}
	frames := int64(1)
	for i, d := range dims {
		if d < 1 {
			return fmt.Errorf("a side of %d", d)
		}
		if i > 1 {
			if frames *= int64(d); frames > maxReadFrames {
				return fmt.Errorf("more than %d frames", maxReadFrames)
			}
		}
	}
	v.w, v.h, v.frames, v.kind = dims[0], dims[1], int(frames), int16(short(70))
	if v.bytesPerVoxel = niftiBytes[v.kind]; v.bytesPerVoxel == 0 {
		return fmt.Errorf("voxels of type %d", v.kind)
	}
	if int64(v.w)*int64(v.h)*frames > maxVoxels {
		return errors.New("too many voxels")
	}
	v.slope = float64(math.Float32frombits(v.order.Uint32(h[112:])))
	v.inter = float64(math.Float32frombits(v.order.Uint32(h[116:])))
	if v.slope == 0 || math.IsNaN(v.slope) || math.IsNaN(v.inter) {
		v.slope, v.inter = 1, 0
	}
	return nil
}

// at is the value of voxel i.
func (v *niftiMask) at(i int) float64 {
	b := v.data[i*v.bytesPerVoxel:]
	var x float64
	switch v.kind {
	case 2:
		x = float64(b[0])
	case 256:
		x = float64(int8(b[0]))
	case 4:
		x = float64(int16(v.order.Uint16(b)))
	case 512:
		x = float64(v.order.Uint16(b))
	case 8:
		x = float64(int32(v.order.Uint32(b)))
	case 768:
		x = float64(v.order.Uint32(b))
	case 16:
		x = float64(math.Float32frombits(v.order.Uint32(b)))
	case 64:
		x = math.Float64frombits(v.order.Uint64(b))
	case 1024:
		x = float64(int64(v.order.Uint64(b)))
	default:
		x = float64(v.order.Uint64(b))
	}
	return x*v.slope + v.inter
}

// frame is one frame as a mask of whole values, or with values between 0 and 1 its probability. Others are the fault
// CodeReadGrey.
func (v *niftiMask) frame(i int) (p *mask.Plane, probability []float32, err error) {
	p = mask.NewPlane(v.w, v.h)
	probability = make([]float32, len(p.Pix))
	whole, unit := true, true
	for k := range p.Pix {
		x := v.at(i*len(p.Pix) + k)
		whole = whole && x == math.Trunc(x) && x >= 0 && x <= math.MaxUint8
		unit = unit && x >= 0 && x <= 1
		if !whole && !unit {
			return nil, nil, fault.New(CodeReadGrey, "", nil, fault.Args{"Values": fmt.Sprint(x)})
		}
		p.Pix[k], probability[k] = uint8(x), float32(x)
	}
	if whole {
		return p, nil, nil
	}
	for k, x := range probability {
		p.Pix[k] = 0
		if x >= 0.5 {
			p.Pix[k] = 255
		}
	}
	return p, probability, nil
}

// nifti reads a NIfTI file that no other file tells of: it has a frame for each of the image.
func (r *reader) nifti(im *Imported, data []byte) error {
	it, frame := r.named(baseOf(im.Path))
	if it == nil {
		return fault.New(CodeReadUnknown, im.Path, nil, fault.Args{"Image": baseOf(im.Path), "Frames": 1})
	}
	v, err := decodeNifti(data)
	if err != nil {
		return err
	}
	if v.frames != it.Frames && !(v.frames == 1 && frame >= 0) {
		return fault.New(CodeReadCount, im.Path, nil, fault.Args{"Name": it.Name, "Have": v.frames, "Want": it.Frames})
	}
	if v.frames == 1 {
		if frame, err = r.one(im, it, frame); err != nil {
			return err
		}
	}
	return r.niftiFrames(im, it, v, max(frame, 0))
}

// niftiFrames takes the frames of a volume in, the first for frame from of the image. What is black and white, and what
// holds whole values, is so for the volume as a whole.
func (r *reader) niftiFrames(im *Imported, it *study.Item, v *niftiMask, from int) error {
	if v.w != it.W || v.h != it.H {
		im.misfit(it, v.w, v.h)
		return nil
	}
	all := mask.NewPlane(v.w, v.h*v.frames)
	var maps [][]float32
	fractions := false
	for i := range v.frames {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		p, probability, err := v.frame(i)
		if err != nil {
			return err
		}
		fractions = fractions || probability != nil
		maps = append(maps, probability)
		copy(all.Pix[i*len(p.Pix):], p.Pix)
	}
	if fractions { // frames of nothing but 0 and 1 are probabilities too
		im.note(CodeNoteFraction, nil)
		for i, x := range all.Pix {
			if x == 1 && maps[i/(v.w*v.h)] == nil {
				all.Pix[i] = 255
			}
		}
	}
	labels := r.values(im, all)
	for i := range v.frames {
		p := &mask.Plane{W: v.w, H: v.h, Pix: slices.Clone(labels.Pix[i*v.w*v.h:][:v.w*v.h])}
		r.add(im, it, from+i, p, maps[i])
	}
	return nil
}
