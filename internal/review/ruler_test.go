package review

import (
	"math"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study"
)

func TestRulerCalibratesAllFramesOfItsInstance(t *testing.T) {
	log := &memory{}
	r := New(testStudy(), "kim", log)
	k := Key{"b", 1}
	if _, from := r.SpacingAt(k); from != study.Uncalibrated {
		t.Fatalf("calibrated by %s before", from)
	}
	ruler := study.Ruler{A: [2]float64{0, 5}, B: [2]float64{20, 5}, MM: 10}
	if err := r.Calibrate(k, &ruler); err != nil {
		t.Fatal(err)
	}
	ruler.MM = 99 // the reader's own copy
	check := func(r *Review) {
		t.Helper()
		if s, from := r.SpacingAt(Key{"b", 2}, [2]float64{3, 3}); from != study.ByRuler || s != (study.Spacing{X: 0.5, Y: 0.5}) {
			t.Errorf("%v by %s", s, from)
		}
		c := r.Calibration(k.Instance)
		if c == nil || c.Reader != r.Reader() || c.Time.IsZero() || c.MM != 10 || c.Frame != 1 {
			t.Errorf("calibration %+v", c)
		}
	}
	check(r)
	if len(log.entries) != 1 || log.entries[0].Kind != KindRuler || log.entries[0].N != 1 {
		t.Fatalf("journal %+v", log.entries)
	}
	if f := r.Frame(k); f.Touched || r.CanUndo(k) || f.Status != Open {
		t.Error("a ruler is taken for an edit of the mask")
	}
	if rx, ry := r.Radius(k, 5); rx != 10 || ry != 10 {
		t.Errorf("a tool of 5 mm has radii of %v and %v px", rx, ry)
	}
	again := New(testStudy(), "kim", nil)
	if err := again.Replay(log.entries); err != nil {
		t.Fatal(err)
	}
	check(again)
	if err := r.Calibrate(k, nil); err != nil {
		t.Fatal(err)
	}
	if _, from := r.SpacingAt(k); from != study.Uncalibrated || r.Calibration(k.Instance) != nil {
		t.Errorf("still calibrated by %s", from)
	}
	again = New(testStudy(), "kim", nil)
	if err := again.Replay(log.entries); err != nil || again.Calibration(k.Instance) != nil {
		t.Error("taken away, and back after a replay", err)
	}
}

func TestRulersThatSayNothingAreRefused(t *testing.T) {
	log := &memory{}
	r := New(testStudy(), "kim", log)
	err := r.Calibrate(still, &study.Ruler{B: [2]float64{50, 0}, MM: math.NaN()})
	if fault.CodeOf(err) != study.CodeRuler || len(log.entries) != 0 {
		t.Errorf("%v, journal %+v", err, log.entries)
	}
	if err := r.Calibrate(Key{"gone", 0}, nil); fault.CodeOf(err) != CodeFrame {
		t.Error(err)
	}
	bad := Entry{Seq: 1, N: 1, Key: still, Kind: KindRuler, Ruler: &study.Ruler{}, W: testW, H: testH}
	if err := New(testStudy(), "kim", nil).Replay([]Entry{bad}); fault.CodeOf(err) != CodeDamaged {
		t.Errorf("an impossible ruler in the journal: %v", err)
	}
}

// TestPixelSizeHoldsAtItsPoints: a picture of two regions with scales of their own has no size of a pixel, each region has.
func TestPixelSizeHoldsAtItsPoints(t *testing.T) {
	st := testStudy()
	region := func(x0, x1 int, mm float64) study.Region {
		return study.Region{SpatialFormat: 1, DataType: 1, X0: x0, X1: x1, Y1: 100, UnitsX: 3, UnitsY: 3, DeltaX: mm / 10, DeltaY: 4 * mm / 10}
	}
	st.Items[0].Regions = []study.Region{region(0, 19, 0.1), region(20, 100, 0.2)}
	k := Key{st.Items[0].ID, 0}
	r := New(st, "kim", nil)
	for _, c := range []struct {
		pts  [][2]float64
		want float64
	}{
		{nil, 0},
		{[][2]float64{{5, 5}}, 0.2},
		{[][2]float64{{30, 5}, {31, 6}}, 0.4},
		{[][2]float64{{5, 5}, {30, 5}}, 0},
	} {
		if got := r.PixelSize(k, c.pts...); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("at %v a pixel has %v mm, not %v", c.pts, got, c.want)
		}
	}
}
