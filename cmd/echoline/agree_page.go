package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"

	"echoline/internal/agree"
	"echoline/internal/text"
)

//go:embed agree_page.html
var agreeTemplate string

// worstShown is how many cases the page lists.
const worstShown = 200

// agreementPage is the report for people, in the chosen language: one HTML file without script or network.
func agreementPage(pairs []agree.Pair, sums []agree.Summary, trust []readerTrust, tolerance float64) ([]byte, error) {
	t, err := template.New("agreement").Funcs(template.FuncMap{
		"t": func(key string) string { return text.T("agree.page." + key) }, "estimate": estimateText, "limits": limitsText,
		"unit": unitOf, "share": shareText, "unitOf": unitName, "figure": figureText, "plot": func(s agree.Summary) plot { return plotOf(s, pairs) },
	}).Parse(agreeTemplate)
	if err != nil {
		return nil, err
	}
	worst := agree.Worst(pairs)
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Language": text.Language(), "Sums": sums, "Trust": trust, "Worst": worst[:min(len(worst), worstShown)], "All": len(worst),
		"Tolerance": tolerance, "Research": text.T("research.only"), "Version": version,
		"Shown": text.T("agree.page.shown", text.Args{"Shown": min(len(worst), worstShown), "All": len(worst)}),
		"How":   text.T("agree.page.how", text.Args{"Draws": agree.Draws, "Tolerance": tolerance}),
	})
	return b.Bytes(), err
}

// estimateText writes a figure with its interval.
func estimateText(e agree.Estimate) string {
	switch {
	case math.IsNaN(e.Value):
		return "–"
	case math.IsNaN(e.Low):
		return figureText(e.Value)
	}
	return fmt.Sprintf("%s (%s – %s)", figureText(e.Value), figureText(e.Low), figureText(e.High))
}

// shareText writes a share with its interval in per cent.
func shareText(e agree.Estimate) string {
	switch {
	case math.IsNaN(e.Value):
		return "–"
	case math.IsNaN(e.Low):
		return fmt.Sprintf("%.1f %%", 100*e.Value)
	}
	return fmt.Sprintf("%.1f %% (%.1f – %.1f)", 100*e.Value, 100*e.Low, 100*e.High)
}

// limitsText writes limits of agreement.
func limitsText(l agree.Limits) string {
	switch {
	case math.IsNaN(l.Bias):
		return "–"
	case math.IsNaN(l.SD):
		return figureText(l.Bias)
	}
	return fmt.Sprintf("%s (%s … %s)", figureText(l.Bias), figureText(l.Low), figureText(l.High))
}

// figureText writes a number as precise as it is worth.
func figureText(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case math.Abs(v) < 10:
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

// plot is a Bland-Altman plot of longest diameters: the differences of two readers over their means.
type plot struct {
	Points           []dot
	Zero, Bias       float64 // heights of lines, px of the drawing
	Low, High        float64
	Limited          bool // Low and High are known
	Least, Most      string
	Bottom, Top      string
	W, H, Edge, Base float64
}

// dot is a case in a plot, in px of the drawing.
type dot struct {
	X, Y float64
	Name string
}

// The plot's size in px.
const (
	plotWidth  = 420.0
	plotHeight = 220.0
	plotEdge   = 48.0
)

// plotOf draws the cases of a summary in which both readers drew something.
func plotOf(s agree.Summary, pairs []agree.Pair) plot {
	p := plot{W: plotWidth, H: plotHeight, Edge: plotEdge, Base: plotHeight - plotEdge/2, Limited: !math.IsNaN(s.Longest.SD)}
	var xs, ys []float64
	least, most, reach := math.Inf(1), math.Inf(-1), 0.0
	for _, q := range pairs {
		if q.A != s.A || q.B != s.B || q.Label != s.Label || !q.HasA || !q.HasB {
			continue
		}
		k := 1.0
		if s.Millimetres {
			k = q.MM
		}
		x, y := k*(q.LongestA+q.LongestB)/2, k*(q.LongestA-q.LongestB)
		xs, ys = append(xs, x), append(ys, y)
		p.Points = append(p.Points, dot{Name: q.Case})
		least, most, reach = min(least, x), max(most, x), max(reach, math.Abs(y))
	}
	if len(xs) == 0 {
		return p
	}
	if p.Limited {
		reach = max(reach, math.Abs(s.Longest.Low), math.Abs(s.Longest.High))
	}
	reach = max(1.1*reach, 1e-3)
	height := func(v float64) float64 { return 10 + (p.Base-20)*(1-(v+reach)/(2*reach)) }
	for i := range p.Points {
		share := 0.5
		if most > least {
			share = (xs[i] - least) / (most - least)
		}
		p.Points[i].X, p.Points[i].Y = plotEdge+10+share*(plotWidth-plotEdge-20), height(ys[i])
	}
	p.Zero, p.Bias, p.Low, p.High = height(0), height(s.Longest.Bias), height(s.Longest.Low), height(s.Longest.High)
	p.Least, p.Most, p.Bottom, p.Top = figureText(least), figureText(most), figureText(-reach), figureText(reach)
	return p
}
