package effort

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// Words are the sentences of a plot.
type Words struct {
	Title   string // above all
	Seconds string // the axis: modelled seconds
	Images  string // the axis: share of images
	Target  string // before a target's number
}

// The plot's measures, px.
const (
	panelW, panelH = 420, 260
	marginLeft     = 64
	marginTop      = 56
	marginBottom   = 56
	panelGap       = 60
)

// inks are the colours of the strategies; the mix is the thick line.
var inks = map[string]string{
	Mix: "#0072b2", Brush: "#d55e00", Draw: "#009e73", Push: "#cc79a7", Redraw: "#56b4e9", Slide: "#e69f00", Click: "#999999",
	Stroke: "#000000",
}

// Plot writes an SVG picture: for each target the share of images that each strategy has brought there after so many
// modelled seconds.
func Plot(w io.Writer, runs []Run, words Words) error {
	var targets []float64
	var strategies []string
	longest := 1.0
	for _, r := range runs {
		if !slices.Contains(targets, r.Target) {
			targets = append(targets, r.Target)
		}
		if !slices.Contains(strategies, r.Strategy) {
			strategies = append(strategies, r.Strategy)
		}
	}
	for _, s := range strategies {
		var all []float64
		for _, r := range runs {
			if r.Strategy == s {
				all = append(all, r.Seconds)
			}
		}
		slices.Sort(all)
		if s == Mix || s == Brush || s == Draw {
			longest = math.Max(longest, quantile(all, 0.95))
		}
	}
	longest = math.Ceil(longest/10) * 10
	var b strings.Builder
	width := marginLeft + len(targets)*(panelW+panelGap)
	height := marginTop + panelH + marginBottom + 20
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`, width, height, width, height)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>`)
	fmt.Fprintf(&b, `<text x="%d" y="22" font-size="15">%s</text>`, marginLeft, html.EscapeString(words.Title))
	for i, t := range targets {
		p := panel{x: float64(marginLeft + i*(panelW+panelGap)), y: marginTop, longest: longest}
		p.frame(&b, fmt.Sprintf("%s %g", words.Target, t), words)
		for k, s := range strategies {
			p.curve(&b, runs, s, t, k)
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// panel is one target's part of the plot.
type panel struct{ x, y, longest float64 }

func (p panel) at(seconds, part float64) (x, y float64) {
	return p.x + panelW*math.Min(1, seconds/p.longest), p.y + panelH*(1-part)
}

// frame draws the axes.
func (p panel) frame(b *strings.Builder, title string, words Words) {
	fmt.Fprintf(b, `<text x="%.0f" y="%.0f">%s</text>`, p.x, p.y-10, html.EscapeString(title))
	for i := 0; i <= 4; i++ {
		_, y := p.at(0, float64(i)/4)
		fmt.Fprintf(b, `<path d="M%.1f %.1fh%d" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%d %%</text>`, p.x, y, panelW, p.x-6, y+4, 25*i)
	}
	for i := 0; i <= 5; i++ {
		s := p.longest * float64(i) / 5
		x, y := p.at(s, 0)
		fmt.Fprintf(b, `<path d="M%.1f %.1fv4" stroke="#444"/><text x="%.1f" y="%.1f" text-anchor="middle">%g</text>`, x, y, x, y+18, s)
	}
	fmt.Fprintf(b, `<path d="M%.1f %.1fv%dh%d" fill="none" stroke="#444"/>`, p.x, p.y, panelH, panelW)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, p.x+panelW/2, p.y+panelH+38, html.EscapeString(words.Seconds))
	fmt.Fprintf(b, `<text transform="translate(%.1f %.1f) rotate(-90)" text-anchor="middle">%s</text>`, p.x-46, p.y+panelH/2, html.EscapeString(words.Images))
}

// curve draws one strategy, the k-th.
func (p panel) curve(b *strings.Builder, runs []Run, strategy string, target float64, k int) {
	var done []float64
	n := 0
	for _, r := range runs {
		if r.Strategy == strategy && r.Target == target {
			n++
			if r.Reached {
				done = append(done, r.Seconds)
			}
		}
	}
	slices.Sort(done)
	x, y := p.at(0, 0)
	fmt.Fprintf(b, `<path d="M%.1f %.1f`, x, y)
	for i, s := range done {
		if s > p.longest {
			break
		}
		x, y = p.at(s, float64(i+1)/float64(n))
		fmt.Fprintf(b, "H%.1fV%.1f", x, y)
	}
	ink, wide := inks[strategy], 1.5
	if strategy == Mix {
		wide = 3
	}
	fmt.Fprintf(b, `H%.1f" fill="none" stroke="%s" stroke-width="%g"/>`, p.x+panelW, ink, wide)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`, p.x+panelW-58, p.y+panelH-10-14*float64(k), ink, html.EscapeString(strategy))
}
