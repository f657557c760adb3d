package ui

import (
	"context"
	"image"
	"os"
	"slices"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"echoline/internal/annex"
	"echoline/internal/demo"
	"echoline/internal/export"
	"echoline/internal/models"
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
		ws, err := store.Open(a.cfg.Workspace, a.cfg.Seconds...)
		a.post(func() {
			a.view.SetBusy(false)
			if err != nil {
				a.log.Error("workspace", "err", err)
				a.workspaceFailed(err)
				return
			}
			a.workIn(ws)
		})
	}()
}

// workIn begins work in a workspace.
func (a *App) workIn(ws *store.Workspace) {
	ws.SetPatience(a.patience())
	a.ws = ws
	a.notice(ws)
	a.beginProject()
	a.loadModel()
	if len(a.cfg.Paths) > 0 {
		a.open(a.cfg.Paths)
	} else {
		a.openLast()
	}
}

// openLast opens what was open when the program ended, so that work goes on where it was left; where there is nothing of
// that, the demo study. A slow drive is asked beside the window.
func (a *App) openLast() {
	last := a.set.Last
	if last.Workspace != a.ws.Dir() || len(last.Paths) == 0 {
		a.openDemo()
		return
	}
	go func() {
		gone := slices.ContainsFunc(last.Paths, func(p string) bool {
			_, err := os.Stat(p)
			return err != nil
		})
		a.post(func() {
			switch {
			case a.sess != nil || a.reading != nil: // something was dropped onto the window meanwhile
			case gone:
				a.openDemo()
			default:
				a.open(last.Paths)
			}
		})
	}()
}

// workspaceFailed says why the workspace cannot be used and offers to try again, to take another folder, or to leave.
func (a *App) workspaceFailed(err error) {
	what, do := text.FaultParts(err)
	a.log.Debug("window", "event", "workspace-failed")
	actions := []panel.Action{
		{Label: text.T("app.retry"), Act: a.openWorkspace, Primary: true},
		{Label: text.T("app.workspace.other"), Act: func() { a.otherWorkspace(err) }},
		{Label: text.T("app.quit"), Act: a.quit},
	}
	if canStandIn(err) {
		actions = append(actions, panel.Action{Label: text.T("app.workspace.second"), Act: func() { a.standIn(err) }})
	}
	panel.ShowChoice(a.win, what, do, actions)
}

// browse opens the file browser; what it reads comes back to the window's goroutine.
func (a *App) browse(b panel.Browse) {
	b.Post = a.post
	panel.ShowBrowser(a.win, b)
}

// otherWorkspace lets the reader choose a folder for the workspace, after the usual one failed with err.
func (a *App) otherWorkspace(err error) {
	a.browse(panel.Browse{
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
		var c *models.Calibration
		if p != nil {
			c, _ = models.Of(a.cfg.Workspace).Calibration(p.Info().SHA256) // unreadable: the models page says so
		}
		a.post(func() {
			if p == nil {
				a.modelErr = err
				a.log.Error("model", "err", err)
				a.log.Debug("window", "event", "model-failed")
				a.raise(alertModel, func() string { return text.Fault(err) }, "app.understood", func() { a.lower(alertModel) })
			} else {
				a.predictor, a.calibration, a.standsIn = &oneByOne{Predictor: p}, c, standsInFor(err)
				if err != nil {
					a.raise(alertModel, func() string { return text.Fault(err) }, "app.understood", func() { a.lower(alertModel) })
				}
			}
			if s := a.sess; s != nil {
				a.startPredictions()
				a.refreshFrame()
				for id := range s.rows {
					a.rowLater(s, id) // they wait for no model that does not come
				}
			}
			if a.sess == nil || a.sess.item == nil {
				a.refreshInspector() // no frame does it
			}
		})
	}()
}

// makeDemo writes the demo study if it is not there yet, and tells of each file that is. Whoever comes second waits.
func (a *App) makeDemo(complete func(path string)) error {
	a.demoMaking.Lock()
	defer a.demoMaking.Unlock()
	return demo.WriteEach(context.Background(), a.cfg.DemoDir, complete)
}

// showAhead has the demo study made and its first image shown while a person reads the first card, who then waits for neither.
func (a *App) showAhead() {
	go func() {
		var once sync.Once
		_ = a.makeDemo(func(path string) { // opening it says what is wrong
			once.Do(func() {
				ctx := context.Background()
				if st, err := study.Open(ctx, []string{path}, nil); err == nil && len(st.Items) > 0 {
					a.preview(ctx, st.Items[0])
				}
			})
		})
	}()
}

// openDemo writes the demo study if it is not there yet, and opens it.
func (a *App) openDemo() {
	dir := a.cfg.DemoDir
	a.read(text.T("app.demo"), func(ctx context.Context, progress func(done, total int)) (*study.Study, error) {
		if err := a.makeDemo(func(string) {}); err != nil {
			return nil, err
		}
		st, err := study.Open(ctx, []string{dir}, progress)
		if err == nil {
			st.Title = text.T("app.demo")
		}
		return st, err
	})
}

// showDemo opens the demo study again, after another study or in place of one, also at the next start.
func (a *App) showDemo() {
	if a.ws == nil {
		return
	}
	a.set.Last.Paths = nil
	a.saveSettings()
	a.openDemo()
}

// open reads files and folders as one study. What comes before the workspace is there is opened once it is.
func (a *App) open(paths []string) {
	if len(paths) == 0 {
		return
	}
	if a.ws == nil {
		a.cfg.Paths = paths
		return
	}
	a.set.remember(paths)
	a.saveSettings()
	a.read(text.T("app.reading"), func(ctx context.Context, progress func(done, total int)) (*study.Study, error) {
		return study.Watch{Progress: progress, First: func(it *study.Item) { a.preview(ctx, it) }}.Open(ctx, paths)
	})
	a.reading.paths = paths
}

// preview shows the first image of a study that is still being read, where nothing else is on show. It belongs to no
// session yet: there is nothing to do with it.
func (a *App) preview(ctx context.Context, it *study.Item) {
	f, err := it.Frame(0)
	if err != nil {
		return // the study will say so
	}
	canvas := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	f.Render(canvas, f.Window, false)
	sp, cal := it.SpacingAt(0)
	a.post(func() {
		if a.sess != nil || ctx.Err() != nil {
			return
		}
		a.view.SetMessage(viewer.MessageNone, "")
		a.view.SetSpacing(sp.X, sp.Y, cal != study.Uncalibrated)
		a.view.SetImage(canvas)
		a.view.Fit()
		a.log.Debug("window", "event", "preview-shown")
	})
}

// reading is one opening under way.
type reading struct {
	ctx    context.Context
	cancel context.CancelFunc
	paths  []string // what a person chose; nil for the demo study
}

// read runs one opening in the background, with progress and a way to stop it. The study on show stays until the new one
// is there.
func (a *App) read(label string, load func(context.Context, func(done, total int)) (*study.Study, error)) {
	if a.reading != nil {
		a.reading.cancel()
	}
	r := &reading{}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	a.reading = r
	a.view.SetBusy(true)
	if a.sess == nil {
		a.list.SetReading()
	}
	a.status.SetProgress(0, 0, label, r.cancel)
	report := a.throttled(func(done, total int) {
		if a.reading == r && r.ctx.Err() == nil {
			a.status.SetProgress(done, total, label, r.cancel)
		}
	})
	go func() {
		st, err := load(r.ctx, report)
		a.post(func() { a.readDone(r, st, err) })
	}()
}

// readDone takes over a study that was read, unless it was stopped. What another opening came after is dropped.
func (a *App) readDone(r *reading, st *study.Study, err error) {
	stopped := r.ctx.Err() != nil
	r.cancel()
	if a.reading != r {
		return
	}
	a.reading = nil
	a.view.SetBusy(false)
	a.status.SetProgress(0, 0, "", nil)
	switch {
	case stopped:
		a.nothingCame()
		a.status.SetHint(text.T("app.cancelled"))
	case err != nil:
		a.log.Debug("window", "event", "open-failed")
		a.nothingCame()
		a.fault(err)
	default:
		a.docket = nil
		if len(st.Items) > 0 && r.paths != nil {
			a.set.opened(a.ws.Dir(), r.paths)
			a.saveSettings()
		}
		a.replace(st)
	}
}

// nothingCame leaves the window as it was before an opening; where there was nothing, it says how to open something.
func (a *App) nothingCame() {
	if a.sess == nil && a.taking == nil {
		a.studyChanged()
		a.list.SetRows(nil)
		a.strip.Hide()
		a.clearView(viewer.MessageEmpty, text.T("app.nothing"))
		return
	}
	a.refreshFrame()
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

// replace makes st the study on show once the work on the one before is safe. If it cannot be saved, the reader decides.
func (a *App) replace(st *study.Study) {
	goOn := func() {
		a.giveUp()
		a.take(st)
	}
	a.leave(goOn, func() {
		if _, all := a.keptElsewhere(); all {
			a.leaving = nil
			goOn() // nothing is lost, and the bar goes on saying so
			return
		}
		a.ask(panel.ShowLoss, text.T("app.open.unsaved"), "app.open.anyway", goOn)
	})
}

// flush finishes the stroke under way and saves what waits for it.
func (a *App) flush() error {
	if a.sess == nil {
		return nil
	}
	a.finishStroke()
	return a.saveAll()
}

// take ends the session and gets the review of st from the workspace, beside the window: the journal of thousands of
// images takes a while. What of the work before is not in the journal by now will never be.
func (a *App) take(st *study.Study) {
	a.endSession()
	a.taking = st
	a.view.SetBusy(true)
	ws, reader := a.ws, a.worksAs()
	go func() {
		rev, err := ws.Review(st, reader)
		table, bad := annex.Labels(ws)
		if bad != nil { // an export says so
			a.log.Warn("labels", "err", bad)
		}
		a.post(func() {
			if a.taking != st {
				return
			}
			a.taking = nil
			a.view.SetBusy(false)
			if err != nil {
				a.fault(err)
			}
			if rev != nil {
				a.begin(st, rev, table)
				return
			}
			a.nothingCame()
		})
	}()
}

// begin makes st, with its review, the study on show.
func (a *App) begin(st *study.Study, rev *review.Review, table export.LabelTable) {
	s := newSession(st, rev)
	s.table = table
	a.sess, s.docket = s, a.docket
	a.view.SetTraces("", nil, nil)
	a.win.SetTitle(text.T("app.title") + " · " + st.Title)
	rev.OnChange = func(k review.Key) { a.frameChanged(s, k) }
	a.makeTools()
	a.fillList()
	a.startPredictions()
	a.startThumbnails()
	a.offerMasks(s)
	a.log.Debug("window", "event", "study-opened", "items", len(st.Items), "refused", len(st.Refused))
	a.loadTalk(a.tellTalkOnce)
	a.lookAgain()
	at := a.resume
	a.resume = nil
	if at != nil && s.items[at.item] != nil {
		a.list.Select(at.item)
		a.goTo(s.items[at.item], at.frame)
	} else if len(s.order) > 0 {
		a.showItem(s.firstOpen())
	} else {
		a.clearView(viewer.MessageEmpty, text.T("app.nothing"))
	}
	a.studyChanged()
}

// endSession stops what the session has under way, and lets go of what was not saved.
func (a *App) endSession() {
	s := a.sess
	if s == nil {
		return
	}
	a.stopPlaying()
	a.dropQuestion()
	a.lower(alertMasks)
	a.endVisit(false)
	a.visit = visit{}
	s.gone = true
	s.end()
	if s.fresh != nil {
		s.fresh.Stop()
	}
	if s.worker != nil {
		go s.worker.Close() // it waits for the run under way; the window does not
	}
	if _, n := a.ws.Kept(); n == 0 {
		a.stopSaving() // else the second place is to be emptied still
	}
	a.list.SetProgress(0, 0, "", nil)
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
	a.browse(panel.Browse{Recent: a.set.Recent, OnChosen: a.open})
}
