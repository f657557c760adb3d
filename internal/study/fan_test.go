package study

import (
	"encoding/csv"
	"errors"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

func TestFanRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := Fan{
			X: rapid.Float64Range(-20, 60).Draw(t, "x"), Y: rapid.Float64Range(-40, 20).Draw(t, "y"),
			From: rapid.Float64Range(0, 30).Draw(t, "from"), Left: -rapid.Float64Range(0.05, 1.3).Draw(t, "left"), Right: rapid.Float64Range(0.05, 1.3).Draw(t, "right"),
		}
		f.To = f.From + rapid.Float64Range(1, 60).Draw(t, "depth")
		for y := range 40 {
			for x := range 40 {
				dx, dy := float64(x)+0.5-f.X, float64(y)+0.5-f.Y
				d, a := math.Hypot(dx, dy), math.Atan2(dx, dy)
				near := math.Min(math.Min(math.Abs(d-f.From), math.Abs(d-f.To)), d*math.Min(math.Abs(a-f.Left), math.Abs(a-f.Right)))
				if in := d >= f.From && d < f.To && a >= f.Left && a < f.Right; f.Has(x, y) != in && near > 1e-6 {
					t.Fatalf("%d, %d: %v", x, y, in)
				}
			}
		}
	})
}

// TestSectorHoldsTheLesions: what is taken for the ultrasound, rectangle or fan, cuts no lesion off on real pictures.
func TestSectorHoldsTheLesions(t *testing.T) {
	for _, set := range []string{"busi", "busbra"} {
		dir := filepath.Join("..", "..", "..", "shared", "data", set)
		file, err := os.Open(filepath.Join(dir, "split.csv"))
		if err != nil {
			t.Skip("../shared/data is not there")
		}
		rows, err := csv.NewReader(file).ReadAll()
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		fans, lesion, outside, hurt := 0, 0, 0, 0
		step := 9 // each ninth picture; all of them where that is asked for, which takes a minute
		if os.Getenv("ECHOLINE_TEST_SECTORS") == "all" {
			step = 1
		}
		for i := 1; i < len(rows); i += step {
			row := rows[i]
			f := mustFrame(t, open(t, filepath.Join(dir, "images", row[0])).Items[0], 0)
			fan, box := f.Fan(), f.Sector()
			if fan != nil {
				fans++
			}
			m, err := os.Open(filepath.Join(dir, "masks", row[0]))
			if err != nil {
				continue // a breast without a lesion
			}
			im, err := png.Decode(m)
			if err := errors.Join(err, m.Close()); err != nil {
				t.Fatal(row[0], err)
			}
			out := 0
			for y := range f.H {
				for x := range f.W {
					if r, _, _, _ := im.At(x, y).RGBA(); r == 0 {
						continue
					}
					lesion++
					if x < box.Min.X || y < box.Min.Y || x >= box.Max.X || y >= box.Max.Y || fan != nil && !fan.Has(x, y) {
						out++
					}
				}
			}
			if outside += out; out > 0 {
				hurt++
				t.Logf("%s: %d px outside, sector %v, fan %v", row[0], out, box, fan)
			}
		}
		t.Logf("%s: %d pictures, %d fans; %d of %d lesion pixels outside (%.2g), in %d pictures", set, (len(rows)-2)/step+1, fans, outside, lesion,
			float64(outside)/float64(max(lesion, 1)), hurt)
		if float64(outside) > 1e-4*float64(lesion) {
			t.Errorf("%s: %d of %d lesion pixels lie outside", set, outside, lesion)
		}
	}
}

// TestFanOfASample: a phased array with words around and calipers on its sides, whose file declares the whole screen.
func TestFanOfASample(t *testing.T) {
	dir := samples(t, "dicom", "ultrasound")
	f := mustFrame(t, open(t, filepath.Join(dir, "pydicom-data_JPGLosslessP14SV1_1s_1f_8b.dcm")).Items[0], 0)
	fan := f.Fan()
	if fan == nil {
		t.Fatal("no fan")
	}
	if math.Hypot(fan.X-514, fan.Y-75) > 15 || math.Abs(fan.Right-0.78) > 0.06 || math.Abs(fan.Left+0.74) > 0.06 {
		t.Error("another fan than people see:", *fan)
	}
	for _, p := range [][2]int{{514, 120}, {300, 400}, {700, 400}, {514, 600}} {
		if !fan.Has(p[0], p[1]) {
			t.Error("tissue is cut off at", p)
		}
	}
	for _, p := range [][2]int{{60, 80}, {950, 80}, {950, 300}} {
		if fan.Has(p[0], p[1]) {
			t.Error("words are taken in at", p)
		}
	}
}
