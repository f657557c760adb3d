package ui

import (
	"strconv"
	"strings"

	"echoline/internal/agree"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// toggleJudge begins to adjudicate what readers of the workspace accepted in the study on show, or goes back to the reader's
// own work.
func (a *App) toggleJudge() {
	s := a.sess
	if s == nil || a.ws == nil || a.reading != nil || a.taking != nil {
		return
	}
	if err := a.flush(); err != nil {
		a.journalFailed(err)
		if _, all := a.keptElsewhere(); !all {
			return // the bar says why
		}
	}
	if s.docket != nil {
		a.leaveJudging()
		return
	}
	st, ws, by := s.study, a.ws, a.set.Reader
	a.view.SetBusy(true)
	go func() {
		p, err := project.Load(ws)
		hides := p.Hides(by)
		var eligible map[review.Key]int
		if err == nil && !hides {
			eligible, err = agree.Eligible(ws, st)
		}
		a.post(func() {
			a.view.SetBusy(false)
			switch {
			case a.sess != s || s.gone:
			case hides:
				a.status.SetHint(text.T("judge.blinded"))
			case err != nil:
				a.fault(err)
			case len(eligible) == 0:
				a.status.SetHint(text.T("judge.none"))
				a.log.Debug("window", "event", "judge-none")
			default:
				a.beginJudging(&docket{whole: st, eligible: eligible, by: by, cases: map[review.Key]*dispute{}})
			}
		})
	}()
}

// beginJudging asks how to adjudicate, and then does.
func (a *App) beginJudging(d *docket) {
	s := a.sess
	if a.judging.method == "" {
		a.judging = judging{agree.Methods[0], agree.DefaultLimit}
	}
	var methods []panel.Choice
	for _, m := range agree.Methods {
		methods = append(methods, panel.Choice{Key: string(m), Title: func() string { return text.T("agree.method." + string(m)) }})
	}
	panel.ShowJudge(a.win, panel.JudgeCard{
		Frames: len(d.eligible), Methods: methods, Method: string(a.judging.method),
		Limit: strconv.FormatFloat(a.judging.limit.MM, 'g', -1, 64),
		OnStart: func(method, limit string) {
			if a.sess != s {
				return
			}
			a.judging.method = agree.Method(method)
			if mm, err := strconv.ParseFloat(strings.ReplaceAll(limit, ",", "."), 64); err == nil && mm > 0 && mm < 1000 {
				// Without a scale the limit keeps its proportion to the usual one.
				a.judging.limit = agree.Limit{MM: mm, Px: mm / agree.DefaultLimit.MM * agree.DefaultLimit.Px}
			}
			d.method, d.limit = a.judging.method, a.judging.limit
			a.judge(d)
		},
	})
}

// judging is how adjudicating was last begun.
type judging struct {
	method agree.Method
	limit  agree.Limit
}

// judge opens the images of a docket, and with them the consensus's review.
func (a *App) judge(d *docket) {
	part := &study.Study{Title: d.whole.Title}
	for _, it := range d.whole.Items {
		for i := range it.Frames {
			if d.eligible[review.Key{Instance: it.ID, Frame: i}] > 0 {
				part.Items = append(part.Items, it)
				break
			}
		}
	}
	if s := a.sess; s.want != nil {
		a.resume = &spot{s.want.ID, s.wantIndex}
	}
	a.docket = d
	a.log.Debug("window", "event", "judging", "frames", len(d.eligible))
	a.take(part)
}

// leaveJudging goes back to the reader's own work.
func (a *App) leaveJudging() {
	s := a.sess
	whole := s.docket.whole
	if s.want != nil {
		a.resume = &spot{s.want.ID, s.wantIndex}
	}
	a.docket = nil
	a.log.Debug("window", "event", "judging-left")
	a.take(whole)
}
