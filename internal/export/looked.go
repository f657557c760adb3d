package export

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

// Looked is a weak arc as a frame was met, and whether the reader looked at it before accepting (docs/project.md).
type Looked struct {
	Reader   string
	Instance string
	Frame    int     // from 0
	X, Y     float64 // its middle, px of the image
	Length   float64 // px
	Expected float64 // error, px, the mean along it
	How      string  // visited, shown or not
	Seconds  float64 // in view
}

// looked are the weak arcs of a frame, as the exported reader met it.
func (in *Input) looked(it *Item, f Frame) []Looked {
	var out []Looked
	for _, l := range in.Looked {
		if l.Reader == in.Reader && l.Instance == it.Source.ID && l.Frame == f.Index {
			out = append(out, l)
		}
	}
	return out
}

// boundaryLooked is one of them in NAME.boundary.json.
type boundaryLooked struct {
	Frame    int     `json:"frame"` // from 1
	X        float64 `json:"x"`
	Y        float64 `json:"y"`
	Length   float64 `json:"length"`
	Expected float64 `json:"expected"`
	How      string  `json:"how"`
	Seconds  float64 `json:"seconds"`
}

// lookedTable is looked.csv: a line for each weak arc of the exported frames. It is nil where nothing was noted.
func (j *job) lookedTable() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	rows := [][]string{{"name", "instance", "frame", "reader", "x_px", "y_px", "length_px", "expected_px", "looked", "in_view_s"}}
	for i := range j.Items {
		it := &j.Items[i]
		for _, f := range it.Frames {
			for _, l := range j.looked(it, f) {
				rows = append(rows, []string{
					PlainCell(it.Source.Name), PlainCell(it.Source.ID), strconv.Itoa(f.Index + 1), PlainCell(j.Reader),
					csvNumber(l.X, 1), csvNumber(l.Y, 1), csvNumber(l.Length, 1), csvNumber(l.Expected, 2), l.How, csvNumber(l.Seconds, 1),
				})
			}
		}
	}
	if len(rows) == 1 {
		return nil, nil
	}
	err := w.WriteAll(rows)
	return b.Bytes(), err
}
