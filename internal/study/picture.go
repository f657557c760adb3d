package study

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"echoline/internal/fault"
)

// Limits on pictures of any format, checked before anything is allocated for them.
const (
	maxSide       = 16384
	maxFrames     = 20000
	maxFrameBytes = 256 << 20
)

// format is a kind of picture file that is not DICOM.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	whole  func(r io.ReaderAt, size int64) error            // tells cheaply whether the file is all there
	pages  func(r io.ReaderAt, size int64) ([]int64, error) // where the pages of a file lie; nil if it has just one
}

var (
	pngFormat  = &format{png.DecodeConfig, png.Decode, wholePNG, nil}
	jpegFormat = &format{jpeg.DecodeConfig, jpeg.Decode, wholeJPEG, nil}
	tiffFormat = &format{tiff.DecodeConfig, tiff.Decode, wholeTIFF, tiffPages}
	bmpFormat  = &format{bmpConfig, bmp.Decode, wholeBMP, nil}
	webpFormat = &format{webp.DecodeConfig, decodeWebP, wholeWebP, nil}
)

// pictureFormat tells the format by the file's first bytes; nil for none of them.
func pictureFormat(head []byte) *format {
	starts := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case starts("\x89PNG\r\n\x1a\n"):
		return pngFormat
	case starts("\xff\xd8\xff"):
		return jpegFormat
	case starts("II*\x00"), starts("MM\x00*"):
		return tiffFormat
	case starts("BM") && len(head) >= bmpHead && binary.LittleEndian.Uint32(head[6:]) == 0: // two words of nothing
		return bmpFormat
	case starts("RIFF") && len(head) >= webpHead && string(head[8:12]) == "WEBP":
		return webpFormat
	}
	return nil
}

// openPicture describes a file that is not DICOM without decoding its pixels.
func openPicture(f io.ReaderAt, o original, kind *format) (pictureSource, *Item, error) {
	src := pictureSource{size: o.size, kind: kind}
	c, err := kind.config(io.NewSectionReader(f, 0, o.size))
	if err != nil {
		return src, nil, decoderFault(err)
	}
	it := &Item{Path: o.path, W: c.Width, H: c.Height, Frames: 1, Photometric: "RGB"}
	if c.ColorModel == color.GrayModel || c.ColorModel == color.Gray16Model {
		it.Photometric = "MONOCHROME2"
	}
	if err := checkSize(c); err != nil {
		return src, it, err
	}
	if err := kind.whole(f, o.size); err != nil {
		return src, it, err
	}
	if kind.pages != nil {
		if src.pages, err = samePages(f, o.size, kind, c); err != nil {
			return src, it, err
		}
		it.Frames = len(src.pages)
	}
	return src, it, nil
}

// samePages lists the pages that are as large as the first, which has config c: the frames of a cine. Others are
// thumbnails and reduced copies.
func samePages(f io.ReaderAt, size int64, kind *format, c image.Config) ([]int64, error) {
	pages, err := kind.pages(f, size)
	if err != nil {
		return nil, err
	}
	same := pages[:1]
	for _, p := range pages[1:] {
		page, err := kind.config(io.NewSectionReader(pageOf{f, p}, 0, size))
		if err != nil {
			return nil, decoderFault(err)
		}
		if page.Width == c.Width && page.Height == c.Height {
			same = append(same, p)
		}
	}
	return same, nil
}

// checkSize holds a picture against the limits, by the memory that its decoder takes.
func checkSize(c image.Config) error {
	if c.Width < 1 || c.Height < 1 {
		return damaged("%d×%d pixels", c.Width, c.Height)
	}
	bytes := int64(4)
	switch c.ColorModel {
	case color.GrayModel:
		bytes = 2
	case color.RGBA64Model, color.NRGBA64Model:
		bytes = 8
	}
	if c.Width > maxSide || c.Height > maxSide || int64(c.Width)*int64(c.Height)*bytes > maxFrameBytes {
		return tooLarge("%d×%d", c.Width, c.Height)
	}
	return nil
}

type pictureSource struct {
	size  int64
	kind  *format
	pages []int64 // of the frames, where a file can have several
}

func (s pictureSource) frameFrom(src io.ReaderAt, i int) (*Frame, error) {
	if s.pages != nil {
		src = pageOf{src, s.pages[i]}
	}
	c, err := s.kind.config(io.NewSectionReader(src, 0, s.size))
	if err == nil {
		err = checkSize(c)
	}
	if err != nil {
		return nil, decoderFault(err)
	}
	// The TIFF decoder reads at offsets; the others read on and on, for which a buffer is better.
	var in io.Reader = io.NewSectionReader(src, 0, s.size)
	if s.pages == nil {
		in = bufio.NewReaderSize(in, 64<<10)
	}
	im, err := s.kind.decode(in)
	if err != nil {
		return nil, decoderFault(err)
	}
	return pictureFrame(im), nil
}

// decoderFault sorts what a decoder says: the end of the file came early, or the content is wrong.
func decoderFault(err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated()
	}
	return fault.New(CodeDamaged, "", err, nil)
}

// pictureFrame takes the pixels over: grey stays grey, colours lose what they have over 8 bits, and what is transparent
// lies on black.
func pictureFrame(im image.Image) *Frame {
	b := im.Bounds()
	f := &Frame{W: b.Dx(), H: b.Dy(), Max: 255}
	n := f.W * f.H
	switch p := im.(type) {
	case *image.Gray:
		f.Grey = make([]uint16, n)
		for y := range f.H {
			row := p.Pix[y*p.Stride : y*p.Stride+f.W]
			for x, v := range row {
				f.Grey[y*f.W+x] = uint16(v)
			}
		}
	case *image.Gray16:
		f.Grey, f.Max = make([]uint16, n), 65535
		for y := range f.H {
			for x := range f.W {
				f.Grey[y*f.W+x] = binary.BigEndian.Uint16(p.Pix[y*p.Stride+2*x:])
			}
		}
	case *image.Paletted:
		if isGrey(p.Palette) {
			f.Grey = make([]uint16, n)
			f.each(func(i, x, y int) { f.Grey[i] = uint16(rgb8(p.Palette[p.Pix[y*p.Stride+x]])[0]) })
			break
		}
		f.RGB = make([]uint8, 3*n)
		f.each(func(i, x, y int) {
			c := rgb8(p.Palette[p.Pix[y*p.Stride+x]])
			copy(f.RGB[3*i:], c[:])
		})
	case *image.YCbCr:
		f.RGB = make([]uint8, 3*n)
		planesOf(p).toRGB(f.RGB)
	default:
		f.RGB = make([]uint8, 3*n)
		f.each(func(i, x, y int) {
			c := rgb8(im.At(b.Min.X+x, b.Min.Y+y))
			copy(f.RGB[3*i:], c[:])
		})
	}
	f.Window = f.extent()
	if f.Max > 255 { // a picture file's range is what its maker chose
		f.Window = fullWindow(f.Max)
	}
	return f
}

// each visits the pixels row by row.
func (f *Frame) each(visit func(i, x, y int)) {
	for y := range f.H {
		for x := range f.W {
			visit(y*f.W+x, x, y)
		}
	}
}

// isGrey tells whether all colours are shades of grey.
func isGrey(p color.Palette) bool {
	for _, c := range p {
		if v := rgb8(c); v[0] != v[1] || v[1] != v[2] {
			return false
		}
	}
	return true
}

// rgb8 is the colour over black.
func rgb8(c color.Color) [3]uint8 {
	r, g, b, _ := c.RGBA()
	return [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
}

// wholePNG walks the chunks to the end mark and checks the sums of their headers' and pixels' bytes.
func wholePNG(r io.ReaderAt, size int64) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r, 8, size-8), 64<<10)
	for {
		var head [8]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return decoderFault(err)
		}
		kind := string(head[4:])
		h := crc32.NewIEEE()
		h.Write(head[4:])
		n := int64(binary.BigEndian.Uint32(head[:4]))
		if _, err := io.CopyN(h, in, n); err != nil {
			return decoderFault(err)
		}
		var want [4]byte
		if _, err := io.ReadFull(in, want[:]); err != nil {
			return decoderFault(err)
		}
		if h.Sum32() != binary.BigEndian.Uint32(want[:]) {
			return damaged("checksum of PNG chunk %q", kind)
		}
		if kind == "IEND" {
			return nil
		}
	}
}

// wholeJPEG looks for the end mark behind the last byte of a scan.
func wholeJPEG(r io.ReaderAt, size int64) error {
	// Some writers pad; an end mark inside a thumbnail stands near the beginning and is not met here.
	const tail = 4096
	n := min(size, tail)
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-n); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !bytes.Contains(b, []byte{0xff, 0xd9}) {
		return errTruncated()
	}
	return nil
}
