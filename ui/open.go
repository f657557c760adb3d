package ui

import (
	"context"
	"errors"
	"time"

	"fyne.io/fyne/v2"

	"echoline/inference"
	"echoline/internal/demo"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
	"echoline/ui/viewer"
)

// openWorkspace opens the workspace and the model, then what the program was asked to show. Without a workspace nothing is
// shown: work that cannot be kept is not begun.
func (a *App) openWorkspace() {
	a.view.SetBusy(true)
	go func() {
		ws, err := store.Open(a.cfg.Workspace)
		a.post(func() {
			a.view.SetBusy(false)
			if err != nil {
				a.log.Error("workspace", "err", err)
				a.workspaceFailed(err)
				return
			}
			a.ws = ws
			if n := ws.Notice(); n != nil {
				a.log.Warn("workspace", "notice", n)
				a.status.SetAlert(text.Fault(n), text.T("app.understood"), func() { a.status.SetAlert("", "", nil) })
			}
			a.loadModel()
		})
	}()
}

// workspaceFailed says why the workspace cannot be used and offers to try again, to take another folder, or to leave.
func (a *App) workspaceFailed(err error) {
	what, do := text.FaultParts(err)
	a.log.Debug("window", "event", "workspace-failed")
	panel.ShowChoice(a.win, what, do, []panel.Action{
		{Label: text.T("app.retry"), Act: a.openWorkspace, Primary: true},
		{Label: text.T("app.workspace.other"), Act: func() { a.otherWorkspace(err) }},
		{Label: text.T("app.quit"), Act: a.quit},
	})
}

// otherWorkspace lets the reader choose a folder for the workspace, after the usual one failed with err.
func (a *App) otherWorkspace(err error) {
	panel.ShowBrowser(a.win, panel.Browse{
		Folder: true,
		OnChosen: func(paths []string) {
			a.cfg.Workspace = paths[0]
			a.openWorkspace()
		},
		OnCancel: func() { a.workspaceFailed(err) },
	})
}

// loadModel loads the model beside the opening of the study. A missing model is said in the window; correcting and
// drawing work without it.
func (a *App) loadModel() {
	go func() {
		p, err := a.cfg.Predictor()
		a.post(func() {
			a.predictor, a.modelErr = p, err
			if err != nil {
				a.log.Error("model", "err", err)
				a.log.Debug("window", "event", "model-failed")
				a.status.SetAlert(text.Fault(err), "", nil)
			}
			if len(a.cfg.Paths) > 0 {
				a.open(a.cfg.Paths)
			} else {
				a.openDemo()
			}
		})
	}()
}

// openDemo writes the demo study if it is not there yet, and opens it.
func (a *App) openDemo() {
	dir := a.cfg.DemoDir
	a.read(text.T("app.demo"), func(ctx context.Context, progress func(done, total int)) (*study.Study, error) {
		if err := demo.Write(dir); err != nil {
			return nil, err
		}
		st, err := study.Open(ctx, []string{dir}, progress)
		if err == nil {
			st.Title = text.T("app.demo")
		}
		return st, err
	})
}

// open reads files and folders as one study.
func (a *App) open(paths []string) {
	if len(paths) == 0 {
		return
	}
	a.set.remember(paths)
	a.saveSettings()
	a.read(text.T("app.reading"), func(ctx context.Context, progress func(done, total int)) (*study.Study, error) {
		return study.Open(ctx, paths, progress)
	})
}

// read runs one opening in the background, with progress and a way to stop it. The study on show stays until the new one
// is there.
func (a *App) read(label string, load func(context.Context, func(done, total int)) (*study.Study, error)) {
	if a.ws == nil {
		return
	}
	if a.cancel != nil {
		a.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	a.view.SetBusy(true)
	a.status.SetProgress(0, 0, label, cancel)
	report := a.throttled(func(done, total int) {
		if ctx.Err() == nil {
			a.status.SetProgress(done, total, label, cancel)
		}
	})
	go func() {
		st, err := load(ctx, report)
		a.post(func() { a.readDone(ctx, st, err) })
	}()
}

// readDone takes over a study that was read, unless it was cancelled or another opening came after it.
func (a *App) readDone(ctx context.Context, st *study.Study, err error) {
	cancelled := ctx.Err() != nil
	if cancelled && a.cancel != nil && !errors.Is(err, context.Canceled) && err != nil {
		err = ctx.Err()
	}
	a.view.SetBusy(false)
	a.status.SetProgress(0, 0, "", nil)
	switch {
	case cancelled:
		a.status.SetHint(text.T("app.cancelled"))
	case err != nil:
		a.log.Error("open", "err", err)
		a.log.Debug("window", "event", "open-failed")
		what, do := text.FaultParts(err)
		panel.ShowError(a.win, what, do)
	default:
		a.begin(st)
	}
}

// throttled passes on at most some thirty reports a second: more would only freeze the window.
func (a *App) throttled(f func(done, total int)) func(done, total int) {
	var last time.Time
	return func(done, total int) {
		if now := time.Now(); done == total || now.Sub(last) > 33*time.Millisecond {
			last = now
			a.post(func() { f(done, total) })
		}
	}
}

// begin makes st the study on show.
func (a *App) begin(st *study.Study) {
	rev, err := a.ws.Review(st, a.set.Reader)
	if err != nil {
		a.log.Error("review", "err", err)
		what, do := text.FaultParts(err)
		panel.ShowError(a.win, what, do)
		if rev == nil {
			return
		}
	}
	a.endSession()
	s := &session{
		study: st, review: rev, begun: time.Now(), rows: map[string]*panel.Row{},
		predicted: map[review.Key]bool{}, failed: map[review.Key]error{}, scale: newErrorScale(),
	}
	a.sess = s
	a.win.SetTitle(text.T("app.title") + " · " + st.Title)
	rev.OnChange = func(k review.Key) { a.frameChanged(k) }
	a.makeTools()
	a.fillList()
	a.startPredictions()
	a.startThumbnails()
	a.log.Debug("window", "event", "study-opened", "items", len(st.Items), "refused", len(st.Refused))
	if len(s.order) > 0 {
		a.showItem(s.order[0])
	} else {
		a.view.SetMessage(viewer.MessageEmpty, text.T("app.nothing"))
	}
}

// endSession stops what the session has under way.
func (a *App) endSession() {
	s := a.sess
	if s == nil {
		return
	}
	s.gone = true
	a.stopPlaying()
	if s.worker != nil {
		s.worker.Close()
	}
	if err := s.review.Flush(); err != nil {
		a.log.Error("journal", "err", err)
	}
	a.sess = nil
}

// dropped opens what was dropped onto the window.
func (a *App) dropped(uris []fyne.URI) {
	var paths []string
	for _, u := range uris {
		if u.Scheme() == "file" {
			paths = append(paths, u.Path())
		}
	}
	a.open(paths)
}

// chooseFiles lets the reader pick files or a folder to open.
func (a *App) chooseFiles() {
	if a.ws == nil {
		return
	}
	panel.ShowBrowser(a.win, panel.Browse{Recent: a.set.Recent, OnChosen: a.open})
}

// startPredictions asks for every frame that has no prediction of this model yet, stills and first frames first.
func (a *App) startPredictions() {
	s := a.sess
	if a.predictor == nil {
		return
	}
	s.worker = inference.NewWorker(a.predictor, a.post)
	keys := predictionOrder(s.study)
	s.total = len(keys)
	sha := a.predictor.Info().SHA256
	go func() {
		for _, k := range keys {
			p, err := a.ws.Prediction(k, sha)
			if err != nil {
				a.log.Warn("stored prediction", "err", err)
			}
			a.post(func() {
				if s.gone {
					return
				}
				if p != nil {
					a.predictionCame(s, k, p, nil)
				} else {
					a.request(s, k)
				}
			})
		}
	}()
}

// predictionOrder is the first frame of every item, then the rest of the cines.
func predictionOrder(st *study.Study) []review.Key {
	var keys []review.Key
	for _, it := range st.Items {
		keys = append(keys, review.Key{Instance: it.ID})
	}
	for _, it := range st.Items {
		for i := 1; i < it.Frames; i++ {
			keys = append(keys, review.Key{Instance: it.ID, Frame: i})
		}
	}
	return keys
}
