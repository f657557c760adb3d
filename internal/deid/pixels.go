package deid

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

// pixels are the pixels of one file on their way to the next.
type pixels struct {
	item   *study.Item
	file   *part10.File
	name   string
	layout layout

	syntax    string   // of what is written
	fragments [][]byte // as they were; nil for uncompressed pixels
	data      []byte   // uncompressed
	vr        string
	changed   bool // some pixels were blanked
	rewritten bool // the layout is ours: see attributes
	drop      []part10.Tag
}

// layout is how uncompressed pixels lie.
type layout struct {
	w, h, frames        int
	samples, bytes      int // of a pixel; of a sample
	stored, high        int // bits
	signed, planar, yuv bool
	halved              bool // two pixels share their colour
	photometric         string
}

// Tags of the image pixel module.
const (
	tagSamples     part10.Tag = 0x00280002
	tagPhotometric part10.Tag = 0x00280004
	tagPlanar      part10.Tag = 0x00280006
	tagFrames      part10.Tag = 0x00280008
	tagRows        part10.Tag = 0x00280010
	tagColumns     part10.Tag = 0x00280011
	tagAllocated   part10.Tag = 0x00280100
	tagStored      part10.Tag = 0x00280101
	tagHigh        part10.Tag = 0x00280102
	tagSigned      part10.Tag = 0x00280103
)

// mostPixels is how large the pixels of a file can be.
const mostPixels = 2 << 30

// whole is a number of 16 bits; missing where it is not there.
func whole(s part10.Set, t part10.Tag, missing int) int {
	e := s.Find(t)
	if e == nil || len(e.Data) != 2 {
		return missing
	}
	return int(binary.LittleEndian.Uint16(e.Data))
}

func refused(name, kind string) *fault.Error {
	return fault.New(CodePixels, name, nil, fault.Args{"Kind": kind})
}

// newPixels takes the pixels of a picture that internal/study can decode.
func newPixels(it *study.Item, f *part10.File, name string) (*pixels, error) {
	e := f.Set.Find(part10.PixelData)
	if e == nil {
		return nil, refused(name, "no Pixel Data")
	}
	p := &pixels{item: it, file: f, name: name, vr: "OB"}
	p.layout = layout{
		w: it.W, h: it.H, frames: it.Frames, samples: whole(f.Set, tagSamples, 1), bytes: whole(f.Set, tagAllocated, 0) / 8,
		stored: whole(f.Set, tagStored, 0), high: whole(f.Set, tagHigh, 0), signed: whole(f.Set, tagSigned, 0) == 1,
		planar: whole(f.Set, tagPlanar, 0) == 1, photometric: strings.ToUpper(f.Set.Text(tagPhotometric)),
	}
	l := &p.layout
	if l.stored < 1 || l.stored > 8*l.bytes {
		l.stored = 8 * l.bytes
	}
	if l.high < l.stored-1 || l.high >= 8*l.bytes {
		l.high = l.stored - 1
	}
	l.yuv = strings.HasPrefix(l.photometric, "YBR")
	l.halved = l.photometric == "YBR_FULL_422" && e.Fragments == nil
	if whole(f.Set, tagColumns, 0) != it.W || whole(f.Set, tagRows, 0) != it.H || l.bytes < 1 || l.bytes > 2 {
		return nil, refused(name, "Rows, Columns or Bits Allocated")
	}
	if e.Fragments != nil {
		p.fragments, p.syntax = e.Fragments, f.Syntax
		return p, nil
	}
	p.syntax = part10.ExplicitLittle
	need := int64(l.frameBytes()) * int64(l.frames)
	if need > int64(len(e.Data)) {
		return nil, refused(name, "Pixel Data that are too short")
	}
	p.data = slices.Clone(e.Data[:need]) // what is behind the last frame is nobody's
	p.data = l.clearUnused(p.data)
	if l.bytes == 2 {
		p.vr = "OW"
	}
	return p, nil
}

func (l *layout) frameBytes() int {
	if l.halved {
		return 2 * l.w * l.h
	}
	return l.w * l.h * l.samples * l.bytes
}

// clearUnused takes out the bits that belong to no pixel: overlays were kept there.
func (l *layout) clearUnused(b []byte) []byte {
	if l.stored == 8*l.bytes {
		return b
	}
	shift := l.high + 1 - l.stored
	mask := uint16(1<<l.stored - 1)
	for i := 0; i < len(b); i += l.bytes {
		v := l.sample(b[i:])
		kept := v >> shift & mask
		if l.signed && kept>>(l.stored-1) != 0 {
			kept |= ^mask
		}
		l.put(b[i:], kept<<shift)
	}
	return b
}

func (l *layout) sample(b []byte) uint16 {
	if l.bytes == 1 {
		return uint16(b[0])
	}
	return binary.LittleEndian.Uint16(b)
}

func (l *layout) put(b []byte, v uint16) {
	if l.bytes == 1 {
		b[0] = byte(v)
		return
	}
	binary.LittleEndian.PutUint16(b, v)
}

// blank blanks what the proposal does not keep. Compressed pixels are left byte for byte where nothing is to be blanked and
// nothing hides between them; else they are decoded and written uncompressed.
func (p *pixels) blank(by *Proposal) error {
	keep := by.mask(p.layout.w, p.layout.h)
	p.changed = slices.Contains(keep, false)
	if p.fragments != nil {
		if !p.changed && clean(p.fragments, p.file.Syntax) {
			return nil
		}
		if err := p.decode(); err != nil {
			return err
		}
	}
	if !p.changed {
		return nil
	}
	dark, err := p.dark()
	if err != nil {
		return err
	}
	one := p.layout.frameBytes()
	for i := range p.layout.frames {
		p.layout.blank(p.data[i*one:(i+1)*one], keep, dark)
	}
	return nil
}

// dark is the value of each sample of a black pixel.
func (p *pixels) dark() ([]uint16, error) {
	l := &p.layout
	top := uint16(1<<l.stored-1) << (l.high + 1 - l.stored)
	switch {
	case l.photometric == "PALETTE COLOR":
		return p.darkEntry()
	case l.photometric == "MONOCHROME1" && !l.signed:
		return []uint16{top}, nil
	case l.photometric == "MONOCHROME1":
		return []uint16{top >> 1}, nil
	case l.signed:
		return []uint16{^(top >> 1) & ^uint16(0)}, nil
	case l.yuv:
		return []uint16{0, 128, 128}, nil
	}
	return make([]uint16, l.samples), nil
}

// darkEntry is the number of the darkest colour that the first frame has.
func (p *pixels) darkEntry() ([]uint16, error) {
	f, err := p.item.Frame(0)
	if err != nil {
		return nil, named(err, p.name)
	}
	best, sum := uint16(0), 1<<30
	for i := range p.layout.w * p.layout.h {
		if s := int(f.RGB[3*i]) + int(f.RGB[3*i+1]) + int(f.RGB[3*i+2]); s < sum {
			best, sum = p.layout.sample(p.data[i*p.layout.bytes:]), s
		}
	}
	return []uint16{best}, nil
}

// blank makes the pixels of one frame black that are not kept.
func (l *layout) blank(b []byte, keep []bool, dark []uint16) {
	if l.halved {
		blankPairs(b, keep)
		return
	}
	pixel, sample := l.samples, 1
	if l.planar {
		pixel, sample = 1, l.w*l.h
	}
	for i, k := range keep {
		if k {
			continue
		}
		for s := range l.samples {
			l.put(b[(i*pixel+s*sample)*l.bytes:], dark[s])
		}
	}
}

// blankPairs does so where two pixels share their colour: Y1 Y2 Cb Cr. A kept pixel keeps it.
func blankPairs(b []byte, keep []bool) {
	for i := 0; i+1 < len(keep); i += 2 {
		q := b[2*i : 2*i+4]
		if !keep[i] {
			q[0] = 0
		}
		if !keep[i+1] {
			q[1] = 0
		}
		if !keep[i] && !keep[i+1] {
			q[2], q[3] = 128, 128
		}
	}
}

// decode makes uncompressed pixels of compressed ones: grey as stored, colours as RGB.
func (p *pixels) decode() error {
	l := &p.layout
	if l.signed {
		return refused(p.name, "signed values, compressed")
	}
	p.fragments, p.syntax, p.rewritten = nil, part10.ExplicitLittle, true
	for i := range l.frames {
		f, err := p.item.Frame(i)
		if err != nil {
			return named(err, p.name)
		}
		if i == 0 {
			l.take(f)
			if int64(l.frameBytes())*int64(l.frames) > mostPixels {
				return refused(p.name, fmt.Sprintf("over %d MiB, uncompressed", mostPixels>>20))
			}
			p.data = make([]byte, 0, l.frameBytes()*l.frames)
		}
		if f.RGB != nil {
			p.data = append(p.data, f.RGB...)
			continue
		}
		for _, v := range f.Grey {
			if l.bytes == 1 {
				p.data = append(p.data, byte(v))
			} else {
				p.data = binary.LittleEndian.AppendUint16(p.data, v)
			}
		}
	}
	if l.bytes == 2 {
		p.vr = "OW"
	}
	return nil
}

// take makes the layout that of decoded frames.
func (l *layout) take(f *study.Frame) {
	l.planar, l.halved, l.yuv = false, false, false
	if f.RGB != nil {
		l.samples, l.bytes, l.stored, l.high, l.photometric = 3, 1, 8, 7, "RGB"
		return
	}
	l.samples, l.stored = 1, bits.Len(uint(f.Max))
	l.high, l.bytes = l.stored-1, (l.stored+7)/8
}

// lossy are the methods of transfer syntaxes that lose something.
var lossy = map[string]string{
	"1.2.840.10008.1.2.4.50": "ISO_10918_1", "1.2.840.10008.1.2.4.51": "ISO_10918_1", "1.2.840.10008.1.2.4.81": "ISO_14495_1",
	"1.2.840.10008.1.2.4.91": "ISO_15444_1", "1.2.840.10008.1.2.4.203": "ISO_15444_15",
}

// attributes are those of the image pixel module that tell how the pixels lie now, and that they were compressed once.
func (p *pixels) attributes() part10.Set {
	us := func(t part10.Tag, v int) *part10.Element {
		return &part10.Element{Tag: t, VR: "US", Data: binary.LittleEndian.AppendUint16(nil, uint16(v))}
	}
	l := &p.layout
	out := part10.Set{{Tag: tagPhotometric, VR: "CS", Data: []byte(l.photometric)}}
	if p.rewritten {
		out = append(out, us(tagSamples, l.samples), us(tagAllocated, 8*l.bytes), us(tagStored, l.stored), us(tagHigh, l.high), us(tagSigned, 0))
		if l.samples > 1 {
			out = append(out, us(tagPlanar, 0))
			for t := range kept {
				if t>>16 == 0x0028 && (t&0xff00 == 0x1100 || t&0xff00 == 0x1200) { // palettes
					p.drop = append(p.drop, t)
				}
			}
		} else {
			p.drop = append(p.drop, tagPlanar)
		}
		if method := lossy[p.file.Syntax]; method != "" {
			out = append(out, &part10.Element{Tag: 0x00282110, VR: "CS", Data: []byte("01")})
			if p.file.Set.Text(0x00282114) == "" {
				ratio := float64(len(p.data)) / float64(p.compressed())
				out = append(out, &part10.Element{Tag: 0x00282112, VR: "DS", Data: fmt.Appendf(nil, "%.4g", ratio)},
					&part10.Element{Tag: 0x00282114, VR: "CS", Data: []byte(method)})
			}
		}
	}
	if p.changed {
		kind := p.file.Set.Text(0x00080008)
		if _, rest, ok := strings.Cut(kind, "\\"); ok {
			if v, ok := terms("ImageType", "DERIVED\\"+rest); ok {
				out = append(out, &part10.Element{Tag: 0x00080008, VR: "CS", Data: []byte(v)})
			}
		}
	}
	return out
}

// compressed is how long the source's pixels were.
func (p *pixels) compressed() int {
	n := 0
	for _, f := range p.file.Set.Find(part10.PixelData).Fragments[1:] {
		n += len(f)
	}
	return max(n, 1)
}

// write writes the pixel data element.
func (p *pixels) write(w io.Writer) error {
	if p.fragments != nil {
		return part10.WriteFragments(w, p.fragments)
	}
	if err := part10.WriteNative(w, p.vr, int64(len(p.data))); err != nil {
		return err
	}
	if _, err := w.Write(p.data); err != nil || len(p.data)%2 == 0 {
		return err
	}
	_, err := w.Write([]byte{0})
	return err
}

// segPixels takes over the masks of a segmentation: there is no picture in them.
func segPixels(f *part10.File, name string) (*pixels, error) {
	e := f.Set.Find(part10.PixelData)
	frames, allocated := f.Set.Text(tagFrames), whole(f.Set, tagAllocated, 0)
	n := 0
	if _, err := fmt.Sscanf(frames, "%d", &n); err != nil || e == nil || e.Fragments != nil || n < 1 || f.Set.Text(tagPhotometric) != "MONOCHROME2" {
		return nil, refused(name, "a compressed or damaged segmentation")
	}
	size := (int64(n)*int64(whole(f.Set, tagRows, 0))*int64(whole(f.Set, tagColumns, 0))*int64(allocated) + 7) / 8
	if size < 1 || size > int64(len(e.Data)) {
		return nil, refused(name, "Pixel Data that are too short")
	}
	p := &pixels{file: f, name: name, syntax: part10.ExplicitLittle, vr: "OB", data: e.Data[:size], layout: layout{photometric: "MONOCHROME2"}}
	if allocated == 16 {
		p.vr = "OW"
	}
	return p, nil
}
