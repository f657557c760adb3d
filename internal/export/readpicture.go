package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// mostValues is how many grey values a mask may have. Pictures have more.
const mostValues = 64

// greyMask reads a PNG as a mask of grey values. Pictures are the fault CodeReadGrey.
func greyMask(data []byte) (*mask.Plane, error) {
	cfg, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fault.New(CodeReadBroken, "", err, nil)
	}
	if cfg.Width > maxReadSide || cfg.Height > maxReadSide {
		return nil, fault.New(CodeReadBroken, "", fmt.Errorf("%d×%d pixels", cfg.Width, cfg.Height), nil)
	}
	im, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fault.New(CodeReadBroken, "", err, nil)
	}
	b := im.Bounds()
	p := mask.NewPlane(b.Dx(), b.Dy())
	at := greyAt(im)
	var seen [256]bool
	count := 0
	for y := range p.H {
		for x := range p.W {
			v, ok := at(b.Min.X+x, b.Min.Y+y)
			if !ok {
				return nil, fault.New(CodeReadGrey, "", nil, fault.Args{"Values": "> 255"})
			}
			if !seen[v] {
				seen[v] = true
				count++
			}
			p.Pix[y*p.W+x] = v
		}
	}
	if count > mostValues {
		return nil, fault.New(CodeReadGrey, "", nil, fault.Args{"Values": count})
	}
	return p, nil
}

// greyAt reads pixels as label values: as they are where the picture is grey or has a palette, and only where all three
// colours agree otherwise.
func greyAt(im image.Image) func(x, y int) (uint8, bool) {
	switch im := im.(type) {
	case *image.Gray:
		return func(x, y int) (uint8, bool) { return im.GrayAt(x, y).Y, true }
	case *image.Paletted:
		return func(x, y int) (uint8, bool) { return im.ColorIndexAt(x, y), true }
	case *image.Gray16:
		return func(x, y int) (uint8, bool) {
			v := im.Gray16At(x, y).Y
			if v == 0xffff {
				return 255, true
			}
			return uint8(v), v < 256
		}
	}
	return func(x, y int) (uint8, bool) {
		c, ok := color.NRGBAModel.Convert(im.At(x, y)).(color.NRGBA)
		return c.R, ok && c.R == c.G && c.G == c.B
	}
}

// blackAndWhite tells a mask of 0 and 255 alone, whose 255 is the first label.
func blackAndWhite(p *mask.Plane) bool {
	return !slices.ContainsFunc(p.Pix, func(v uint8) bool { return v != 0 && v != 255 })
}

// picture reads a PNG that no other file tells of: 0 and 255 are nothing and the first label, all else are label values.
func (r *reader) picture(im *Imported, data []byte) error {
	it, frame := r.named(strings.TrimSuffix(baseOf(im.Path), "_0000"))
	if it == nil {
		return fault.New(CodeReadUnknown, im.Path, nil, fault.Args{"Image": filepath.Base(im.Path), "Frames": 1})
	}
	frame, err := r.one(im, it, frame)
	if err != nil {
		return err
	}
	p, err := greyMask(data)
	if err != nil {
		return err
	}
	r.add(im, it, frame, r.values(im, p), nil)
	return nil
}

// one is the frame of an image that one mask belongs to: the only one where the name tells none.
func (r *reader) one(im *Imported, it *study.Item, frame int) (int, error) {
	switch {
	case frame < 0 && it.Frames > 1:
		return 0, fault.New(CodeReadWhich, im.Path, nil, fault.Args{"Frames": 1})
	case frame >= it.Frames:
		return 0, fault.New(CodeReadCount, im.Path, nil, fault.Args{"Name": it.Name, "Have": frame + 1, "Want": it.Frames})
	}
	return max(frame, 0), nil
}

// values makes label values of grey values that nothing describes.
func (r *reader) values(im *Imported, p *mask.Plane) *mask.Plane {
	var to [256]uint8
	for v := range to {
		to[v] = uint8(v)
	}
	if blackAndWhite(p) {
		to[255] = 1
	}
	for name, v := range r.Map {
		if n, err := strconv.ParseUint(name, 10, 8); err == nil && n > 0 {
			to[n] = v
		}
	}
	out := mask.NewPlane(p.W, p.H)
	for i, v := range p.Pix {
		out.Pix[i] = to[v]
	}
	for _, l := range r.Known {
		if slices.Contains(out.Pix, l.Value) {
			r.means(im, l)
		}
	}
	return out
}

// sidecar reads the masks that a description of Echoline's tells of: PNG, NIfTI or YOLO files beside it or in its folder's
// parent.
func (r *reader) sidecar(im *Imported, data []byte) error {
	var side sidecar
	if err := json.Unmarshal(data, &side); err != nil {
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	folder := filepath.Dir(im.Path)
	at := func(f sidecarFrame) string { return filepath.Join(folder, filepath.FromSlash(f.File)) }
	if len(side.Frames) == 0 {
		return nil
	}
	if _, err := os.Stat(at(side.Frames[0])); err != nil && filepath.Base(folder) == "provenance" {
		folder = filepath.Dir(folder)
	}
	for _, f := range side.Frames {
		if !filepath.IsLocal(filepath.FromSlash(f.File)) {
			return fault.New(CodeReadBroken, im.Path, fmt.Errorf("a file outside its folder: %q", f.File), nil)
		}
		r.claimed[at(f)] = true
		if picture, ok := strings.CutSuffix(at(f), ".mask.nii.gz"); ok {
			r.claimed[picture+".nii.gz"] = true
		}
	}
	im.Program = strings.TrimSpace("Echoline " + side.Program["version"])
	im.Algorithm = algorithmOf(side.Frames)
	it := r.instance(side.Instance)
	if it == nil {
		im.note(CodeReadUnknown, fault.Args{"Image": side.Name, "Frames": len(side.Frames)})
		return nil
	}
	to := r.grey(im, side.Labels)
	sums := [][]byte{data}
	for i, f := range side.Frames {
		if f.Frame < 1 || f.Frame > it.Frames {
			return fault.New(CodeReadCount, im.Path, nil, fault.Args{"Name": it.Name, "Have": f.Frame, "Want": it.Frames})
		}
		p, sum, err := r.described(at(f), i, it, len(side.Frames))
		if err != nil {
			r.fail(at(f), err)
			continue
		}
		sums = append(sums, []byte(sum))
		for k, v := range p.Pix {
			p.Pix[k] = to[v]
		}
		r.add(im, it, f.Frame-1, p, nil)
	}
	im.SHA256 = hashOf(sums...)
	return nil
}

// algorithmOf is how all frames came about, or the mixture.
func algorithmOf(frames []sidecarFrame) string {
	kind := frames[0].Algorithm
	for _, f := range frames {
		if f.Algorithm != kind {
			return semiautomatic
		}
	}
	return kind
}

// grey is the label value of each value in the files that a description tells of.
func (r *reader) grey(im *Imported, labels []sidecarLabel) (to [256]uint8) {
	for _, l := range labels {
		kind := inference.Code{}
		if l.Type != nil {
			kind = inference.Code{Value: l.Type.Value, Scheme: l.Type.Scheme, Meaning: l.Type.Meaning}
		}
		to[l.Pixel] = r.resolve(im, l.Name, strconv.Itoa(int(l.Value)), kind)
	}
	return to
}

// described reads the mask of one frame, the index-th of count, in a file that a description tells of.
func (r *reader) described(path string, index int, it *study.Item, count int) (*mask.Plane, string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, "", fault.New(CodeReadFile, path, cause(err), nil)
	}
	switch {
	case strings.HasSuffix(path, ".png"):
		p, err := greyMask(data)
		return p, hash(data), err
	case strings.HasSuffix(path, ".nii.gz"):
		v, err := decodeNifti(data)
		if err != nil {
			return nil, "", err
		}
		if v.frames != count {
			return nil, "", fault.New(CodeReadCount, path, nil, fault.Args{"Name": it.Name, "Have": v.frames, "Want": count})
		}
		p, _, err := v.frame(index)
		return p, hash(data), err
	case strings.HasSuffix(path, ".txt"):
		p, err := yoloMask(data, it.W, it.H, func(class int) uint8 { return uint8(class) + 1 })
		if err != nil {
			return nil, "", err
		}
		return p.classes(), hash(data), nil
	}
	return nil, "", errors.New("no format of masks")
}
