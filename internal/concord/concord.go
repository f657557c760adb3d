// Package concord presents how far readers agree, for the page in the window and for files: figures with intervals, plots
// of each pair, the cases sorted by disagreement; as HTML without script or network, as tables, and as PDF. It works nothing
// out: that is internal/agree.
package concord

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"echoline/internal/agree"
	"echoline/internal/fault"
)

// Seed makes the intervals of one workspace the same each time.
const Seed = 1

// Report is what there is to present.
type Report struct {
	Pairs     []agree.Pair
	Sums      []agree.Summary // of Pairs
	Trust     []ReaderTrust   // may be empty
	Tolerance float64         // of NSD, px
	Version   string          // of the program
	Language  string          // tag of the language that Say speaks
	Research  string          // the sentence about what the program is for
	Say       func(key string, args fault.Args) string
}

// ReaderTrust is whether the model's bands hold for a reader.
type ReaderTrust struct {
	Reader string
	agree.Trust
}

// New sums pairs up.
func New(pairs []agree.Pair, tolerance float64) *Report {
	return &Report{Pairs: pairs, Sums: agree.Summarise(pairs, Seed), Tolerance: tolerance}
}

// Of are the pairs of a summary, those who agree least first.
func (r *Report) Of(s *agree.Summary) []agree.Pair {
	var out []agree.Pair
	for _, p := range agree.Worst(r.Pairs) {
		if p.A == s.A && p.B == s.B && p.Label == s.Label && (s.Class == "" || p.Class == s.Class) {
			out = append(out, p)
		}
	}
	return out
}

// The names of the files of a report.
const (
	Page        = "agreement.html"
	Paper       = "agreement.pdf"
	CasesName   = "cases.csv"
	SummaryName = "summary.csv"
)

// Files are all files of the report, by name. Fonts and time are those of PDF.
func (r *Report) Files(regular, bold []byte, now time.Time) (map[string][]byte, error) {
	html, err := r.HTML()
	if err != nil {
		return nil, err
	}
	pdf, err := r.PDF(regular, bold, now)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{Page: html, Paper: pdf, CasesName: r.CaseTable(), SummaryName: r.SummaryTable()}, nil
}

func (r *Report) say(key string, args fault.Args) string { return r.Say("agree.page."+key, args) }

// Unit is that of a summary's lengths.
func Unit(s *agree.Summary) string { return unitName(s.Millimetres) }

func unitName(mm bool) string {
	if mm {
		return "mm"
	}
	return "px"
}

// Title names a summary: its readers, the label where it is not the first, and the class where it is of one.
func (r *Report) Title(s *agree.Summary) string {
	out := s.A + " – " + s.B
	if s.Label != 1 {
		out += fmt.Sprintf(" · %s %d", r.say("label", nil), s.Label)
	}
	if s.Class != "" {
		out += " · " + s.Class
	}
	return out
}

// Row is a figure in words.
type Row struct{ Name, Value string }

// Rows are the figures of a summary.
func (r *Report) Rows(s *agree.Summary) []Row {
	u := Unit(s)
	return []Row{
		{r.say("cases", nil), strconv.Itoa(s.Cases)},
		{r.say("groups", nil), strconv.Itoa(s.Groups)},
		{"Dice", Estimate(s.Dice)},
		{"IoU", Estimate(s.IoU)},
		{r.say("nsd", nil), Estimate(s.NSD)},
		{r.say("hd95", nil) + ", " + u, Estimate(s.HD95)},
		{r.say("asd", nil) + ", " + u, Estimate(s.ASD)},
		{r.say("kappa", nil), Estimate(s.Kappa)},
		{r.say("area", nil) + ", " + u + "²", limits(s.Area)},
		{r.say("longest", nil) + ", " + u, limits(s.Longest)},
	}
}

// Estimate writes a figure with its interval.
func Estimate(e agree.Estimate) string {
	switch {
	case math.IsNaN(e.Value):
		return "–"
	case math.IsNaN(e.Low):
		return Figure(e.Value)
	}
	return fmt.Sprintf("%s (%s – %s)", Figure(e.Value), Figure(e.Low), Figure(e.High))
}

// share writes a share with its interval in per cent.
func share(e agree.Estimate) string {
	switch {
	case math.IsNaN(e.Value):
		return "–"
	case math.IsNaN(e.Low):
		return fmt.Sprintf("%.1f %%", 100*e.Value)
	}
	return fmt.Sprintf("%.1f %% (%.1f – %.1f)", 100*e.Value, 100*e.Low, 100*e.High)
}

// limits writes limits of agreement.
func limits(l agree.Limits) string {
	switch {
	case math.IsNaN(l.Bias):
		return "–"
	case math.IsNaN(l.SD):
		return Figure(l.Bias)
	}
	return fmt.Sprintf("%s (%s … %s)", Figure(l.Bias), Figure(l.Low), Figure(l.High))
}

// Figure writes a number as precise as it is worth.
func Figure(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case math.Abs(v) < 10:
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// CaseTable is every pair of every case; lengths in px, with the size of a pixel beside them.
func (r *Report) CaseTable() []byte {
	rows := [][]string{{
		"case", "reader_a", "reader_b", "label", "mm_per_px", "dice", "iou", "nsd", "hd95_px", "asd_px",
		"area_a_px", "area_b_px", "longest_a_px", "longest_b_px", "last_accepted", "class",
	}}
	for _, p := range agree.Worst(r.Pairs) {
		at := ""
		if !p.At.IsZero() {
			at = p.At.UTC().Format("2006-01-02T15:04:05Z")
		}
		rows = append(rows, []string{
			p.Case, p.A, p.B, strconv.Itoa(int(p.Label)), plain(p.MM), plain(p.Dice), plain(p.IoU), plain(p.NSD), plain(p.HD95),
			plain(p.ASD), plain(p.AreaA), plain(p.AreaB), plain(p.LongestA), plain(p.LongestB), at, p.Class,
		})
	}
	return table(rows)
}

// SummaryTable is what the readers' pairs come to.
func (r *Report) SummaryTable() []byte {
	head := []string{"reader_a", "reader_b", "label", "cases", "groups", "unit"}
	for _, name := range []string{"dice", "iou", "nsd", "hd95", "asd", "kappa"} {
		head = append(head, name, name+"_low", name+"_high")
	}
	for _, name := range []string{"area", "longest"} {
		head = append(head, name+"_n", name+"_bias", name+"_low", name+"_high")
	}
	rows := [][]string{append(head, "class")}
	for i := range r.Sums {
		s := &r.Sums[i]
		row := []string{s.A, s.B, strconv.Itoa(int(s.Label)), strconv.Itoa(s.Cases), strconv.Itoa(s.Groups), Unit(s)}
		for _, e := range []agree.Estimate{s.Dice, s.IoU, s.NSD, s.HD95, s.ASD, s.Kappa} {
			row = append(row, plain(e.Value), plain(e.Low), plain(e.High))
		}
		for _, l := range []agree.Limits{s.Area, s.Longest} {
			row = append(row, strconv.Itoa(l.N), plain(l.Bias), plain(l.Low), plain(l.High))
		}
		rows = append(rows, append(row, s.Class))
	}
	return table(rows)
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.WriteAll(rows) // into memory
	return b.Bytes()
}

// plain writes a number for machines; nothing where there is none.
func plain(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 8, 64)
}

// Chart is a plot of the cases of a pair. Its edges are Left … Right and Bottom … Top in the units that it names.
type Chart struct {
	Title                    string
	Points                   []Dot
	Lines                    []Level
	Left, Right, Bottom, Top float64
	From, To, Low, High      string // what stands at the edges
}

// Dot is a case.
type Dot struct {
	X, Y float64
	Name string
	Pair int // its place in what Of gives
}

// Level is a line across a chart.
type Level struct {
	Y      float64
	Strong bool // the mean
	Dashed bool // a limit
}

// Charts are the plots of a pair: Bland-Altman of the longest diameter and of the area, Dice and HD95 of each case in order,
// and over time where it is known. Those without points are left out.
func (r *Report) Charts(s *agree.Summary) []Chart {
	pairs := r.Of(s)
	u := Unit(s)
	all := []Chart{
		blandAltman(r.say("plot.longest", fault.Args{"Unit": u}), pairs, s.Longest, func(p *agree.Pair) (a, b float64) {
			k := scale(p, s)
			return k * p.LongestA, k * p.LongestB
		}),
		blandAltman(r.say("plot.area", fault.Args{"Unit": u + "²"}), pairs, s.Area, func(p *agree.Pair) (a, b float64) {
			k := scale(p, s)
			return k * k * p.AreaA, k * k * p.AreaB
		}),
		inOrder("Dice", pairs, s.Dice, func(p *agree.Pair) float64 { return p.Dice }),
		inOrder(r.say("hd95", nil)+", "+u, pairs, s.HD95, func(p *agree.Pair) float64 { return scale(p, s) * p.HD95 }),
		overTime(r.say("plot.time", nil), pairs, s.Dice),
	}
	return slices.DeleteFunc(all, func(c Chart) bool { return len(c.Points) == 0 })
}

// scale is what a length in px is multiplied by.
func scale(p *agree.Pair, s *agree.Summary) float64 {
	if s.Millimetres {
		return p.MM
	}
	return 1
}

// blandAltman plots differences over means, where both readers drew something.
func blandAltman(title string, pairs []agree.Pair, l agree.Limits, size func(*agree.Pair) (a, b float64)) Chart {
	c := Chart{Title: title, Left: math.Inf(1), Right: math.Inf(-1)}
	reach := 0.0
	for i := range pairs {
		p := &pairs[i]
		if !p.HasA || !p.HasB {
			continue
		}
		a, b := size(p)
		d := Dot{X: (a + b) / 2, Y: a - b, Name: p.Case, Pair: i}
		c.Points = append(c.Points, d)
		c.Left, c.Right, reach = min(c.Left, d.X), max(c.Right, d.X), max(reach, math.Abs(d.Y))
	}
	c.Lines = []Level{{Y: 0}, {Y: l.Bias, Strong: true}}
	if !math.IsNaN(l.SD) {
		reach = max(reach, math.Abs(l.Low), math.Abs(l.High))
		c.Lines = append(c.Lines, Level{Y: l.Low, Dashed: true}, Level{Y: l.High, Dashed: true})
	}
	reach = max(1.1*reach, 1e-3)
	c.Bottom, c.Top = -reach, reach
	c.widen()
	c.From, c.To, c.Low, c.High = Figure(c.Left), Figure(c.Right), Figure(-reach), Figure(reach)
	return c
}

// inOrder plots a figure case by case, the least first.
func inOrder(title string, pairs []agree.Pair, mean agree.Estimate, value func(*agree.Pair) float64) Chart {
	c := Chart{Title: title, Left: 1}
	for i := range pairs {
		if v := value(&pairs[i]); !math.IsNaN(v) && !math.IsInf(v, 0) {
			c.Points = append(c.Points, Dot{Y: v, Name: pairs[i].Case, Pair: i})
			c.Top = max(c.Top, v)
		}
	}
	slices.SortStableFunc(c.Points, func(a, b Dot) int { return cmp.Compare(a.Y, b.Y) })
	for i := range c.Points {
		c.Points[i].X = float64(i + 1)
	}
	c.Right = float64(len(c.Points))
	c.From, c.To = "1", strconv.Itoa(len(c.Points))
	c.level(mean)
	return c
}

// level sets the height of a chart that begins at 0, with the mean and its interval.
func (c *Chart) level(mean agree.Estimate) {
	c.Top = max(c.Top, 1e-3)
	c.Low, c.High = "0", Figure(c.Top)
	c.Top *= 1.05
	if !math.IsNaN(mean.Value) {
		c.Lines = append(c.Lines, Level{Y: mean.Value, Strong: true})
	}
	if !math.IsNaN(mean.Low) {
		c.Lines = append(c.Lines, Level{Y: mean.Low, Dashed: true}, Level{Y: mean.High, Dashed: true})
	}
	c.widen()
}

// overTime plots the Dice over when the later of the two was accepted.
func overTime(title string, pairs []agree.Pair, mean agree.Estimate) Chart {
	c := Chart{Title: title, Left: math.Inf(1), Right: math.Inf(-1), Top: 1}
	var first, last agree.Pair
	for i := range pairs {
		p := &pairs[i]
		if p.At.IsZero() || math.IsNaN(p.Dice) {
			continue
		}
		d := Dot{X: float64(p.At.Unix()), Y: p.Dice, Name: p.Case, Pair: i}
		c.Points = append(c.Points, d)
		if d.X < c.Left {
			c.Left, first = d.X, *p
		}
		if d.X > c.Right {
			c.Right, last = d.X, *p
		}
	}
	if len(c.Points) == 0 {
		return c
	}
	c.From, c.To = first.At.Local().Format("2006-01-02"), last.At.Local().Format("2006-01-02")
	c.level(mean)
	return c
}

// widen gives a chart whose cases are all alike some width.
func (c *Chart) widen() {
	if !(c.Right > c.Left) {
		c.Left, c.Right = c.Left-1, c.Left+1
	}
}

// At is where a point of the chart lies, as shares of its width from the left and of its height from the top.
func (c *Chart) At(x, y float64) (across, down float64) {
	return (x - c.Left) / (c.Right - c.Left), (c.Top - y) / (c.Top - c.Bottom)
}
