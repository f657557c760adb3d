package study

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"golang.org/x/image/tiff"

	"echoline/internal/fault"
)

func encodePNG(tb testing.TB, im image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// pngOf is a small grey picture with one value.
func pngOf(tb testing.TB, v uint8) []byte {
	tb.Helper()
	im := image.NewGray(image.Rect(0, 0, 3, 2))
	im.Pix[0] = v
	return encodePNG(tb, im)
}

func jpegOf(tb testing.TB, v uint8) []byte {
	tb.Helper()
	im := image.NewGray(image.Rect(0, 0, 3, 2))
	for i := range im.Pix {
		im.Pix[i] = v
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func tiffOf(tb testing.TB, im image.Image, c tiff.CompressionType) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := tiff.Encode(&b, im, &tiff.Options{Compression: c}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestPictures(t *testing.T) {
	grey := &image.Gray{Pix: []uint8{0, 7, 255, 1, 2, 3}, Stride: 3, Rect: image.Rect(0, 0, 3, 2)}
	grey16 := image.NewGray16(grey.Rect)
	rgb := image.NewRGBA(grey.Rect)
	half := image.NewNRGBA(grey.Rect)
	shades := image.NewPaletted(grey.Rect, color.Palette{color.Gray{0}, color.Gray{7}, color.Gray{255}})
	hues := image.NewPaletted(grey.Rect, color.Palette{color.Black, color.RGBA{7, 0, 0, 255}})
	for i := range 6 {
		x, y := i%3, i/3
		grey16.SetGray16(x, y, color.Gray16{uint16(i) * 1000})
		rgb.SetRGBA(x, y, color.RGBA{uint8(i), 100, 200, 255})
		half.SetNRGBA(x, y, color.NRGBA{200, 100, 0, 128})
		shades.SetColorIndex(x, y, uint8(i%3))
		hues.SetColorIndex(x, y, uint8(i%2))
	}
	sub := grey.SubImage(image.Rect(1, 0, 3, 2))
	for name, c := range map[string]struct {
		data []byte
		grey []uint16
		top  int
		rgb  []uint8 // the first pixels
	}{
		"PNG grey":         {encodePNG(t, grey), []uint16{0, 7, 255, 1, 2, 3}, 255, nil},
		"PNG part of grey": {encodePNG(t, sub), []uint16{7, 255, 2, 3}, 255, nil},
		"PNG 16 bits":      {encodePNG(t, grey16), []uint16{0, 1000, 2000, 3000, 4000, 5000}, 65535, nil},
		"PNG colour":       {encodePNG(t, rgb), nil, 255, []uint8{0, 100, 200, 1, 100, 200}},
		"PNG transparent":  {encodePNG(t, half), nil, 255, []uint8{100, 50, 0}},
		"PNG grey palette": {encodePNG(t, shades), []uint16{0, 7, 255, 0, 7, 255}, 255, nil},
		"PNG palette":      {encodePNG(t, hues), nil, 255, []uint8{0, 0, 0, 7, 0, 0}},
		"TIFF grey":        {tiffOf(t, grey, tiff.Uncompressed), []uint16{0, 7, 255, 1, 2, 3}, 255, nil},
		"TIFF 16 bits":     {tiffOf(t, grey16, tiff.Deflate), []uint16{0, 1000, 2000, 3000, 4000, 5000}, 65535, nil},
		"TIFF colour":      {tiffOf(t, rgb, tiff.Uncompressed), nil, 255, []uint8{0, 100, 200, 1, 100, 200}},
		"TIFF palette":     {tiffOf(t, hues, tiff.Uncompressed), nil, 255, []uint8{0, 0, 0, 7, 0, 0}},
		"JPEG grey":        {jpegOf(t, 128), []uint16{128, 128, 128, 128, 128, 128}, 255, nil},
	} {
		t.Run(name, func(t *testing.T) {
			it := mustOpen(t, c.data)
			f := mustFrame(t, it, 0)
			if f.W != it.W || f.H != it.H || f.Max != c.top || f.Window != fullWindow(c.top) || it.Frames != 1 || it.Header != nil {
				t.Errorf("item %+v, frame %d×%d max %d window %v", it, f.W, f.H, f.Max, f.Window)
			}
			if !slices.Equal(f.Grey, c.grey) {
				t.Errorf("grey %v, want %v", f.Grey, c.grey)
			}
			if !bytes.HasPrefix(f.RGB, c.rgb) || (c.rgb == nil) != (f.RGB == nil) {
				t.Errorf("colour %v, want %v", f.RGB, c.rgb)
			}
		})
	}
}

func TestColourJPEG(t *testing.T) {
	im := image.NewRGBA(image.Rect(0, 0, 20, 20))
	for i := range 400 {
		im.SetRGBA(i%20, i/20, color.RGBA{200, 50, 30, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	f := mustFrame(t, mustOpen(t, b.Bytes()), 0)
	for i, v := range f.RGB {
		if d := int(v) - []int{200, 50, 30}[i%3]; d < -3 || d > 3 {
			t.Fatalf("%v at %d", f.RGB[i/3*3:i/3*3+3], i/3)
		}
	}
}

// A file cut anywhere is refused, or fails when it is decoded: half an image is never shown as a whole one.
func TestCutPictures(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 30, 20))
	for i := range grey.Pix {
		grey.Pix[i] = uint8(i * i)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, grey, nil); err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string][]byte{
		"x.png": encodePNG(t, grey), "x.tif": tiffOf(t, grey, tiff.Uncompressed), "x.jpg": b.Bytes(),
	} {
		want := mustFrame(t, openBytes(t, name, whole).Item, 0)
		for n := 1; n < len(whole); n += 1 + len(whole)/60 {
			f := openBytes(t, name, whole[:n])
			if f.Refused == nil { // only what is not needed is missing
				if got, err := f.Item.Frame(0); err == nil && !slices.Equal(got.Grey, want.Grey) {
					t.Errorf("%s cut at %d of %d is shown", name, n, len(whole))
				}
				continue
			}
			switch f.Refused.Code {
			case CodeTruncated, CodeDamaged, CodeNotImage:
			default:
				t.Errorf("%s cut at %d: %v", name, n, f.Refused)
			}
		}
	}
}

func TestDamagedPNG(t *testing.T) {
	b := pngOf(t, 9)
	b[45] ^= 1
	wantFault(t, openBytes(t, "x.png", b), CodeDamaged)
}

// Sizes are checked before the pixels are unpacked.
func TestGiantPicture(t *testing.T) {
	b := pngOf(t, 9)
	for _, at := range []int{16, 20} { // width and height in the header
		copy(b[at:], []byte{0, 0, 0x3f, 0xff})
	}
	f := openBytes(t, "x.png", b)
	if f.Refused == nil || (f.Refused.Code != CodeTooLarge && f.Refused.Code != CodeDamaged) {
		t.Error(f.Refused)
	}
	if err := checkSize(image.Config{Width: 16384, Height: 16384, ColorModel: color.GrayModel}); fault.CodeOf(err) != CodeTooLarge {
		t.Error(err)
	}
	if err := checkSize(image.Config{Width: 20000, Height: 1, ColorModel: color.GrayModel}); fault.CodeOf(err) != CodeTooLarge {
		t.Error(err)
	}
}

// jpegOfSize is a larger grey picture with some texture.
func jpegOfSize(tb testing.TB, w, h int) []byte {
	tb.Helper()
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = uint8(i*i>>7 + i/w)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, nil); err != nil {
		tb.Fatal(err)
	}
	if b.Len()%2 != 0 {
		b.WriteByte(0)
	}
	return b.Bytes()
}

// pagesOf joins single pictures to one TIFF file. The encoder leaves the offset of the next directory 0 behind the last
// entry of its only one, and all offsets count from the beginning of the file.
func pagesOf(tb testing.TB, ims ...image.Image) []byte {
	tb.Helper()
	var out []byte
	link := 4 // where the offset of the next page goes
	for _, im := range ims {
		b := tiffOf(tb, im, tiff.Uncompressed)
		base := uint32(len(out))
		le := binary.LittleEndian
		dir := le.Uint32(b[4:])
		n := int(le.Uint16(b[dir:]))
		for i := range n {
			e := b[int(dir)+2+12*i:]
			kind, count := le.Uint16(e[2:]), le.Uint32(e[4:])
			wide := map[uint16]uint32{1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[kind]
			if le.Uint16(e) == tiffStripOffsets || wide*count > 4 {
				le.PutUint32(e[8:], le.Uint32(e[8:])+base)
			}
		}
		out = append(out, b...)
		le.PutUint32(out[link:], base+dir)
		link = int(base) + int(dir) + 2 + 12*n
	}
	return out
}

func TestPagesOfTIFFAreFrames(t *testing.T) {
	page := func(w int, v uint8) image.Image {
		im := image.NewGray(image.Rect(0, 0, w, 2))
		im.Pix[0] = v
		return im
	}
	data := pagesOf(t, page(3, 10), page(3, 20), page(1, 99), page(3, 30)) // the narrow one is a thumbnail
	it := mustOpen(t, data)
	if it.Frames != 3 {
		t.Fatalf("%d frames", it.Frames)
	}
	for i, want := range []uint16{10, 20, 30} {
		if f := mustFrame(t, it, i); f.Grey[0] != want || f.W != 3 {
			t.Errorf("frame %d: %v", i, f.Grey)
		}
	}
	dir := binary.LittleEndian.Uint32(data[4:])
	n := binary.LittleEndian.Uint16(data[dir:])
	copy(data[int(dir)+2+12*int(n):], data[4:8]) // the first page follows itself
	wantFault(t, openBytes(t, "x.tif", data), CodeDamaged)
}
