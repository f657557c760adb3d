package study

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/fault"
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

func TestRuler(t *testing.T) {
	region := tissueRegion(0, 0, 50, 50, 0.01, 0.01)
	mmode := Region{X0: 0, Y0: 60, X1: 100, Y1: 100, SpatialFormat: 2, DataType: tissue}
	spacing := [2]float64{0.5, 0.25}
	ruler := &Ruler{A: [2]float64{10, 10}, B: [2]float64{10, 60}, MM: 25}
	slanted := &Ruler{A: [2]float64{0, 0}, B: [2]float64{30, 20}, MM: 50} // 30 wide, 40 high at an aspect of 2
	for name, c := range map[string]struct {
		it    Item
		ruler *Ruler
		pts   [][2]float64
		want  Spacing
		from  Calibration
	}{
		"no ruler":                     {Item{}, nil, nil, Spacing{1, 1}, Uncalibrated},
		"nothing else":                 {Item{}, ruler, nil, Spacing{0.5, 0.5}, ByRuler},
		"before pixel spacing":         {Item{PixelSpacing: &spacing}, ruler, nil, Spacing{0.5, 0.5}, ByRuler},
		"behind a region":              {Item{Regions: []Region{region}}, ruler, [][2]float64{{1, 1}}, Spacing{0.1, 0.1}, ByRegion},
		"beside a region":              {Item{Regions: []Region{region}}, ruler, [][2]float64{{70, 10}}, Spacing{0.5, 0.5}, ByRuler},
		"half in a region":             {Item{Regions: []Region{region}}, ruler, [][2]float64{{1, 1}, {70, 10}}, Spacing{1, 1}, Uncalibrated},
		"in M-mode":                    {Item{Regions: []Region{mmode}}, ruler, [][2]float64{{10, 70}}, Spacing{1, 1}, Uncalibrated},
		"beside M-mode":                {Item{Regions: []Region{mmode}}, ruler, [][2]float64{{10, 7}}, Spacing{0.5, 0.5}, ByRuler},
		"pixels twice as high as wide": {Item{Aspect: 2}, slanted, nil, Spacing{1, 2}, ByRuler},
		"their shape without a ruler":  {Item{Aspect: 2}, nil, nil, Spacing{1, 2}, Uncalibrated},
	} {
		c.it.W, c.it.H, c.it.Frames = 100, 100, 1
		got, from := c.it.SpacingBy(c.ruler, 0, c.pts...)
		if math.Abs(got.X-c.want.X) > 1e-12 || math.Abs(got.Y-c.want.Y) > 1e-12 || from != c.from {
			t.Errorf("%s: %v by %s, want %v by %s", name, got, from, c.want, c.from)
		}
	}
	for name, r := range map[string]Ruler{
		"short": {A: [2]float64{0, 0}, B: [2]float64{5, 5}, MM: 10}, "no length": {B: [2]float64{50, 0}},
		"negative": {B: [2]float64{50, 0}, MM: -1}, "a mile": {B: [2]float64{50, 0}, MM: 1e6},
		"nowhere": {B: [2]float64{math.NaN(), 0}, MM: 10}, "no number": {B: [2]float64{50, 0}, MM: math.NaN()},
		"far away": {B: [2]float64{math.Inf(1), 0}, MM: 10},
	} {
		if err := r.Check(); fault.CodeOf(err) != CodeRuler {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ruler.Check(); err != nil {
		t.Error(err)
	}
}

// Regions that reach beyond the image, the way writers do who take the last pixel for the first one outside, are clamped.
func TestRegionsAreClamped(t *testing.T) {
	region := func(x0, y0, x1, y1 int) set {
		return set{
			{"RegionSpatialFormat", 1},
			{"RegionDataType", 1},
			{"PhysicalUnitsXDirection", 3},
			{"PhysicalUnitsYDirection", 3},
			{"PhysicalDeltaX", -0.01},
			{"PhysicalDeltaY", 0.02},
			{"RegionLocationMinX0", x0},
			{"RegionLocationMinY0", y0},
			{"RegionLocationMaxX1", x1},
			{"RegionLocationMaxY1", y1},
		}
	}
	it := mustOpen(t, part10File(explicitLittle, still(40, 30).with(
		el{"SequenceOfUltrasoundRegions", []set{region(0, 0, 40, 30), region(100, 100, 200, 200), region(20, 20, 0x7fffffff, -1)}},
	)))
	want := []image.Rectangle{image.Rect(0, 0, 40, 30), {Min: image.Pt(40, 30), Max: image.Pt(40, 30)}, image.Rect(20, 20, 40, 30)}
	for i := range it.Regions {
		if got := it.Regions[i].bounds(); got != want[i] {
			t.Errorf("region %d: %v, want %v", i, got, want[i])
		}
	}
	if s, from := it.SpacingAt(0, [2]float64{1, 1}); from != ByRegion || s != (Spacing{0.1, 0.2}) {
		t.Errorf("%v by %s", s, from)
	}
}

// Enhanced objects tell frames apart in functional groups.
func TestScaleOfEachFrame(t *testing.T) {
	measures := func(mm string) el { return el{"PixelMeasuresSequence", []set{{{"PixelSpacing", mm}}}} }
	cine := still(4, 3).with(el{"Rows", 1}, el{"NumberOfFrames", "3"})
	it := mustOpen(t, part10File(explicitLittle, cine.with(
		el{"SharedFunctionalGroupsSequence", []set{{measures(`0.5\0.25`)}}},
		el{"PerFrameFunctionalGroupsSequence", []set{
			{measures(`1\1`)}, {}, {measures(`2\2`), {"SequenceOfUltrasoundRegions", []set{{
				{"RegionSpatialFormat", 1},
				{"RegionDataType", 1},
				{"PhysicalUnitsXDirection", 3},
				{"PhysicalUnitsYDirection", 3},
				{"PhysicalDeltaX", 0.7},
				{"PhysicalDeltaY", 0.7},
				{"RegionLocationMaxX1", 3},
			}}}}, {measures(`9\9`)},
		}},
	)))
	for i, want := range []struct {
		s    Spacing
		from Calibration
	}{{Spacing{1, 1}, ByPixelSpacing}, {Spacing{0.25, 0.5}, ByPixelSpacing}, {Spacing{7, 7}, ByRegion}} {
		if s, from := it.SpacingAt(i, [2]float64{1, 0.5}); s != want.s || from != want.from {
			t.Errorf("frame %d: %v by %s, want %v by %s", i, s, from, want.s, want.from)
		}
	}
}

func TestSecondChoices(t *testing.T) {
	for name, c := range map[string]struct {
		es   []el
		want Spacing
		from Calibration
	}{
		"pixel spacing":        {[]el{{"PixelSpacing", `0.5\0.25`}}, Spacing{0.25, 0.5}, ByPixelSpacing},
		"nominal":              {[]el{{"NominalScannedPixelSpacing", `0.5\0.25`}}, Spacing{0.25, 0.5}, ByNominalSpacing},
		"detector":             {[]el{{"ImagerPixelSpacing", `0.5\0.25`}}, Spacing{0.25, 0.5}, ByNominalSpacing},
		"both":                 {[]el{{"ImagerPixelSpacing", `1\1`}, {"PixelSpacing", `0.5\0.25`}}, Spacing{0.25, 0.5}, ByPixelSpacing},
		"nothing but a shape":  {[]el{{"PixelAspectRatio", `4\3`}}, Spacing{1, 4.0 / 3}, Uncalibrated},
		"a shape of nothing":   {[]el{{"PixelAspectRatio", `0\3`}}, Spacing{1, 1}, Uncalibrated},
		"a shape by no number": {[]el{{"PixelAspectRatio", `4`}}, Spacing{1, 1}, Uncalibrated},
	} {
		it := mustOpen(t, part10File(explicitLittle, still(4, 3).with(c.es...)))
		if s, from := it.SpacingAt(0); s != c.want || from != c.from {
			t.Errorf("%s: %v by %s, want %v by %s", name, s, from, c.want, c.from)
		}
	}
}
