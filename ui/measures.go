package ui

import (
	"fmt"
	"time"

	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// liveMeasures is how often measurements follow a gesture under way.
const liveMeasures = 100 * time.Millisecond

// measuring is the measuring under way beside the window: one at a time, and the newest wish next.
type measuring struct {
	running, again bool
	last           time.Time
	shown          review.Key // the frame whose measurements are shown
}

// measureLive lets the measurements follow a gesture.
func (a *App) measureLive() {
	if time.Since(a.measuring.last) >= liveMeasures {
		a.showMeasures()
	}
}

// showMeasures measures the frame on show beside the window and then writes what came of it.
func (a *App) showMeasures() {
	s := a.sess
	if a.measuring.shown != s.key() { // those of another frame must not stand beside this one for a moment
		a.measuring.shown = s.key()
		rows, note := a.inspector.Measures()
		for i := range rows {
			rows[i].Value = "…"
		}
		a.inspector.SetMeasures(rows, note)
	}
	if a.measuring.running {
		a.measuring.again = true
		return
	}
	a.measuring.running, a.measuring.last = true, time.Now()
	k := s.key()
	work := s.review.Measuring(k)
	go func() {
		ms := work()
		a.post(func() {
			a.measuring.running = false
			if again := a.measuring.again; again && a.sess != nil && a.sess.item != nil && a.sess.frame != nil {
				a.measuring.again = false
				a.showMeasures()
			}
			if !s.gone && s.shows(k) && s.frame != nil {
				a.writeMeasures(ms)
			}
		})
	}()
}

// writeMeasures writes measurements, in mm or honestly in px, with what the band implies.
func (a *App) writeMeasures(ms []review.Measurement) {
	var rows []panel.Measure
	pixels, banded := false, false
	for _, m := range ms {
		if len(ms) > 1 {
			rows = append(rows, panel.Measure{Label: a.labelName(int(m.Label) - 1)})
		}
		unit := "px"
		if m.Millimetres {
			unit = "mm"
		}
		pixels, banded = pixels || !m.Millimetres, banded || m.Banded
		row := func(key string, v, low, high float64, unit string, digits int) {
			if unit == "px" && v >= 100 { // a tenth of a pixel says nothing of hundreds
				digits = 0
			}
			value := fmt.Sprintf("%.*f", digits, v)
			if unit != "" {
				value += " " + unit
			}
			if m.Banded {
				value += fmt.Sprintf(" (%.*f–%.*f)", digits, low, digits, high)
			}
			rows = append(rows, panel.Measure{Label: text.T(key), Value: value})
		}
		row("app.measure.longest", m.Longest, m.Low.Longest, m.High.Longest, unit, 1)
		row("app.measure.perpendicular", m.Perpendicular, m.Low.Perpendicular, m.High.Perpendicular, unit, 1)
		row("app.measure.area", m.Area, m.Low.Area, m.High.Area, unit+"²", areaDigits(m))
		row("app.measure.perimeter", m.Perimeter, m.Low.Perimeter, m.High.Perimeter, unit, 1)
		row("arcs.measure.circumference", m.Circumference, m.Low.Circumference, m.High.Circumference, unit, 1)
		row("arcs.measure.circularity", m.Circularity, m.Low.Circularity, m.High.Circularity, "", 2)
	}
	a.inspector.SetMeasures(rows, a.measureNote(pixels, banded))
}

// length writes a length. A tenth of a pixel says nothing of one of hundreds.
func length(v float64, unit string) string {
	if unit == "px" && v >= 100 {
		return fmt.Sprintf("%.0f px", v)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// areaDigits is how many digits behind the point say something of an area.
func areaDigits(m review.Measurement) int {
	if !m.Millimetres || m.Area >= 1000 {
		return 0
	}
	return 1
}

// measureNote says what is to be known of the measurements.
func (a *App) measureNote(pixels, banded bool) string {
	note := ""
	if pixels {
		note = text.T("app.measure.px")
	}
	if !banded {
		return note
	}
	key := "arcs.measure.band"
	if !a.calibrated() {
		key = "arcs.measure.band.uncalibrated"
	}
	if note != "" {
		note += " "
	}
	return note + text.T(key, text.Args{"Level": review.BandLevel})
}
