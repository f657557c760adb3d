package project

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/store"
)

// What a case took is measured on the reader's own machine and kept in the workspace, nowhere else: one event for each stay at
// a frame.

// KindVisit is the kind of those events. Stored: never rename. Its body is a Visit.
const KindVisit = "project.visit"

// Idle is how long after the last press, stroke or turn of the wheel somebody still counts as working.
const Idle = 20 * time.Second

// MovedFrom is how far boundary must lie from the model's, in px, to count as moved.
const MovedFrom = 1.0

// Visit is a stay at a frame.
type Visit struct {
	Project  string  `json:"project"`
	Seconds  float64 `json:"seconds"`            // of work: pauses beyond Idle are cut off
	Own      float64 `json:"own,omitempty"`      // of these, before the prediction was revealed, in a project that is read blind
	Gestures int     `json:"gestures"`           // strokes that changed something, and decisions
	Model    string  `json:"model,omitempty"`    // SHA-256 of the model that the mask started from; "" if drawn from nothing
	Accepted bool    `json:"accepted,omitempty"` // the stay ended so
	Moved    *Moved  `json:"moved,omitempty"`    // with Accepted, where a model had predicted
}

// Moved is what became of a model's boundary, in mm where the picture has a scale, else px.
type Moved struct {
	Unit   string  `json:"unit"`   // mm or px
	Length float64 `json:"length"` // of the accepted boundary
	Moved  float64 `json:"moved"`  // of that, what lies farther than MovedFrom px from the predicted one
	Mean   float64 `json:"mean"`   // how far that piece lies from it
	Most   float64 `json:"most"`
}

// MovedOf compares an accepted mask with the predicted one, over all labels. mm are the millimetres of a pixel; 0 where the
// picture has no scale.
func MovedOf(predicted, accepted *mask.Plane, mm float64) Moved {
	m := Moved{Unit: "px"}
	scale := 1.0
	if mm > 0 {
		m.Unit, scale = "mm", mm
	}
	var seen [256]bool
	for i := range accepted.Pix {
		seen[accepted.Pix[i]] = true
	}
	sum := 0.0
	for label := 1; label < len(seen); label++ {
		if !seen[label] {
			continue
		}
		d := contour.Displacement(predicted, accepted, uint8(label), MovedFrom)
		m.Length += d.Length * scale
		m.Moved += d.Moved * scale
		sum += d.Mean * d.Moved * scale * scale
		m.Most = max(m.Most, d.Most*scale)
	}
	if m.Moved > 0 {
		m.Mean = sum / m.Moved
	}
	return m
}

// AddVisit keeps what a stay at a frame took.
func (s *State) AddVisit(l Log, reader, item string, frame int, v Visit) error {
	v.Project = s.ID
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = l.AddEvent(store.Event{Kind: KindVisit, Study: item, Frame: frame, Reader: reader, Body: data})
	return err
}

// Taken is what a frame took a reader, over all stays.
type Taken struct {
	Reader   string
	Item     string
	Frame    int
	Model    string // that the accepted mask started from, or the one of the last stay
	Visits   int
	Seconds  float64
	Own      float64
	Gestures int
	Accepted bool
	Moved    *Moved // of the last acceptance
	Last     time.Time
}

// Visits sums up the project's stays, by reader, item and frame. The fault store.CodeEvents comes with stays that can be used.
func (s *State) Visits(l Log) ([]Taken, error) {
	events, err := l.Events(KindVisit)
	type key struct {
		reader, item string
		frame        int
	}
	sums := map[key]*Taken{}
	for i := range events {
		e := &events[i]
		var v Visit
		if json.Unmarshal(e.Body, &v) != nil || v.Project != s.ID {
			continue
		}
		k := key{e.Reader, e.Study, e.Frame}
		t := sums[k]
		if t == nil {
			t = &Taken{Reader: e.Reader, Item: e.Study, Frame: e.Frame}
			sums[k] = t
		}
		t.Visits++
		t.Seconds += v.Seconds
		t.Own += v.Own
		t.Gestures += v.Gestures
		t.Last = e.At
		t.Model = v.Model
		if v.Accepted {
			t.Accepted, t.Moved = true, v.Moved
		}
	}
	out := make([]Taken, 0, len(sums))
	for _, t := range sums {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Taken) int {
		return cmp.Or(cmp.Compare(a.Reader, b.Reader), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Frame, b.Frame))
	})
	return out, err
}

// AddTimes fills in how long cases took, from stays.
func AddTimes(progress []Progress, s *State, w *Work, taken []Taken) {
	seconds := map[caseOf]float64{}
	for i := range taken {
		seconds[caseOf{taken[i].Reader, taken[i].Item}] += taken[i].Seconds
	}
	for i := range progress {
		p := &progress[i]
		for _, c := range s.Part(p.Name) {
			t, measured := seconds[caseOf{p.Name, c.Item}]
			if st, _ := w.Stage(c, p.Name); st == Done && measured {
				p.Timed++
				p.Active += time.Duration(t * float64(time.Second))
			}
		}
	}
}

// Saving sums up accepted frames of one reader that started from one model, or from none.
type Saving struct {
	Reader, Model string
	Frames        int
	Seconds       float64 // the median, of a frame
	Gestures      float64 // likewise
	Moved         float64 // share of the accepted boundary that was moved, over all frames that have a predicted one; -1 where none has
	Mean          float64 // how far, in Unit: the mean along what moved
	Unit          string  // "mm", "px", or "" where frames differ, or there are none
}

// Savings compares what frames took, by reader and model.
func Savings(taken []Taken) []Saving {
	type key struct{ reader, model string }
	groups := map[key][]*Taken{}
	for i := range taken {
		if t := &taken[i]; t.Accepted {
			k := key{t.Reader, t.Model}
			groups[k] = append(groups[k], t)
		}
	}
	out := make([]Saving, 0, len(groups))
	for k, all := range groups {
		s := Saving{Reader: k.reader, Model: k.model, Frames: len(all), Moved: -1}
		var seconds, gestures []float64
		length, moved, far := 0.0, 0.0, 0.0
		units := map[string]bool{}
		for _, t := range all {
			seconds, gestures = append(seconds, t.Seconds), append(gestures, float64(t.Gestures))
			if m := t.Moved; m != nil {
				units[m.Unit] = true
				length, moved, far = length+m.Length, moved+m.Moved, far+m.Mean*m.Moved
			}
		}
		s.Seconds, s.Gestures = contour.Percentile(seconds, 0.5), contour.Percentile(gestures, 0.5)
		if len(units) == 1 {
			for unit := range units {
				s.Unit = unit
			}
			if length > 0 {
				s.Moved = moved / length
			}
			if moved > 0 {
				s.Mean = far / moved
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Saving) int { return cmp.Or(cmp.Compare(a.Reader, b.Reader), cmp.Compare(a.Model, b.Model)) })
	return out
}
