package export

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"
	"strings"

	"echoline/internal/contour"
	"echoline/internal/review"
)

// csvHead are the columns of measurements.csv.
var csvHead = []string{
	"name", "instance", "study", "frame", "status", "reader", "last_edit", "label", "label_name", "unit", "longest", "perpendicular",
	"area", "perimeter", "circularity", "ellipse_circumference", "longest_low", "longest_high", "perpendicular_low",
	"perpendicular_high", "area_low", "area_high", "perimeter_low", "perimeter_high", "ellipse_circumference_low",
	"ellipse_circumference_high", "spacing_x_mm", "spacing_y_mm", "spacing_from", "algorithm", "edited", "model", "model_version",
	"model_sha256", "boundary_px", "predicted_share", "confirmed_share", "corrected_share", "not_visible_share",
	"mean_expected_error_px", "consensus_of", "consensus_method", "adjudicated_by", "program", "use",
}

// noSizes are those of nothing.
var noSizes = review.Sizes{
	Longest: math.NaN(), Perpendicular: math.NaN(), Area: math.NaN(), Perimeter: math.NaN(), Circularity: math.NaN(),
	Circumference: math.NaN(),
}

// csvOutputs makes measurements.csv: a line for each label in each frame, and one without label for a frame that shows
// none. Low and high are what the model's band of 90 % implies (review.Measurement). Lengths are in the unit that the line says, areas in its square. The mark at the beginning tells Excel that it is
// UTF-8.
func csvOutputs(j *job) ([]output, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.Write(csvHead); err != nil {
		return nil, err
	}
	for i := range j.Items {
		it := &j.Items[i]
		for _, f := range it.Frames {
			for _, line := range j.csvLines(it, f) {
				if err := w.Write(line); err != nil {
					return nil, err
				}
			}
			if err := j.ctx.Err(); err != nil {
				return nil, err
			}
		}
		j.progress(i + 1)
	}
	w.Flush()
	out := []output{{"measurements.csv", b.Bytes()}}
	if asked := j.questionTable(); asked != nil {
		out = append(out, output{"questions.csv", asked})
	}
	looked, err := j.lookedTable()
	if looked != nil {
		out = append(out, output{"looked.csv", looked})
	}
	if err != nil {
		return nil, err
	}
	return out, w.Error()
}

// questionTable is questions.csv: a line for each answer to what was asked about the exported frames, and for each question
// without one. It is nil where nothing was asked.
func (j *job) questionTable() []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write([]string{ // into memory
		"name", "instance", "frame", "question", "asked_by", "asked_at", "words", "x", "y", "state", "answer", "answered_by", "answered_at",
		"kind", "answer_words", "outcome",
	})
	rows := 0
	for i := range j.Items {
		it := &j.Items[i]
		for _, f := range it.Frames {
			for _, q := range j.asked(it, f) {
				middle := q.Points[len(q.Points)/2]
				line := []string{
					it.Source.Name, it.Source.ID, strconv.Itoa(f.Index + 1), q.ID, q.By, stamp(q.At), q.Words, csvNumber(middle[0], 1),
					csvNumber(middle[1], 1), q.State(),
				}
				answers := q.Answers
				if len(answers) == 0 {
					answers = []review.Answer{{}}
				}
				for _, a := range answers {
					rows++
					full := append(line[:len(line):len(line)], a.ID, a.By, stamp(a.At), a.Kind, a.Words, a.Outcome)
					for c, s := range full {
						full[c] = PlainCell(s)
					}
					_ = w.Write(full)
				}
			}
		}
	}
	w.Flush()
	if rows == 0 {
		return nil
	}
	return b.Bytes()
}

func (j *job) csvLines(it *Item, f Frame) [][]string {
	sizes := f.sizes()
	if len(sizes) == 0 {
		sizes = []review.Measurement{{Sizes: noSizes}}
	}
	study := ""
	if it.Source.Header != nil {
		study = it.attr("StudyInstanceUID")
	}
	var out [][]string
	for _, m := range sizes {
		label, name, unit := "", "", ""
		if m.Label != 0 {
			label, name, unit = strconv.Itoa(int(m.Label)), j.label(m.Label).Name, "px"
		}
		if m.Millimetres {
			unit = "mm"
		}
		x, y := "", ""
		if f.Spacing != nil {
			x, y = csvNumber(f.Spacing.X, 6), csvNumber(f.Spacing.Y, 6)
		}
		if !m.Banded {
			m.Low, m.High = noSizes, noSizes
		}
		line := []string{
			it.Source.Name, it.Source.ID, study, strconv.Itoa(f.Index + 1), stateWord(f), j.Reader, stamp(f.Time), label, name, unit,
			csvNumber(m.Longest, 3), csvNumber(m.Perpendicular, 3), csvNumber(m.Area, 3), csvNumber(m.Perimeter, 3),
			csvNumber(m.Circularity, 3), csvNumber(m.Circumference, 3), csvNumber(m.Low.Longest, 3), csvNumber(m.High.Longest, 3),
			csvNumber(m.Low.Perpendicular, 3), csvNumber(m.High.Perpendicular, 3), csvNumber(m.Low.Area, 3), csvNumber(m.High.Area, 3),
			csvNumber(m.Low.Perimeter, 3), csvNumber(m.High.Perimeter, 3), csvNumber(m.Low.Circumference, 3),
			csvNumber(m.High.Circumference, 3),
			x, y, f.SpacingFrom.String(), algorithm([]Frame{f}), strconv.FormatBool(f.Edited),
			j.Models[f.Model].Name, j.Models[f.Model].Version, f.Model,
		}
		line = append(append(line, boundaryColumns(f, m.Label)...), j.consensusColumns(it, f)...)
		out = append(out, append(line, "Echoline "+j.Version, ResearchUse))
	}
	for _, line := range out {
		for i, s := range line {
			line[i] = PlainCell(s)
		}
	}
	return out
}

// boundaryColumns are the length of a label's boundary, the shares of its states, and the mean expected error along it.
func boundaryColumns(f Frame, label uint8) []string {
	var total, known, sum float64
	var states [4]float64
	for _, a := range f.Arcs {
		if a.Label != label || int(a.State) >= len(states) {
			continue
		}
		total += a.Length
		states[a.State] += a.Length
		if !math.IsNaN(a.Expected) {
			known += a.Length
			sum += a.Expected * a.Length
		}
	}
	out := []string{csvNumber(total, 1)}
	for _, s := range []contour.State{contour.Predicted, contour.Confirmed, contour.Corrected, contour.NotVisible} {
		out = append(out, csvNumber(states[s]/total, 3))
	}
	return append(out, csvNumber(sum/known, 3))
}

// consensusColumns are whose masks a consensus joins, how, and who adjudicated; empty for other masks.
func (j *job) consensusColumns(it *Item, f Frame) []string {
	c := j.consensus(it, f)
	if c == nil {
		return []string{"", "", ""}
	}
	return []string{strings.Join(c.Readers(), "; "), c.Method, c.By}
}

// PlainCell keeps a spreadsheet from taking a name for a formula.
func PlainCell(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}
