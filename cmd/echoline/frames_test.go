package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study/dcmwrite"
)

// writeStudy makes a folder with a DICOM cine of two frames, pictures of 8 and 16 bits, a colour one of a name that is
// there already, a broken file and a text.
func writeStudy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cine := dcmwrite.Set{
		dcmwrite.Text("SOPClassUID", "1.2.840.10008.5.1.4.1.1.3.1"), dcmwrite.Text("SOPInstanceUID", "2.25.1"),
		dcmwrite.Text("Modality", "US"), dcmwrite.Text("PatientName", "Secret^Name"),
		dcmwrite.Ints("Rows", 1), dcmwrite.Ints("Columns", 3), dcmwrite.Text("NumberOfFrames", "2"),
		dcmwrite.Ints("SamplesPerPixel", 1), dcmwrite.Text("PhotometricInterpretation", "MONOCHROME2"),
		dcmwrite.Ints("BitsAllocated", 8), dcmwrite.Ints("BitsStored", 8), dcmwrite.Ints("HighBit", 7),
		dcmwrite.Ints("PixelRepresentation", 0), dcmwrite.Text("WindowCenter", "10"), dcmwrite.Text("WindowWidth", "5"),
		dcmwrite.Seq("SequenceOfUltrasoundRegions", dcmwrite.Set{
			dcmwrite.Ints("RegionSpatialFormat", 1), dcmwrite.Ints("RegionDataType", 1),
			dcmwrite.Ints("RegionLocationMinX0", 0), dcmwrite.Ints("RegionLocationMinY0", 0),
			dcmwrite.Ints("RegionLocationMaxX1", 2), dcmwrite.Ints("RegionLocationMaxY1", 0),
			dcmwrite.Ints("PhysicalUnitsXDirection", 3), dcmwrite.Ints("PhysicalUnitsYDirection", 3),
			dcmwrite.Floats("PhysicalDeltaX", 0.01), dcmwrite.Floats("PhysicalDeltaY", 0.02),
		}),
		dcmwrite.Pixels(8, []byte{1, 2, 3, 40, 50, 60}),
	}
	if err := dcmwrite.WriteFile(filepath.Join(dir, "cine.dcm"), cine, 0o600); err != nil {
		t.Fatal(err)
	}
	save := func(name string, im image.Image) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rect := image.Rect(0, 0, 2, 1)
	save("a.png", &image.Gray{Pix: []uint8{7, 200}, Stride: 2, Rect: rect})
	save("deep.png", &image.Gray16{Pix: []uint8{0x12, 0x34, 0xff, 0xfe}, Stride: 4, Rect: rect})
	colour := image.NewRGBA(rect)
	colour.SetRGBA(1, 0, color.RGBA{1, 2, 3, 255})
	save("sub/a.png", colour)
	for name, text := range map[string]string{"broken.png": "\x89PNG\r\n\x1a\n", "notes.txt": "no image at all"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFramesWritesWhatIsStored(t *testing.T) {
	dir, out := writeStudy(t), filepath.Join(t.TempDir(), "made", "here")
	var log bytes.Buffer
	err := writeFrames(t.Context(), out, []string{dir}, newReporter(&log, true))
	if fault.CodeOf(err) != codeFramesFailed {
		t.Errorf("a broken file gives %v", err)
	}
	if s := log.String(); !strings.Contains(s, "broken.png") || strings.Contains(s, "Secret") || strings.Count(s, "\n") != 1 {
		t.Errorf("log: %s", s)
	}
	want := map[string][]color.Color{
		"a.f0001.png":    {color.Gray{7}, color.Gray{200}},
		"deep.f0001.png": {color.Gray16{0x1234}, color.Gray16{0xfffe}},
		"a-2.f0001.png":  {color.RGBA{0, 0, 0, 255}, color.RGBA{1, 2, 3, 255}},
		"cine.f0001.png": {color.Gray{1}, color.Gray{2}, color.Gray{3}},
		"cine.f0002.png": {color.Gray{40}, color.Gray{50}, color.Gray{60}},
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != len(want) {
		t.Errorf("%d files, want %d (%v)", len(entries), len(want), err)
	}
	for name, colours := range want {
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Error(err)
			continue
		}
		im, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if im.Bounds() != image.Rect(0, 0, len(colours), 1) {
			t.Errorf("%s: bounds %v", name, im.Bounds())
		}
		for x, c := range colours {
			if im.At(x, 0) != c {
				t.Errorf("%s: pixel %d is %v, want %v", name, x, im.At(x, 0), c)
			}
		}
	}
}

func TestFramesFaults(t *testing.T) {
	dir := writeStudy(t)
	quiet := func() *reporter { return newReporter(&bytes.Buffer{}, true) }
	taken := filepath.Join(dir, "notes.txt")
	if err := writeFrames(t.Context(), taken, []string{dir}, quiet()); fault.CodeOf(err) != codeFramesOut {
		t.Errorf("a file as folder: %v", err)
	}
	if err := writeFrames(t.Context(), t.TempDir(), []string{filepath.Join(dir, "missing")}, quiet()); fault.CodeOf(err) != codeFramesFailed {
		t.Errorf("nothing there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := writeFrames(ctx, t.TempDir(), []string{dir}, quiet()); fault.CodeOf(err) != codeFramesEnded {
		t.Errorf("interrupted: %v", err)
	}
}

func TestFramesAndInfoUsage(t *testing.T) {
	for _, args := range [][]string{{"frames"}, {"frames", "x.png"}, {"frames", "--out", "d"}, {"info"}, {"info", "--no-such-flag", "x"}} {
		root := newRoot()
		root.SetArgs(args)
		if err := root.Execute(); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	for _, c := range []string{"frames", "info"} {
		var b bytes.Buffer
		root := newRoot()
		root.SetOut(&b)
		root.SetArgs([]string{c, "--help"})
		if err := root.Execute(); err != nil || !strings.Contains(b.String(), "  echoline "+c+" ") {
			t.Errorf("help of %s (%v): %s", c, err, b.String())
		}
	}
}
