package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"echoline/internal/durable"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/text"
)

// codeProjectWrite is the fault of a report that cannot be written.
const codeProjectWrite fault.Code = "project.write"

// The tables of a report.
const (
	projectReaders = "readers.csv"
	projectCases   = "cases.csv"
	projectTimes   = "time.csv"
	projectArcs    = "arcs.csv"
)

// projectJSON is what project report writes.
type projectJSON struct {
	Project    string          `json:"project"`
	Name       string          `json:"name"`
	Cases      int             `json:"cases"`
	Unassigned int             `json:"unassigned"`
	Done       int             `json:"done"` // by all who read them
	Blinded    bool            `json:"blinded"`
	Blind      bool            `json:"blind"`
	Readers    []projectPerson `json:"readers"`
	Savings    []projectSaving `json:"savings"`
}

type projectPerson struct {
	Name     string   `json:"name"`
	Role     string   `json:"role"`
	Assigned int      `json:"assigned"`
	Done     int      `json:"done"`
	Begun    int      `json:"begun"`
	Pace     *float64 `json:"pace_s"` // active seconds a case; null where none was measured
	Left     *float64 `json:"left_s"`
	Last     string   `json:"last"` // UTC, RFC 3339; "" if never
}

type projectSaving struct {
	Reader   string   `json:"reader"`
	Model    string   `json:"model"` // SHA-256; "" for frames that were drawn from nothing
	Frames   int      `json:"frames"`
	Seconds  float64  `json:"seconds"`  // the median of a frame
	Gestures float64  `json:"gestures"` // likewise
	Moved    *float64 `json:"moved"`    // share of the boundary; null where no model had predicted
	Mean     *float64 `json:"mean"`     // how far, in unit
	Unit     string   `json:"unit"`
}

// projectReport tells how a project stands.
func projectReport() *cobra.Command {
	var workspace, out string
	c := &cobra.Command{
		Use: "report --workspace DIR [--out DIR]", Short: text.T("project.cli.report.short"), Long: text.T("project.cli.report.long"),
		Example: "  echoline project report --workspace ~/breast --out report",
		Args:    needWorkspace(&workspace),
		RunE: func(c *cobra.Command, _ []string) error {
			return withProject(workspace, func(ws *store.Workspace, s *project.State) error {
				r, damage, err := readReport(ws, s)
				if err != nil {
					return err
				}
				if out != "" {
					if err := r.write(out); err != nil {
						return err
					}
				}
				if err := r.print(c.OutOrStdout()); err != nil {
					return err
				}
				return damage
			})
		},
	}
	c.Flags().StringVar(&workspace, "workspace", "", text.T("export.cli.flag.workspace"))
	c.Flags().StringVar(&out, "out", "", text.T("project.cli.flag.out"))
	return c
}

// projectStanding is how a project stands.
type projectStanding struct {
	state    *project.State
	work     *project.Work
	taken    []project.Taken
	progress []project.Progress
	looks    []project.Look
}

// readReport reads how a project stands. The report leaves damaged notes out, and damage says so.
func readReport(ws *store.Workspace, s *project.State) (r *projectStanding, damage, err error) {
	decisions, err := ws.Decisions()
	if err != nil {
		return nil, nil, err
	}
	r = &projectStanding{state: s, work: project.Sum(decisions)}
	var errs [2]error
	r.taken, errs[0] = s.Visits(ws)
	r.looks, errs[1] = s.Looks(ws)
	for _, err := range errs {
		if err != nil && fault.CodeOf(err) != store.CodeEvents {
			return nil, nil, err
		}
	}
	r.progress = s.Progress(r.work)
	project.AddTimes(r.progress, s, r.work, r.taken)
	return r, errors.Join(errs[:]...), nil
}

// doneBy counts those who read a case, and those who are through with it.
func (r *projectStanding) doneBy(c project.Case) (readers, done int) {
	for _, n := range r.state.ReadersOf(c.Item) {
		readers++
		if st, _ := r.work.Stage(c, n); st == project.Done {
			done++
		}
	}
	return readers, done
}

// print writes the report as JSON.
func (r *projectStanding) print(out io.Writer) error {
	s := r.state
	doc := projectJSON{Project: s.ID, Name: s.Name, Cases: len(s.Cases), Blinded: s.Blinded, Blind: s.Blind, Readers: []projectPerson{}, Savings: []projectSaving{}}
	for _, c := range s.Cases {
		switch readers, done := r.doneBy(c); {
		case readers == 0:
			doc.Unassigned++
		case readers == done:
			doc.Done++
		}
	}
	for _, p := range r.progress {
		person := projectPerson{Name: p.Name, Role: string(project.Reads), Assigned: p.Assigned, Done: p.Done, Begun: p.Begun, Last: timeText(p.Last)}
		if p.Timed > 0 {
			pace, left := p.Pace().Seconds(), p.Left().Seconds()
			person.Pace, person.Left = &pace, &left
		}
		doc.Readers = append(doc.Readers, person)
	}
	for _, m := range s.Active(project.Advises) {
		doc.Readers = append(doc.Readers, projectPerson{Name: m.Name, Role: string(m.Role)})
	}
	for _, v := range project.Savings(r.taken) {
		saving := projectSaving{Reader: v.Reader, Model: v.Model, Frames: v.Frames, Seconds: v.Seconds, Gestures: v.Gestures, Unit: v.Unit}
		if v.Moved >= 0 {
			saving.Moved, saving.Mean = &v.Moved, &v.Mean
		}
		doc.Savings = append(doc.Savings, saving)
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// write writes the tables.
func (r *projectStanding) write(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(codeProjectWrite, dir, err, nil)
	}
	var files []durable.File
	for name, rows := range map[string][][]string{projectReaders: r.readerRows(), projectCases: r.caseRows(), projectTimes: r.timeRows(), projectArcs: r.arcRows()} {
		var b bytes.Buffer
		b.WriteString("\uFEFF") // spreadsheets then read Hangul as such
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			return err
		}
		files = append(files, durable.File{Path: filepath.Join(dir, name), Data: b.Bytes()})
	}
	if err := durable.WriteAll(files, 0o600); err != nil {
		return fault.New(codeProjectWrite, dir, err, nil)
	}
	return nil
}

func (r *projectStanding) readerRows() [][]string {
	rows := [][]string{{"reader", "assigned", "done", "begun", "timed", "active_s", "pace_s", "last"}}
	for _, p := range r.progress {
		rows = append(rows, []string{
			export.PlainCell(p.Name), strconv.Itoa(p.Assigned), strconv.Itoa(p.Done), strconv.Itoa(p.Begun), strconv.Itoa(p.Timed),
			number(p.Active.Seconds()), number(p.Pace().Seconds()), timeText(p.Last),
		})
	}
	return rows
}

func (r *projectStanding) caseRows() [][]string {
	rows := [][]string{{"case", "item", "frames", "reader", "stage"}}
	for _, c := range r.state.Cases {
		names := r.state.ReadersOf(c.Item)
		if len(names) == 0 {
			rows = append(rows, []string{export.PlainCell(c.Name), export.PlainCell(c.Item), strconv.Itoa(c.Frames), "", "unassigned"})
		}
		for _, n := range names {
			stage := "open"
			switch st, rejected := r.work.Stage(c, n); {
			case rejected:
				stage = "rejected"
			case st == project.Done:
				stage = "done"
			case st == project.Begun:
				stage = "begun"
			}
			rows = append(rows, []string{export.PlainCell(c.Name), export.PlainCell(c.Item), strconv.Itoa(c.Frames), export.PlainCell(n), stage})
		}
	}
	return rows
}

func (r *projectStanding) timeRows() [][]string {
	rows := [][]string{{
		"reader", "case", "item", "frame", "model", "accepted", "visits", "active_s", "before_prediction_s", "gestures",
		"unit", "boundary", "moved", "moved_mean", "moved_most", "last",
	}}
	for _, t := range r.taken {
		name := ""
		if c, ok := r.state.Case(t.Item); ok {
			name = c.Name
		}
		row := []string{
			export.PlainCell(t.Reader), export.PlainCell(name), export.PlainCell(t.Item), strconv.Itoa(t.Frame + 1), t.Model, strconv.FormatBool(t.Accepted), strconv.Itoa(t.Visits),
			number(t.Seconds), number(t.Own), strconv.Itoa(t.Gestures), "", "", "", "", "", timeText(t.Last),
		}
		if m := t.Moved; m != nil {
			copy(row[10:], []string{m.Unit, number(m.Length), number(m.Moved), number(m.Mean), number(m.Most)})
		}
		rows = append(rows, row)
	}
	return rows
}

// arcRows tell how weak arcs were looked at.
func (r *projectStanding) arcRows() [][]string {
	rows := [][]string{{"reader", "case", "item", "frame", "x", "y", "length_px", "expected_px", "looked", "in_view_s"}}
	for _, l := range r.looks {
		name := ""
		if c, ok := r.state.Case(l.Item); ok {
			name = c.Name
		}
		for _, a := range l.Arcs {
			rows = append(rows, []string{
				export.PlainCell(l.Reader), export.PlainCell(name), export.PlainCell(l.Item), strconv.Itoa(l.Frame + 1), number(a.X), number(a.Y), number(a.Length), number(a.Expected), a.How, number(a.Seconds),
			})
		}
	}
	return rows
}

// number writes a measure.
func number(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
