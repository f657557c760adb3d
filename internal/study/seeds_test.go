package study

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/image/tiff"
)

// madeSeeds are small files of every kind, from which package worker's tests make malformed ones.
func madeSeeds(t *testing.T) map[string][]byte {
	t.Helper()
	jpeg := tinyJPEG("\x01", 100)
	half := len(jpeg) / 2
	offsets := func(fragments ...int) []byte { // of the frames, each of so many fragments of half a JPEG
		var b []byte
		off := 0
		for _, n := range fragments {
			b = append(b, littleExplicit.u32(off)...)
			off += n*8 + len(jpeg)
		}
		return b
	}
	cine := still(8, 8).with(el{"NumberOfFrames", "3"}, el{"FrameTime", "40"})
	words := func(w, h int) []byte { return bytes.Repeat([]byte{0x34, 0x02}, w*h) }
	colour := func(photometric string, n int, es ...el) set {
		return still(4, 4).with(append(es, el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", photometric},
			el{"PixelData", bytes.Repeat([]byte{90, 110, 120, 130}, n/4)})...)
	}
	palette := still(4, 4).with(el{"PhotometricInterpretation", "PALETTE COLOR"})
	for _, c := range []string{"Red", "Green", "Blue"} {
		palette = palette.with(el{c + "PaletteColorLookupTableDescriptor", littleExplicit.u16s(128, 0, 16)},
			el{"Segmented" + c + "PaletteColorLookupTableData", littleExplicit.u16s(0, 2, 0, 500, 1, 126, 60000)})
	}
	stream := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("j2k", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	grey := image.NewGray(image.Rect(0, 0, 5, 4))
	region := set{
		{"RegionSpatialFormat", 1},
		{"RegionDataType", 1},
		{"PhysicalUnitsXDirection", 3},
		{"PhysicalDeltaX", 0.01},
		{"RegionLocationMaxX1", 3},
	}
	flow := palette.with(el{"PhotometricInterpretation", "MONOCHROME2"}, el{"PixelPresentation", "MIXED"})
	return map[string][]byte{
		"flow.dcm":     part10File(explicitLittle, flow),
		"implicit.dcm": part10File(implicitLittle, still(4, 3).with(el{"SequenceOfUltrasoundRegions", []set{region, region}})),
		"regions.dcm":  part10File(explicitLittle, still(4, 3).with(el{"SequenceOfUltrasoundRegions", []set{region, region}})),
		"defined.dcm":  append(append(make([]byte, 128), "DICM"...), slices.Concat(littleExplicit.element(el{"TransferSyntaxUID", explicitLittle}), encoder{order: littleExplicit.order, explicit: true, defined: true}.set(still(4, 3).with(el{"SequenceOfUltrasoundRegions", []set{region}})))...),
		"big.dcm":      part10File(explicitBig, still(4, 3).with(el{"SequenceOfUltrasoundRegions", []set{{}}})),
		"deflated.dcm": deflated(cine.with(el{"PixelData", bytes.Repeat([]byte{1, 2, 3}, 64)})),
		"bare.dcm":     littleExplicit.set(still(4, 3)),
		"cine.dcm":     part10File(explicitLittle, cine.with(el{"PixelData", bytes.Repeat([]byte{1, 2, 3}, 64)})),
		"vector.dcm":   part10File(explicitLittle, cine.with(el{"FrameTimeVector", `0\40\30`}, el{"PixelData", make([]byte, 192)})),
		"signed.dcm":   part10File(explicitLittle, still(4, 4).with(el{"BitsAllocated", 16}, el{"BitsStored", 12}, el{"HighBit", 11}, el{"PixelRepresentation", 1}, el{"WindowCenter", "40"}, el{"WindowWidth", "400"}, el{"RescaleSlope", "2"}, el{"RescaleIntercept", "-1024"}, el{"PixelData", words(4, 4)})),
		"rgb.dcm":      part10File(explicitLittle, colour("RGB", 48)),
		"planes.dcm":   part10File(explicitLittle, colour("YBR_FULL", 48, el{"PlanarConfiguration", 1})),
		"halved.dcm":   part10File(explicitLittle, colour("YBR_FULL_422", 32)),
		"palette.dcm":  part10File(explicitLittle, palette),
		"names.dcm":    part10File(explicitLittle, still(2, 2).with(el{"SpecificCharacterSet", `\ISO 2022 IR 149`}, el{"PatientName", "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"})),
		"rle.dcm":      part10File("1.2.840.10008.1.2.5", still(4, 4).with(el{"NumberOfFrames", "2"}, el{"PixelData", capsule{fragments: [][]byte{packRLE(make([]byte, 16), 16, 1, 1), packRLE(bytes.Repeat([]byte{7, 9}, 8), 16, 1, 1)}}})),
		"jpeg.dcm":     part10File(baseline, cine.with(el{"PixelData", capsule{fragments: [][]byte{jpeg, jpeg, jpeg}}})),
		"pieces.dcm":   part10File(baseline, cine.with(el{"PixelData", capsule{table: offsets(2, 1, 2), fragments: [][]byte{jpeg[:half], jpeg[half:], jpeg, jpeg[:half], jpeg[half:]}}})),
		"j2k.dcm":      part10File("1.2.840.10008.1.2.4.90", still(37, 29).with(el{"PixelData", capsule{fragments: [][]byte{stream("grey8.j2k")}}})),
		"j2krgb.dcm":   part10File("1.2.840.10008.1.2.4.91", still(37, 29).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "YBR_ICT"}, el{"PixelData", capsule{fragments: [][]byte{stream("rgb8-ict.j2k")}}})),
		"htj2k.dcm":    part10File("1.2.840.10008.1.2.4.201", still(37, 29).with(el{"PixelData", capsule{fragments: [][]byte{stream("grey8-ht.j2k")}}})),
		"DICOMDIR":     part10File(explicitLittle, set{{"DirectoryRecordSequence", []set{record("A", "B"), record("..", "C")}}}),
		"pages.tif":    pagesOf(t, grey, grey),
		"deflated.tif": tiffOf(t, grey, tiff.Deflate),
		"grey.png":     encodePNG(t, grey),
		"grey.jpg":     jpegOf(t, 90),
	}
}

func (e encoder) u16s(vs ...int) []byte {
	var b []byte
	for _, v := range vs {
		b = append(b, e.u16(v)...)
	}
	return b
}

const seedDir = "testdata/seeds"

// TestSeeds holds the committed seeds against what makes them; ECHOLINE_WRITE_SEEDS=1 writes them anew. All of them open.
func TestSeeds(t *testing.T) {
	for name, data := range madeSeeds(t) {
		path := filepath.Join(seedDir, name)
		if os.Getenv("ECHOLINE_WRITE_SEEDS") != "" {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "DICOMDIR" {
			continue // it refers to files that are not there
		}
		if !bytes.Equal(kept, data) && filepath.Ext(name) == ".dcm" && name != "deflated.dcm" { // others are packed by the library
			t.Errorf("%s is not what makes it", name)
		}
		if f := openBytes(t, name, kept); f.Refused != nil && f.Refused.Code != CodeOpenJPEG {
			t.Errorf("%s: %v", name, f.Refused)
		}
	}
}
