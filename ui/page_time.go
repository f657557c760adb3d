package ui

import (
	"errors"
	"fmt"

	"echoline/internal/project"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// timePage shows what the model saves: time, gestures and boundary moved, by reader and model.
func (a *App) timePage() *panel.Page {
	table := panel.NewTable()
	var rows [][]string
	present := func() { table.Set(timeHead(), rows, text.T("time.note")) }
	p := panel.NewPage(func() string { return text.T("time.title") }, table)
	p.SetBusy(func() string { return text.T("project.reading") })
	ws, me := a.ws, a.set.Reader
	go func() {
		s, err := project.Load(ws)
		var taken []project.Taken
		if s != nil {
			var err2 error
			taken, err2 = s.Visits(ws)
			err = errors.Join(err, err2)
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
			sums := project.Savings(taken)
			if len(sums) == 0 {
				p.SetEmpty(func() string { return text.T("time.none") }, func() string { return text.T("time.none.what") })
				return
			}
			for _, v := range sums {
				rows = append(rows, timeRow(v))
			}
			present()
			p.OnRefresh = present
			p.Refresh()
			a.log.Debug("window", "event", "time-shown", "rows", len(rows))
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

func timeHead() []string {
	var out []string
	for _, k := range []string{"reader", "model", "frames", "seconds", "gestures", "moved", "mean"} {
		out = append(out, text.T("time.head."+k))
	}
	return out
}

// modelDigits is how much of a model's SHA-256 is shown.
const modelDigits = 8

// timeRow writes a line.
func timeRow(v project.Saving) []string {
	model := text.T("time.drawn")
	if v.Model != "" {
		model = v.Model[:min(modelDigits, len(v.Model))]
	}
	moved, mean := "–", "–"
	if v.Moved >= 0 {
		moved = text.T("panel.percent", text.Args{"N": fmt.Sprintf("%.0f", 100*v.Moved)})
		mean = panel.Quantity(v.Mean, v.Unit)
	}
	return []string{v.Reader, model, fmt.Sprint(v.Frames), text.T("time.seconds", text.Args{"N": fmt.Sprintf("%.0f", v.Seconds)}), fmt.Sprintf("%.0f", v.Gestures), moved, mean}
}
