package review

import (
	"math"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/study"
)

func TestMeasurementsInPixels(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	ms := r.Measurements(still)
	if len(ms) != 1 || ms[0].Millimetres {
		t.Fatal(ms)
	}
	check(t, ms[0].Longest, 28)
	check(t, ms[0].Perpendicular, 28)
	check(t, ms[0].Perimeter, 28*math.Pi)
	check(t, ms[0].Area, 14*14*math.Pi)
}

// check wants a value within 2 %.
func check(t *testing.T, got, want float64) {
	t.Helper()
	if math.Abs(got/want-1) > 0.02 {
		t.Fatalf("%v, want %v", got, want)
	}
}

// calibrated is a study whose left part, up to x = 44, has pixels of 0.1 × 0.2 mm.
func calibrated() *study.Study {
	st := testStudy()
	st.Items[0].Regions = []study.Region{{
		X1: 44, Y1: testH, SpatialFormat: 1, DataType: 1, UnitsX: 3, UnitsY: 3, DeltaX: 0.01, DeltaY: 0.02,
	}, {
		X0: 44, X1: testW, Y1: testH, SpatialFormat: 1, DataType: 1,
	}}
	return st
}

func TestMillimetresOnlyWhereTheyHold(t *testing.T) {
	r := New(calibrated(), "kim", nil)
	paint(t, r, still, 1, 24, 24, 14)
	ms := r.Measurements(still)
	if len(ms) != 1 || !ms[0].Millimetres || ms[0].Source != study.ByRegion {
		t.Fatalf("%+v", ms)
	}
	check(t, ms[0].Longest, 5.6)
	check(t, ms[0].Perpendicular, 2.8)
	check(t, ms[0].Area, math.Pi*1.4*2.8)
	check(t, ms[0].Perimeter, 13.56) // of an ellipse with half axes 1.4 and 2.8 mm
	paint(t, r, still, 1, 50, 24, 6) // reaches into the part without calibration
	paint(t, r, still, 1, 40, 24, 6)
	if m := r.Measurements(still)[0]; m.Millimetres || m.Longest < 30 {
		t.Fatalf("%+v", m)
	}
	paint(t, r, still, 2, 8, 8, 4)
	ms = r.Measurements(still)
	if len(ms) != 2 || ms[0].Millimetres || !ms[1].Millimetres || ms[1].Label != 2 {
		t.Fatalf("each label for itself: %+v", ms)
	}
}

func TestHolesAreTakenOff(t *testing.T) {
	r, _ := open(t)
	paint(t, r, still, 1, 30, 24, 16)
	paint(t, r, still, 0, 30, 24, 8)
	m := r.Measurements(still)[0]
	check(t, m.Area, math.Pi*(16*16-8*8))
	check(t, m.Perimeter, 2*math.Pi*(16+8))
	check(t, m.Longest, 32)
	if n := float64(mask.Count(r.Frame(still).Labels, 1)); math.Abs(n/m.Area-1) > 0.03 {
		t.Fatal(n, m.Area)
	}
}

func TestRadiusFollowsTheCalibration(t *testing.T) {
	st := testStudy()
	st.Items[0].PixelSpacing = &[2]float64{0.1, 0.2}
	r := New(st, "kim", nil)
	if rx, ry := r.Radius(still, 3); math.Abs(rx-30) > 1e-9 || math.Abs(ry-15) > 1e-9 {
		t.Fatal(rx, ry)
	}
	for _, k := range []Key{{"b", 0}, {"none", 0}} {
		if rx, ry := r.Radius(k, 3); rx != 3 || ry != 3 {
			t.Fatal(rx, ry)
		}
	}
}

// TestIntervalsHoldTheValue: of a disc whose band is 3 px wide on its left and 15 px and more on its right.
func TestIntervalsHoldTheValue(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	m := r.Measurements(still)[0]
	if !m.Banded {
		t.Fatal("there is a band")
	}
	for name, v := range map[string][3]float64{
		"longest":       {m.Low.Longest, m.Longest, m.High.Longest},
		"perpendicular": {m.Low.Perpendicular, m.Perpendicular, m.High.Perpendicular},
		"area":          {m.Low.Area, m.Area, m.High.Area},
		"perimeter":     {m.Low.Perimeter, m.Perimeter, m.High.Perimeter},
		"circumference": {m.Low.Circumference, m.Circumference, m.High.Circumference},
	} {
		if !(v[0] < v[1] && v[1] < v[2]) {
			t.Errorf("%s: %v", name, v)
		}
	}
	if !(m.Low.Circularity <= m.Circularity && m.Circularity <= m.High.Circularity) || m.Low.Circularity <= 0 {
		t.Error("circularity", m.Low.Circularity, m.Circularity, m.High.Circularity)
	}
}

// TestIntervalOfKnownShapes: a disc of 14 px whose band is 3 px all around.
func TestIntervalOfKnownShapes(t *testing.T) {
	r, _ := open(t)
	p := predicted("m", 32, 24, 14)
	for i := range p.Scale {
		p.Scale[i] = 1
	}
	must(t, r.SetPrediction(still, p))
	m := r.Measurements(still)[0]
	check(t, m.Low.Longest, 2*11)
	check(t, m.High.Longest, 2*17)
	check(t, m.Low.Perpendicular, 2*11)
	check(t, m.High.Perpendicular, 2*17)
	check(t, m.Low.Area, math.Pi*11*11)
	check(t, m.High.Area, math.Pi*17*17)
	check(t, m.Low.Perimeter, 2*math.Pi*11)
	check(t, m.High.Perimeter, 2*math.Pi*17)
	check(t, m.Low.Circumference, 2*math.Pi*11)
	check(t, m.High.Circumference, 2*math.Pi*17)
	check(t, m.Circumference, 2*math.Pi*14)
	check(t, m.Circularity, 1)
	check(t, m.Ellipse.A, 14)
}

// TestReviewingNarrowsTheInterval: a stroke at the weak side and confirming leave less open, and in the end nothing.
func TestReviewingNarrowsTheInterval(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	before := r.Measurements(still)[0]
	paint(t, r, still, 1, 42, 24, 10)
	after := r.Measurements(still)[0]
	if !after.Banded || after.High.Area-after.Low.Area > 0.9*(before.High.Area-before.Low.Area) {
		t.Fatalf("area %v to %v after the stroke, %v to %v before", after.Low.Area, after.High.Area, before.Low.Area, before.High.Area)
	}
	must(t, r.ConfirmAll(still))
	if m := r.Measurements(still)[0]; m.Banded {
		t.Fatalf("an interval of what is settled: %+v", m)
	}
}

func TestNoBandNoInterval(t *testing.T) {
	r, _ := open(t)
	paint(t, r, still, 1, 30, 24, 10)
	if m := r.Measurements(still)[0]; m.Banded || m.Low != (Sizes{}) || m.High != (Sizes{}) {
		t.Fatalf("an interval from nothing: %+v", m)
	}
}

func TestMeasuringIsLiveAndApart(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 24, 24, 10)))
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(24, 24, 44, 24, 6, 6), 1)
	during := r.Measuring(still)
	s.Cancel()
	if m := during()[0]; m.Longest < 35 {
		t.Fatal("the stroke under way is not measured", m.Longest)
	}
	if m := r.Measurements(still)[0]; m.Longest > 21 {
		t.Fatal("the stroke that was given up is measured", m.Longest)
	}
	if r.Measurements(Key{Instance: "nowhere"}) != nil {
		t.Fatal("measurements of nothing")
	}
}
