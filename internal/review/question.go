package review

import (
	"math"
	"time"

	"echoline/internal/contour"
)

// Question is what a reader asked about a place where the boundary was not sure, with what came of it.
type Question struct {
	ID       string       `json:"id"`
	Instance string       `json:"instance"`
	Frame    int          `json:"frame"` // from 0
	By       string       `json:"by"`
	At       time.Time    `json:"at"`
	Words    string       `json:"words"`
	Points   [][2]float64 `json:"points"` // the place, px: along the arc in question, or around a region
	Region   bool         `json:"region,omitempty"`
	Label    uint8        `json:"label"`
	Answers  []Answer     `json:"answers"` // the oldest first
}

// The kinds of answers.
const (
	AnswerRedrawn    = "redrawn"     // the boundary runs along Points
	AnswerNotVisible = "not_visible" // it cannot be seen there
	AnswerWords      = "words"
)

// What an asker did with an answer; "" while nothing.
const (
	OutcomeTaken = "taken"
	OutcomeLeft  = "left"
)

// Answer is what an expert said.
type Answer struct {
	ID      string       `json:"id"`
	By      string       `json:"by"`
	At      time.Time    `json:"at"`
	Kind    string       `json:"kind"`
	Words   string       `json:"words,omitempty"`
	Points  [][2]float64 `json:"points,omitempty"` // px
	Outcome string       `json:"outcome,omitempty"`
}

// Key is the frame.
func (q *Question) Key() Key { return Key{q.Instance, q.Frame} }

// The states of a question.
const (
	QuestionOpen     = "open"     // nobody answered
	QuestionAnswered = "answered" // the asker has something to take or leave
	QuestionClosed   = "closed"   // taken or left
)

// State is how far the question is: open, answered, or closed.
func (q *Question) State() string {
	state := QuestionOpen
	for _, a := range q.Answers {
		if a.Outcome == "" {
			return QuestionAnswered
		}
		state = QuestionClosed
	}
	return state
}

// Line are points as contours have them.
func Line(points [][2]float64) []contour.Point {
	out := make([]contour.Point, len(points))
	for i, p := range points {
		out[i] = contour.Point{X: p[0], Y: p[1]}
	}
	return out
}

// MarkAlong gives the boundary of frame k that lies within reach (px) of a line a state, as one edit of the reader's; changed
// is false where there is no boundary. err is as of Stroke.Commit.
func (r *Review) MarkAlong(k Key, line []contour.Point, reach float64, state contour.State) (changed bool, err error) {
	if _, err := r.mustFrame(k); err != nil {
		return false, err
	}
	var pts []contour.Point
	eachVertex(r.Contours(k), func(v *contour.Vertex) {
		if contour.DistanceTo(line, v.Point) <= reach {
			pts = append(pts, v.Point)
		}
	})
	if len(pts) == 0 {
		return false, nil
	}
	name := nameConfirm
	if state == contour.NotVisible {
		name = nameNotVisible
	}
	return true, r.markPoints(k, pts, name, state)
}

// finite tells whether all points are numbers that a picture can have.
func finite(points [][2]float64) bool {
	for _, p := range points {
		if !(math.Abs(p[0]) < 1e6) || !(math.Abs(p[1]) < 1e6) {
			return false
		}
	}
	return true
}

// Sound tells whether a question says something: where, and what. Whatever came from elsewhere is asked first.
func (q *Question) Sound() bool {
	return q.Instance != "" && q.Frame >= 0 && q.By != "" && len(q.Points) > 0 && finite(q.Points) && q.Label > 0
}

// Sound tells whether an answer says something.
func (a *Answer) Sound() bool {
	switch a.Kind {
	case AnswerRedrawn:
		return len(a.Points) > 1 && finite(a.Points)
	case AnswerNotVisible:
		return true
	case AnswerWords:
		return a.Words != ""
	}
	return false
}
