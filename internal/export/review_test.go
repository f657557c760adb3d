package export

import (
	"math"
	"reflect"
	"testing"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/study"
)

// reviewed is a review of a cine of 6 frames: accepted as predicted; edited; confirmed only; predicted without a lesion;
// rejected; never looked at.
func reviewed(t *testing.T) (*review.Review, inference.Info) {
	t.Helper()
	it := source("clip", 64, 48, 6)
	model := inference.Info{Name: "echoline-breast", Version: "0.1.0", SHA256: modelSHA, Labels: input().Labels}
	r := review.New(&study.Study{Items: []*study.Item{it}}, "Dr. Kim", nil)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key := func(i int) review.Key { return review.Key{Instance: it.ID, Frame: i} }
	for i := range 5 {
		m := ellipse(64, 48, 30, 24, 14, 9, 1)
		if i == 3 {
			m = mask.NewPlane(64, 48)
		}
		p := make([]float32, 64*48)
		for k, v := range m.Pix {
			p[k] = 0.1 + 0.8*float32(v)
		}
		must(r.SetPrediction(key(i), &inference.Prediction{
			Model: model, W: 64, H: 48, Probability: p, Present: math.NaN(), Threshold: 0.5, Mask: m,
		}))
	}
	must(r.SetStatus(key(0), review.Accepted))
	s, err := r.Begin(key(1), "brush", review.ByReader)
	must(err)
	s.Fill(mask.Capsule(30, 12, 34, 12, 4, 4), 1)
	_, err = s.Commit()
	must(err)
	must(r.ConfirmAll(key(2)))
	must(r.SetStatus(key(4), review.Rejected))
	return r, model
}

func TestFromReview(t *testing.T) {
	for include, want := range map[Include]struct {
		frames  []int
		leftOut int
	}{
		Accepted: {[]int{0}, 4},
		Reviewed: {[]int{0, 1, 2}, 2},
		All:      {[]int{0, 1, 2, 3, 4}, 0},
	} {
		r, _ := reviewed(t)
		in := FromReview(r, include)
		it := in.Items[0]
		var got []int
		for _, f := range it.Frames {
			got = append(got, f.Index)
			if f.Model != modelSHA {
				t.Errorf("frame %d: model %q", f.Index, f.Model)
			}
			// A model's result is no edit of the reader's.
			if f.Time.IsZero() != (f.Index != 1 && f.Index != 2) {
				t.Errorf("frame %d: last edit %v", f.Index, f.Time)
			}
			if f.Edited != (f.Index == 1) {
				t.Errorf("frame %d: edited %v", f.Index, f.Edited)
			}
		}
		if len(got) != len(want.frames) || it.LeftOut != want.leftOut {
			t.Errorf("%s: frames %v, %d left out", include, got, it.LeftOut)
		}
		if in.Reader != "Dr. Kim" || len(in.Labels) != 1 || in.Models[modelSHA].Name != "echoline-breast" {
			t.Errorf("%s: %s, labels %v, models %v", include, in.Reader, in.Labels, in.Models)
		}
	}
}

func TestFromReviewStatesAndWords(t *testing.T) {
	r, _ := reviewed(t)
	words := []string{"accepted", "reviewed in part", "reviewed in part", "not reviewed", "rejected"}
	for i, f := range FromReview(r, All).Items[0].Frames {
		if stateWord(f) != words[i] {
			t.Errorf("frame %d is %s", i, stateWord(f))
		}
		if i == 1 && (f.Boundary[contour.Corrected].Arcs == 0 || f.Boundary[contour.Predicted].Arcs == 0) {
			t.Errorf("edited frame: %+v", f.Boundary)
		}
		if i == 2 && f.Boundary[contour.Confirmed].Length != f.Boundary.Length() {
			t.Errorf("confirmed frame: %+v", f.Boundary)
		}
	}
}

// What an export holds must not change while the reader goes on.
func TestFromReviewSharesNothing(t *testing.T) {
	r, _ := reviewed(t)
	f := FromReview(r, Accepted).Items[0].Frames[0]
	before := f.Labels.Clone()
	s, err := r.Begin(review.Key{Instance: r.Study().Items[0].ID}, "brush", review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	s.Fill(mask.Capsule(5, 5, 9, 9, 3, 3), 1)
	if _, err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	if !f.Labels.Equal(before) {
		t.Error("the exported mask changed with the review")
	}
}

// A workspace reopened for export has no predictions loaded; they are asked for only where they matter.
func TestFromStoredAsksForPredictions(t *testing.T) {
	full, model := reviewed(t)
	id := full.Study().Items[0].ID
	r := review.New(full.Study(), "Dr. Kim", nil)
	for i := range 2 {
		if err := r.SetStatus(review.Key{Instance: id, Frame: i}, review.Accepted); err != nil {
			t.Fatal(err)
		}
	}
	asked := 0
	in := FromStored(r, Accepted, func(f *review.Frame) *inference.Prediction {
		asked++
		if f.Key.Frame == 1 {
			return nil
		}
		return &inference.Prediction{Model: model, W: 64, H: 48, Mask: mask.NewPlane(64, 48)}
	})
	fs := in.Items[0].Frames
	if asked != 2 || len(fs) != 2 || fs[0].Model != modelSHA || fs[1].Model != "" || len(in.Labels) != 1 {
		t.Errorf("asked %d times: %+v, labels %v", asked, fs, in.Labels)
	}
}

func TestReviewToSEG(t *testing.T) {
	r, _ := reviewed(t)
	o := options(t, "seg")
	o.Include = Reviewed
	res := run(t, FromReview(r, Reviewed), o)
	if len(res.Files) != 1 || res.LeftOut != 2 {
		t.Fatal(res)
	}
	checkPixels(t, FromReview(r, Reviewed).Items[0], pydicom(t, res.Files[0].Path))
}

// TestMeasuresDoNotDependOnLoadedMaps: the window, which has the maps of the images on show, and the command, which has none, say
// the same of an untouched prediction and of a corrected one.
func TestMeasuresDoNotDependOnLoadedMaps(t *testing.T) {
	for _, corrected := range []bool{false, true} {
		r := reviewtest.New(200, 160, &[2]float64{0.1, 0.1}, nil)
		blob := func(x, y float64) float64 { return (40.3 - math.Hypot(x-100.2, 1.2*(y-80.6))) / 3 }
		if err := reviewtest.Predict(r, blob, func(x, y float64) float64 { return 1 + x/50 }); err != nil {
			t.Fatal(err)
		}
		edit := func(y float64) {
			s, err := r.Begin(reviewtest.Key, "brush", review.ByReader)
			if err != nil {
				t.Fatal(err)
			}
			s.Fill(mask.Capsule(100, y, 110, y, 12, 12), 1)
			if _, err := s.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		if corrected {
			edit(50)
		}
		maps := r.Frame(reviewtest.Key).Prediction
		loaded := FromReview(r, All).Items[0].Frames[0]
		r.DropPrediction(reviewtest.Key)
		edit(110) // and back: what was known of the outline is gone
		if _, _, err := r.Undo(reviewtest.Key); err != nil {
			t.Fatal(err)
		}
		arcs := r.Arcs(reviewtest.Key, 2)
		stored := FromStored(r, All, func(*review.Frame) *inference.Prediction { return maps }).Items[0].Frames[0]
		if a, b := loaded.Measure(), stored.Measure(); !reflect.DeepEqual(a, b) || len(a) != 1 {
			t.Errorf("corrected %v: %+v\nand %+v", corrected, a, b)
		}
		if !reflect.DeepEqual(loaded.Boundary, stored.Boundary) || !reflect.DeepEqual(loaded.Arcs, stored.Arcs) {
			t.Errorf("corrected %v: the boundaries differ", corrected)
		}
		if r.Frame(reviewtest.Key).Prediction != nil || !reflect.DeepEqual(r.Arcs(reviewtest.Key, 2), arcs) {
			t.Errorf("corrected %v: the review is another after the export", corrected)
		}
	}
}
