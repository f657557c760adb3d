package ui

import (
	"fmt"
	"slices"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// spot is an image on which work goes on.
type spot struct {
	item  string
	frame int
}

// chooseReader asks who reads.
func (a *App) chooseReader() {
	if a.ws == nil || a.reading != nil || a.taking != nil {
		return
	}
	ws := a.ws
	go func() {
		known, err := ws.Readers()
		a.post(func() {
			switch {
			case a.ws != ws || a.reading != nil || a.taking != nil:
			case err != nil:
				a.fault(err)
			default:
				known = slices.DeleteFunc(known, func(n string) bool { return n == review.ConsensusReader })
				panel.ShowReaders(a.win, panel.Readers{Current: a.set.Reader, Known: known, OnDone: a.changeReader})
			}
		})
	}()
}

// changeReader makes the work on show that of another reader, once the work of the one before is safe.
func (a *App) changeReader(name string) {
	name = review.ReaderName(name)
	if name == "" || name == a.set.Reader || !a.mayBecome(name) {
		return
	}
	if name == review.ConsensusReader {
		a.status.SetHint(text.T("judge.name"))
		return
	}
	if err := a.flush(); err != nil {
		a.journalFailed(err)
		if _, all := a.keptElsewhere(); !all {
			return // the bar says why
		}
	}
	if s := a.sess; s != nil && s.docket != nil {
		s.study = s.docket.whole
	}
	a.docket, a.talk = nil, talk{}
	a.lower(alertTalk)
	a.set.Reader = name
	a.saveSettings()
	a.log.Debug("window", "event", "reader-changed")
	a.beginProject()
	a.refreshStatus()
	a.retake()
}

// retake gets the review of the study on show anew, for another reader or from another workspace, and goes on at the same
// image.
func (a *App) retake() {
	if a.taking != nil { // what it brings may be from before
		again := *a.taking
		a.take(&again)
	} else if st := a.onShow(); st != nil {
		a.take(st)
	}
}

// showVersions lists the masks that the reader accepted on the frame on show, and makes the chosen one the mask again.
func (a *App) showVersions() {
	s := a.editing()
	if s == nil {
		return
	}
	k, ws := s.key(), a.ws
	go func() {
		vs, err := ws.Versions(s.study, s.review.Reader(), k)
		a.post(func() {
			if s.gone || !s.shows(k) {
				return
			}
			if err != nil {
				a.fault(err)
				return
			}
			a.listVersions(s, k, vs)
		})
	}()
}

// areaOf writes the area of all that p holds, in mm² where a pixel's size in mm is known (else 0).
func areaOf(p *mask.Plane, mm float64) string {
	n := len(p.Pix) - mask.Count(p, 0)
	if mm > 0 {
		return fmt.Sprintf("%.1f mm²", float64(n)*mm*mm)
	}
	return fmt.Sprintf("%d px²", n)
}

func (a *App) listVersions(s *session, k review.Key, vs []review.Version) {
	rows := make([]string, len(vs))
	for i, v := range vs {
		key := "app.version.accepted"
		if !v.Accepted {
			key = "app.version.other"
		}
		rows[i] = text.T(key, text.Args{"Time": v.Time.Local().Format("2006-01-02 15:04:05"), "Area": areaOf(v.Labels, s.review.PixelSize(k))})
	}
	a.log.Debug("window", "event", "versions", "count", len(vs))
	panel.ShowVersions(a.win, panel.Versions{Rows: rows, OnChosen: func(i int) {
		if s.gone || !s.shows(k) || a.editing() != s {
			return
		}
		a.edited(s.review.Restore(k, vs[i]))
		a.log.Debug("window", "event", "version-restored")
	}})
}
