package export

import (
	"math"
	"time"

	"echoline/internal/contour"
	"echoline/internal/review"
)

// boundaryDoc is NAME.boundary.json, in the form of GeoJSON but in pixels of the image (docs/boundary.schema.json): a feature
// for each arc of the boundary.
type boundaryDoc struct {
	Type     string            `json:"type"` // FeatureCollection
	Schema   string            `json:"schema"`
	Echoline sidecar           `json:"echoline"`
	Features []boundaryFeature `json:"features"`
	Asked    []boundaryTalk    `json:"questions"` // to experts, about the frames that are exported
	Looked   []boundaryLooked  `json:"looked"`    // weak arcs, as the reader met the frames
}

// boundaryTalk is a question with its answers, and how far it is.
type boundaryTalk struct {
	Frame int    `json:"frame"` // from 1
	State string `json:"state"`
	talk
}

// talk leaves out of a question what the document says already.
type talk struct {
	ID      string          `json:"id"`
	By      string          `json:"by"`
	At      time.Time       `json:"at"`
	Words   string          `json:"words"`
	Points  [][2]float64    `json:"points"`
	Region  bool            `json:"region"`
	Label   uint8           `json:"label"`
	Answers []review.Answer `json:"answers"`
}

type boundaryFeature struct {
	Type       string        `json:"type"` // Feature
	Geometry   boundaryLine  `json:"geometry"`
	Properties boundaryState `json:"properties"`
}

type boundaryLine struct {
	Type        string       `json:"type"` // LineString; a whole ring ends where it begins
	Coordinates [][2]float64 `json:"coordinates"`
}

// boundaryState says of an arc what is known. What is known of each point stands in lists as long as the coordinates, or
// null where no model said anything.
type boundaryState struct {
	Frame    int                  `json:"frame"` // from 1
	Label    uint8                `json:"label"`
	Name     string               `json:"name"`
	Hole     bool                 `json:"hole"`
	Closed   bool                 `json:"closed"`
	State    string               `json:"state"`
	Reviewed bool                 `json:"reviewed"` // a reader accepted the frame or looked at this arc
	Length   float64              `json:"length_px"`
	Mean     *float64             `json:"mean_expected_error_px"`
	Expected []float64            `json:"expected_error_px"`
	Band     map[string][]float64 `json:"band_px"`
}

// boundarySchema names the schema of the documents.
const boundarySchema = "echoline-boundary-1"

// boundaryOutputs makes NAME.boundary.json.
func boundaryOutputs(j *job, it *Item) ([]output, error) {
	name := j.stem + ".boundary.json"
	side := j.sidecar(it, identity(), func(Frame) string { return name })
	doc := boundaryDoc{Type: "FeatureCollection", Schema: boundarySchema, Echoline: side, Features: []boundaryFeature{}, Asked: []boundaryTalk{}, Looked: []boundaryLooked{}}
	for i, f := range it.Frames {
		side.Frames[i].Arcs = []sidecarArc{} // they are the features
		for _, q := range j.asked(it, f) {
			said := append([]review.Answer{}, q.Answers...)
			doc.Asked = append(doc.Asked, boundaryTalk{f.Index + 1, q.State(), talk{q.ID, q.By, q.At, q.Words, q.Points, q.Region, q.Label, said}})
		}
		for _, l := range j.looked(it, f) {
			doc.Looked = append(doc.Looked, boundaryLooked{f.Index + 1, l.X, l.Y, l.Length, l.Expected, l.How, l.Seconds})
		}
		for _, a := range f.Arcs {
			doc.Features = append(doc.Features, j.feature(f, a))
		}
	}
	data, err := marshal(doc)
	return []output{{name, data}}, err
}

func (j *job) feature(f Frame, a Arc) boundaryFeature {
	p := boundaryState{
		Frame: f.Index + 1, Label: a.Label, Name: j.label(a.Label).Name, Hole: a.Hole, Closed: a.Closed, State: stateNames[a.State],
		Reviewed: f.Status == review.Accepted || a.State != contour.Predicted, Length: round(a.Length),
	}
	if !math.IsNaN(a.Expected) {
		mean := round(a.Expected)
		p.Mean = &mean
	}
	points := a.Points
	if a.Closed {
		points = append(points[:len(points):len(points)], points[0])
	}
	line := boundaryLine{"LineString", make([][2]float64, len(points))}
	known := true
	for i, v := range points {
		line.Coordinates[i] = [2]float64{round(v.X), round(v.Y)}
		known = known && !math.IsNaN(v.Expected) && !math.IsNaN(v.Band[0])
	}
	if known {
		p.Band = map[string][]float64{}
		for _, v := range points {
			p.Expected = append(p.Expected, round(v.Expected))
			for i, q := range levelNames {
				p.Band[q] = append(p.Band[q], round(v.Band[i]))
			}
		}
	}
	return boundaryFeature{"Feature", line, p}
}

// stamp is a time in files: UTC, or empty where there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
