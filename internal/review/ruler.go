package review

import (
	"math"
	"time"

	"echoline/internal/study"
)

// Calibrated is a ruler with its provenance.
type Calibrated struct {
	study.Ruler
	Reader string
	Time   time.Time
	Frame  int // on which it was drawn, from 0
}

// Calibrate takes a ruler that the reader drew on frame k for the pixel size of the whole instance, in the place of the one
// before; nil takes it away. The file's Ultrasound Regions go before it. A ruler that says nothing gives the fault
// study.CodeRuler. It is journaled like an edit, but no step of a frame's history.
func (r *Review) Calibrate(k Key, ruler *study.Ruler) error {
	f, err := r.mustFrame(k)
	if err != nil {
		return err
	}
	if ruler != nil {
		if err := ruler.Check(); err != nil {
			return err
		}
		own := *ruler
		ruler = &own
	}
	return r.commit(f, &Entry{Kind: KindRuler, Name: "ruler", Status: f.Status, Ruler: ruler})
}

// Calibration is the ruler in force for an instance, or nil.
func (r *Review) Calibration(instance string) *Calibrated {
	if c, ok := r.rulers[instance]; ok {
		return &c
	}
	return nil
}

// SpacingAt is study.Item.SpacingBy with the reader's ruler.
func (r *Review) SpacingAt(k Key, pts ...[2]float64) (study.Spacing, study.Calibration) {
	it := r.items[k.Instance]
	if it == nil {
		return study.Spacing{X: 1, Y: 1}, study.Uncalibrated
	}
	var ruler *study.Ruler
	if c, ok := r.rulers[k.Instance]; ok {
		ruler = &c.Ruler
	}
	return it.SpacingBy(ruler, k.Frame, pts...)
}

// PixelSize is the side, in mm, of a square as large as a pixel of frame k at points, or without any wherever it has a scale;
// 0 where none holds.
func (r *Review) PixelSize(k Key, pts ...[2]float64) float64 {
	sp, cal := r.SpacingAt(k, pts...)
	if cal == study.Uncalibrated {
		return 0
	}
	return math.Sqrt(sp.X * sp.Y)
}

// applyRuler puts the ruler of e in force.
func (r *Review) applyRuler(e *Entry) error {
	if e.Ruler == nil {
		delete(r.rulers, e.Key.Instance)
		return nil
	}
	if e.Ruler.Check() != nil {
		return errImpossible
	}
	r.rulers[e.Key.Instance] = Calibrated{Ruler: *e.Ruler, Reader: e.Reader, Time: e.Time, Frame: e.Key.Frame}
	return nil
}
