package review

import (
	"errors"
	"image"
	"math"
	"testing"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// memory is a journal that keeps entries in memory, as their bytes would come back, and fails when told to.
type memory struct {
	entries []Entry
	fail    func() bool
}

var errFull = errors.New("disk full")

func (m *memory) Append(e *Entry) error {
	if m.fail != nil && m.fail() {
		return errFull
	}
	e.Seq = int64(len(m.entries) + 1)
	kept := *e
	for _, p := range []*mask.Patch{&kept.Labels, &kept.Marks} {
		b, err := p.MarshalBinary()
		if err != nil {
			return err
		}
		if *p, err = mask.UnmarshalPatch(b); err != nil {
			return err
		}
	}
	m.entries = append(m.entries, kept)
	return nil
}

const (
	testW = 64
	testH = 48
)

// testStudy has a still "a" and a cine "b" of three frames.
func testStudy() *study.Study {
	return &study.Study{Items: []*study.Item{
		{ID: "a", Name: "still", W: testW, H: testH, Frames: 1},
		{ID: "b", Name: "cine", W: testW, H: testH, Frames: 3},
	}}
}

var still = Key{Instance: "a"}

// disc is a mask of label 1.
func disc(x, y, r float64) *mask.Plane {
	p := mask.NewPlane(testW, testH)
	p.Fill(mask.Capsule(x, y, x, y, r, r), 1)
	return p
}

// predicted is a model's result: a disc, sure of itself but for its right side.
func predicted(sha string, x, y, r float64) *inference.Prediction {
	p := &inference.Prediction{
		Model: inference.Info{SHA256: sha}, W: testW, H: testH, Present: 1, Threshold: 0.5,
		Probability: make([]float32, testW*testH), Scale: make([]float32, testW*testH),
		Fit: inference.Fit{Factor: 1, Band: [4]float64{1, 2, 3, 4}}, Mask: mask.NewPlane(testW, testH),
	}
	for i := range p.Probability {
		px, py := float64(i%testW)+.5, float64(i/testW)+.5
		p.Probability[i] = float32(1 / (1 + math.Exp(math.Hypot(px-x, py-y)-r)))
		if p.Probability[i] >= 0.5 {
			p.Mask.Pix[i] = 1
		}
		p.Scale[i] = 1
		if px > x {
			p.Scale[i] = float32(5 + py/100) // the lower the weaker
		}
	}
	return p
}

func open(t *testing.T) (*Review, *memory) {
	t.Helper()
	j := &memory{}
	return New(testStudy(), "kim", j), j
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// paint makes one stroke of a dab.
func paint(t *testing.T, r *Review, k Key, label uint8, x, y, radius float64) {
	t.Helper()
	s, err := r.Begin(k, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(x, y, x, y, radius, radius), label)
	_, err = s.Commit()
	must(t, err)
}

func code(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Fatalf("error %v, want %s", err, want)
	}
}

func TestStrokeShowsAtCommitOnly(t *testing.T) {
	r, j := open(t)
	before := r.Frame(still).Labels
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(20, 20, 30, 20, 5, 5), 1)
	if mask.Count(r.Frame(still).Labels, 1) != 0 || mask.Count(s.Labels(), 1) == 0 {
		t.Fatal("the stroke leaked, or has nothing")
	}
	if want := mask.Bounds(s.Labels(), 1); s.Dirty() != want {
		t.Fatal(s.Dirty(), want)
	}
	if len(r.Contours(still)) != 1 {
		t.Fatal("contours do not follow the stroke")
	}
	if _, err := r.Begin(still, "brush", ByReader); fault.CodeOf(err) != CodeBusy {
		t.Fatal(err)
	}
	changed, err := s.Commit()
	if !changed || err != nil || len(j.entries) != 1 {
		t.Fatal(changed, err, len(j.entries))
	}
	f := r.Frame(still)
	if mask.Count(f.Labels, 1) == 0 || !f.Touched || f.Model != "" {
		t.Fatalf("%+v", f)
	}
	if mask.Count(before, 1) != 0 || r.Frame(Key{"b", 0}).Labels != before {
		t.Fatal("a plane was changed in place")
	}
	s.Fill(mask.Capsule(5, 5, 5, 5, 2, 2), 1)
	if changed, err := s.Commit(); changed || err != nil || f.Labels.At(5, 5) != 0 {
		t.Fatal("a stroke went on after its end")
	}
}

func TestCancelAndEmptyStrokesLeaveNothing(t *testing.T) {
	r, j := open(t)
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(20, 20, 30, 20, 5, 5), 1)
	s.Cancel()
	if s, err = r.Begin(still, "eraser", ByReader); err != nil {
		t.Fatal(err)
	}
	s.Fill(mask.Capsule(20, 20, 30, 20, 5, 5), 0)
	if changed, err := s.Commit(); changed || err != nil {
		t.Fatal(changed, err)
	}
	if len(j.entries) != 0 || r.CanUndo(still) || r.Frame(still).Touched || r.Contours(still) != nil {
		t.Fatal("something stayed")
	}
}

func TestFaultsOfWrongKeysAndSizes(t *testing.T) {
	r, _ := open(t)
	for _, k := range []Key{{"c", 0}, {"a", 1}, {"a", -1}} {
		_, err := r.Begin(k, "brush", ByReader)
		code(t, err, CodeFrame)
		code(t, r.SetStatus(k, Accepted), CodeFrame)
		code(t, r.SetPrediction(k, predicted("m", 20, 20, 9)), CodeFrame)
		code(t, r.ConfirmAll(k), CodeFrame)
		if r.Frame(k) != nil || r.Contours(k) != nil || r.Arcs(k, 2) != nil || r.History(k) != nil || r.Measurements(k) != nil {
			t.Fatal("something of nothing")
		}
	}
	s, err := r.Begin(still, "x", ByReader)
	must(t, err)
	code(t, s.SetLabels(mask.NewPlane(3, 3)), CodeMisfit)
	s.Cancel()
	p := predicted("m", 20, 20, 9)
	p.W, p.H = p.H, p.W
	code(t, r.SetPrediction(still, p), CodeMisfit)
}

func TestEditMarksOnlyWhatItMoved(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	must(t, r.ConfirmAll(still))
	paint(t, r, still, 1, 44, 24, 5) // a bump on the right
	corrected := 0
	for _, c := range r.Contours(still) {
		for _, v := range c.Points {
			switch far := math.Hypot(v.X-44, v.Y-24); {
			case far > 10 && v.State != contour.Confirmed:
				t.Fatalf("%v, far from the edit, is %v", v.Point, v.State)
			case v.X > 44.7 && v.State != contour.Corrected:
				t.Fatalf("%v, on the new boundary, is %v", v.Point, v.State)
			}
			if v.State == contour.Corrected {
				corrected++
			}
		}
	}
	if corrected < 8 {
		t.Fatal(corrected)
	}
	f := r.Frame(still)
	for y := range f.H {
		for x := range f.W {
			if f.Marks.At(x, y) != 0 && near(r.Contours(still), float64(x)+.5, float64(y)+.5) > 3.2 {
				t.Fatalf("a mark was left behind at (%d,%d)", x, y)
			}
		}
	}
}

func near(cs []contour.Contour, x, y float64) float64 {
	best := math.Inf(1)
	eachVertex(cs, func(v *contour.Vertex) { best = math.Min(best, math.Hypot(v.X-x, v.Y-y)) })
	return best
}

func TestErasingAllWipesMarks(t *testing.T) {
	r, _ := open(t)
	paint(t, r, still, 1, 30, 24, 9)
	if mask.Count(r.Frame(still).Marks, uint8(contour.Corrected)) == 0 {
		t.Fatal("a drawn boundary is the reader's")
	}
	paint(t, r, still, 0, 30, 24, 20)
	if f := r.Frame(still); mask.Count(f.Marks, 0) != f.W*f.H || mask.Count(f.Labels, 0) != f.W*f.H {
		t.Fatal("marks stayed")
	}
}

func TestLiveContoursTurnCorrected(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	s, err := r.Begin(still, "brush", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(44, 24, 44, 24, 5, 5), 1)
	live := r.Contours(still)
	if r.Progress(still, 2).Reviewed < 8 {
		t.Fatal("progress does not follow")
	}
	_, err = s.Commit()
	must(t, err)
	after := r.Contours(still)
	if len(live) != len(after) || len(live[0].Points) != len(after[0].Points) {
		t.Fatal("the outline jumps at the end of the stroke")
	}
	differ := 0
	for i, v := range after[0].Points {
		if w := live[0].Points[i]; v.Point != w.Point || v.Expected != w.Expected {
			t.Fatal("the outline jumps at the end of the stroke")
		} else if v.State != w.State {
			differ++
		}
	}
	if differ > 4 { // one vertex or two at each end of the piece
		t.Fatalf("%d states differ", differ)
	}
}

func TestPredictionGivesSubPixelContours(t *testing.T) {
	r, _ := open(t)
	p := predicted("m", 30.2, 24.3, 14.4)
	must(t, r.SetPrediction(still, p))
	f := r.Frame(still)
	if !f.Labels.Equal(p.Mask) || f.Touched || f.Model != "m" || f.Prediction != p {
		t.Fatal("prediction not taken over")
	}
	for _, v := range r.Contours(still)[0].Points {
		if d := math.Abs(math.Hypot(v.X-30.2, v.Y-24.3) - 14.4); d > 0.02 {
			t.Fatalf("%v is off by %v", v.Point, d)
		}
	}
	r.DropPrediction(still)
	if f.Prediction != nil || math.IsNaN(r.Contours(still)[0].Points[0].Expected) {
		t.Fatal("expected error went with the maps")
	}
}

func TestReadersEditsWin(t *testing.T) {
	cases := map[string]func(t *testing.T, r *Review){
		"drawn":     func(t *testing.T, r *Review) { paint(t, r, still, 1, 40, 24, 6) },
		"confirmed": func(t *testing.T, r *Review) { must(t, r.ConfirmAll(still)) },
		"accepted":  func(t *testing.T, r *Review) { must(t, r.SetStatus(still, Accepted)) },
		"undone": func(t *testing.T, r *Review) {
			if _, ok, err := r.Undo(still); !ok || err != nil {
				t.Fatal(ok, err)
			}
		},
	}
	for name, act := range cases {
		t.Run(name, func(t *testing.T) {
			r, _ := open(t)
			must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
			act(t, r)
			before, steps := r.Frame(still).Labels, len(r.History(still))
			next := predicted("other", 20, 20, 8)
			must(t, r.SetPrediction(still, next))
			f := r.Frame(still)
			if f.Labels != before || len(r.History(still)) != steps || f.Prediction != next {
				t.Fatal("a model changed what the reader did")
			}
		})
	}
}

func TestPredictionOncePerModel(t *testing.T) {
	r, j := open(t)
	for _, sha := range []string{"m", "m", "n", "m"} {
		must(t, r.SetPrediction(still, predicted(sha, 30, 24, 10+float64(sha[0]-'m'))))
	}
	if len(j.entries) != 2 || r.Frame(still).Model != "n" || j.entries[1].Model != "n" || j.entries[1].Origin != ByModel {
		t.Fatal(len(j.entries), r.Frame(still).Model)
	}
	empty := predicted("none", 30, 24, -50)
	r2, j2 := open(t)
	must(t, r2.SetPrediction(still, empty))
	if len(j2.entries) != 0 || r2.Frame(still).Prediction != empty || r2.Frame(still).Model != "" {
		t.Fatal("nothing to set, yet something was")
	}
}

func TestPredictionDuringStrokeWaits(t *testing.T) {
	p := predicted("m", 30, 24, 14)
	for _, act := range []string{"cancel", "commit", "nothing"} {
		r, _ := open(t)
		s, err := r.Begin(still, "brush", ByReader)
		must(t, err)
		must(t, r.SetPrediction(still, p))
		if act == "commit" {
			s.Fill(mask.Capsule(9, 9, 9, 9, 3, 3), 1)
		}
		if act == "cancel" {
			s.Cancel()
		} else if _, err := s.Commit(); err != nil {
			t.Fatal(err)
		}
		if f := r.Frame(still); f.Labels.Equal(p.Mask) != (act != "commit") || f.Prediction != p {
			t.Fatalf("%s: wrong mask", act)
		}
	}
}

func TestDecisionHoldsForItsMask(t *testing.T) {
	r, j := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	must(t, r.ConfirmAll(still))
	must(t, r.SetStatus(still, Accepted))
	must(t, r.SetStatus(still, Accepted))
	status := func(want Status, when string) {
		t.Helper()
		if got := r.Frame(still).Status; got != want {
			t.Fatalf("%s: status %d, want %d", when, got, want)
		}
		if last := j.entries[len(j.entries)-1]; last.Status != want {
			t.Fatalf("%s: journal says %d", when, last.Status)
		}
	}
	if len(j.entries) != 3 {
		t.Fatal("saying it twice is one entry", len(j.entries))
	}
	paint(t, r, still, 1, 44, 24, 5)
	status(Open, "after an edit")
	undo := func() {
		if _, ok, err := r.Undo(still); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	undo()
	status(Accepted, "the edit taken back")
	undo()
	status(Accepted, "only the confirmation taken back")
	undo()
	status(Open, "the prediction taken back")
	for range 2 {
		if _, ok, err := r.Redo(still); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	status(Accepted, "prediction and confirmation brought back")
	paint(t, r, still, 1, 20, 24, 9)
	must(t, r.SetStatus(still, Rejected))
	undo()
	status(Open, "back at the accepted mask, after another decision")
}

func TestUndoNames(t *testing.T) {
	r, _ := open(t)
	must(t, r.SetPrediction(still, predicted("m", 30, 24, 14)))
	paint(t, r, still, 1, 44, 24, 5)
	a, ok := r.NextWeak(still, 2, nil, 1)
	if !ok {
		t.Fatal("no weak arc")
	}
	must(t, r.MarkNotVisible(still, a))
	if name, ok, err := r.Undo(still); name != "not_visible" || !ok || err != nil {
		t.Fatal(name, ok, err)
	}
	h := r.History(still)
	if len(h) != 3 || h[0].Name != "prediction" || h[0].Origin != ByModel || !h[1].Done || h[2].Done || h[2].Name != "not_visible" {
		t.Fatal(h)
	}
	if !r.CanUndo(still) || !r.CanRedo(still) {
		t.Fatal("nowhere to go")
	}
	paint(t, r, still, 1, 44, 20, 5)
	if r.CanRedo(still) {
		t.Fatal("a new edit ends what could be redone")
	}
	if _, ok, _ := r.Redo(still); ok {
		t.Fatal("redone")
	}
}

func TestStrokesStayInTheSector(t *testing.T) {
	st := testStudy()
	st.Items[0].Regions = []study.Region{{X0: 10, Y0: 8, X1: 50, Y1: 40, SpatialFormat: 1, DataType: 1, UnitsX: 3, UnitsY: 3, DeltaX: .01, DeltaY: .01}}
	within := image.Rect(10, 8, 50, 40)
	r := New(st, "kim", nil)
	p := predicted("m", 32, 24, 60)
	must(t, r.SetPrediction(still, p))
	if !r.Frame(still).Labels.Equal(p.Mask) {
		t.Fatal("a model's result was clipped")
	}
	s, err := r.Begin(still, "eraser", ByReader)
	must(t, err)
	s.Fill(mask.Capsule(32, 24, 32, 24, 60, 60), 0)
	s.Fill(mask.Capsule(32, 24, 32, 24, 60, 60), 1)
	if got := mask.Bounds(s.Labels(), 1); got != within {
		t.Fatal(got, within)
	}
	if mask.Count(s.Labels(), 1) != within.Dx()*within.Dy() {
		t.Fatal("the sector is not full")
	}
}

func TestPlanesOfUntouchedFramesAreShared(t *testing.T) {
	r, _ := open(t)
	if r.Frame(still).Labels != r.Frame(Key{"b", 2}).Marks {
		t.Fatal("an empty frame costs a plane")
	}
	if got := r.Frame(still).Labels.Rect(); got != image.Rect(0, 0, testW, testH) {
		t.Fatal(got)
	}
}
