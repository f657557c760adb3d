package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"echoline/internal/agree"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// docket is what there is to adjudicate: the work of a session whose review is the consensus's. What a person draws or
// decides in it goes into that review, and into no reader's.
type docket struct {
	whole    *study.Study       // what is on show otherwise
	eligible map[review.Key]int // frames that at least two readers accepted, and by how many
	by       string             // who adjudicates
	method   agree.Method
	limit    agree.Limit
	cases    map[review.Key]*dispute
}

// dispute is a frame under adjudication.
type dispute struct {
	*agree.Adjudication
	at     int // place in List that the person is at; -1 for none
	log    []verdict
	labels *mask.Plane // as last seen
	steps  []time.Time // of the frame's history that were done then, by when they were made
	own    bool        // a decision is being written
	traces []viewer.Trace
}

// verdict is a decision about one place. It holds while so many steps of the frame's history are done, and the last of these
// is the one that was made when.
type verdict struct {
	place, step int
	when        time.Time
	choice      agree.Choice
}

// worksAs is whose review the window works in.
func (a *App) worksAs() string {
	if a.docket != nil {
		return review.ConsensusReader
	}
	return a.set.Reader
}

// judged is the frame on show under adjudication; nil where none is, or its readings are still being read.
func (s *session) judged() *dispute {
	if s == nil || s.docket == nil || s.item == nil {
		return nil
	}
	return s.docket.cases[s.key()]
}

// bringReadings gets what the readers drew on the frame on show, beside the window.
func (a *App) bringReadings() {
	s := a.sess
	if s == nil || s.docket == nil {
		return
	}
	k := s.key()
	if s.docket.eligible[k] == 0 {
		a.status.SetHint(text.T("judge.frame"))
		a.showJudged()
		return
	}
	a.showJudged()
	if s.docket.cases[k] != nil {
		return
	}
	ws := a.ws
	go func() {
		readings, err := agree.Readings(ws, s.study, k)
		var adj *agree.Adjudication
		if err == nil {
			adj, err = agree.Adjudicate(k, readings, s.docket.method, s.docket.limit)
		}
		a.post(func() {
			switch {
			case s.gone || s.docket.cases[k] != nil:
			case err != nil:
				a.fault(err)
			default:
				a.takeReadings(s, k, adj)
			}
		})
	}()
}

// takeReadings begins the adjudication of a frame: where nobody decided anything yet the proposal becomes its mask.
func (a *App) takeReadings(s *session, k review.Key, adj *agree.Adjudication) {
	d := &dispute{Adjudication: adj, at: -1}
	for i, r := range adj.Readings {
		t := viewer.Trace{Name: readerName(i, r.Reader)}
		for label := 1; label < 256; label++ {
			if mask.Count(r.Labels, uint8(label)) > 0 {
				t.Contours = append(t.Contours, contour.FromMask(r.Labels, uint8(label))...)
			}
		}
		d.traces = append(d.traces, t)
	}
	changed, err := s.review.Propose(k, adj.Proposal(), adj.Model)
	a.edited(err)
	if changed {
		if err := agree.Keep(a.ws, adj.Record(s.review, "", nil)); err != nil {
			a.edited(err)
		}
	}
	f := s.review.Frame(k)
	d.labels, d.steps = f.Labels, doneSteps(s.review, k)
	for i := range d.List { // what an earlier session decided
		if f.Status != review.Open || d.Changed(d.Proposal(), f.Labels, i) {
			d.log = append(d.log, verdict{place: i, choice: d.Says(f.Labels, i, agree.ChooseProposal)})
		}
	}
	s.docket.cases[k] = d
	a.log.Debug("window", "event", "disputes", "count", len(d.List), "readers", len(d.Readings), "decided", len(d.decided()))
	if s.shows(k) {
		a.refreshFrame()
		a.showJudged()
		if f.Status == review.Open {
			a.goDispute(1)
		}
	}
}

// readerName is how the legend calls a reader: with the key that takes this one's course.
func readerName(i int, name string) string { return strconv.Itoa(i+1) + "  " + name }

// doneSteps are the steps of a frame's history that are done, by when they were made.
func doneSteps(r *review.Review, k review.Key) []time.Time {
	var out []time.Time
	for _, h := range r.History(k) {
		if h.Done {
			out = append(out, h.Time)
		}
	}
	return out
}

// decided are the places about which a decision holds, and which.
func (d *dispute) decided() map[int]agree.Choice {
	out := map[int]agree.Choice{}
	for _, v := range d.log {
		if d.holds(v) {
			out[v.place] = v.choice
		}
	}
	return out
}

// holds tells whether the step of a decision is done.
func (d *dispute) holds(v verdict) bool {
	return v.step == 0 || v.step <= len(d.steps) && d.steps[v.step-1].Equal(v.when)
}

// note keeps a decision that the last step made.
func (d *dispute) note(place int, c agree.Choice) {
	v := verdict{place: place, choice: c, step: len(d.steps)}
	if v.step > 0 {
		v.when = d.steps[v.step-1]
	}
	d.log = append(d.log, v)
}

// follow takes in that the frame has another mask or history: what was redrawn by hand within a place is a decision; one whose
// step was undone holds no more, and holds again once that is redone.
func (d *dispute) follow(labels *mask.Plane, steps []time.Time) {
	before := d.labels
	further := len(steps) > len(d.steps)
	d.labels, d.steps = labels, steps
	if !further || d.own {
		return
	}
	for _, v := range d.log {
		if v.step == len(steps) && d.holds(v) {
			return // redone
		}
	}
	for i := range d.List {
		if d.Changed(before, labels, i) {
			d.note(i, agree.Redrawn)
		}
	}
}

// judgeChanged follows every change of a frame under adjudication.
func (a *App) judgeChanged(s *session, k review.Key) {
	if s.docket == nil {
		return
	}
	if d := s.docket.cases[k]; d != nil {
		d.follow(s.review.Frame(k).Labels, doneSteps(s.review, k))
	}
}

// showJudged draws the readers' outlines and the place at hand, and says how far the frame is.
func (a *App) showJudged() {
	s := a.sess
	d := s.judged()
	if d == nil {
		a.view.SetTraces("", nil, nil)
		return
	}
	var focus []contour.Contour
	if d.at >= 0 {
		focus = d.Outline(d.at)
	}
	a.view.SetTraces(text.T("judge.legend"), d.traces, focus)
}

// judgeNote is what the viewport says of a frame under adjudication.
func (s *session) judgeNote() string {
	d := s.judged()
	switch {
	case d == nil:
		return ""
	case len(d.List) == 0:
		return text.T("judge.note.agreed")
	}
	return text.T("judge.note", text.Args{"Done": len(d.decided()), "Of": len(d.List)})
}

// goDispute goes to the next place (dir 1) or the previous one (-1) that nobody decided; with all decided, to the next.
func (a *App) goDispute(dir int) {
	s := a.editing()
	d := s.judged()
	if d == nil || len(d.List) == 0 {
		if d != nil {
			a.status.SetHint(text.T("judge.hint.agreed"))
		}
		return
	}
	n, done := len(d.List), d.decided()
	next, start := -1, d.at
	if start < 0 && dir < 0 {
		start = 0
	}
	for i := 1; i <= n && next < 0; i++ {
		at := ((start+dir*i)%n + n) % n
		if _, ok := done[at]; !ok || len(done) == n {
			next = at
		}
	}
	d.at = next
	p := d.List[next]
	a.view.Reveal(withMargin(p.Box))
	a.view.SetMessage(viewer.MessageNote, s.judgeNote())
	a.showJudged()
	per, unit := a.unit()
	names := make([]string, len(d.Readings))
	for i, r := range d.Readings {
		names[i] = strconv.Itoa(i+1) + " " + r.Reader
	}
	a.status.SetHint(text.T("judge.hint.place", text.Args{
		"N": next + 1, "Of": n, "Apart": panel.Quantity(per*p.Farthest, unit), "Readers": strings.Join(names, " · "),
	}))
	at := a.view.ScreenAt(contour.Point{X: float64(p.Box.Min.X+p.Box.Max.X) / 2, Y: float64(p.Box.Min.Y+p.Box.Max.Y) / 2})
	a.log.Debug("window", "event", "dispute-active", "place", next, "of", n, "x", int(at.X), "y", int(at.Y))
	a.refreshPanels()
}

// decideAs settles the place at hand by a choice, and goes on to the next.
func (a *App) decideAs(c agree.Choice) {
	s := a.editing()
	d := s.judged()
	if d == nil || int(c) >= len(d.Readings) {
		return
	}
	if d.at < 0 {
		a.goDispute(1)
		return
	}
	a.write(s, d, d.at, c)
	if len(d.decided()) == len(d.List) {
		a.status.SetHint(text.T("judge.hint.done"))
		a.refreshFrame()
		a.showJudged()
		return
	}
	a.goDispute(1)
}

// write makes one decision.
func (a *App) write(s *session, d *dispute, place int, c agree.Choice) {
	k := s.key()
	d.own = true
	_, err := s.review.Adjudicate(k, d.Take(s.review.Frame(k).Labels, place, c), d.Piece(place), d.Model)
	d.follow(s.review.Frame(k).Labels, doneSteps(s.review, k))
	d.own = false
	d.note(place, c)
	a.edited(err)
	a.log.Debug("window", "event", "dispute-decided", "place", place, "choice", fmt.Sprint(int(c)), "decided", len(d.decided()), "of", len(d.List))
}

// asItIs is Enter: the place at hand stays as it looks now, and with none left to decide the consensus is accepted.
func (a *App) asItIs() {
	s := a.editing()
	d := s.judged()
	if d == nil {
		return
	}
	done := d.decided()
	if len(done) == len(d.List) {
		a.acceptConsensus(s, d)
		return
	}
	if _, ok := done[d.at]; d.at < 0 || ok {
		a.goDispute(1)
		return
	}
	a.decideAs(d.Says(s.review.Frame(s.key()).Labels, d.at, agree.ChooseProposal))
}

// restAsItIs leaves every place that is not decided as it looks now.
func (a *App) restAsItIs() {
	s := a.editing()
	d := s.judged()
	if d == nil {
		return
	}
	done := d.decided()
	for i := range d.List {
		if _, ok := done[i]; !ok {
			a.write(s, d, i, d.Says(s.review.Frame(s.key()).Labels, i, agree.ChooseProposal))
		}
	}
	a.status.SetHint(text.T("judge.hint.done"))
	a.refreshFrame()
	a.showJudged()
}

// acceptConsensus makes the mask the consensus, with the record of where it comes from, and goes on.
func (a *App) acceptConsensus(s *session, d *dispute) {
	err := s.review.SetStatus(s.key(), review.Accepted)
	if err == nil {
		err = agree.Keep(a.ws, d.Record(s.review, s.docket.by, d.decided()))
	}
	a.edited(err)
	a.log.Debug("window", "event", "consensus-accepted", "item", s.item.ID, "frame", s.index)
	a.showJudged()
	a.next()
}

// judgeDo gives the keys another meaning while somebody adjudicates, and tells whether it did.
func (a *App) judgeDo(id keys.ID) bool {
	s := a.sess
	if s == nil || s.docket == nil {
		return false
	}
	switch id {
	case keys.NextWeak:
		a.goDispute(1)
	case keys.PreviousWeak:
		a.goDispute(-1)
	case keys.Confirm:
		if !a.finishPath() {
			a.asItIs()
		}
	case keys.ConfirmAll:
		a.restAsItIs()
	case keys.Accept:
		a.judgeAccept()
	case keys.Ruler:
		a.decideAs(agree.ChooseMean)
	case keys.Ask, keys.AskIn, keys.AskOut, keys.NotVisible, keys.Import:
		a.status.SetHint(text.T("judge.not"))
	default:
		for n := 1; n <= keys.MaxLabels; n++ {
			if id == keys.Label(n) {
				a.decideAs(agree.Choice(n - 1))
				return true
			}
		}
		return false
	}
	return true
}

// judgeAccept accepts the consensus where every place is decided, and else goes to the next that is not.
func (a *App) judgeAccept() {
	s := a.editing()
	d := s.judged()
	switch {
	case d == nil:
	case len(d.decided()) == len(d.List):
		a.acceptConsensus(s, d)
	default:
		a.goDispute(1)
	}
}
