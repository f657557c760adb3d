package ui

import (
	"context"
	"fmt"
	"math"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/models"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// band90 is the place of the 90 % band among contour.Levels.
const band90 = 2

// trust is whether the model's bands held on what was accepted here, and how often its weak arcs were moved far.
type trust struct {
	model       string              // SHA-256
	calibration *models.Calibration // that it has here; nil for none
	found       agree.Trust         // with that
	reckoned    bool                // found says something
}

// reckonTrust works out, beside the window, whether the bands of the model in use held here. The legend says so then.
func (a *App) reckonTrust() {
	if a.predictor == nil || a.ws == nil || a.reckoning != nil {
		return
	}
	info := a.predictor.Info()
	ws, sha, c := a.ws, info.SHA256, a.calibration
	ctx, end := context.WithCancel(context.Background())
	a.reckoning = end
	go func() {
		defer end()
		t := trust{model: sha, calibration: c}
		m, err := models.Read(info.Path)
		if err != nil {
			m = models.Model{SHA256: sha} // of a network without a description nobody knows what it learned from
		}
		if found, err := accepted(ctx, ws, nil); err == nil {
			t.found, t.reckoned = agree.Check(c.Calibrated(models.Kept(ws, found, m)), 1), true
		}
		if ctx.Err() != nil {
			return // another model is in use by now
		}
		a.post(func() {
			if a.predictor == nil || a.predictor.Info().SHA256 != sha || a.calibration != c {
				return
			}
			a.reckoning, a.trust = nil, t
			a.refreshLegend()
			if a.page != nil {
				a.page.Refresh()
			}
			a.log.Debug("window", "event", "trust", "frames", t.found.Frames, "groups", t.found.Groups)
		})
	}()
}

// refreshLegend writes beside the scale of expected error what is known of the bands here.
func (a *App) refreshLegend() {
	a.view.SetErrorNote(a.trustNote())
}

// trustNote is the short word for the legend, with how it is meant and a sentence for the status bar.
func (a *App) trustNote() viewer.Note {
	t := &a.trust
	if a.predictor == nil || t.model != a.predictor.Info().SHA256 {
		return viewer.Note{}
	}
	prefix := ""
	if t.calibration != nil {
		prefix = text.T("trust.here") + " · "
	}
	if !t.reckoned || t.found.Frames == 0 || t.found.Judge(band90) == agree.TooFew {
		return viewer.Note{Words: prefix + text.T("trust.few"), Hint: trustWords(&t.found)}
	}
	words := text.T("trust.short", text.Args{"Percent": whole(t.found.Coverage[band90].Value)})
	return viewer.Note{Words: prefix + words, Warn: t.found.Judge(band90) != agree.Holds, Hint: trustWords(&t.found)}
}

// trustWords tell at length what is known of the bands here.
func trustWords(t *agree.Trust) string {
	if t.Frames == 0 || t.Judge(band90) == agree.TooFew {
		return text.T("trust.few.long", text.Args{"Groups": t.Groups, "Need": agree.LeastToJudge})
	}
	e := t.Coverage[band90]
	verdict := map[agree.Verdict]string{agree.Holds: "trust.holds", agree.TooThin: "trust.thin", agree.TooWide: "trust.wide"}[t.Judge(band90)]
	out := text.T("trust.long", text.Args{
		"Percent": whole(e.Value), "Low": whole(e.Low), "High": whole(e.High), "Frames": t.Frames, "Groups": t.Groups,
	}) + " " + text.T(verdict)
	if !math.IsNaN(t.Weak.Value) && !math.IsNaN(t.Sure.Value) {
		out += " " + text.T("trust.moved", text.Args{"Weak": farText(t.Weak.Value, t.Millimetres), "Sure": farText(t.Sure.Value, t.Millimetres)})
	}
	return out
}

func whole(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return fmt.Sprintf("%.0f", 100*share)
}

func farText(v float64, mm bool) string {
	if mm {
		return fmt.Sprintf("%.1f mm", v)
	}
	return fmt.Sprintf("%.1f px", v)
}

// trustBlocks are the words of the models page about the bands, with what can be done unless the page is busy.
func (a *App) trustBlocks(busy bool, calibrate, undo func()) []panel.Block {
	t := &a.trust
	b := panel.Block{Heading: text.T("trust.title")}
	if t.model == "" { // else it is known, or known that nothing was accepted
		b.Words, b.Mood = text.T("trust.reckoning"), panel.MoodQuiet
		return []panel.Block{b}
	}
	b.Words = trustWords(&t.found)
	off := t.found.Judge(band90) == agree.TooThin || t.found.Judge(band90) == agree.TooWide
	if off {
		b.Mood = panel.MoodWarn
	}
	if off && t.found.Groups >= agree.LeastToRefit {
		b.Acts = append(b.Acts, panel.Act{Icon: "ruler", Label: text.T("trust.calibrate"), First: true, Off: busy, Do: calibrate})
	} else if off {
		b.Words += " " + text.T("trust.more", text.Args{"Need": agree.LeastToRefit})
	}
	if c := t.calibration; c != nil {
		b.Words += "\n" + text.T("trust.calibrated", text.Args{
			"Fitted": c.Fitted, "Checked": c.Checked, "Before": whole(c.Before[band90]), "After": whole(c.After[band90]),
			"By": c.By, "Date": c.At.Local().Format("2006-01-02"),
		})
		b.Acts = append(b.Acts, panel.Act{Icon: "undo-2", Label: text.T("trust.undo"), Off: busy, Do: undo})
	}
	return []panel.Block{b}
}

// modelInfo describes the model in use, with what it got here.
func (a *App) modelInfo() inference.Info {
	m := a.predictor.Info()
	if a.calibration != nil {
		m.Calibrated, m.CalibratedHere = true, true
	}
	return m
}

// modelsEntry is the page of models.
func (a *App) modelsEntry() page { return page{keys.ModelsPage, a.modelsPage} }
