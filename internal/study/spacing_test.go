package study

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func tissueRegion(x0, y0, x1, y1 int, dx, dy float64) Region {
	return Region{
		X0: x0, Y0: y0, X1: x1, Y1: y1, SpatialFormat: format2D, DataType: tissue,
		UnitsX: centimetres, UnitsY: centimetres, DeltaX: dx, DeltaY: dy,
	}
}

func TestSpacing(t *testing.T) {
	left, right := tissueRegion(0, 0, 50, 100, 0.01, 0.02), tissueRegion(50, 0, 100, 100, -0.03, -0.03)
	top := right
	top.X0, top.Flags = 40, highPriority
	mmode := Region{X0: 0, Y0: 60, X1: 100, Y1: 100, SpatialFormat: 2, DataType: tissue, UnitsX: 4, UnitsY: 3, DeltaX: 1, DeltaY: 0.01}
	noUnits := tissueRegion(0, 0, 100, 100, 0.01, 0.01)
	noUnits.UnitsX = 0
	flow := left
	flow.DataType = colourFlow
	spectrum := tissueRegion(0, 0, 100, 100, 0.01, 0.01)
	spectrum.DataType = 3
	spacing := [2]float64{0.5, 0.25}
	leftMM, rightMM, px := Spacing{0.1, 0.2}, Spacing{0.3, 0.3}, Spacing{1, 1}
	for name, c := range map[string]struct {
		regions []Region
		pixel   *[2]float64
		pts     [][2]float64
		want    Spacing
		from    Calibration
	}{
		"left":                              {[]Region{left, right}, nil, [][2]float64{{1, 1}, {49, 99}}, leftMM, ByRegion},
		"right, signed deltas":              {[]Region{left, right}, nil, [][2]float64{{51, 1}, {99, 99}}, rightMM, ByRegion},
		"up to the far edge":                {[]Region{left}, nil, [][2]float64{{0, 0}, {50, 100}}, leftMM, ByRegion},
		"across two":                        {[]Region{left, right}, nil, [][2]float64{{1, 1}, {99, 99}}, px, Uncalibrated},
		"outside":                           {[]Region{left}, nil, [][2]float64{{60, 1}}, px, Uncalibrated},
		"outside, with pixel spacing":       {[]Region{left}, &spacing, [][2]float64{{60, 1}}, px, Uncalibrated},
		"no points, one region":             {[]Region{left}, nil, nil, leftMM, ByRegion},
		"no points, regions agree":          {[]Region{left, flow, mmode}, nil, nil, leftMM, ByRegion},
		"no points, regions disagree":       {[]Region{left, right}, nil, nil, px, Uncalibrated},
		"under colour flow of one scale":    {[]Region{left, flow}, nil, [][2]float64{{1, 1}}, leftMM, ByRegion},
		"overlap, one on top":               {[]Region{left, top}, nil, [][2]float64{{45, 1}}, rightMM, ByRegion},
		"overlap, none on top":              {[]Region{left, tissueRegion(0, 0, 50, 50, 1, 1)}, nil, [][2]float64{{45, 1}}, px, Uncalibrated},
		"in M-mode below the picture":       {[]Region{left, mmode}, nil, [][2]float64{{10, 70}}, px, Uncalibrated},
		"beside M-mode":                     {[]Region{left, mmode}, nil, [][2]float64{{10, 10}}, leftMM, ByRegion},
		"M-mode only":                       {[]Region{mmode}, &spacing, [][2]float64{{10, 70}}, px, Uncalibrated},
		"no units":                          {[]Region{noUnits}, nil, [][2]float64{{1, 1}}, px, Uncalibrated},
		"no units, with pixel spacing":      {[]Region{noUnits}, &spacing, [][2]float64{{1, 1}}, Spacing{0.5, 0.25}, ByPixelSpacing},
		"a spectrum is no picture":          {[]Region{spectrum}, nil, [][2]float64{{1, 1}}, px, Uncalibrated},
		"zero delta":                        {[]Region{tissueRegion(0, 0, 100, 100, 0, 0.1)}, nil, [][2]float64{{1, 1}}, px, Uncalibrated},
		"infinite delta":                    {[]Region{tissueRegion(0, 0, 100, 100, math.Inf(1), 0.1)}, nil, nil, px, Uncalibrated},
		"pixel spacing only":                {nil, &spacing, [][2]float64{{1, 1}}, Spacing{0.5, 0.25}, ByPixelSpacing},
		"pixel spacing of nothing":          {nil, &[2]float64{0, 1}, nil, px, Uncalibrated},
		"nothing":                           {nil, nil, nil, px, Uncalibrated},
		"a region clamped away is no place": {[]Region{tissueRegion(100, 0, 100, 100, 1, 1)}, nil, [][2]float64{{100, 50}}, px, Uncalibrated},
	} {
		it := &Item{W: 100, H: 100, Frames: 1, Regions: c.regions, PixelSpacing: c.pixel}
		got, from := it.SpacingAt(0, c.pts...)
		if math.Abs(got.X-c.want.X) > 1e-12 || math.Abs(got.Y-c.want.Y) > 1e-12 || from != c.from {
			t.Errorf("%s: %v by %d, want %v by %d", name, got, from, c.want, c.from)
		}
	}
}

func drawRegion(t *rapid.T) Region {
	n := rapid.IntRange(0, 100)
	f := rapid.SampledFrom([]float64{0, 0.01, -0.01, 0.02, math.NaN()})
	return Region{
		X0: n.Draw(t, "x0"), Y0: n.Draw(t, "y0"), X1: n.Draw(t, "x1"), Y1: n.Draw(t, "y1"),
		SpatialFormat: rapid.IntRange(0, 3).Draw(t, "format"), DataType: rapid.IntRange(0, 3).Draw(t, "type"),
		UnitsX: rapid.SampledFrom([]int{0, 3, 3, 4}).Draw(t, "ux"), UnitsY: rapid.SampledFrom([]int{0, 3, 3, 7}).Draw(t, "uy"),
		DeltaX: f.Draw(t, "dx"), DeltaY: f.Draw(t, "dy"), Flags: uint32(rapid.IntRange(0, 3).Draw(t, "flags")),
	}
}

// Millimetres are given only inside a calibrated region that holds all points, and never against one that lies on top.
func TestMillimetresOnlyWhereTheyAreTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := &Item{W: 100, H: 100, Frames: 1, Regions: rapid.SliceOfN(rapid.Custom(drawRegion), 1, 4).Draw(t, "regions")}
		xy := rapid.Float64Range(-10, 110)
		point := rapid.Custom(func(t *rapid.T) [2]float64 { return [2]float64{xy.Draw(t, "x"), xy.Draw(t, "y")} })
		pts := rapid.SliceOfN(point, 1, 5).Draw(t, "points")
		got, from := it.SpacingAt(0, pts...)
		if from == Uncalibrated {
			if got != (Spacing{1, 1}) {
				t.Fatalf("uncalibrated gives %v", got)
			}
			return
		}
		found := false
		for i := range it.Regions {
			g := &it.Regions[i]
			found = found || (g.calibrated() && g.holdsAll(pts) && g.spacing() == got)
		}
		if !found {
			t.Fatalf("%v is the spacing of no region that holds the points", got)
		}
		for i := range it.Regions {
			if g := &it.Regions[i]; g.calibrated() && g.holdsAny(pts) && g.spacing() != got && g.Flags&highPriority != 0 {
				t.Fatalf("%v although another scale lies on top", got)
			}
		}
	})
}

func TestSector(t *testing.T) {
	it := &Item{W: 100, H: 80, Frames: 1}
	if got := it.Sector(); got != image.Rect(0, 0, 100, 80) {
		t.Errorf("without regions %v", got)
	}
	it.Regions = []Region{
		tissueRegion(10, 5, 40, 60, 0, 0), tissueRegion(50, 10, 90, 70, 0, 0),
		{X0: 0, Y0: 70, X1: 100, Y1: 80, SpatialFormat: 2, DataType: tissue},
	}
	if got := it.Sector(); got != image.Rect(10, 5, 90, 70) {
		t.Errorf("with regions %v", got)
	}
}
