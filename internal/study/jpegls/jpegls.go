// Package jpegls decodes JPEG-LS (ITU-T T.87), lossless and near-lossless: 2 to 16 bits, components interleaved by line, by
// sample or each in a scan of its own, preset parameters and restarts. Mapping tables, point transforms and the colour
// transforms of one maker are refused by name.
package jpegls

import (
	"encoding/binary"
	"strings"

	"echoline/internal/study/jpegparts"
)

// How the components of a scan lie between each other.
const (
	byPlane  = 0
	bySample = 2 // 1: by line
)

// Decode decodes one image. It allocates the samples that want stands for, a few lines, and tables of at most 128 KiB.
func Decode(data []byte, want jpegparts.Expect) (*jpegparts.Picture, error) {
	s, err := jpegparts.NewStream(data, want, jpegparts.LS55)
	if err != nil {
		return nil, err
	}
	d := &decoder{stream: s}
	s.Other = d.segment
	for {
		scan, err := s.NextScan()
		if err != nil {
			return nil, err
		}
		if d.pic == nil {
			if s.Frame.Subsampled() {
				return nil, &jpegparts.UnsupportedError{What: "JPEG-LS with fewer samples of one component"}
			}
			d.pic = jpegparts.NewPicture(s.Frame.W, s.Frame.H, len(s.Frame.Components), s.Frame.Precision)
		}
		used, err := d.scan(scan)
		if err != nil {
			return nil, err
		}
		if s.Done(used) {
			return d.pic, nil
		}
	}
}

// decoder decodes one image.
type decoder struct {
	stream *jpegparts.Stream
	pic    *jpegparts.Picture
	preset preset
	model  *model // of the scan before; its tables serve again if nothing has changed
}

// segment takes preset parameters and refuses what would change the meaning of the samples.
func (d *decoder) segment(mark byte, b []byte) error {
	switch {
	case mark == jpegparts.APP8 && len(b) >= 5 && strings.HasPrefix(string(b), "mrfx") && b[4] != 0:
		return &jpegparts.UnsupportedError{What: "JPEG-LS with a colour transform"}
	case mark != jpegparts.LSE:
		return nil
	case len(b) < 1:
		return jpegparts.Damaged("JPEG-LS parameters of 0 bytes")
	case b[0] == 2 || b[0] == 3:
		return &jpegparts.UnsupportedError{What: "JPEG-LS with a mapping table"}
	case b[0] != 1:
		return &jpegparts.UnsupportedError{What: "JPEG-LS of more than 65535 lines or columns"}
	case len(b) < 11:
		return jpegparts.Damaged("JPEG-LS parameters of %d bytes", len(b))
	}
	for i := range d.preset {
		d.preset[i] = int(binary.BigEndian.Uint16(b[1+2*i:]))
	}
	return nil
}

// scan decodes one scan and returns how many bytes it took.
func (d *decoder) scan(scan *jpegparts.Scan) (int, error) {
	near, mode, n := int(scan.A), scan.B, len(scan.Components)
	switch {
	case scan.C&15 != 0:
		return 0, &jpegparts.UnsupportedError{What: "JPEG-LS with a point transform"}
	case mode > bySample, mode == byPlane && n > 1:
		return 0, jpegparts.Damaged("JPEG-LS interleave mode %d of %d components", mode, n)
	}
	planes := make([]jpegparts.Plane, n)
	for i, c := range scan.Components {
		if c.Table != 0 {
			return 0, &jpegparts.UnsupportedError{What: "JPEG-LS with a mapping table"}
		}
		planes[i] = d.pic.Planes[c.Index]
	}
	p, err := d.preset.resolve(d.pic.Precision, near)
	if err != nil {
		return 0, err
	}
	d.pic.Near = max(d.pic.Near, near)
	if d.model == nil || d.model.parameters != p {
		d.model = newModel(p)
	}
	s := &scanner{model: d.model, in: reader{data: d.stream.Rest()}, planes: planes, w: planes[0].W, h: planes[0].H}
	err = s.decode(mode == bySample && n > 1, d.stream.Interval)
	return s.in.at, err
}
