package ui

import (
	"context"
	"errors"
	"image"
	"path/filepath"
	"slices"
	"sync/atomic"

	"echoline/internal/deid"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// deidFolder is the name of the folder, in that of exports, to which de-identified images go at first.
const deidFolder = "deidentified"

// What can become of descriptions.
const (
	wordsKnown = "known"
	wordsNone  = "none"
)

// showDeidentify asks how to write the images of the study without persons, and does it in the background.
func (a *App) showDeidentify() {
	s := a.sess
	if s == nil || len(s.study.Files) == 0 {
		return
	}
	a.stopPlaying()
	a.finishStroke()
	folder := a.set.DeidDir
	if folder == "" && a.exportDir() != "" {
		folder = filepath.Join(a.exportDir(), deidFolder)
	}
	var card *panel.DeidCard
	ctx, cancel := context.WithCancel(context.Background())
	card = panel.ShowDeidentify(a.win, panel.DeidOptions{
		Files: len(s.study.Files), Dates: dateChoices(), Words: choices("app.deid.words.", wordsKnown, wordsNone),
		Start: panel.DeidChoice{Folder: folder, Dates: a.set.DeidDates, Words: wordsKnown}, Recent: a.set.Recent,
		OnCancel: func() { cancel() },
		OnStart: func(c panel.DeidChoice) {
			if ctx.Err() != nil {
				ctx, cancel = context.WithCancel(context.Background())
			}
			a.deidentify(ctx, card, c, s)
		},
	})
	card.OnClosed = func() { cancel() }
}

// dateChoices are what can become of dates.
func dateChoices() []panel.Choice {
	return choices("app.deid.dates.", string(deid.Modified), string(deid.Full), string(deid.Removed))
}

// deidentify writes the files of a study.
func (a *App) deidentify(ctx context.Context, card *panel.DeidCard, c panel.DeidChoice, s *session) {
	a.set.DeidDir, a.set.DeidDates = c.Folder, c.Dates
	a.saveSettings()
	report := a.throttled(card.Progress)
	go func() {
		o, err := a.private(ctx, c.Dates, len(s.study.Files))
		var res deid.Result
		if err == nil {
			o.Dir, o.Overwrite, o.Bare, o.Done = c.Folder, c.Overwrite, c.Words == wordsNone, report
			res, err = deid.Run(ctx, s.study, *o)
		}
		a.post(func() { a.deidentified(card, res, err) })
	}()
}

// private are the options of what is written without persons: the key and boxes of the user's settings, and this window to
// look at the pictures of total files. It runs beside the window, for the settings may lie on a drive that hangs; who stops it does not
// wait for that.
func (a *App) private(ctx context.Context, dates string, total int) (*deid.Options, error) {
	type opened struct {
		key   *deid.Key
		boxes *deid.Boxes
		err   error
	}
	came := make(chan opened, 1)
	go func() {
		var f opened
		if f.key, f.err = deid.OpenKey(filepath.Join(a.cfg.ConfigDir, deid.KeyName)); f.err == nil {
			f.boxes, f.err = deid.OpenBoxes(filepath.Join(a.cfg.ConfigDir, deid.BoxesName))
		}
		came <- f
	}()
	var f opened
	select {
	case f = <-came:
	case <-ctx.Done():
		f.err = ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	at := 0 // file, on the goroutine that writes
	o := &deid.Options{Key: f.key, Boxes: f.boxes, Dates: deid.Dates(dates), Name: func(i int, path string) string {
		at = i
		return filepath.Base(path)
	}}
	o.Review = func(p *deid.Proposal) (deid.Answer, error) { return a.look(ctx, p, [2]int{at + 1, total}, f.boxes) }
	return o, nil
}

// deidentified shows what came of it.
func (a *App) deidentified(card *panel.DeidCard, res deid.Result, err error) {
	a.log.Debug("window", "event", "deidentified", "files", len(res.Files), "failed", len(res.Failed), "err", err)
	stopped := errors.Is(err, context.Canceled)
	var failures []panel.ExportFailure
	conflicts := 0
	for _, f := range append(res.Failed, res.LeftOut...) {
		if f.Code == deid.CodeExists {
			conflicts++
		}
		failures = append(failures, exportFailure(f))
	}
	if err != nil && !stopped {
		failures = append(failures, panel.ExportFailure{Name: text.T("app.deid"), What: text.Fault(err)})
	}
	if conflicts > 0 && conflicts == len(failures) && len(res.Files) == 0 && !stopped {
		card.Conflict(conflicts)
		return
	}
	card.Done(panel.ExportDone{Written: len(res.Files), Stopped: stopped, Failures: failures})
}

// looked is what a person said of a picture.
type looked struct {
	answer      deid.Answer
	boxes       []panel.VeilBox
	remembering bool
	stopped     bool
}

// look shows a proposal, of file at[0] of at[1], and waits for the answer, which goes into it. It runs beside the window.
func (a *App) look(ctx context.Context, p *deid.Proposal, at [2]int, boxes *deid.Boxes) (deid.Answer, error) {
	answers := make(chan looked, 1)
	var card atomic.Pointer[panel.VeilCard]
	a.post(func() { card.Store(a.showVeil(ctx, p, at, answers)) })
	select {
	case l := <-answers:
		if l.stopped {
			return deid.Skip, context.Canceled
		}
		if l.answer == deid.Write {
			return l.answer, l.into(p, boxes)
		}
		return l.answer, nil
	case <-ctx.Done():
		a.post(func() {
			if c := card.Load(); c != nil {
				c.Close()
			}
		})
		return deid.Skip, ctx.Err()
	}
}

// into puts what a person said of a picture into the proposal, and remembers the boxes for pictures of the same machine.
func (l looked) into(p *deid.Proposal, boxes *deid.Boxes) error {
	was := p.Keep
	p.Keep, p.Boxes, p.Text = nil, nil, nil
	own := false
	for _, b := range l.boxes {
		if !b.On {
			continue
		}
		own = own || b.Own
		switch b.Kind {
		case panel.VeilKeep:
			p.Keep = append(p.Keep, b.Box)
		case panel.VeilDrawn:
			p.Boxes = append(p.Boxes, b.Box)
		default:
			p.Text = append(p.Text, b.Box)
		}
	}
	if !l.remembering || !own && slices.Equal(was, p.Keep) {
		return nil
	}
	d := deid.Drawn{Blank: p.Boxes}
	if !slices.Equal(was, p.Keep) || p.Guessed {
		d.Keep = p.Keep
	}
	return boxes.Remember(p.Item, d)
}

// showVeil shows a proposal's picture, of file at[0] of at[1].
func (a *App) showVeil(ctx context.Context, p *deid.Proposal, at [2]int, answers chan<- looked) *panel.VeilCard {
	if ctx.Err() != nil {
		return nil
	}
	var boxes []panel.VeilBox
	for kind, list := range map[panel.VeilKind][]image.Rectangle{panel.VeilKeep: p.Keep, panel.VeilDrawn: p.Boxes, panel.VeilText: p.Text} {
		for _, r := range list {
			boxes = append(boxes, panel.VeilBox{Box: r, Kind: kind, On: true})
		}
	}
	slices.SortStableFunc(boxes, func(x, y panel.VeilBox) int { return int(x.Kind) - int(y.Kind) })
	it := p.Item
	var card *panel.VeilCard
	card = panel.ShowVeil(a.win, panel.Veil{
		Name: p.Name, Number: at[0], Total: at[1], W: it.W, H: it.H, Frames: it.Frames, Boxes: boxes, Guessed: p.Guessed,
		OnFrame: func(i int) {
			go func() {
				f, err := it.Frame(i)
				if err != nil {
					a.post(func() { a.log.Error("frame", "err", err) })
					return
				}
				pix := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
				f.Render(pix, f.Window, false)
				a.post(func() { card.ShowFrame(i, pix) })
			}()
		},
		OnWrite: func(boxes []panel.VeilBox, remembering bool) {
			answers <- looked{answer: deid.Write, boxes: boxes, remembering: remembering}
		},
		OnSkip: func() { answers <- looked{answer: deid.Skip} },
		OnStop: func() { answers <- looked{stopped: true} },
	})
	a.log.Debug("window", "event", "veil-shown", "boxes", len(boxes), "frames", it.Frames)
	return card
}
