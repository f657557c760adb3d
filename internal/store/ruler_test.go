package store

import (
	"slices"
	"strings"
	"testing"

	"echoline/internal/review"
	"echoline/internal/study"
)

func TestRulerComesBackAndIsAudited(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	ruler := study.Ruler{A: [2]float64{1, 2.5}, B: [2]float64{41, 2.5}, MM: 20}
	must(t, paint(t, r, still, 20, 20))
	must(t, r.Calibrate(still, &ruler))
	must(t, paint(t, r, still, 30, 20))
	must(t, w.Close())
	w = mustOpen(t, dir)
	r = mustReview(t, w, "kim")
	if c := r.Calibration(still.Instance); c == nil || c.Ruler != ruler || c.Reader != "kim" {
		t.Fatalf("calibration %+v", c)
	}
	if n := len(r.History(still)); n != 2 {
		t.Errorf("%d steps of history", n)
	}
	if other := mustReview(t, w, "lee"); other.Calibration(still.Instance) != nil {
		t.Error("another reader's images are calibrated")
	}
	must(t, r.Calibrate(still, nil))
	if again := mustReview(t, w, "kim"); again.Calibration(still.Instance) != nil {
		t.Error("taken away, and back")
	}
	events, err := w.Verify()
	must(t, err)
	events = slices.DeleteFunc(events, func(e AuditEvent) bool { return e.Action == "opened" })
	var actions []string
	for _, e := range events {
		actions = append(actions, e.Action)
	}
	if got := strings.Join(actions, ", "); got != "calibrated, calibration removed" {
		t.Fatalf("audit trail: %s", got)
	}
	if d := events[0].Detail; d != "1.2.3 frame 1 by a ruler of 20 mm from 1.0, 2.5 to 41.0, 2.5" {
		t.Error(d)
	}
}

// A ruler that was changed in the file is damage, not a scale.
func TestDamagedRuler(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	r := mustReview(t, w, "kim")
	must(t, r.Calibrate(still, &study.Ruler{B: [2]float64{40, 0}, MM: 20}))
	if _, err := w.db.Exec(`UPDATE journal SET labels = replace(labels, '20', '90')`); err != nil {
		t.Fatal(err)
	}
	again, err := w.Review(testStudy(), "kim")
	wantCode(t, err, review.CodeDamaged)
	if again.Calibration(still.Instance) != nil {
		t.Error("a damaged ruler is in force")
	}
}
