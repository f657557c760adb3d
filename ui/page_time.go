package ui

import (
	"errors"
	"fmt"

	"echoline/internal/models"
	"echoline/internal/project"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// timePage shows what the model saves: time, gestures and boundary moved, by reader and model.
func (a *App) timePage() *panel.Page {
	lines := panel.NewLines(nil, timeColumns()...)
	var sums []project.Saving
	names := map[string]string{}
	present := func() {
		rows := make([]panel.Line, len(sums))
		for i, v := range sums {
			rows[i] = panel.Line{Tone: panel.ToneNone, Cells: timeRow(v, names)}
		}
		lines.Set(rows)
		lines.SetNote(text.T("time.note"))
	}
	p := panel.NewPage(func() string { return text.T("time.title") }, lines)
	p.First, p.Keys = lines.First, func() string { return text.T("project.keys.time") }
	p.SetBusy(func() string { return text.T("project.reading") })
	ws, me, shelf, ships := a.ws, a.set.Reader, models.Of(a.cfg.Workspace), a.ships()
	go func() {
		s, err := project.Load(ws)
		var taken []project.Taken
		if s != nil {
			var err2 error
			taken, err2 = s.Visits(ws)
			err = errors.Join(err, err2)
		}
		if list, err := shelf.List(ships); err == nil { // without, models go by their number
			for _, m := range list {
				names[m.SHA256] = m.Name + " " + m.Version
			}
		}
		a.post(func() {
			if a.page != p {
				return
			}
			p.SetBusy(nil)
			if err != nil {
				a.fault(err)
			}
			if s.Hides(me) {
				taken = only(taken, me)
			}
			sums = project.Savings(taken)
			if len(sums) == 0 {
				p.SetEmpty(func() string { return text.T("time.none") }, func() string { return text.T("time.none.what") })
				return
			}
			present()
			p.OnRefresh = present
			p.Refresh()
			a.win.Canvas().Focus(p.Focus())
			a.log.Debug("window", "event", "time-shown", "rows", len(sums))
		})
	}()
	return p
}

// only are one reader's.
func only(taken []project.Taken, reader string) (out []project.Taken) {
	for _, t := range taken {
		if t.Reader == reader {
			out = append(out, t)
		}
	}
	return out
}

// timeColumns are those of the table: numbers stand at the right.
func timeColumns() []panel.LineColumn {
	var out []panel.LineColumn
	for i, k := range []string{"reader", "model", "frames", "seconds", "gestures", "moved", "mean"} {
		c := panel.LineColumn{Title: func() string { return text.T("time.head." + k) }, Share: 2, Right: i > 1}
		if !c.Right {
			c.Share = 3
		}
		out = append(out, c)
	}
	return out
}

// modelDigits is how much of the SHA-256 is shown of a model that is not here any more.
const modelDigits = 8

// timeRow writes a line. names are those of models, by their SHA-256.
func timeRow(v project.Saving, names map[string]string) []string {
	model := text.T("time.drawn")
	if name := names[v.Model]; name != "" {
		model = name
	} else if v.Model != "" {
		model = v.Model[:min(modelDigits, len(v.Model))]
	}
	moved, mean := "–", "–"
	if v.Moved >= 0 {
		moved = text.T("panel.percent", text.Args{"N": fmt.Sprintf("%.0f", 100*v.Moved)})
		mean = panel.Quantity(v.Mean, v.Unit)
	}
	return []string{v.Reader, model, fmt.Sprint(v.Frames), text.T("time.seconds", text.Args{"N": fmt.Sprintf("%.0f", v.Seconds)}), fmt.Sprintf("%.0f", v.Gestures), moved, mean}
}
