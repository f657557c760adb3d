// Package jpegdct decodes the sequential DCT processes of JPEG with Huffman codes (ITU-T T.81, Annex F; frame headers SOF0
// and SOF1) with samples of 8 or 12 bits: what image/jpeg leaves out. Colour is left to the caller: components come as
// they are, each in its own size.
package jpegdct

import (
	"encoding/binary"

	"echoline/internal/study/jpegparts"
)

// Decode decodes one image. A component that has fewer samples than the others comes as a smaller plane. It allocates the samples that want stands for and little more.
func Decode(data []byte, want jpegparts.Expect) (*jpegparts.Picture, error) {
	s, err := jpegparts.NewStream(data, want, jpegparts.SOF0, jpegparts.SOF1)
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
			if err := d.start(s.Frame); err != nil {
				return nil, err
			}
		}
		if err := d.scan(scan); err != nil {
			return nil, err
		}
		if s.Done(d.bits.Used()) {
			return d.pic, nil
		}
	}
}

// decoder decodes one image.
type decoder struct {
	stream     *jpegparts.Stream
	quantisers [4]*[blockSize]int32 // in zigzag order
	pic        *jpegparts.Picture
	h, v       int // the largest sampling factors
	bits       *jpegparts.Bits
}

// part is a component of a scan.
type part struct {
	plane     jpegparts.Plane
	dc, ac    *jpegparts.Huffman
	quantiser *[blockSize]int32
	h, v      int   // blocks in an MCU across and down
	last      int32 // the DC coefficient before
}

// segment takes quantisation tables.
func (d *decoder) segment(mark byte, b []byte) error {
	if mark != jpegparts.DQT {
		return nil
	}
	for len(b) > 0 {
		wide := int(b[0] >> 4)
		n := blockSize * (1 + wide)
		if wide > 1 || b[0]&15 > 3 || len(b) < 1+n {
			return jpegparts.Damaged("JPEG quantisation table")
		}
		t := new([blockSize]int32)
		for i := range t {
			if wide == 1 {
				t[i] = int32(binary.BigEndian.Uint16(b[1+2*i:]))
			} else {
				t[i] = int32(b[1+i])
			}
		}
		d.quantisers[b[0]&15] = t
		b = b[1+n:]
	}
	return nil
}

// start allocates the picture.
func (d *decoder) start(f *jpegparts.Frame) error {
	if f.Precision != 8 && f.Precision != 12 {
		return jpegparts.Damaged("a JPEG of %d bits by DCT", f.Precision)
	}
	for _, c := range f.Components {
		d.h, d.v = max(d.h, c.H), max(d.v, c.V)
	}
	d.pic = &jpegparts.Picture{Precision: f.Precision}
	for _, c := range f.Components {
		if d.h%c.H != 0 || d.v%c.V != 0 {
			return &jpegparts.UnsupportedError{What: "JPEG with sampling factors that do not divide"}
		}
		d.pic.Planes = append(d.pic.Planes, jpegparts.NewPlane(f.W, f.H, d.h/c.H, d.v/c.V))
	}
	return nil
}

// parts gathers what the scan needs.
func (d *decoder) parts(scan *jpegparts.Scan) ([]part, error) {
	s := d.stream
	out := make([]part, 0, len(scan.Components))
	blocks := 0
	for _, c := range scan.Components {
		f := s.Frame.Components[c.Index]
		p := part{
			plane: d.pic.Planes[c.Index], quantiser: d.quantisers[f.Table],
			dc: s.DC[c.Table>>4&3], ac: s.AC[c.Table&3], h: f.H, v: f.V,
		}
		if p.dc == nil || p.ac == nil || p.quantiser == nil {
			return nil, jpegparts.Damaged("a JPEG scan without its tables")
		}
		if len(scan.Components) == 1 { // not interleaved: one block is an MCU, whatever the factors
			p.h, p.v = 1, 1
		}
		blocks += p.h * p.v
		out = append(out, p)
	}
	if blocks > 10 {
		return nil, jpegparts.Damaged("%d JPEG blocks at a time", blocks)
	}
	return out, nil
}

// scan decodes one scan, MCU by MCU.
func (d *decoder) scan(scan *jpegparts.Scan) error {
	// Some writers leave the range of coefficients in the scan header empty. It can only be all of them.
	parts, err := d.parts(scan)
	if err != nil {
		return err
	}
	d.bits = jpegparts.NewBits(d.stream.Rest())
	p := parts[0]
	across, down := ceil(p.plane.W, 8*p.h), ceil(p.plane.H, 8*p.v)
	if len(parts) > 1 {
		across, down = ceil(d.stream.Frame.W, 8*d.h), ceil(d.stream.Frame.H, 8*d.v)
	}
	for y := range down {
		for x := range across {
			if n := y*across + x; d.stream.Interval > 0 && n > 0 && n%d.stream.Interval == 0 {
				if err := d.restart(parts, n/d.stream.Interval-1); err != nil {
					return err
				}
			}
			d.mcu(parts, x, y)
		}
		if err := d.bits.Err(); err != nil {
			return err
		}
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }

// restart begins anew behind restart mark n, counted from 0.
func (d *decoder) restart(parts []part, n int) error {
	if err := d.bits.Err(); err != nil {
		return err
	}
	for i := range parts {
		parts[i].last = 0
	}
	return d.bits.Restart(n)
}

// mcu decodes the MCU in column x of row y.
func (d *decoder) mcu(parts []part, x, y int) {
	var block [blockSize]int32
	for i := range parts {
		p := &parts[i]
		for k := range p.h * p.v {
			bx, by := 8*(x*p.h+k%p.h), 8*(y*p.v+k/p.h)
			block = [blockSize]int32{}
			flat := p.block(d.bits, &block)
			// Blocks beyond the border only fill up the MCU.
			if bx < p.plane.W && by < p.plane.H {
				put(p.plane, bx, by, &block, flat, d.pic.Precision)
			}
		}
	}
}

// block decodes the coefficients of one block, multiplied by the quantiser, in rows. It tells whether all but the first
// are 0.
func (p *part) block(b *jpegparts.Bits, out *[blockSize]int32) (flat bool) {
	p.last += b.Receive(b.Symbol(p.dc))
	out[0] = bounded(p.last, p.quantiser[0])
	flat = true
	for k := 1; k < blockSize; k++ {
		symbol := b.Symbol(p.ac)
		run, category := symbol>>4, symbol&15
		if category == 0 {
			if run != 15 {
				break // the rest is 0
			}
			k += run
			continue // sixteen zeros
		}
		k += run
		v := b.Receive(category)
		if k >= blockSize {
			b.Refuse()
			break
		}
		out[zigzag[k]] = bounded(v, p.quantiser[k])
		flat = false
	}
	return flat
}

// bounded is a coefficient of a size that valid streams do not exceed and sums of 64 do not overflow.
func bounded(v, quantiser int32) int32 {
	const bound = 1 << 16
	return int32(min(max(int64(v)*int64(quantiser), -bound), bound))
}

// zigzag gives the place of the coefficients in rows (T.81 Figure A.6).
var zigzag = func() (out [blockSize]uint8) {
	x, y := 0, 0
	for i := range out {
		out[i] = uint8(8*y + x)
		switch up := (x+y)%2 == 0; {
		case up && x == 7, !up && y != 7 && x == 0:
			y++
		case up && y == 0, !up && y == 7:
			x++
		case up:
			x, y = x+1, y-1
		default:
			x, y = x-1, y+1
		}
	}
	return out
}()
