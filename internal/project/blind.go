package project

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
)

// The kinds of events about how the prediction was met. Stored: never rename.
const (
	KindRevealed = "project.revealed" // body: Revealed; in a project that is read blind
	KindLooked   = "project.looked"   // body: lookedBody
)

// Revealed says that a reader, having drawn without the prediction, was shown it.
type Revealed struct {
	Project string  `json:"project"`
	Own     string  `json:"own"`     // SHA-256 of the reader's own labels, row by row: it finds the version, which was accepted then
	Seconds float64 `json:"seconds"` // of work until then
}

// digest names a mask.
func digest(labels *mask.Plane) string {
	sum := sha256.Sum256(labels.Pix)
	return hex.EncodeToString(sum[:])
}

// AddRevealed notes that the prediction of a frame was shown to a reader whose own mask was labels.
func (s *State) AddRevealed(l Log, reader string, k review.Key, labels *mask.Plane, seconds float64) error {
	data, err := json.Marshal(Revealed{Project: s.ID, Own: digest(labels), Seconds: seconds})
	if err != nil {
		return err
	}
	_, err = l.AddEvent(store.Event{Kind: KindRevealed, Study: k.Instance, Frame: k.Frame, Reader: reader, Body: data})
	return err
}

// Revealed are the frames whose prediction a reader has seen.
func (s *State) Revealed(l Log, reader string) (map[review.Key]bool, error) {
	events, err := l.Events(KindRevealed)
	out := map[review.Key]bool{}
	for i := range events {
		e := &events[i]
		var b Revealed
		if e.Reader == reader && json.Unmarshal(e.Body, &b) == nil && b.Project == s.ID {
			out[review.Key{Instance: e.Study, Frame: e.Frame}] = true
		}
	}
	return out, err
}

// Own finds the mask that a reader drew before the prediction of a frame was shown, among the versions of that frame; false where
// there is none.
func (s *State) Own(l Log, reader string, k review.Key, versions []review.Version) (review.Version, bool, error) {
	events, err := l.Events(KindRevealed)
	if err != nil {
		return review.Version{}, false, err
	}
	for i := range events {
		e := &events[i]
		var b Revealed
		if e.Reader != reader || e.Study != k.Instance || e.Frame != k.Frame || json.Unmarshal(e.Body, &b) != nil || b.Project != s.ID {
			continue
		}
		for _, v := range versions {
			if digest(v.Labels) == b.Own {
				return v, true, nil
			}
		}
	}
	return review.Version{}, false, nil
}

// How a weak arc was looked at before its frame was accepted. Stored: never rename.
const (
	LookVisited = "visited" // the reader went to it
	LookShown   = "shown"   // it was in view, large enough and long enough
	LookNot     = "not"
)

// LookedArc is a weak arc as the frame was met, in px of the image.
type LookedArc struct {
	X        float64 `json:"x"` // its middle
	Y        float64 `json:"y"`
	Length   float64 `json:"length"`
	Expected float64 `json:"expected"` // error, the mean along it
	How      string  `json:"how"`
	Seconds  float64 `json:"seconds"` // in view, of work
}

// lookedBody is the body of KindLooked.
type lookedBody struct {
	Project string      `json:"project"`
	Arcs    []LookedArc `json:"arcs"`
}

// AddLooked notes how a reader looked at the weak arcs of a frame that was accepted.
func (s *State) AddLooked(l Log, reader, item string, frame int, arcs []LookedArc) error {
	data, err := json.Marshal(lookedBody{Project: s.ID, Arcs: arcs})
	if err != nil {
		return err
	}
	_, err = l.AddEvent(store.Event{Kind: KindLooked, Study: item, Frame: frame, Reader: reader, Body: data})
	return err
}

// Look is what is known of the weak arcs of a frame.
type Look struct {
	Reader, Item string
	Frame        int
	Arcs         []LookedArc
}

// Looks are what is known of all frames: the last acceptance that says something counts. The fault store.CodeEvents comes with looks
// that can be used.
func (s *State) Looks(l Log) ([]Look, error) {
	events, err := l.Events(KindLooked)
	return looksIn(events, s.ID), err
}

// LooksOf is Looks of the project in a workspace; none where there is no project. Where the note that made it is damaged, the looks
// themselves name it.
func LooksOf(l Log) ([]Look, error) {
	events, err := l.Events(KindMade, KindLooked)
	if s := Fold(events); s != nil {
		return looksIn(events, s.ID), err
	}
	if err == nil {
		return nil, nil
	}
	_, b := first(events)
	return looksIn(events, b.Project), err
}

// looksIn folds the looks of a project.
func looksIn(events []store.Event, id string) []Look {
	type key struct {
		reader, item string
		frame        int
	}
	place := map[key]int{}
	var out []Look
	for i := range events {
		e := &events[i]
		var b lookedBody
		if e.Kind != KindLooked || json.Unmarshal(e.Body, &b) != nil || b.Project != id {
			continue
		}
		k := key{e.Reader, e.Study, e.Frame}
		n, known := place[k]
		if !known {
			n = len(out)
			place[k] = n
			out = append(out, Look{Reader: e.Reader, Item: e.Study, Frame: e.Frame})
		}
		out[n].Arcs = b.Arcs
	}
	return out
}
