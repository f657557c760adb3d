package concord

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"echoline/internal/agree"
	"echoline/internal/fault"
)

//go:embed page.html
var page string

// worstShown is how many cases the page and the PDF list.
const worstShown = 200

// drawing is a chart in px.
type drawing struct {
	Chart
	W, H, Edge, Base float64
	Dots             []mark
	Levels           []mark
}

// mark is a dot, or a line across, in px.
type mark struct {
	X, Y   float64
	Name   string
	Stroke template.HTMLAttr
}

// The size of a drawing, px: room for the words at the left and below.
const (
	drawWidth  = 420.0
	drawHeight = 220.0
	drawEdge   = 56.0
	drawBase   = 22.0
	drawTop    = 10.0
)

// drawn puts a chart into px.
func drawn(c Chart) drawing {
	d := drawing{Chart: c, W: drawWidth, H: drawHeight, Edge: drawEdge, Base: drawHeight - drawBase}
	at := func(x, y float64) (px, py float64) {
		across, down := c.At(x, y)
		return drawEdge + 8 + across*(drawWidth-drawEdge-16), drawTop + down*(d.Base-drawTop)
	}
	for _, p := range c.Points {
		x, y := at(p.X, p.Y)
		d.Dots = append(d.Dots, mark{X: x, Y: y, Name: p.Name})
	}
	for _, l := range c.Lines {
		_, y := at(c.Left, l.Y)
		m := mark{Y: y, Stroke: `stroke="#c4ccd6"`}
		switch {
		case l.Strong:
			m.Stroke = `stroke="#1769c2" stroke-width="1.5"`
		case l.Dashed:
			m.Stroke = `stroke="#1769c2" stroke-dasharray="5 4"`
		}
		d.Levels = append(d.Levels, m)
	}
	return d
}

// HTML is the report for people: one file without script or network.
func (r *Report) HTML() ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"t": func(key string) string { return r.say(key, nil) }, "estimate": Estimate, "share": share, "unitOf": unitName, "figure": Figure,
		"title": func(s agree.Summary) string { return r.Title(&s) },
		"rows":  func(s agree.Summary) []Row { return r.Rows(&s) },
		"plots": func(s agree.Summary) []drawing {
			var out []drawing
			for _, c := range r.Charts(&s) {
				out = append(out, drawn(c))
			}
			return out
		},
		"px": func(v float64) string { return fmt.Sprintf("%.1f", v) },
	}).Parse(page)
	if err != nil {
		return nil, err
	}
	worst := agree.Worst(r.Pairs)
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Language": r.Language, "Sums": r.Sums, "Trust": r.Trust, "Worst": worst[:min(len(worst), worstShown)],
		"Research": r.Research, "Version": r.Version, "Shown": r.shown(), "How": r.how(),
	})
	return b.Bytes(), err
}

// shown says how many comparisons are listed.
func (r *Report) shown() string {
	return r.say("shown", fault.Args{"Shown": min(len(r.Pairs), worstShown), "All": len(r.Pairs)})
}

// how says how the figures came about.
func (r *Report) how() string {
	return r.say("how", fault.Args{"Draws": agree.Draws, "Tolerance": r.Tolerance})
}
