// Package jpeglossless decodes the lossless process of JPEG with Huffman codes (ITU-T T.81, Annex H; frame header SOF3):
// all seven predictors, 2 to 16 bits, components interleaved or each in a scan of its own, point transform and restarts.
package jpeglossless

import (
	"io"

	"echoline/internal/study/jpegparts"
)

// Decode decodes one image. It allocates the samples that want stands for and little more.
func Decode(data []byte, want jpegparts.Expect) (*jpegparts.Picture, error) {
	s, err := jpegparts.NewStream(data, want, jpegparts.SOF3)
	if err != nil {
		return nil, err
	}
	var pic *jpegparts.Picture
	for {
		scan, err := s.NextScan()
		if err != nil {
			return nil, err
		}
		if s.Frame.Subsampled() {
			return nil, &jpegparts.UnsupportedError{What: "lossless JPEG with fewer samples of one component"}
		}
		if pic == nil {
			if 8*len(data) < s.Frame.W*s.Frame.H*len(s.Frame.Components) { // a sample takes at least a bit
				return nil, io.ErrUnexpectedEOF
			}
			pic = jpegparts.NewPicture(s.Frame.W, s.Frame.H, len(s.Frame.Components), s.Frame.Precision)
		}
		d, err := newDecoder(s, scan, pic)
		if err != nil {
			return nil, err
		}
		if err := d.decode(); err != nil {
			return nil, err
		}
		if s.Done(d.bits.Used()) {
			return pic, nil
		}
	}
}

// decoder decodes one scan.
type decoder struct {
	bits      *jpegparts.Bits
	planes    []jpegparts.Plane
	rows      [][]uint16 // of the planes, the one that is decoded
	tables    []*jpegparts.Differences
	predictor byte
	first     uint16 // what is predicted for the first sample
	shift     int    // the point transform
	interval  int    // rows from restart to restart
	excess    uint16 // bits that no sample may have before the point transform
}

func newDecoder(s *jpegparts.Stream, scan *jpegparts.Scan, pic *jpegparts.Picture) (*decoder, error) {
	d := &decoder{
		bits: jpegparts.NewBits(s.Rest()), predictor: scan.A, shift: int(scan.C & 15), interval: pic.Planes[0].H,
	}
	if d.predictor < 1 || d.predictor > 7 {
		return nil, jpegparts.Damaged("JPEG predictor %d", d.predictor)
	}
	if d.shift >= pic.Precision {
		return nil, jpegparts.Damaged("a JPEG point transform by %d of %d bits", d.shift, pic.Precision)
	}
	if s.Interval > 0 {
		if s.Interval%s.Frame.W != 0 {
			return nil, jpegparts.Damaged("a JPEG restart every %d samples in rows of %d", s.Interval, s.Frame.W)
		}
		d.interval = s.Interval / s.Frame.W
	}
	d.first = 1 << (pic.Precision - d.shift - 1)
	d.excess = ^uint16(0) << (pic.Precision - d.shift)
	for _, c := range scan.Components {
		t := s.DC[c.Table>>4&3]
		if t == nil {
			return nil, jpegparts.Damaged("a JPEG scan without its Huffman table")
		}
		d.planes, d.tables = append(d.planes, pic.Planes[c.Index]), append(d.tables, jpegparts.NewDifferences(t))
	}
	d.rows = make([][]uint16, len(d.planes))
	return d, nil
}

// decode decodes row by row: first the differences of all components, which sit between each other, into the samples'
// places, then the sums.
func (d *decoder) decode() error {
	for y := range d.planes[0].H {
		inInterval := y % d.interval
		if y > 0 && inInterval == 0 {
			if err := d.bits.Restart(y/d.interval - 1); err != nil {
				return err
			}
		}
		for i, p := range d.planes {
			d.rows[i] = p.Row(y)
		}
		d.bits.Differences(d.rows, d.tables)
		if err := d.bits.Err(); err != nil {
			return err
		}
		for i, row := range d.rows {
			if inInterval == 0 {
				sumLeft(row, d.first)
			} else {
				sum(d.predictor, row, d.planes[i].Row(y-1))
			}
			if union(row)&d.excess != 0 {
				return jpegparts.Damaged("a sample of more bits than the JPEG has")
			}
		}
	}
	for _, p := range d.planes {
		for i := 0; d.shift > 0 && i < len(p.Pix); i++ {
			p.Pix[i] <<= d.shift
		}
	}
	return nil
}

// sumLeft predicts each sample by the one before it.
func sumLeft(row []uint16, first uint16) {
	for x := range row {
		first += row[x]
		row[x] = first
	}
}

// union is all bits that occur.
func union(row []uint16) (bits uint16) {
	for _, v := range row {
		bits |= v
	}
	return bits
}

// sum turns differences into samples, given the row above (T.81 Table H.1). The first sample of a row is predicted by the
// one above it.
func sum(predictor byte, row, above []uint16) {
	above = above[:len(row)]
	row[0] += above[0]
	left, corner := row[0], above[0]
	switch predictor {
	case 1:
		sumLeft(row[1:], left)
	case 2:
		for x := 1; x < len(row); x++ {
			row[x] += above[x]
		}
	case 3:
		for x := 1; x < len(row); x++ {
			row[x] += above[x-1]
		}
	case 4:
		for x := 1; x < len(row); x++ {
			left += above[x] - corner + row[x]
			row[x], corner = left, above[x]
		}
	case 5:
		for x := 1; x < len(row); x++ {
			left += uint16((int32(above[x])-int32(corner))>>1) + row[x]
			row[x], corner = left, above[x]
		}
	case 6:
		for x := 1; x < len(row); x++ {
			left = above[x] + uint16((int32(left)-int32(corner))>>1) + row[x]
			row[x], corner = left, above[x]
		}
	case 7:
		for x := 1; x < len(row); x++ {
			left = uint16((uint32(left)+uint32(above[x]))>>1) + row[x]
			row[x] = left
		}
	}
}
